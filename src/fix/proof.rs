//! Whether fixes hold: their findings are gone, and nothing became worse.

use std::collections::HashMap;

use crate::model::{FilePhase, Severity};

use super::attempt::overlaid;
use super::{Attempt, State, Work};

/// What reading and reviewing the folder with the fixes in it has shown.
pub(super) enum Verdict {
    /// All of them hold.
    Holds(Box<State>),
    /// Why each of them does not, where it does not.
    Fails(Vec<Option<String>>),
    /// Something is wrong, and which of them is to blame does not show.
    Unclear(String),
}

impl Work<'_> {
    pub(super) fn prove(&self, attempts: &[Attempt]) -> Verdict {
        let entries = attempts.iter().flat_map(|attempt| &attempt.entries);
        let after = match self.state_of(overlaid(&self.state.tree, entries)) {
            Ok(state) => state,
            Err(error) => {
                return Verdict::Unclear(format!("the folder could not be read then: {error}"));
            }
        };
        let (was, is) = (Tally::of(&self.state), Tally::of(&after));
        let reasons: Vec<_> = attempts
            .iter()
            .map(|attempt| {
                let files: Vec<&str> = std::iter::once(&attempt.fixed.file)
                    .chain(&attempt.fixed.added)
                    .map(String::as_str)
                    .collect();
                worse(&was, &is, &files, attempt.fixed.rule)
            })
            .collect();
        if reasons.iter().any(Option::is_some) {
            return Verdict::Fails(reasons);
        }
        let elsewhere = is
            .files
            .keys()
            .find_map(|file| new_error(&was, &is, &[file]));
        match elsewhere.filter(|rule| !explained(attempts, rule, &was, &is)) {
            Some(rule) => {
                Verdict::Unclear(format!("another file would then have an error, `{rule}`"))
            }
            None => Verdict::Holds(Box::new(after)),
        }
    }
}

/// Why the files of one fix are worse than before, or why nothing was won.
fn worse(was: &Tally<'_>, is: &Tally<'_>, files: &[&str], rule: &'static str) -> Option<String> {
    if is.findings(files, rule) >= was.findings(files, rule) {
        return Some("the finding would still be there".to_owned());
    }
    if let Some(rule) = new_error(was, is, files) {
        return Some(format!("it would bring an error, `{rule}`"));
    }
    if is.opaque(files) > was.opaque(files) {
        return Some("a statement would not be understood any more".to_owned());
    }
    // What is put off, such as to VALIDATE, is a migrate step by nature.
    let later_limit = was.phase(files).max(gravity(FilePhase::Migrate));
    let (own, added) = files.split_at(1);
    if is.phase(own) > was.phase(own) || is.phase(added) > later_limit {
        return Some("the file's phase would become worse".to_owned());
    }
    None
}

/// A rule that finds more errors in these files than before.
fn new_error(was: &Tally<'_>, is: &Tally<'_>, files: &[&str]) -> Option<&'static str> {
    let rules = files.iter().filter_map(|file| is.files.get(file));
    let mut rules = rules.flat_map(|file| file.errors.keys());
    rules
        .find(|rule| is.errors(files, rule) > was.errors(files, rule))
        .copied()
}

/// Whether errors of this rule in new files are those that an edited file has lost to them.
fn explained(attempts: &[Attempt], rule: &str, was: &Tally<'_>, is: &Tally<'_>) -> bool {
    let files: Vec<&str> = attempts
        .iter()
        .flat_map(|attempt| std::iter::once(&attempt.fixed.file).chain(&attempt.fixed.added))
        .map(String::as_str)
        .collect();
    let outside = |tally: &Tally<'_>| -> usize {
        let others = tally
            .files
            .iter()
            .filter(|(file, _)| !files.contains(*file));
        others
            .map(|(_, one)| one.errors.get(rule).copied().unwrap_or(0))
            .sum()
    };
    outside(is) <= outside(was)
}

/// What a review says, counted by file.
struct Tally<'a> {
    files: HashMap<&'a str, OfFile>,
}

#[derive(Default)]
struct OfFile {
    findings: HashMap<&'static str, usize>,
    errors: HashMap<&'static str, usize>,
    opaque: usize,
    phase: u8,
}

impl<'a> Tally<'a> {
    fn of(state: &'a State) -> Self {
        let mut files: HashMap<&str, OfFile> = HashMap::new();
        for reviewed in &state.reviewed {
            let file = &state.folder.migrations[reviewed.index].file;
            let one = files.entry(file).or_default();
            for finding in &reviewed.findings {
                *one.findings.entry(finding.rule).or_default() += 1;
                if finding.severity == Severity::Error {
                    *one.errors.entry(finding.rule).or_default() += 1;
                }
            }
            let statements = reviewed.script.statements.iter();
            one.opaque += statements.filter(|one| one.opaque.is_some()).count();
            one.phase = one.phase.max(gravity(reviewed.phase));
        }
        Self { files }
    }

    fn sum(&self, files: &[&str], count: impl Fn(&OfFile) -> usize) -> usize {
        files
            .iter()
            .filter_map(|file| self.files.get(file))
            .map(count)
            .sum()
    }

    fn findings(&self, files: &[&str], rule: &str) -> usize {
        self.sum(files, |one| one.findings.get(rule).copied().unwrap_or(0))
    }

    fn errors(&self, files: &[&str], rule: &str) -> usize {
        self.sum(files, |one| one.errors.get(rule).copied().unwrap_or(0))
    }

    fn opaque(&self, files: &[&str]) -> usize {
        self.sum(files, |one| one.opaque)
    }

    fn phase(&self, files: &[&str]) -> u8 {
        let each = files.iter().filter_map(|file| self.files.get(file));
        each.map(|one| one.phase).max().unwrap_or(0)
    }
}

/// How much a file's phase asks of the rollout.
const fn gravity(phase: FilePhase) -> u8 {
    match phase {
        FilePhase::Expand => 0,
        FilePhase::Migrate => 1,
        FilePhase::Contract => 2,
        FilePhase::Mixed => 3,
    }
}
