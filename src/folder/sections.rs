//! Files in which comments mark what runs on the way up and what on the way down.

use super::error::FolderError;
use super::files::{File, body};
use crate::model::Span;

/// One line of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// From 1.
    pub(super) number: usize,
    /// The line without its end.
    pub(super) text: &'t str,
    /// Where it starts.
    pub(super) start: usize,
    /// Where the next one starts.
    pub(super) next: usize,
}

impl Line<'_> {
    /// An error about a marker on this line.
    pub(super) fn bad_marker(
        &self,
        file: &File<'_>,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> FolderError {
        bad_marker(file, self.number, problem, help)
    }
}

/// An error about a marker, or about its absence.
pub(super) fn bad_marker(
    file: &File<'_>,
    line: usize,
    problem: impl Into<String>,
    help: impl Into<String>,
) -> FolderError {
    FolderError::BadMarker {
        file: file.path.to_owned(),
        line,
        problem: problem.into(),
        help: help.into(),
    }
}

/// The lines of a text; a byte order mark belongs to none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = body(text).start;
    let mut number = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let rest = &text[start..];
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let length = end.map_or(rest.len(), |at| at + 1);
        let line = rest[..length].trim_end_matches(['\n', '\r']);
        number += 1;
        let line = Line {
            number,
            text: line,
            start,
            next: start + length,
        };
        start += length;
        Some(line)
    })
}

/// Which way a part of a file runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// Cuts a text into the parts that run up and those that run down.
#[derive(Debug)]
pub(super) struct Cutter<'t> {
    text: &'t str,
    open: Option<(Way, usize)>,
    up: Vec<Span>,
    down: Vec<Span>,
}

impl<'t> Cutter<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            open: None,
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    /// The way of the part that is open.
    pub(super) fn way(&self) -> Option<Way> {
        self.open.map(|(way, _)| way)
    }

    /// Ends the open part at `end` and opens another at `start`.
    pub(super) fn turn(&mut self, end: usize, way: Way, start: usize) {
        self.close(end);
        self.open = Some((way, start));
    }

    /// Ends the open part at `end`; a part without any text is dropped.
    pub(super) fn close(&mut self, end: usize) {
        if let Some((way, start)) = self.open.take()
            && !self.text[start..end].trim().is_empty()
        {
            let parts = if way == Way::Up {
                &mut self.up
            } else {
                &mut self.down
            };
            parts.push(Span::new(start, end));
        }
    }

    /// Takes the comments above the first marker into the way up, so that directives there are read.
    /// Nothing is taken when anything but comments stands there.
    pub(super) fn lead(&mut self, end: usize) {
        let span = Span::new(body(self.text).start, end);
        if is_only_comments(span.of(self.text)) && !span.of(self.text).trim().is_empty() {
            self.up.push(span);
        }
    }

    /// The parts, the last one ending with the text.
    pub(super) fn finish(mut self) -> (Vec<Span>, Vec<Span>) {
        self.close(self.text.len());
        (self.up, self.down)
    }
}

/// Whether each line is empty or a `--` comment.
pub(super) fn is_only_comments(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with("--"))
}

/// Splits `text` from the word `marker` on, when it starts with it, ignoring case.
pub(super) fn after_word<'t>(text: &'t str, marker: &str) -> Option<&'t str> {
    let head = text.get(..marker.len())?;
    head.eq_ignore_ascii_case(marker)
        .then(|| &text[marker.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_place_with_byte_order_mark_and_windows_line_ends() {
        let text = "\u{feff}é\r\n\r\nb";
        let found: Vec<_> = lines(text)
            .map(|l| (l.number, l.text, l.start, l.next))
            .collect();
        assert_eq!(found, [(1, "é", 3, 7), (2, "", 7, 9), (3, "b", 9, 10)]);
        assert_eq!(lines("").count(), 0);
    }
}
