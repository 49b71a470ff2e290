//! Which folders are run, and what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bgmigrate::folder::{self, Content, Entry, Tree};
use bgmigrate::model::{Dialect, Migration};

/// One migration folder of one project.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) dialect: Dialect,
    pub(crate) project: String,
    pub(crate) folder: PathBuf,
}

impl Source {
    /// A folder that speaks for itself.
    pub(crate) fn new(dialect: Dialect, folder: &Path) -> Self {
        Self {
            dialect,
            project: folder.display().to_string(),
            folder: folder.to_owned(),
        }
    }

    /// Its migrations, in order; where no layout fits, its SQL files in the order of their paths.
    pub(crate) fn migrations(&self) -> Result<Vec<Migration>> {
        let mut entries = Vec::new();
        gather(&self.folder, "", &mut entries)
            .with_context(|| format!("cannot read {}", self.folder.display()))?;
        let tree = Tree::new(entries);
        let read = folder::read(&tree, None, self.dialect)
            .or_else(|_| folder::read_loose(&tree, self.dialect))?;
        Ok(read.migrations)
    }
}

/// Reads a manifest: engine, project and folder a line, parted by tabs.
pub(crate) fn listed(manifest: &Path) -> Result<Vec<Source>> {
    let text = fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let base = manifest.parent().unwrap_or(Path::new("."));
    let mut sources = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let mut fields = line.split('\t');
        let (Some(engine), Some(project), Some(folder)) =
            (fields.next(), fields.next(), fields.next())
        else {
            bail!(
                "{}: `{line}` is not engine, project and folder, parted by tabs",
                manifest.display()
            );
        };
        let Some(dialect) = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == engine)
        else {
            bail!(
                "{}: `{engine}` is none of postgres, mysql, sqlite",
                manifest.display()
            );
        };
        sources.push(Source {
            dialect,
            project: project.to_owned(),
            folder: base.join(folder),
        });
    }
    Ok(sources)
}

fn gather(folder: &Path, prefix: &str, entries: &mut Vec<Entry>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &format!("{path}/"), entries)?;
        } else if Tree::wants_content(&path) {
            entries.push(Entry::from_bytes(path, fs::read(entry.path())?));
        } else {
            entries.push(Entry {
                path,
                content: Content::NameOnly,
            });
        }
    }
    Ok(())
}
