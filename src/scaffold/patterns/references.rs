//! `new add-foreign-key`: rows that refer to rows.

use super::super::heir::{add_foreign_key, foreign_key};
use super::super::rebuild::Rebuild;
use super::{Draft, Given, OnDelete, Orphans, ScaffoldError, Site, Step, contract, mend_rows};
use crate::model::{ConstraintKind, Dialect, FilePhase, Ident, Name, Reference};
use crate::sync::words::{short, slug};

/// `new add-foreign-key orders.user_id users.id`.
pub(super) fn add(
    site: Site<'_>,
    column: &str,
    target: &str,
    orphans: Orphans,
    on_delete: OnDelete,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, own) = picture.column_name(column)?;
    let (other, key) = picture.column_name(target)?;
    let unknown = Given {
        data_type: Some(String::new()),
        ..Given::default()
    };
    picture.column(&table, &own, &unknown)?;
    picture.column(&other, &key, &unknown)?;
    let held = picture
        .schema
        .table(&table)
        .into_iter()
        .flat_map(|known| &known.constraints);
    let mut held = held.map(|held| &held.constraint.kind);
    if held.any(|kind| refers(kind, &own, &other)) {
        return Err(ScaffoldError::Taken {
            what: format!("foreign key from `{table}.{own}` to `{other}`"),
        });
    }
    let unique = picture.schema.table(&other).filter(|known| known.complete);
    if unique.is_some_and(|known| !known.is_unique_on(std::slice::from_ref(&key))) {
        return Err(ScaffoldError::Impossible(format!(
            "`{other}.{key}` is not unique, so no foreign key can refer to it: `new add-unique {other}.{key}` comes first"
        )));
    }
    let files = slug(&format!("{table}_{own}_refers_to_{other}"));
    let (bare, own_sql) = (words.name(&table), words.id(&own));
    let orphan = format!(
        "{own_sql} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {} r WHERE r.{} = {bare}.{own_sql})",
        words.name(&other),
        words.id(&key)
    );
    let mut steps = Vec::new();
    let mend = match orphans {
        Orphans::Keep => None,
        Orphans::Null => Some((
            "says NULL",
            format!("UPDATE {bare} SET {own_sql} = NULL WHERE {orphan};"),
        )),
        Orphans::Delete => Some(("is deleted", format!("DELETE FROM {bare} WHERE {orphan};"))),
    };
    if let Some((what, statement)) = &mend {
        steps.push(
            mend_rows(
                &files,
                format!("a row of {table} that refers to no row of {other} {what}."),
            )
            .runs([statement.clone()]),
        );
    }
    let indexed = picture
        .schema
        .table(&table)
        .is_some_and(|known| known.has_index_on(std::slice::from_ref(&own)));
    // MySQL makes the index with the foreign key.
    if !indexed && words.dialect == Dialect::Postgres {
        let name = Ident::folded(&format!(
            "{}_idx",
            short(&format!("{}_{}", table.name.as_str(), own.as_str()))
        ));
        let mut step = Step::new(FilePhase::Expand, format!("{files}_index"))
            .says(format!("Expand: an index on {table}.{own}; without one each delete in {other} goes through all of {table}."))
            .says("May run at any time.")
            .runs([words.create_index(false, &name, &format!("{bare} ({own_sql})"))])
            .back([words.drop_index(&name, &table)]);
        step.apart = true;
        steps.push(step);
    }
    let name = Ident::folded(&format!(
        "{}_fkey",
        short(&format!("{}_{}", table.name.as_str(), own.as_str()))
    ));
    let references = Reference {
        table: other.clone(),
        columns: vec![key],
        on_delete_cascade: on_delete == OnDelete::Cascade,
        on_delete_clears: on_delete == OnDelete::SetNull,
    };
    let columns = std::slice::from_ref(&own);
    let mut statements = if words.dialect == Dialect::Sqlite {
        let mut rebuild = Rebuild::of(picture, picture.table(&table)?)?;
        rebuild.constrain(foreign_key(words, &name, columns, &references));
        rebuild.statements(words)
    } else {
        add_foreign_key(words, &table, &name, columns, &references)
    };
    // What came in since the migrate step is mended behind the demand, which lets no more of it in, where old rows
    // are not held to it yet.
    let at = usize::from(words.dialect == Dialect::Postgres);
    statements.splice(at..at, mend.map(|(_, statement)| statement));
    let mut last = contract(
        &files,
        format!("refuses a {table}.{own} that refers to no row of {other}."),
        &format!("writes such a {table}.{own}, or deletes rows of {other} that are referred to"),
    )
    .says(format!(
        "Rows that refer to nothing make it fail: SELECT * FROM {bare} WHERE {orphan};"
    ))
    .because("every release that may break it is retired first: the contract gate sees to it")
    .unused_since(site.release)
    .runs(statements);
    last.apart = words.dialect == Dialect::Postgres;
    steps.push(last);
    Ok(Draft {
        steps,
        notes: Vec::new(),
    })
}

fn refers(kind: &ConstraintKind, own: &Ident, other: &Name) -> bool {
    matches!(kind, ConstraintKind::ForeignKey { columns, references }
        if columns.as_slice() == std::slice::from_ref(own) && references.table == *other)
}
