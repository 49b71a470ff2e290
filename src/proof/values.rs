//! Values for the parameters of a statement, so that it can be run on generated rows.
//!
//! A parameter stands for a value of the column that it is written to or compared with; which one that is, the words
//! around it tell. Where they tell nothing it is a `'1'`, which most types take.

use std::collections::BTreeMap;

use super::catalog::{Catalog, Relation};
use super::rows::{Generator, Variant};
use crate::model::{Dialect, Span};
use crate::sql::token::{Token, TokenKind, tokenize};

/// How far around a parameter its column is looked for, in tokens.
const NEAR: usize = 12;

/// Which values a statement is run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// One row's.
    Of(Variant),
    /// Those of a row, and then once more with another key and all else the same.
    Twice(Variant, Variant),
}

/// The statement with values in the place of its parameters. The same parameter has the same value everywhere.
pub(super) fn filled(sql: &str, dialect: Dialect, catalog: &Catalog, values: Values) -> String {
    match values {
        Values::Of(variant) => once(sql, dialect, catalog, (variant, variant)),
        Values::Twice(one, other) => {
            let first = once(sql, dialect, catalog, (one, one));
            let second = once(sql, dialect, catalog, (other, one));
            format!("{first};\n{second}")
        }
    }
}

/// `variants` are for columns of a key, and for the others.
fn once(sql: &str, dialect: Dialect, catalog: &Catalog, variants: (Variant, Variant)) -> String {
    let tokens: Vec<_> = tokenize(sql, Span::new(0, sql.len()), dialect)
        .filter(|token| !token.kind.is_trivia())
        .collect();
    let statement = Statement {
        sql,
        tokens: &tokens,
        relations: named(sql, &tokens, catalog),
        generator: Generator::new(dialect, catalog),
        variants,
    };
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let mut out = String::with_capacity(sql.len());
    let mut copied = 0;
    for (at, token) in tokens.iter().enumerate() {
        let name = token.span.of(sql);
        // `@@name` is a variable of the server's.
        if token.kind != TokenKind::Placeholder || name.starts_with("@@") {
            continue;
        }
        let value = match known.get(name).filter(|_| name != "?") {
            Some(value) => value.clone(),
            None => statement.value(at),
        };
        out.push_str(&sql[copied..token.span.start]);
        out.push_str(&value);
        copied = token.span.end;
        known.insert(name, value);
    }
    out.push_str(&sql[copied..]);
    out
}

/// The tables that the words of a statement name.
fn named<'c>(sql: &str, tokens: &[Token], catalog: &'c Catalog) -> Vec<&'c Relation> {
    let words: Vec<String> = tokens.iter().filter_map(|token| word(sql, token)).collect();
    let relations = catalog.relations.values();
    relations
        .filter(|relation| {
            let name = relation.name.rsplit('.').next().unwrap_or(&relation.name);
            words.contains(&name.trim_matches('"').to_lowercase())
        })
        .collect()
}

/// The names of the catalog's tables that the words of a statement name.
pub fn tables_of<'c>(
    sql: &str,
    dialect: Dialect,
    catalog: &'c Catalog,
) -> impl Iterator<Item = &'c str> {
    let tokens: Vec<_> = tokenize(sql, Span::new(0, sql.len()), dialect).collect();
    let relations = named(sql, &tokens, catalog).into_iter();
    relations.map(|relation| relation.name.as_str())
}

/// A name or a keyword, without quotes and in lower case.
fn word(sql: &str, token: &Token) -> Option<String> {
    let text = token.span.of(sql);
    match token.kind {
        TokenKind::Word => Some(text.to_lowercase()),
        TokenKind::QuotedIdent => Some(text.trim_matches(['"', '`', '[', ']']).to_lowercase()),
        _ => None,
    }
}

struct Statement<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    relations: Vec<&'a Relation>,
    generator: Generator<'a>,
    variants: (Variant, Variant),
}

