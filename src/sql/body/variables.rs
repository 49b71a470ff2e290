//! The variables of a body or a file.

use std::borrow::Cow;
use std::collections::HashMap;

use super::catalog::Columns;
use super::evaluate::ALTERNATIVES_LIMIT;
use super::template::Template;
use crate::model::Span;
use crate::sql::cursor::Tokens;

/// Variables, and what they may hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// Everything that is ever assigned, by the variable's name in lower case.
    assigned: HashMap<String, Vec<Assigned>>,
    /// What was assigned on the straight way here: it alone counts.
    fresh: HashMap<String, Assigned>,
    /// All assignments are known: no more are noted but as the last one.
    complete: bool,
    /// The variable of the innermost loop over an array.
    element: Option<String>,
    /// The variables with a declared type, and whether each declaration of that name is of a whole number.
    integers: HashMap<String, bool>,
}

/// What a variable is given.
#[derive(Clone, Debug)]
pub(super) enum Assigned {
    /// The value of the expression at this place of the text.
    Expression(Span),
    /// The value of the expression at this place of the text, which is a part of a query of the catalog.
    Named(Span),
    /// A row of a query of the catalog.
    Row(Columns),
    /// One of these.
    Texts(Vec<Template>),
    /// Something that the text does not tell.
    Unknown,
}

impl Variables {
    /// Notes an assignment.
    pub(super) fn assign(&mut self, variable: &str, value: Assigned) {
        let variable = variable.to_ascii_lowercase();
        if !self.complete {
            let all = self.assigned.entry(variable.clone()).or_default();
            // One more than the limit says that there are too many.
            if all.len() <= ALTERNATIVES_LIMIT {
                all.push(value.clone());
            }
        }
        self.fresh.insert(variable, value);
    }

    /// Notes a declaration.
    pub(super) fn declare(&mut self, variable: &str, integer: bool) {
        let all = self.integers.entry(variable.to_ascii_lowercase());
        *all.or_insert(true) &= integer;
    }

    /// Whether the variable can hold nothing but whole numbers.
    pub(super) fn is_integer(&self, variable: &str) -> bool {
        self.integers
            .get(&variable.to_ascii_lowercase())
            .is_some_and(|integer| *integer)
    }

    /// Ways part or meet here: any earlier assignment may have been the last one.
    pub(super) fn forget_order(&mut self) {
        self.fresh.clear();
    }

    /// Any assignment to this variable may have been the last one.
    pub(super) fn forget_last(&mut self, variable: &str) {
        self.fresh.remove(&variable.to_ascii_lowercase());
    }

    /// Whether the last assignment to this variable is known.
    pub(super) fn is_fresh(&self, variable: &str) -> bool {
        self.fresh.contains_key(&variable.to_ascii_lowercase())
    }

    /// All assignments that follow on `start` have been noted. From now on only their order is of interest.
    pub(super) fn complete(mut self, start: &Self) -> Self {
        self.complete = true;
        self.fresh.clone_from(&start.fresh);
        self
    }

    /// A loop over an array begins that gives this variable one element after the other; or, with nothing,
    /// the body leaves it.
    pub(super) fn loop_over(&mut self, variable: Option<&str>) {
        self.element = variable.map(str::to_ascii_lowercase);
    }

    /// The same variables, once for each element of the array that is looped over.
    pub(super) fn for_each_element(&self) -> Vec<Cow<'_, Self>> {
        let assigned = self
            .element
            .as_ref()
            .and_then(|name| Some((name, self.assigned.get(name)?)));
        let Some((name, [Assigned::Texts(elements)])) =
            assigned.map(|(name, values)| (name, values.as_slice()))
        else {
            return vec![Cow::Borrowed(self)];
        };
        let fixed = elements.iter().map(|element| {
            let mut fixed = self.clone();
            let value = Assigned::Texts(vec![element.clone()]);
            fixed.fresh.insert(name.clone(), value);
            fixed.element = None;
            Cow::Owned(fixed)
        });
        fixed.collect()
    }

    /// Whether everything that is assigned to this variable stands at one place, and where.
    pub(super) fn only_expression(&self, variable: &str) -> Option<Span> {
        match self
            .assigned
            .get(&variable.to_ascii_lowercase())?
            .as_slice()
        {
            [Assigned::Expression(span)] => Some(*span),
            _ => None,
        }
    }

    /// The variables of the session (MySQL's `@name`), with the values that `value` makes of them.
    pub(super) fn globals(&self, value: impl Fn(&str) -> Assigned) -> Self {
        let names = self.assigned.keys().filter(|name| name.starts_with('@'));
        Self {
            assigned: names
                .map(|name| (name.clone(), vec![value(name)]))
                .collect(),
            ..Self::default()
        }
    }

    /// Takes over the variables of the session as others left them.
    pub(super) fn take_globals(&mut self, others: &Self) {
        for (name, values) in &others.assigned {
            if name.starts_with('@') {
                self.fresh.remove(name);
                self.assigned.insert(name.clone(), values.clone());
            }
        }
    }

    /// What the variable may have been given last; nothing if it is none, or one that nothing was given.
    pub(super) fn lookup(&self, variable: &str) -> &[Assigned] {
        let variable = variable.to_ascii_lowercase();
        match self.fresh.get(&variable) {
            Some(value) => std::slice::from_ref(value),
            None => self.assigned.get(&variable).map_or(&[], Vec::as_slice),
        }
    }
}

/// Whether a type that only holds whole numbers is written here, and no array of it.
pub(super) fn is_integer_type(tokens: &mut Tokens) -> bool {
    const INTEGERS: &[&str] = &[
        "int",
        "integer",
        "bigint",
        "smallint",
        "int2",
        "int4",
        "int8",
        "tinyint",
        "mediumint",
    ];
    tokens.take_any(INTEGERS).is_some()
        && !tokens.is("array")
        && !tokens.is_operator("[")
        && !tokens.is_operator("%")
        && !tokens.is_operator(".")
}
