//! A file that has to run before the cutover and after it.
//!
//! ## What happens
//! Expand and migrate statements run before traffic moves to the new release; contract statements wait until every
//! release without them is retired. For a file with both no moment is right: it is held back as a whole, and
//! with it the expand step that the new release needs.
//!
//! ## Not reported
//! Expand and migrate together, which both run before the cutover; neutral statements, which go with whatever
//! stands beside them.
//!
//! ## Instead
//! Split it: one migration for each phase. `bgmigrate plan` prints them, and `bgmigrate split` writes them, with the triggers and
//! the online forms that each change needs.

use super::{Check, EVERYWHERE, Rule};
use crate::classify::{Part, split};
use crate::lint::words::lines;
use crate::lint::{File, Report};
use crate::model::{FilePhase, LineIndex, Phase, Severity};

pub(super) const RULE: Rule = Rule {
    id: "multi-phase-file",
    row: 92,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("multi_phase_file.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    if FilePhase::of(file.phases.iter().copied()) != FilePhase::Mixed {
        return;
    }
    let phases = || file.phases.iter().copied().enumerate();
    // A dump has thousands of statements: its lines are counted once.
    let starts = LineIndex::new(&file.migration.text);
    let Some((first, _)) = phases().find(|(_, phase)| phase.gates_as_contract()) else { return };
    let on = |wanted: &dyn Fn(Phase) -> bool| {
        let mut numbers: Vec<_> = phases()
            .filter(|(_, phase)| wanted(*phase))
            .map(|(at, _)| starts.line(file.script.statements[at].span.start))
            .collect();
        numbers.dedup();
        lines(&numbers)
    };
    let groups = [
        (on(&|phase| phase == Phase::Expand), "expand"),
        (on(&|phase| phase == Phase::Migrate), "migrate"),
    ];
    let before: Vec<_> = groups
        .iter()
        .filter(|(on, _)| !on.is_empty())
        .map(|(on, phase)| format!("{phase} on {on}"))
        .collect();
    let parts = split(file.migration, &file.script.statements, file.phases);
    report.finding(
        file.script.statements[first].span,
        format!(
            "no moment is right for this file: it has to run before the cutover ({}), and to wait until every release \
             without it is retired ({})",
            before.join(", "),
            format_args!("contract on {}", on(&Phase::gates_as_contract)),
        ),
        help(&parts),
    );
}

/// Holds the whole file once more, so it is put together in place.
fn help(parts: &[Part]) -> String {
    const ADVICE: &str = "Split it into one migration for each phase; `bgmigrate split` writes them";
    const MARKS: usize = "\n\n-- \n".len();
    let sizes = parts.iter().map(|part| MARKS + part.name.len() + part.sql.len());
    let mut help = String::with_capacity(ADVICE.len() + sizes.sum::<usize>());
    help.push_str(ADVICE);
    for part in parts {
        for text in ["\n\n-- ", &part.name, "\n", &part.sql] {
            help.push_str(text);
        }
    }
    help
}
