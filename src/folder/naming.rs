//! Names of new migrations: a pure function of the names that are there.

use super::addition::{Addition, Manual};
use super::engines::spelled;

/// `V0008__validate_total`: all of a name but its folder and its endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stem(String);

impl Stem {
    /// The path of the predecessor's file with this stem in the place of its own.
    pub(super) fn applied_to(&self, path: &str) -> String {
        let (folder, name) = parent(path);
        format!("{folder}{}{}", self.0, tail(name))
    }
}

/// The stem that comes right after the last part of `path`, in the fashion of that part.
pub(super) fn next_stem(path: &str, wanted: &Addition<'_>) -> Result<Stem, Manual> {
    stem_after(path, wanted.name, wanted.now)
}

fn stem_after(path: &str, name: &str, now: Option<&str>) -> Result<Stem, Manual> {
    let (_, last) = parent(path);
    let uncertain = || {
        Manual(format!(
            "what follows `{last}` in the order is not certain, so a new migration must be named by hand"
        ))
    };
    let parts = Parts::of(&last[..last.len() - tail(last).len()]).ok_or_else(uncertain)?;
    let version = successor(parts.version, now).ok_or_else(uncertain)?;
    // `1-add-users.sql` keeps its dashes.
    let name = match parts.separator {
        "-" => name.replace('_', "-"),
        _ => name.to_owned(),
    };
    let separator = if parts.separator.is_empty() {
        "_"
    } else {
        parts.separator
    };
    Ok(Stem(format!("{}{version}{separator}{name}", parts.prefix)))
}

/// A name in its parts.
struct Parts<'n> {
    /// `V`, or nothing.
    prefix: &'n str,
    version: &'n str,
    separator: &'n str,
}

impl<'n> Parts<'n> {
    fn of(stem: &'n str) -> Option<Self> {
        let versioned = stem.strip_prefix(['V', 'v']).unwrap_or(stem);
        let (prefix, _) = stem.split_at(stem.len() - versioned.len());
        let version = match versioned.split_once("__") {
            // Flyway: all before the two underscores, dotted or not.
            Some((version, _)) if !prefix.is_empty() => version,
            _ => &versioned[..digits_and_dashes(versioned)],
        };
        let rest = &versioned[version.len()..];
        let separator = &rest[..rest.len() - rest.trim_start_matches(['_', '-', '.', ' ']).len()];
        let last = version.chars().next_back()?;
        (last.is_ascii_digit()).then_some(Self {
            prefix,
            version,
            separator,
        })
    }
}

/// The length of the version that a name starts with: digits, or diesel's `2024-01-31-123456`.
fn digits_and_dashes(name: &str) -> usize {
    const DASHED: &str = "0000-00-00-000000";
    let shape = name.as_bytes().iter().zip(DASHED.as_bytes());
    let fits = |(byte, shape): (&u8, &u8)| byte.is_ascii_digit() == shape.is_ascii_digit();
    if name.len() >= DASHED.len() && shape.clone().all(fits) {
        return DASHED.len();
    }
    name.bytes().take_while(u8::is_ascii_digit).count()
}

/// The folder with its slash, and the last part.
fn parent(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}

/// The endings of a file's name: `.postgres.up.sql`, `_mysql.sql`; nothing of a folder's.
fn tail(name: &str) -> &str {
    let Some((stem, _)) = name
        .rsplit_once('.')
        .filter(|(_, extension)| extension.eq_ignore_ascii_case("sql"))
    else {
        return "";
    };
    let mut end = stem.len();
    while let Some((before, word)) = stem[..end].rsplit_once('.') {
        if !matches!(word, "up" | "down") && spelled(word).is_none() {
            break;
        }
        end = before.len();
    }
    if let Some((before, word)) = stem[..end].rsplit_once('_')
        && spelled(word).is_some()
    {
        end = before.len();
    }
    &name[end..]
}

/// The version after this one, written alike: the next one, or where it is a time, `now` if that is later. `None`
/// for a date without a time, which many files of one day may share, and where the next number is not certain.
fn successor(version: &str, now: Option<&str>) -> Option<String> {
    let digits: String = version.chars().filter(char::is_ascii_digit).collect();
    let dashed = digits.len() == 14 && version.contains('-');
    let plain = digits.len() == version.len();
    match digits.len() {
        14 if plain || dashed => match Moment::read(&digits) {
            Some(moment) => {
                let next = moment.a_second_later()?.written();
                let next = now.filter(|now| *now > next.as_str()).unwrap_or(&next);
                Some(in_shape_of(version, next))
            }
            None if plain => incremented(version),
            None => None,
        },
        8 if Moment::read(&format!("{digits}000000")).is_some() => None,
        // Milliseconds and a counter behind a date: the carry would reach the clock.
        17 if digits.ends_with("999") => None,
        _ => {
            let start = version.rfind(|c: char| !c.is_ascii_digit());
            let start = start.map_or(0, |at| at + 1);
            let last = incremented(&version[start..])?;
            Some(format!("{}{last}", &version[..start]))
        }
    }
}

