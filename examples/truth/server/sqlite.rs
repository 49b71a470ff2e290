//! SQLite in a file of its own.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use bgmigrate::model::TransactionMode;
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
        Catalog::from_lines(&with_checks(&lines)?).context("cannot understand the catalog")
    }

    fn version(&self) -> &str {
        &self.version
    }
}

fn columns_of_view(view: &str) -> String {
    let view = view.replace('\'', "''");
    format!(
        "SELECT json_object('row', 'part', 'part', 'column', 'of', '{view}', 'name', name, 'type', type) \
         FROM pragma_table_info('{view}');"
    )
}

/// Adds a row for each CHECK: SQLite keeps them nowhere but in the text of the table.
fn with_checks(lines: &str) -> Result<String> {
    let mut all = String::with_capacity(lines.len());
    for line in lines.lines() {
        if !line.starts_with(r#"{"row":"table-text""#) {
            writeln!(all, "{line}")?;
            continue;
        }
        let row: serde_json::Value = serde_json::from_str(line)?;
        for expression in checks(row["sql"].as_str().unwrap_or_default()) {
            let check = serde_json::json!({ "row": "part", "part": "check", "of": row["of"], "expression": expression });
            writeln!(all, "{check}")?;
        }
    }
    Ok(all)
}

/// The expressions of the CHECKs in a CREATE TABLE, with white space made even.
fn checks(sql: &str) -> Vec<String> {
    let pieces = pieces(sql);
    let mut found = Vec::new();
    let mut rest = &pieces[..];
    while let Some(at) = rest
        .iter()
        .position(|piece| piece.eq_ignore_ascii_case("check"))
    {
        rest = &rest[at + 1..];
        if rest.first().is_none_or(|piece| *piece != "(") {
            continue;
        }
        let mut depth = 0_usize;
        let end = rest.iter().position(|piece| {
            match *piece {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = end.unwrap_or(rest.len() - 1);
        found.push(rest[1..end].join(" "));
        rest = &rest[end..];
    }
    found
}

/// Words, quoted texts and single signs; comments and white space are left out.
fn pieces(sql: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if !piece.starts_with("--") && !piece.starts_with("/*") {
            pieces.push(piece);
        }
        rest = after.trim_start();
    }
    pieces
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_out_of_the_text_of_a_table() {
        let sql = "CREATE TABLE t (a INT CHECK (a > 0), -- check (b)\n b TEXT DEFAULT 'check (x)',\n \
                   CONSTRAINT c CHECK(length(b)  IN (1,2)))";
        assert_eq!(checks(sql), ["a > 0", "length ( b ) IN ( 1 , 2 )"]);
    }
}
