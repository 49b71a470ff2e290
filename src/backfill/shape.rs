//! Whether a statement that changes rows means the same when it is run in batches, and its parts if it does.

use sqlparser::ast::{
    self, AssignmentTarget, FromTable, JoinOperator, SetExpr, Statement, TableFactor, TableObject,
    TableWithJoins, UpdateTableFromKind,
};
use thiserror::Error;

use super::settle::{self, Set};
use super::survey::Survey;
use crate::model::{Dialect, Ident, Name, Span};
use crate::sql::cursor::Tokens;
use crate::sql::query::{ident, name, tree};

/// Why a statement has to run whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Whole {
    /// It could not be read.
    #[error("it could not be read: {0}")]
    NotRead(String),
    /// `WITH … UPDATE`.
    #[error("it begins with WITH, whose queries would be run anew for each batch")]
    With,
    /// Its rows depend on other rows of the table that it changes.
    #[error(
        "it reads other rows of `{0}`, the table that it changes: a later batch would see what an earlier one has left"
    )]
    ReadsItself(String),
    /// It counts, sums or groups over rows of several batches.
    #[error("{0} takes many rows together, which a batch has only some of")]
    Aggregate(String),
    /// `row_number() OVER …`.
    #[error("{0} is a window over many rows, which a batch has only some of")]
    Window(String),
    /// `SELECT DISTINCT`, `UNION`.
    #[error("{0} compares rows of several batches with one another")]
    Set(&'static str),
    /// `LIMIT`.
    #[error("LIMIT takes some of the rows, and a batch cannot know which")]
    Limit,
    /// `ORDER BY`.
    #[error("ORDER BY gives the rows an order that batches by key do not have")]
    Order,
    /// `SET @n := @n + 1`.
    #[error("the variable {0} carries a value from row to row")]
    Variable(String),
    /// It changes several tables.
    #[error("it changes several tables, or does not say which of those that it joins")]
    ManyTables,
    /// `RIGHT JOIN`, `FULL JOIN`.
    #[error(
        "a RIGHT or FULL JOIN makes rows that have no row of `{0}`, by whose key it would be cut"
    )]
    OuterJoin(String),
    /// A view of its own in FROM.
    #[error("it takes its rows from a subquery, which has no key")]
    Derived,
    /// `MERGE`, `LOAD DATA`, a block, …
    #[error("only UPDATE, DELETE and INSERT … SELECT can be cut")]
    OtherVerb,
}

/// What a statement that may be cut does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Changes rows.
    Update,
    /// Deletes rows.
    Delete,
    /// Copies rows from another table.
    Insert,
}

/// A statement that means the same in batches, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it does.
    pub verb: Verb,
    /// By whose keys it is cut: the table that it changes, or the one that it copies from.
    pub table: Name,
    /// The columns that it sets.
    pub assigned: Vec<Ident>,
    /// The columns that its condition compares with a literal by `=`: with all columns of a key among them it is about
    /// one row.
    pub pinned: Vec<Ident>,
    pub(super) dialect: Dialect,
    /// What the table's columns are qualified with: its alias, or its own name.
    pub(super) qualifier: String,
    /// The table and its alias, as FROM has them.
    pub(super) from: String,
    pub(super) head: String,
    pub(super) condition: Option<String>,
    pub(super) tail: String,
    /// What holds of the rows that it has not reached, where that can be said.
    pub(super) open: Option<String>,
}

/// The parts of a statement that is to be cut.
///
/// # Errors
/// Why it has to run whole.
pub fn recognise(sql: &str, dialect: Dialect) -> Result<Shape, Whole> {
    let statement = tree(sql, dialect).map_err(Whole::NotRead)?;
    if let Some(variable) = variable(sql, dialect) {
        return Err(Whole::Variable(variable));
    }
    match &statement {
        Statement::Update(update) => updated(update, sql, dialect),
        Statement::Delete(delete) => deleted(delete, sql, dialect),
        Statement::Insert(insert) => inserted(insert, sql, dialect),
        Statement::Query(query) if query.with.is_some() => Err(Whole::With),
        _ => Err(Whole::OtherVerb),
    }
}

