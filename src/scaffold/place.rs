//! From a draft to the files of a folder: names, the layout's marks, and the directives that the steps need.

use std::collections::BTreeSet;

use super::draft::{Draft, Step, comment, is_compound, quoted};
use super::error::ScaffoldError;
use crate::folder::{self, Addition, Content, Entry, Folder, FolderError, Layout, Tree};
use crate::model::{
    Dialect, FilePhase, Finding, Migration, MigrationKind, Severity, TransactionMode,
};
use crate::review::{Reviewed, Settings, Standing, review};

/// Where new migrations go.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The folder's files.
    pub tree: &'a Tree,
    /// The folder as its layout tells it; it may be empty.
    pub folder: &'a Folder,
    /// How it is reviewed.
    pub settings: &'a Settings,
    /// The time as `YYYYMMDDhhmmss`, for names that are timestamps.
    pub now: &'a str,
    /// How many of the folder's migrations come before the new ones.
    pub before: usize,
}

/// New migrations, in their places.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The folder's files with the new ones among them.
    pub tree: Tree,
    /// The new migrations in order.
    pub migrations: Vec<New>,
}

/// A new migration.
#[derive(Clone, Debug)]
pub struct New {
    /// Its id in the layout.
    pub id: String,
    /// Its file, relative to the folder.
    pub file: String,
    /// Every file of it, relative to the folder: its own, and those of its way back and its marks.
    pub files: Vec<String>,
    /// Its phase.
    pub phase: FilePhase,
    /// What lint still says of it.
    pub findings: Vec<Finding>,
}

/// What a review asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent line of the file"
)]
struct Extra {
    /// The statements alone do not tell the step's phase.
    phase: bool,
    /// Rules whose errors are what the step is there for.
    allowed: BTreeSet<&'static str>,
    /// The tool has no mark that keeps the statements out of one transaction.
    off: bool,
    /// Not even where the statement cannot be part of one: the tool itself cannot run the file.
    only_ours: bool,
    /// A limit to waiting for a lock.
    timeout: bool,
}

/// More often than this a review asks for nothing new.
const ROUNDS: usize = 4;

impl Ground<'_> {
    fn dialect(&self) -> Dialect {
        self.settings.engine.dialect
    }

    fn layout(&self) -> Option<Layout> {
        self.folder.layout
    }
}

/// Writes the steps of a draft into the folder, in memory.
///
/// What was written is reviewed as any other migration is, and whatever the review asks for is written beside it:
/// a timeout, the phase of a step that its statements alone do not tell, leave for what a contract step is there
/// to do.
///
/// # Errors
/// When the layout gives no certain names, and when a step would not be what it says.
pub fn place(ground: &Ground<'_>, draft: &Draft) -> Result<Placed, ScaffoldError> {
    let steps = in_files_that_the_tool_can_run(ground, &draft.steps)?;
    let mut extras = vec![Extra::default(); steps.len()];
    for _ in 0..ROUNDS {
        let laid = lay(ground, &steps, &extras)?;
        let each = laid.reviewed.iter().zip(&steps).zip(&laid.new);
        let asked: Vec<Extra> = each
            .zip(&extras)
            .map(|(((reviewed, step), new), has)| has.clone().asked_for(reviewed, step, new))
            .collect();
        if asked == extras {
            return laid.held_to(&steps);
        }
        extras = asked;
    }
    lay(ground, &steps, &extras)?.held_to(&steps)
}

/// One empty migration.
///
/// # Errors
/// When the layout gives no certain name.
pub fn place_empty(ground: &Ground<'_>, name: &str) -> Result<Placed, ScaffoldError> {
    let mut laid = Laid::start(ground);
    let wanted = Wanted {
        name,
        up: "-- Write the statements here.\n",
        down: Some("-- Write what takes them back here.\n"),
        outside: false,
    };
    laid.add(ground, &wanted)?;
    Ok(laid.placed())
}

/// Whether the tool runs so many statements each by itself.
const fn runs_apart(transaction: TransactionMode, statements: usize) -> bool {
    match transaction {
        TransactionMode::None => true,
        TransactionMode::OneQuery | TransactionMode::Unknown => statements < 2,
        TransactionMode::File => false,
    }
}

