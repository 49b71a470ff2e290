//! `bgmigrate plan`.

use anyhow::Result;

use super::database::{Setup, wait_for};
use super::lint::reviewed;
use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, output};
use crate::gate::Sight;
use crate::guard::Standing as Guard;
use crate::model::Dialect;
use crate::plan::{Against, Status as Standing, Subject, plan, steps};
use crate::report;
use crate::store::{Missing, Snapshot};

const EXAMPLES: &str = "\
Examples:
  bgmigrate plan                              everything in the folder
  bgmigrate plan --base origin/main           what this branch adds
  bgmigrate plan --offline                    from the files alone
  bgmigrate plan --base origin/main --format markdown > comment.md

Where a database is named and has a record, each step is judged against it: applied, ready, waiting and until when.
A migration that is not split by phase is refused: the plan then prints the split and ends with status 3.
Formats: human, json, markdown, github.";

/// Review what is pending.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan only what was added or changed since this git ref, as one pending set
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Ask no database, also where one is configured
    #[arg(long)]
    offline: bool,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let scope = arguments.base.as_deref().map_or(Scope::All, Scope::Since);
    let sources = sources(global, &[], scope, Misfit::Refuse)?;
    let mut refused = false;
    for source in &sources {
        refused |= show(global, arguments, source, sources.len() == 1)?;
    }
    Ok(if refused {
        Status::Refused
    } else {
        Status::Done
    })
}

/// What the database said that is named.
enum Record {
    /// None is named, or none was to be asked.
    Unasked,
    /// It has no record.
    None(Setup),
    /// It has one, with what is seen beside it; and a guard, if the last is there.
    Read(Setup, Box<Snapshot>, Box<Sight>, Option<Guard>),
}

/// `also` are versions that directives name. A folder of several engines has one that is not this database's.
fn ask(
    global: &Global,
    arguments: &Arguments,
    dialect: Dialect,
    alone: bool,
    also: &[&str],
) -> Result<Record> {
    if arguments.offline {
        return Ok(Record::Unasked);
    }
    let Some(setup) = Setup::if_named(global, arguments.service.as_deref())? else {
        return Ok(Record::Unasked);
    };
    if alone && global.database_url.is_some() {
        setup.fits(dialect)?;
    } else if let Err(misfit) = setup.fits(dialect) {
        if alone && !global.quiet {
            output::talk(format_args!("no database was asked: {misfit}"));
        }
        return Ok(Record::Unasked);
    }
    if setup.target.is_missing() {
        return Ok(Record::None(setup));
    }
    let asked = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let snapshot = setup.load(global, &mut store, also).await?;
        let standing = store.guard().await?;
        let sight = match &snapshot {
            Some(snapshot) => Some(setup.outlook().look(&mut store, snapshot).await),
            None => None,
        };
        store.close().await;
        Ok(snapshot.zip(sight).map(|seen| (seen, standing)))
    });
    match asked {
        Ok(Some(((snapshot, sight), standing))) => {
            let (snapshot, sight) = (Box::new(snapshot), Box::new(sight));
            Ok(Record::Read(setup, snapshot, sight, standing))
        }
        Ok(None) => Ok(Record::None(setup)),
        Err(error) => {
            Err(error.context("judging the plan against the record (--offline asks no database)"))
        }
    }
}

fn show(global: &Global, arguments: &Arguments, source: &Source, alone: bool) -> Result<bool> {
    let reviewed = reviewed(source)?;
    if reviewed.is_empty() && !global.quiet {
        let since = arguments.base.as_deref().unwrap_or_default();
        output::talk(format_args!(
            "no migration was added or changed since {since}"
        ));
    }
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
    let dialect = source.settings.engine.dialect;
    let also: Vec<&str> = reviewed
        .iter()
        .filter_map(|reviewed| reviewed.script.unused_since())
        .collect();
    let record = ask(global, arguments, dialect, alone, &also)?;
    let plan = match &record {
        Record::Read(setup, snapshot, sight, _) => {
            let against = Against {
                state: &snapshot.state,
                sight,
                steps: &steps(&subjects, setup.namespace(), dialect),
            };
            plan(&subjects, dialect, Some(&against))
        }
        Record::None(_) | Record::Unasked => plan(&subjects, dialect, None),
    };
    let text = report::plan(
        &plan,
        &title(arguments, source, &record),
        global.format,
        output::paint(),
    );
    output::answer(&output::suited(text, "plan", global.format)?)?;
    let mut steps = plan.steps.iter();
    Ok(steps.any(|step| step.status == Standing::Refused))
}

fn title(arguments: &Arguments, source: &Source, record: &Record) -> String {
    let layout = source
        .folder
        .layout
        .map_or("plain files".to_owned(), |layout| layout.to_string());
    let engine = source.settings.engine;
    let what = match &arguments.base {
        Some(base) => {
            let pending = source
                .standing
                .iter()
                .filter(|standing| standing.is_pending())
                .count();
            let noun = if pending == 1 {
                "migration"
            } else {
                "migrations"
            };
            format!("Plan for {pending} {noun} since {base} ({layout}, {engine})")
        }
        None => format!("Plan for the whole folder ({layout}, {engine})"),
    };
    match record {
        Record::Read(setup, _, _, standing) => {
            let guard = match standing {
                Some(standing) if standing.watches => {
                    format!("guarded there by {}", standing.tier.name())
                }
                Some(_) => "whose guard is switched off".to_owned(),
                None => "with no guard".to_owned(),
            };
            format!("{what}, against the record in {}, {guard}", setup.target)
        }
        Record::None(setup) if arguments.base.is_none() => format!(
            "{what}; {} has no record yet, so nothing counts as applied",
            setup.target
        ),
        Record::Unasked if arguments.base.is_none() => {
            format!("{what}; no database was asked, so nothing counts as applied")
        }
        Record::None(_) | Record::Unasked => what,
    }
}
