//! A short notation for actions, so that a table of cases can be read. What has none is printed as it is.

use crate::model::{
    Action, Change, ColumnDef, Constraint, ConstraintKind, CreateIndex, CreateRoutine, CreateTable,
    Name, Position, Reference, RowChange, RowSource, TableChange, TypeShape,
};

pub(super) fn change(change: &Change) -> String {
    let action = action(&change.action);
    if change.conditional {
        format!("maybe {action}")
    } else {
        action
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::CreateTable(found) => table(found),
        Action::AlterTable { table, change } => format!("{table}: {}", table_change(change)),
        Action::CreateIndex(found) => index(found),
        Action::CreateView(found) => join([
            format!("view {}", found.name),
            found
                .columns
                .as_ref()
                .map(|columns| format!("({})", list(columns)))
                .unwrap_or_default(),
            flag(found.materialized, "materialized"),
            flag(found.or_replace, "or-replace"),
            flag(found.if_not_exists, "if-not-exists"),
            flag(found.temporary, "temporary"),
            wrapped("reads", &list(&found.reads)),
            flag(found.updatable, "updatable"),
        ]),
        Action::CreateType(found) => match &found.shape {
            TypeShape::Enum(labels) => format!("type {} enum({})", found.name, labels.join(", ")),
            TypeShape::Composite(names) => {
                format!("type {} composite({})", found.name, list(names))
            }
            TypeShape::Domain {
                base,
                constrained,
                required,
                has_default,
            } => join([
                format!("type {} domain({base})", found.name),
                flag(*constrained, "constrained"),
                flag(*required, "required"),
                flag(*has_default, "default"),
            ]),
            TypeShape::Other => format!("type {} other", found.name),
        },
        Action::Create {
            object,
            if_not_exists,
            or_replace,
        } => join([
            format!("create {object}"),
            flag(*if_not_exists, "if-not-exists"),
            flag(*or_replace, "or-replace"),
        ]),
        Action::Drop {
            object,
            if_exists,
            cascade,
            concurrently,
        } => join([
            format!("drop {object}"),
            flag(*if_exists, "if-exists"),
            flag(*cascade, "cascade"),
            flag(*concurrently, "concurrently"),
        ]),
        Action::Rename { object, to } => format!("rename {object} -> {to}"),
        Action::SetSchema { object, schema } => format!("schema {object} -> {schema}"),
        Action::SetOwner { object } => format!("owner {object}"),
        Action::AlterSequence { name, renumbers } => {
            join([format!("sequence {name}"), flag(*renumbers, "renumbers")])
        }
        Action::SetIndexVisible { index, visible } => format!("visible {index} = {visible}"),
        Action::Rows(found) => rows(found),
        Action::Query { calls } => format!("query calls({})", calls.join(", ")),
        Action::Set {
            variable,
            value,
            local,
        } => join([format!("set {variable} = {value:?}"), flag(*local, "local")]),
        Action::CreateRoutine(found) => routine(found),
        Action::CreateTrigger(found) => join([
            format!("trigger {} on {}", found.name, found.table),
            flag(found.or_replace, "or-replace"),
            flag(found.if_not_exists, "if-not-exists"),
            flag(found.instead_of, "instead-of"),
        ]),
        Action::AlterObject { object, clause } => format!("alter {object}: {clause}"),
        Action::Comment { on } => format!("comment {on}"),
        Action::Grant { on, to } => format!("grant {on} -> {to}"),
        Action::Revoke { on, from } => format!("revoke {on} <- {from}"),
        Action::Call { routine } => format!("call {routine}"),
        Action::ExecuteResult { routine } => format!("execute what {routine} hands back"),
        Action::Session { command } => format!("session {command}"),
        Action::Reindex {
            object,
            concurrently,
        } => join([
            format!("reindex {object}"),
            flag(*concurrently, "concurrently"),
        ]),
        Action::Refresh { view, concurrently } => join([
            format!("refresh {view}"),
            flag(*concurrently, "concurrently"),
        ]),
        Action::Analyze { table } => join(["analyze".to_owned(), optional(table.as_ref())]),
        Action::Maintain {
            command,
            table,
            rewrites,
        } => join([
            (*command).to_owned(),
            optional(table.as_ref()),
            flag(*rewrites, "rewrites"),
        ]),
        Action::LockTable { tables, mode } => format!("lock({}) {mode}", list(tables))
            .trim_end()
            .to_owned(),
        other => format!("{other:?}"),
    }
}