/// A tool that runs a file as one transaction, whatever the file says, gets a file for each part that must be one of
/// its own.
fn in_files_that_the_tool_can_run(
    ground: &Ground<'_>,
    steps: &[Step],
) -> Result<Vec<Step>, ScaffoldError> {
    if !steps.iter().any(|step| step.apart && step.up.len() > 1) {
        return Ok(steps.to_vec());
    }
    let laid = lay(ground, steps, &vec![Extra::default(); steps.len()])?;
    let mut split = Vec::new();
    for (step, migration) in steps.iter().zip(&laid.new) {
        let wrapped = migration.transaction.wraps(step.up.len());
        if !(step.apart && step.up.len() > 1 && wrapped) {
            split.push(step.clone());
            continue;
        }
        let groups = transactions(&step.up);
        for (at, group) in groups.iter().enumerate() {
            let mut part = Step {
                name: format!("{}_{}", step.name, at + 1),
                up: group.clone(),
                apart: group.iter().any(|sql| sql.contains(CONCURRENTLY)),
                ..step.clone()
            };
            part.header.push(format!(
                "Part {} of {}: {} runs one file as one transaction.",
                at + 1,
                groups.len(),
                ground.layout().map_or("the tool", Layout::title),
            ));
            if at + 1 < groups.len() {
                part.down.clear();
            }
            split.push(part);
        }
    }
    Ok(split)
}

/// What builds or drops an index while others write, and is no part of a transaction.
const CONCURRENTLY: &str = " CONCURRENTLY ";

/// Statements that may share a transaction: what goes through the table would hold the locks of the others meanwhile,
/// and stands alone.
fn transactions(statements: &[String]) -> Vec<Vec<String>> {
    let is_alone = |sql: &String| {
        let long = [" VALIDATE CONSTRAINT ", CONCURRENTLY];
        long.iter().any(|words| sql.contains(words))
            || ["UPDATE ", "DELETE ", "INSERT "]
                .iter()
                .any(|word| sql.starts_with(word))
    };
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut joins = false;
    for statement in statements {
        let alone = is_alone(statement);
        match groups.last_mut() {
            Some(group) if joins && !alone => group.push(statement.clone()),
            _ => groups.push(vec![statement.clone()]),
        }
        joins = !alone;
    }
    groups
}

/// A migration that is to be added.
struct Wanted<'a> {
    name: &'a str,
    up: &'a str,
    down: Option<&'a str>,
    outside: bool,
}

/// A folder that grows.
struct Laid {
    tree: Tree,
    folder: Folder,
    after: Option<usize>,
    new: Vec<Migration>,
    migrations: Vec<New>,
    reviewed: Vec<Reviewed>,
}

impl Laid {
    fn start(ground: &Ground<'_>) -> Self {
        let versioned = |at: &usize| ground.folder.migrations[*at].kind == MigrationKind::Versioned;
        Self {
            tree: ground.tree.clone(),
            folder: ground.folder.clone(),
            after: (0..ground.before).rev().find(versioned),
            new: Vec::new(),
            migrations: Vec::new(),
            reviewed: Vec::new(),
        }
    }

    fn placed(self) -> Placed {
        Placed {
            tree: self.tree,
            migrations: self.migrations,
        }
    }

    /// What was laid, if each step has the phase that it should have and lint has no error left.
    fn held_to(mut self, steps: &[Step]) -> Result<Placed, ScaffoldError> {
        for ((new, reviewed), step) in self.migrations.iter_mut().zip(self.reviewed).zip(steps) {
            new.phase = reviewed.phase;
            new.findings = reviewed.findings;
            let error = new
                .findings
                .iter()
                .find(|finding| finding.severity == Severity::Error && !step.verbatim);
            if new.phase != step.phase || error.is_some() {
                return Err(ScaffoldError::Hazard {
                    step: step.name.clone(),
                    said: error.map_or_else(
                        || format!("it comes out as {}, not as {}", new.phase, step.phase),
                        |finding| format!("{} [{}]", finding.message, finding.rule),
                    ),
                });
            }
        }
        Ok(Placed {
            tree: self.tree,
            migrations: self.migrations,
        })
    }

