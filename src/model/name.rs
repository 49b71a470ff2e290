//! Identifiers as an engine compares them, and as the user wrote them.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::Dialect;

/// One identifier. Two are equal when the engine takes them for the same object.
///
/// PostgreSQL folds an unquoted identifier to lower case and takes a quoted one literally
/// (manual, section 4.1.1). MySQL compares column names without case and table names as the file
/// system does; SQLite compares all names without case: for both, names fold to lower case here and
/// keep the user's spelling for what is printed.
#[derive(Clone, Eq)]
pub struct Ident {
    folded: Box<str>,
    written: Option<Box<str>>,
}

impl Ident {
    /// The identifier that `text` (without its quotes) names in `dialect`.
    pub fn new(text: &str, quoted: bool, dialect: Dialect) -> Self {
        let exact = quoted && dialect == Dialect::Postgres;
        let folded: Box<str> = if exact || !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            text.into()
        } else {
            text.to_ascii_lowercase().into()
        };
        let known_by = match dialect {
            Dialect::Postgres => cut(&folded),
            Dialect::Mysql | Dialect::Sqlite => &folded,
        };
        if known_by.len() < folded.len() {
            return Self {
                folded: known_by.into(),
                written: Some(folded),
            };
        }
        let spelled_otherwise = dialect != Dialect::Postgres && *folded != *text;
        Self {
            folded,
            written: spelled_otherwise.then(|| text.into()),
        }
    }

    /// An identifier of our own making, already in the form that the engine compares.
    pub fn folded(text: &str) -> Self {
        Self {
            folded: text.into(),
            written: None,
        }
    }

    /// Whether a part of the name is put together at run time: `<expression>` stands for it, and it may be any name.
    pub fn is_made_at_run_time(&self) -> bool {
        self.folded.contains('<')
    }

    /// The form that the engine compares.
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// The user's spelling, without quotes.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.folded)
    }

    /// SQL that names this identifier: the user's spelling, quoted only where it must be.
    pub fn sql(&self, dialect: Dialect) -> String {
        let text = self.written();
        let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && (dialect != Dialect::Postgres || !text.bytes().any(|b| b.is_ascii_uppercase()))
            && !is_reserved(&self.folded);
        match (plain, dialect) {
            (true, _) => text.to_owned(),
            (false, Dialect::Mysql) => format!("`{}`", text.replace('`', "``")),
            (false, _) => format!("\"{}\"", text.replace('"', "\"\"")),
        }
    }
}

/// PostgreSQL cuts what is longer than a name can be, and goes on without an error (manual, section 4.1.1).
fn cut(name: &str) -> &str {
    const LONGEST_BYTES: usize = 63;
    let mut end = name.len().min(LONGEST_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// Words that need quotes as a name in at least one engine and are plausible as one.
fn is_reserved(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "all",
        "analyze",
        "and",
        "any",
        "as",
        "asc",
        "between",
        "both",
        "by",
        "case",
        "check",
        "column",
        "condition",
        "constraint",
        "create",
        "cross",
        "cube",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "cursor",
        "database",
        "default",
        "delete",
        "desc",
        "describe",
        "distinct",
        "drop",
        "each",
        "else",
        "end",
        "except",
        "exists",
        "explain",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "function",
        "grant",
        "group",
        "groups",
        "having",
        "if",
        "in",
        "index",
        "inner",
        "insert",
        "interval",
        "into",
        "is",
        "join",
        "key",
        "keys",
        "kill",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "lock",
        "match",
        "natural",
        "not",
        "null",
        "of",
        "offset",
        "on",
        "only",
        "option",
        "or",
        "order",
        "outer",
        "over",
        "partition",
        "placing",
        "primary",
        "range",
        "rank",
        "read",
        "references",
        "release",
        "rename",
        "replace",
        "returning",
        "right",
        "row",
        "rows",
        "schema",
        "select",
        "session_user",
        "set",
        "some",
        "sql",
        "system",
        "table",
        "then",
        "to",
        "trailing",
        "trigger",
        "true",
        "union",
        "unique",
        "update",
        "usage",
        "use",
        "user",
        "using",
        "values",
        "verbose",
        "when",
        "where",
        "window",
        "with",
        "write",
    ];
    WORDS.binary_search(&word).is_ok()
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Hash for Ident {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl PartialOrd for Ident {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ident {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.written())
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written())
    }
}

/// A name that may say which schema (PostgreSQL) or database (MySQL, SQLite) it lies in.
///
/// The default schema is not kept: `public.users` and `main.users` equal `users`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// Schema or database, where it is named and is not the default one.
    pub schema: Option<Ident>,
    /// The object's own name.
    pub name: Ident,
}

