//! Which tool's table a database has.

use std::collections::{BTreeMap, BTreeSet};

use super::{AdoptError, History, Row, Tool};
use crate::model::{Dialect, Ident, Name};

/// What the configuration says about the tool whose history is adopted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'c> {
    /// The tool; without one, whichever is there.
    pub tool: Option<Tool>,
    /// Its table, `table` or `schema.table`, where it is not the tool's own default: Flyway's `table`,
    /// golang-migrate's `x-migrations-table`, goose's `-table`.
    pub table: Option<&'c str>,
}

impl Wanted<'_> {
    /// The tools that may be meant, each with its table.
    fn candidates(&self) -> impl Iterator<Item = (Tool, &str)> {
        let tools = Tool::ALL.iter().copied();
        tools
            .filter(|tool| self.tool.is_none_or(|wanted| wanted == *tool))
            .map(|tool| (tool, self.table.unwrap_or(tool.default_table())))
    }
}

/// SQL that lists the columns of the tables that may be a tool's: schema, table, column, a row each. It needs no
/// rights beyond those of any user, and answers with no row where no table is there.
pub fn shape_query(wanted: &Wanted<'_>, dialect: Dialect) -> String {
    let mut tables = BTreeSet::new();
    let mut schemas = BTreeSet::new();
    for (_, table) in wanted.candidates() {
        let (schema, table) = parts(table);
        tables.insert(literal(table));
        schemas.extend(schema.map(literal));
    }
    let tables: Vec<_> = tables.into_iter().collect();
    let tables = tables.join(", ");
    let named = |default: &str| {
        let schemas: Vec<_> = schemas.iter().cloned().collect();
        if schemas.is_empty() {
            default.to_owned()
        } else {
            format!("c.table_schema IN ({})", schemas.join(", "))
        }
    };
    match dialect {
        Dialect::Postgres => format!(
            "SELECT c.table_schema::text, c.table_name::text, c.column_name::text \
             FROM information_schema.columns AS c \
             WHERE {} AND c.table_name IN ({tables}) ORDER BY 1, 2, 3",
            named("c.table_schema = ANY (current_schemas(false)::text[])")
        ),
        Dialect::Mysql => format!(
            "SELECT CAST(c.table_schema AS CHAR), CAST(c.table_name AS CHAR), \
             CAST(c.column_name AS CHAR) FROM information_schema.columns AS c \
             WHERE {} AND c.table_name IN ({tables}) ORDER BY 1, 2, 3",
            named("c.table_schema = DATABASE()")
        ),
        Dialect::Sqlite => format!(
            "SELECT NULL, m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c \
             WHERE m.type = 'table' AND m.name IN ({tables}) ORDER BY 2, 3"
        ),
    }
}

/// Whose table is there, from the rows of [`shape_query`]. `None` when none is, and none was asked for by name.
pub fn find(
    wanted: &Wanted<'_>,
    rows: &[Row],
    dialect: Dialect,
) -> Result<Option<History>, AdoptError> {
    let mut shapes: BTreeMap<(Option<&str>, &str), BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        if let [schema, Some(table), Some(column)] = row.as_slice() {
            let columns = shapes.entry((schema.as_deref(), table)).or_default();
            columns.insert(column.to_ascii_lowercase());
        }
    }
    let mut found = Vec::new();
    for ((schema, table), columns) in &shapes {
        let fits = |(tool, named): &(Tool, &str)| {
            let (of, named) = parts(named);
            named == *table && (of.is_none() || of == *schema) && tool.has_shape(columns)
        };
        let histories = wanted
            .candidates()
            .filter(fits)
            .map(|(tool, named)| History {
                tool,
                // Tables of the schema at hand go by their own name, as in every other query.
                table: qualified(parts(named).0, table, dialect),
            });
        found.extend(histories);
    }
    match (found.len(), wanted.tool) {
        (0, None) => Ok(None),
        (0, Some(tool)) => Err(AdoptError::Missing {
            tool,
            table: wanted.table.unwrap_or(tool.default_table()).to_owned(),
        }),
        // The same table in two schemas of the search path: the first one is what the tool sees.
        _ if found.iter().all(|history| *history == found[0]) => Ok(found.pop()),
        _ => Err(AdoptError::Several { found }),
    }
}

/// A configured name: with its schema or without.
fn parts(table: &str) -> (Option<&str>, &str) {
    match table.split_once('.') {
        Some((schema, table)) => (Some(schema), table),
        None => (None, table),
    }
}

/// The tools quote their table's name, so that its case counts.
fn qualified(schema: Option<&str>, table: &str, dialect: Dialect) -> Name {
    Name {
        schema: schema.map(|schema| Ident::new(schema, true, dialect)),
        name: Ident::new(table, true, dialect),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
