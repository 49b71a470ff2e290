//! After a run was killed: did the statement that it had sent run?
//!
//! A definition that the engine commits by itself is done or not done, never half: what it makes is there or it is not.
//! So the catalog is asked for each thing that the statement makes or takes. When all answers are as after it, it ran;
//! when all are as before it, it did not; and when they disagree, or there is nothing to ask for, nobody knows.

use crate::model::{Action, Change, Dialect, Ident, Name, ObjectKind, TableChange};
use crate::plan::Statement;
use crate::store::{Connection, DatabaseError, Value};

/// What the catalog tells of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It ran.
    Done,
    /// It did not run, or running it again is the same as running it once.
    NotDone,
    /// Nobody knows; with what was looked at.
    Unclear(String),
}

/// Something that is in the catalog or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sign<'a> {
    thing: Thing<'a>,
    /// It is there after the statement.
    after: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing<'a> {
    Relation(&'a Name),
    Column(&'a Name, &'a Ident),
    Index {
        name: &'a Name,
        table: Option<&'a Name>,
    },
    Trigger {
        name: &'a Name,
        table: &'a Name,
    },
}

/// Asks the catalog.
pub(super) async fn look(
    connection: &mut Connection,
    statement: &Statement<'_>,
) -> Result<Seen, DatabaseError> {
    if statement.understood && statement.changes.iter().all(may_run_again) {
        return Ok(Seen::NotDone);
    }
    let Some(signs) = signs(statement) else {
        return Ok(Seen::Unclear(
            "nothing in the catalog tells whether it ran".to_owned(),
        ));
    };
    let (mut done, mut not_done) = (Vec::new(), Vec::new());
    for sign in &signs {
        let there = is_there(connection, &sign.thing).await?;
        let told = format!(
            "{} is {}",
            sign.thing,
            if there { "there" } else { "not there" }
        );
        if there == sign.after {
            done.push(told);
        } else {
            not_done.push(told);
        }
    }
    Ok(match (done.is_empty(), not_done.is_empty()) {
        (false, true) => Seen::Done,
        (true, false) => Seen::NotDone,
        _ => Seen::Unclear(format!("{}, but {}", done.join(", "), not_done.join(", "))),
    })
}

/// An index that `CREATE INDEX CONCURRENTLY` could not finish keeps its name, and is of no use: it has to go before the
/// statement can run again (`PostgreSQL` manual, CREATE INDEX, "Building Indexes Concurrently").
pub(super) async fn drop_leftovers(
    connection: &mut Connection,
    statement: &Statement<'_>,
) -> Result<Vec<String>, DatabaseError> {
    let mut dropped = Vec::new();
    if connection.dialect() != Dialect::Postgres {
        return Ok(dropped);
    }
    for change in statement.changes {
        let Action::CreateIndex(create) = &change.action else {
            continue;
        };
        let Some(name) = create.name.as_ref().filter(|_| create.concurrently) else {
            continue;
        };
        let written = sibling(name, Some(&create.table)).sql(Dialect::Postgres);
        let invalid = "SELECT count(*)::text FROM pg_index WHERE indexrelid = to_regclass(?) AND NOT indisvalid";
        if count(connection.read(invalid, &[written.as_str().into()]).await?) > 0 {
            connection
                .run(&format!("DROP INDEX CONCURRENTLY IF EXISTS {written}"))
                .await?;
            dropped.push(written);
        }
    }
    Ok(dropped)
}

/// Running it twice comes to the same as running it once.
const fn may_run_again(change: &Change) -> bool {
    if let Action::Drop {
        object,
        if_exists: true,
        ..
    } = &change.action
        && matches!(object.kind, ObjectKind::Trigger | ObjectKind::Function)
    {
        return true;
    }
    matches!(
        change.action,
        Action::Reindex { .. }
            | Action::Refresh { .. }
            | Action::Maintain { .. }
            | Action::Analyze { .. }
            | Action::Set { .. }
            | Action::Pragma { .. }
            | Action::Session { .. }
            | Action::Comment { .. }
    )
}

/// What a statement leaves in the catalog; `None` where that does not tell all of it.
fn signs<'a>(statement: &Statement<'a>) -> Option<Vec<Sign<'a>>> {
    if !statement.understood {
        return None;
    }
    let mut signs = Vec::new();
    for change in statement
        .changes
        .iter()
        .filter(|change| !may_run_again(change))
    {
        if change.conditional {
            return None;
        }
        signs.extend(of_change(change)?);
    }
    (!signs.is_empty()).then_some(signs)
}

