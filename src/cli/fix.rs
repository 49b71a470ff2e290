//! `bgmigrate lint --fix`: from the sources to the files on the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::source::Source;
use super::{Global, output};
use crate::files::{self, Write};
use crate::fix::{Fixed, History, Mended, Subject, Unfixed, fix};
use crate::folder::{Content, Layout, Tree};
use crate::report::{self, FixReport, Format};
use crate::review::Reviewed;

/// What became of the sources.
pub(super) struct Outcome {
    /// The sources as they are after the fixes, each with its review.
    pub reviewed: Vec<(Source, Vec<Reviewed>)>,
    /// What was done.
    pub report: FixReport,
}

/// Fixes what can be fixed, and writes it unless the run is dry. Standard input is answered on standard output.
pub(super) fn run(global: &Global, sources: Vec<Source>, dry_run: bool) -> Result<Outcome> {
    let mut report = FixReport {
        dry_run,
        ..FixReport::default()
    };
    let mut writes: BTreeMap<PathBuf, Write> = BTreeMap::new();
    let mut reviewed = Vec::new();
    for mut source in sources {
        let before = source.tree.clone();
        let mended = mended(&source)?;
        tell(global, &source, &mended);
        for (file, was, text) in changed(&before, &mended.tree) {
            let path = source.path_of(file);
            if source.is_stdin() || dry_run {
                report.patch.push_str(&report::patch(&path, was, text));
            } else {
                plan_write(&mut writes, &source.path_on_disk(file), was, text)?;
            }
        }
        if source.is_stdin() && !dry_run && global.format == Format::Human {
            answer_stdin(&mended.tree)?;
        }
        let (fixed, unfixed) = named(&source, &mended);
        report.fixed.extend(fixed);
        report.unfixed.extend(unfixed);
        source.tree = mended.tree;
        source.folder.migrations = mended.folder.migrations;
        reviewed.push((source, mended.reviewed));
    }
    let writes: Vec<_> = writes.into_values().collect();
    files::write_all(&writes)?;
    Ok(Outcome { reviewed, report })
}

fn mended(source: &Source) -> Result<Mended> {
    let subject = Subject {
        tree: source.tree.clone(),
        folder: source.folder.clone(),
        settings: &source.settings,
        standing: source.standing.clone(),
        history: source.history.clone(),
    };
    fix(subject).context("reading the folder anew")
}

/// What people should know before they commit the result.
fn tell(global: &Global, source: &Source, mended: &Mended) {
    if global.quiet || mended.fixed.is_empty() || source.is_stdin() {
        return;
    }
    if source.history == History::Unknown {
        output::talk(
            "note: nothing tells which migrations were released, so all of them may be edited; \
             `--since REF`, or `released` in bgmigrate.toml, keeps those that were",
        );
    }
    if source.folder.layout == Some(Layout::Atlas) {
        output::talk("note: run `atlas migrate hash`, since Atlas refuses edited files until then");
    }
}

/// The files that differ: name, old text where there was one, new text.
fn changed<'t>(
    before: &'t Tree,
    after: &'t Tree,
) -> impl Iterator<Item = (&'t str, Option<&'t str>, &'t str)> {
    after.entries.iter().filter_map(|entry| {
        let was = before.entries.iter().find(|was| was.path == entry.path);
        let Content::Text(text) = &entry.content else {
            return None;
        };
        let was = was.and_then(|was| match &was.content {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        });
        (was != Some(text)).then_some((entry.path.as_str(), was, text.as_str()))
    })
}

/// One file may be named twice, by itself and by its folder; both must then agree.
fn plan_write(
    writes: &mut BTreeMap<PathBuf, Write>,
    path: &Path,
    before: Option<&str>,
    text: &str,
) -> Result<()> {
    let write = Write {
        path: path.to_owned(),
        before: before.map(str::to_owned),
        text: text.to_owned(),
    };
    let key = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match writes.insert(key, write.clone()) {
        Some(other) if other != write => bail!(
            "{} was named in two ways, which come to different fixes; name it once",
            path.display()
        ),
        _ => Ok(()),
    }
}

fn answer_stdin(tree: &Tree) -> Result<()> {
    let texts = tree
        .entries
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        });
    output::answer(&texts.collect::<String>())
}

/// What was fixed and what was not, under the paths that people read.
fn named(source: &Source, mended: &Mended) -> (Vec<Fixed>, Vec<Unfixed>) {
    let fixed = mended.fixed.iter().map(|one| Fixed {
        file: source.path_of(&one.file),
        added: one.added.iter().map(|file| source.path_of(file)).collect(),
        ..one.clone()
    });
    let unfixed = mended.unfixed.iter().map(|one| Unfixed {
        file: source.path_of(&one.file),
        ..one.clone()
    });
    (fixed.collect(), unfixed.collect())
}
