//! What would leave the scratch database: it is refused before it is sent.
//!
//! Words are looked for in the whole text of a statement, its strings and comments among them: a block or a prepared
//! statement may send what stands in them. So now and then something harmless is refused, and never the other way round.

use std::collections::BTreeSet;

use crate::model::Dialect;

/// Why a statement may not be sent to a scratch database; `None` if it may. `shared` are the server's other databases
/// where the server is not ours alone.
pub fn reaches_out(
    dialect: Dialect,
    sql: &str,
    understood: bool,
    shared: Option<&BTreeSet<String>>,
) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .filter(|word| !word.is_empty())
        .collect();
    let pair = |firsts: &[&str], seconds: &[&str]| {
        words
            .windows(2)
            .find(|two| firsts.contains(&two[0]) && seconds.contains(&two[1]))
            .map(|two| two.join(" ").to_ascii_uppercase())
    };
    let word = |wanted: &[&str]| {
        let found = words.iter().find(|word| wanted.contains(word));
        found.map(|word| word.to_ascii_uppercase())
    };
    let found = match dialect {
        Dialect::Sqlite => {
            word(&["attach", "load_extension"]).or_else(|| pair(&["vacuum", "main"], &["into"]))
        }
        Dialect::Postgres => postgres(&words, &pair, &word, shared.is_some()),
        Dialect::Mysql => {
            mysql(&lower, &pair, &word, shared).or_else(|| {
                // What is put together at run time may name any database.
                (shared.is_some() && !understood).then(|| "what was not understood".to_owned())
            })
        }
    };
    found.map(|what| {
        let way_out = if shared.is_some() {
            "; without --scratch-url it runs on a throwaway server"
        } else {
            ""
        };
        format!("{what} reaches beyond the scratch database{way_out}")
    })
}

type Pair<'a> = dyn Fn(&[&str], &[&str]) -> Option<String> + 'a;
type Word<'a> = dyn Fn(&[&str]) -> Option<String> + 'a;

const DEFINE: &[&str] = &["create", "alter", "drop", "rename", "replace"];

fn postgres(words: &[&str], pair: &Pair<'_>, word: &Word<'_>, shared: bool) -> Option<String> {
    let copies_out = words.contains(&"copy")
        && (words.contains(&"program") || words.contains(&"to"))
        && words.first() == Some(&"copy");
    let always = word(&[
        "lo_export",
        "pg_file_write",
        "dblink",
        "dblink_exec",
        "dblink_connect",
    ])
    .or_else(|| copies_out.then(|| "COPY to a file or a program".to_owned()))
    .or_else(|| pair(&["from", "to"], &["program"]))
    .or_else(|| pair(&["alter"], &["system"]));
    if always.is_some() || !shared {
        return always;
    }
    let grants_role = matches!(words.first(), Some(&"grant" | &"revoke")) && !words.contains(&"on");
    pair(
        DEFINE,
        &[
            "role",
            "user",
            "group",
            "database",
            "tablespace",
            "subscription",
            "server",
        ],
    )
    .or_else(|| grants_role.then(|| "membership in a role".to_owned()))
    .or_else(|| {
        word(&[
            "pg_terminate_backend",
            "pg_cancel_backend",
            "pg_reload_conf",
        ])
    })
}

fn mysql(
    lower: &str,
    pair: &Pair<'_>,
    word: &Word<'_>,
    shared: Option<&BTreeSet<String>>,
) -> Option<String> {
    let always = word(&["outfile", "dumpfile"]);
    let Some(others) = shared else { return always };
    let names_other = || {
        let plain = lower.replace(['`', '"', ' ', '\t', '\n', '\r'], "");
        let other = others
            .iter()
            .find(|name| plain.contains(&format!("{}.", name.to_ascii_lowercase())))?;
        Some(format!("the database {other}"))
    };
    always
        .or_else(|| pair(DEFINE, &["database", "schema", "user", "role", "server"]))
        .or_else(|| pair(&["set", "reset"], &["global", "persist", "master", "slave"]))
        .or_else(|| {
            word(&[
                // What they send is put together at run time, and may name any database.
                "prepare",
                "execute",
                "use",
                "grant",
                "revoke",
                "shutdown",
                "kill",
                "install",
                "uninstall",
                "flush",
                "purge",
            ])
            .filter(|found| found != "USE" || lower.trim_start().starts_with("use"))
        })
        .or_else(names_other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_scratch_is_refused() {
        let others = BTreeSet::from(["live".to_owned()]);
        let cases = [
            (
                Dialect::Sqlite,
                "ATTACH DATABASE 'live.db' AS live",
                false,
                true,
            ),
            (Dialect::Sqlite, "VACUUM INTO 'live.db'", false, true),
            (Dialect::Sqlite, "CREATE TABLE t (a)", false, false),
            (Dialect::Postgres, "COPY t TO '/tmp/x'", false, true),
            (Dialect::Postgres, "COPY t FROM PROGRAM 'rm x'", false, true),
            (Dialect::Postgres, "CREATE ROLE app", false, false),
            (Dialect::Postgres, "CREATE ROLE app", true, true),
            (
                Dialect::Postgres,
                "DO $$ BEGIN EXECUTE 'DROP ' || 'DATABASE live'; END $$",
                true,
                true,
            ),
            (Dialect::Postgres, "GRANT a TO b", true, true),
            (Dialect::Postgres, "GRANT SELECT ON t TO b", true, false),
            (
                Dialect::Postgres,
                "ALTER SYSTEM SET fsync = off",
                false,
                true,
            ),
            (
                Dialect::Mysql,
                "ALTER TABLE `live` . `t` ADD a int",
                true,
                true,
            ),
            (Dialect::Mysql, "ALTER TABLE t ADD a int", true, false),
            (Dialect::Mysql, "USE live", true, true),
            (Dialect::Mysql, "CREATE USER a", true, true),
            (Dialect::Mysql, "SELECT 1 INTO OUTFILE 'x'", false, true),
        ];
        for (dialect, sql, shared, refused) in cases {
            let said = reaches_out(dialect, sql, true, shared.then_some(&others));
            assert_eq!(said.is_some(), refused, "{sql}: {said:?}");
        }
        let opaque = reaches_out(Dialect::Mysql, "EXECUTE IMMEDIATE @a", false, Some(&others));
        assert!(
            opaque.is_some(),
            "what is put together at run time may name any database"
        );
    }
}
