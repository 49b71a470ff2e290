//! Runs a folder on a scratch database, one migration after the other, and looks at what each has done.

use std::collections::BTreeSet;

use super::place::{Scratch, ScratchError, one};
use crate::model::{Dialect, Engine};
use crate::plan::{Back, FolderStep, Manner, NoWayBack, Statement, Subject, Unrunnable};
use crate::proof::{
    Catalog, Comparison, Failure, Generator, Matrix, OldRelease, OnRows, Proof, ProvenStep, Ran,
    StepOutcome, Undone, classified, reaches_out,
};
use crate::store::DatabaseError;

/// What to run.
pub struct Task<'a> {
    /// The folder, as it was reviewed.
    pub subjects: &'a [Subject<'a>],
    /// Its steps, in the same order.
    pub steps: &'a [FolderStep<'a>],
    /// What they were judged for.
    pub engine: &'a Engine,
    /// Those that the scratch has already: part of a structure that was copied.
    pub there_already: &'a BTreeSet<String>,
    /// Go on behind a migration that fails.
    pub keep_going: bool,
    /// Older releases whose statements are tried after each.
    pub releases: &'a [OldRelease],
}

/// Told of each migration as it begins: its place from 1, and how many there are.
pub trait Watch {
    /// The next migration begins.
    fn begins(&mut self, at: usize, of: usize, migration: &str);
}

/// Runs it. What a migration does wrong is in the proof; an error is the scratch database's own.
pub async fn verify(
    scratch: &mut Scratch,
    task: &Task<'_>,
    watch: &mut dyn Watch,
) -> Result<Proof, ScratchError> {
    let mut proof = Proof::new(scratch.label().to_owned(), scratch.dialect());
    scratch.settle().await?;
    let mut before = scratch.catalog().await?;
    let dialect = scratch.dialect();
    let mut matrix = Matrix::of(task.releases.to_vec(), |sql| {
        reaches_out(dialect, sql, true, scratch.shared.as_ref())
    });
    if !matrix.is_empty() {
        proof.beginning = scratch.try_releases(&mut matrix, &before).await?;
    }
    let all = task.steps.len();
    for (at, (subject, step)) in task.subjects.iter().zip(task.steps).enumerate() {
        if task.there_already.contains(step.id.as_str()) {
            proof.there_already += 1;
            continue;
        }
        watch.begins(at + 1, all, step.id.as_str());
        let (outcome, after) = prove(scratch, task, subject, step, before).await?;
        before = after;
        let cells = if matrix.is_empty() {
            Vec::new()
        } else {
            scratch.try_releases(&mut matrix, &before).await?
        };
        let stuck = !matches!(outcome, StepOutcome::Ran(_));
        proof.steps.push(ProvenStep {
            migration: step.id.to_string(),
            file: step.file.clone(),
            dialect,
            phase: step.phase,
            outcome,
            cells,
        });
        if stuck && !task.keep_going {
            break;
        }
    }
    proof.releases = matrix.standings();
    Ok(proof)
}

/// Runs one migration; returns the catalog behind it, too.
async fn prove(
    scratch: &mut Scratch,
    task: &Task<'_>,
    subject: &Subject<'_>,
    step: &FolderStep<'_>,
    before: Catalog,
) -> Result<(StepOutcome, Catalog), ScratchError> {
    if let Some(why) = may_not_run(scratch, step) {
        return Ok((StepOutcome::NotRun(why), before));
    }
    let on_rows = scratch.try_on_rows(step, &before).await?;
    let (sent, costs) = scratch.apply(step, task.engine).await?;
    scratch.settle().await?;
    // A file that failed half-way may have left something.
    let after = scratch.catalog().await?;
    if let Err(failure) = sent {
        return Ok((StepOutcome::Failed(failure), after));
    }
    let facts = scratch.differences(&before, &after).await;
    let said = classified(subject.migration, subject.reviewed);
    let comparison = Comparison::new(&before, &after, facts, said);
    let undo = scratch.try_undo(task, subject, step, &before).await?;
    // An undo that MySQL could not run to its end has left traces, which are not the next migration's doing.
    let after = match undo {
        Undone::Fails(_) | Undone::Differs(_) if scratch.dialect() == Dialect::Mysql => {
            scratch.catalog().await?
        }
        _ => after,
    };
    let ran = Ran {
        comparison,
        on_rows,
        undo,
        costs,
    };
    Ok((StepOutcome::Ran(Box::new(ran)), after))
}

