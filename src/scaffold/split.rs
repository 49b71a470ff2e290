//! From a migration that somebody wrote to the steps that replace it.
//!
//! Each of its changes is either breaking, and then the pattern for it takes its place, or it is kept as it was
//! written, in a step of its own phase.

use super::draft::{Draft, Step};
use super::error::ScaffoldError;
use super::heir::type_of;
use super::patterns::{OnDelete, Orphans, Pattern};
use super::picture::{Given, Picture};
use crate::model::{
    Action, ColumnDef, Constraint, ConstraintKind, Dialect, FilePhase, Ident, Migration, Name,
    ObjectKind, Phase, TableChange,
};
use crate::review::{Reviewed, Settings, Standing, review};
use crate::sql::Script;
use crate::sql::directive::{Directive, Target};

/// What the command line says for a split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// What stands where NULL stands now, by column.
    pub fills: Vec<(String, String)>,
    /// What old releases write into new required columns, by column.
    pub defaults: Vec<(String, String)>,
    /// The first release that does not use what goes.
    pub release: Option<String>,
}

/// The steps in the place of the migration at `index`; `None` where nothing in it has to wait.
///
/// # Errors
/// When a part of it was not understood, or has no pattern that fits what the folder shows.
pub fn split(
    migrations: &[Migration],
    index: usize,
    settings: &Settings,
    answers: &Answers,
) -> Result<Option<Draft>, ScaffoldError> {
    let migration = &migrations[index];
    let picture = Picture::of(&migrations[..index], settings);
    let standing = |at| {
        if at == index {
            Standing::Alone
        } else {
            Standing::Released
        }
    };
    let reviewed = review(&migrations[..=index], standing, settings);
    let Some(reviewed) = reviewed.first() else {
        return Ok(None);
    };
    if !reviewed.phase.gates_as_contract() {
        return Ok(None);
    }
    if reviewed
        .script
        .directives
        .iter()
        .any(|placed| placed.target == Target::File)
    {
        return Err(ScaffoldError::Impossible(
            "a directive speaks for the whole file, and which of the new ones it is meant for is not certain; put it above \
             its statement, or split the file by hand"
                .to_owned(),
        ));
    }
    let mut parts = Parts::new(&picture, migration, answers);
    for (at, statement) in reviewed.script.statements.iter().enumerate() {
        if let Some(opaque) = &statement.opaque {
            return Err(ScaffoldError::Impossible(format!(
                "line {}: {}; say its phase by a directive, or split the file by hand",
                parts.line(statement.span.start),
                opaque.reason
            )));
        }
        parts.statement(reviewed, at)?;
    }
    if parts.patterns == 0 && reviewed.phase == FilePhase::Contract {
        return Ok(None);
    }
    Ok(Some(parts.draft()))
}

/// Steps by phase, in the order of the statements.
struct Parts<'a> {
    picture: &'a Picture,
    migration: &'a Migration,
    answers: &'a Answers,
    expand: Vec<Piece>,
    migrate: Vec<Piece>,
    contract: Vec<Piece>,
    notes: Vec<String>,
    /// How many changes a pattern has taken the place of.
    patterns: usize,
}

/// A step of a pattern, or a statement that is kept.
enum Piece {
    Step(Box<Step>),
    Kept(String),
}

impl<'a> Parts<'a> {
    fn new(picture: &'a Picture, migration: &'a Migration, answers: &'a Answers) -> Self {
        Self {
            picture,
            migration,
            answers,
            expand: Vec::new(),
            migrate: Vec::new(),
            contract: Vec::new(),
            notes: Vec::new(),
            patterns: 0,
        }
    }

    fn line(&self, at: usize) -> usize {
        crate::model::LineIndex::new(&self.migration.text).line(at)
    }

