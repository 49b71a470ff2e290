//! What SQLite's catalog alone does not tell.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::sqlite_text as text;

/// The query for the columns of a view, which fails where its table is gone.
pub fn columns_of_view(view: &str) -> String {
    let view = view.replace('\'', "''");
    format!(
        "SELECT json_object('row', 'part', 'part', 'column', 'of', lower('{view}'), 'name', lower(name), 'type', type) \
         FROM pragma_table_info('{view}');"
    )
}

/// Adds to the catalog query's lines what only the texts tell: checks, collations, and the expressions and predicates of indexes.
pub fn with_texts(lines: &str) -> serde_json::Result<String> {
    let mut rows = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;
    let is_table = |row: &Value| row["row"] == "table-text";
    let tables: Vec<Value> = rows.extract_if(.., |row| is_table(row)).collect();
    let collations: HashMap<(String, String), String> = tables
        .iter()
        .flat_map(|table| {
            let columns = text::collations(string(&table["sql"]));
            columns
                .into_iter()
                .map(|(column, collation)| ((string(&table["of"]).to_owned(), column), collation))
        })
        .collect();
    for row in &mut rows {
        if row["part"] == "column" {
            let at = (
                string(&row["of"]).to_owned(),
                string(&row["name"]).to_owned(),
            );
            row["collation"] = json!(collations.get(&at));
        } else if row["sql"].is_string() {
            let (parts, predicate) = text::index(string(&row["sql"]));
            row["predicate"] = json!(predicate);
            name_expressions(&mut row["columns"], parts);
        }
    }
    rows.extend(tables.iter().flat_map(|table| {
        let checks = text::checks(string(&table["sql"]));
        checks.into_iter().map(|check| {
            json!({ "row": "part", "part": "check", "of": table["of"], "expression": check })
        })
    }));
    Ok(rows
        .iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n"))
}

/// An expression has no column name, and reads as null; its text stands in.
fn name_expressions(columns: &mut Value, parts: Vec<String>) {
    let columns = columns.as_array_mut().into_iter().flatten();
    for (column, part) in columns.zip(parts).filter(|(column, _)| column.is_null()) {
        *column = json!(part);
    }
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
