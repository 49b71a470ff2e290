//! Whole tables, and columns that go without an heir.

use super::super::heir::{clearing, droppable, type_of};
use super::{Draft, Given, ScaffoldError, Site, contract, expand};
use crate::model::{Dialect, Ident};
use crate::schema::Table;
use crate::sync::words::slug;

/// `new drop-column users.legacy`.
pub(super) fn drop_column(
    site: Site<'_>,
    column: &str,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, name) = picture.column_name(column)?;
    // Only what it is like when an insert leaves it out has to be known.
    let given = Given {
        data_type: Some(given.data_type.clone().unwrap_or_default()),
        ..given.clone()
    };
    let def = picture.column(&table, &name, &given)?;
    droppable(picture, &table, &name)?;
    let shown = format!("{table}.{name}");
    let files = slug(&format!("drop_{table}_{name}"));
    let own = words.id(&name);
    let mut steps = Vec::new();
    let mut notes = Vec::new();
    if !def.fills_itself() {
        let data_type = type_of(&def, words.dialect);
        let clauses = match words.dialect {
            Dialect::Postgres => Some((
                format!("ALTER COLUMN {own} DROP NOT NULL"),
                format!("ALTER COLUMN {own} SET NOT NULL"),
            )),
            Dialect::Mysql => Some((
                format!("MODIFY COLUMN {own} {data_type} NULL"),
                format!("MODIFY COLUMN {own} {data_type} NOT NULL"),
            )),
            Dialect::Sqlite => None,
        };
        match clauses {
            Some((loosen, tighten)) => steps.push(
                expand(&files, format!("lets inserts leave {shown} out."), &format!("no {shown}"))
                    .says("Rows of the new release have NULL in it: after a rollback the old one reads that.")
                    .because(format!("NULL in {shown} is written only by releases that do without the column"))
                    .runs([words.alter_online(&table, &loosen)])
                    .back([words.alter_online(&table, &tighten)]),
            ),
            None => notes.push(format!(
                "SQLite cannot take NOT NULL from a column: until the contract step every insert has to name `{shown}`"
            )),
        }
    }
    steps.push(
        contract(
            &files,
            format!("takes {shown} away, with all that is in it."),
            &format!("uses {shown}"),
        )
        .because(format!(
            "every release that uses {shown} is retired first: the contract gate sees to it"
        ))
        .unused_since(site.release)
        .runs(clearing(picture, &table, &name))
        .runs([words.alter_online(&table, &format!("DROP COLUMN {own}"))]),
    );
    Ok(Draft { steps, notes })
}

/// `new drop-table carts`.
pub(super) fn drop_table(site: Site<'_>, table: &str) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let name = picture.name(table);
    if picture.schema.is_unheard_of(&name) || picture.schema.rules_out_table(&name) {
        picture.table(&name)?;
    }
    if let Some(other) = referring(picture.schema.tables(), &name) {
        return Err(ScaffoldError::Impossible(format!(
            "`{other}` has a foreign key to `{name}`: drop that column or its constraint first"
        )));
    }
    let step = contract(
        &slug(&format!("drop_{name}")),
        format!("takes the table {name} away, with all that is in it."),
        &format!("uses {name}"),
    )
    .because(format!(
        "every release that uses {name} is retired first: the contract gate sees to it"
    ))
    .unused_since(site.release)
    .runs([format!("DROP TABLE {};", words.name(&name))]);
    Ok(Draft {
        steps: vec![step],
        notes: Vec::new(),
    })
}

fn referring<'t>(
    mut tables: impl Iterator<Item = &'t Table>,
    name: &crate::model::Name,
) -> Option<&'t crate::model::Name> {
    use crate::model::ConstraintKind::ForeignKey;
    let refers = |table: &&Table| {
        table.name != *name
            && table.constraints.iter().any(|held| {
                matches!(&held.constraint.kind, ForeignKey { references, .. } if references.table == *name)
            })
    };
    tables.find(refers).map(|table| &table.name)
}