fn updated(update: &ast::Update, sql: &str, dialect: Dialect) -> Result<Shape, Whole> {
    refuse_order(&update.order_by, update.limit.is_some())?;
    let from: &[TableWithJoins] = match &update.from {
        Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
        None => &[],
    };
    let joined = Joined::of(std::iter::once(&update.table).chain(from), dialect)?;
    let alone = joined.tables.len() == 1;
    let at = match dialect {
        Dialect::Mysql if !alone => joined.only_target(&targets(update)?, dialect)?,
        _ => 0,
    };
    let own = &joined.tables[at];
    own.refuse_itself(&Survey::of(update, dialect), &joined)?;
    let sets: Vec<Set> = update
        .assignments
        .iter()
        .flat_map(|assignment| Set::of(assignment, dialect))
        .collect();
    let selection = update.selection.as_ref();
    let differs = alone
        .then(|| settle::differs(selection, &sets, &own.qualifier(dialect), dialect))
        .flatten();
    let mut shape = shape(Verb::Update, own, selection, sql, dialect)?;
    shape.assigned = sets
        .into_iter()
        .filter(|set| !set.changes_nothing(dialect))
        .map(|set| set.column)
        .collect();
    shape.open = differs.map(|differs| match &shape.condition {
        // The condition may end in a comment.
        Some(condition) => format!("({condition}\n) AND ({differs})"),
        None => differs,
    });
    Ok(shape)
}

fn deleted(delete: &ast::Delete, sql: &str, dialect: Dialect) -> Result<Shape, Whole> {
    refuse_order(&delete.order_by, delete.limit.is_some())?;
    let FromTable::WithFromKeyword(from) = &delete.from else {
        return Err(Whole::OtherVerb);
    };
    let using = delete.using.iter().flatten();
    let joined = Joined::of(from.iter().chain(using), dialect)?;
    let at = match &delete.tables[..] {
        [] if from.len() == 1 && from[0].joins.is_empty() => 0,
        [] => return Err(Whole::ManyTables),
        named => {
            let named: Vec<_> = named
                .iter()
                .map(|one| Some(name(one, dialect).name))
                .collect();
            joined.only_target(&named, dialect)?
        }
    };
    let own = &joined.tables[at];
    own.refuse_itself(&Survey::of(delete, dialect), &joined)?;
    let mut shape = shape(Verb::Delete, own, delete.selection.as_ref(), sql, dialect)?;
    if joined.tables.len() == 1 {
        shape.open = Some(
            shape
                .condition
                .clone()
                .unwrap_or_else(|| "1 = 1".to_owned()),
        );
    }
    Ok(shape)
}

fn inserted(insert: &ast::Insert, sql: &str, dialect: Dialect) -> Result<Shape, Whole> {
    let (TableObject::TableName(target), Some(query)) = (&insert.table, insert.source.as_deref())
    else {
        return Err(Whole::OtherVerb);
    };
    if query.with.is_some() {
        return Err(Whole::With);
    }
    if query.limit_clause.is_some() || query.fetch.is_some() {
        return Err(Whole::Limit);
    }
    if query.order_by.is_some() {
        return Err(Whole::Order);
    }
    let select = match query.body.as_ref() {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { .. } => return Err(Whole::Set("UNION, or its kind,")),
        SetExpr::Query(_) => return Err(Whole::Derived),
        _ => return Err(Whole::OtherVerb),
    };
    if select.distinct.is_some() {
        return Err(Whole::Set("DISTINCT"));
    }
    let grouped = match &select.group_by {
        ast::GroupByExpr::Expressions(by, modifiers) => !by.is_empty() || !modifiers.is_empty(),
        ast::GroupByExpr::All(_) => true,
    };
    if grouped || select.having.is_some() {
        return Err(Whole::Aggregate("GROUP BY".to_owned()));
    }
    if let Some(aggregate) = Survey::of(&select.projection, dialect).aggregate {
        return Err(Whole::Aggregate(aggregate));
    }
    let joined = Joined::of(select.from.iter(), dialect)?;
    let own = joined.tables.first().ok_or(Whole::OtherVerb)?;
    if joined.outer {
        return Err(Whole::OuterJoin(own.name.to_string()));
    }
    if let Some(window) = Survey::of(select.as_ref(), dialect).window {
        return Err(Whole::Window(window));
    }
    let target = name(target, dialect);
    if joined.tables.iter().any(|table| table.name == target) {
        return Err(Whole::ReadsItself(target.to_string()));
    }
    let mut shape = shape(Verb::Insert, own, select.selection.as_ref(), sql, dialect)?;
    let stays_away = settle::skips_rows_of(select.selection.as_ref(), &target, dialect);
    if stays_away && joined.tables.len() == 1 {
        shape.open.clone_from(&shape.condition);
    }
    Ok(shape)
}

