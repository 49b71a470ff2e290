//! Splitting never panics and never hangs, and its pieces account for every byte, whatever the text.

use bgmigrate::model::{Dialect, Span};
use bgmigrate::sql::cursor::Tokens;
use bgmigrate::sql::directive::directives;
use bgmigrate::sql::split::split;
use bgmigrate::sql::token::{TokenKind, tokenize, without_executable_marks};

/// # Panics
/// When splitting `text` breaks a promise.
pub(crate) fn check(text: &str) {
    for dialect in Dialect::ALL {
        check_as(text, dialect);
    }
}

fn check_as(text: &str, dialect: Dialect) {
    let whole = Span::new(0, text.len());
    let pieces = split(text, whole, dialect);
    let mut end = 0;
    for piece in &pieces {
        assert!(end <= piece.comments.start && piece.comments.end <= piece.span.start);
        assert!(!piece.span.of(text).is_empty());
        end = piece.data.map_or(piece.span.end, |data| data.end);

        let plain = without_executable_marks(text, piece.span, dialect);
        assert_eq!(plain.len(), piece.span.len());
        let mut tokens = Tokens::new(text, piece.span, dialect);
        while !tokens.at_end() {
            let mark = tokens.mark();
            let read = tokens.name().is_some()
                || tokens.literal().is_some()
                || tokens.parenthesised().is_some();
            if !read {
                tokens.advance();
            }
            assert!(tokens.mark() > mark && piece.span.contains(tokens.since(mark)));
        }
    }

    let mut at = 0;
    let mut next = pieces.iter().peekable();
    for token in tokenize(text, whole, dialect) {
        assert_eq!(token.span.start, at);
        at = token.span.end;
        while next
            .next_if(|piece| piece.data.map_or(piece.span.end, |data| data.end) <= token.span.start)
            .is_some()
        {}
        let outside = token.kind.is_trivia()
            || matches!(
                token.kind,
                TokenKind::Semicolon | TokenKind::Delimiter | TokenKind::Breakpoint
            );
        let covered = next.peek().is_some_and(|piece| {
            piece.span.start <= token.span.start || piece.data == Some(token.span)
        });
        assert!(outside || covered, "{token:?} is lost");
    }
    assert_eq!(at, text.len());

    let (placed, errors) = directives(text, &pieces, whole, dialect);
    let spans = placed
        .iter()
        .map(|placed| placed.span)
        .chain(errors.iter().map(|error| error.span));
    for span in spans {
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
    }
}