    fn statement(&mut self, reviewed: &Reviewed, at: usize) -> Result<(), ScaffoldError> {
        let statement = &reviewed.script.statements[at];
        // With the comments above it, and the directives among them.
        let start = if statement.comments.is_empty() {
            statement.span.start
        } else {
            statement.comments.start
        };
        let text = &self.migration.text[start..statement.span.end];
        let declared = reviewed.script.declared_phase(at).map(|(phase, _)| phase);
        let changes: Vec<_> = statement
            .changes
            .iter()
            .zip(&reviewed.judged[at].changes)
            .filter(|(change, _)| !is_demand(&change.action))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        let one = changes.len() == 1;
        let whole = changes.iter().map(|(_, judged)| judged.verdict.phase).max();
        for (change, judged) in &changes {
            let phase = declared.unwrap_or(judged.verdict.phase);
            if phase.gates_as_contract()
                && declared.is_none()
                && let Some(pattern) = self.pattern(&change.action)?
            {
                let own = self.release_of(&reviewed.script, at, statement.span.start)?;
                let release = self.answers.release.as_deref().or(own);
                self.take(pattern.draft(self.picture, release)?);
                continue;
            }
            match &change.action {
                Action::AlterTable { table, .. } if !one => {
                    let table = table.sql(self.picture.dialect());
                    let clause = change.span.of(&self.migration.text);
                    self.keep(phase, &format!("ALTER TABLE {table} {clause}"));
                }
                _ if one => self.keep(phase, text),
                // Changes of one statement that cannot be told apart stay together, in the gravest of their phases.
                _ => {
                    self.keep(whole.unwrap_or(phase), text);
                    break;
                }
            }
        }
        Ok(())
    }