impl Statement<'_> {
    fn word(&self, at: usize) -> Option<String> {
        word(self.sql, self.tokens.get(at)?)
    }

    /// The value for the parameter at this token.
    fn value(&self, at: usize) -> String {
        let before = at.checked_sub(1).and_then(|before| self.word(before));
        if matches!(
            before.as_deref(),
            Some("limit" | "offset" | "first" | "next")
        ) {
            return "1".to_owned();
        }
        let column = self.inserted(at).or_else(|| self.beside(at));
        let value = column.map_or_else(
            || "'1'".to_owned(),
            |(relation, name)| {
                let (of_keys, of_others) = self.variants;
                let mut keys = relation.keys.iter();
                let is_key = keys.any(|key| key.columns.contains(&name));
                let variant = if is_key { of_keys } else { of_others };
                self.generator.value(relation, &name, variant)
            },
        );
        if self.is_list(at) {
            return format!("ARRAY[{value}]");
        }
        value
    }

    /// Whether a whole array is meant: `= ANY($1)`, `unnest($1)`.
    fn is_list(&self, at: usize) -> bool {
        let opened = at
            .checked_sub(1)
            .is_some_and(|before| self.tokens[before].kind == TokenKind::LeftParen);
        let called = at.checked_sub(2).and_then(|before| self.word(before));
        opened && matches!(called.as_deref(), Some("any" | "all" | "unnest"))
    }

    /// The column of a table that is named so.
    fn column(&self, name: &str) -> Option<(&Relation, String)> {
        self.relations.iter().find_map(|relation| {
            let mut names = relation.columns.keys();
            let found = names.find(|column| column.to_lowercase() == name)?;
            Some((*relation, found.clone()))
        })
    }

    /// `INSERT INTO t (a, b) VALUES ($1, $2)`: the column at the parameter's place in its row.
    fn inserted(&self, at: usize) -> Option<(&Relation, String)> {
        let into = self.find(0, "into")?;
        let values = self.find(into, "values").filter(|values| *values < at)?;
        let opened = self.after(into, TokenKind::LeftParen)?;
        let mut columns = Vec::new();
        let mut next = opened + 1;
        while next < values && self.tokens[next].kind != TokenKind::RightParen {
            columns.extend(self.word(next));
            next += 1;
        }
        let mut depth = 0_usize;
        let mut place = 0;
        for token in &self.tokens[values + 1..at] {
            match token.kind {
                TokenKind::LeftParen => {
                    depth += 1;
                    if depth == 1 {
                        place = 0;
                    }
                }
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                TokenKind::Comma if depth == 1 => place += 1,
                _ => {}
            }
        }
        // Behind the rows stands something else: `ON CONFLICT … DO UPDATE SET a = $3`.
        let name = columns.get(place).filter(|_| depth > 0)?;
        self.column(name)
    }

    /// The nearest name of a column: before the parameter, as in `a = $1`, or else behind it.
    fn beside(&self, at: usize) -> Option<(&Relation, String)> {
        let before = (at.saturating_sub(NEAR)..at).rev();
        let behind = at + 1..(at + 4).min(self.tokens.len());
        before
            .chain(behind)
            .find_map(|near| self.column(&self.word(near)?))
    }

    fn find(&self, from: usize, wanted: &str) -> Option<usize> {
        (from..self.tokens.len()).find(|at| self.word(*at).as_deref() == Some(wanted))
    }

    fn after(&self, from: usize, kind: TokenKind) -> Option<usize> {
        (from..self.tokens.len()).find(|at| self.tokens[*at].kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let lines = [
            r#"{"row":"relation","kind":"table","name":"users"}"#,
            r#"{"row":"part","part":"column","of":"users","name":"id","type":"integer","not_null":true}"#,
            r#"{"row":"part","part":"column","of":"users","name":"email","type":"character varying(20)"}"#,
            r#"{"row":"part","part":"column","of":"users","name":"born","type":"date"}"#,
        ];
        Catalog::from_lines(&lines.join("\n")).unwrap()
    }

    #[test]
    fn a_parameter_gets_a_value_of_the_column_that_it_stands_for() {
        let catalog = catalog();
        let cases = [
            ("SELECT 1", "SELECT 1"),
            (
                "SELECT * FROM users WHERE id = $1 LIMIT $2",
                "SELECT * FROM users WHERE id = 100 LIMIT 1",
            ),
            (
                "SELECT * FROM users WHERE born BETWEEN $1 AND $2",
                "SELECT * FROM users WHERE born BETWEEN '2020-01-01' AND '2020-01-01'",
            ),
            (
                "INSERT INTO users (born, id) VALUES (date_trunc('day', $2), $1), ($2, 7)",
                "INSERT INTO users (born, id) VALUES (date_trunc('day', '2020-01-01'), 100), ('2020-01-01', 7)",
            ),
            (
                "UPDATE users SET born = $1 WHERE $2 = id",
                "UPDATE users SET born = '2020-01-01' WHERE '2020-01-01' = id",
            ),
            (
                "SELECT * FROM users WHERE id = ANY($1)",
                "SELECT * FROM users WHERE id = ANY(ARRAY[100])",
            ),
            ("SELECT $1::text", "SELECT '1'::text"),
        ];
        for (sql, expected) in cases {
            let text = filled(
                sql,
                Dialect::Postgres,
                &catalog,
                Values::Of(Variant::Plain(0)),
            );
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn the_parameters_of_each_library_are_found() {
        let catalog = catalog();
        for (dialect, parameter) in [
            (Dialect::Mysql, "?"),
            (Dialect::Sqlite, "?1"),
            (Dialect::Sqlite, ":id"),
            (Dialect::Sqlite, "@id"),
        ] {
            let sql = format!("DELETE FROM users WHERE id = {parameter}");
            let text = filled(&sql, dialect, &catalog, Values::Of(Variant::Plain(0)));
            assert_eq!(text, "DELETE FROM users WHERE id = 100", "{parameter}");
        }
    }
}
