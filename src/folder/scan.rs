//! A quick look at the words of a SQL text, without comments and strings. Not a parser: it serves to
//! guess the engine and to see what cannot run in a transaction.

/// One thing that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// A keyword, name or number without quotes.
    Word(&'t str),
    /// A string in single quotes.
    Text,
    /// A name in double quotes.
    Quoted,
    /// A name in backticks.
    Backticks,
    /// A string in dollar quotes.
    Dollars,
    /// Any other sign.
    Sign(char),
}

/// The pieces of a text, without blanks and comments.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let first = rest.chars().next()?;
            if rest.starts_with("--") {
                rest = after(rest, "\n");
            } else if rest.starts_with("/*") {
                rest = after(&rest[2..], "*/");
            } else {
                let (piece, length) = piece(rest, first);
                rest = &rest[length..];
                return Some(piece);
            }
        }
    })
}

/// Whether there is a statement and none of them can run in a `PostgreSQL` transaction.
pub(super) fn all_outside_transaction(text: &str) -> bool {
    let mut statements = 0;
    let mut words: Vec<String> = Vec::new();
    for piece in pieces(text).chain([Piece::Sign(';')]) {
        match piece {
            Piece::Word(word) => words.push(word.to_ascii_lowercase()),
            Piece::Sign(';') if !words.is_empty() => {
                if !is_outside_transaction(&words) {
                    return false;
                }
                statements += 1;
                words.clear();
            }
            _ => {}
        }
    }
    statements > 0
}

/// The commands whose manual page says that they cannot run inside a transaction block.
fn is_outside_transaction(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let concurrently = words.iter().take(5).any(|word| word == "concurrently");
    match (word(0), word(1)) {
        ("create" | "drop", "index" | "unique") | ("reindex", _) => concurrently,
        ("create" | "drop", "database" | "tablespace" | "subscription")
        | ("alter", "system")
        | ("vacuum", _) => true,
        _ => false,
    }
}

fn piece(rest: &str, first: char) -> (Piece<'_>, usize) {
    match first {
        '\'' => (Piece::Text, quoted(rest, '\'')),
        '"' => (Piece::Quoted, quoted(rest, '"')),
        '`' => (Piece::Backticks, quoted(rest, '`')),
        '$' => match dollar_quoted(rest) {
            Some(length) => (Piece::Dollars, length),
            None => (Piece::Sign('$'), 1),
        },
        c if c.is_alphanumeric() || c == '_' => {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            (Piece::Word(&rest[..end]), end)
        }
        c => (Piece::Sign(c), c.len_utf8()),
    }
}

/// The length of a quoted piece; a doubled quote reads as two pieces in a row, which does no harm.
fn quoted(rest: &str, quote: char) -> usize {
    rest[1..].find(quote).map_or(rest.len(), |at| at + 2)
}

/// The length of `$tag$ … $tag$`.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let name = &tag[1..end - 1];
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_')
        || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    rest[end..].find(tag).map(|at| end + at + end)
}

fn after<'t>(rest: &'t str, mark: &str) -> &'t str {
    rest.find(mark).map_or("", |at| &rest[at + mark.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_leave_out_comments_and_what_stands_in_strings() {
        let text = "a -- b\n/* c */ 'd ; $$' \"e\" `f` $x$ g; $x$ ;";
        let found: Vec<Piece<'_>> = pieces(text).collect();
        let expected = [
            Piece::Word("a"),
            Piece::Text,
            Piece::Quoted,
            Piece::Backticks,
            Piece::Dollars,
            Piece::Sign(';'),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_never_closed_ends_with_the_text() {
        for text in ["'é", "/* é", "$x$ é", "`é", "-- é", "$é", "$1"] {
            assert!(pieces(text).count() <= 4, "{text}");
        }
    }

    #[test]
    fn a_file_is_outside_a_transaction_only_when_all_of_it_is() {
        let cases = [
            ("CREATE INDEX CONCURRENTLY a ON b (c);", true),
            (
                "create unique index concurrently if not exists a on b (c)",
                true,
            ),
            ("DROP INDEX CONCURRENTLY a; VACUUM b;", true),
            ("CREATE INDEX a ON b (c);", false),
            ("CREATE INDEX CONCURRENTLY a ON b (c); SELECT 1;", false),
            ("-- CREATE INDEX CONCURRENTLY a ON b (c);", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(all_outside_transaction(text), expected, "{text}");
        }
    }
}