fn refuse_order(order: &[ast::OrderByExpr], limited: bool) -> Result<(), Whole> {
    if limited {
        return Err(Whole::Limit);
    }
    if order.is_empty() {
        Ok(())
    } else {
        Err(Whole::Order)
    }
}

fn shape(
    verb: Verb,
    own: &Joinable,
    selection: Option<&ast::Expr>,
    sql: &str,
    dialect: Dialect,
) -> Result<Shape, Whole> {
    let (head, condition, tail) = parts(sql, verb, dialect);
    // The tokens and the tree are two readers: where they do not agree that there is a condition, neither is believed.
    if condition.is_some() != selection.is_some() {
        return Err(Whole::NotRead("its WHERE was not found".to_owned()));
    }
    Ok(Shape {
        verb,
        table: own.name.clone(),
        assigned: Vec::new(),
        pinned: settle::pinned(selection, dialect),
        dialect,
        qualifier: own.qualifier(dialect),
        from: own.from(dialect),
        head,
        condition,
        tail,
        open: None,
    })
}

/// The text before the condition, the condition, and what follows it; a batch puts its own range into the middle.
fn parts(sql: &str, verb: Verb, dialect: Dialect) -> (String, Option<String>, String) {
    let mut tokens = Tokens::new(sql, Span::new(0, sql.len()), dialect);
    if verb == Verb::Insert {
        tokens.seek(&["select"]);
    }
    let mut opened = None;
    let (end, rest) = loop {
        match tokens.seek(&["where", "returning", "on"]) {
            None => break (tokens.whole().end, sql.len()),
            Some("where") if opened.is_none() => {
                let at = tokens.span();
                tokens.advance();
                opened = Some((at.start, tokens.span().start));
            }
            Some("on") if !follows_insert(&tokens, verb) => {
                tokens.advance();
            }
            Some(_) => break (tokens.span().start, tokens.span().start),
        }
    };
    let text = |from: usize, to: usize| sql[from..to].trim_end().to_owned();
    match opened {
        Some((head, condition)) => (
            text(0, head),
            Some(text(condition, end)),
            sql[rest..].to_owned(),
        ),
        None => (text(0, end), None, sql[rest..].to_owned()),
    }
}

/// `ON CONFLICT`, `ON DUPLICATE KEY`; every other ON belongs to a join.
fn follows_insert(tokens: &Tokens<'_>, verb: Verb) -> bool {
    let next = tokens.word_at(1).map(str::to_ascii_lowercase);
    verb == Verb::Insert && matches!(next.as_deref(), Some("conflict" | "duplicate"))
}

/// A variable of a MySQL session, which is not one of the server's (`@@…`).
fn variable(sql: &str, dialect: Dialect) -> Option<String> {
    if dialect != Dialect::Mysql {
        return None;
    }
    let tokens = Tokens::new(sql, Span::new(0, sql.len()), dialect);
    let mut texts = tokens.ahead().iter().map(|token| token.span.of(sql));
    texts
        .find(|text| text.starts_with('@') && !text.starts_with("@@"))
        .map(str::to_owned)
}