    /// What the directives of a statement say that its pattern can say too: since when nothing uses what goes. What
    /// lint was to let pass there is the pattern's own business.
    fn release_of<'s>(
        &self,
        script: &'s Script,
        index: usize,
        at: usize,
    ) -> Result<Option<&'s str>, ScaffoldError> {
        let mut release = None;
        for placed in &script.directives {
            match &placed.directive {
                _ if placed.target != Target::Statement(index) => {}
                Directive::Allow { .. } => {}
                Directive::UnusedSince { version } => release = Some(version.as_str()),
                _ => {
                    return Err(ScaffoldError::Impossible(format!(
                        "line {}: a directive above it says what no pattern can; split the file by hand",
                        self.line(at)
                    )));
                }
            }
        }
        Ok(release)
    }

    fn take(&mut self, draft: Draft) {
        self.patterns += 1;
        self.notes.extend(draft.notes);
        for step in draft.steps {
            let list = match step.phase {
                FilePhase::Expand => &mut self.expand,
                FilePhase::Migrate => &mut self.migrate,
                FilePhase::Contract | FilePhase::Mixed => &mut self.contract,
            };
            list.push(Piece::Step(Box::new(step)));
        }
    }

    fn keep(&mut self, phase: Phase, text: &str) {
        let list = match phase {
            // What has no bearing goes with what stands beside it; alone it may run at once.
            Phase::Neutral | Phase::Expand => &mut self.expand,
            Phase::Migrate => &mut self.migrate,
            Phase::Contract | Phase::Opaque => &mut self.contract,
        };
        list.push(Piece::Kept(format!(
            "{};",
            text.trim().trim_end_matches(';').trim_end()
        )));
    }

    fn draft(self) -> Draft {
        let name = file_name(self.migration);
        let mut steps = Vec::new();
        let phases = [
            (FilePhase::Expand, self.expand),
            (FilePhase::Migrate, self.migrate),
            (FilePhase::Contract, self.contract),
        ];
        for (phase, pieces) in phases {
            steps.extend(in_steps(
                phase,
                pieces,
                &name,
                self.answers.release.as_deref(),
            ));
        }
        Draft {
            steps,
            notes: self.notes,
        }
    }

    /// The pattern that a breaking change stands for.
    fn pattern(&self, action: &Action) -> Result<Option<Pattern>, ScaffoldError> {
        let dialect = self.picture.dialect();
        Ok(match action {
            Action::AlterTable { table, change } => self.clause(table, change)?,
            Action::Rename { object, to } if object.kind == ObjectKind::Table => {
                Some(Pattern::RenameTable {
                    table: quoted(&object.name, dialect),
                    to: to.name.sql(dialect),
                })
            }
            Action::Drop {
                object,
                cascade: false,
                ..
            } if object.kind == ObjectKind::Table => Some(Pattern::DropTable {
                table: quoted(&object.name, dialect),
            }),
            Action::CreateIndex(index)
                if index.unique && index.partial.is_none() && index.method.is_empty() =>
            {
                let columns: Option<Vec<Ident>> =
                    index.keys.iter().map(|key| key.clone().ok()).collect();
                columns.map(|columns| Pattern::AddUnique {
                    columns: listed(&index.table, &columns, dialect),
                })
            }
            _ => None,
        })
    }

    fn clause(&self, table: &Name, change: &TableChange) -> Result<Option<Pattern>, ScaffoldError> {
        let dialect = self.picture.dialect();
        let place = |column: &Ident| format!("{}.{}", quoted(table, dialect), column.sql(dialect));
        let given = Given::default();
        Ok(match change {
            TableChange::RenameColumn { from, to } => Some(Pattern::RenameColumn {
                column: place(from),
                to: to.sql(dialect),
                given,
            }),
            TableChange::DropColumn {
                column,
                cascade: false,
                ..
            } => Some(Pattern::DropColumn {
                column: place(column),
                given,
            }),
            TableChange::SetNotNull { column } => Some(self.not_null(table, column)?),
            TableChange::SetType {
                column,
                data_type,
                using,
                ..
            } => Some(Pattern::ChangeType {
                column: place(column),
                data_type: data_type.to_string(),
                to: None,
                using: using.as_ref().map(|using| using.text.clone()),
                back: None,
                given,
            }),
            TableChange::RedefineColumn { from, column, .. } => {
                self.redefined(table, from, column)?
            }
            TableChange::AddColumn { column, .. } if !column.fills_itself() => {
                Some(self.required(table, column)?)
            }
            TableChange::AddConstraint { constraint, .. } => added(table, constraint, dialect),
            _ => None,
        })
    }

    fn not_null(&self, table: &Name, column: &Ident) -> Result<Pattern, ScaffoldError> {
        let dialect = self.picture.dialect();
        let fill = self.answer(&self.answers.fills, table, column);
        let known = self.picture.schema.column(table, column);
        if fill.is_none() && known.is_none_or(|known| known.def.default.is_none()) {
            return Err(ScaffoldError::Missing {
                what: format!(
                    "nothing tells what stands in `{table}.{column}` where NULL stands now"
                ),
                flag: "--fill TABLE.COLUMN=EXPRESSION",
            });
        }
        Ok(Pattern::SetNotNull {
            column: format!("{}.{}", quoted(table, dialect), column.sql(dialect)),
            fill,
            given: Given::default(),
        })
    }

    /// MySQL's MODIFY and CHANGE: what of the column is new.
    fn redefined(
        &self,
        table: &Name,
        from: &Ident,
        to: &ColumnDef,
    ) -> Result<Option<Pattern>, ScaffoldError> {
        let dialect = self.picture.dialect();
        let Some(was) = self.picture.schema.column(table, from) else {
            return Ok(None);
        };
        let was = &was.def;
        let same_type = was.data_type == to.data_type;
        let column = format!("{}.{}", quoted(table, dialect), from.sql(dialect));
        let renamed = (*from != to.name).then(|| to.name.sql(dialect));
        Ok(match (same_type, renamed) {
            (true, Some(to)) => Some(Pattern::RenameColumn {
                column,
                to,
                given: Given::default(),
            }),
            (true, None) if to.not_null && !was.not_null => Some(self.not_null(table, from)?),
            (true, None) => None,
            (false, renamed) => Some(Pattern::ChangeType {
                column,
                data_type: type_of(to, dialect),
                to: renamed,
                using: None,
                back: None,
                given: Given::default(),
            }),
        })
    }

    fn required(&self, table: &Name, column: &ColumnDef) -> Result<Pattern, ScaffoldError> {
        let dialect = self.picture.dialect();
        let default = self.answer(&self.answers.defaults, table, &column.name);
        let default = default.ok_or_else(|| ScaffoldError::Missing {
            what: format!(
                "`{table}.{}` is required, and nothing tells what stands in rows that old releases write",
                column.name
            ),
            flag: "--default TABLE.COLUMN=EXPRESSION",
        })?;
        Ok(Pattern::AddRequiredColumn {
            column: format!("{}.{}", quoted(table, dialect), column.name.sql(dialect)),
            data_type: type_of(column, dialect),
            default,
        })
    }

    fn answer(&self, answers: &[(String, String)], table: &Name, column: &Ident) -> Option<String> {
        let is_asked = |place: &str| {
            self.picture
                .column_name(place)
                .is_ok_and(|(of, name)| of == *table && name == *column)
        };
        let answer = answers.iter().find(|(place, _)| is_asked(place));
        answer.map(|(_, value)| value.clone())
    }
}

