//! Which statements of a file run in one transaction: the one that the runner opens around the file, and
//! those that the file opens itself.

use crate::model::{Action, TransactionControl, TransactionMode};

use super::File;

/// The transactions of a file.
pub(super) struct Transactions {
    of_statement: Vec<Option<usize>>,
    /// For each transaction, whether the file's own BEGIN opened it.
    by_file: Vec<bool>,
}

impl Transactions {
    /// Reads them off the runner's manners and the file's own BEGIN and COMMIT.
    pub(super) fn of(file: &File<'_>) -> Self {
        let count = file.script.statements.len();
        let mode = file.migration.transaction;
        let mut by_file = Vec::new();
        let mut open = |own: bool| {
            by_file.push(own);
            Some(by_file.len() - 1)
        };
        let mut current = mode.wraps(count).then(|| open(false)).flatten();
        let mut of_statement = Vec::with_capacity(count);
        for at in 0..count {
            let control = controls(file, at);
            if control == Some(TransactionControl::Begin) && current.is_none() {
                current = open(true);
            }
            of_statement.push(current);
            if matches!(
                control,
                Some(TransactionControl::Commit | TransactionControl::Rollback)
            ) {
                // What follows in the same query is a transaction again.
                current = match mode {
                    TransactionMode::OneQuery => open(false),
                    _ => None,
                };
            }
        }
        Self {
            of_statement,
            by_file,
        }
    }

    /// Whether the statement at `index` runs in a transaction that the file's own BEGIN opened.
    pub(super) fn opened_by_file(&self, index: usize) -> bool {
        self.at(index).is_some_and(|own| self.by_file[own])
    }

    /// The transaction of the statement at `index`; `None` when it commits by itself.
    pub(super) fn at(&self, index: usize) -> Option<usize> {
        self.of_statement.get(index).copied().flatten()
    }

    /// The statements before the one at `index` that run in its transaction, in order.
    pub(super) fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        let own = self.at(index);
        (0..index).filter(move |at| own.is_some() && self.at(*at) == own)
    }
}

/// What the statement at `index` does to the transaction.
pub(super) fn controls(file: &File<'_>, index: usize) -> Option<TransactionControl> {
    let changes = &file.script.statements[index].changes;
    changes.iter().find_map(|change| match change.action {
        Action::Transaction(control) => Some(control),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Surroundings;
    use crate::model::{Dialect, Engine, Migration, MigrationKind, Span};
    use crate::sql;

    fn transactions_of(text: &str, mode: TransactionMode) -> Vec<Option<usize>> {
        let engine = Engine::default_for(Dialect::Postgres);
        let up = vec![Span::new(0, text.len())];
        let script = sql::read(text, &up, &engine);
        let migration = Migration {
            id: "1".to_owned(),
            name: String::new(),
            file: "1.sql".to_owned(),
            text: text.to_owned(),
            up,
            down: None,
            kind: MigrationKind::Versioned,
            transaction: mode,
        };
        let surroundings = Surroundings::default();
        let file = File::new(&migration, &script, &engine, &surroundings);
        Transactions::of(&file).of_statement
    }

    #[test]
    fn statements_share_the_runners_transaction_or_the_files_own() {
        let plain = "SELECT 1; SELECT 2;";
        let own = "SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3;";
        let cases = [
            (plain, TransactionMode::File, vec![Some(0), Some(0)]),
            (plain, TransactionMode::OneQuery, vec![Some(0), Some(0)]),
            ("SELECT 1;", TransactionMode::OneQuery, vec![None]),
            (plain, TransactionMode::None, vec![None, None]),
            (plain, TransactionMode::Unknown, vec![None, None]),
            (
                own,
                TransactionMode::Unknown,
                vec![None, Some(0), Some(0), Some(0), None],
            ),
            (
                own,
                TransactionMode::File,
                vec![Some(0), Some(0), Some(0), Some(0), None],
            ),
            (
                own,
                TransactionMode::OneQuery,
                vec![Some(0), Some(0), Some(0), Some(0), Some(1)],
            ),
        ];
        for (text, mode, expected) in cases {
            assert_eq!(transactions_of(text, mode), expected, "{text} {mode:?}");
        }
    }
}
