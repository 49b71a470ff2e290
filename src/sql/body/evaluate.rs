//! What an expression that makes a text may come to.

use std::cell::Cell;

use super::catalog::{self, Columns};
use super::template::Template;
use super::variables::{Assigned, Variables};
use crate::model::{Dialect, Span};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// More alternatives than this are one unknown text.
pub(super) const ALTERNATIVES_LIMIT: usize = 64;

/// Variables that stand for one another deeper than this are unknown: they may do so in a circle.
const DEPTH_LIMIT: usize = 6;

/// An expression that takes more steps than this is unknown: circles of variables would take for ever.
const STEPS_LIMIT: usize = 2000;

/// The functions that are evaluated here: they make text of text, and nothing else.
pub(super) const FUNCTIONS: &[&str] = &[
    "concat",
    "if",
    "coalesce",
    "ifnull",
    "quote_ident",
    "quote_literal",
    "quote_nullable",
    "quote",
    "format",
    "lower",
    "upper",
    "replace",
    "array_to_string",
    "string_to_array",
    "to_char",
    "md5",
];

/// What the expression at `span` may come to; one unknown text where nobody can tell. `tokens` cover the text that
/// the `variables` point into.
pub(super) fn texts(tokens: &Tokens, span: Span, variables: &Variables) -> Vec<Template> {
    let mut found = Vec::new();
    for variables in &variables.for_each_element() {
        for value in alternatives(tokens, span, variables) {
            if !found.contains(&value) {
                found.push(value);
            }
        }
    }
    found
}

/// What the expressions of the list at `span` may come to, which commas part: once for each element of the array that
/// is looped over.
pub(super) fn lists(tokens: &Tokens, span: Span, variables: &Variables) -> Vec<Vec<Vec<Template>>> {
    let items = items(tokens.part(span));
    let list = |variables: &Variables| {
        let values = items
            .iter()
            .map(|item| alternatives(tokens, *item, variables));
        values.collect()
    };
    let fixed = variables.for_each_element();
    fixed.iter().map(|variables| list(variables)).collect()
}

/// The routine that the whole expression is a call of, and the place of its arguments; nothing if it is evaluated here.
pub(super) fn called(mut tokens: Tokens) -> Option<(String, Span)> {
    let name = tokens.name()?.name;
    let arguments = tokens.parenthesised()?;
    let known = FUNCTIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name.as_str()));
    (tokens.at_end() && !known).then(|| (name.as_str().to_owned(), arguments))
}

/// The variables of the session (MySQL's `@name`), as values that need no text to be read in.
pub(super) fn globals(tokens: &Tokens, variables: &Variables) -> Variables {
    let reading = Reading {
        tokens,
        variables,
        steps: &Cell::new(STEPS_LIMIT),
        in_catalog: false,
    };
    variables.globals(|name| match reading.variable(name, 0) {
        Some(texts) => Assigned::Texts(texts),
        None => Assigned::Unknown,
    })
}

fn alternatives(tokens: &Tokens, span: Span, variables: &Variables) -> Vec<Template> {
    let reading = Reading {
        tokens,
        variables,
        steps: &Cell::new(STEPS_LIMIT),
        in_catalog: false,
    };
    reading.value(span, 0)
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    tokens: &'a Tokens<'a>,
    variables: &'a Variables,
    /// How many steps are left.
    steps: &'a Cell<usize>,
    /// What is no variable is a column of the catalog.
    in_catalog: bool,
}

impl<'a> Reading<'a> {
    fn value(self, span: Span, depth: usize) -> Vec<Template> {
        let mut tokens = self.tokens.part(span);
        match self.sum(&mut tokens, depth) {
            Some(found) if tokens.at_end() && found.len() <= ALTERNATIVES_LIMIT => found,
            _ => self.unknown(span),
        }
    }

    fn unknown(self, span: Span) -> Vec<Template> {
        vec![Template::unknown(span.of(self.tokens.text()))]
    }

    /// Terms joined by `||`.
    fn sum(self, tokens: &mut Tokens<'a>, depth: usize) -> Option<Vec<Template>> {
        let mut found = self.term(tokens, depth)?;
        // In MySQL the same sign means OR.
        while self.tokens.dialect() != Dialect::Mysql && tokens.take_operator("||") {
            let next = self.term(tokens, depth)?;
            found = joined(&found, &next)?;
        }
        Some(found)
    }

