//! Applies the certain rewrites that findings carry, and proves each of them.
//!
//! Pure: a folder's files go in, its files as they should be come out. A fix is tried on the text that the fixes
//! before it left; the folder is then read and reviewed anew, and the fix stays only if its finding is gone,
//! no error came in its place and no phase became worse. One that does not hold is taken back, with the reason.

mod attempt;
mod edit;
mod proof;

use std::collections::{HashMap, HashSet};

use crate::folder::{self, Folder, FolderError, Tree, serves_several_engines};
use crate::model::{Dialect, Finding, LineIndex, Migration, Span};
use crate::review::{Reviewed, Settings, Standing, review};

use attempt::{Attempt, Way};
use proof::Verdict;

/// A folder whose findings are to be fixed.
pub struct Subject<'a> {
    /// Its files.
    pub tree: Tree,
    /// The same as its layout tells them.
    pub folder: Folder,
    /// How it is reviewed.
    pub settings: &'a Settings,
    /// How each migration is judged, by its index.
    pub standing: Vec<Standing>,
    /// Which of its migrations databases may have run already.
    pub history: History,
}

/// What is known of the migrations that databases may have run already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// Nothing: any of them may have been released.
    Unknown,
    /// Those before this index were released, those from it on were not; what was edited counts as released.
    ReleasedBefore(usize),
    /// Those were released that are not judged as pending: a git ref tells.
    NotPending,
}

/// A folder after its fixes.
pub struct Mended {
    /// Its files.
    pub tree: Tree,
    /// The same as its layout tells them.
    pub folder: Folder,
    /// What is said of it now. What could not be fixed offers no fix any more.
    pub reviewed: Vec<Reviewed>,
    /// What was done, in the order in which it was done.
    pub fixed: Vec<Fixed>,
    /// What was left, in the order of the files.
    pub unfixed: Vec<Unfixed>,
}

/// A finding that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Its file, relative to the folder.
    pub file: String,
    /// Its rule.
    pub rule: &'static str,
    /// What was done, as an imperative.
    pub title: String,
    /// Files that were added for it, relative to the folder.
    pub added: Vec<String>,
}

/// A finding whose fix could not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfixed {
    /// Its file, relative to the folder.
    pub file: String,
    /// Its rule.
    pub rule: &'static str,
    /// The line, from 1, in the text as it is now.
    pub line: usize,
    /// Why, as a clause.
    pub reason: String,
}

/// Applies every fix that holds.
///
/// # Errors
/// When the folder cannot be read by the layout that it was read by before, which the caller has just done.
pub fn fix(subject: Subject<'_>) -> Result<Mended, FolderError> {
    let mut work = Work::begin(subject)?;
    // Each round fixes or refuses something; more rounds than that would mean that two fixes undo each other.
    let mut rounds_left = 4 * work.state.fixable() + 16;
    loop {
        let attempts = work.next_attempts();
        if rounds_left == 0 || attempts.is_empty() && !work.reconsider() {
            return Ok(work.end());
        }
        rounds_left -= 1;
        if !attempts.is_empty() {
            work.settle(attempts);
        }
    }
}

/// A folder at one moment, read and reviewed.
struct State {
    tree: Tree,
    folder: Folder,
    reviewed: Vec<Reviewed>,
}

impl State {
    /// Every finding that offers a fix, with its migration.
    fn offers(&self) -> impl Iterator<Item = (&Migration, &Finding)> {
        self.reviewed.iter().flat_map(|reviewed| {
            let migration = &self.folder.migrations[reviewed.index];
            let fixable = reviewed.findings.iter().filter(|one| one.fix.is_some());
            fixable.map(move |finding| (migration, finding))
        })
    }

    fn fixable(&self) -> usize {
        self.offers().count()
    }
}

/// A finding known again after the text around it has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    migration: String,
    rule: &'static str,
    text: String,
}

impl Key {
    fn of(migration: &Migration, finding: &Finding) -> Self {
        Self {
            migration: migration.id.clone(),
            rule: finding.rule,
            text: finding.span.of(&migration.text).to_owned(),
        }
    }
}

/// The work as it goes on.
struct Work<'a> {
    settings: &'a Settings,
    history: History,
    /// How each file is judged; those that fixes have added are not among them.
    standing: HashMap<String, Standing>,
    /// The files that the configuration says are released.
    released: HashSet<String>,
    /// The files that fixes have added.
    added: HashSet<String>,
    refused: HashMap<Key, Vec<String>>,
    fixed: Vec<Fixed>,
    fixed_when_reconsidered: usize,
    state: State,
}

impl<'a> Work<'a> {
    fn begin(subject: Subject<'a>) -> Result<Self, FolderError> {
        let Subject {
            tree,
            folder,
            settings,
            standing,
            history,
        } = subject;
        let files = folder.migrations.iter().map(|one| one.file.clone());
        let standing: HashMap<_, _> = files.zip(standing).collect();
        let released = match history {
            History::ReleasedBefore(index) => folder.migrations[..index]
                .iter()
                .map(|migration| migration.file.clone())
                .collect(),
            History::Unknown | History::NotPending => HashSet::new(),
        };
        let state = State {
            tree: Tree::default(),
            folder,
            reviewed: Vec::new(),
        };
        let mut work = Self {
            settings,
            history,
            standing,
            released,
            added: HashSet::new(),
            refused: HashMap::new(),
            fixed: Vec::new(),
            fixed_when_reconsidered: 0,
            state,
        };
        work.state = work.state_of(tree)?;
        Ok(work)
    }

    fn dialect(&self) -> Dialect {
        self.settings.engine.dialect
    }

