//! What stands behind the names in a query: a view reads tables, a function runs queries of its own, a write fires
//! triggers, and a column has a type.

use std::collections::BTreeSet;

use super::picture::Picture;
use super::{Columns, Relied, Uses, query, read};
use crate::model::{CreateRoutine, Dialect, Ident, Name};

/// Adds what the picture of the schema knows to stand behind what is relied on, and what stands behind that.
pub(super) fn follow(mut relied: Relied, picture: &Picture<'_>) -> Uses {
    let mut met = Met::default();
    loop {
        let before = relied.clone();
        views(&mut relied, picture);
        routines(&mut relied, picture, &mut met);
        if let Err(why) = triggers(&mut relied, picture, &mut met) {
            return Uses::Everything { why };
        }
        if relied == before {
            break;
        }
    }
    types_and_defaults(&mut relied, picture);
    Uses::Only(relied)
}

/// The bodies that were read.
#[derive(Default)]
struct Met(BTreeSet<(Name, Option<String>)>);

/// A view keeps only the names of what it reads, so all columns of them count; what is written through a view is
/// written to what it reads.
fn views(relied: &mut Relied, picture: &Picture<'_>) {
    let mut behind = Vec::new();
    for (name, reliance) in &relied.relations {
        for view in picture.views(name) {
            behind.extend(
                view.reads
                    .iter()
                    .map(|read| (read.clone(), reliance.writes)),
            );
        }
    }
    for word in &relied.words {
        for view in picture.views(&Name::bare(word.clone())) {
            behind.extend(view.reads.iter().map(|read| (read.clone(), true)));
        }
    }
    for (read, writes) in behind {
        let reliance = relied.relation(read);
        reliance.columns = Columns::All;
        reliance.writes |= writes;
    }
}

fn routines(relied: &mut Relied, picture: &Picture<'_>, met: &mut Met) {
    let words = relied.words.iter().cloned().map(Name::bare);
    let names: Vec<_> = relied.routines.iter().cloned().chain(words).collect();
    for name in names {
        for routine in picture.routines(&name) {
            body(routine, relied, picture, met);
        }
    }
}

/// SQL is read as such; of any other language the words count.
fn body(routine: &CreateRoutine, relied: &mut Relied, picture: &Picture<'_>, met: &mut Met) {
    let key = (
        routine.object.name.clone(),
        routine.object.signature.clone(),
    );
    let again = !met.0.insert(key);
    match &routine.body {
        _ if again => {}
        Some(body) if body.language == "sql" => {
            for outcome in read::statements(&body.text, picture, relied) {
                if matches!(outcome.1, query::Outcome::Unreadable(_)) {
                    query::words(&body.text, picture.dialect, &mut relied.words);
                }
            }
        }
        Some(body) => query::words(&body.text, picture.dialect, &mut relied.words),
        None => relied.unseen = true,
    }
}

/// Which function a trigger runs is not kept, so that a write to a table with a trigger relies on what any trigger
/// function does. Outside of PostgreSQL a trigger's own text is not kept either.
fn triggers(relied: &mut Relied, picture: &Picture<'_>, met: &mut Met) -> Result<(), String> {
    let written = relied
        .relations
        .iter()
        .filter(|(_, reliance)| reliance.writes);
    let names = written.map(|(name, _)| name.clone());
    let names: Vec<_> = names
        .chain(relied.words.iter().cloned().map(Name::bare))
        .collect();
    let fired = names
        .iter()
        .flat_map(|name| picture.tables(name))
        .find_map(|table| Some((table, picture.trigger_on(&table.name)?)));
    let Some((table, trigger)) = fired else {
        return Ok(());
    };
    let mut functions = picture.trigger_routines().peekable();
    if picture.dialect != Dialect::Postgres || functions.peek().is_none() {
        return Err(format!(
            "it writes {}, and what {trigger} does then is not known",
            table.name
        ));
    }
    for routine in functions {
        relied.routines.insert(routine.object.name.clone());
        body(routine, relied, picture, met);
    }
    Ok(())
}

/// The types of the columns in use, and the functions that fill in defaults on writing.
fn types_and_defaults(relied: &mut Relied, picture: &Picture<'_>) {
    let mut types = BTreeSet::new();
    let mut routines = BTreeSet::new();
    // A word may be a table's, and then its columns have types and defaults, too.
    let mut unseen = !relied.words.is_empty();
    for (name, reliance) in &relied.relations {
        let mut known = is_catalog(name);
        for table in picture.tables(name) {
            known |= table.complete;
            for column in &table.columns {
                let own = &column.def.name;
                if reliance.columns.contains(own) {
                    types.extend(picture.own_type(table, own));
                }
                let default = column.def.default.iter();
                if reliance.writes {
                    let calls = default.flat_map(|default| &default.calls);
                    routines.extend(calls.map(|call| Name::bare(Ident::folded(call))));
                }
            }
        }
        unseen |= !known;
    }
    relied.types.extend(types);
    relied.routines.extend(routines);
    relied.unseen |= unseen;
}

/// Whether the engine's own catalog is meant, in which no migration makes anything.
fn is_catalog(name: &Name) -> bool {
    const CATALOGS: [&str; 4] = [
        "information_schema",
        "pg_catalog",
        "mysql",
        "performance_schema",
    ];
    let schema = name.schema.as_ref().map(Ident::as_str);
    schema.is_some_and(|schema| CATALOGS.contains(&schema))
}
