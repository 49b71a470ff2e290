//! The totals, and every disagreement with its reasons.

use std::collections::BTreeMap;
use std::fmt;

use bgmigrate::model::Dialect;

use crate::compare::Weight;
use crate::folders::Source;
use crate::judge::{Agreement, Outcome};

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

    fn with(&self, agreement: Agreement) -> impl Iterator<Item = &Outcome> {
        self.outcomes
            .iter()
            .filter(move |outcome| outcome.agreement == agreement)
    }

    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (dialect, version) in &self.engines {
            let of: Vec<&Outcome> = self
                .outcomes
                .iter()
                .filter(|outcome| outcome.source.dialect.name() == *dialect)
                .collect();
            let accepted: Vec<&Outcome> = of
                .iter()
                .copied()
                .filter(|outcome| outcome.error.is_none())
                .collect();
            let breaking = accepted
                .iter()
                .filter(|outcome| !outcome.facts(Weight::Breaking).is_empty())
                .count();
            let additive = accepted
                .iter()
                .filter(|outcome| outcome.is_additive())
                .count();
            let statements: usize = accepted
                .iter()
                .map(|outcome| outcome.classified.statements)
                .sum();
            let opaque: usize = accepted
                .iter()
                .map(|outcome| outcome.classified.opaque)
                .sum();
            let count = |agreement| {
                of.iter()
                    .filter(|outcome| outcome.agreement == agreement)
                    .count()
            };
            let (missed, alarms) = (count(Agreement::Missed), count(Agreement::FalseAlarm));
            let for_opaque = count(Agreement::Opaque);
            writeln!(f, "{version} ({dialect})")?;
            writeln!(
                f,
                "  files       {:>6}, of which {} accepted",
                of.len(),
                accepted.len()
            )?;
            writeln!(
                f,
                "  breaking    {breaking:>6}, missed {missed} ({})",
                share(missed, breaking)
            )?;
            writeln!(
                f,
                "  additive    {additive:>6}, false alarms {} ({}): {alarms} for the shape, {for_opaque} opaque",
                alarms + for_opaque,
                share(alarms + for_opaque, additive)
            )?;
            writeln!(
                f,
                "  rows only   {:>6}, held back for rows that no catalog shows",
                count(Agreement::Rows)
            )?;
            writeln!(
                f,
                "  absent      {:>6}, held back for what is not there",
                count(Agreement::Absent)
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
        for (at, outcome) in self.with(agreement).enumerate() {
            if at == 0 {
                writeln!(f, "\n{title}")?;
            }
            let source = &outcome.source;
            let phase = outcome.classified.phase;
            writeln!(
                f,
                "  {} {}/{} is {phase}",
                source.dialect.name(),
                source.project,
                outcome.file
            )?;
            for fact in outcome.facts(Weight::Breaking) {
                writeln!(f, "      catalog: {fact}")?;
            }
            if agreement == Agreement::Missed {
                for passed in &outcome.classified.let_pass {
                    writeln!(f, "      {passed}")?;
                }
            }
            for held in &outcome.classified.held_by {
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
