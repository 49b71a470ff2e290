//! Whatever the text, its split keeps what `invariants/split.rs` promises.

#![no_main]

#[path = "../invariants/split.rs"]
mod split;

libfuzzer_sys::fuzz_target!(|text: &str| split::check(text));
