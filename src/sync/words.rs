//! SQL in the words of one engine.

use crate::model::{Dialect, Ident, Name, Span};
use crate::sql::token::{Token, TokenKind, tokenize};

/// Writes SQL for one engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    pub(crate) dialect: Dialect,
}

impl Words {
    pub(crate) fn id(self, ident: &Ident) -> String {
        ident.sql(self.dialect)
    }

    pub(crate) fn name(self, name: &Name) -> String {
        name.sql(self.dialect)
    }

    /// Columns in parentheses.
    pub(crate) fn list(self, columns: &[Ident]) -> String {
        let columns: Vec<_> = columns.iter().map(|column| self.id(column)).collect();
        format!("({})", columns.join(", "))
    }

    /// Whether two values differ, where NULL is a value like any other.
    pub(crate) fn differs(self, one: &str, other: &str) -> String {
        let other = operand(other);
        match self.dialect {
            Dialect::Postgres => format!("{one} IS DISTINCT FROM {other}"),
            Dialect::Mysql => format!("NOT ({one} <=> {other})"),
            Dialect::Sqlite => format!("{one} IS NOT {other}"),
        }
    }

    /// Whether two values are the same, where NULL is a value like any other.
    pub(crate) fn same(self, one: &str, other: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{one} IS NOT DISTINCT FROM {other}"),
            Dialect::Mysql => format!("{one} <=> {other}"),
            Dialect::Sqlite => format!("{one} IS {other}"),
        }
    }

    /// Whether two values differ in a single byte, whatever their collation takes for the same.
    pub(crate) fn differs_exactly(self, one: &str, other: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("{} COLLATE BINARY", self.differs(one, other)),
            Dialect::Postgres | Dialect::Mysql => {
                self.differs(&self.bytes(one), &self.bytes(other))
            }
        }
    }

    /// Whether two values are the same to the last byte.
    pub(crate) fn same_exactly(self, one: &str, other: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("{} COLLATE BINARY", self.same(one, other)),
            Dialect::Postgres | Dialect::Mysql => self.same(&self.bytes(one), &self.bytes(other)),
        }
    }

    fn bytes(self, value: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("(CAST({value} AS text) COLLATE \"C\")"),
            Dialect::Mysql => format!("CAST({value} AS BINARY)"),
            Dialect::Sqlite => value.to_owned(),
        }
    }

    /// The statement that alters a table, in this way.
    pub(crate) fn alter(self, table: &Name, clause: &str) -> String {
        format!("ALTER TABLE {} {clause};", self.name(table))
    }

    /// The same, with the demand that it be done while applications read and write.
    pub(crate) fn alter_online(self, table: &Name, clause: &str) -> String {
        match self.dialect {
            Dialect::Mysql => self.alter(table, &format!("{clause}, ALGORITHM=INPLACE, LOCK=NONE")),
            Dialect::Postgres | Dialect::Sqlite => self.alter(table, clause),
        }
    }

    /// A new index, built while applications read and write.
    pub(crate) fn create_index(self, unique: bool, name: &Ident, on: &str) -> String {
        let unique = if unique { "UNIQUE " } else { "" };
        let name = self.id(name);
        match self.dialect {
            Dialect::Postgres => format!("CREATE {unique}INDEX CONCURRENTLY {name} ON {on};"),
            Dialect::Mysql => {
                format!("CREATE {unique}INDEX {name} ON {on} ALGORITHM=INPLACE LOCK=NONE;")
            }
            Dialect::Sqlite => format!("CREATE {unique}INDEX {name} ON {on};"),
        }
    }

    pub(crate) fn drop_index(self, name: &Ident, table: &Name) -> String {
        let name = table.sibling(name.clone());
        match self.dialect {
            Dialect::Postgres => format!("DROP INDEX CONCURRENTLY {};", self.name(&name)),
            Dialect::Mysql => self.alter(table, &format!("DROP INDEX {}", self.id(&name.name))),
            Dialect::Sqlite => format!("DROP INDEX {};", self.name(&name)),
        }
    }

    /// An update of the rows that a condition finds.
    pub(crate) fn update(self, table: &Name, sets: &str, condition: &str) -> String {
        const LONGEST: usize = 100;
        let table = self.name(table);
        let line = format!("UPDATE {table} SET {sets} WHERE {condition};");
        if line.len() <= LONGEST {
            line
        } else {
            format!("UPDATE {table}\nSET {sets}\nWHERE {condition};")
        }
    }

    /// An expression with other words in the place of the columns that it names.
    pub(crate) fn with_columns(
        self,
        text: &str,
        word: impl Fn(&Ident) -> Option<String>,
    ) -> String {
        let whole = Span::new(0, text.len());
        let tokens: Vec<Token> = tokenize(text, whole, self.dialect).collect();
        let solid = |token: &&Token| !token.kind.is_trivia();
        let mut out = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let written = token.span.of(text);
            let before = tokens[..at]
                .iter()
                .rev()
                .find(solid)
                .map(|token| token.kind);
            let after = tokens[at + 1..].iter().find(solid).map(|token| token.kind);
            let is_column = before != Some(TokenKind::Dot)
                && !matches!(after, Some(TokenKind::Dot | TokenKind::LeftParen));
            let ident = match token.kind {
                TokenKind::Word => Some(Ident::new(written, false, self.dialect)),
                TokenKind::QuotedIdent => {
                    let inner = &written[1..written.len() - 1];
                    Some(Ident::new(inner, true, self.dialect))
                }
                _ => None,
            };
            let other = ident.filter(|_| is_column).and_then(|ident| word(&ident));
            out.push_str(other.as_deref().unwrap_or(written));
        }
        out
    }

    /// An expression over the columns of `NEW`.
    pub(crate) fn of_new(self, text: &str, columns: &[Ident]) -> String {
        self.with_columns(text, |ident| {
            let known = columns.contains(ident);
            known.then(|| format!("NEW.{}", self.id(ident)))
        })
    }
}

