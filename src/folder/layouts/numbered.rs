//! Plain numbered files, for home-grown runners: `001_name.sql`, `1-name.sql`, `1.sql`, `v1.2/name.sql`,
//! in the order of all numbers in the path. Files, folders and sections that say that they are the way
//! down are not read as up.

use std::collections::{HashMap, HashSet};

use super::{Evidence, Layout, Reader, Reading, Strength};
use crate::folder::addition::{Addition, Leave, Manual, named_files, no_mark};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Way};
use crate::folder::tree::Entry;
use crate::folder::version::{Numbers, is_down, may_be_down, numbers};
use crate::model::{Down, Migration, TransactionMode};

pub(super) struct Numbered;

/// A number of so many digits is a date, `20240131`; longer ones are timestamps.
const DATE_DIGITS: usize = 8;

/// `MyBatis` Migrations marks only the way down.
const MYBATIS_UNDO: &str = "//@UNDO";

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
            (1..=DATE_DIGITS).contains(&digits) && !name.ends_with(".up.sql") && !is_down(name)
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
        let doubt = same_number(&up);
        for (version, migration) in &mut up {
            if let Some(file) = down.remove(&*version) {
                migration.down = Some(file.as_down()?);
            }
        }
        let migrations = up.into_iter().map(|(_, migration)| migration).collect();
        Ok(Reading {
            migrations,
            doubt,
            ..Reading::default()
        })
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        if wanted
            .after
            .down
            .as_ref()
            .is_some_and(|down| matches!(down, Down::Parts(_)))
        {
            return Err(Manual::because(
                "how the runner marks the way down of a new migration is not certain",
            ));
        }
        named_files(wanted, wanted.sql.to_owned())
    }

    fn leave_transaction(&self, _: &Files<'_>, _: &Migration) -> Result<Leave, Manual> {
        Err(no_mark("the runner of these files, as far as they tell,"))
    }
}

/// Two files with one number of a counter. Whether that is a mistake only the runner knows, so it is
/// refused unless this layout was asked for. Dates, versioned folders and names such as `V1-users` are no
/// counters: many files share them.
fn same_number(sorted: &[(Numbers, Migration)]) -> Option<FolderError> {
    let pair = sorted
        .windows(2)
        .find(|pair| pair[0].0 == pair[1].0 && pair[0].0.0.len() == 1)?;
    let file = |at: usize| pair[at].1.file.clone();
    let is_counted = |at: usize| {
        let name = pair[at].1.file.rsplit('/').next().unwrap_or_default();
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        (1..DATE_DIGITS).contains(&digits)
    };
    (is_counted(0) && is_counted(1)).then(|| FolderError::DuplicateVersion {
        layout: Layout::Numbered,
        version: pair[0].0.0[0].to_string(),
        first: file(0),
        second: file(1),
    })
}

/// All numbers that the parts of the path start with, and the id: the path without `.sql`.
fn version(file: &File<'_>) -> Option<(Numbers, String)> {
    let (dir, stem) = (file.dir(), file.stem());
    if is_aside(dir) {
        return None;
    }
    let mut all = Vec::new();
    for part in dir.split('/').filter(|part| !part.is_empty()) {
        all.extend(leading_version(part).map_or_else(Vec::new, |(version, _)| version.0));
    }
    match leading_version(stem) {
        Some((version, _)) => all.extend(version.0),
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

/// The numbers at the start of a name, and what follows them; with or without a `v`: `001_x`, `v1.10`, `2024-01-31-2-x`.
fn leading_version(name: &str) -> Option<(Numbers, &str)> {
    const SEPARATORS: [char; 3] = ['.', '-', '_'];
    let name = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let mut end = 0;
    for part in name.split_inclusive(SEPARATORS) {
        let number = part.trim_end_matches(SEPARATORS);
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            break;
        }
        end += part.len();
    }
    // `1_2fa`: the number may also end at a letter.
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let (version, rest) = name.split_at(end.max(digits));
    Some((
        numbers(version.trim_end_matches(SEPARATORS), &SEPARATORS)?,
        rest,
    ))
}

/// Folders whose files are run by tests or by hand.
fn is_aside(dir: &str) -> bool {
    const ASIDE: [&str; 8] = [
        "examples", "fixtures", "sample", "seed", "seeds", "test", "testdata", "tests",
    ];
    dir.split('/')
        .any(|part| ASIDE.contains(&part.to_ascii_lowercase().as_str()))
}

fn migration(file: &File<'_>, id: &str) -> Result<Migration, FolderError> {
    let stem = file.stem();
    let name = leading_version(stem).map_or(stem, |(_, rest)| rest);
    let mut migration = file.migration(id, name.trim_start_matches(['_', '-', ' ', '.']))?;
    let text = file.text()?;
    let mut cutter = Cutter::new(text);
    cutter.turn(migration.up[0].start, Way::Up, migration.up[0].start);
    // A lone heading `-- rollback` may be about anything; it marks the way down where a heading for
    // the way up stands before it.
    let mut headed = false;
    for line in sections::lines(text) {
        match section(line.text) {
            Some(Way::Down) if !headed && !line.text.contains(MYBATIS_UNDO) => {}
            Some(way) => {
                headed |= way == Way::Up;
                cutter.turn(line.start, way, line.next);
            }
            None => {}
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
