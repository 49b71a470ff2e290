//! What statements do, independent of the parser that read them.
//!
//! One statement yields any number of [`Change`]s: an `ALTER TABLE` one for each clause, a `DO` block
//! one for each statement inside that could be read. Classifier, schema fold, locks and rules all
//! work on these and never see a parser's tree.

use super::{ColumnDef, Constraint, DataType, Expr, Ident, Name, Position, Span};

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

/// The kinds of thing that have a name in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum ObjectKind {
    Table,
    ForeignTable,
    View,
    MaterializedView,
    Index,
    Sequence,
    Function,
    Procedure,
    Aggregate,
    Operator,
    Cast,
    Type,
    Domain,
    Collation,
    Extension,
    Schema,
    Database,
    Trigger,
    EventTrigger,
    Rule,
    Policy,
    Role,
    Publication,
    Subscription,
    Statistics,
    Server,
    Event,
    TextSearch,
    Language,
    Other,
}

impl ObjectKind {
    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::ForeignTable => "foreign table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::Cast => "cast",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Collation => "collation",
            Self::Extension => "extension",
            Self::Schema => "schema",
            Self::Database => "database",
            Self::Trigger => "trigger",
            Self::EventTrigger => "event trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::Role => "role",
            Self::Publication => "publication",
            Self::Subscription => "subscription",
            Self::Statistics => "statistics",
            Self::Server => "foreign server",
            Self::Event => "event",
            Self::TextSearch => "text search object",
            Self::Language => "language",
            Self::Other => "object",
        }
    }

    /// Function, procedure, aggregate: what is called, and may be overloaded.
    pub const fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure | Self::Aggregate)
    }

    /// Table, view or materialized view: what is queried.
    pub const fn is_relation(self) -> bool {
        matches!(
            self,
            Self::Table | Self::ForeignTable | Self::View | Self::MaterializedView
        )
    }
}

/// A named object: what it is, its name, and what else is needed to tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Name,
    /// The table that a trigger, rule, policy or (MySQL) index belongs to.
    pub table: Option<Name>,
    /// A routine's argument types, normalised and joined by `, `; `None` when the statement gives none.
    pub signature: Option<String>,
}

impl Object {
    /// An object that its kind and name tell apart.
    pub fn new(kind: ObjectKind, name: Name) -> Self {
        Self {
            kind,
            name,
            table: None,
            signature: None,
        }
    }

    /// The same object, belonging to `table`.
    #[must_use]
    pub fn on(mut self, table: Name) -> Self {
        self.table = Some(table);
        self
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)?;
        if let Some(signature) = &self.signature {
            write!(f, "({signature})")?;
        }
        if let Some(table) = &self.table {
            write!(f, " on {table}")?;
        }
        Ok(())
    }
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

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateTable {
    /// The table.
    pub name: Name,
    /// Its columns.
    pub columns: Vec<ColumnDef>,
    /// Its table constraints; a column's own are with the column.
    pub constraints: Vec<Constraint>,
    /// MySQL: indexes defined inside.
    pub indexes: Vec<CreateIndex>,
    /// `IF NOT EXISTS`: does not prove that the table is new.
    pub if_not_exists: bool,
    /// `OR REPLACE` (MariaDB): an existing table is dropped.
    pub or_replace: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `AS SELECT …`: filled from other tables.
    pub as_query: bool,
    /// `LIKE other`.
    pub like: Option<Name>,
    /// `PARTITION OF parent`.
    pub partition_of: Option<Name>,
    /// `INHERITS (…)`.
    pub inherits: Vec<Name>,
    /// `PARTITION BY …`.
    pub partitioned: bool,
    /// MySQL: the table's default character set, lower case.
    pub charset: Option<String>,
    /// SQLite `CREATE VIRTUAL TABLE … USING module`.
    pub virtual_module: Option<String>,
}

impl CreateTable {
    /// A table of this name with nothing in it.
    pub fn named(name: Name) -> Self {
        Self {
            name,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            if_not_exists: false,
            or_replace: false,
            temporary: false,
            as_query: false,
            like: None,
            partition_of: None,
            inherits: Vec::new(),
            partitioned: false,
            charset: None,
            virtual_module: None,
        }
    }
}

