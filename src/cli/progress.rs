//! How far a run is: a line that moves on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Global, output};
use crate::backfill;
use crate::gate::MigrationId;
use crate::plan::FolderStep;
use crate::report;
use crate::run::Progress;

/// Tells how far a run is.
pub(super) struct Talk {
    quiet: bool,
    stop: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
}

impl Talk {
    /// Of a run with at most so many steps, which ends between two statements when `stop` is raised.
    pub(super) fn new(global: &Global, stop: Arc<AtomicBool>, steps: usize) -> Self {
        let moves = !global.quiet && io::stderr().is_terminal();
        let bar = moves.then(|| ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX)));
        if let Some(bar) = &bar {
            let style = ProgressStyle::with_template("{spinner} {pos}/{len} {msg} {elapsed}");
            // The template is a constant, and the default style says the same with less.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self {
            quiet: global.quiet,
            stop,
            bar,
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::talk(text),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Talk {
    fn begins(&mut self, step: &FolderStep<'_>) {
        let text = format!("{} {} …", step.phase, step.file);
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.reset_elapsed();
            }
            None if !self.quiet => output::talk(text),
            None => {}
        }
    }

    fn applied(&mut self, step: &FolderStep<'_>, took: Duration) {
        if !self.quiet {
            let seconds = took.as_secs_f64();
            self.line(&format!("{} applied in {seconds:.3} s", step.id));
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn batch(&mut self, migration: &MigrationId, progress: &backfill::Progress) {
        if let Some(bar) = &self.bar {
            let share = progress
                .share()
                .map_or_else(String::new, |share| format!(" {:.0} %", share * 100.0));
            let left = report::time_left(progress);
            bar.set_message(format!(
                "{migration} {}{share}, {} rows passed, {:.0} rows/s{left}",
                progress.stage.name(),
                progress.examined,
                progress.rows_per_s,
            ));
        }
    }

    fn note(&mut self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
