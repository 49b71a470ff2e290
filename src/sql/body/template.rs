//! SQL that is put together at run time: what of it the file tells.

use crate::model::{Dialect, Name};

/// The longest text that is followed, in bytes.
const LEN_LIMIT: usize = 1 << 17;

/// The most pieces that a text is followed with.
const PIECES_LIMIT: usize = 1 << 10;

/// What stands for a number that is not known. No type and no limit is narrower, so that none is taken to widen.
const ANY_NUMBER: &str = "1";

/// A text of which some pieces are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

/// A piece of a [`Template`]. What is not known keeps the expression that makes it, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Known.
    Text(String),
    /// An identifier with whatever quotes it needs: `%I`, `quote_ident(…)`.
    Name(String),
    /// A string constant: `%L`, `quote_literal(…)`.
    Value(String),
    /// A part of an identifier: letters, digits and underscores, or nothing at all.
    Part(String),
    /// A whole number without a sign.
    Count(String),
    /// A whole number, perhaps below zero.
    Integer(String),
    /// It may be anything.
    Unknown(String),
}

impl Piece {
    /// In bytes.
    fn len(&self) -> usize {
        self.text().len()
    }

    /// What is known, or the expression that makes what is not.
    fn text(&self) -> &str {
        let (Self::Text(text)
        | Self::Name(text)
        | Self::Value(text)
        | Self::Part(text)
        | Self::Count(text)
        | Self::Integer(text)
        | Self::Unknown(text)) = self;
        text
    }
}

impl Template {
    /// A text that is known.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
        }
    }

    /// A text of which nothing is known but the expression that makes it.
    pub(super) fn unknown(expression: &str) -> Self {
        Self {
            pieces: vec![Piece::Unknown(label(expression))],
        }
    }

    /// A text that is an identifier.
    pub(super) fn name(expression: &str) -> Self {
        Self {
            pieces: vec![Piece::Name(label(expression))],
        }
    }

    /// A text of letters, digits and underscores, or without any.
    pub(super) fn part(expression: &str) -> Self {
        Self {
            pieces: vec![Piece::Part(label(expression))],
        }
    }

    /// The digits of a whole number without a sign.
    pub(super) fn count(expression: &str) -> Self {
        Self {
            pieces: vec![Piece::Count(label(expression))],
        }
    }

    /// The digits of a whole number, behind a sign if it is below zero.
    pub(super) fn integer(expression: &str) -> Self {
        Self {
            pieces: vec![Piece::Integer(label(expression))],
        }
    }

    /// Whether this is one whole number.
    pub(super) fn is_number(&self) -> bool {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => text.bytes().all(|byte| byte.is_ascii_digit()),
            [piece] => matches!(piece, Piece::Count(_) | Piece::Integer(_)),
            _ => false,
        }
    }

    /// This text in another case. Nothing where the case may tell what it is.
    pub(super) fn in_case(&self, change: impl Fn(&str) -> String) -> Option<Self> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(Piece::Text(change(text))),
            Piece::Name(_) | Piece::Part(_) | Piece::Count(_) | Piece::Integer(_) => {
                Some(piece.clone())
            }
            Piece::Value(_) | Piece::Unknown(_) => None,
        });
        Some(Self {
            pieces: pieces.collect::<Option<_>>()?,
        })
    }

    /// This text as an identifier, quoted where it must be.
    pub(super) fn as_name(&self, dialect: Dialect) -> Self {
        if let Some(quoted) = self.between(name_quote(dialect)) {
            return quoted;
        }
        let piece = match self.known() {
            Some(known) => {
                let exact = crate::model::Ident::new(&known, true, dialect);
                Piece::Text(Name::bare(exact).sql(dialect))
            }
            None => Piece::Name(self.label()),
        };
        Self {
            pieces: vec![piece],
        }
    }

    /// A known text with parts of names and numbers in it, between quotes: so the part that is known stays so.
    fn between(&self, quote: &str) -> Option<Self> {
        let fits = |piece: &Piece| match piece {
            Piece::Text(text) => !text.contains(quote),
            Piece::Part(_) | Piece::Count(_) | Piece::Integer(_) => true,
            _ => false,
        };
        let begun = matches!(self.pieces.as_slice(), [Piece::Text(_), _, ..]);
        if self.known().is_some() || !begun || !self.pieces.iter().all(fits) {
            return None;
        }
        let quote = Self::text(quote);
        quote.followed_by(self)?.followed_by(&quote)
    }

    /// This text as a string constant.
    pub(super) fn as_value(&self) -> Self {
        let piece = match self.known() {
            Some(known) => Piece::Text(format!("'{}'", known.replace('\'', "''"))),
            None => Piece::Value(self.label()),
        };
        Self {
            pieces: vec![piece],
        }
    }

    /// This text with another one after it; `None` when that is longer than any statement, as a text is that
    /// was joined to itself again and again.
    pub(super) fn followed_by(&self, other: &Self) -> Option<Self> {
        let pieces = || self.pieces.iter().chain(&other.pieces);
        let short = pieces().count() <= PIECES_LIMIT
            && pieces().map(Piece::len).sum::<usize>() <= LEN_LIMIT;
        short.then(|| Self {
            pieces: pieces().cloned().collect(),
        })
    }

    /// The text, if all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn label(&self) -> String {
        label(&self.pieces.iter().map(Piece::text).collect::<String>())
    }

    /// SQL of the same structure, in which `<expression>` stands for each name or value that is not known.
    /// Or else the expression that may make any structure of it.
    pub(super) fn sql(&self, dialect: Dialect) -> Result<String, String> {
        let mut sql = Sql {
            text: String::new(),
            quote: None,
            name_open: false,
            name_quote: name_quote(dialect),
        };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => sql.push_text(text),
                Piece::Name(label) => sql.push_name(label),
                Piece::Value(label) if sql.quote.is_none() => {
                    sql.close_name();
                    sql.text.push('\'');
                    sql.push_hole(label);
                    sql.text.push('\'');
                }
                // Between quotes the structure stands, whatever comes there.
                Piece::Value(label) => sql.push_hole(label),
                Piece::Part(label) | Piece::Count(label) if sql.is_in_name() => {
                    sql.push_name(label);
                }
                // Whichever number it is, the structure is the same.
                Piece::Count(_) if sql.quote.is_none() => sql.text.push_str(ANY_NUMBER),
                // A sign might begin a comment, or end a name.
                Piece::Integer(_) if sql.is_between_words() => sql.text.push_str(ANY_NUMBER),
                Piece::Part(label)
                | Piece::Count(label)
                | Piece::Integer(label)
                | Piece::Unknown(label) => {
                    if sql.quote.is_none() {
                        // By itself a part may be a number as well as a name or a keyword.
                        return Err(label.clone());
                    }
                    sql.push_hole(label);
                }
            }
        }
        sql.close_name();
        Ok(sql.text)
    }
}