impl Name {
    /// Whether its schema or the name itself is put together at run time, so that it may be any name.
    pub fn is_made_at_run_time(&self) -> bool {
        let schema = self.schema.as_ref();
        self.name.is_made_at_run_time() || schema.is_some_and(Ident::is_made_at_run_time)
    }

    /// A name in the default schema.
    pub fn bare(name: Ident) -> Self {
        Self { schema: None, name }
    }

    /// A name in `schema`; the engine's default schema counts as none.
    pub fn qualified(schema: Ident, name: Ident, dialect: Dialect) -> Self {
        let default = match dialect {
            Dialect::Postgres => schema.as_str() == "public",
            Dialect::Sqlite => schema.as_str() == "main",
            Dialect::Mysql => false,
        };
        Self {
            schema: (!default).then_some(schema),
            name,
        }
    }

    /// SQL that names this object, quoted only where it must be.
    pub fn sql(&self, dialect: Dialect) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", schema.sql(dialect), self.name.sql(dialect)),
            None => self.name.sql(dialect),
        }
    }

    /// The same schema with another name in it.
    #[must_use]
    pub fn sibling(&self, name: Ident) -> Self {
        Self {
            schema: self.schema.clone(),
            name,
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_knows_a_name_by_its_first_63_bytes() {
        let name = |text: &str, dialect| Ident::new(text, false, dialect);
        let long = "a".repeat(64);
        assert_eq!(name(&long, Dialect::Postgres), Ident::folded(&long[..63]));
        assert_eq!(name(&long, Dialect::Postgres).written(), long);
        assert_eq!(name(&long, Dialect::Mysql), Ident::folded(&long));
        let split = format!("{}é", "a".repeat(62));
        assert_eq!(name(&split, Dialect::Postgres), Ident::folded(&split[..62]));
    }

    #[test]
    fn identifiers_are_equal_when_the_engine_takes_them_for_one_object() {
        let pg = |text, quoted| Ident::new(text, quoted, Dialect::Postgres);
        assert_eq!(pg("Users", false), pg("users", true));
        assert_ne!(pg("Users", true), pg("users", true));
        let lite = |text, quoted| Ident::new(text, quoted, Dialect::Sqlite);
        assert_eq!(lite("Users", true), lite("users", false));
    }

    #[test]
    fn sql_quotes_only_where_it_must() {
        assert_eq!(
            Ident::new("User", true, Dialect::Postgres).sql(Dialect::Postgres),
            "\"User\""
        );
        assert_eq!(
            Ident::new("Users", true, Dialect::Mysql).sql(Dialect::Mysql),
            "Users"
        );
        assert_eq!(
            Ident::new("order", true, Dialect::Mysql).sql(Dialect::Mysql),
            "`order`"
        );
        assert_eq!(
            Ident::new("a b", true, Dialect::Sqlite).sql(Dialect::Sqlite),
            "\"a b\""
        );
    }

    #[test]
    fn the_default_schema_is_no_difference() {
        let dialect = Dialect::Postgres;
        let ident = |text| Ident::new(text, false, dialect);
        let bare = Name::bare(ident("users"));
        assert_eq!(
            Name::qualified(ident("public"), ident("users"), dialect),
            bare
        );
        assert_ne!(
            Name::qualified(ident("auth"), ident("users"), dialect),
            bare
        );
    }
}