    fn add(&mut self, ground: &Ground<'_>, wanted: &Wanted<'_>) -> Result<(), ScaffoldError> {
        let dialect = ground.dialect();
        let first;
        let after = match self.after {
            Some(at) => &self.folder.migrations[at],
            None if self.folder.migrations.is_empty() => {
                let layout = ground.layout().ok_or(ScaffoldError::NoLayout)?;
                first = folder::before_the_first(layout)?;
                &first
            }
            None => return Err(ScaffoldError::BeforeTheFirst),
        };
        let addition = Addition {
            after,
            name: wanted.name,
            sql: wanted.up,
            down: wanted.down,
            now: Some(ground.now),
            outside_transaction: wanted.outside,
        };
        let inside = Addition {
            outside_transaction: false,
            ..addition
        };
        // A tool without a mark for it runs the file in a transaction; the runner of this crate follows the directive.
        let entries =
            folder::add(&self.tree, &self.folder, dialect, &addition).or_else(|manual| {
                if wanted.outside {
                    folder::add(&self.tree, &self.folder, dialect, &inside)
                } else {
                    Err(manual)
                }
            })?;
        let tree = overlaid(&self.tree, &entries);
        let grown = folder::read(&tree, self.folder.layout, dialect).map_err(|_| {
            ScaffoldError::NotFree {
                after: after.file.clone(),
            }
        })?;
        let at = self.after.map_or(0, |at| at + 1);
        let is_next = grown.migrations.len() == self.folder.migrations.len() + 1
            && grown
                .migrations
                .get(at)
                .is_some_and(|new| entries.iter().any(|entry| entry.path == new.file));
        // A runner of plain files that takes two of one number still leaves their order to chance.
        let clashes = |tree: &Tree| {
            let read = folder::read(tree, None, dialect);
            matches!(read, Err(FolderError::DuplicateVersion { .. }))
        };
        if !is_next || clashes(&tree) && !clashes(&self.tree) {
            return Err(ScaffoldError::NotFree {
                after: after.file.clone(),
            });
        }
        let migration = grown.migrations[at].clone();
        self.migrations.push(New {
            id: migration.id.clone(),
            file: migration.file.clone(),
            files: entries.into_iter().map(|entry| entry.path).collect(),
            phase: FilePhase::Expand,
            findings: Vec::new(),
        });
        self.new.push(migration);
        self.tree = tree;
        self.folder = grown;
        self.after = Some(at);
        Ok(())
    }
}

fn lay(ground: &Ground<'_>, steps: &[Step], extras: &[Extra]) -> Result<Laid, ScaffoldError> {
    let mut laid = Laid::start(ground);
    let first = laid.after.map_or(0, |at| at + 1);
    for (step, extra) in steps.iter().zip(extras) {
        let down = match step.phase {
            _ if step.verbatim => Some(UNWRITTEN.to_owned()),
            _ if !step.down.is_empty() => Some(statements(&step.down, ground.layout())),
            FilePhase::Migrate => Some(ROWS_STAY.to_owned()),
            FilePhase::Contract => Some(NO_WAY_BACK.to_owned()),
            FilePhase::Expand | FilePhase::Mixed => None,
        };
        laid.add(
            ground,
            &Wanted {
                name: &step.name,
                up: &text(step, extra, ground),
                down: down.as_deref(),
                outside: step.apart,
            },
        )?;
    }
    let new = first..first + steps.len();
    let standing = |index| {
        if new.contains(&index) {
            Standing::Alone
        } else {
            Standing::Released
        }
    };
    laid.reviewed = review(
        &laid.folder.migrations[..new.end],
        standing,
        ground.settings,
    );
    Ok(laid)
}

/// The way up: what it is, what it says to us, and what it does.
fn text(step: &Step, extra: &Extra, ground: &Ground<'_>) -> String {
    let own = extra.directives(step);
    let directives = step.directives.iter().chain(&own);
    let mut lines = String::new();
    for directive in directives {
        lines.push_str("-- bgmigrate: ");
        lines.push_str(directive);
        lines.push('\n');
    }
    let prelude = extra.prelude(ground.dialect());
    let mut header = step.header.clone();
    if extra.only_ours {
        let tool = ground.layout().map_or("the folder's tool", Layout::title);
        header.push(format!(
            "Run it by bgmigrate apply: {tool} itself opens a transaction, and the statement cannot be part of one."
        ));
    }
    let all: Vec<String> = prelude.into_iter().chain(step.up.iter().cloned()).collect();
    format!(
        "{}{lines}\n{}",
        comment(&header),
        statements(&all, ground.layout())
    )
}