    fn term(self, tokens: &mut Tokens<'a>, depth: usize) -> Option<Vec<Template>> {
        let mark = tokens.mark();
        let found = if let Some(found) = self.known_term(tokens, depth) {
            found
        } else {
            // Whatever it is, it ends where the next term begins.
            tokens.reset(mark);
            while !tokens.at_end() && !tokens.is_operator("||") && !tokens.is_kind(TokenKind::Comma)
            {
                tokens.skip();
            }
            self.unknown(tokens.since(mark))
        };
        while tokens.take_operator("::") {
            tokens.name()?;
            tokens.parenthesised();
        }
        Some(found)
    }

    fn known_term(self, tokens: &mut Tokens<'a>, depth: usize) -> Option<Vec<Template>> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        if depth > DEPTH_LIMIT {
            return None;
        }
        let found = if let Some(literal) = tokens.literal() {
            let mut value = literal.value;
            while let Some(more) = tokens.literal() {
                value.push_str(&more.value);
            }
            vec![Template::text(value)]
        } else if let Some(number) = tokens.take_kind(TokenKind::Number) {
            vec![Template::text(number.of(self.tokens.text()))]
        } else if tokens.take_word("null") {
            // No text at all: what it is joined to is none either.
            Vec::new()
        } else if let Some(inside) = tokens.parenthesised() {
            self.group(inside, depth + 1)?
        } else if tokens.is("case") {
            self.case(tokens, depth + 1)?
        } else if let Some(variable) = tokens.take_kind(TokenKind::Placeholder) {
            self.variable(variable.of(self.tokens.text()), depth + 1)?
        } else {
            let mark = tokens.mark();
            tokens.name()?;
            let name = tokens.since(mark).of(self.tokens.text());
            match tokens.parenthesised() {
                Some(arguments) => self.call(name, arguments, depth + 1)?,
                None => self.variable(name, depth + 1)?,
            }
        };
        let ends = tokens.at_end()
            || tokens.is_operator("||")
            || tokens.is_operator("::")
            || tokens.is_kind(TokenKind::Comma);
        ends.then_some(found)
    }

    /// `(expression)` or `(SELECT expression …)`.
    fn group(self, inside: Span, depth: usize) -> Option<Vec<Template>> {
        let mut tokens = self.tokens.part(inside);
        if !tokens.take_word("select") {
            return Some(self.value(inside, depth));
        }
        let mark = tokens.mark();
        while !tokens.at_end() && !tokens.is("from") && !tokens.is_kind(TokenKind::Comma) {
            tokens.skip();
        }
        let item = tokens.since(mark);
        let query = Self {
            in_catalog: catalog::is_queried(self.tokens.part(inside)),
            ..self
        };
        (!tokens.is_kind(TokenKind::Comma)).then(|| query.value(item, depth))
    }

    /// `CASE … THEN a … ELSE b END` comes to one of its results.
    fn case(self, tokens: &mut Tokens<'a>, depth: usize) -> Option<Vec<Template>> {
        tokens.advance();
        let mut nested = 0_usize;
        let mut found = Vec::new();
        let mut result = None;
        loop {
            let word = tokens.is_any(&["case", "when", "then", "else", "end"]);
            if nested == 0
                && matches!(word, Some("when" | "else" | "end"))
                && let Some(mark) = result.take()
            {
                found.extend(self.value(tokens.since(mark), depth));
            }
            tokens.peek()?;
            tokens.skip();
            match word {
                Some("case") => nested += 1,
                Some("end") if nested == 0 => return Some(found),
                Some("end") => nested -= 1,
                Some("then" | "else") if nested == 0 => result = Some(tokens.mark()),
                _ => {}
            }
        }
    }

    /// What the variable may hold. Of a whole number its type tells enough where nothing else does.
    fn variable(self, name: &str, depth: usize) -> Option<Vec<Template>> {
        let found = self.assigned(name, depth);
        if !self.variables.is_integer(name) {
            return found;
        }
        let numbers = found.filter(|found| found.iter().all(Template::is_number));
        Some(numbers.unwrap_or_else(|| vec![Template::integer(name)]))
    }

    fn assigned(self, name: &str, depth: usize) -> Option<Vec<Template>> {
        let mut assigned = self.variables.lookup(name);
        let mut column = None;
        if assigned.is_empty()
            && let Some((row, field)) = name.split_once('.')
        {
            assigned = self.variables.lookup(row);
            column = Some(field);
        }
        if assigned.is_empty() && self.in_catalog && catalog::is_name(name) {
            return Some(vec![Template::name(name)]);
        }
        if assigned.is_empty() || assigned.len() > ALTERNATIVES_LIMIT {
            return None;
        }
        let mut found = Vec::new();
        for value in assigned {
            match value {
                Assigned::Row(columns) => found.extend(self.field(name, columns, column, depth)?),
                // Fields of anything else are not followed.
                _ if column.is_some() => return None,
                Assigned::Expression(span) => found.extend(self.value(*span, depth)),
                Assigned::Named(span) => found.extend(self.named().value(*span, depth)),
                Assigned::Texts(texts) => found.extend(texts.iter().cloned()),
                Assigned::Unknown => return None,
            }
        }
        found.dedup();
        let no_field = column.is_some() && found.is_empty();
        (!no_field && found.len() <= ALTERNATIVES_LIMIT).then_some(found)
    }

    /// The same, in a query of the catalog.
    fn named(self) -> Self {
        Self {
            in_catalog: true,
            ..self
        }
    }

    /// A field of a row of the catalog; without a `column`, the only one.
    fn field(
        self,
        name: &str,
        row: &Columns,
        column: Option<&str>,
        depth: usize,
    ) -> Option<Vec<Template>> {
        let Some(column) = column else {
            let [(_, value)] = row.values.as_slice() else {
                return None;
            };
            return (!row.star).then(|| self.named().value(*value, depth));
        };
        let named = |known: &Option<String>| {
            let known = known.as_ref()?;
            Some(known.eq_ignore_ascii_case(column))
        };
        let asked = row
            .values
            .iter()
            .find(|(known, _)| named(known) == Some(true));
        if let Some((_, value)) = asked {
            return Some(self.named().value(*value, depth));
        }
        if row.star {
            return catalog::is_name(column).then(|| vec![Template::name(name)]);
        }
        // A row that has no such field cannot be the one that is asked for it.
        let all_named = row.values.iter().all(|(known, _)| known.is_some());
        all_named.then(Vec::new)
    }

    fn call(self, function: &str, arguments: Span, depth: usize) -> Option<Vec<Template>> {
        let spans = items(self.tokens.part(arguments));
        let values = || spans.iter().map(|span| self.value(*span, depth));
        match function.to_ascii_lowercase().as_str() {
            "concat" => values().try_fold(vec![Template::default()], |left, right| {
                joined(&left, &right)
            }),
            "if" if spans.len() == 3 => Some(values().skip(1).flatten().collect()),
            "coalesce" | "ifnull" => Some(values().flatten().collect()),
            "lower" if spans.len() == 1 => self.in_case(spans[0], depth, str::to_lowercase),
            "upper" if spans.len() == 1 => self.in_case(spans[0], depth, str::to_uppercase),
            "to_char" if spans.len() == 2 => {
                let pattern = self.constant(spans[1])?;
                let written = format!("{function}({})", arguments.of(self.tokens.text()));
                is_date_pattern(&pattern).then(|| vec![Template::part(&written)])
            }
            "md5" if spans.len() == 1 => {
                let written = format!("{function}({})", arguments.of(self.tokens.text()));
                Some(vec![Template::part(&written)])
            }
            "replace" if spans.len() == 3 => {
                let [from, to] = [self.constant(spans[1])?, self.constant(spans[2])?];
                self.mapped(spans[0], depth, |text| text.replace(&from, &to))
            }
            "array_to_string" if spans.len() == 2 => self.rejoined(&spans, depth),
            "quote_ident" if spans.len() == 1 => Some(
                self.value(spans[0], depth)
                    .iter()
                    .map(|value| value.as_name(self.tokens.dialect()))
                    .collect(),
            ),
            "quote_literal" | "quote_nullable" | "quote" if spans.len() == 1 => Some(
                self.value(spans[0], depth)
                    .iter()
                    .map(Template::as_value)
                    .collect(),
            ),
            "format" if self.tokens.dialect() == Dialect::Postgres => self.format(&spans, depth),
            _ => None,
        }
    }

    /// Each text at `span` in another case.
    fn in_case(
        self,
        span: Span,
        depth: usize,
        change: impl Fn(&str) -> String,
    ) -> Option<Vec<Template>> {
        let values = self.value(span, depth);
        values.iter().map(|value| value.in_case(&change)).collect()
    }

    /// What a function makes of each text at `span`, if all of them are known.
    fn mapped(
        self,
        span: Span,
        depth: usize,
        function: impl Fn(&str) -> String,
    ) -> Option<Vec<Template>> {
        let values = self.value(span, depth);
        let texts = values
            .iter()
            .map(|value| Some(Template::text(function(&value.known()?))));
        texts.collect()
    }

    /// The string constant that is all of `span`.
    fn constant(self, span: Span) -> Option<String> {
        let mut tokens = self.tokens.part(span);
        let literal = tokens.literal()?;
        tokens.at_end().then_some(literal.value)
    }

    /// `array_to_string(string_to_array(text, from), to)`: a list with another separator.
    fn rejoined(self, spans: &[Span], depth: usize) -> Option<Vec<Template>> {
        let mut tokens = self.tokens.part(spans[0]);
        tokens.take_word("string_to_array").then_some(())?;
        let list = items(self.tokens.part(tokens.parenthesised()?));
        let ([text, from], true) = (list.as_slice(), tokens.at_end()) else {
            return None;
        };
        let [from, to] = [self.constant(*from)?, self.constant(spans[1])?];
        self.mapped(*text, depth, |text| text.replace(&from, &to))
    }

    /// PostgreSQL's `format(formatstr, argument, …)`.
    fn format(self, spans: &[Span], depth: usize) -> Option<Vec<Template>> {
        let (first, arguments) = spans.split_first()?;
        let mut found = Vec::new();
        for pattern in self.value(*first, depth) {
            found.extend(self.filled(&pattern.known()?, arguments, depth)?);
        }
        Some(found)
    }

    fn filled(self, pattern: &str, arguments: &[Span], depth: usize) -> Option<Vec<Template>> {
        let mut found = vec![Template::default()];
        let mut next = 0;
        let mut rest = pattern;
        while let Some(at) = rest.find('%') {
            found = joined(&found, &[Template::text(&rest[..at])])?;
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                found = joined(&found, &[Template::text("%")])?;
                rest = after;
                continue;
            }
            // `%[position$][-][width]type`; a width only pads.
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if rest[digits..].starts_with('$') {
                next = rest[..digits].parse::<usize>().ok()?.checked_sub(1)?;
                rest = &rest[digits + 1..];
            }
            rest = rest.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit());
            let values = self.value(*arguments.get(next)?, depth);
            next += 1;
            let written: Vec<_> = match rest.chars().next()? {
                's' if values.is_empty() => vec![Template::default()],
                'L' if values.is_empty() => vec![Template::text("NULL")],
                'I' => values
                    .iter()
                    .map(|value| value.as_name(self.tokens.dialect()))
                    .collect(),
                'L' => values.iter().map(Template::as_value).collect(),
                's' => values,
                _ => return None,
            };
            rest = &rest[1..];
            found = joined(&found, &written)?;
        }
        joined(&found, &[Template::text(rest)])
    }
}

