//! Standard output is the answer, standard error is talk.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result, bail};

use crate::report::{Format, Paint};

/// Whether the answer is coloured: on a terminal only, and never where `NO_COLOR` is set (no-color.org).
pub(super) fn paint() -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Paint(io::stdout().is_terminal() && !refused && !dumb)
}

/// Writes the answer.
pub(super) fn answer(text: &str) -> Result<()> {
    answer_in_pieces(&[text])
}

/// Writes an answer whose pieces stand one behind the other.
pub(super) fn answer_in_pieces(pieces: &[impl AsRef<str>]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let mut pieces = pieces.iter();
    let written = pieces.try_for_each(|piece| stdout.write_all(piece.as_ref().as_bytes()));
    printed(written.and_then(|()| stdout.flush()))
}

/// How writing to standard output went. A reader that has seen enough (`| head`) is no error.
pub(super) fn printed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to standard output"),
    }
}

/// Writes a line of talk.
pub(super) fn talk(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes an error with everything that led to it.
pub(super) fn error(error: &anyhow::Error) {
    talk(format_args!("error: {error:#}"));
}

/// The answer in a format that suits it.
pub(super) fn suited(text: Option<String>, command: &str, format: Format) -> Result<String> {
    match text {
        Some(text) => Ok(text),
        None => bail!("`{command}` has no format `{format}`; see `bgmigrate {command} --help`"),
    }
}