fn optional(name: Option<&Name>) -> String {
    name.map(ToString::to_string).unwrap_or_default()
}

fn routine(found: &CreateRoutine) -> String {
    join([
        format!("routine {}", found.object),
        flag(found.or_replace, "or-replace"),
        flag(found.if_not_exists, "if-not-exists"),
        found
            .returns
            .as_ref()
            .map(|returns| format!("returns({returns})"))
            .unwrap_or_default(),
        found
            .body
            .as_ref()
            .map(|body| format!("{}: {}", body.language, body.text.trim()))
            .unwrap_or_default(),
    ])
}

fn table(found: &CreateTable) -> String {
    let head = join([
        format!("table {}", found.name),
        flag(found.or_replace, "or-replace"),
        flag(found.temporary, "temporary"),
        flag(found.if_not_exists, "if-not-exists"),
        flag(found.as_query, "as-query"),
        found
            .like
            .as_ref()
            .map(|like| format!("like({like})"))
            .unwrap_or_default(),
        found
            .partition_of
            .as_ref()
            .map(|parent| format!("partition-of({parent})"))
            .unwrap_or_default(),
        wrapped("inherits", &list(&found.inherits)),
        flag(found.partitioned, "partitioned"),
        found
            .charset
            .as_ref()
            .map(|charset| format!("charset({charset})"))
            .unwrap_or_default(),
        found
            .virtual_module
            .as_ref()
            .map(|module| format!("virtual({module})"))
            .unwrap_or_default(),
    ]);
    let columns: Vec<_> = found.columns.iter().map(column).collect();
    let parts = std::iter::once(columns.join(", "))
        .chain(found.constraints.iter().map(constraint))
        .chain(found.indexes.iter().map(index));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    format!("{head}: {}", parts.join("; "))
        .trim_end()
        .to_owned()
}

fn column(found: &ColumnDef) -> String {
    let expr = |word: &str, expr: &Option<crate::model::Expr>| {
        expr.as_ref()
            .map(|expr| format!("{word}({})", expr.text))
            .unwrap_or_default()
    };
    let generated = found.generated.as_ref();
    join([
        found.name.to_string(),
        found
            .data_type
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        flag(found.not_null && !found.primary_key, "not-null"),
        flag(
            found.primary_key,
            if found.not_null { "pk" } else { "null-pk" },
        ),
        flag(found.auto_increment, "auto"),
        flag(found.identity.is_some(), "identity"),
        flag(found.unique, "unique"),
        expr("default", &found.default),
        generated
            .map(|found| {
                format!(
                    "{}({})",
                    if found.stored { "stored" } else { "virtual" },
                    found.expr.text
                )
            })
            .unwrap_or_default(),
        expr("check", &found.check),
        found.references.as_ref().map(reference).unwrap_or_default(),
        found
            .charset
            .as_ref()
            .map(|name| format!("charset({name})"))
            .unwrap_or_default(),
        found
            .collation
            .as_ref()
            .map(|name| format!("collate({name})"))
            .unwrap_or_default(),
    ])
}

fn reference(found: &Reference) -> String {
    format!(
        "->{}({}){}{}",
        found.table,
        list(&found.columns),
        flag(found.on_delete_cascade, "cascade"),
        flag(found.on_delete_clears, "clears")
    )
}

fn constraint(found: &Constraint) -> String {
    let name = found
        .name
        .as_ref()
        .map(|name| format!("{name}: "))
        .unwrap_or_default();
    let using = |index: &Option<crate::model::Ident>| {
        index
            .as_ref()
            .map(|index| format!(" using {index}"))
            .unwrap_or_default()
    };
    let kind = match &found.kind {
        ConstraintKind::Check(expr) => format!("check({})", expr.text),
        ConstraintKind::ForeignKey {
            columns,
            references,
        } => format!("({}){}", list(columns), reference(references)),
        ConstraintKind::Unique {
            columns,
            using_index: None,
        } => format!("unique ({})", list(columns)),
        ConstraintKind::PrimaryKey {
            columns,
            using_index: None,
        } => format!("primary key ({})", list(columns)),
        ConstraintKind::Unique { using_index, .. } => format!("unique{}", using(using_index)),
        ConstraintKind::PrimaryKey { using_index, .. } => {
            format!("primary key{}", using(using_index))
        }
        ConstraintKind::Exclude { columns } => format!("exclude ({})", list(columns)),
        ConstraintKind::NotNull { column } => format!("not null {column}"),
    };
    join([
        format!("{name}{kind}"),
        flag(found.not_valid, "not-valid"),
        flag(found.not_enforced, "not-enforced"),
        flag(found.deferrable, "deferrable"),
    ])
}

