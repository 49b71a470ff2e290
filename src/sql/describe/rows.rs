//! Statements that write rows, from their trees, and queries.

mod tokens;

pub(super) use tokens::{copy, insert_values, load_data, sources, verb};

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, AssignmentTarget, Expr as Tree, FromTable, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, SetExpr, Statement, TableFactor, TableObject, TableWithJoins, UpdateTableFromKind,
    Visit, Visitor,
};

use super::tree::{self, Names};
use crate::model::{
    Action, CreateTable, Dialect, Expr, Ident, Name, RowChange, RowSource, RowVerb,
};

/// What a query or row change does: one action for each statement in it that writes rows, or else the query.
pub(super) fn describe(statement: &Statement, dialect: Dialect) -> Option<Vec<Action>> {
    let whole = Names::in_tree(statement, dialect);
    let mut writes = Writes {
        dialect,
        whole: &whole,
        found: Vec::new(),
        understood: true,
    };
    let _: ControlFlow<()> = if whole.statements > 1 {
        statement.visit(&mut writes)
    } else {
        writes.post_visit_statement(statement)
    };
    if !writes.understood {
        return None;
    }
    if !writes.found.is_empty() {
        return Some(
            writes
                .found
                .into_iter()
                .map(|found| Action::Rows(Box::new(found)))
                .collect(),
        );
    }
    match statement {
        Statement::Query(query) => Some(vec![read_only(query, whole.calls, dialect)]),
        _ => None,
    }
}

/// Collects the statements in a tree that write rows, those in CTEs first, as they run.
struct Writes<'a> {
    dialect: Dialect,
    whole: &'a Names,
    found: Vec<RowChange>,
    understood: bool,
}

impl Visitor for Writes<'_> {
    type Break = ();

    fn post_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        let found = match statement {
            Statement::Insert(insert) => {
                insertion(insert, self.whole, self.dialect).map(|found| vec![found])
            }
            Statement::Update(update) => updates(update, self.whole, self.dialect),
            Statement::Delete(delete) => deletions(delete, self.whole, self.dialect),
            Statement::Merge(merge) => {
                merging(merge, self.whole, self.dialect).map(|found| vec![found])
            }
            _ => return ControlFlow::Continue(()),
        };
        match found {
            Some(found) => self.found.extend(found),
            None => self.understood = false,
        }
        ControlFlow::Continue(())
    }
}

fn insertion(insert: &ast::Insert, whole: &Names, dialect: Dialect) -> Option<RowChange> {
    let TableObject::TableName(table) = &insert.table else {
        return None;
    };
    let replaces = insert.replace_into || insert.or == Some(ast::SqliteOnConflict::Replace);
    let assigned = insert
        .assignments
        .iter()
        .flat_map(|assignment| targets(&assignment.target));
    let columns = insert
        .columns
        .iter()
        .chain(assigned)
        .map(|column| tree::last(column, dialect))
        .collect();
    let source = match insert.source.as_deref() {
        Some(query) => match query.body.as_ref() {
            SetExpr::Values(values) => RowSource::Values(values.rows.len()),
            _ => RowSource::Query(whole.relations.clone()),
        },
        None => RowSource::Values(1),
    };
    Some(RowChange {
        verb: if replaces {
            RowVerb::Replace
        } else {
            RowVerb::Insert
        },
        table: tree::name(table, dialect),
        columns,
        source,
        condition: None,
        every_row: false,
        limited: whole.limited
            && insert
                .source
                .as_ref()
                .is_some_and(|query| Names::in_tree(query, dialect).limited),
        calls: whole.calls.clone(),
    })
}

