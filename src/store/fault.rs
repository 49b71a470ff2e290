//! Points at which a test has the process die, as a kill would: before and after each time it talks to the database.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which point, counted from 1. It is looked at in builds with debug assertions alone: no release can be told to die.
const VARIABLE: &str = "BGMIGRATE_DIE_AT";

/// One more point is reached.
pub(super) fn point() {
    static WANTED: OnceLock<Option<u32>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);
    if !cfg!(debug_assertions) {
        return;
    }
    let wanted = WANTED.get_or_init(|| std::env::var(VARIABLE).ok()?.parse().ok());
    if wanted.is_some_and(|wanted| wanted == REACHED.fetch_add(1, Ordering::Relaxed) + 1) {
        std::process::abort();
    }
}
