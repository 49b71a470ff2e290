//! Edits on a text: replacements, and a statement cut out of it.

use crate::model::{Edit, Span};

/// The text after these edits. Where two overlap, the one that begins first wins (of two that begin together, the
/// earlier in the list), and the other is dropped. Inserted lines end as the text's own lines do.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in sorted {
        if edit.span.start < done {
            continue;
        }
        out.push_str(&text[done..edit.span.start]);
        out.push_str(&with_line_ends_of(text, &edit.text));
        done = edit.span.end;
    }
    out.push_str(&text[done..]);
    out
}

/// `inserted` with `\r\n` where `text` ends its lines so.
pub(super) fn with_line_ends_of(text: &str, inserted: &str) -> String {
    let plain = inserted.replace("\r\n", "\n");
    if text.contains("\r\n") {
        plain.replace('\n', "\r\n")
    } else {
        plain
    }
}

/// What is cut out of the text with a statement: its delimiter, and the lines that would be left empty.
pub(super) fn whole_lines(text: &str, span: Span) -> Span {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let rest = text[span.end..].trim_start();
    let mut end = match rest.strip_prefix(';') {
        Some(after) => text.len() - after.len(),
        None => span.end,
    };
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let alone = text[line_start..span.start].chars().all(is_blank);
    let start = if alone { line_start } else { span.start };
    let after = text[end..].trim_start_matches(is_blank);
    let next = after
        .strip_prefix("\r\n")
        .or_else(|| after.strip_prefix('\n'));
    if let Some(next) = next.filter(|_| alone) {
        end = text.len() - next.len();
        // One empty line is enough where one stood on each side.
        let empty_before =
            start == 0 || text[..start].ends_with("\n\n") || text[..start].ends_with("\n\r\n");
        let empty_after = next
            .strip_prefix("\r\n")
            .or_else(|| next.strip_prefix('\n'));
        if let Some(next) = empty_after.filter(|_| empty_before) {
            end = text.len() - next.len();
        }
    }
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit {
            span: Span::new(start, end),
            text: text.to_owned(),
        }
    }

    #[test]
    fn of_overlapping_edits_the_first_wins() {
        let text = "abcdef";
        let cases: [(&[Edit], &str); 5] = [
            (&[edit(1, 3, "X"), edit(2, 4, "Y")], "aXdef"),
            (&[edit(2, 4, "Y"), edit(1, 3, "X")], "aXdef"),
            (&[edit(1, 2, "X"), edit(2, 3, "Y")], "aXYdef"),
            (&[edit(6, 6, "!"), edit(0, 0, "?")], "?abcdef!"),
            (&[], "abcdef"),
        ];
        for (edits, expected) in cases {
            assert_eq!(apply(text, edits), expected, "{edits:?}");
        }
    }

    #[test]
    fn inserted_lines_end_as_the_texts_own_do() {
        let insert = edit(0, 0, "SET a = 1;\n");
        let cases = [
            ("x;\r\ny;\r\n", "SET a = 1;\r\nx;\r\ny;\r\n"),
            ("x;\ny;\n", "SET a = 1;\nx;\ny;\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(text, std::slice::from_ref(&insert)), expected);
        }
    }

    #[test]
    fn a_statement_leaves_with_its_delimiter_and_without_an_empty_line() {
        let cases = [
            ("a;\nCUT;\nb;\n", "a;\nb;\n"),
            ("a;\n\n  CUT ;\n\nb;\n", "a;\n\nb;\n"),
            ("a;\r\n\r\nCUT;\r\n\r\nb;\r\n", "a;\r\n\r\nb;\r\n"),
            ("a; CUT; b;\n", "a;  b;\n"),
            ("a;\nCUT; -- why\nb;\n", "a;\n -- why\nb;\n"),
            ("a;\nCUT", "a;\n"),
        ];
        for (text, expected) in cases {
            let at = text.find("CUT").unwrap();
            let cut = whole_lines(text, Span::new(at, at + 3));
            let left = apply(text, &[edit(cut.start, cut.end, "")]);
            assert_eq!(left, expected, "{text:?}");
        }
    }
}
