//! SQLite changes a column's constraints only with a new table: made beside the old one, filled from it, and put in its
//! place, in one transaction.
//!
//! The new table is the text of the old one, changed in one place, so that nothing that no reader of ours knows is
//! lost. Where that text is not certain, or something hangs on the table that would break, it is left to a person.

use super::error::ScaffoldError;
use super::picture::{ColumnText, Picture};
use crate::model::{ConstraintKind, Dialect, Ident, Name, Span};
use crate::schema::Table;
use crate::sql::cursor::Tokens;
use crate::sql::token::{TokenKind, tokenize};
use crate::sync::words::Words;

/// A table in its parts.
#[derive(Clone, Debug)]
pub(super) struct Rebuild {
    table: Name,
    /// Columns and table constraints, as they were written.
    items: Vec<String>,
    /// `WITHOUT ROWID`, `STRICT`.
    tail: String,
    /// The columns that are copied.
    copied: Vec<(Ident, Ident)>,
    /// The indexes that are built again.
    indexes: Vec<String>,
}

impl Rebuild {
    /// The table as the folder's text has made it.
    pub(super) fn of(picture: &Picture, known: &Table) -> Result<Self, ScaffoldError> {
        let name = &known.name;
        let refuse = |why: String| {
            Err(ScaffoldError::Impossible(format!(
                "SQLite can do this only with a new table in the place of `{name}`, and {why}: rebuild it in a contract \
             migration of your own (`new NAME`)"
            )))
        };
        let Some(text) = picture.text_of_table(name).filter(|_| known.complete) else {
            return refuse("the folder does not show the whole of its text".to_owned());
        };
        if let Some(other) = picture
            .schema
            .tables()
            .find(|other| other.name != *name && refers(other, name))
        {
            return refuse(format!("`{}` refers to it", other.name));
        }
        if let Some(view) = picture
            .schema
            .views()
            .find(|view| view.reads.contains(name))
        {
            return refuse(format!("the view `{}` reads it", view.name));
        }
        if let Some(trigger) = picture.schema.triggers_on(name).next() {
            return refuse(format!("the trigger `{}` stands on it", trigger.name));
        }
        let (mut items, tail) = parts(&text.made);
        for change in &text.since {
            match change {
                ColumnText::Added(definition) => items.push(plain(definition)),
                ColumnText::Dropped(column) => {
                    items.retain(|item| first_name(item).as_ref() != Some(column));
                }
            }
        }
        if items
            .iter()
            .any(|item| item.to_ascii_lowercase().contains("autoincrement"))
        {
            return refuse("AUTOINCREMENT would begin anew".to_owned());
        }
        let stored = known
            .columns
            .iter()
            .filter(|column| column.def.generated.is_none());
        let copied = stored.map(|column| (column.def.name.clone(), column.def.name.clone()));
        let indexes = known.indexes.iter().filter_map(|index| {
            let name = index.def.name.as_ref()?;
            let on = picture.text_of_index(name)?;
            Some(
                picture
                    .words()
                    .create_index(index.def.unique, &name.name, &on),
            )
        });
        let (copied, indexes): (Vec<_>, Vec<_>) = (copied.collect(), indexes.collect());
        if indexes.len() < known.indexes.len() {
            return refuse("the folder does not show the text of its indexes".to_owned());
        }
        Ok(Self {
            table: name.clone(),
            items,
            tail,
            copied,
            indexes,
        })
    }

    /// Puts a clause behind the definition of a column.
    pub(super) fn demand(&mut self, column: &Ident, clause: &str) {
        for item in &mut self.items {
            if first_name(item).as_ref() == Some(column) {
                item.push(' ');
                item.push_str(clause);
            }
        }
    }

    /// Adds a table constraint.
    pub(super) fn constrain(&mut self, constraint: String) {
        self.items.push(constraint);
    }

    /// Gives a column another name wherever the table or an index says it; its values are in the column of that name.
    pub(super) fn rename(&mut self, words: Words, old: &Ident, new: &Ident) {
        let other = words.id(new);
        let renamed =
            |text: &str| words.with_columns(text, |ident| (ident == old).then(|| other.clone()));
        self.items = self
            .items
            .iter()
            .map(|item| {
                let abroad = reference(item);
                let (before, after) = (&item[..abroad.start], &item[abroad.end..]);
                format!("{}{}{}", renamed(before), abroad.of(item), renamed(after))
            })
            .collect();
        for (to, from) in &mut self.copied {
            if to == old {
                (*to, *from) = (new.clone(), new.clone());
            }
        }
    }

    /// With these indexes in the place of its own.
    pub(super) fn with_indexes(mut self, indexes: Vec<String>) -> Self {
        self.indexes = indexes;
        self
    }

