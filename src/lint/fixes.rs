//! Edits that rules share. A fix is offered only where it is certain; a place that is not found for sure
//! yields none.

use crate::model::{Action, Edit, Span};

use super::Site;
use super::transactions::{Transactions, controls};

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

/// Whether the statement may be made one that refuses to run in a transaction: it runs outside of any, or
/// nothing in the file but its kind needs the runner's, which the fix then takes away.
pub(super) fn may_leave_transaction(site: &Site<'_>) -> bool {
    let file = site.file;
    let begins = (0..file.script.statements.len()).any(|at| controls(file, at).is_some());
    let transactions = Transactions::of(file);
    let alone = file.script.statements.iter().all(|statement| {
        statement
            .changes
            .iter()
            .all(|change| works_outside(&change.action))
    });
    transactions.at(site.index).is_none() || alone && !begins
}

/// Index work, and settings for it, which no other statement relies on to happen with it or not at all.
fn works_outside(action: &Action) -> bool {
    match action {
        Action::CreateIndex(_) | Action::Reindex { .. } | Action::Refresh { .. } => true,
        Action::Set { local, .. } => !local,
        Action::Drop { object, .. } => object.kind == crate::model::ObjectKind::Index,
        _ => false,
    }
}