/// One clause of an `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the words of the clause")]
pub enum TableChange {
    AddColumn {
        column: ColumnDef,
        if_not_exists: bool,
        position: Option<Position>,
    },
    DropColumn {
        column: Ident,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        from: Ident,
        to: Ident,
    },
    /// `ALTER COLUMN … TYPE`; `using` is the USING expression.
    SetType {
        column: Ident,
        data_type: DataType,
        using: Option<Expr>,
        collation: Option<String>,
    },
    /// MySQL `MODIFY` and `CHANGE`: the whole definition anew, under the name in `column`.
    RedefineColumn {
        from: Ident,
        column: ColumnDef,
        position: Option<Position>,
    },
    SetNotNull {
        column: Ident,
    },
    DropNotNull {
        column: Ident,
    },
    SetDefault {
        column: Ident,
        default: Expr,
    },
    DropDefault {
        column: Ident,
    },
    /// `ADD GENERATED … AS IDENTITY`.
    AddIdentity {
        column: Ident,
        always: bool,
    },
    /// `SET GENERATED`, `DROP IDENTITY`, `DROP EXPRESSION`, `SET EXPRESSION`: `clause` says which, lower case.
    SetGenerated {
        column: Ident,
        clause: &'static str,
    },
    /// `SET STATISTICS`, `SET STORAGE`, `SET COMPRESSION`, `SET (…)` of a column.
    SetColumnOption {
        column: Ident,
        option: String,
    },
    /// Each constraint that is added; MySQL's `ADD UNIQUE` and `ADD PRIMARY KEY` too.
    AddConstraint {
        constraint: Constraint,
        if_not_exists: bool,
    },
    /// `DROP CONSTRAINT`, `DROP FOREIGN KEY`, `DROP CHECK`, `DROP PRIMARY KEY` (no name). `kind` is the
    /// word of the statement where it tells one: `foreign key`, `check`, `primary key`.
    DropConstraint {
        name: Option<Ident>,
        kind: Option<&'static str>,
        if_exists: bool,
        cascade: bool,
    },
    RenameConstraint {
        from: Ident,
        to: Ident,
    },
    ValidateConstraint {
        name: Ident,
    },
    /// `ALTER CONSTRAINT`: `clause` as written, lower case (`deferrable initially deferred`, `not enforced`).
    AlterConstraint {
        name: Ident,
        clause: String,
    },
    /// `ENABLE|DISABLE TRIGGER`; no name for ALL and USER.
    SetTrigger {
        name: Option<Ident>,
        enabled: bool,
    },
    /// `ENABLE|DISABLE RULE`.
    SetRule {
        name: Ident,
        enabled: bool,
    },
    /// `ENABLE|DISABLE|FORCE|NO FORCE ROW LEVEL SECURITY`.
    RowSecurity {
        clause: &'static str,
    },
    ReplicaIdentity {
        clause: String,
    },
    AttachPartition {
        child: Name,
        default: bool,
    },
    DetachPartition {
        child: Name,
        concurrently: bool,
    },
    /// MySQL `ADD PARTITION` and `REORGANIZE PARTITION`: no row is lost.
    ArrangePartitions {
        clause: String,
    },
    /// MySQL `DROP|TRUNCATE|COALESCE|EXCHANGE|DISCARD PARTITION`: rows are.
    DropPartitions {
        clause: String,
    },
    Inherit {
        parent: Name,
        added: bool,
    },
    SetLogged {
        logged: bool,
    },
    SetTablespace,
    SetAccessMethod,
    /// Storage parameters: fillfactor, autovacuum and their kind; MySQL COMMENT, STATS_… .
    SetOptions {
        options: String,
    },
    /// `CLUSTER ON`, `SET WITHOUT CLUSTER`.
    ClusterOn,
    /// MySQL `[DEFAULT] CHARACTER SET`, or with `convert` `CONVERT TO CHARACTER SET`.
    SetCharset {
        charset: String,
        convert: bool,
    },
    /// MySQL `ENGINE=`, `ROW_FORMAT=`, `FORCE`, `KEY_BLOCK_SIZE=`: rebuilds. The clause as written, lower case.
    Rebuild {
        clause: String,
    },
    /// MySQL `ALGORITHM=`, `LOCK=`, lower case; not a change, a demand.
    Demand {
        algorithm: Option<String>,
        lock: Option<String>,
    },
}

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateIndex {
    /// Its name, where one is given.
    pub name: Option<Name>,
    /// The table.
    pub table: Name,
    /// Each key: a plain column, or else an expression.
    pub keys: Vec<Result<Ident, Expr>>,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `ON ONLY` a partitioned parent.
    pub only: bool,
    /// The `WHERE` of a partial index.
    pub partial: Option<Expr>,
    /// The access method or kind, lower case: `btree`, `gin`, `fulltext`, `spatial`; empty where not given.
    pub method: String,
}