    /// The statements that put the new table in the place of the old one.
    pub(super) fn statements(&self, words: Words) -> Vec<String> {
        let name = words.name(&self.table);
        let beside = Ident::folded(&format!("{}_rebuilt", self.table.name.as_str()));
        let beside = words.name(&self.table.sibling(beside));
        let list = |columns: &mut dyn Iterator<Item = &Ident>| {
            columns
                .map(|column| words.id(column))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let to = list(&mut self.copied.iter().map(|(to, _)| to));
        let from = list(&mut self.copied.iter().map(|(_, from)| from));
        let tail = if self.tail.is_empty() {
            String::new()
        } else {
            format!(" {}", self.tail)
        };
        let mut statements = vec![
            format!(
                "CREATE TABLE {beside} (\n  {}\n){tail};",
                self.items.join(",\n  ")
            ),
            format!("INSERT INTO {beside} ({to})\n  SELECT {from} FROM {name};"),
            format!("DROP TABLE {name};"),
            format!(
                "ALTER TABLE {beside} RENAME TO {};",
                words.id(&self.table.name)
            ),
        ];
        statements.extend(self.indexes.iter().cloned());
        statements
    }
}

fn refers(table: &Table, name: &Name) -> bool {
    table.constraints.iter().any(|held| {
        matches!(&held.constraint.kind, ConstraintKind::ForeignKey { references, .. } if references.table == *name)
    })
}

/// The items between the outermost parentheses, and what follows them.
fn parts(text: &str) -> (Vec<String>, String) {
    let mut items = vec![String::new()];
    let mut tail = String::new();
    let mut depth = 0_usize;
    let mut closed = false;
    for token in tokenize(text, Span::new(0, text.len()), Dialect::Sqlite) {
        let piece = match token.kind {
            kind if kind.is_trivia() => " ",
            _ => token.span.of(text),
        };
        match token.kind {
            TokenKind::LeftParen => depth += 1,
            TokenKind::RightParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        let opens = token.kind == TokenKind::LeftParen && depth == 1;
        match (closed, depth) {
            (true, _) => tail.push_str(piece),
            (false, 0) if token.kind == TokenKind::RightParen => closed = true,
            (false, 0) => {}
            (false, 1) if opens => {}
            (false, 1) if token.kind == TokenKind::Comma => items.push(String::new()),
            (false, _) => {
                if let Some(item) = items.last_mut() {
                    item.push_str(piece);
                }
            }
        }
    }
    let items = items.iter().map(|item| spaced(item)).collect();
    (items, spaced(tail.trim().trim_end_matches(';')))
}

/// Without comments.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for token in tokenize(text, Span::new(0, text.len()), Dialect::Sqlite) {
        out.push_str(if token.kind.is_trivia() {
            " "
        } else {
            token.span.of(text)
        });
    }
    spaced(out.trim().trim_end_matches(';'))
}

/// One blank between words. A string with several in it is no word of a definition that we know, so it stays.
fn spaced(text: &str) -> String {
    if text.contains('\'') {
        return text.trim().to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `REFERENCES other (column)`, which speaks of the columns of another table; empty at the end where there is none.
fn reference(item: &str) -> Span {
    let mut tokens = Tokens::new(item, Span::new(0, item.len()), Dialect::Sqlite);
    if tokens.seek(&["references"]).is_none() {
        return Span::new(item.len(), item.len());
    }
    let mark = tokens.mark();
    tokens.advance();
    tokens.name();
    tokens.parenthesised();
    tokens.since(mark)
}

/// The column that an item defines.
fn first_name(item: &str) -> Option<Ident> {
    let mut tokens = Tokens::new(item, Span::new(0, item.len()), Dialect::Sqlite);
    let constraint = tokens.is_any(&["constraint", "primary", "unique", "check", "foreign"]);
    match constraint {
        Some(_) => None,
        None => tokens.ident(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_table_keeps_its_name() {
        let words = Words {
            dialect: Dialect::Sqlite,
        };
        let mut rebuild = Rebuild {
            table: Name::bare(Ident::folded("t")),
            items: vec![
                "owner text REFERENCES people (owner) CHECK (owner <> '')".to_owned(),
                "UNIQUE (owner)".to_owned(),
            ],
            tail: String::new(),
            copied: Vec::new(),
            indexes: Vec::new(),
        };
        rebuild.rename(words, &Ident::folded("owner"), &Ident::folded("account"));
        assert_eq!(
            rebuild.items,
            [
                "account text REFERENCES people (owner) CHECK (account <> '')",
                "UNIQUE (account)"
            ]
        );
    }

    #[test]
    fn a_table_is_cut_into_its_items() {
        let text = "CREATE TABLE t (\n  id integer PRIMARY KEY, -- the key\n  a varchar(10, 2) CHECK (a IN (1, 2)) /* x */,\n  \
                    b text DEFAULT 'a,  (b',\n  UNIQUE (a, b)\n) STRICT;";
        let (items, tail) = parts(text);
        assert_eq!(
            items,
            [
                "id integer PRIMARY KEY",
                "a varchar(10, 2) CHECK (a IN (1, 2))",
                "b text DEFAULT 'a,  (b'",
                "UNIQUE (a, b)"
            ]
        );
        assert_eq!(tail, "STRICT");
        let names: Vec<_> = items.iter().map(|item| first_name(item)).collect();
        assert_eq!(
            names,
            [
                Some(Ident::folded("id")),
                Some(Ident::folded("a")),
                Some(Ident::folded("b")),
                None
            ]
        );
    }
}
