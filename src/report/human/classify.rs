//! The phase of each statement, under that of its file.

use super::{count, file_phase, phase};
use crate::model::{FilePhase, LineIndex};
use crate::report::{Paint, ReviewedFile, line};

pub(in crate::report) fn classify(files: &[ReviewedFile<'_>], paint: Paint) -> String {
    let mut out = String::new();
    for file in files {
        let reviewed = file.reviewed;
        line!(
            out,
            "{} {}",
            file_phase(paint, reviewed.phase),
            paint.bold(&file.path)
        );
        let lines = LineIndex::new(&file.migration.text);
        for beside in &reviewed.beside {
            let place = format!("{:>5}", lines.line(beside.made.span.start));
            line!(
                out,
                "{} {} sync {}: {}",
                paint.dim(&place),
                phase(paint, beside.phase()),
                beside.made.sides(),
                beside.made.reason()
            );
        }
        let said = reviewed.judged.iter().zip(&reviewed.phases);
        for (statement, (judged, own)) in reviewed.script.statements.iter().zip(said) {
            let place = format!("{:>5}", lines.line(statement.span.start));
            let mut lead = format!("{} {}", paint.dim(&place), phase(paint, *own));
            for change in &judged.changes {
                let verdict = &change.verdict;
                let object = if verdict.object.is_empty() { "" } else { " " };
                line!(
                    out,
                    "{lead} {}{object}{}: {}",
                    verdict.kind,
                    verdict.object,
                    verdict.reason
                );
                lead = " ".repeat(14);
            }
            if let Some(opaque) = &statement.opaque {
                line!(out, "{lead} not understood: {}", opaque.reason);
            }
        }
    }
    let of = |phase| {
        files
            .iter()
            .filter(|file| file.reviewed.phase == phase)
            .count()
    };
    line!(
        out,
        "{}: {} expand, {} migrate, {} contract, {} mixed",
        count(files.len(), "migration"),
        of(FilePhase::Expand),
        of(FilePhase::Migrate),
        of(FilePhase::Contract),
        of(FilePhase::Mixed),
    );
    out
}