fn updates(update: &ast::Update, whole: &Names, dialect: Dialect) -> Option<Vec<RowChange>> {
    let from: &[TableWithJoins] = match &update.from {
        Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
        None => &[],
    };
    let condition = condition(
        update.selection.as_ref(),
        std::iter::once(&update.table).chain(from),
        dialect,
    );
    let limited = update.limit.is_some() || limits_rows(update, from, whole, dialect);
    let aliases = Aliases::of(std::iter::once(&update.table).chain(from), dialect);
    let own = aliases.first()?;
    let mut found: Vec<RowChange> = Vec::new();
    for assignment in &update.assignments {
        for target in targets(&assignment.target) {
            let target = tree::name(target, dialect);
            let table = target
                .schema
                .as_ref()
                .and_then(|alias| aliases.table(alias))
                .unwrap_or(own)
                .clone();
            let at = found
                .iter()
                .position(|change| change.table == table)
                .unwrap_or_else(|| {
                    found.push(change(RowVerb::Update, table, &condition, limited, whole));
                    found.len() - 1
                });
            found[at].columns.push(target.name);
        }
    }
    Some(found)
}

/// Whether a `LIMIT` restricts the rows updated: one in the value of a column does not.
fn limits_rows(
    update: &ast::Update,
    from: &[TableWithJoins],
    whole: &Names,
    dialect: Dialect,
) -> bool {
    if !whole.limited {
        return false;
    }
    let in_condition = update
        .selection
        .as_ref()
        .is_some_and(|found| Names::in_tree(found, dialect).limited);
    let in_tables = from
        .iter()
        .any(|found| Names::in_tree(found, dialect).limited);
    let in_values = update
        .assignments
        .iter()
        .any(|found| Names::in_tree(&found.value, dialect).limited);
    // What is limited and stands in none of them stands in a CTE.
    in_condition || in_tables || !in_values
}

fn deletions(delete: &ast::Delete, whole: &Names, dialect: Dialect) -> Option<Vec<RowChange>> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let using = delete.using.as_deref().unwrap_or_default();
    let condition = condition(delete.selection.as_ref(), from.iter().chain(using), dialect);
    let limited = delete.limit.is_some() || whole.limited;
    let aliases = Aliases::of(from.iter().chain(using), dialect);
    let tables = if delete.tables.is_empty() && using.is_empty() {
        vec![aliases.first()?.clone()]
    } else if delete.tables.is_empty() {
        // `DELETE FROM a, b USING a JOIN b …` (MySQL) may name aliases of what USING lists.
        let named = from
            .iter()
            .filter_map(|table| factor_name(&table.relation, dialect));
        named.map(|name| aliases.resolve(name)).collect()
    } else {
        delete
            .tables
            .iter()
            .map(|name| aliases.resolve(tree::name(name, dialect)))
            .collect()
    };
    Some(
        tables
            .into_iter()
            .map(|table| change(RowVerb::Delete, table, &condition, limited, whole))
            .collect(),
    )
}

fn merging(merge: &ast::Merge, whole: &Names, dialect: Dialect) -> Option<RowChange> {
    let table = factor_name(&merge.table, dialect)?;
    let reads = Names::in_tree(&merge.source, dialect).relations;
    Some(RowChange {
        verb: RowVerb::Merge,
        table,
        columns: Vec::new(),
        source: RowSource::Query(reads),
        condition: Some(tree::expr(&merge.on, dialect)),
        every_row: false,
        limited: false,
        calls: whole.calls.clone(),
    })
}

fn change(
    verb: RowVerb,
    table: Name,
    condition: &Condition,
    limited: bool,
    whole: &Names,
) -> RowChange {
    RowChange {
        verb,
        table,
        columns: Vec::new(),
        source: RowSource::None,
        condition: condition.expr.clone(),
        every_row: condition.every_row,
        limited,
        calls: whole.calls.clone(),
    }
}

/// Which rows an UPDATE or DELETE touches.
struct Condition {
    expr: Option<Expr>,
    every_row: bool,
}

/// The `WHERE`, or else what an inner join demands: it restricts the rows as well.
fn condition<'a>(
    selection: Option<&Tree>,
    tables: impl Iterator<Item = &'a TableWithJoins>,
    dialect: Dialect,
) -> Condition {
    let joined = || {
        tables
            .flat_map(|table| &table.joins)
            .find_map(|join| match &join.join_operator {
                JoinOperator::Join(JoinConstraint::On(on))
                | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
                _ => None,
            })
    };
    let found = selection.or_else(joined);
    Condition {
        expr: found.map(|found| tree::expr(found, dialect)),
        every_row: found.is_none_or(tree::is_always_true),
    }
}

