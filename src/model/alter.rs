//! The clauses of `ALTER TABLE`, `ALTER TYPE` and `ALTER DOMAIN`.

use super::{ColumnDef, Constraint, DataType, Expr, Ident, Name, Position};

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
    /// MySQL `ADD PARTITION`, `REORGANIZE PARTITION` and `COALESCE PARTITION`: no row is lost.
    ArrangePartitions {
        clause: String,
    },
    /// MySQL `DROP|TRUNCATE|EXCHANGE|DISCARD PARTITION`: rows are.
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