/// Whether a date that `to_char` writes in this pattern is digits and underscores, and nothing else (PostgreSQL
/// manual, "Data Type Formatting Functions"). The pattern of a number has no year.
fn is_date_pattern(pattern: &str) -> bool {
    const DIGITS: &[&str] = &[
        "yyyy", "iyyy", "yy", "mm", "ddd", "dd", "hh24", "hh12", "hh", "mi", "ssss", "ss", "ms",
        "us", "iw", "ww", "q", "_",
    ];
    let pattern = pattern.to_ascii_lowercase();
    let mut rest = pattern.as_str();
    while let Some(after) = DIGITS.iter().find_map(|digits| rest.strip_prefix(digits)) {
        rest = after;
    }
    rest.is_empty() && pattern.contains("yy")
}

/// Each of `left` followed by each of `right`; nothing if there are too many.
fn joined(left: &[Template], right: &[Template]) -> Option<Vec<Template>> {
    if left.len() * right.len() > ALTERNATIVES_LIMIT {
        return None;
    }
    let pairs = left
        .iter()
        .flat_map(|first| right.iter().map(|second| first.followed_by(second)));
    pairs.collect()
}

/// The items of a list that commas part.
pub(super) fn items(mut tokens: Tokens) -> Vec<Span> {
    let mut found = Vec::new();
    while !tokens.at_end() {
        found.push(tokens.item());
        tokens.advance();
    }
    found
}
