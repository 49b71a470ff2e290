//! What an action is called in output: its kind in kebab case, and the object that it acts on.

use super::{Action, ObjectKind, RowVerb, TableChange, TypeChange};

impl Action {
    /// The kind, in kebab case: `drop-column`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateTable(_) => "create-table",
            Self::AlterTable { change, .. } => change.kind(),
            Self::CreateIndex(index) if index.unique => "create-unique-index",
            Self::CreateIndex(_) => "create-index",
            Self::CreateView(_) => "create-view",
            Self::CreateRoutine(_) => "create-routine",
            Self::CreateTrigger(_) => "create-trigger",
            Self::CreateType(_) => "create-type",
            Self::Create { .. } => "create-object",
            Self::Drop { object, .. } => match object.kind {
                ObjectKind::Table | ObjectKind::ForeignTable => "drop-table",
                ObjectKind::View | ObjectKind::MaterializedView => "drop-view",
                ObjectKind::Index => "drop-index",
                ObjectKind::Trigger => "drop-trigger",
                ObjectKind::Type | ObjectKind::Domain => "drop-type",
                kind if kind.is_routine() => "drop-routine",
                _ => "drop-object",
            },
            Self::Rename { object, .. } => match object.kind {
                ObjectKind::Table | ObjectKind::ForeignTable => "rename-table",
                ObjectKind::Index => "rename-index",
                _ => "rename-object",
            },
            Self::SetSchema { .. } => "set-schema",
            Self::SetOwner { .. } => "set-owner",
            Self::AlterType { change, .. } => change.kind(),
            Self::AlterSequence { .. } => "alter-sequence",
            Self::SetIndexVisible { .. } => "set-index-visible",
            Self::AlterObject { .. } => "alter-object",
            Self::Comment { .. } => "comment",
            Self::Grant { .. } => "grant",
            Self::Revoke { .. } => "revoke",
            Self::Owned { dropped: true, .. } => "drop-owned",
            Self::Owned { .. } => "reassign-owned",
            Self::Truncate { .. } => "truncate",
            Self::Rows(rows) => match rows.verb {
                RowVerb::Insert => "insert",
                RowVerb::Update => "update",
                RowVerb::Delete => "delete",
                RowVerb::Replace => "replace",
                RowVerb::Merge => "merge",
                RowVerb::Copy => "copy",
            },
            Self::Query { .. } => "query",
            Self::Call { .. } | Self::ExecuteResult { .. } => "call",
            Self::Reindex { .. } => "reindex",
            Self::Refresh { .. } => "refresh",
            Self::Maintain { .. } => "maintain",
            Self::Analyze { .. } => "analyze",
            Self::LockTable { .. } => "lock-table",
            Self::Transaction(_) => "transaction",
            Self::Set { .. } => "set",
            Self::Pragma { .. } => "pragma",
            Self::Use { .. } => "use",
            Self::Session { .. } => "session",
        }
    }

    /// The object acted on, as people name it: `users.username`, `index users_email_idx`; empty where
    /// there is none.
    pub fn object(&self) -> String {
        match self {
            Self::CreateTable(create) => format!("table {}", create.name),
            Self::AlterTable { table, change } => match change.part() {
                Some(part) => format!("{table}.{part}"),
                None => format!("table {table}"),
            },
            Self::CreateIndex(index) => format!("index {}", index.label()),
            Self::CreateView(view) => format!("view {}", view.name),
            Self::CreateRoutine(routine) => routine.object.to_string(),
            Self::CreateTrigger(trigger) => {
                format!("trigger {} on {}", trigger.name, trigger.table)
            }
            Self::CreateType(create) => format!("type {}", create.name),
            Self::Create { object, .. }
            | Self::Drop { object, .. }
            | Self::Rename { object, .. }
            | Self::SetSchema { object, .. }
            | Self::SetOwner { object }
            | Self::SetIndexVisible { index: object, .. }
            | Self::AlterObject { object, .. }
            | Self::Reindex { object, .. } => object.to_string(),
            Self::AlterType { name, .. } => format!("type {name}"),
            Self::AlterSequence { name, .. } => format!("sequence {name}"),
            Self::Comment { on } | Self::Grant { on, .. } | Self::Revoke { on, .. } => on.clone(),
            Self::Owned { roles, .. } => format!("role {roles}"),
            Self::Truncate { table, .. } => format!("table {table}"),
            Self::Rows(rows) => format!("rows of {}", rows.table),
            Self::Call { routine } | Self::ExecuteResult { routine } => {
                format!("routine {routine}")
            }
            Self::Refresh { view, .. } => format!("materialized view {view}"),
            Self::Maintain {
                table: Some(table), ..
            }
            | Self::Analyze { table: Some(table) } => {
                format!("table {table}")
            }
            Self::LockTable { tables, .. } => tables
                .iter()
                .map(|table| format!("table {table}"))
                .collect::<Vec<_>>()
                .join(", "),
            Self::Set { variable, .. } => variable.clone(),
            Self::Pragma { name, .. } => name.clone(),
            Self::Use { database } => format!("database {database}"),
            Self::Query { .. }
            | Self::Maintain { .. }
            | Self::Analyze { .. }
            | Self::Transaction(_)
            | Self::Session { .. } => String::new(),
        }
    }
}

