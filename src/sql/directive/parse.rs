//! One line of directives: `key=value key="a value" key`.

use super::{Batch, Directive, DirectiveError, Mistake, Pair as Sync, Part, RuleName};
use crate::model::{Dialect, Ident, Name, Phase, Span};
use crate::nearest::nearest;
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// The keys, each with the form of its value.
const KEYS: &[(&str, &str)] = &[
    ("phase", "phase=expand, phase=migrate or phase=contract"),
    ("allow", "allow=RULE or allow=RULE,RULE"),
    ("reason", "reason=\"why\""),
    ("unused-since", "unused-since=VERSION"),
    ("after-cutover", "after-cutover"),
    ("transaction", "transaction=off"),
    ("batch", "batch=ROWS or batch=off"),
    ("key", "key=COLUMN or key=COLUMN,COLUMN"),
    ("check", "check=\"SELECT …\""),
    ("sync", "sync=TABLE.OLD<->TABLE.NEW"),
];

/// The keys, for a message.
pub(super) fn keys() -> String {
    let names: Vec<_> = KEYS
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| *key != "reason")
        .collect();
    names.join(", ")
}

/// Whether this is a key.
pub(super) fn is_key(word: &str) -> bool {
    KEYS.iter().any(|(key, _)| *key == word)
}

/// The end of a message about an unknown key.
pub(super) fn suggestion(word: &str) -> String {
    match nearest(&word.to_ascii_lowercase(), KEYS.iter().map(|(key, _)| *key)) {
        Some(key) => format!("; did you mean `{key}`?"),
        None => format!("; the directives are {}", keys()),
    }
}

/// The directives in `body`, each with the span of its `key=value`.
pub(super) fn line(
    text: &str,
    body: Span,
    dialect: Dialect,
) -> (Vec<(Directive, Span)>, Vec<DirectiveError>) {
    let (pairs, mut errors) = pairs(text, body);
    if pairs.is_empty() && errors.is_empty() {
        errors.push(DirectiveError {
            mistake: Mistake::Empty,
            span: body,
        });
    }
    let reason = pairs.iter().find(|pair| pair.key == "reason");
    // A key that is not known may be the one that the reason was meant for, misspelt: one mistake, one message.
    let has_user = pairs
        .iter()
        .any(|pair| matches!(pair.key, "phase" | "allow") || !is_key(pair.key));
    let mut directives = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        let twice = pairs[..index].iter().any(|earlier| earlier.key == pair.key);
        let read = match KEYS.iter().find(|(key, _)| *key == pair.key) {
            None => Err(Mistake::UnknownKey {
                key: pair.key.to_owned(),
            }),
            Some(_) if twice => Err(Mistake::Twice {
                key: pair.key.to_owned(),
            }),
            Some(("reason", _)) if !has_user => Err(Mistake::LoneReason),
            Some(("reason", expected)) if pair.value.is_none() => Err(Mistake::MissingValue {
                key: "reason",
                expected,
            }),
            Some(("reason", _)) => continue,
            Some((key, expected)) => Reader {
                pair,
                key,
                expected,
                reason,
                dialect,
            }
            .directive(),
        };
        match read {
            Ok(directive) => directives.push((directive, pair.span)),
            Err(mistake) => errors.push(DirectiveError {
                mistake,
                span: pair.span,
            }),
        }
    }
    (directives, errors)
}

/// `key=value`, or a key alone.
struct Pair<'a> {
    key: &'a str,
    value: Option<Value>,
    span: Span,
}

/// A value, its quotes and escapes undone.
struct Value {
    text: String,
    /// What stands between the quotes, if it has any.
    span: Span,
}