impl CreateIndex {
    /// The keys that are plain columns.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        self.keys.iter().filter_map(|key| key.as_ref().ok())
    }

    /// How people name it: `users_email_idx`, or `on users (email)` without a name.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => {
                let keys: Vec<_> = self
                    .keys
                    .iter()
                    .map(|key| {
                        key.as_ref()
                            .map_or_else(|expr| expr.text.clone(), ToString::to_string)
                    })
                    .collect();
                format!("on {} ({})", self.table, keys.join(", "))
            }
        }
    }
}

/// `CREATE [MATERIALIZED] VIEW`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateView {
    /// The view.
    pub name: Name,
    /// `MATERIALIZED`.
    pub materialized: bool,
    /// `OR REPLACE`, MySQL `ALTER VIEW`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Its columns in order, where the text tells them all (no `*`).
    pub columns: Option<Vec<Ident>>,
    /// What the query's `SELECT` list shows, where the text tells that much.
    pub shows: Option<Vec<Shown>>,
    /// The tables and views that it reads.
    pub reads: Vec<Name>,
    /// A plain `SELECT … FROM one_table` without DISTINCT, grouping, limit or set operation: the engine
    /// lets writes through it (PostgreSQL and MySQL).
    pub updatable: bool,
}

/// One item of a view's `SELECT` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A column of this name.
    Column(Ident),
    /// Every column of this table or view.
    AllOf(Name),
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRoutine {
    /// Function, procedure or aggregate, its name, and its argument types.
    pub object: Object,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// The return type, normalised text.
    pub returns: Option<String>,
    /// The body, where it is given as text or statements.
    pub body: Option<RoutineBody>,
}

/// A routine's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutineBody {
    /// The language, lower case: `plpgsql`, `sql`, `c`.
    pub language: String,
    /// The text between the quotes (or of the compound statement).
    pub text: String,
}

/// `CREATE TRIGGER`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Name,
    /// The table or view.
    pub table: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `INSTEAD OF` (on a view).
    pub instead_of: bool,
}

/// `CREATE TYPE`, `CREATE DOMAIN`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// The type.
    pub name: Name,
    /// What it is made of.
    pub shape: TypeShape,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeShape {
    /// Labels in order.
    Enum(Vec<String>),
    /// Attributes in order.
    Composite(Vec<Ident>),
    /// A base type, with NOT NULL or CHECK if `constrained`.
    Domain {
        /// The type beneath.
        base: DataType,
        /// Has NOT NULL or a CHECK.
        constrained: bool,
    },
    /// Range, base or shell type.
    Other,
}

/// One clause of an `ALTER TYPE` or `ALTER DOMAIN`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the words of the clause")]
pub enum TypeChange {
    AddValue {
        label: String,
        if_not_exists: bool,
        placed: bool,
    },
    RenameValue {
        from: String,
        to: String,
    },
    AddAttribute {
        name: Ident,
    },
    DropAttribute {
        name: Ident,
    },
    AlterAttribute {
        name: Ident,
    },
    RenameAttribute {
        from: Ident,
        to: Ident,
    },
    /// `ALTER DOMAIN … ADD CONSTRAINT`; `not_valid` skips the scan.
    AddDomainConstraint {
        not_valid: bool,
    },
    DropDomainConstraint {
        name: Ident,
    },
    ValidateDomainConstraint {
        name: Ident,
    },
    SetDomainNotNull,
    DropDomainNotNull,
    SetDomainDefault,
    DropDomainDefault,
    /// `ALTER TYPE … SET (…)`.
    SetOption,
}

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
