//! `bgmigrate new`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::pattern::Wanted;
use super::source::{Source, to_grow};
use super::{Global, Status, output};
use crate::files::{self, Write};
use crate::folder::Layout;
use crate::report::{self, Scaffolded, ScaffoldedMigration};
use crate::scaffold::{Ground, Picture, Placed, place, place_empty, text_of};

const EXAMPLES: &str = "\
Examples:
  bgmigrate new add_orders                    an empty migration with the folder's next id
  bgmigrate new rename-column users.username handle
  bgmigrate new rename-column --help          what a pattern takes
  bgmigrate new drop-column users.legacy --dry-run

A pattern reads the schema from the folder, and writes its expand, its migrate and its
contract step, each a migration of its own, with down parts where the folder has them.
No file is ever overwritten.

Formats: human, json.";

/// Make migrations: an empty one, or a whole pattern as expand, migrate and contract step.
#[derive(clap::Args, Debug)]
#[command(
    after_help = EXAMPLES,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Patterns",
    override_usage = "bgmigrate new [OPTIONS] <NAME>\n       bgmigrate new [OPTIONS] <PATTERN> …"
)]
pub(super) struct Arguments {
    /// What an empty migration is called
    #[arg(value_name = "NAME", required = true)]
    name: Option<String>,
    /// Print the files; write nothing
    #[arg(long, global = true)]
    dry_run: bool,
    /// The first release that does not use what the pattern takes away, where it has been built already
    #[arg(long, value_name = "VERSION", global = true)]
    unused_since: Option<String>,
    #[command(subcommand)]
    pattern: Option<Wanted>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let source = to_grow(global)?;
    let now = now()?;
    let all = source.folder.migrations.len();
    let ground = ground(&source, &now, all);
    let (placed, notes) = match (&arguments.pattern, &arguments.name) {
        (Some(_), Some(name)) => {
            bail!(
                "`{name}` and a pattern: give a name for an empty migration, or a pattern, which has its own names"
            )
        }
        (Some(wanted), None) => {
            let picture = Picture::of(&source.folder.migrations, &source.settings);
            let release = arguments.unused_since.as_deref();
            let draft = wanted.pattern().draft(&picture, release)?;
            (place(&ground, &draft)?, draft.notes)
        }
        (None, Some(name)) => (place_empty(&ground, &snake(name)?)?, Vec::new()),
        (None, None) => bail!("say what the migration is called, or which pattern it is"),
    };
    settle(global, &source, &placed, notes, &[], !arguments.dry_run)
}

/// The folder of `source`, to write new migrations into after the first `before` ones.
pub(super) fn ground<'a>(source: &'a Source, now: &'a str, before: usize) -> Ground<'a> {
    Ground {
        tree: &source.tree,
        folder: &source.folder,
        settings: &source.settings,
        now,
        before,
    }
}

/// Writes what was placed, or only prints it.
pub(super) fn settle(
    global: &Global,
    source: &Source,
    placed: &Placed,
    mut notes: Vec<String>,
    removed: &[String],
    write: bool,
) -> Result<Status> {
    let shown = |file: &String| {
        let text = text_of(&placed.tree, file).unwrap_or_default();
        (source.path_of(file), text.to_owned())
    };
    let migrations = placed.migrations.iter().map(|new| ScaffoldedMigration {
        id: new.id.clone(),
        phase: new.phase,
        files: new.files.iter().map(shown).collect(),
    });
    if source.folder.layout == Some(Layout::Atlas) {
        notes.push("run `atlas migrate hash`, since Atlas refuses new files until then".to_owned());
    }
    let done = Scaffolded {
        migrations: migrations.collect(),
        removed: removed.iter().map(|file| source.path_of(file)).collect(),
        notes,
        written: write,
    };
    let text = report::scaffolded(&done, global.format, output::paint());
    let text = output::suited(text, "new", global.format)?;
    if write {
        files::write_all(&writes(source, placed))?;
        files::remove_all(&gone(source, placed, removed))?;
    }
    output::answer(&text)?;
    Ok(Status::Done)
}

/// What was replaced, unless a new file has taken its name.
fn gone(source: &Source, placed: &Placed, removed: &[String]) -> Vec<(PathBuf, String)> {
    let is_new = |file: &&String| placed.migrations.iter().any(|new| new.files.contains(file));
    let gone = removed.iter().filter(|file| !is_new(file));
    let gone = gone.map(|file| {
        let text = text_of(&source.tree, file).unwrap_or_default();
        (source.path_on_disk(file), text.to_owned())
    });
    gone.collect()
}

/// Each file once, with what it held when it was read.
fn writes(source: &Source, placed: &Placed) -> Vec<Write> {
    let each = placed.migrations.iter().flat_map(|new| &new.files);
    let writes: BTreeMap<&String, Write> = each
        .map(|file| {
            let write = Write {
                path: source.path_on_disk(file),
                before: text_of(&source.tree, file).map(str::to_owned),
                text: text_of(&placed.tree, file).unwrap_or_default().to_owned(),
            };
            (file, write)
        })
        .collect();
    writes.into_values().collect()
}

/// The time for names that are timestamps; `SOURCE_DATE_EPOCH`, in seconds, where a run shall be repeatable.
pub(super) fn now() -> Result<String> {
    let now = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => seconds
            .parse()
            .ok()
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
            .with_context(|| format!("SOURCE_DATE_EPOCH is no number of seconds: `{seconds}`"))?,
        Err(_) => chrono::Utc::now(),
    };
    Ok(now.format("%Y%m%d%H%M%S").to_string())
}

/// The name in snake case.
fn snake(name: &str) -> Result<String> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        bail!("`{name}` is no name for a migration; give a word or more");
    }
    Ok(words.join("_"))
}
