//! Statements that write rows.

use super::{Expr, Ident, Name};

/// A statement that writes rows.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// Which verb.
    pub verb: RowVerb,
    /// The table written.
    pub table: Name,
    /// The columns named: of an INSERT its column list, of an UPDATE those it sets.
    pub columns: Vec<Ident>,
    /// Where an INSERT takes its rows from.
    pub source: RowSource,
    /// The condition; `None` means every row.
    pub condition: Option<Expr>,
    /// The condition is always true (`1 = 1`, `true`), or there is none.
    pub every_row: bool,
    /// It has a `LIMIT` or a `LIMIT`ed subquery: one batch of many.
    pub limited: bool,
    /// The functions that it calls, lower case and unqualified.
    pub calls: Vec<String>,
}

/// The verb of a [`RowChange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL verb")]
pub enum RowVerb {
    Insert,
    Update,
    Delete,
    /// MySQL and SQLite `REPLACE`: deletes the row that is in the way.
    Replace,
    Merge,
    Copy,
}

/// Where an INSERT takes its rows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSource {
    /// Literal rows, this many; or a file, or DEFAULT VALUES.
    Values(usize),
    /// A query that reads these tables; none for a SELECT without FROM.
    Query(Vec<Name>),
    /// Not an INSERT.
    None,
}
