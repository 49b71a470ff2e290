//! `new add-unique`: no two rows alike.

use super::columns::column_list;
use super::{Draft, ScaffoldError, Site, contract};
use crate::model::{Dialect, Ident};
use crate::sync::words::{short, slug};

/// `new add-unique users.email`.
pub(super) fn add(site: Site<'_>, columns: &str) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, columns) = column_list(picture, columns)?;
    for column in &columns {
        picture.column(
            &table,
            column,
            &super::Given {
                data_type: Some(String::new()),
                ..super::Given::default()
            },
        )?;
    }
    let joined: Vec<_> = columns.iter().map(Ident::as_str).collect();
    let joined = joined.join("_");
    if picture
        .schema
        .table(&table)
        .is_some_and(|known| known.is_unique_on(&columns))
    {
        return Err(ScaffoldError::Taken {
            what: format!(
                "unique constraint or index on `{table}` {}",
                words.list(&columns)
            ),
        });
    }
    let (bare, list) = (words.name(&table), words.list(&columns));
    let keys = list.trim_matches(['(', ')']);
    let name = Ident::folded(&format!(
        "{}_key",
        short(&format!("{}_{joined}", table.name.as_str()))
    ));
    let mut statements = vec![words.create_index(true, &name, &format!("{bare} {list}"))];
    if words.dialect == Dialect::Postgres {
        let name = words.id(&name);
        statements.push(words.alter(
            &table,
            &format!("ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"),
        ));
    }
    let mut step = contract(
        &slug(&format!("unique_{table}_{joined}")),
        format!("refuses a second row with the same {keys} in {table}."),
        &format!("writes a second row with the same {keys}"),
    )
    .says(format!("Equal rows make it fail: SELECT {keys}, count(*) FROM {bare} GROUP BY {keys} HAVING count(*) > 1;"))
    .because("every release that may write a second row is retired first: the contract gate sees to it")
    .unused_since(site.release)
    .runs(statements);
    step.apart = words.dialect == Dialect::Postgres;
    Ok(Draft {
        steps: vec![step],
        notes: Vec::new(),
    })
}
