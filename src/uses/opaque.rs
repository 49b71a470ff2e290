//! A line of a file of queries that says: here is one more, and nobody knows what it says.
//!
//! ```sql
//! -- bgmigrate: opaque reason="its text was cut off by the server"
//! ```
//!
//! Whoever reads the file has the release rely on everything.

use crate::model::{Dialect, Span};
use crate::sql::token::{TokenKind, tokenize};

const WORD: &str = "bgmigrate: opaque reason=";

/// The line that says so, for this reason.
pub(super) fn mark(reason: &str) -> String {
    format!("-- {WORD}\"{}\"", reason.replace(['"', '\n'], "'"))
}

/// Where a text says so, each with the reason.
pub(super) fn marks(text: &str, dialect: Dialect) -> Vec<(usize, String)> {
    // Most files have none, and a file is read token by token once already.
    if !text.contains(WORD) {
        return Vec::new();
    }
    let comments = tokenize(text, Span::new(0, text.len()), dialect)
        .filter(|token| token.kind == TokenKind::LineComment);
    comments
        .filter_map(|token| {
            let said = token.span.of(text).trim_start_matches(['-', '#']).trim();
            let reason = said.strip_prefix(WORD)?;
            Some((token.span.start, reason.trim_matches('"').to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_a_string_that_looks_like_one_is_none() {
        let text = format!(
            "SELECT 1;\n{}\nSELECT '\n-- bgmigrate: opaque reason=\"x\"\n';\n-- bgmigrate: opaque\n",
            mark("cut \"off\"\nhere")
        );
        let found = marks(&text, Dialect::Postgres);
        assert_eq!(found, [(10, "cut 'off'here".replace("here", "'here"))]);
    }
}