/// A constraint that a pattern knows.
fn added(table: &Name, constraint: &Constraint, dialect: Dialect) -> Option<Pattern> {
    match &constraint.kind {
        ConstraintKind::ForeignKey {
            columns,
            references,
        } => {
            let ([own], [key]) = (columns.as_slice(), references.columns.as_slice()) else {
                return None;
            };
            Some(Pattern::AddForeignKey {
                column: format!("{}.{}", quoted(table, dialect), own.sql(dialect)),
                target: format!(
                    "{}.{}",
                    quoted(&references.table, dialect),
                    key.sql(dialect)
                ),
                orphans: Orphans::Keep,
                on_delete: match references {
                    references if references.on_delete_cascade => OnDelete::Cascade,
                    references if references.on_delete_clears => OnDelete::SetNull,
                    _ => OnDelete::Refuse,
                },
            })
        }
        ConstraintKind::Unique {
            columns,
            using_index: None,
        } => Some(Pattern::AddUnique {
            columns: listed(table, columns, dialect),
        }),
        _ => None,
    }
}

/// `ALGORITHM` and `LOCK` demand, and change nothing.
fn is_demand(action: &Action) -> bool {
    matches!(action, Action::AlterTable { change, .. } if matches!(change.as_ref(), TableChange::Demand { .. }))
}

/// As the command line would spell it.
fn quoted(name: &Name, dialect: Dialect) -> String {
    name.sql(dialect)
}

fn listed(table: &Name, columns: &[Ident], dialect: Dialect) -> String {
    let columns: Vec<_> = columns.iter().map(|column| column.sql(dialect)).collect();
    format!("{}.{}", quoted(table, dialect), columns.join(","))
}

/// Kept statements that follow each other are one step.
fn in_steps(phase: FilePhase, pieces: Vec<Piece>, name: &str, release: Option<&str>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut kept = 0;
    let mut open = false;
    for piece in pieces {
        match piece {
            Piece::Step(step) => {
                open = false;
                steps.push(*step);
            }
            Piece::Kept(text) => {
                if let Some(step) = steps.last_mut().filter(|_| open) {
                    step.up.push(text);
                    continue;
                }
                kept += 1;
                let number = if kept == 1 {
                    String::new()
                } else {
                    format!("_{kept}")
                };
                let mut step = Step::new(phase, format!("{name}_{phase}{number}"))
                    .says(format!(
                        "What of {name} may run in the {phase} phase, as it was written."
                    ))
                    .runs([text]);
                if phase == FilePhase::Contract {
                    step = step.unused_since(release);
                }
                step.verbatim = true;
                steps.push(step);
                open = true;
            }
        }
    }
    steps
}

/// What the author called it.
fn file_name(migration: &Migration) -> String {
    let name = crate::sync::words::slug(&migration.name);
    if name.is_empty() {
        "split".to_owned()
    } else {
        name
    }
}