fn pairs(text: &str, body: Span) -> (Vec<Pair<'_>>, Vec<DirectiveError>) {
    let mut pairs = Vec::new();
    let mut at = body.start;
    loop {
        let rest = &text[at..body.end];
        at += rest.len() - rest.trim_start().len();
        let rest = &text[at..body.end];
        if rest.is_empty() {
            return (pairs, Vec::new());
        }
        let key_length = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let key = &rest[..key_length];
        let Some(value) = rest[key_length..].strip_prefix('=') else {
            pairs.push(Pair {
                key,
                value: None,
                span: Span::new(at, at + key_length),
            });
            at += key_length;
            continue;
        };
        let start = at + key_length + 1;
        let (value, end) = if value.starts_with('"') {
            let Some(quoted) = quoted(value) else {
                let mistake = Mistake::OpenQuote {
                    key: key.to_owned(),
                };
                let span = Span::new(at, body.start + text[body.start..body.end].trim_end().len());
                return (pairs, vec![DirectiveError { mistake, span }]);
            };
            let end = start + quoted.length;
            (
                Value {
                    text: quoted.text,
                    span: Span::new(start + 1, end - 1),
                },
                end,
            )
        } else {
            let length = value.find(char::is_whitespace).unwrap_or(value.len());
            let span = Span::new(start, start + length);
            (
                Value {
                    text: value[..length].to_owned(),
                    span,
                },
                span.end,
            )
        };
        pairs.push(Pair {
            key,
            value: Some(value),
            span: Span::new(at, end),
        });
        at = end;
    }
}

struct Quoted {
    text: String,
    /// Bytes from the opening quote to the closing one, both counted.
    length: usize,
}

/// A value in quotes; `\"` and `\\` stand for the second character.
fn quoted(written: &str) -> Option<Quoted> {
    let mut text = String::new();
    let mut characters = written.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                return Some(Quoted {
                    text,
                    length: at + 1,
                });
            }
            '\\' if matches!(characters.peek(), Some((_, '"' | '\\'))) => {
                text.extend(characters.next().map(|(_, escaped)| escaped));
            }
            other => text.push(other),
        }
    }
    None
}

/// Reads one pair whose key is known.
struct Reader<'a> {
    pair: &'a Pair<'a>,
    key: &'static str,
    /// The form of the value, for messages.
    expected: &'static str,
    reason: Option<&'a Pair<'a>>,
    dialect: Dialect,
}

