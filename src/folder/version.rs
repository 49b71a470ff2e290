//! Versions in file names: numbers of any length, dotted or not, and the words that mark a way down.

/// A version as its numbers, compared number by number. `u128` holds the longest timestamps in use
/// (20 digits), which do not fit into 64 bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Numbers(pub(super) Vec<u128>);

/// The digits that a name starts with, their number, and what follows them.
pub(super) fn leading_number(name: &str) -> Option<(&str, u128, &str)> {
    let end = name
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(name.len());
    let digits = &name[..end];
    Some((digits, digits.parse().ok()?, &name[end..]))
}

/// Reads `1`, `1.2`, `1_2_3` with the given separators as numbers; trailing zeros say nothing.
pub(super) fn numbers(text: &str, separators: &[char]) -> Option<Numbers> {
    let mut parts = text
        .split(separators)
        .map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if digits {
                part.parse::<u128>().ok()
            } else {
                None
            }
        })
        .collect::<Option<Vec<_>>>()?;
    while parts.len() > 1 && parts.last() == Some(&0) {
        parts.pop();
    }
    Some(Numbers(parts))
}

const WORDS_FOR_DOWN: [&str; 6] = ["down", "downgrade", "downs", "revert", "rollback", "undo"];

/// Whether a file's name can only mean the way down: `x.down.sql`, `down.sql`, `rollback/x.sql`.
pub(super) fn is_down(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let (dir, name) = key.rsplit_once('/').unwrap_or(("", &key));
    let stem = name.strip_suffix(".sql").unwrap_or(name);
    let last = stem.rsplit('.').next().unwrap_or(stem);
    WORDS_FOR_DOWN.contains(&last) || dir.split('/').any(|part| WORDS_FOR_DOWN.contains(&part))
}

/// Whether a name ends in such a word: `1_users_down.sql`. It may as well be a description
/// (`5_add_rollback.sql`), so that it needs a second file of its number to be taken for the way down.
pub(super) fn may_be_down(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let stem = key.strip_suffix(".sql").unwrap_or(&key);
    stem.rsplit(['_', '-', ' '])
        .next()
        .is_some_and(|last| WORDS_FOR_DOWN.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        let read = |text| numbers(text, &['.', '_']).unwrap();
        assert!(read("1.10") > read("1.9"));
        assert!(read("2") < read("10"));
        assert_eq!(read("1.0"), read("1"));
        assert_eq!(read("1_2"), read("1.2"));
        assert_eq!(numbers("1.x", &['.']), None);
        assert_eq!(numbers("", &['.']), None);
    }

    #[test]
    fn a_leading_number_may_have_twenty_digits() {
        let name = "20150100000001000000_networks";
        assert_eq!(leading_number(name).unwrap().1, 20_150_100_000_001_000_000);
        assert_eq!(leading_number("abc"), None);
    }

    #[test]
    fn down_files_are_known_by_their_last_word_or_folder() {
        for key in [
            "1_a.down.sql",
            "x/down.sql",
            "rollback/1.sql",
            "1.ROLLBACK.sql",
        ] {
            assert!(is_down(key), "{key}");
        }
        for key in [
            "1_a.up.sql",
            "1_shutdown.sql",
            "1_down_payment.sql",
            "up.sql",
            "1_down.sql",
        ] {
            assert!(!is_down(key), "{key}");
        }
        assert!(may_be_down("1_a_down.sql") && may_be_down("1-rollback.sql"));
        assert!(!may_be_down("1_shutdown.sql") && !may_be_down("1_down_payment.sql"));
    }
}