impl TableChange {
    fn kind(&self) -> &'static str {
        match self {
            Self::AddColumn { .. } => "add-column",
            Self::DropColumn { .. } => "drop-column",
            Self::RenameColumn { .. } => "rename-column",
            Self::SetType { .. } => "change-type",
            Self::RedefineColumn { .. } => "redefine-column",
            Self::SetNotNull { .. } => "set-not-null",
            Self::DropNotNull { .. } => "drop-not-null",
            Self::SetDefault { .. } => "set-default",
            Self::DropDefault { .. } => "drop-default",
            Self::AddIdentity { .. } => "add-identity",
            Self::SetGenerated { .. } => "set-generated",
            Self::SetColumnOption { .. } => "set-column-option",
            Self::AddConstraint { .. } => "add-constraint",
            Self::DropConstraint { .. } => "drop-constraint",
            Self::RenameConstraint { .. } => "rename-constraint",
            Self::ValidateConstraint { .. } => "validate-constraint",
            Self::AlterConstraint { .. } => "alter-constraint",
            Self::SetTrigger { .. } => "set-trigger",
            Self::SetRule { .. } => "set-rule",
            Self::RowSecurity { .. } => "row-security",
            Self::ReplicaIdentity { .. } => "replica-identity",
            Self::AttachPartition { .. } => "attach-partition",
            Self::DetachPartition { .. } => "detach-partition",
            Self::ArrangePartitions { .. } => "arrange-partitions",
            Self::DropPartitions { .. } => "drop-partitions",
            Self::Inherit { .. } => "inherit",
            Self::SetLogged { .. } => "set-logged",
            Self::SetTablespace => "set-tablespace",
            Self::SetAccessMethod => "set-access-method",
            Self::SetOptions { .. } => "set-options",
            Self::ClusterOn => "cluster-on",
            Self::SetCharset { .. } => "set-charset",
            Self::Rebuild { .. } => "rebuild",
            Self::Demand { .. } => "demand",
        }
    }

    /// The column or constraint that the clause speaks of.
    fn part(&self) -> Option<String> {
        let ident = match self {
            Self::AddColumn { column, .. } => &column.name,
            Self::RedefineColumn { from: column, .. }
            | Self::DropColumn { column, .. }
            | Self::RenameColumn { from: column, .. }
            | Self::SetType { column, .. }
            | Self::SetNotNull { column }
            | Self::DropNotNull { column }
            | Self::SetDefault { column, .. }
            | Self::DropDefault { column }
            | Self::AddIdentity { column, .. }
            | Self::SetGenerated { column, .. }
            | Self::SetColumnOption { column, .. } => column,
            Self::AddConstraint { constraint, .. } => {
                return if let Some(name) = &constraint.name {
                    Some(name.to_string())
                } else {
                    let columns: Vec<_> = constraint
                        .kind
                        .columns()
                        .iter()
                        .map(ToString::to_string)
                        .collect();
                    Some(format!("({})", columns.join(", ")))
                };
            }
            Self::RenameConstraint { from: name, .. }
            | Self::ValidateConstraint { name }
            | Self::AlterConstraint { name, .. }
            | Self::SetRule { name, .. }
            | Self::DropConstraint {
                name: Some(name), ..
            }
            | Self::SetTrigger {
                name: Some(name), ..
            } => name,
            _ => return None,
        };
        Some(ident.to_string())
    }
}

impl TypeChange {
    fn kind(&self) -> &'static str {
        match self {
            Self::AddValue { .. } => "add-enum-value",
            Self::RenameValue { .. } => "rename-enum-value",
            Self::AddAttribute { .. } => "add-attribute",
            Self::DropAttribute { .. } => "drop-attribute",
            Self::AlterAttribute { .. } => "alter-attribute",
            Self::RenameAttribute { .. } => "rename-attribute",
            Self::AddDomainConstraint { .. } => "add-domain-constraint",
            Self::DropDomainConstraint { .. } => "drop-domain-constraint",
            Self::ValidateDomainConstraint { .. } => "validate-domain-constraint",
            Self::SetDomainNotNull => "set-domain-not-null",
            Self::DropDomainNotNull => "drop-domain-not-null",
            Self::SetDomainDefault => "set-domain-default",
            Self::DropDomainDefault => "drop-domain-default",
            Self::SetOption => "set-type-option",
        }
    }
}
