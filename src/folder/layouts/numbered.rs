//! Plain numbered files, for home-grown runners: `001_name.sql`, `1-name.sql`, `1.sql`, `v1.2/name.sql`,
//! in the order of all numbers in the path. Files, folders and sections that say that they are the way
//! down are not read as up.

use std::collections::{HashMap, HashSet};

use super::{Evidence, Reader, Reading, Strength};
use crate::folder::Notice;
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Way};
use crate::folder::version::{Numbers, is_down, may_be_down, numbers};
use crate::model::{Down, Migration, TransactionMode};

pub(super) struct Numbered;

/// The digits of a counter; longer numbers are timestamps.
const COUNTER_DIGITS: usize = 8;

impl Reader for Numbered {
    fn expected(&self) -> &'static str {
        "names that start with a number: `001_name.sql`, `1-name.sql`, `1.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let named: Vec<&File<'_>> = files.sql().filter(|file| version(file).is_some()).collect();
        // Pairs and names that start with a letter are some tool's own; so are timestamps.
        let plain = named.iter().all(|file| {
            let name = file.name();
            let digits = name.bytes().take_while(u8::is_ascii_digit).count();
            (1..=COUNTER_DIGITS).contains(&digits) && !name.ends_with(".up.sql") && !is_down(name)
        });
        let strength = if plain {
            Strength::Usual
        } else {
            Strength::Possible
        };
        let because = format!("{} files whose names start with a number", named.len());
        Evidence::of(strength, named.len(), because)
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let named: Vec<(&File<'_>, Numbers, String)> = files
            .sql()
            .filter_map(|file| version(file).map(|(version, id)| (file, version, id)))
            .collect();
        let ups: HashSet<&Numbers> = named
            .iter()
            .filter(|(file, ..)| !is_down(&file.key) && !may_be_down(&file.key))
            .map(|(_, version, _)| version)
            .collect();
        let mut up = Vec::new();
        let mut down = HashMap::new();
        for (file, version, id) in &named {
            if is_down(&file.key) || (may_be_down(&file.key) && ups.contains(version)) {
                down.insert(version, *file);
            } else {
                up.push((version.clone(), migration(file, id)?));
            }
        }
        up.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.file.cmp(&other.file)));
        let notices = same_number(&up).into_iter().collect();
        for (version, migration) in &mut up {
            if let Some(file) = down.remove(&*version) {
                migration.down = Some(file.as_down()?);
            }
        }
        Ok(Reading {
            migrations: up.into_iter().map(|(_, migration)| migration).collect(),
            notices,
        })
    }
}

/// Home-grown runners record the whole name, so that two files of one number are two migrations; their
/// order is worth a word.
fn same_number(sorted: &[(Numbers, Migration)]) -> Option<Notice> {
    let twins: Vec<String> = sorted
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1.file.clone())
        .collect();
    let message =
        "files with the number of the file before them: taken in the order of their names";
    (!twins.is_empty()).then(|| Notice::about(twins, message))
}

/// All numbers that the parts of the path start with, and the id: the path without `.sql`.
fn version(file: &File<'_>) -> Option<(Numbers, String)> {
    let (dir, stem) = (file.dir(), file.stem());
    let mut all = Vec::new();
    for part in dir.split('/').filter(|part| !part.is_empty()) {
        all.extend(leading_version(part).map_or_else(Vec::new, |version| version.0));
    }
    match leading_version(stem) {
        Some(version) => all.extend(version.0),
        // A file without a number counts only where its own folder has one: `v1.2/schema.sql`.
        None if dir
            .rsplit('/')
            .next()
            .is_some_and(|own| leading_version(own).is_some()) => {}
        None => return None,
    }
    let id = if dir.is_empty() {
        stem.to_owned()
    } else {
        format!("{dir}/{stem}")
    };
    Some((Numbers(all), id))
}

/// The number or dotted numbers at the start of a name, with or without a `v`: `001_x`, `v1.10`, `2.`.
fn leading_version(name: &str) -> Option<Numbers> {
    let name = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let end = name
        .bytes()
        .position(|b| !b.is_ascii_digit() && b != b'.')
        .unwrap_or(name.len());
    numbers(name[..end].trim_end_matches('.'), &['.'])
}

fn migration(file: &File<'_>, id: &str) -> Result<Migration, FolderError> {
    let name = file
        .stem()
        .trim_start_matches(|c: char| c.is_ascii_digit() || "vV.".contains(c));
    let mut migration = file.migration(id, name.trim_start_matches(['_', '-', ' ']))?;
    let text = file.text()?;
    let mut cutter = Cutter::new(text);
    cutter.turn(migration.up[0].start, Way::Up, migration.up[0].start);
    for line in sections::lines(text) {
        if let Some(way) = section(line.text) {
            cutter.turn(line.start, way, line.next);
        }
    }
    let (up, down) = cutter.finish();
    migration.up = up;
    // gobuffalo's pop and its kin mark what runs outside a transaction so.
    if file.stem().ends_with(".autocommit") {
        migration.transaction = TransactionMode::None;
    }
    migration.down = (!down.is_empty()).then_some(Down::Parts(down));
    Ok(migration)
}

/// The way that a comment line opens which says nothing else: `-- Up`, `-- Down Migration`,
/// `-- //@UNDO`, `# --- !Downs`.
fn section(line: &str) -> Option<Way> {
    let line = line.trim();
    let comment = line.strip_prefix("--").or_else(|| line.strip_prefix('#'))?;
    let words = comment
        .trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_ascii_lowercase();
    let words = words.strip_suffix(" migration").unwrap_or(&words);
    let words = words.rsplit_once([' ', ':']).map_or(words, |(tool, way)| {
        // `-- rambler up`, `-- +micrate Down`: one word for the tool, one for the way.
        if tool.contains(' ') { "" } else { way }
    });
    match words {
        "up" | "ups" => Some(Way::Up),
        "down" | "downs" | "undo" | "rollback" => Some(Way::Down),
        _ => None,
    }
}