fn may_not_run(scratch: &Scratch, step: &FolderStep<'_>) -> Option<String> {
    if let Err(why @ Unrunnable::NotYetSql { .. }) = &step.manner {
        return Some(why.to_string());
    }
    leaves(scratch, &step.statements)
}

/// The first statement that reaches beyond the scratch.
fn leaves(scratch: &Scratch, statements: &[Statement<'_>]) -> Option<String> {
    statements.iter().find_map(|statement| {
        let why = reaches_out(
            scratch.dialect(),
            statement.sql,
            statement.understood,
            scratch.shared.as_ref(),
        )?;
        Some(format!("line {}: {why}", statement.line))
    })
}

impl Scratch {
    async fn send(&mut self, statements: &[Statement<'_>]) -> Result<(), Failure> {
        for statement in statements {
            self.run_at(statement.sql, statement.line).await?;
        }
        Ok(())
    }

    pub(super) async fn run_at(&mut self, sql: &str, line: usize) -> Result<(), Failure> {
        let sent = self.connection.run(sql).await;
        sent.map_err(|error| Failure {
            line,
            message: error.to_string(),
        })
    }

    /// Ends whatever transaction is open. That none is open is no failure.
    pub(super) async fn rollback(&mut self) {
        let _ = self.connection.run("ROLLBACK").await;
    }

    /// Runs a migration with rows in the tables that it names, and takes all of it back: what a later migration inserts
    /// meets no row of ours.
    async fn try_on_rows(
        &mut self,
        step: &FolderStep<'_>,
        before: &Catalog,
    ) -> Result<OnRows, ScratchError> {
        let named = named_tables(step, before);
        if named.is_empty() {
            return Ok(OnRows::NoTable);
        }
        if self.dialect() == Dialect::Mysql {
            return self
                .try_on_rows_without_transaction(step, before, &named)
                .await;
        }
        if !matches!(step.manner, Ok(Manner::Whole)) {
            return Ok(OnRows::Untried(
                "it does not run in one transaction".to_owned(),
            ));
        }
        self.connection.run("BEGIN").await?;
        let rows = self.fill(before, &named).await?;
        let sent = self.send(&step.statements).await;
        self.rollback().await;
        self.settle().await?;
        Ok(on_rows(rows, sent))
    }

    /// Every definition commits here, so each definition is tried on a copy of its table: it cannot be taken back, but
    /// a copy can be dropped.
    async fn try_on_rows_without_transaction(
        &mut self,
        step: &FolderStep<'_>,
        before: &Catalog,
        named: &BTreeSet<String>,
    ) -> Result<OnRows, ScratchError> {
        let empty = self.empty_ones(before, named).await?;
        let rows = self.fill(before, &empty).await?;
        if rows == 0 {
            return Ok(OnRows::Holds { rows });
        }
        let refused = self.first_refused_on_rows(step).await;
        self.connection.run("SET foreign_key_checks = 0").await?;
        for name in &empty {
            if let Some(relation) = before.relations.get(name) {
                let table = Generator::new(self.dialect(), before).table(relation);
                self.connection.run(&format!("DELETE FROM {table}")).await?;
            }
        }
        self.settle().await?;
        Ok(match refused {
            Some(failure) => OnRows::Fails(failure),
            None => OnRows::Holds { rows },
        })
    }

    /// A definition of MySQL's is tried on a copy of its table, rows and all, that is dropped at once.
    async fn first_refused_on_rows(&mut self, step: &FolderStep<'_>) -> Option<Failure> {
        for statement in &step.statements {
            let Some((table, defined)) = on_copy(statement.sql, COPY) else {
                continue;
            };
            let made = format!("CREATE TABLE {COPY} LIKE {table}");
            let filled = format!("INSERT INTO {COPY} SELECT * FROM {table}");
            let ready = self.connection.run(&made).await.is_ok()
                && self.connection.run(&filled).await.is_ok();
            let tried = if ready {
                self.connection.run(&defined).await
            } else {
                Ok(())
            };
            // Without this the next copy could not be made, and the catalog would show it.
            let _ = self
                .connection
                .run(&format!("DROP TABLE IF EXISTS {COPY}"))
                .await;
            if let Err(error) = tried.as_ref()
                && is_about_rows(error)
            {
                return Some(Failure {
                    line: statement.line,
                    message: error.to_string(),
                });
            }
        }
        None
    }

    async fn empty_ones(
        &mut self,
        catalog: &Catalog,
        named: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, ScratchError> {
        let generator = Generator::new(self.dialect(), catalog);
        let mut empty = BTreeSet::new();
        for relation in generator.in_order(named) {
            let table = generator.table(relation);
            let found = one(
                &mut self.connection,
                &format!("SELECT CAST(COUNT(*) AS CHAR) FROM {table}"),
            )
            .await?;
            if found == "0" {
                empty.insert(relation.name.clone());
            }
        }
        Ok(empty)
    }

    /// Puts rows into these tables and those that they refer to; returns how many the engine took.
    pub(super) async fn fill(
        &mut self,
        catalog: &Catalog,
        named: &BTreeSet<String>,
    ) -> Result<usize, ScratchError> {
        let generator = Generator::new(self.dialect(), catalog);
        let relations = generator.in_order(named).into_iter();
        let inserts = relations.flat_map(|relation| generator.inserts(relation));
        self.take(inserts.collect()).await
    }

    /// The same with small values alone.
    pub(super) async fn fill_plainly(
        &mut self,
        catalog: &Catalog,
        named: &BTreeSet<String>,
    ) -> Result<usize, ScratchError> {
        let generator = Generator::new(self.dialect(), catalog);
        let relations = generator.in_order(named).into_iter();
        let inserts = relations.flat_map(|relation| generator.plain_inserts(relation));
        self.take(inserts.collect()).await
    }

    async fn take(&mut self, inserts: Vec<String>) -> Result<usize, ScratchError> {
        let mut rows = 0;
        for insert in inserts {
            if self.within_savepoint(&insert).await? {
                rows += 1;
            }
        }
        Ok(rows)
    }

    /// Whether the engine takes a statement; one that it refuses leaves no trace.
    async fn within_savepoint(&mut self, sql: &str) -> Result<bool, ScratchError> {
        if self.dialect() == Dialect::Mysql {
            return Ok(self.connection.run(sql).await.is_ok());
        }
        let framed = format!("SAVEPOINT generated; {sql}; RELEASE SAVEPOINT generated");
        match self.connection.run(&framed).await {
            Ok(()) => Ok(true),
            Err(lost @ DatabaseError::Lost(_)) => Err(lost.into()),
            Err(_) => {
                self.connection
                    .run("ROLLBACK TO SAVEPOINT generated; RELEASE SAVEPOINT generated")
                    .await?;
                Ok(false)
            }
        }
    }

    /// Runs the way back of an expand step, looks whether it brings the catalog back, and takes that back again.
    async fn try_undo(
        &mut self,
        task: &Task<'_>,
        subject: &Subject<'_>,
        step: &FolderStep<'_>,
        before: &Catalog,
    ) -> Result<Undone, ScratchError> {
        if step.phase != crate::model::FilePhase::Expand {
            return Ok(Undone::NotAsked);
        }
        let back = match Back::of(subject.migration, step, task.engine) {
            Ok(back) => back,
            Err(NoWayBack::Uncertain(why)) => return Ok(Undone::NoWay(why)),
            Err(other) => return Ok(Undone::NoWay(other.to_string())),
        };
        let statements = back.statements(self.dialect());
        if let Some(why) = leaves(self, &statements) {
            return Ok(Undone::NoWay(why));
        }
        let in_transaction = statements.iter().all(|one| one.in_transaction);
        if self.dialect() != Dialect::Mysql && !in_transaction {
            return Ok(Undone::NoWay(
                "it does not run in one transaction, so it was not tried".to_owned(),
            ));
        }
        if self.dialect() != Dialect::Mysql {
            self.connection.run("BEGIN").await?;
        }
        let sent = self.send(&statements).await;
        let undone = match sent {
            Ok(()) => {
                let behind = self.catalog().await?;
                self.compared(before, &behind).await
            }
            Err(failure) => Undone::Fails(failure),
        };
        if self.dialect() == Dialect::Mysql {
            // Forwards once more; what cannot be said is told by the next migration.
            self.settle().await?;
            let _ = self.send(&step.statements).await;
        } else {
            self.rollback().await;
        }
        self.settle().await?;
        Ok(undone)
    }

    async fn compared(&mut self, before: &Catalog, behind: &Catalog) -> Undone {
        if before == behind {
            return Undone::Proven;
        }
        // Names of what nothing relies on, and the like, differ without a fact.
        let facts = self.differences(before, behind).await;
        if facts.is_empty() {
            Undone::Proven
        } else {
            Undone::Differs(facts)
        }
    }
}

fn on_rows(rows: usize, sent: Result<(), Failure>) -> OnRows {
    match sent {
        // Without a row its failure is told by the run that counts.
        Err(failure) if rows > 0 => OnRows::Fails(failure),
        _ => OnRows::Holds { rows },
    }
}

/// The tables of the catalog whose names stand in the text of a migration.
fn named_tables(step: &FolderStep<'_>, catalog: &Catalog) -> BTreeSet<String> {
    let lower = step.text.to_lowercase();
    let words: BTreeSet<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$' || c == '-'))
        .collect();
    let bare = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        last.trim_matches('"').to_lowercase()
    };
    let names = catalog.relations.keys();
    names
        .filter(|name| words.contains(bare(name).as_str()))
        .cloned()
        .collect()
}

/// What a definition is tried on.
const COPY: &str = "`bgmigrate_copy`";

/// The table that an ALTER TABLE or a CREATE UNIQUE INDEX is about, and the same statement on a copy of it.
fn on_copy<'a>(sql: &'a str, copy: &str) -> Option<(&'a str, String)> {
    let words: Vec<&str> = sql.split_whitespace().take(3).collect();
    let [first, second, third] = words[..] else {
        return None;
    };
    // Under its new name the copy would stay.
    let renames = sql.to_ascii_lowercase();
    let renames = renames.split("rename").skip(1).any(|rest| {
        let next = rest.split_whitespace().next();
        !matches!(next, Some("column" | "index" | "key"))
    });
    if renames {
        return None;
    }
    if first.eq_ignore_ascii_case("alter") && second.eq_ignore_ascii_case("table") {
        let rest = &sql[sql.find(third)? + third.len()..];
        return Some((third, format!("ALTER TABLE {copy} {rest}")));
    }
    if first.eq_ignore_ascii_case("create") && second.eq_ignore_ascii_case("unique") {
        let on = sql.to_ascii_lowercase().find(" on ")? + 4;
        let rest = sql[on..].trim_start();
        let end = rest.find(|c: char| c.is_whitespace() || c == '(')?;
        let (table, columns) = rest.split_at(end);
        return Some((table, format!("{}{copy} {columns}", &sql[..on])));
    }
    None
}

/// What MySQL says of rows: 1062 a duplicate, 1048 and 1138 NULL, 1265, 1264, 1292, 1366, 1406 a value that does not fit,
/// 1452 a reference to nothing, 3819 and MariaDB's 4025 a check.
fn is_about_rows(error: &DatabaseError) -> bool {
    let codes = [
        "1062", "1048", "1138", "1265", "1264", "1292", "1366", "1406", "1452", "3819", "4025",
    ];
    matches!(error, DatabaseError::Refused { code, .. } if codes.contains(&code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_tried_on_a_copy() {
        let cases = [
            (
                "ALTER TABLE t ADD UNIQUE (a)",
                Some(("t", "ALTER TABLE c  ADD UNIQUE (a)")),
            ),
            (
                "CREATE UNIQUE INDEX i ON t(a)",
                Some(("t", "CREATE UNIQUE INDEX i ON c (a)")),
            ),
            ("CREATE INDEX i ON t(a)", None),
            ("DROP TABLE t", None),
        ];
        for (sql, expected) in cases {
            let expected = expected.map(|(table, text)| (table, text.to_owned()));
            assert_eq!(on_copy(sql, "c"), expected, "{sql}");
        }
    }
}
