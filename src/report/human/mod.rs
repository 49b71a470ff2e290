//! For people at a terminal.

mod classify;
mod lint;
mod plan;

pub(super) use classify::classify;
pub(super) use lint::lint;
pub(super) use plan::plan;

use super::{Paint, count};
use crate::model::{FilePhase, Phase, Severity};

fn phase(paint: Paint, phase: Phase) -> String {
    let word = format!("{phase:<8}");
    match phase {
        Phase::Neutral => paint.dim(word),
        Phase::Expand => paint.green(word),
        Phase::Migrate => paint.blue(word),
        Phase::Contract | Phase::Opaque => paint.red(word),
    }
}

fn file_phase(paint: Paint, phase: FilePhase) -> String {
    let word = format!("{phase:<8}");
    match phase {
        FilePhase::Expand => paint.green(word),
        FilePhase::Migrate => paint.blue(word),
        FilePhase::Contract | FilePhase::Mixed => paint.red(word),
    }
}

fn severity(paint: Paint, severity: Severity) -> String {
    match severity {
        Severity::Error => paint.red(severity),
        Severity::Warning => paint.yellow(severity),
        Severity::Note | Severity::Off => paint.blue(severity),
    }
}