/// An expression beside an operator: in parentheses, unless it is one name or has its own.
fn operand(text: &str) -> String {
    let is_name = text
        .chars()
        .all(|c| c.is_alphanumeric() || "_.\"`".contains(c));
    let starts_a_call = |open: usize| {
        text[..open]
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_')
    };
    let is_call = text.find('(').is_some_and(starts_a_call) && closes_at_the_end(text);
    if is_name || is_call {
        text.to_owned()
    } else {
        format!("({text})")
    }
}

/// Whether the first parenthesis is closed by the last character.
fn closes_at_the_end(text: &str) -> bool {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth <= 1 => return at + 1 == text.len(),
            ')' => depth -= 1,
            _ => {}
        }
    }
    false
}

/// A name of our own making that is no longer than every engine takes, with room for an ending.
pub(crate) fn short(name: &str) -> String {
    const LONGEST: usize = 50;
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].trim_end_matches('_').to_owned()
}

/// Each statement on a line of its own, so many blanks from the margin.
pub(crate) fn indented(statements: &[String], blanks: usize) -> String {
    let mut text = String::new();
    for statement in statements {
        text.push_str(&" ".repeat(blanks));
        text.push_str(statement);
        text.push('\n');
    }
    text
}

/// A part of a file's name: only letters, digits and underscores.
pub(crate) fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    short(&words.join("_").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_as_words_and_never_inside_of_others() {
        let words = Words {
            dialect: Dialect::Postgres,
        };
        let columns = [Ident::folded("name"), Ident::folded("a b")];
        let cases = [
            ("name", "NEW.name"),
            ("lower(Name) || username", "lower(NEW.name) || username"),
            ("'name' || \"a b\"", "'name' || NEW.\"a b\""),
            ("name(1) + users.name", "name(1) + users.name"),
            ("name -- name\n", "NEW.name -- name\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(words.of_new(text, &columns), expected, "{text}");
        }
    }

    #[test]
    fn an_operand_stands_in_parentheses_unless_it_is_one_thing() {
        let cases = [
            ("NEW.name", "NEW.name"),
            ("CAST(a AS text)", "CAST(a AS text)"),
            ("(a OR b)", "(a OR b)"),
            ("f(a) || g(b)", "(f(a) || g(b))"),
            ("a OR b", "(a OR b)"),
            ("'a'", "('a')"),
        ];
        for (text, expected) in cases {
            assert_eq!(operand(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_of_our_own_leaves_room_for_an_ending() {
        let long = "a_".repeat(40);
        assert!(short(&long).len() <= 50);
        assert_eq!(slug("auth.Users (name)"), "auth_users_name");
    }
}
