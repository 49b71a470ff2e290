//! What holds for every text, whatever stands in it.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Pieces lie in order inside of the part, on character boundaries; what lies between them is nothing but blanks,
/// comments, delimiters and the marks of executed comments.
fn hold_together(text: &str, within: Span, dialect: Dialect) {
    let tokens: Vec<_> = tokenize(text, within, dialect).collect();
    let joined: String = tokens.iter().map(|token| token.span.of(text)).collect();
    assert_eq!(joined, within.of(text), "tokens are lossless");
    let pieces = split(text, within, dialect);
    let mut end = within.start;
    for piece in &pieces {
        assert!(
            end <= piece.span.start && !piece.span.is_empty(),
            "{piece:?} comes after {end}"
        );
        assert!(
            piece.comments.is_empty()
                || (end <= piece.comments.start && piece.comments.end <= piece.span.start)
        );
        assert!(!piece.span.of(text).is_empty());
        end = piece.data.map_or(piece.span.end, |data| data.end);
    }
    assert!(end <= within.end);
    let covered = |span: Span| {
        pieces
            .iter()
            .any(|piece| piece.span.contains(span) || piece.data == Some(span))
    };
    for token in tokens {
        let outside = token.kind.is_trivia()
            || matches!(
                token.kind,
                TokenKind::Semicolon | TokenKind::Delimiter | TokenKind::Breakpoint
            );
        let trimmed = Span::new(
            token.span.start,
            token.span.start + token.span.of(text).trim_end().len(),
        );
        assert!(outside || covered(trimmed), "{token:?} of {text:?} is lost");
    }
}

/// Fragments that open, close, quote and cut, in any order.
fn sql_like() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "SELECT",
        "BEGIN",
        "END",
        "CASE",
        "IF",
        "THEN",
        "ATOMIC",
        "CREATE",
        "FUNCTION",
        "TRIGGER",
        "PROCEDURE",
        "RULE",
        "COPY",
        "FROM",
        "stdin",
        "DELIMITER",
        "\\.",
        "\\g",
        "\\x",
        "$$",
        "$a$",
        "//",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "(",
        ")",
        ";",
        ";;",
        "--",
        "--> statement-breakpoint",
        "#",
        "/*",
        "*/",
        "/*!",
        "{{",
        "}}",
        "${",
        "}",
        "<%",
        "%>",
        "{%",
        "#{",
        ":",
        "::",
        ":=",
        "@",
        "1",
        ".5",
        "1e",
        ".",
        ",",
        "é",
        "\u{feff}",
        "\\",
        "\n",
        "\r\n",
        " ",
        "\t",
        "E'",
        "U&'",
        "x",
    ]);
    prop::collection::vec(fragment, 0..60).prop_map(|fragments| fragments.concat())
}

proptest! {
    #[test]
    fn pieces_hold_together_for_any_text(text in "\\PC*", cut in 0_usize..40) {
        for dialect in Dialect::ALL {
            let start = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            hold_together(&text, Span::new(start, text.len()), dialect);
        }
    }

    #[test]
    fn pieces_hold_together_for_texts_that_look_like_sql(text in sql_like()) {
        for dialect in Dialect::ALL {
            hold_together(&text, Span::new(0, text.len()), dialect);
        }
    }
}

#[test]
fn a_long_row_of_any_mark_is_read_in_linear_time() {
    const LENGTH_BYTES: usize = 1 << 17;
    let marks = [
        "$",
        "$a",
        "$a$b",
        "/*",
        "/*!",
        "'",
        "E'\\",
        "\"",
        "`",
        "[",
        "(",
        ";",
        "{{",
        "{%",
        "<% ",
        "${",
        "#{",
        "{a",
        "--\r",
        "--",
        "-- \n",
        "BEGIN ",
        "CREATE TRIGGER a BEGIN ",
        "CASE ",
        "\\",
        "\\\n",
        "COPY a FROM stdin;\n",
        "DELIMITER $$\n",
        "a$$",
        ":'",
        "<<",
        "+-",
        "@",
        "é",
        "\n",
        "IF ",
        "#",
        "1.",
        "1e+",
        "delimiter ;\n",
    ];
    for mark in marks {
        let text = mark.repeat(LENGTH_BYTES / mark.len());
        for dialect in Dialect::ALL {
            let started = Instant::now();
            split(&text, Span::new(0, text.len()), dialect);
            // Some 40 ms without optimisation; with quadratic work, half a minute.
            let took = started.elapsed();
            assert!(
                took < Duration::from_secs(6),
                "{dialect}: {took:?} for {mark:?}"
            );
        }
    }
}