/// SQL as it is written, with the quote that is open at its end.
struct Sql {
    text: String,
    quote: Option<char>,
    /// The last name is one of our own, not closed yet: letters that follow belong to it.
    name_open: bool,
    name_quote: &'static str,
}

impl Sql {
    fn push_text(&mut self, text: &str) {
        for character in text.chars() {
            if self.name_open {
                if is_name(character) {
                    self.text.push(character);
                    continue;
                }
                self.close_name();
            }
            match (self.quote, character) {
                (None, '\'' | '"' | '`') => self.quote = Some(character),
                (Some(open), character) if open == character => self.quote = None,
                _ => {}
            }
            self.text.push(character);
        }
    }

    /// Whether letters that follow belong to a name that has begun.
    fn is_in_name(&self) -> bool {
        let before = self.text.trim_end_matches(is_name);
        let begun = self.text[before.len()..].chars().next();
        let begins_name = |first: char| first.is_alphabetic() || first == '_';
        self.quote.is_none()
            && (self.name_open || begun.is_some_and(begins_name) && !before.ends_with('$'))
    }

    /// Whether what follows begins a word of its own.
    fn is_between_words(&self) -> bool {
        let opens = |last| matches!(last, ' ' | '\n' | '\t' | '(' | ',' | '=' | '<' | '>');
        self.quote.is_none() && !self.name_open && self.text.ends_with(opens)
    }

    /// A name that is not known, with the letters around it: `idx_%I_key` is one name.
    fn push_name(&mut self, label: &str) {
        if self.quote.is_none() && !self.name_open {
            let start = self.text.trim_end_matches(is_name).len();
            self.text.insert_str(start, self.name_quote);
            self.name_open = true;
        }
        self.push_hole(label);
    }

    fn push_hole(&mut self, label: &str) {
        self.text.push('<');
        self.text.push_str(label);
        self.text.push('>');
    }

    fn close_name(&mut self) {
        if std::mem::take(&mut self.name_open) {
            self.text.push_str(self.name_quote);
        }
    }
}

fn name_quote(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Mysql { "`" } else { "\"" }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The expression on one line, without what would end a quote, and not too long for a message.
fn label(expression: &str) -> String {
    const LONGEST: usize = 40;
    let words: Vec<_> = expression.split_whitespace().collect();
    words
        .join(" ")
        .chars()
        .filter(|character| !matches!(character, '\'' | '"' | '`' | '<' | '>' | '\\'))
        .take(LONGEST)
        .collect()
}