fn of_change(change: &Change) -> Option<Vec<Sign<'_>>> {
    let sign = |thing, after| Sign { thing, after };
    Some(match &change.action {
        Action::CreateTable(create) => vec![sign(Thing::Relation(&create.name), true)],
        Action::CreateView(create) if !create.or_replace => {
            vec![sign(Thing::Relation(&create.name), true)]
        }
        Action::CreateTrigger(create) if !create.or_replace && !create.if_not_exists => {
            let (name, table) = (&create.name, &create.table);
            vec![sign(Thing::Trigger { name, table }, true)]
        }
        Action::CreateIndex(create) => {
            let name = create.name.as_ref()?;
            let table = Some(&create.table);
            vec![sign(Thing::Index { name, table }, true)]
        }
        Action::Drop { object, .. } if object.kind.is_relation() => {
            vec![sign(Thing::Relation(&object.name), false)]
        }
        Action::Drop { object, .. } if object.kind == ObjectKind::Index => {
            let thing = Thing::Index {
                name: &object.name,
                table: object.table.as_ref(),
            };
            vec![sign(thing, false)]
        }
        Action::Rename { object, to } if object.kind.is_relation() => vec![
            sign(Thing::Relation(&object.name), false),
            sign(Thing::Relation(to), true),
        ],
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddColumn { column, .. } => {
                vec![sign(Thing::Column(table, &column.name), true)]
            }
            TableChange::DropColumn { column, .. } => {
                vec![sign(Thing::Column(table, column), false)]
            }
            TableChange::RenameColumn { from, to } => vec![
                sign(Thing::Column(table, from), false),
                sign(Thing::Column(table, to), true),
            ],
            TableChange::RedefineColumn { from, column, .. } if *from != column.name => vec![
                sign(Thing::Column(table, from), false),
                sign(Thing::Column(table, &column.name), true),
            ],
            // A demand on how the others run, which leaves nothing.
            TableChange::Demand { .. } => Vec::new(),
            _ => return None,
        },
        _ => return None,
    })
}

async fn is_there(connection: &mut Connection, thing: &Thing<'_>) -> Result<bool, DatabaseError> {
    let dialect = connection.dialect();
    let (query, values): (&str, Vec<Value>) = match (thing, dialect) {
        (Thing::Relation(name), Dialect::Postgres) => (
            "SELECT count(*)::text FROM pg_class WHERE oid = to_regclass(?)",
            vec![name.sql(dialect).into()],
        ),
        (Thing::Column(table, column), Dialect::Postgres) => (
            "SELECT count(*)::text FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ? AND NOT attisdropped",
            vec![table.sql(dialect).into(), column.as_str().into()],
        ),
        (Thing::Index { name, table }, Dialect::Postgres) => (
            "SELECT count(*)::text FROM pg_index WHERE indexrelid = to_regclass(?) AND indisvalid",
            vec![sibling(name, *table).sql(dialect).into()],
        ),
        (Thing::Relation(name), Dialect::Mysql) => (
            "SELECT concat('', count(*)) FROM information_schema.tables \
             WHERE table_schema = coalesce(?, database()) AND table_name = ?",
            vec![schema(name), name.name.written().into()],
        ),
        (Thing::Column(table, column), Dialect::Mysql) => (
            "SELECT concat('', count(*)) FROM information_schema.columns \
             WHERE table_schema = coalesce(?, database()) AND table_name = ? AND column_name = ?",
            vec![
                schema(table),
                table.name.written().into(),
                column.written().into(),
            ],
        ),
        (Thing::Index { name, table }, Dialect::Mysql) => (
            "SELECT concat('', count(*)) FROM information_schema.statistics \
             WHERE table_schema = coalesce(?, database()) AND table_name = coalesce(?, table_name) AND index_name = ?",
            vec![
                table.map_or(Value::Null, schema),
                table.map(|table| table.name.written().to_owned()).into(),
                name.name.written().into(),
            ],
        ),
        (Thing::Trigger { name, table }, Dialect::Postgres) => (
            "SELECT count(*)::text FROM pg_trigger WHERE tgrelid = to_regclass(?) AND tgname = ? AND NOT tgisinternal",
            vec![table.sql(dialect).into(), name.name.as_str().into()],
        ),
        (Thing::Trigger { name, table }, Dialect::Mysql) => (
            "SELECT concat('', count(*)) FROM information_schema.triggers \
             WHERE trigger_schema = coalesce(?, database()) AND trigger_name = ?",
            vec![schema(table), name.name.written().into()],
        ),
        (
            Thing::Relation(name) | Thing::Index { name, .. } | Thing::Trigger { name, .. },
            Dialect::Sqlite,
        ) => (
            "SELECT concat('', count(*)) FROM sqlite_master WHERE lower(name) = lower(?)",
            vec![name.name.written().into()],
        ),
        (Thing::Column(table, column), Dialect::Sqlite) => (
            "SELECT concat('', count(*)) FROM pragma_table_info(?) WHERE lower(name) = lower(?)",
            vec![table.name.written().into(), column.written().into()],
        ),
    };
    Ok(count(connection.read(query, &values).await?) > 0)
}

/// An index lives in the schema of its table.
fn sibling(name: &Name, table: Option<&Name>) -> Name {
    match table {
        Some(table) if name.schema.is_none() => table.sibling(name.name.clone()),
        _ => name.clone(),
    }
}

fn schema(name: &Name) -> Value {
    name.schema
        .as_ref()
        .map(|schema| schema.written().to_owned())
        .into()
}

fn count(rows: Vec<crate::store::Row>) -> i64 {
    let first = rows.into_iter().flatten().next().flatten();
    first.and_then(|count| count.parse().ok()).unwrap_or(0)
}

impl std::fmt::Display for Thing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Relation(name) => write!(f, "{name}"),
            Self::Column(table, column) => write!(f, "{table}.{column}"),
            Self::Index { name, .. } => write!(f, "index {name}"),
            Self::Trigger { name, .. } => write!(f, "trigger {name}"),
        }
    }
}
