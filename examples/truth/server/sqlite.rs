//! SQLite in a file of its own.

mod text;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use bgmigrate::model::TransactionMode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Server;
use super::client::{Answer, feed};
use super::keeper::find_program;
use crate::catalog::Catalog;

pub(crate) struct Sqlite {
    folder: TempDir,
    sqlite3: PathBuf,
    version: String,
}

impl Sqlite {
    /// Needs no server: the client is the engine.
    pub(crate) fn start(bin: Option<&Path>) -> Result<Self> {
        let sqlite3 = find_program("sqlite3", bin, &[])?;
        let folder = tempfile::tempdir().context("no temporary folder for the database")?;
        let mut server = Self {
            folder,
            sqlite3,
            version: String::new(),
        };
        let version = server
            .query("SELECT sqlite_version()")
            .map_err(|error| anyhow!(error))?;
        server.version = format!("SQLite {}", version.trim());
        Ok(server)
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("truth.db")
    }

    fn aside(&self) -> PathBuf {
        self.folder.path().join("aside.db")
    }

    fn client(&self) -> Command {
        let mut command = Command::new(&self.sqlite3);
        command
            .args(["-batch", "-noheader", "-list", "-init", "/dev/null"])
            .current_dir(self.folder.path());
        command
    }
}

impl Server for Sqlite {
    fn clean(&mut self) -> Result<()> {
        fs::write(self.database(), "").context("cannot empty the database")
    }

    /// A file that fails leaves nothing behind, whether or not it opened a transaction: the database is
    /// laid aside before, and taken back then.
    fn apply(&mut self, sql: &str, _transaction: TransactionMode) -> Result<(), String> {
        let move_over =
            |from: PathBuf, to: PathBuf| fs::copy(from, to).map_err(|error| error.to_string());
        move_over(self.database(), self.aside())?;
        let answer = feed(self.client().arg("-bail").arg(self.database()), sql);
        if answer.is_err() {
            move_over(self.aside(), self.database())?;
        }
        answer.map(drop)
    }

    fn query(&self, sql: &str) -> Answer {
        feed(self.client().arg("-bail").arg(self.database()), sql)
    }

    fn catalog(&self) -> Result<Catalog> {
        let mut lines = self
            .query(include_str!("../catalog/sqlite.sql"))
            .map_err(|error| anyhow!("cannot read the catalog: {error}"))?;
        let views = self
            .query("SELECT name FROM sqlite_schema WHERE type = 'view'")
            .map_err(|error| anyhow!("cannot read the views: {error}"))?;
        for view in views.lines() {
            // A view over a table that is gone has no columns any more.
            lines += &self.query(&columns_of_view(view)).unwrap_or_default();
        }
        Catalog::from_lines(&with_texts(&lines)?).context("cannot understand the catalog")
    }

    fn version(&self) -> &str {
        &self.version
    }
}

fn columns_of_view(view: &str) -> String {
    let view = view.replace('\'', "''");
    format!(
        "SELECT json_object('row', 'part', 'part', 'column', 'of', lower('{view}'), 'name', lower(name), 'type', type) \
         FROM pragma_table_info('{view}');"
    )
}

/// Adds what only the texts tell: checks, collations, and the expressions and predicates of indexes.
fn with_texts(lines: &str) -> Result<String> {
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
