use super::*;

/// What a piece says of itself, with the statements' texts.
fn pieces(text: &str, dialect: Dialect) -> Vec<String> {
    split(text, Span::new(0, text.len()), dialect)
        .into_iter()
        .map(|piece| {
            let code = piece.span.of(text);
            match piece.kind {
                PieceKind::Statement => code.to_owned(),
                PieceKind::MetaCommand => format!("meta: {code}"),
                PieceKind::ClientCommand => format!("client: {code}"),
                PieceKind::Template { placeholder } => {
                    format!("template {}: {code}", placeholder.of(text))
                }
                PieceKind::Unterminated { what, opened } => {
                    format!("open {what} at {opened}: {code}")
                }
            }
        })
        .collect()
}

#[test]
fn statements_end_at_semicolons() {
    assert_eq!(pieces("a; b;\n;; c", Dialect::Postgres), ["a", "b", "c"]);
}