    fn read(&self, tree: &Tree) -> Result<Folder, FolderError> {
        match self.state.folder.layout {
            Some(layout) => folder::read(tree, Some(layout), self.dialect()),
            None => folder::read_loose(tree, self.dialect()),
        }
    }

    /// Reads and reviews a folder in which files were edited and added.
    fn state_of(&self, tree: Tree) -> Result<State, FolderError> {
        let folder = self.read(&tree)?;
        // A file that is not known was added by a fix: it is as new as the one that it belongs to.
        let new = match self.history {
            History::NotPending => Standing::Pending,
            _ => Standing::Alone,
        };
        let standing = |index: usize| {
            let file = &folder.migrations[index].file;
            self.standing.get(file).copied().unwrap_or(new)
        };
        let reviewed = review(&folder.migrations, standing, self.settings);
        Ok(State {
            tree,
            folder,
            reviewed,
        })
    }

    /// Why no fix may touch this file, if so.
    fn untouchable(&self, migration: &Migration) -> Option<String> {
        let edited = self.standing.get(&migration.file) == Some(&Standing::Edited);
        if edited || self.released.contains(&migration.file) {
            Some(
                "it was released before, and databases that ran it will not run it again"
                    .to_owned(),
            )
        } else if serves_several_engines(&self.state.tree, &migration.file) {
            Some(format!(
                "the file is run on other engines than {} too",
                self.dialect()
            ))
        } else {
            None
        }
    }

    /// The first fix of each file that has not been refused; at most one of them adds files, since the name of
    /// the next depends on it.
    fn next_attempts(&mut self) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut busy: HashSet<&str> = HashSet::new();
        let mut refused = Vec::new();
        for (migration, finding) in self.state.offers() {
            let key = Key::of(migration, finding);
            let tried = self.refused.get(&key).map_or(0, Vec::len);
            let ways = Way::of(finding);
            if busy.contains(migration.file.as_str()) || tried >= ways.len() {
                continue;
            }
            if let Some(reason) = self.untouchable(migration) {
                refused.push((key, vec![reason; ways.len()]));
                continue;
            }
            let adding = attempts.iter().any(Attempt::adds_files);
            if adding && Way::may_add_files(finding) {
                continue;
            }
            let mut reasons = Vec::new();
            for way in &ways[tried..] {
                match self.attempt(migration, finding, *way) {
                    Ok(attempt) => {
                        busy.insert(&migration.file);
                        attempts.push(Attempt {
                            key: key.clone(),
                            ..attempt
                        });
                        break;
                    }
                    Err(reason) => reasons.push(reason),
                }
            }
            refused.push((key, reasons));
        }
        for (key, reasons) in refused {
            self.refused.entry(key).or_default().extend(reasons);
        }
        attempts
    }

    /// What was refused may hold after what was fixed since; says whether there is a reason to try again.
    fn reconsider(&mut self) -> bool {
        let since = self.fixed.len() > self.fixed_when_reconsidered;
        self.fixed_when_reconsidered = self.fixed.len();
        if since && !self.refused.is_empty() {
            self.refused.clear();
            return true;
        }
        false
    }

    /// Keeps of these attempts what holds, and refuses the others.
    fn settle(&mut self, attempts: Vec<Attempt>) {
        match self.prove(&attempts) {
            Verdict::Holds(state) => self.keep(attempts, *state),
            Verdict::Fails(reasons) => {
                let mut sound = Vec::new();
                for (attempt, reason) in attempts.into_iter().zip(reasons) {
                    match reason {
                        Some(reason) => self.refuse(attempt.key, reason),
                        None => sound.push(attempt),
                    }
                }
                if !sound.is_empty() {
                    self.settle(sound);
                }
            }
            Verdict::Unclear(reason) => match <[Attempt; 1]>::try_from(attempts) {
                Ok([attempt]) => self.refuse(attempt.key, reason),
                Err(mut attempts) => {
                    let second = attempts.split_off(attempts.len() / 2);
                    self.settle(attempts);
                    self.settle(second);
                }
            },
        }
    }

    fn keep(&mut self, attempts: Vec<Attempt>, state: State) {
        for attempt in attempts {
            self.added.extend(attempt.fixed.added.iter().cloned());
            self.fixed.push(attempt.fixed);
        }
        self.state = state;
    }

    fn refuse(&mut self, key: Key, reason: String) {
        self.refused.entry(key).or_default().push(reason);
    }

    fn end(self) -> Mended {
        let State {
            tree,
            folder,
            mut reviewed,
        } = self.state;
        let mut unfixed = Vec::new();
        for one in &mut reviewed {
            let migration = &folder.migrations[one.index];
            let lines = LineIndex::new(&migration.text);
            for finding in one.findings.iter_mut().filter(|one| one.fix.is_some()) {
                let mut reasons = self
                    .refused
                    .get(&Key::of(migration, finding))
                    .cloned()
                    .unwrap_or_default();
                reasons.dedup();
                finding.fix = None;
                unfixed.push(Unfixed {
                    file: migration.file.clone(),
                    rule: finding.rule,
                    line: lines.line(finding.span.start),
                    reason: reasons.join("; and "),
                });
            }
        }
        Mended {
            tree,
            folder,
            reviewed,
            fixed: self.fixed,
            unfixed,
        }
    }
}

/// The bytes of `inner` in a text that begins where `outer` begins.
fn relative(inner: Span, outer: Span) -> Span {
    Span::new(inner.start - outer.start, inner.end - outer.start)
}

#[cfg(test)]
mod tests;
