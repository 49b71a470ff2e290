//! Where the body of a routine, trigger or event begins and ends, so that its semicolons do not split it.
//!
//! Each engine is followed by the rule that its own tools use. psql counts `BEGIN`, `CASE` and `END` in
//! `CREATE FUNCTION` and `CREATE PROCEDURE`; SQLite's `sqlite3_complete` ends a trigger at `; END ;`. MySQL's
//! client leaves it to `DELIMITER`, but runners send routines without it, so its blocks are followed here as
//! its grammar nests them. A transaction's `BEGIN` opens nothing: only the statements named here have a body.

use super::super::token::{Token, TokenKind};
use crate::model::Dialect;

/// One statement's body, as far as it was read.
pub(super) struct Body<'a> {
    dialect: Dialect,
    shape: Shape,
    /// The open blocks, outermost first.
    blocks: Vec<Block>,
    /// Open parentheses; inside of a body, those of the statement that is being read.
    parens: usize,
    /// The first word of the statement inside the body that is being read.
    inner: &'a str,
    previous: Previous<'a>,
    /// Where the outermost block or parenthesis opened.
    opened: usize,
}

/// Which rule a statement follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Only words were read that several kinds of statement begin with.
    Unknown,
    /// It has no body: the next semicolon ends it.
    Plain,
    /// PostgreSQL: `CREATE FUNCTION … BEGIN ATOMIC … END`.
    Atomic,
    /// PostgreSQL: `CREATE RULE … DO (…; …)`.
    Rule,
    /// SQLite: `CREATE TRIGGER`, before its `BEGIN`.
    TriggerHead,
    /// SQLite: after the `BEGIN`.
    TriggerBody,
    /// SQLite: after `; END`, which a semicolon makes the end.
    TriggerEnd,
    /// MySQL: a routine, trigger or event; MariaDB: a compound statement outside of one.
    Compound,
}

/// An open block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// `CASE` in an expression: the next `END` ends it, wherever that stands.
    Expression,
    /// Any other: its `END` stands where a statement would, or after `UNTIL …`.
    Statements,
}

/// The token before.
#[derive(Clone, Copy)]
enum Previous<'a> {
    None,
    Word(&'a str),
    /// The `END` of a block, which the block's own word may follow: `END IF`.
    BlockEnd,
    Semicolon,
    Comma,
    Dot,
    /// A colon: what stands before it is a label.
    Colon,
    RightParen,
    Other,
}

