//! `bgmigrate uses`, and what `release record --uses` reads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::database::{Setup, wait_for};
use super::lint::reviewed;
use super::source::{Home, whole_folder};
use super::{Global, Status, output};
use crate::files;
use crate::folder::Content;
use crate::gate::ReleaseId;
use crate::model::Engine;
use crate::plan;
use crate::report;
use crate::review::{Reviewed, folded};
use crate::store::{Missing, Whose, statistics};
use crate::uses::{Reading, Uses, read, sift};

const EXAMPLES: &str = "\
Examples:
  bgmigrate uses read .sqlx               what these queries rely on, before it is recorded
  bgmigrate uses read queries/*.sql
  bgmigrate uses show v4                  what was recorded of v4
  bgmigrate uses capture --user shop > v4.sql   what really ran, as the server has kept it
  bgmigrate uses capture v4 > v4.sql      the same, of the user whom v4's slot is configured with

FILE is SQL, sqlx's offline query data, a folder of either, or a plain list with one table or
table.column a line. `capture` needs pg_stat_statements or performance_schema, and only reads.";

/// What a release relies on: tables, columns, types and routines
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Read queries and tell what they rely on; records nothing
    Read {
        /// Files and folders
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Write down which statements really ran, as the server has kept them
    Capture {
        /// A release in a slot: whose statements these are is configured there [default: everybody's]
        version: Option<String>,
        /// Only what ran as this user, or as a role that it may act as
        #[arg(long)]
        user: Option<String>,
        /// Only what ran as those who are logged in under this name now (PostgreSQL)
        #[arg(long, value_name = "NAME", conflicts_with = "user")]
        application_name: Option<String>,
        /// The service [default: configured, or app]
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
    },
    /// Show what was recorded of a release
    Show {
        /// The version
        version: String,
        /// The service [default: configured, or app]
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
    },
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let uses = match &arguments.action {
        Action::Read { files } => {
            let source = whole_folder(&Home::find(global)?, global)?;
            let reading = read_all(&reviewed(&source)?, &source.settings.engine, files)?;
            tell(global, &reading);
            reading.uses
        }
        Action::Show { version, service } => recorded(global, version, service.as_deref())?,
        Action::Capture {
            version,
            user,
            application_name,
            service,
        } => {
            let whose = Whose {
                user: user.clone(),
                application_name: application_name.clone(),
            };
            return capture(global, service.as_deref(), version.as_deref(), whose);
        }
    };
    let text = report::uses(&uses, global.format, output::paint());
    output::answer(&output::suited(text, "uses", global.format)?)?;
    Ok(Status::Done)
}

fn capture(
    global: &Global,
    service: Option<&str>,
    version: Option<&str>,
    whose: Whose,
) -> Result<Status> {
    let setup = Setup::of(global, service)?;
    let dialect = setup.target.dialect();
    let captured = wait_for(async {
        let nobody_said = whose == Whose::default();
        let whose = match version {
            Some(version) if nobody_said => configured(global, &setup, version).await?,
            _ => whose,
        };
        Ok(sift(statistics(&setup.target, &whose).await?, dialect))
    })?;
    if !global.quiet {
        // The schema makes uses finer; whether a statement is understood does not hang on it.
        let reading = read("captured.sql", &captured.sql(), dialect, None);
        tell(global, &reading.map_err(|error| anyhow!(error))?);
    }
    let text = report::captured(&captured, global.format);
    output::answer(&output::suited(text, "uses", global.format)?)?;
    Ok(Status::Done)
}

/// Whose statements a release's are, as its slot is configured.
async fn configured(global: &Global, setup: &Setup, version: &str) -> Result<Whose> {
    let mut store = setup.store(Missing::Refuse).await?;
    let snapshot = store.load(&[]).await?.unwrap_or_default();
    store.close().await;
    let mut slots = snapshot.state.of(&setup.service);
    let Some((slot, _)) = slots.find(|(_, slot)| slot.version == version) else {
        bail!(
            "no slot of {} holds {version}: say whose statements are meant with --user, or leave the release out",
            setup.service
        );
    };
    let Some(mark) = setup.mark_of(slot) else {
        if !global.quiet {
            output::talk(format_args!(
                "`[slots.{}]` says neither `user` nor `application_name`, so that every user's statements are taken for \
                 {version}'s",
                slot.slot
            ));
        }
        return Ok(Whose::default());
    };
    Ok(Whose {
        user: mark.user.clone(),
        application_name: mark.application_name.clone(),
    })
}

fn recorded(global: &Global, version: &str, service: Option<&str>) -> Result<Uses> {
    let setup = Setup::of(global, service)?;
    let snapshot = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let snapshot = store.load(&[version]).await?;
        store.close().await;
        Ok(snapshot.unwrap_or_default())
    })?;
    let id = ReleaseId::new(&setup.service, version);
    let Some(release) = snapshot.state.releases.get(&id) else {
        bail!(
            "no release {version} of {} is recorded: bgmigrate release record {version} --slot SLOT",
            setup.service
        );
    };
    let nobody_said = Uses::Everything {
        why: "nobody said what it uses (`release record --uses`)".to_owned(),
    };
    Ok(plan::uses(release).unwrap_or(nobody_said))
}

/// What all of these files say together, in the schema that the folder comes to.
pub(super) fn read_all(
    reviewed: &[Reviewed],
    engine: &Engine,
    files: &[PathBuf],
) -> Result<Reading> {
    let schema = folded(reviewed, engine);
    let dialect = engine.dialect;
    let mut all = Reading::default();
    for (name, text) in texts(files)? {
        let reading = read(&name, &text, dialect, Some(&schema));
        all = all.and(reading.map_err(|error| anyhow!(error))?);
    }
    Ok(all)
}

/// The files, and those of the folders, by name. A folder without a query in it is the wrong folder.
pub(super) fn texts(files: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for path in files {
        let name = path.display().to_string();
        if !files::is_folder(path)? {
            texts.push((name, files::read_file(path)?));
            continue;
        }
        let before = texts.len();
        for entry in files::read_tree(path)?.entries {
            if !["sql", "json"]
                .iter()
                .any(|kind| has_extension(&entry.path, kind))
            {
                continue;
            }
            let name = format!("{}/{}", name.trim_end_matches('/'), entry.path);
            match entry.content {
                Content::Text(text) => texts.push((name, text)),
                // The error of reading it again says what is wrong.
                _ => texts.push((name.clone(), files::read_file(Path::new(&name))?)),
            }
        }
        if texts.len() == before {
            bail!(
                "`{name}` holds no .sql and no .json file: name the folder of the queries, or the files"
            );
        }
    }
    Ok(texts)
}

fn has_extension(path: &str, wanted: &str) -> bool {
    let extension = Path::new(path).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Says what was not understood, and how much was read.
pub(super) fn tell(global: &Global, reading: &Reading) {
    if global.quiet {
        return;
    }
    for guess in &reading.guesses {
        let meant = if guess.everything {
            "the release counts as relying on everything"
        } else {
            "whatever is called like one of its words counts as used"
        };
        output::talk(format_args!(
            "{}:{}:{}: not understood ({}): {meant}",
            guess.file, guess.line, guess.column, guess.reason
        ));
    }
    let queries = if reading.queries == 1 {
        "query"
    } else {
        "queries"
    };
    output::talk(format_args!(
        "{} {queries} read, {} of them not understood",
        reading.queries,
        reading.guesses.len()
    ));
}

/// As the record keeps it.
pub(super) fn as_recorded(reading: &Reading) -> Result<serde_json::Value> {
    serde_json::to_value(&reading.uses).context("writing what the release uses")
}