/// `new rename-table people users`.
pub(super) fn rename(site: Site<'_>, table: &str, to: &str) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let old = picture.name(table);
    let known = picture.table(&old)?;
    let new = old.sibling(picture.name(to).name);
    picture.free_relation(&new)?;
    if !known.complete {
        return Err(ScaffoldError::Impossible(format!(
            "the folder does not show every column of `{old}`, and the view that stands in for `{new}` must name them all"
        )));
    }
    let columns: Vec<Ident> = known
        .columns
        .iter()
        .map(|column| column.def.name.clone())
        .collect();
    let list: Vec<_> = columns.iter().map(|column| words.id(column)).collect();
    let (old_sql, new_sql) = (words.name(&old), words.name(&new));
    let with = match words.dialect {
        // The view asks with the rights of whoever asks it, so that policies on the rows hold.
        Dialect::Postgres if picture.engine.version.major >= 15 => {
            " WITH (security_invoker = true)"
        }
        _ => "",
    };
    let files = slug(&format!("rename_{old}_to_{new}"));
    let mut create = vec![format!(
        "CREATE VIEW {new_sql}{with} AS SELECT {} FROM {old_sql};",
        list.join(", ")
    )];
    if words.dialect == Dialect::Sqlite {
        create.extend(instead(site, known, &new));
    }
    let first = expand(
        &files,
        format!("a view {new} through which everything in {old} is read and written."),
        &new.to_string(),
    )
    .because(format!(
        "{new} is new, and what is written through it is what {old} would get"
    ))
    .runs(create)
    .back([format!("DROP VIEW {new_sql};")]);
    let swap = match words.dialect {
        Dialect::Postgres | Dialect::Sqlite => vec![
            format!("DROP VIEW {new_sql};"),
            format!("ALTER TABLE {old_sql} RENAME TO {};", words.id(&new.name)),
        ],
        Dialect::Mysql => {
            // In one statement, so that no query comes between.
            let aside =
                words.name(&new.sibling(Ident::folded(&format!("{}_view", new.name.as_str()))));
            vec![
                format!("RENAME TABLE {new_sql} TO {aside}, {old_sql} TO {new_sql};"),
                format!("DROP VIEW {aside};"),
            ]
        }
    };
    let end = contract(
        &files,
        format!("the table itself gets the name {new}, and the view goes."),
        &format!("uses {old}"),
    )
    .because(format!(
        "every release that uses {old} is retired first: the contract gate sees to it"
    ))
    .unused_since(site.release)
    .runs(swap);
    let mut notes = vec![format!(
        "grant on the view `{new}` what is granted on `{old}`"
    )];
    for view in picture
        .schema
        .views()
        .filter(|view| view.reads.contains(&old))
    {
        notes.push(format!("the view `{}` reads `{old}`: replace it in the contract step where the engine does not follow the new name", view.name));
    }
    Ok(Draft {
        steps: vec![first, end],
        notes,
    })
}

/// SQLite writes through a view only by triggers.
fn instead(site: Site<'_>, known: &Table, view: &crate::model::Name) -> Vec<String> {
    let words = site.picture.words();
    let (table, view_sql) = (words.id(&known.name.name), words.name(view));
    let stored: Vec<_> = known
        .columns
        .iter()
        .filter(|column| column.def.generated.is_none())
        .collect();
    let names: Vec<_> = stored
        .iter()
        .map(|column| words.id(&column.def.name))
        .collect();
    let values: Vec<_> = stored
        .iter()
        .map(|column| {
            let name = words.id(&column.def.name);
            match &column.def.default {
                // An insert through the view that leaves a column out says NULL for it.
                Some(default) if !default.is_null() => {
                    format!("COALESCE(NEW.{name}, {})", default.text)
                }
                _ => format!("NEW.{name}"),
            }
        })
        .collect();
    let sets: Vec<_> = names
        .iter()
        .map(|name| format!("{name} = NEW.{name}"))
        .collect();
    let key: Vec<_> = match known.primary_key() {
        Some(key) => key.to_vec(),
        None => known
            .columns
            .iter()
            .map(|column| column.def.name.clone())
            .collect(),
    };
    let same: Vec<_> = key
        .iter()
        .map(|column| format!("{0} IS OLD.{0}", words.id(column)))
        .collect();
    let same = same.join(" AND ");
    let trigger = |event: &str, body: String| {
        let name = words.id(&Ident::folded(&format!(
            "{}_{}",
            view.name.as_str(),
            event.to_ascii_lowercase()
        )));
        format!("CREATE TRIGGER {name} INSTEAD OF {event} ON {view_sql}\nBEGIN\n  {body}\nEND;")
    };
    vec![
        trigger(
            "INSERT",
            format!(
                "INSERT INTO {table} ({}) VALUES ({});",
                names.join(", "),
                values.join(", ")
            ),
        ),
        trigger(
            "UPDATE",
            format!("UPDATE {table} SET {} WHERE {same};", sets.join(", ")),
        ),
        trigger("DELETE", format!("DELETE FROM {table} WHERE {same};")),
    ]
}
