//! One file for each pattern: what it is made of, step by step.

mod columns;
mod enums;
mod references;
mod required;
mod split_table;
mod tables;
mod unique;

use super::draft::{Draft, Step};
use super::error::ScaffoldError;
use super::picture::{Given, Picture};
use crate::model::FilePhase;

/// What people change in a schema that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A column gets another name.
    RenameColumn {
        /// `users.username`.
        column: String,
        /// Its new name.
        to: String,
        /// What the folder does not tell of it.
        given: Given,
    },
    /// A column gets another type, as a new column.
    ChangeType {
        /// `orders.total`.
        column: String,
        /// Its new type.
        data_type: String,
        /// The name of the new column.
        to: Option<String>,
        /// The new value, in terms of the old column.
        using: Option<String>,
        /// The old value, in terms of the new column.
        back: Option<String>,
        /// What the folder does not tell of it.
        given: Given,
    },
    /// A column becomes NOT NULL.
    SetNotNull {
        /// `users.email`.
        column: String,
        /// What stands where NULL stood.
        fill: Option<String>,
        /// What the folder does not tell of it.
        given: Given,
    },
    /// A column comes that every new release supplies.
    AddRequiredColumn {
        /// `users.plan`.
        column: String,
        /// Its type.
        data_type: String,
        /// What stands in rows that old releases write; it may name other columns.
        default: String,
    },
    /// A column goes.
    DropColumn {
        /// `users.legacy`.
        column: String,
        /// What the folder does not tell of it.
        given: Given,
    },
    /// A table gets another name.
    RenameTable {
        /// The table.
        table: String,
        /// Its new name.
        to: String,
    },
    /// Several columns come in the place of one.
    SplitColumn {
        /// `users.name`.
        column: String,
        /// `first=split_part(name, ' ', 1)` or `first:varchar(50)=…`.
        into: Vec<String>,
        /// The old value, in terms of the new columns.
        back: String,
        /// What the folder does not tell of it.
        given: Given,
    },
    /// One column comes in the place of several.
    MergeColumns {
        /// `users.first,last`.
        columns: String,
        /// The new column.
        to: String,
        /// Its type; that of the first one where it is not said.
        data_type: Option<String>,
        /// The new value, in terms of the old columns.
        using: String,
        /// `first=split_part(full_name, ' ', 1)`, for each of them.
        back: Vec<String>,
    },
    /// Columns move into a table of their own.
    SplitTable {
        /// `users.street,city`.
        columns: String,
        /// The new table.
        to: String,
    },
    /// Rows must refer to rows.
    AddForeignKey {
        /// `orders.user_id`.
        column: String,
        /// `users.id`.
        target: String,
        /// What becomes of rows that refer to nothing.
        orphans: Orphans,
        /// What the deletion of the other row does.
        on_delete: OnDelete,
    },
    /// No two rows may be alike in these columns.
    AddUnique {
        /// `users.email` or `users.tenant,email`.
        columns: String,
    },
    /// A table goes.
    DropTable {
        /// The table.
        table: String,
    },
    /// A column gets another list of values.
    ReplaceEnum {
        /// `orders.state`.
        column: String,
        /// The new list.
        labels: Vec<String>,
        /// `old=new`, for labels that are not in both lists.
        map: Vec<String>,
        /// The name of the new column.
        to: Option<String>,
        /// What the folder does not tell of it.
        given: Given,
    },
}

/// What becomes of rows that refer to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orphans {
    /// Nothing: while there are any, the foreign key cannot come.
    #[default]
    Keep,
    /// They refer to nothing by saying NULL.
    Null,
    /// They are deleted.
    Delete,
}

/// What the deletion of the row that is referred to does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// It is refused.
    #[default]
    Refuse,
    /// The row goes too.
    Cascade,
    /// The row says NULL.
    SetNull,
}

impl Pattern {
    /// The steps of the pattern in this schema. `release` is the first one that does not use what goes, where that
    /// is known.
    ///
    /// # Errors
    /// When the schema does not have what the pattern needs, or has what it would make, or the engine cannot do it.
    pub fn draft(&self, picture: &Picture, release: Option<&str>) -> Result<Draft, ScaffoldError> {
        let site = Site { picture, release };
        match self {
            Self::RenameColumn { column, to, given } => columns::rename(site, column, to, given),
            Self::ChangeType {
                column,
                data_type,
                to,
                using,
                back,
                given,
            } => {
                let change = columns::TypeChange {
                    data_type,
                    to: to.as_deref(),
                    using: using.as_deref(),
                    back: back.as_deref(),
                };
                columns::change_type(site, column, &change, given)
            }
            Self::SplitColumn {
                column,
                into,
                back,
                given,
            } => columns::split(site, column, into, back, given),
            Self::MergeColumns {
                columns,
                to,
                data_type,
                using,
                back,
            } => columns::merge(site, columns, to, data_type.as_deref(), using, back),
            Self::ReplaceEnum {
                column,
                labels,
                map,
                to,
                given,
            } => enums::replace(site, column, labels, map, to.as_deref(), given),
            Self::SetNotNull {
                column,
                fill,
                given,
            } => required::set_not_null(site, column, fill.as_deref(), given),
            Self::AddRequiredColumn {
                column,
                data_type,
                default,
            } => required::add(site, column, data_type, default),
            Self::DropColumn { column, given } => tables::drop_column(site, column, given),
            Self::DropTable { table } => tables::drop_table(site, table),
            Self::RenameTable { table, to } => tables::rename(site, table, to),
            Self::SplitTable { columns, to } => split_table::split(site, columns, to),
            Self::AddForeignKey {
                column,
                target,
                orphans,
                on_delete,
            } => references::add(site, column, target, *orphans, *on_delete),
            Self::AddUnique { columns } => unique::add(site, columns),
        }
    }
}

/// Where a pattern is laid out.
#[derive(Clone, Copy)]
struct Site<'a> {
    picture: &'a Picture,
    release: Option<&'a str>,
}

/// The sentences that every header has.
fn expand(name: &str, does: impl Into<String>, user: &str) -> Step {
    Step::new(FilePhase::Expand, format!("{name}_expand"))
        .says(format!("Expand: {}", does.into()))
        .says(format!(
            "Ships with the first release that uses {user}, and runs before its cutover (bgmigrate apply). Releases \
             before it work on as they are."
        ))
}

fn migrate(name: &str, does: impl Into<String>) -> Step {
    Step::new(FilePhase::Migrate, format!("{name}_migrate"))
        .says(format!("Migrate: {}", does.into()))
        .says("Ships with the same release, and runs before its cutover (bgmigrate apply).")
}

/// As [`migrate`], for rows that releases before it may go on writing: what it leaves is no reason to wait.
fn mend_rows(name: &str, does: impl Into<String>) -> Step {
    let mut step = Step::new(FilePhase::Migrate, format!("{name}_migrate"))
        .says(format!("Migrate: {}", does.into()))
        .says(
            "Ships with the same release (bgmigrate apply). The cutover does not wait for it: releases before it may go \
             on writing such rows, and the contract step mends what they write meanwhile.",
        );
    step.directives.push("after-cutover".to_owned());
    step
}

/// `last` is what the releases still do that it waits for, as a verb in the singular.
fn contract(name: &str, does: impl Into<String>, last: &str) -> Step {
    Step::new(FilePhase::Contract, format!("{name}_contract"))
        .says(format!("Contract: {}", does.into()))
        .says(format!(
            "Ships with the first release that no longer {last}, or a later one. Runs (bgmigrate apply --phase contract) \
             when no release before it is live, or can be again by a rollback: bgmigrate retire closes the last one."
        ))
}