fn index(found: &CreateIndex) -> String {
    let keys: Vec<_> = found
        .keys
        .iter()
        .map(|key| {
            key.as_ref()
                .map_or_else(|expr| format!("expr({})", expr.text), ToString::to_string)
        })
        .collect();
    join([
        "index".to_owned(),
        found
            .name
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        format!("on {} ({})", found.table, keys.join(", ")),
        flag(found.unique, "unique"),
        flag(found.concurrently, "concurrently"),
        flag(found.if_not_exists, "if-not-exists"),
        flag(found.only, "only"),
        found.method.clone(),
        found
            .partial
            .as_ref()
            .map(|expr| format!("where({})", expr.text))
            .unwrap_or_default(),
    ])
}

fn table_change(change: &TableChange) -> String {
    match change {
        TableChange::AddColumn {
            column: found,
            if_not_exists,
            position,
        } => join([
            format!("add {}", column(found)),
            flag(*if_not_exists, "if-not-exists"),
            place(position.as_ref()),
        ]),
        TableChange::DropColumn {
            column,
            if_exists,
            cascade,
        } => join([
            format!("drop {column}"),
            flag(*if_exists, "if-exists"),
            flag(*cascade, "cascade"),
        ]),
        TableChange::RenameColumn { from, to } => format!("rename {from} {to}"),
        TableChange::SetType {
            column,
            data_type,
            using,
            collation,
        } => join([
            format!("type {column} {data_type}"),
            collation
                .as_ref()
                .map(|name| format!("collate({name})"))
                .unwrap_or_default(),
            using
                .as_ref()
                .map(|expr| format!("using({})", expr.text))
                .unwrap_or_default(),
        ]),
        TableChange::RedefineColumn {
            from,
            column: found,
            position,
        } => join([
            format!("redefine {from} {}", column(found)),
            place(position.as_ref()),
        ]),
        TableChange::SetNotNull { column } => format!("set-not-null {column}"),
        TableChange::DropNotNull { column } => format!("drop-not-null {column}"),
        TableChange::SetDefault { column, default } => format!("default {column} {}", default.text),
        TableChange::DropDefault { column } => format!("drop-default {column}"),
        TableChange::AddConstraint {
            constraint: found,
            if_not_exists,
        } => join([
            format!("add {}", constraint(found)),
            flag(*if_not_exists, "if-not-exists"),
        ]),
        TableChange::DropConstraint {
            name,
            kind,
            if_exists,
            cascade,
        } => join([
            "drop-constraint".to_owned(),
            name.as_ref().map(ToString::to_string).unwrap_or_default(),
            kind.map(|kind| format!("({kind})")).unwrap_or_default(),
            flag(*if_exists, "if-exists"),
            flag(*cascade, "cascade"),
        ]),
        TableChange::RenameConstraint { from, to } => format!("rename-constraint {from} {to}"),
        TableChange::ValidateConstraint { name } => format!("validate {name}"),
        other => format!("{other:?}"),
    }
}

fn place(position: Option<&Position>) -> String {
    match position {
        Some(Position::First) => "first".to_owned(),
        Some(Position::After(column)) => format!("after({column})"),
        None => String::new(),
    }
}

fn rows(found: &RowChange) -> String {
    let source = match &found.source {
        RowSource::Values(count) => format!("values({count})"),
        RowSource::Query(names) => format!("from({})", list(names)),
        RowSource::None => String::new(),
    };
    join([
        format!("{:?}", found.verb).to_lowercase(),
        found.table.to_string(),
        if found.columns.is_empty() {
            String::new()
        } else {
            format!("({})", list(&found.columns))
        },
        source,
        found
            .condition
            .as_ref()
            .map(|expr| format!("where({})", expr.text))
            .unwrap_or_default(),
        flag(found.every_row, "every-row"),
        flag(found.limited, "limited"),
        wrapped("calls", &found.calls.join(", ")),
    ])
}

fn join<const N: usize>(parts: [String; N]) -> String {
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn flag(set: bool, word: &str) -> String {
    if set { word.to_owned() } else { String::new() }
}

fn wrapped(word: &str, inside: &str) -> String {
    if inside.is_empty() {
        String::new()
    } else {
        format!("{word}({inside})")
    }
}

fn list(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
