//! The pages of the repository, and what of Markdown the tests look at.

use std::path::{Path, PathBuf};

/// One Markdown file.
pub(crate) struct Page {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every Markdown file that people are meant to read.
pub(crate) struct Pages(Vec<Page>);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Pages {
    pub(crate) fn read() -> Self {
        let on_top = [
            "README.md",
            "ARCHITECTURE.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
        ];
        let mut files: Vec<PathBuf> = on_top.iter().map(|name| root().join(name)).collect();
        markdown_below(&root().join("docs"), &mut files);
        files.sort();
        let page = |file: &PathBuf| Page {
            path: file
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
            text: std::fs::read_to_string(file)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display())),
        };
        Self(files.iter().map(page).collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Page> {
        self.0.iter()
    }

    pub(crate) fn at(&self, path: &str) -> Option<&Page> {
        self.0.iter().find(|page| page.path == path)
    }

    /// The file that a link leads to, relative to the repository.
    pub(crate) fn follow(&self, from: &Page, link: &str) -> Result<String, String> {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() {
            from.path.clone()
        } else {
            let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            joined(folder, file)
        };
        if !root().join(&target).exists() {
            return Err(format!("there is no {target}"));
        }
        match self.at(&target) {
            Some(page) if !anchor.is_empty() && !page.anchors().any(|known| known == anchor) => {
                Err(format!("{target} has no heading #{anchor}"))
            }
            _ => Ok(target),
        }
    }
}

fn markdown_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

fn joined(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Page {
    /// A page that is still to be written.
    pub(crate) fn missing(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: String::new(),
        }
    }

    pub(crate) fn write(&self, text: &str) {
        let file = root().join(&self.path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub(crate) fn delete(&self) {
        std::fs::remove_file(root().join(&self.path)).unwrap();
    }

    /// The headings, without their `#`.
    pub(crate) fn headings(&self) -> Vec<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| line.trim_start_matches('#').trim().to_owned())
            .collect()
    }

    /// The anchors that hosts make of the headings.
    fn anchors(&self) -> impl Iterator<Item = String> {
        self.headings().into_iter().map(|heading| {
            let kept = heading.to_lowercase();
            let kept = kept
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
    }

    /// The cells of every row of every table, headings and rulers included.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let tables = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
        tables.map(|row| {
            let hidden = row.replace("\\|", "\u{0}");
            hidden
                .split('|')
                .map(|cell| cell.trim().replace('\u{0}', "|"))
                .collect()
        })
    }

    /// The links to files of the repository: `[text](target)`.
    pub(crate) fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let targets = prose
            .split("](")
            .skip(1)
            .filter_map(|after| after.split(')').next());
        targets
            .filter(|target| !target.contains("://"))
            .map(str::to_owned)
            .collect()
    }

    /// The text without its fenced blocks.
    fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// The fenced blocks and the code in the running text.
    pub(crate) fn code(&self) -> Vec<String> {
        let fenced = self.text.split("```").skip(1).step_by(2).map(str::to_owned);
        let prose = self.prose();
        let inline = prose.split('`').skip(1).step_by(2).map(str::to_owned);
        fenced.chain(inline).collect()
    }
}
