//! Holds the classification against real servers.
//!
//! Runs the migrations of a folder on a throwaway server, one file at a time; reads the catalog before and
//! after each; and compares what became of it with the phase that the library gives the file. A file after
//! which an older release could break, yet called expand or migrate, is *missed*; a file that took nothing
//! away, yet held back as contract, is a *false alarm*.
//!
//! ```sh
//! cargo run --release --example truth -- --dialect postgres migrations/
//! ```
//!
//! One line of JSON for each migration goes to standard output, the summary to standard error. The exit
//! status is 1 when anything was missed. Needs the engine's own programs (PostgreSQL's `initdb`, `postgres`
//! and `psql`; `mariadb-install-db`, `mariadbd` and `mariadb`; `sqlite3` from 3.37). Run it only on folders
//! that you would run on a database of your own: the clients obey the files.

#[cfg(test)]
mod comparisons;
#[cfg(test)]
mod fixtures;
mod folders;
mod judge;
mod server;
mod summary;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use bgmigrate::lint::Surroundings;
use bgmigrate::model::{Dialect, Engine, Flavour, Migration, TransactionMode, Version};
use bgmigrate::proof::{self, Catalog, Comparison, Fact};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};
use clap::Parser;

use folders::Source;
use judge::{Change, Outcome};
use server::Server;
use summary::Summary;

/// Runs migration folders on throwaway servers and holds the classification against what happened.
#[derive(Parser)]
struct Arguments {
    /// The engine of the folders given as arguments.
    #[arg(long, value_parser = dialect)]
    dialect: Option<Dialect>,
    /// A table of folders: columns `engine`, `path` and `project`, parted by tabs and named in the first line.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Takes only the folders whose project contains this text.
    #[arg(long)]
    only: Option<String>,
    /// Where the engine's programs are, when they are not found by themselves.
    #[arg(long)]
    bin: Option<PathBuf>,
    /// SQL that is run before each folder: the roles and schemas that it takes for granted.
    #[arg(long)]
    setup: Option<PathBuf>,
    /// Migration folders.
    folders: Vec<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let sources = sources(&arguments)?;
    let setup = match &arguments.setup {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?,
        None => String::new(),
    };
    let mut summary = Summary::default();
    for dialect in Dialect::ALL {
        let sources: Vec<&Source> = sources
            .iter()
            .filter(|source| source.dialect == dialect)
            .collect();
        if sources.is_empty() {
            continue;
        }
        let mut server = server::start(dialect, arguments.bin.as_deref())?;
        summary.engine(dialect, server.version());
        for source in sources {
            if let Err(error) = replay(source, server.as_mut(), &setup, &mut summary) {
                summary.unread(source, &error);
            }
        }
    }
    eprint!("{summary}");
    Ok(if summary.missed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::ALL
        .into_iter()
        .find(|dialect| dialect.name() == name)
        .ok_or_else(|| "write postgres, mysql or sqlite".to_owned())
}

fn sources(arguments: &Arguments) -> Result<Vec<Source>> {
    let mut sources = match &arguments.manifest {
        Some(manifest) => folders::listed(manifest)?,
        None => Vec::new(),
    };
    if !arguments.folders.is_empty() {
        let dialect = arguments
            .dialect
            .context("say with --dialect which engine the folders are for")?;
        sources.extend(
            arguments
                .folders
                .iter()
                .map(|folder| Source::new(dialect, folder)),
        );
    }
    sources.retain(|source| {
        arguments
            .only
            .as_ref()
            .is_none_or(|text| source.project.contains(text))
            && arguments
                .dialect
                .is_none_or(|dialect| source.dialect == dialect)
    });
    ensure!(
        !sources.is_empty(),
        "no folder to run: name one, or a --manifest that lists some"
    );
    Ok(sources)
}

/// Runs one folder from its first migration to its last, and holds the classification against it.
fn replay(
    source: &Source,
    server: &mut dyn Server,
    setup: &str,
    summary: &mut Summary,
) -> Result<()> {
    let migrations = source.migrations()?;
    let comparisons = compared(source.dialect, &migrations, server, setup)?;
    for (migration, comparison) in migrations.iter().zip(comparisons) {
        let outcome = Outcome::new(source, migration, comparison);
        writeln!(std::io::stdout().lock(), "{}", outcome.json())?;
        summary.add(outcome);
    }
    Ok(())
}

/// Each migration held against what it did, or what the engine said to one that it refused.
fn compared(
    dialect: Dialect,
    migrations: &[Migration],
    server: &mut dyn Server,
    setup: &str,
) -> Result<Vec<Result<Comparison, String>>> {
    let changes = run(dialect, migrations, server, setup)?;
    // What the engine refused never happened: the library must not build on it either.
    let accepted: Vec<Migration> = migrations
        .iter()
        .zip(&changes)
        .filter(|(_, change)| change.is_ok())
        .map(|(migration, _)| migration.clone())
        .collect();
    let settings = Settings {
        engine: engine(dialect),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(dialect, &HashMap::new()),
    };
    // Each as if everything before it had been released.
    let reviewed = review(&accepted, |_| Standing::Alone, &settings);
    let mut classified = accepted
        .iter()
        .zip(&reviewed)
        .map(|(migration, reviewed)| proof::classified(migration, reviewed));
    let each = changes.into_iter().map(|change| {
        Ok(match change {
            Ok(change) => {
                let classified = classified
                    .next()
                    .context("a migration was not classified")?;
                Ok(Comparison::new(
                    &change.before,
                    &change.after,
                    change.facts,
                    classified,
                ))
            }
            Err(error) => Err(error),
        })
    });
    each.collect()
}

/// The engine that the files run on here: MariaDB stands in for MySQL.
fn engine(dialect: Dialect) -> Engine {
    match dialect {
        Dialect::Mysql => Engine {
            dialect,
            flavour: Flavour::MariaDb,
            version: Version::new(10, 11, 0),
        },
        _ => Engine::default_for(dialect),
    }
}

/// What each migration did, or what the engine said to one that it refused.
fn run(
    dialect: Dialect,
    migrations: &[Migration],
    server: &mut dyn Server,
    setup: &str,
) -> Result<Vec<Result<Change, String>>> {
    server.clean()?;
    server
        .apply(setup, TransactionMode::None)
        .map_err(anyhow::Error::msg)?;
    let mut before = Rc::new(server.catalog()?);
    let mut changes = Vec::with_capacity(migrations.len());
    for migration in migrations {
        let applied = server.apply(&way_up(migration), migration.transaction);
        // A file that failed half-way may have left something.
        let after = Rc::new(server.catalog()?);
        changes.push(applied.map(|()| Change {
            facts: differences(dialect, &before, &after, server),
            before: Rc::clone(&before),
            after: Rc::clone(&after),
        }));
        before = after;
    }
    Ok(changes)
}

/// The text that the layout's tool would run.
fn way_up(migration: &Migration) -> String {
    migration
        .up
        .iter()
        .map(|part| part.of(&migration.text))
        .collect::<Vec<_>>()
        .join("\n")
}

fn differences(
    dialect: Dialect,
    before: &Catalog,
    after: &Catalog,
    server: &dyn Server,
) -> Vec<Fact> {
    proof::compare(dialect, before, after, &|relation, expression| {
        let question = proof::question(dialect, relation, expression);
        server
            .query(&question)
            .is_ok_and(|answer| matches!(answer.trim(), "t" | "1"))
    })
}
