//! The structure of the live database, without its rows. It is only read.

use super::place::{Scratch, ScratchError, one};
use crate::model::Dialect;
use crate::store::{Connection, Missing, Target};

/// What makes a copy of a database's structure.
pub struct Structure {
    dialect: Dialect,
    statements: Vec<String>,
}

/// The tables of the record, and what belongs to them, are none of the application's.
const OURS: &str = "bgmigrate";

/// Reads the structure of a database.
pub async fn copy_structure(live: &Target) -> Result<Structure, ScratchError> {
    let dialect = live.dialect();
    let statements = if dialect == Dialect::Postgres {
        pg_dump(live).await?
    } else {
        let mut connection = live.connect("structure", Missing::Refuse).await?;
        let statements = if dialect == Dialect::Sqlite {
            sqlite(&mut connection).await
        } else {
            mysql(&mut connection).await
        };
        connection.close().await;
        statements?
    };
    Ok(Structure {
        dialect,
        statements,
    })
}

impl Structure {
    /// Makes the copy in the scratch.
    pub async fn build(&self, scratch: &mut Scratch) -> Result<(), ScratchError> {
        if self.dialect == Dialect::Mysql {
            // A table may come before one that it refers to.
            scratch.connection.run("SET foreign_key_checks = 0").await?;
        }
        for statement in &self.statements {
            let made = scratch.connection.run(statement).await;
            made.map_err(|error| ScratchError::Structure(format!("{error}")))?;
        }
        Ok(scratch.settle().await?)
    }
}

async fn sqlite(connection: &mut Connection) -> Result<Vec<String>, ScratchError> {
    let query = format!(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND tbl_name NOT LIKE '{OURS}\\_%' ESCAPE '\\' AND name NOT LIKE '{OURS}\\_%' ESCAPE '\\' \
         ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid"
    );
    Ok(connection
        .ask(&query)
        .await?
        .into_iter()
        .flatten()
        .flatten()
        .collect())
}

/// Tables and views. Views are made in rounds: one may show another.
async fn mysql(connection: &mut Connection) -> Result<Vec<String>, ScratchError> {
    let query = format!(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE() \
         AND LEFT(table_name, {}) <> '{OURS}_' ORDER BY table_type <> 'BASE TABLE', table_name",
        OURS.len() + 1
    );
    let database = one(connection, "SELECT DATABASE()").await?;
    let mut statements = Vec::new();
    for row in connection.ask(&query).await? {
        let [Some(name), Some(kind)] = &row[..] else {
            continue;
        };
        let word = if kind == "VIEW" { "VIEW" } else { "TABLE" };
        let shown = connection
            .ask(&format!("SHOW CREATE {word} `{}`", name.replace('`', "``")))
            .await?;
        let text = shown
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().nth(1)?);
        let text =
            text.ok_or_else(|| ScratchError::Structure(format!("{name} does not show itself")))?;
        // A view names the database that it was made in, and whoever made it.
        let text = text.replace(&format!("`{database}`."), "");
        let text = match text.split_once(" VIEW ") {
            Some((_, rest)) if word == "VIEW" => format!("CREATE VIEW {rest}"),
            _ => text,
        };
        statements.push(text);
    }
    Ok(statements)
}

/// PostgreSQL tells the whole of a structure by `pg_dump` alone.
async fn pg_dump(live: &Target) -> Result<Vec<String>, ScratchError> {
    let output = tokio::process::Command::new("pg_dump")
        .args(["--schema-only", "--no-owner", "--no-privileges", "--quote-all-identifiers"])
        .args(["--exclude-schema=bgmigrate*", "--exclude-table=bgmigrate_*"])
        .arg(format!("--dbname={}", live.url()))
        .output()
        .await
        .map_err(|error| {
            ScratchError::Structure(format!(
                "`pg_dump` cannot be run ({error}); install the client programs of PostgreSQL, or verify the whole folder"
            ))
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(ScratchError::Structure(said.trim().to_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // Newer ones frame the dump in commands of psql, and every database has a schema `public`.
    let lines = text.lines().filter(|line| {
        !line.starts_with('\\')
            && !line.starts_with("CREATE SCHEMA \"public\"")
            && !line.starts_with("SET transaction_timeout")
    });
    Ok(vec![lines.collect::<Vec<_>>().join("\n")])
}