/// What the columns that an UPDATE sets are qualified with.
fn targets(update: &ast::Update) -> Result<Vec<Option<Ident>>, Whole> {
    let mut found = Vec::new();
    for assignment in &update.assignments {
        let AssignmentTarget::ColumnName(column) = &assignment.target else {
            return Err(Whole::ManyTables);
        };
        let schema = name(column, Dialect::Mysql).schema;
        found.push(schema);
    }
    Ok(found)
}

/// A table in FROM, or in its place.
struct Joinable {
    name: Name,
    alias: Option<Ident>,
}

impl Joinable {
    fn qualifier(&self, dialect: Dialect) -> String {
        let known_as = self.alias.as_ref().unwrap_or(&self.name.name);
        known_as.sql(dialect)
    }

    fn from(&self, dialect: Dialect) -> String {
        let table = self.name.sql(dialect);
        match &self.alias {
            Some(alias) => format!("{table} AS {}", alias.sql(dialect)),
            None => table,
        }
    }

    /// The table that is changed may stand in FROM once, as itself, and in no subquery.
    fn refuse_itself(&self, survey: &Survey, joined: &Joined) -> Result<(), Whole> {
        if let Some(window) = &survey.window {
            return Err(Whole::Window(window.clone()));
        }
        let here = joined.tables.iter().filter(|one| one.name == self.name);
        let all = survey.relations.iter().filter(|one| **one == self.name);
        if here.count() > 1 || all.count() > 1 {
            return Err(Whole::ReadsItself(self.name.to_string()));
        }
        Ok(())
    }
}

/// The tables that a statement joins at its top.
struct Joined {
    tables: Vec<Joinable>,
    /// One of the joins makes rows without the tables before it.
    outer: bool,
}

impl Joined {
    fn of<'a>(
        all: impl Iterator<Item = &'a TableWithJoins>,
        dialect: Dialect,
    ) -> Result<Self, Whole> {
        let mut joined = Self {
            tables: Vec::new(),
            outer: false,
        };
        for (at, one) in all.enumerate() {
            joined.take(&one.relation, at == 0, dialect)?;
            for join in &one.joins {
                joined.outer |= matches!(
                    join.join_operator,
                    JoinOperator::Right(_)
                        | JoinOperator::RightOuter(_)
                        | JoinOperator::FullOuter(_)
                );
                joined.take(&join.relation, false, dialect)?;
            }
        }
        Ok(joined)
    }

    /// What is joined to the first table may be anything: its rows come with those of the first.
    fn take(&mut self, factor: &TableFactor, first: bool, dialect: Dialect) -> Result<(), Whole> {
        match factor {
            TableFactor::Table {
                name: found,
                alias,
                args: None,
                ..
            } => {
                self.tables.push(Joinable {
                    name: name(found, dialect),
                    alias: alias.as_ref().map(|alias| ident(&alias.name, dialect)),
                });
                Ok(())
            }
            _ if first => Err(Whole::Derived),
            TableFactor::Derived { alias, .. } => {
                let alias = alias.as_ref().map(|alias| ident(&alias.name, dialect));
                self.tables.push(Joinable {
                    name: Name::bare(Ident::folded("")),
                    alias,
                });
                Ok(())
            }
            _ => Err(Whole::Derived),
        }
    }

    /// The place of the one table that all of these name, by its alias or its name.
    fn only_target(&self, named: &[Option<Ident>], _: Dialect) -> Result<usize, Whole> {
        let place = |one: &Option<Ident>| {
            let one = one.as_ref()?;
            self.tables
                .iter()
                .position(|table| table.alias.as_ref().unwrap_or(&table.name.name) == one)
        };
        let first = named.first().and_then(place).ok_or(Whole::ManyTables)?;
        if named.iter().all(|one| place(one) == Some(first)) {
            Ok(first)
        } else {
            Err(Whole::ManyTables)
        }
    }
}
