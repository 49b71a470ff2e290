//! Edits that rules share. A fix is offered only where it is certain; a place that is not found for sure
//! yields none.

use crate::model::{Action, Apart, ConstraintKind, Edit, Ident, ObjectKind, Span, TableChange};
use crate::sql::Statement;

use super::transactions::controls;
use super::{File, Site};

/// Puts ` words` behind the first `keywords` with which the statement begins, in any case and with any white
/// space between them. `None` when a comment or anything else stands there.
pub(super) fn insert_after(site: &Site<'_>, keywords: &[&str], words: &str) -> Option<Edit> {
    let text = site.sql();
    let mut at = 0;
    for keyword in keywords {
        at += text[at..].len() - text[at..].trim_start().len();
        let word = text.get(at..at + keyword.len())?;
        if !word.eq_ignore_ascii_case(keyword) {
            return None;
        }
        at += keyword.len();
        if !text[at..].starts_with(char::is_whitespace) {
            return None;
        }
    }
    let at = site.statement.span.start + at;
    Some(Edit {
        span: Span::new(at, at),
        text: format!(" {words}"),
    })
}

/// Puts `words` behind the clause. `None` when the clause ends in a comment, which would swallow them.
pub(super) fn append_to_clause(site: &Site<'_>, words: &str) -> Option<Edit> {
    let clause = site.span().of(&site.file.migration.text);
    let last_line = clause.lines().last()?;
    let clear = !last_line.contains("--") && !last_line.contains('#') && !clause.ends_with("*/");
    let at = site.span().end;
    clear.then(|| Edit {
        span: Span::new(at, at),
        text: format!(" {words}"),
    })
}

/// By what a later statement may rely on one.
#[derive(Clone, Copy, Default)]
pub(super) struct Relied<'a> {
    /// The index or constraint that the statement makes, drops or validates.
    pub(super) name: Option<&'a Ident>,
    /// Its table.
    pub(super) table: Option<&'a Ident>,
}

/// That no fix gets a statement out of its transaction.
pub(super) struct Stuck;

/// What gets the statement at `index` out of every transaction, as CONCURRENTLY needs it; nothing where it runs in
/// none.
///
/// # Errors
/// When the rest of the file needs the transaction, and a later statement may rely on this one.
pub(super) fn out_of_transaction(
    file: &File<'_>,
    index: usize,
    moves_as: &str,
    relied_on: Relied<'_>,
) -> Result<Option<Apart>, Stuck> {
    if file.transactions().at(index).is_none() {
        return Ok(None);
    }
    let statements = &file.script.statements;
    let begins = (0..statements.len()).any(|at| controls(file, at).is_some());
    let others = statements.iter().enumerate().filter(|(at, _)| *at != index);
    let with_file = !begins
        && others
            .flat_map(|(_, statement)| &statement.changes)
            .all(|change| works_outside(&change.action));
    let apart = Apart {
        outside: true,
        with_file,
        ..to_next_migration(file, index, moves_as, relied_on)
    };
    if apart.with_file || apart.moves_as.is_some() {
        Ok(Some(apart))
    } else {
        Err(Stuck)
    }
}

/// The statement at `index` on its way into a new migration, which it may take unless a later statement of the
/// file may rely on it.
pub(super) fn to_next_migration(
    file: &File<'_>,
    index: usize,
    moves_as: &str,
    relied_on: Relied<'_>,
) -> Apart {
    let statement = &file.script.statements[index];
    let later = &file.script.statements[index + 1..];
    let moves = later
        .iter()
        .all(|later| stands_without(file, later, relied_on));
    let comments = own_comments(file, index);
    Apart {
        statement: statement.span,
        comments,
        outside: false,
        with_file: false,
        moves_as: moves.then(|| moves_as.to_owned()),
    }
}

/// The comments above a statement that are its own. At the top of a file stand those of the file too, some of
/// which the runner reads; there only a directive and what follows it are the statement's.
pub(super) fn own_comments(file: &File<'_>, index: usize) -> Span {
    let text = &file.migration.text;
    let comments = file.script.statements[index].comments;
    let top = file
        .migration
        .up
        .iter()
        .find(|part| part.contains(comments));
    let at_top = top.is_some_and(|part| text[part.start..comments.start].trim().is_empty());
    if !at_top {
        return comments;
    }
    let directive = comments.of(text).find("bgmigrate:").map(|at| {
        let before = &text[..comments.start + at];
        before.rfind('\n').map_or(0, |line_end| line_end + 1)
    });
    let start = directive.unwrap_or(comments.end).max(comments.start);
    Span::new(start, comments.end)
}

/// Whether a later statement does the same when the one that it might rely on comes after it.
fn stands_without(file: &File<'_>, later: &Statement, relied_on: Relied<'_>) -> bool {
    if later.opaque.is_some() {
        return false;
    }
    let text = later.span.of(&file.migration.text).to_lowercase();
    let says = |name: &Ident| {
        let name = name.as_str().to_lowercase();
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
    };
    let leaves_table_be = || {
        let mut changes = later.changes.iter();
        changes.all(|change| minds_its_own(&change.action, relied_on.table))
    };
    !relied_on.name.is_some_and(says) && (!relied_on.table.is_some_and(says) || leaves_table_be())
}

/// What does the same to a table whether or not it has one more index or valid constraint.
fn minds_its_own(action: &Action, on: Option<&Ident>) -> bool {
    match action {
        Action::CreateIndex(_) | Action::Comment { .. } | Action::Grant { .. } => true,
        Action::AlterTable { change, .. } => match &**change {
            TableChange::ValidateConstraint { .. } | TableChange::AddColumn { .. } => true,
            TableChange::AddConstraint { constraint, .. } => match &constraint.kind {
                ConstraintKind::Check(_)
                | ConstraintKind::Unique {
                    using_index: None, ..
                } => true,
                // A key may need the unique index of the table that it refers to.
                ConstraintKind::ForeignKey { references, .. } => on != Some(&references.table.name),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Index work, and settings for it, which no other statement relies on to happen with it or not at all.
fn works_outside(action: &Action) -> bool {
    match action {
        Action::CreateIndex(_) | Action::Reindex { .. } | Action::Refresh { .. } => true,
        Action::Set { local, .. } => !local,
        Action::Drop { object, .. } => object.kind == ObjectKind::Index,
        _ => false,
    }
}
