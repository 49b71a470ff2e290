//! Alters one table several times where once would do.
//!
//! ## What happens
//! Each ALTER TABLE waits for its lock anew, and each that rewrites or reads the table does so anew. One statement
//! with several clauses waits once and passes once.
//!
//! ## Not reported
//! Statements of different phases, which belong into different migrations; RENAME, VALIDATE and partition clauses,
//! which stand alone; tables that are new in the pending set; on MySQL, statements that are an instant by
//! themselves, since one clause that is not makes them all slow.
//!
//! ## Instead
//! Write the clauses into one ALTER TABLE.

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::ddl::said;
use crate::lint::{File, Report};
use crate::model::{Action, Dialect, LockWork, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "repeated-alter-same-table",
    row: 85,
    severity: Severity::Note,
    dialects: &[Postgres, Mysql],
    check: Check::File(check),
    source: include_str!("repeated_alter_same_table.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    // A file may alter a thousand tables.
    let mut seen: HashMap<&Name, Vec<usize>> = HashMap::new();
    let mut reported: HashSet<&Name> = HashSet::new();
    for at in 0..file.script.statements.len() {
        let Some(table) = altered(file, at) else { continue };
        let before = seen.entry(table).or_default();
        let earlier = before.iter().find(|first| {
            transactions.at(**first) == transactions.at(at)
                && file.phases.get(**first) == file.phases.get(at)
        });
        if let Some(first) = earlier
            && reported.insert(table)
        {
            report.finding(
                file.script.statements[at].span,
                format!(
                    "alters `{table}` again after line {}: each ALTER TABLE waits for its lock anew, and passes through \
                     the table anew if it has to",
                    file.line_of(*first)
                ),
                format!(
                    "Write the clauses into one ALTER TABLE {}",
                    table.sql(file.engine.dialect)
                ),
            );
        }
        before.push(at);
    }
}

/// The table that the statement at `index` alters by clauses that could stand in one statement with others.
fn altered<'a>(file: &File<'a>, index: usize) -> Option<&'a Name> {
    let changes = &file.script.statements[index].changes;
    let said = said(file, index);
    let mut table = None;
    for (change, said) in changes.iter().zip(said) {
        let Action::AlterTable { table: on, change } = &change.action else { return None };
        let stands_alone = matches!(
            **change,
            TableChange::RenameColumn { .. }
                | TableChange::RenameConstraint { .. }
                | TableChange::ValidateConstraint { .. }
                | TableChange::AttachPartition { .. }
                | TableChange::DetachPartition { .. }
                | TableChange::ArrangePartitions { .. }
                | TableChange::DropPartitions { .. }
        );
        if stands_alone || said.locks.is_empty() || table.is_some_and(|table| table != on) {
            return None;
        }
        table = Some(on);
    }
    let works = said
        .iter()
        .flat_map(|said| &said.locks)
        .any(|lock| lock.work != LockWork::Instant);
    table.filter(|_| works || file.engine.dialect != Dialect::Mysql)
}
