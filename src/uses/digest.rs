//! The digest texts of MySQL and MariaDB, made into statements again.
//!
//! The server keeps a statement without its literals, and shortens lists of them: `VALUES (...) /* , ... */`, `IN (...)`,
//! `?, ...`. Keywords come back in whatever spelling the server's table of them has first (`SQL_TSI_DAY` for `DAY`).

use std::fmt::Write as _;

/// A list of values that was shortened.
const SHORTENED: &str = "(...)";

/// The statement that a digest text stands for: with one row in the place of several, and as many parameters in it as its
/// columns say.
pub(super) fn statement(digest: &str) -> String {
    let plain = digest.replace("/* , ... */", "").replace("?, ...", "?");
    let plain = plain.replace("SQL_TSI_", "");
    let mut out = String::with_capacity(plain.len());
    let mut rest = plain.as_str();
    while let Some(at) = rest.find(SHORTENED) {
        out.push_str(&rest[..at]);
        let marks = vec!["?"; columns_before(&out)].join(", ");
        // Writing to a string cannot fail.
        let _ = write!(out, "({marks})");
        rest = &rest[at + SHORTENED.len()..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// Whether the server may have cut a digest text off: it keeps the tokens of a statement in so many bytes, and stops at the
/// first that finds no room. MySQL says so with an ellipsis, MariaDB with nothing; so a text counts as cut off as soon as the
/// longest name would have found no room behind it.
pub(super) fn is_cut(digest: &str, kept_bytes: usize) -> bool {
    const LONGEST_NAME: usize = 64 * 4 + NAME;
    bytes(digest) + LONGEST_NAME > kept_bytes
}

/// What a token takes, and what a name takes beside its letters.
const TOKEN: usize = 2;
const NAME: usize = 4;

/// How many bytes the tokens of a digest text take, or somewhat more. Names are in backticks, and everything is apart.
fn bytes(digest: &str) -> usize {
    let parts = digest.split('`').enumerate();
    let each = parts.map(|(at, part)| {
        if at % 2 == 1 {
            return NAME + part.len();
        }
        let tokens = part.split_whitespace().map(|token| {
            let is_one = token.len() == 1
                || token
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if is_one { TOKEN } else { 2 * TOKEN }
        });
        tokens.sum()
    });
    each.sum()
}

/// How many values stood in the list behind this text: as many as there are columns before `VALUES` or `IN`.
fn columns_before(text: &str) -> usize {
    let text = text.trim_end();
    // `(a, b) IN ( (...) )` opens a parenthesis more than `(a, b) VALUES (...)`.
    let text = text.strip_suffix('(').map_or(text, str::trim_end);
    let word = ["VALUES", "VALUE", "IN"]
        .iter()
        .find_map(|word| text.strip_suffix(word));
    let Some(columns) = word.and_then(|text| text.trim_end().strip_suffix(')')) else {
        return 1;
    };
    let mut depth = 0_usize;
    let mut commas = 0;
    for byte in columns.bytes().rev() {
        match byte {
            b')' => depth += 1,
            b'(' if depth == 0 => return commas + 1,
            b'(' => depth -= 1,
            b',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_lists_get_as_many_parameters_as_there_are_columns() {
        let cases = [
            (
                "INSERT INTO `users` ( ID , `handle` ) VALUES (...) /* , ... */ ",
                "INSERT INTO `users` ( ID , `handle` ) VALUES (?, ?)",
            ),
            (
                "SELECT ID FROM `users` WHERE ID IN (...) AND `handle` = ? LIMIT ? ",
                "SELECT ID FROM `users` WHERE ID IN (?) AND `handle` = ? LIMIT ?",
            ),
            (
                "SELECT * FROM `users` WHERE ( ID , `handle` ) IN ( (...) /* , ... */ ) ",
                "SELECT * FROM `users` WHERE ( ID , `handle` ) IN ( (?, ?)  )",
            ),
            (
                "INSERT INTO `t` VALUES (...) ON DUPLICATE KEY UPDATE `a` = VALUES ( `a` ) ",
                "INSERT INTO `t` VALUES (?) ON DUPLICATE KEY UPDATE `a` = VALUES ( `a` )",
            ),
            ("CALL `p` (...) ", "CALL `p` (?)"),
            (
                "SELECT DATE_ADD ( NOW ( ) , INTERVAL ? SQL_TSI_DAY ) ",
                "SELECT DATE_ADD ( NOW ( ) , INTERVAL ? DAY )",
            ),
            ("SELECT ?, ... FROM `t` ", "SELECT ? FROM `t`"),
        ];
        for (digest, expected) in cases {
            assert_eq!(statement(digest), expected);
        }
    }

    #[test]
    fn what_fills_the_room_may_have_been_cut_off() {
        let mariadb = format!(
            "SELECT ID FROM `t` WHERE `a` IN (...){}",
            " OR `handle` = `email`".repeat(43)
        );
        let long_name = format!("SELECT `{}` , ...", "a".repeat(1000));
        for (digest, cut) in [
            (mariadb.as_str(), true),
            (long_name.as_str(), true),
            ("SELECT ?, ... ", false),
            ("INSERT INTO `t` VALUES (...) ", false),
            (&mariadb[..500], false),
        ] {
            assert_eq!(is_cut(digest, 1024), cut, "{digest}");
        }
        assert_eq!(
            bytes("SELECT `id` FROM `t` WHERE `id` = ? "),
            2 + 6 + 2 + 5 + 2 + 6 + 2 + 2
        );
    }
}
