//! The fuzz targets' corpus, and every fixture, go through what the targets promise (`fuzz/README.md`).

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/invariants/classify.rs"]
mod classify;
#[path = "../fuzz/invariants/split.rs"]
mod split;

/// The texts below a folder of the repository.
fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

fn all() -> Vec<(PathBuf, String)> {
    ["fuzz/corpus", "fixtures/rules", "migrations"]
        .map(texts)
        .concat()
}

#[test]
fn splitting_keeps_its_promises() {
    for (_, text) in all() {
        split::check(&text);
    }
}

#[test]
fn judging_keeps_its_promises() {
    for (_, text) in all() {
        classify::check(&text);
    }
}

/// Where a text is cut off, most of what is open in it never ends.
#[test]
fn a_text_that_is_cut_off_anywhere_keeps_them_too() {
    for (_, text) in texts("fuzz/corpus/classify") {
        let cuts = (1..text.len()).filter(|at| text.is_char_boundary(*at));
        for cut in cuts.step_by(23) {
            split::check(&text[..cut]);
            classify::check(&text[..cut]);
        }
    }
}
