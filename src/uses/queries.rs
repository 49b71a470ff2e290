//! The statements themselves that a release sends, as files tell them.

use super::opaque;
use super::read::{ReadError, sqlx_queries};
use crate::model::{Dialect, LineIndex, Span};
use crate::sql::split::{PieceKind, split};

/// A statement of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The file, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// As it is written, parameters and all; empty where nobody knows.
    pub sql: String,
    /// Why nobody knows what it says, in a clause for people.
    pub unknown: Option<String>,
}

/// The statements of one file: of an `.sql` file, or of sqlx's offline query data. A plain list has none.
///
/// # Errors
/// When the file is not of the form that its name says.
pub fn queries(file: &str, text: &str, dialect: Dialect) -> Result<Vec<Query>, ReadError> {
    let lines = LineIndex::new(text);
    let query = |at: usize, sql: &str| Query {
        file: file.to_owned(),
        line: lines.position(text, at).line,
        sql: sql.to_owned(),
        unknown: None,
    };
    let extension = file.rsplit_once('.').map(|(_, extension)| extension);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("sql") => {
            let pieces = split(text, Span::new(0, text.len()), dialect).into_iter();
            let sent = pieces.filter(|piece| {
                !matches!(
                    piece.kind,
                    PieceKind::MetaCommand | PieceKind::ClientCommand
                )
            });
            let sent = sent.map(|piece| query(piece.span.start, piece.span.of(text)));
            let marks = opaque::marks(text, dialect).into_iter();
            let unknown = marks.map(|(at, reason)| Query {
                unknown: Some(reason),
                ..query(at, "")
            });
            Ok(unknown.chain(sent).collect())
        }
        Some("json") => {
            let found = sqlx_queries(file, text, dialect)?.into_iter();
            Ok(found.map(|(at, sql)| query(at, &sql)).collect())
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_of_a_file_has_its_place() {
        let text = "-- name: One\nSELECT 1;\n\nUPDATE t SET a = $1\nWHERE id = $2;\n";
        let found = queries("q/users.sql", text, Dialect::Postgres).unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.line, one.sql.trim())).collect();
        assert_eq!(
            told,
            [(2, "SELECT 1"), (4, "UPDATE t SET a = $1\nWHERE id = $2")]
        );
        let marked = "-- bgmigrate: opaque reason=\"cut off\"\nSELECT 1;";
        let found = queries("q.sql", marked, Dialect::Postgres).unwrap();
        assert_eq!(found[0].unknown.as_deref(), Some("cut off"));
        assert_eq!(
            (found[0].line, found[1].line, &*found[1].sql),
            (1, 2, "SELECT 1")
        );
        let offline = r#"{"db_name": "PostgreSQL", "query": "SELECT id FROM users WHERE id = $1"}"#;
        let found = queries(".sqlx/query-1.json", offline, Dialect::Postgres).unwrap();
        assert_eq!(found[0].sql, "SELECT id FROM users WHERE id = $1");
        assert_eq!(
            queries("list.txt", "users.id", Dialect::Postgres),
            Ok(vec![])
        );
    }
}
