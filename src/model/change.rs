//! What statements do, independent of the parser that read them.
//!
//! One statement yields any number of [`Change`]s: an `ALTER TABLE` one for each clause, a `DO` block
//! one for each statement inside that could be read. Classifier, schema fold, locks and rules all
//! work on these and never see a parser's tree.

use super::{
    CreateIndex, CreateRoutine, CreateTable, CreateTrigger, CreateType, CreateView, Ident, Name,
    Object, RowChange, Span, TableChange, TypeChange,
};

/// One thing that a statement does.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What it does.
    pub action: Action,
    /// The clause that does it, inside the statement.
    pub span: Span,
    /// It may or may not happen: inside a `DO` block or behind an `IF`. Proves nothing about newness.
    pub conditional: bool,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `CREATE TABLE`.
    CreateTable(Box<CreateTable>),
    /// One clause of an `ALTER TABLE` (or of its kin that says the same).
    AlterTable {
        /// The table altered.
        table: Name,
        /// The clause.
        change: Box<TableChange>,
    },
    /// `CREATE INDEX`, and MySQL's `ALTER TABLE … ADD INDEX`.
    CreateIndex(Box<CreateIndex>),
    /// `CREATE VIEW` and `CREATE MATERIALIZED VIEW`.
    CreateView(Box<CreateView>),
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`.
    CreateRoutine(Box<CreateRoutine>),
    /// `CREATE TRIGGER`.
    CreateTrigger(Box<CreateTrigger>),
    /// `CREATE TYPE`, `CREATE DOMAIN`.
    CreateType(Box<CreateType>),
    /// `CREATE` of anything else.
    Create {
        /// The object.
        object: Object,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
        /// `OR REPLACE`.
        or_replace: bool,
    },
    /// `DROP` of anything, and MySQL's `ALTER TABLE … DROP INDEX`.
    Drop {
        /// The object.
        object: Object,
        /// `IF EXISTS`.
        if_exists: bool,
        /// `CASCADE`.
        cascade: bool,
        /// `CONCURRENTLY` (indexes).
        concurrently: bool,
    },
    /// `ALTER … RENAME TO`, `RENAME TABLE`.
    Rename {
        /// The object under its old name.
        object: Object,
        /// The new name (MySQL can move it to another database by this).
        to: Name,
    },
    /// `ALTER … SET SCHEMA`.
    SetSchema {
        /// The object.
        object: Object,
        /// Where it goes.
        schema: Ident,
    },
    /// `ALTER … OWNER TO`.
    SetOwner {
        /// The object.
        object: Object,
    },
    /// `ALTER TYPE`, `ALTER DOMAIN`.
    AlterType {
        /// The type or domain.
        name: Name,
        /// The clause.
        change: TypeChange,
    },
    /// `ALTER SEQUENCE` and `AUTO_INCREMENT = n`.
    AlterSequence {
        /// The sequence, or in MySQL the table.
        name: Name,
        /// RESTART, INCREMENT, MINVALUE, MAXVALUE, CYCLE or a narrower type is among the clauses.
        renumbers: bool,
    },
    /// MySQL `ALTER INDEX … VISIBLE|INVISIBLE`, MariaDB `IGNORED|NOT IGNORED`.
    SetIndexVisible {
        /// The index.
        index: Object,
        /// What it becomes.
        visible: bool,
    },
    /// `ALTER` of an object in a way that no other action tells.
    AlterObject {
        /// The object.
        object: Object,
        /// The clause, as short words: `set search_path`, `update`, `using`.
        clause: String,
    },
    /// `COMMENT ON`.
    Comment {
        /// What is commented on, as text.
        on: String,
    },
    /// `GRANT`, and default privileges granted.
    Grant {
        /// What on, as text.
        on: String,
        /// To whom, as text.
        to: String,
    },
    /// `REVOKE`, and default privileges revoked.
    Revoke {
        /// What on, as text.
        on: String,
        /// From whom, as text.
        from: String,
    },
    /// `DROP OWNED BY`, `REASSIGN OWNED BY`.
    Owned {
        /// Dropped; or else given to another role.
        dropped: bool,
        /// The roles, as text.
        roles: String,
    },
    /// `TRUNCATE`.
    Truncate {
        /// The table.
        table: Name,
        /// `CASCADE`.
        cascade: bool,
    },
    /// `INSERT`, `UPDATE`, `DELETE`, `REPLACE`, `MERGE`, `COPY … FROM`, `LOAD DATA`.
    Rows(Box<RowChange>),
    /// A `SELECT`, `VALUES`, `SHOW`, `EXPLAIN`: reads, but may call functions.
    Query {
        /// The functions called, lower case and unqualified.
        calls: Vec<String>,
    },
    /// `CALL`, `EXECUTE`: runs what the file does not show.
    Call {
        /// The routine or prepared statement.
        routine: String,
    },
    /// `EXECUTE routine(…)` inside of a block: runs the routine, and then the SQL that it hands back.
    ExecuteResult {
        /// The routine.
        routine: String,
    },
    /// `REINDEX`.
    Reindex {
        /// The index, table, schema or database.
        object: Object,
        /// `CONCURRENTLY`.
        concurrently: bool,
    },
    /// `REFRESH MATERIALIZED VIEW`.
    Refresh {
        /// The view.
        view: Name,
        /// `CONCURRENTLY`.
        concurrently: bool,
    },
    /// `VACUUM`, `CLUSTER`, `OPTIMIZE TABLE`, `REPAIR TABLE`.
    Maintain {
        /// The word: `vacuum`, `vacuum full`, `cluster`, `optimize table`.
        command: &'static str,
        /// The table, where one is named.
        table: Option<Name>,
        /// The table's rows are copied under a lock that blocks.
        rewrites: bool,
    },
    /// `ANALYZE` and its kin: statistics.
    Analyze {
        /// The table, where one is named.
        table: Option<Name>,
    },
    /// `LOCK TABLE(S)`, `FLUSH TABLES WITH READ LOCK`.
    LockTable {
        /// The tables; empty means all.
        tables: Vec<Name>,
        /// The mode as written, lower case; empty for the default.
        mode: String,
    },
    /// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` and their kin.
    Transaction(TransactionControl),
    /// `SET`, `RESET` and `set_config(…)`.
    Set {
        /// The variable, lower case.
        variable: String,
        /// The value as written without quotes; `None` for DEFAULT and RESET.
        value: Option<String>,
        /// `SET LOCAL`.
        local: bool,
    },
    /// SQLite `PRAGMA`.
    Pragma {
        /// The pragma, lower case.
        name: String,
        /// Its value, lower case, where one is set.
        value: Option<String>,
    },
    /// `USE database`.
    Use {
        /// The database.
        database: Ident,
    },
    /// Talk with the session or the client that leaves no trace: `\echo`, `LISTEN`, `DISCARD`, `DELIMITER`.
    Session {
        /// The first words, lower case.
        command: String,
    },
}

/// Transaction control in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum TransactionControl {
    Begin,
    Commit,
    Rollback,
    Savepoint,
    ReleaseSavepoint,
    RollbackToSavepoint,
}
