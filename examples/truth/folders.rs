//! Which folders are run, and what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bgmigrate::files;
use bgmigrate::folder;
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
        let tree = files::read_tree(&self.folder)?;
        let read = folder::read(&tree, None, self.dialect)
            .or_else(|_| folder::read_loose(&tree, self.dialect))?;
        Ok(read.migrations)
    }
}

/// Reads a manifest: a table of folders, its columns parted by tabs and named in the first line. `engine` and
/// `path` must be among them; `project` tells people what they look at.
pub(crate) fn listed(manifest: &Path) -> Result<Vec<Source>> {
    let text = fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let place = |name: &str| names.iter().position(|it| *it == name);
    let (Some(engine), Some(path)) = (place("engine"), place("path")) else {
        bail!(
            "{}: the first line must name the columns, `engine` and `path` among them",
            manifest.display()
        );
    };
    let project = place("project").unwrap_or(path);
    let base = manifest.parent().unwrap_or(Path::new("."));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let field = |at: usize| fields.get(at).copied().unwrap_or_default();
            let dialect = Dialect::ALL
                .into_iter()
                .find(|dialect| dialect.name() == field(engine));
            Ok(Source {
                dialect: dialect.with_context(|| {
                    format!("`{}` is none of postgres, mysql, sqlite", field(engine))
                })?,
                project: field(project).to_owned(),
                folder: base.join(field(path)),
            })
        })
        .collect()
}
