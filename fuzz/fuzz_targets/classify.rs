//! Whatever the text, its review keeps what `invariants/classify.rs` promises.

#![no_main]

#[path = "../invariants/classify.rs"]
mod classify;

libfuzzer_sys::fuzz_target!(|text: &str| classify::check(text));