impl Reader<'_> {
    fn directive(&self) -> Result<Directive, Mistake> {
        if self.key == "after-cutover" {
            return match self.pair.value {
                None => Ok(Directive::AfterCutover),
                Some(_) => Err(Mistake::UnexpectedValue { key: self.key }),
            };
        }
        let value = self.value()?;
        let read = match self.key {
            "phase" => self.with_reason(phase(&value.text), |phase, reason| Directive::Phase {
                phase,
                reason,
            })?,
            "allow" => self.with_reason(rules(value), |rules, reason| Directive::Allow {
                rules,
                reason,
            })?,
            "unused-since" => Some(Directive::UnusedSince {
                version: value.text.clone(),
            }),
            "transaction" => (value.text == "off").then_some(Directive::TransactionOff),
            "batch" => batch(&value.text).map(Directive::Batch),
            "key" => self.columns(&value.text).map(Directive::Key),
            "check" => Some(Directive::Check {
                query: value.text.trim().to_owned(),
            }),
            _ => self.sync(&value.text)?,
        };
        read.ok_or_else(|| Mistake::BadValue {
            key: self.key,
            value: value.text.clone(),
            expected: self.expected,
        })
    }

    fn value(&self) -> Result<&Value, Mistake> {
        let missing = Mistake::MissingValue {
            key: self.key,
            expected: self.expected,
        };
        self.pair
            .value
            .as_ref()
            .filter(|value| !value.text.trim().is_empty())
            .ok_or(missing)
    }

    /// A value that was read, if it was, and the reason that it needs.
    fn with_reason<T>(
        &self,
        value: Option<T>,
        directive: impl FnOnce(T, String) -> Directive,
    ) -> Result<Option<Directive>, Mistake> {
        value
            .map(|value| Ok(directive(value, self.reason()?)))
            .transpose()
    }

    fn reason(&self) -> Result<String, Mistake> {
        let written = self
            .reason
            .and_then(|pair| pair.value.as_ref())
            .map(|value| value.text.trim());
        written
            .filter(|reason| !reason.is_empty())
            .map(str::to_owned)
            .ok_or(Mistake::MissingReason { key: self.key })
    }

    fn columns(&self, list: &str) -> Option<Vec<Ident>> {
        let mut tokens = self.tokens(list);
        let mut columns = vec![tokens.ident()?];
        while tokens.take_kind(TokenKind::Comma).is_some() {
            columns.push(tokens.ident()?);
        }
        tokens.at_end().then_some(columns)
    }

    /// `TABLE.OLD<->TABLE.NEW`, each side a list of columns, each with what it is in terms of the other side unless it
    /// is a plain copy.
    fn sync(&self, sides: &str) -> Result<Option<Directive>, Mistake> {
        let sides = sides
            .split_once("<->")
            .and_then(|(old, new)| Some((self.side(old)?, self.side(new)?)));
        let Some(((table, old), (other, new))) = sides else {
            return Ok(None);
        };
        if table != other {
            return Err(Mistake::SyncOfTwoTables {
                old: table.to_string(),
                new: other.to_string(),
            });
        }
        let plain = |parts: &[Part]| matches!(parts, [Part { value: None, .. }]);
        let mut parts = old.iter().chain(&new);
        if !(plain(&old) && plain(&new))
            && let Some(part) = parts.find(|part| part.value.is_none())
        {
            return Err(Mistake::SyncWithoutValue {
                column: part.column.to_string(),
            });
        }
        Ok(Some(Directive::Sync(Box::new(Sync { table, old, new }))))
    }

    /// The columns of one side, and their table, which the first of them names.
    fn side(&self, text: &str) -> Option<(Name, Vec<Part>)> {
        let mut tokens = self.tokens(text);
        let mut table = None;
        let mut parts = Vec::new();
        loop {
            let (own, column) = self.column(&mut tokens)?;
            match (&table, own) {
                (None, own) => table = Some(own?),
                (Some(table), Some(own)) if *table != own => return None,
                _ => {}
            }
            let value = if tokens.take_operator("=") {
                let value = tokens.item().of(text).trim().to_owned();
                Some(value).filter(|value| !value.is_empty())?.into()
            } else {
                None
            };
            parts.push(Part { column, value });
            if tokens.at_end() {
                return Some((table?, parts));
            }
            tokens.take_kind(TokenKind::Comma)?;
        }
    }

    /// `column`, `table.column` or `schema.table.column`.
    fn column(&self, tokens: &mut Tokens<'_>) -> Option<(Option<Name>, Ident)> {
        let mut parts = vec![tokens.ident()?];
        while tokens.take_kind(TokenKind::Dot).is_some() {
            parts.push(tokens.ident()?);
        }
        let column = parts.pop()?;
        let table = match (parts.pop(), parts.pop()) {
            (None, _) => None,
            (Some(name), None) => Some(Name::bare(name)),
            (Some(name), Some(schema)) => Some(Name::qualified(schema, name, self.dialect)),
        };
        parts.is_empty().then_some((table, column))
    }

    fn tokens<'b>(&self, text: &'b str) -> Tokens<'b> {
        Tokens::new(text, Span::new(0, text.len()), self.dialect)
    }
}

fn phase(word: &str) -> Option<Phase> {
    [Phase::Expand, Phase::Migrate, Phase::Contract]
        .into_iter()
        .find(|phase| phase.name() == word)
}

fn rules(value: &Value) -> Option<Vec<RuleName>> {
    let mut start = value.span.start;
    let mut rules = Vec::new();
    for item in value.text.split(',') {
        let rule = item.trim();
        let begin = start + (item.len() - item.trim_start().len());
        rules.push(RuleName {
            rule: rule.to_owned(),
            span: Span::new(begin, begin + rule.len()),
        });
        start += item.len() + 1;
    }
    let plain = |rule: &RuleName| {
        !rule.rule.is_empty()
            && rule
                .rule
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    rules.iter().all(plain).then_some(rules)
}

fn batch(word: &str) -> Option<Batch> {
    match word {
        "off" => Some(Batch::Off),
        rows => rows.parse().ok().map(Batch::Rows),
    }
}