/// Statements one below the other, with air around those of several lines.
fn statements(all: &[String], layout: Option<Layout>) -> String {
    let mut text = String::new();
    let mut was_long = false;
    for (at, one) in all.iter().enumerate() {
        let long = one.trim_end().contains('\n');
        if at > 0 && (long || was_long) {
            text.push('\n');
        }
        was_long = long;
        match layout {
            Some(layout) if is_compound(one) => {
                text.push_str(&folder::in_one_piece(layout, one.trim_end()));
            }
            _ => text.push_str(one.trim_end()),
        }
        text.push('\n');
    }
    text
}

impl Extra {
    /// What a step needs besides its statements, after a review of it with what it has.
    fn asked_for(self, reviewed: &Reviewed, step: &Step, laid: &Migration) -> Self {
        let said = |rule: &str| reviewed.findings.iter().any(|finding| finding.rule == rule);
        let mut asked = Self {
            phase: self.phase || reviewed.phase != step.phase && !step.verbatim,
            off: self.off || step.apart && !runs_apart(laid.transaction, step.up.len()),
            only_ours: self.only_ours || step.apart && laid.transaction == TransactionMode::File,
            timeout: self.timeout || said(LOCK_TIMEOUT),
            allowed: self.allowed.clone(),
        };
        // What is still wrong once the rest is right is what the step is there for.
        if asked == self {
            let errors = reviewed.findings.iter();
            let errors = errors.filter(|finding| finding.severity == Severity::Error);
            let of_the_step = errors.map(|finding| finding.rule).filter(|rule| {
                *rule != MULTI_PHASE
                    && !step.verbatim
                    && (step.phase == FilePhase::Contract
                        || step.allows.contains(rule)
                        || asked.only_ours && *rule == IN_TRANSACTION)
            });
            asked.allowed.extend(of_the_step);
        }
        asked
    }

    fn directives(&self, step: &Step) -> Vec<String> {
        let mut directives = Vec::new();
        if self.phase {
            directives.push(format!("phase={} reason={}", step.phase, quoted(&step.why)));
        }
        if !self.allowed.is_empty() {
            let rules: Vec<_> = self.allowed.iter().copied().collect();
            directives.push(format!(
                "allow={} reason={}",
                rules.join(","),
                quoted(&step.why)
            ));
        }
        if self.off {
            directives.push("transaction=off".to_owned());
        }
        directives
    }

    fn prelude(&self, dialect: Dialect) -> Option<String> {
        let set = match dialect {
            Dialect::Postgres => "SET lock_timeout = '2s';",
            Dialect::Mysql => "SET SESSION lock_wait_timeout = 5;",
            Dialect::Sqlite => return None,
        };
        self.timeout.then(|| set.to_owned())
    }
}

/// No statement: where the inverse is certain, `undo` finds it by itself.
const UNWRITTEN: &str =
    "-- Write what takes this back here: the way back of the original was for all of it.\n";

/// What stands in a way down that has nothing to do: a statement, since some tools refuse an empty file.
const ROWS_STAY: &str = "-- The rows keep what they got.\nSELECT 1;\n";
const NO_WAY_BACK: &str = "-- What the contract step took away does not come back: go on with a new migration.\nSELECT 1;\n";

const MULTI_PHASE: &str = "multi-phase-file";
const LOCK_TIMEOUT: &str = "lock-timeout-missing";
const IN_TRANSACTION: &str = "concurrently-in-transaction";

fn overlaid(tree: &Tree, entries: &[Entry]) -> Tree {
    let mut all = tree.entries.clone();
    all.retain(|held| entries.iter().all(|entry| entry.path != held.path));
    all.extend_from_slice(entries);
    Tree::new(all)
}

/// The text of a file of a tree.
pub fn text_of<'t>(tree: &'t Tree, path: &str) -> Option<&'t str> {
    let entry = tree.entries.iter().find(|entry| entry.path == path)?;
    match &entry.content {
        Content::Text(text) => Some(text),
        _ => None,
    }
}