impl<'a> Body<'a> {
    /// Before the first token of a statement.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            shape: Shape::Unknown,
            blocks: Vec::new(),
            parens: 0,
            inner: "",
            previous: Previous::None,
            opened: 0,
        }
    }

    /// Whether a semicolon here belongs to the body.
    pub(super) fn is_open(&self) -> bool {
        match self.shape {
            Shape::Atomic | Shape::Compound => !self.blocks.is_empty(),
            Shape::Rule => self.parens > 0,
            Shape::TriggerBody => true,
            Shape::Unknown | Shape::Plain | Shape::TriggerHead | Shape::TriggerEnd => false,
        }
    }

    /// Whether this is a statement of MySQL that may have a body, open or not.
    pub(super) fn is_compound(&self) -> bool {
        self.shape == Shape::Compound
    }

    /// What is open, and where it was opened.
    pub(super) fn opened(&self) -> Option<(&'static str, usize)> {
        let what = if self.shape == Shape::Rule {
            "parenthesis"
        } else {
            "BEGIN … END body"
        };
        self.is_open().then_some((what, self.opened))
    }

    /// Reads the statement's next significant token.
    pub(super) fn token(&mut self, token: Token, text: &'a str) {
        if self.shape == Shape::Plain {
            return;
        }
        let word = if token.kind == TokenKind::Word {
            token.span.of(text)
        } else {
            ""
        };
        match token.kind {
            TokenKind::LeftParen => {
                if self.parens == 0 && self.shape == Shape::Rule {
                    self.opened = token.span.start;
                }
                self.parens += 1;
            }
            TokenKind::RightParen => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
        let mut closed = false;
        match self.shape {
            Shape::Unknown => self.head(word, token),
            Shape::Atomic => self.atomic(word, token),
            Shape::TriggerHead | Shape::TriggerBody | Shape::TriggerEnd => {
                self.trigger(word, token);
            }
            Shape::Compound => closed = self.compound(word, token),
            Shape::Plain | Shape::Rule => {}
        }
        self.previous = match token.kind {
            TokenKind::Word if closed => Previous::BlockEnd,
            TokenKind::Word => Previous::Word(word),
            TokenKind::Semicolon => Previous::Semicolon,
            TokenKind::Comma => Previous::Comma,
            TokenKind::Dot => Previous::Dot,
            TokenKind::RightParen => Previous::RightParen,
            TokenKind::Operator if token.span.of(text) == ":" => Previous::Colon,
            _ => Previous::Other,
        };
    }

    /// The words that a statement begins with decide which rule it follows.
    fn head(&mut self, word: &str, token: Token) {
        let first = matches!(self.previous, Previous::None);
        self.shape = match self.dialect {
            Dialect::Postgres if first => only(word, &["CREATE"]),
            Dialect::Postgres if any(word, &["FUNCTION", "PROCEDURE"]) => Shape::Atomic,
            Dialect::Postgres if any(word, &["RULE"]) => Shape::Rule,
            Dialect::Postgres => only(word, &["OR", "REPLACE"]),
            Dialect::Sqlite if first => only(word, &["CREATE", "EXPLAIN"]),
            Dialect::Sqlite if any(word, &["TRIGGER"]) => Shape::TriggerHead,
            Dialect::Sqlite => only(word, &["CREATE", "TEMP", "TEMPORARY", "QUERY", "PLAN"]),
            Dialect::Mysql if first && any(word, COMPOUND_STATEMENTS) => {
                self.open(Block::Statements, token);
                Shape::Compound
            }
            Dialect::Mysql if first => only(word, &["CREATE", "ALTER", "BEGIN"]),
            Dialect::Mysql if self.previous.is(&["BEGIN"]) => {
                // `BEGIN NOT ATOMIC`; any other BEGIN out here is a transaction's.
                self.open(Block::Statements, token);
                if any(word, &["NOT"]) {
                    Shape::Compound
                } else {
                    Shape::Plain
                }
            }
            Dialect::Mysql
                if any(
                    word,
                    &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"],
                ) =>
            {
                Shape::Compound
            }
            Dialect::Mysql if any(word, OTHER_OBJECTS) => Shape::Plain,
            // A definer's name and the like.
            Dialect::Mysql => Shape::Unknown,
        };
    }

    fn atomic(&mut self, word: &str, token: Token) {
        if matches!(self.previous, Previous::Dot) || self.previous.is(&["AS"]) {
            return;
        }
        if any(word, &["ATOMIC"]) && self.previous.is(&["BEGIN"]) && self.blocks.is_empty() {
            self.open(Block::Statements, token);
        } else if any(word, &["CASE"]) && !self.blocks.is_empty() {
            self.open(Block::Expression, token);
        } else if any(word, &["END"]) {
            self.blocks.pop();
        }
    }

    fn trigger(&mut self, word: &str, token: Token) {
        self.shape = match self.shape {
            Shape::TriggerHead => {
                // A column may be called begin: `NEW.begin`, `UPDATE OF begin`, `UPDATE OF a, begin`.
                let column = matches!(self.previous, Previous::Dot | Previous::Comma)
                    || self.previous.is(&["OF"]);
                if any(word, &["BEGIN"]) && !column && self.parens == 0 {
                    self.opened = token.span.start;
                    Shape::TriggerBody
                } else {
                    Shape::TriggerHead
                }
            }
            _ if any(word, &["END"]) && matches!(self.previous, Previous::Semicolon) => {
                Shape::TriggerEnd
            }
            _ => Shape::TriggerBody,
        };
    }

    /// Follows MySQL's blocks; tells whether `word` is the `END` of one.
    fn compound(&mut self, word: &'a str, token: Token) -> bool {
        if token.kind == TokenKind::Semicolon {
            // No expression goes on over a semicolon: what is still open was broken, or no expression.
            self.parens = 0;
            while self.blocks.last() == Some(&Block::Expression) {
                self.blocks.pop();
            }
            return false;
        }
        if word.is_empty() || matches!(self.previous, Previous::Dot) {
            return false;
        }
        if matches!(self.previous, Previous::BlockEnd) && any(word, COMPOUND_STATEMENTS) {
            return false;
        }
        let starts = self.starts_statement();
        if starts {
            self.inner = word;
        }
        if any(word, &["END"]) {
            let expression = self.blocks.last() == Some(&Block::Expression);
            // A column may be called end; a block's END stands where a statement would.
            if expression || starts || any(self.inner, &["UNTIL"]) {
                return self.blocks.pop().is_some();
            }
        } else if any(word, &["BEGIN"]) {
            let head = self.blocks.is_empty();
            // `DECLARE … HANDLER FOR … BEGIN` is the one block inside of a statement.
            if head || starts || (any(self.inner, &["DECLARE"]) && self.parens == 0) {
                self.inner = "";
                self.open(Block::Statements, token);
            }
        } else if starts
            && any(word, COMPOUND_STATEMENTS)
            && !(self.blocks.is_empty() && any(word, &["FOR"]))
        {
            self.open(Block::Statements, token);
        } else if any(word, &["CASE"]) {
            self.open(Block::Expression, token);
        }
        false
    }

    /// Whether a statement of MySQL's stored programs may begin at the token that follows `previous`.
    fn starts_statement(&self) -> bool {
        if self.parens > 0 || self.blocks.last() == Some(&Block::Expression) {
            return false;
        }
        if self.blocks.is_empty() {
            // In the head: after the parameters, after a characteristic, after FOR EACH ROW, after an event's DO.
            let characteristic = [
                "ROW",
                "DO",
                "DETERMINISTIC",
                "DATA",
                "SQL",
                "DEFINER",
                "INVOKER",
            ];
            return matches!(self.previous, Previous::RightParen | Previous::Colon)
                || self.previous.is(&characteristic);
        }
        matches!(self.previous, Previous::Semicolon | Previous::Colon)
            || self
                .previous
                .is(&["BEGIN", "ATOMIC", "THEN", "ELSE", "DO", "LOOP", "REPEAT"])
    }

    fn open(&mut self, block: Block, token: Token) {
        if self.blocks.is_empty() {
            self.opened = token.span.start;
        }
        self.blocks.push(block);
    }
}

impl Previous<'_> {
    fn is(self, words: &[&str]) -> bool {
        matches!(self, Previous::Word(word) if any(word, words))
    }
}

/// MySQL's statements that hold statements; `FOR` is MariaDB's.
const COMPOUND_STATEMENTS: &[&str] = &["IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"];

/// What else MySQL and MariaDB create and alter.
const OTHER_OBJECTS: &[&str] = &[
    "TABLE",
    "VIEW",
    "INDEX",
    "DATABASE",
    "SCHEMA",
    "USER",
    "ROLE",
    "SERVER",
    "SEQUENCE",
    "TABLESPACE",
    "LOGFILE",
    "RESOURCE",
    "SPATIAL",
    "INSTANCE",
    "UNIQUE",
    "FULLTEXT",
];

fn any(word: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|expected| word.eq_ignore_ascii_case(expected))
}

/// With one of these words the statement may still be of any shape; with another it is plain.
fn only(word: &str, words: &[&str]) -> Shape {
    if any(word, words) {
        Shape::Unknown
    } else {
        Shape::Plain
    }
}
