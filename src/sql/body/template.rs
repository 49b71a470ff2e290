//! SQL that is put together at run time: what of it the file tells.

use crate::model::{Dialect, Name};

/// The longest text that is followed, in bytes.
const LEN_LIMIT: usize = 1 << 17;

/// The most pieces that a text is followed with.
const PIECES_LIMIT: usize = 1 << 10;

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
    /// It may be anything.
    Unknown(String),
}

impl Piece {
    /// In bytes.
    fn len(&self) -> usize {
        let (Self::Text(text) | Self::Name(text) | Self::Value(text) | Self::Unknown(text)) = self;
        text.len()
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

    /// This text as an identifier, quoted where it must be.
    pub(super) fn as_name(&self, dialect: Dialect) -> Self {
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
        let labels = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) | Piece::Name(text) | Piece::Value(text) | Piece::Unknown(text) => {
                text.as_str()
            }
        });
        label(&labels.collect::<String>())
    }

    /// SQL of the same structure, in which `<expression>` stands for each name or value that is not known.
    /// Or else the expression that may make any structure of it.
    pub(super) fn sql(&self, dialect: Dialect) -> Result<String, String> {
        let mut sql = Sql {
            text: String::new(),
            quote: None,
            name_open: false,
            name_quote: if dialect == Dialect::Mysql { '`' } else { '"' },
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
                Piece::Unknown(label) if sql.quote.is_some() => sql.push_hole(label),
                Piece::Unknown(label) => return Err(label.clone()),
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
    name_quote: char,
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

    /// A name that is not known, with the letters around it: `idx_%I_key` is one name.
    fn push_name(&mut self, label: &str) {
        if self.quote.is_none() && !self.name_open {
            let start = self.text.trim_end_matches(is_name).len();
            self.text.insert(start, self.name_quote);
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
            self.text.push(self.name_quote);
        }
    }
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
