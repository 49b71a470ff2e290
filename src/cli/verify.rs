//! `bgmigrate verify`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::database::{Setup, wait_for};
use super::lint::reviewed;
use super::source::{Home, whole_folder};
use super::uses::texts;
use super::{Global, Status, output};
use crate::model::{Dialect, Severity};
use crate::plan::{Subject, steps};
use crate::proof::OldRelease;
use crate::report;
use crate::scratch::{Scratch, Task, Watch, copy_structure, verify};
use crate::store::{Missing, Target};
use crate::uses::queries;

const EXAMPLES: &str = "\
Examples:
  bgmigrate verify                                the whole folder, in memory or on a throwaway server
  bgmigrate verify --pending                      what is pending, on a copy of the live structure
  bgmigrate verify --scratch-url postgres://localhost/postgres
  bgmigrate verify --uses v4=queries/             and does v4 still work after each step?
  bgmigrate verify --format markdown > comment.md

Without --scratch-url SQLite runs in memory, and for PostgreSQL and MariaDB a throwaway server is started: initdb and
postgres, or mariadb-install-db and mariadbd, must be installed. With it a database is made beside the one that is
named, and dropped; nothing else is written.
Status 5: a migration failed; 1: what was seen disagrees with what was said.
Formats: human, json, markdown, github, junit.";

/// Run the folder on a scratch database, and hold what happened against what was said
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A server on which a scratch database is made and dropped
    #[arg(
        long,
        value_name = "URL",
        env = "BGMIGRATE_SCRATCH_URL",
        hide_env_values = true
    )]
    scratch_url: Option<String>,
    /// Run only what the record does not have, on a copy of the live database's structure
    #[arg(long)]
    pending: bool,
    /// What an older release sends, as SQL files, sqlx's offline query data, or folders of them: its statements are
    /// tried after each step
    #[arg(long, value_name = "RELEASE=FILE")]
    uses: Vec<String>,
    /// Go on behind a migration that fails
    #[arg(long)]
    keep_going: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let source = whole_folder(&Home::find(global)?, global)?;
    let reviewed = reviewed(&source)?;
    let subjects: Vec<_> = reviewed
        .iter()
        .map(|reviewed| {
            let migration = &source.folder.migrations[reviewed.index];
            Subject {
                migration,
                reviewed,
                file: source.path(migration),
            }
        })
        .collect();
    let engine = &source.settings.engine;
    let setup = if arguments.pending {
        let setup = Setup::of(global, None)?;
        setup.fits(engine.dialect)?;
        Some(setup)
    } else {
        // It is named so that it is not taken for the scratch; without one nothing is missing.
        let quietly = Global {
            quiet: true,
            ..global.clone()
        };
        Setup::if_named(&quietly, None).unwrap_or_default()
    };
    let namespace = setup.as_ref().and_then(Setup::namespace);
    let steps = steps(&subjects, namespace, engine.dialect);
    let url = arguments.scratch_url.as_deref().map(str::parse::<Target>);
    let url = url
        .transpose()
        .map_err(crate::store::StoreError::Database)
        .context("reading --scratch-url")?;
    let releases = releases(&arguments.uses, engine.dialect)?;
    let proof = wait_for(async {
        let there_already = match &setup {
            Some(setup) if arguments.pending => applied(global, setup).await?,
            _ => BTreeSet::new(),
        };
        let live = setup.as_ref().map(|setup| &setup.target);
        let mut scratch = Scratch::make(engine.dialect, url.as_ref(), live).await?;
        if let Some(live) = live.filter(|_| arguments.pending) {
            let structure = copy_structure(live).await;
            let built = match structure {
                Ok(structure) => structure.build(&mut scratch).await,
                Err(error) => Err(error),
            };
            if let Err(error) = built {
                scratch.close().await?;
                return Err(error.into());
            }
        }
        let task = Task {
            subjects: &subjects,
            steps: &steps,
            engine,
            there_already: &there_already,
            keep_going: arguments.keep_going,
            releases: &releases,
        };
        let proof = verify(&mut scratch, &task, &mut Talk::new(global)).await;
        // Whatever came of it, nothing is left behind.
        scratch.close().await?;
        Ok(proof?)
    })?;
    let text = report::verify(&proof, global.format, output::paint());
    output::answer(&output::suited(text, "verify", global.format)?)?;
    Ok(if proof.failed() > 0 {
        Status::Failed
    } else if proof.count(Severity::Error) > 0 {
        Status::Findings
    } else {
        Status::Done
    })
}

/// The statements of each release that was named.
fn releases(named: &[String], dialect: Dialect) -> Result<Vec<OldRelease>> {
    let mut releases: Vec<OldRelease> = Vec::new();
    for one in named {
        let Some((release, path)) = one
            .split_once('=')
            .filter(|(release, _)| !release.is_empty())
        else {
            bail!("--uses {one}: say of which release, as in --uses v4={one}");
        };
        let mut found = Vec::new();
        for (name, text) in texts(&[PathBuf::from(path)])? {
            found.extend(queries(&name, &text, dialect).map_err(anyhow::Error::from)?);
        }
        if found.is_empty() {
            bail!("`{path}` holds no statement, so nothing of {release} could be tried");
        }
        match releases.iter_mut().find(|known| known.release == release) {
            Some(known) => known.queries.extend(found),
            None => releases.push(OldRelease {
                release: release.to_owned(),
                queries: found,
            }),
        }
    }
    Ok(releases)
}

/// What the record says is applied.
async fn applied(global: &Global, setup: &Setup) -> Result<BTreeSet<String>> {
    let mut store = setup.store(Missing::Refuse).await?;
    let snapshot = setup.load(global, &mut store, &[]).await?;
    store.close().await;
    let snapshot = snapshot.with_context(|| {
        format!(
            "{} has no record, so nobody knows what is pending: run `bgmigrate init`, or verify the whole folder",
            setup.target()
        )
    })?;
    let state = &snapshot.state;
    let applied = state.steps.keys().filter(|id| state.is_applied(id));
    Ok(applied.map(ToString::to_string).collect())
}

/// Says which migration runs, where somebody looks on.
struct Talk {
    bar: Option<indicatif::ProgressBar>,
}

impl Talk {
    fn new(global: &Global) -> Self {
        let bar = indicatif::ProgressBar::new(0);
        Self {
            // It draws on a terminal only.
            bar: (!global.quiet).then_some(bar),
        }
    }
}

impl Watch for Talk {
    fn begins(&mut self, at: usize, of: usize, migration: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(at as u64 - 1);
            bar.set_message(migration.to_owned());
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