/// The next number with the same zeros in front.
fn incremented(digits: &str) -> Option<String> {
    let next = digits.parse::<u128>().ok()?.checked_add(1)?;
    Some(format!("{next:0width$}", width = digits.len()))
}

/// `digits` with the signs that stand between those of `shape`.
fn in_shape_of(shape: &str, digits: &str) -> String {
    let mut digits = digits.chars();
    shape
        .chars()
        .filter_map(|c| {
            if c.is_ascii_digit() {
                digits.next()
            } else {
                Some(c)
            }
        })
        .collect()
}

/// A time of the calendar, to the second.
struct Moment {
    year: u32,
    /// Month, day, hour, minute, second.
    rest: [u32; 5],
}

impl Moment {
    /// Reads `20240131123456`.
    fn read(digits: &str) -> Option<Self> {
        let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
        let mut rest = [0; 5];
        for (at, part) in rest.iter_mut().enumerate() {
            *part = number(4 + 2 * at, 6 + 2 * at)?;
        }
        let moment = Self {
            year: number(0, 4)?,
            rest,
        };
        let [month, day, hour, minute, second] = rest;
        let is_date = (1970..3000).contains(&moment.year) && (1..=12).contains(&month);
        let is_time = hour < 24 && minute < 60 && second < 60;
        (is_date && is_time && day >= 1 && day <= moment.days_in_month()).then_some(moment)
    }

    fn days_in_month(&self) -> u32 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.rest[0] {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            _ => 31,
        }
    }

    /// The next second, with every carry; `None` beyond the four digits of a year.
    fn a_second_later(mut self) -> Option<Self> {
        let limits = [13, self.days_in_month() + 1, 24, 60, 60];
        let firsts = [1, 1, 0, 0, 0];
        for at in (0..5).rev() {
            self.rest[at] += 1;
            if self.rest[at] < limits[at] {
                return Some(self);
            }
            self.rest[at] = firsts[at];
        }
        self.year += 1;
        (self.year < 10_000).then_some(self)
    }

    fn written(&self) -> String {
        let [month, day, hour, minute, second] = self.rest;
        format!(
            "{:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}",
            self.year
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_followed_by_the_next_one_written_alike() {
        let cases = [
            ("1", Some("2")),
            ("0009", Some("0010")),
            ("999", Some("1000")),
            ("1.2.9", Some("1.2.10")),
            ("1_02", Some("1_03")),
            ("20240131235959", Some("20240201000000")),
            ("20231231235959", Some("20240101000000")),
            ("20240228235959", Some("20240229000000")),
            ("20230228235959", Some("20230301000000")),
            ("2024-01-31-123456", Some("2024-01-31-123457")),
            // No time of the calendar: a counter with a date in front of it.
            ("20240131000099", Some("20240131000100")),
            ("1706704496", Some("1706704497")),
            ("20240131123456788", Some("20240131123456789")),
            ("20240131123456999", None),
            ("20240131", None),
        ];
        for (version, expected) in cases {
            assert_eq!(successor(version, None).as_deref(), expected, "{version}");
        }
    }

    #[test]
    fn a_time_is_followed_by_now_unless_it_lies_ahead() {
        let cases = [
            ("20240131235959", "20261123144649"),
            ("2024-01-31-123456", "2026-11-23-144649"),
            ("20270101000000", "20270101000001"),
            ("0009", "0010"),
        ];
        for (version, expected) in cases {
            let next = successor(version, Some("20261123144649"));
            assert_eq!(next.as_deref(), Some(expected), "{version}");
        }
    }

    #[test]
    fn a_stem_keeps_the_fashion_of_its_predecessor() {
        let cases = [
            ("0007_add_orders.sql", "0008_fix_it.sql"),
            ("0007-add-orders.sql", "0008-fix-it.sql"),
            ("db/7_a.postgres.up.sql", "db/8_fix_it.postgres.up.sql"),
            ("7_a_mysql.sql", "8_fix_it_mysql.sql"),
            ("7.sql", "8_fix_it.sql"),
            ("V1.2__Add.sql", "V1.3__fix_it.sql"),
            ("V1_2__Add.sql", "V1_3__fix_it.sql"),
            ("V007__v1.2_add.SQL", "V008__fix_it.SQL"),
            ("20240131123456_2fa.up.sql", "20240131123457_fix_it.up.sql"),
            ("2024-01-31-123456_a/up.sql", ""),
            ("2024-01-31-123456_a", "2024-01-31-123457_fix_it"),
        ];
        for (path, expected) in cases {
            let made = stem_after(path, "fix_it", None).map(|stem| stem.applied_to(path));
            assert_eq!(made.unwrap_or_default(), expected, "{path}");
        }
        assert!(stem_after("schema.sql", "x", None).is_err());
    }
}
