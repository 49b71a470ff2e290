//! The totals, and every disagreement with its reasons.

use std::collections::BTreeMap;
use std::fmt;

use bgmigrate::model::Dialect;
use bgmigrate::proof::{Agreement, Comparison, Weight};

use crate::folders::Source;
use crate::judge::Outcome;

/// What all outcomes come to.
#[derive(Default)]
pub(crate) struct Summary {
    engines: BTreeMap<&'static str, String>,
    outcomes: Vec<Outcome>,
    unread: Vec<String>,
}

impl Summary {
    /// Notes what stands for a dialect.
    pub(crate) fn engine(&mut self, dialect: Dialect, version: &str) {
        self.engines.insert(dialect.name(), version.to_owned());
    }

    /// Notes the outcome of one migration.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// Notes a folder that could not be run.
    pub(crate) fn unread(&mut self, source: &Source, error: &anyhow::Error) {
        self.unread.push(format!(
            "{} {}: {error:#}",
            source.dialect.name(),
            source.project
        ));
    }

    /// How many files were let pass after which an older release could break.
    pub(crate) fn missed(&self) -> usize {
        self.with(Agreement::Missed).count()
    }

    fn with(&self, agreement: Agreement) -> impl Iterator<Item = (&Outcome, &Comparison)> {
        let compared = self
            .outcomes
            .iter()
            .filter_map(|it| Some((it, it.comparison.as_ref().ok()?)));
        compared.filter(move |(_, comparison)| comparison.agreement == agreement)
    }

    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (dialect, version) in &self.engines {
            let of = || {
                self.outcomes
                    .iter()
                    .filter(|outcome| outcome.source.dialect.name() == *dialect)
            };
            let accepted: Vec<&Comparison> =
                of().filter_map(|it| it.comparison.as_ref().ok()).collect();
            let breaking = accepted.iter().filter(|it| it.is_breaking()).count();
            let additive = accepted.iter().filter(|it| it.is_additive()).count();
            let statements: usize = accepted.iter().map(|it| it.classified.statements).sum();
            let opaque: usize = accepted.iter().map(|it| it.classified.opaque).sum();
            let count = |agreement| {
                accepted
                    .iter()
                    .filter(|it| it.agreement == agreement)
                    .count()
            };
            let (missed, for_shape, for_opaque) = (
                count(Agreement::Missed),
                count(Agreement::FalseAlarm),
                count(Agreement::Opaque),
            );
            let alarms = for_shape + for_opaque;
            let (rows, absent) = (count(Agreement::Rows), count(Agreement::Absent));
            writeln!(f, "{version} ({dialect})")?;
            writeln!(
                f,
                "  files       {:>6}, of which {} accepted",
                of().count(),
                accepted.len()
            )?;
            writeln!(
                f,
                "  breaking    {breaking:>6}, missed {missed} ({})",
                share(missed, breaking)
            )?;
            writeln!(
                f,
                "  additive    {additive:>6}, false alarms {alarms} ({})",
                share(alarms, additive)
            )?;
            writeln!(
                f,
                "              {for_shape:>6} of these for the shape, {for_opaque} opaque"
            )?;
            writeln!(
                f,
                "  rows only   {rows:>6}, held back for rows that no catalog shows"
            )?;
            writeln!(
                f,
                "  absent      {absent:>6}, held back for what is not there"
            )?;
            writeln!(
                f,
                "  statements  {statements:>6}, opaque {opaque} ({})",
                share(opaque, statements)
            )?;
        }
        Ok(())
    }

    fn disagreements(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        agreement: Agreement,
    ) -> fmt::Result {
        for (at, (outcome, comparison)) in self.with(agreement).enumerate() {
            if at == 0 {
                writeln!(f, "\n{title}")?;
            }
            let (source, classified) = (&outcome.source, &comparison.classified);
            writeln!(
                f,
                "  {} {}/{} is {}",
                source.dialect.name(),
                source.project,
                outcome.file,
                classified.phase
            )?;
            for fact in comparison.facts(Weight::Breaking) {
                writeln!(f, "      catalog: {fact}")?;
            }
            if agreement == Agreement::Missed {
                for passed in &classified.let_pass {
                    writeln!(f, "      {passed}")?;
                }
            }
            for held in &classified.held_by {
                writeln!(f, "      line {}: {} {}", held.line, held.kind, held.reason)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.totals(f)?;
        for folder in &self.unread {
            writeln!(f, "not run: {folder}")?;
        }
        self.disagreements(
            f,
            "Missed: an older release could break, and the file was let pass",
            Agreement::Missed,
        )?;
        self.disagreements(
            f,
            "False alarms: nothing was taken away",
            Agreement::FalseAlarm,
        )?;
        self.disagreements(
            f,
            "False alarms for what was not understood",
            Agreement::Opaque,
        )
    }
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "of none".to_owned();
    }
    // Counts of files are far below what an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let percent = 100.0 * part as f64 / whole as f64;
    format!("{percent:.2} %")
}