fn targets(target: &AssignmentTarget) -> &[ast::ObjectName] {
    match target {
        AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
        AssignmentTarget::Tuple(names) => names,
    }
}

fn factor_name(factor: &TableFactor, dialect: Dialect) -> Option<Name> {
    match factor {
        TableFactor::Table { name, .. } => Some(tree::name(name, dialect)),
        _ => None,
    }
}

/// The tables that a statement lists, and the names that it gives them.
struct Aliases(Vec<(Ident, Name)>);

impl Aliases {
    fn of<'a>(tables: impl Iterator<Item = &'a TableWithJoins>, dialect: Dialect) -> Self {
        let factors = tables.flat_map(|table| {
            std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
        });
        Self(
            factors
                .filter_map(|factor| match factor {
                    TableFactor::Table { name, alias, .. } => {
                        let name = tree::name(name, dialect);
                        let known = alias.as_ref().map_or_else(
                            || name.name.clone(),
                            |alias| tree::ident(&alias.name, dialect),
                        );
                        Some((known, name))
                    }
                    _ => None,
                })
                .collect(),
        )
    }

    fn first(&self) -> Option<&Name> {
        self.0.first().map(|(_, name)| name)
    }

    fn table(&self, alias: &Ident) -> Option<&Name> {
        self.0
            .iter()
            .find(|(known, _)| known == alias)
            .map(|(_, name)| name)
    }

    fn resolve(&self, name: Name) -> Name {
        let known = if name.schema.is_none() {
            self.table(&name.name).cloned()
        } else {
            None
        };
        known.unwrap_or(name)
    }
}

/// A query that writes no rows: it may still create a table, or set a variable.
fn read_only(query: &Query, calls: Vec<String>, dialect: Dialect) -> Action {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return Action::Query { calls };
    };
    set_config(select)
        .or_else(|| select_into(select, dialect))
        .unwrap_or(Action::Query { calls })
}

/// `SELECT set_config('search_path', '', false)`: what `pg_dump` writes for `SET`.
fn set_config(select: &Select) -> Option<Action> {
    let [SelectItem::UnnamedExpr(Tree::Function(function))] = select.projection.as_slice() else {
        return None;
    };
    let name = function.name.0.last()?.as_ident()?;
    let ast::FunctionArguments::List(list) = &function.args else {
        return None;
    };
    if !name.value.eq_ignore_ascii_case("set_config") || !select.from.is_empty() {
        return None;
    }
    let literals: Vec<String> = list.args.iter().filter_map(literal_argument).collect();
    let [variable, value, local] = literals.as_slice() else {
        return None;
    };
    Some(Action::Set {
        variable: variable.to_ascii_lowercase(),
        value: Some(value.clone()),
        local: local.eq_ignore_ascii_case("true"),
    })
}

fn literal_argument(argument: &ast::FunctionArg) -> Option<String> {
    let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(Tree::Value(value))) = argument else {
        return None;
    };
    match &value.value {
        ast::Value::Boolean(truth) => Some(truth.to_string()),
        other => other.clone().into_string(),
    }
}

/// PostgreSQL's `SELECT … INTO table`. MySQL's `INTO @variable` and `INTO OUTFILE` make no table.
fn select_into(select: &Select, dialect: Dialect) -> Option<Action> {
    let into = select
        .into
        .as_ref()
        .filter(|_| dialect == Dialect::Postgres)?;
    let name = match into.targets.as_slice() {
        [Tree::Identifier(name)] => Name::bare(tree::ident(name, dialect)),
        [Tree::CompoundIdentifier(parts)] => match parts.as_slice() {
            [.., schema, name] => Name::qualified(
                tree::ident(schema, dialect),
                tree::ident(name, dialect),
                dialect,
            ),
            _ => return None,
        },
        _ => return None,
    };
    Some(Action::CreateTable(Box::new(CreateTable {
        temporary: into.temporary,
        as_query: true,
        ..CreateTable::named(name)
    })))
}
