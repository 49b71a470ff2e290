//! The patterns of `bgmigrate new` as the command line spells them.

use crate::scaffold::{Given, OnDelete, Orphans, Pattern};

/// What people change in a schema that is in use.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Wanted {
    /// Give a column another name: a second column, kept in step by triggers, until the first one goes
    #[command(after_help = "Example:\n  bgmigrate new rename-column users.username handle")]
    RenameColumn {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// Its new name
        #[arg(value_name = "NEW")]
        to: String,
        #[command(flatten)]
        unseen: Unseen,
    },
    /// Give a column another type: a second column, kept in step by triggers, until the first one goes
    #[command(
        after_help = "Examples:\n  bgmigrate new change-type orders.total 'numeric(12,2)'\n  bgmigrate new change-type events.at \
                      timestamptz --to happened_at --using \"at AT TIME ZONE 'UTC'\" --back \"happened_at AT TIME ZONE 'UTC'\""
    )]
    ChangeType {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// Its new type
        #[arg(value_name = "TYPE")]
        data_type: String,
        /// The name of the new column [default: the old one with `_new` behind it]
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// The new value in terms of the old column [default: a cast]
        #[arg(long, value_name = "EXPRESSION")]
        using: Option<String>,
        /// The old value in terms of the new column [default: a cast]
        #[arg(long, value_name = "EXPRESSION")]
        back: Option<String>,
        #[command(flatten)]
        unseen: Unseen,
    },
    /// Refuse NULL in a column, without a scan while anybody waits
    #[command(after_help = "Example:\n  bgmigrate new set-not-null users.email --fill \"''\"")]
    SetNotNull {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// What stands where NULL stands now [default: the column's default]
        #[arg(long, value_name = "EXPRESSION")]
        fill: Option<String>,
        #[command(flatten)]
        unseen: Unseen,
    },
    /// Add a column that every new release supplies, and old ones need not know
    #[command(
        after_help = "Examples:\n  bgmigrate new add-required-column users.plan 'varchar(20)' --default \"'free'\"\n  bgmigrate new \
                      add-required-column users.handle text --default 'lower(username)'"
    )]
    AddRequiredColumn {
        /// The new column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// Its type
        #[arg(value_name = "TYPE")]
        data_type: String,
        /// What stands in rows that old releases write; it may name other columns of the row
        #[arg(long, value_name = "EXPRESSION")]
        default: String,
    },
    /// Take a column away
    #[command(
        after_help = "Example:\n  bgmigrate new drop-column users.legacy --unused-since 2.4.0"
    )]
    DropColumn {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        #[command(flatten)]
        unseen: Unseen,
    },
    /// Give a table another name: a view under the new one, until the table takes it
    #[command(after_help = "Example:\n  bgmigrate new rename-table people users")]
    RenameTable {
        /// The table
        #[arg(value_name = "TABLE")]
        table: String,
        /// Its new name
        #[arg(value_name = "NEW")]
        to: String,
    },
    /// Put several columns in the place of one
    #[command(
        after_help = "Example:\n  bgmigrate new split-column users.name \"first=split_part(name, ' ', 1)\" \"last=split_part(name, ' ', \
                      2)\" --back \"first || ' ' || last\""
    )]
    SplitColumn {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// Each new column with its value in terms of the old one; `NEW:TYPE=…` where its type is another
        #[arg(value_name = "NEW=EXPRESSION", required = true)]
        into: Vec<String>,
        /// The old value in terms of the new columns
        #[arg(long, value_name = "EXPRESSION")]
        back: String,
        #[command(flatten)]
        unseen: Unseen,
    },
    /// Put one column in the place of several
    #[command(
        after_help = "Example:\n  bgmigrate new merge-columns users.first,last name --using \"first || ' ' || last\" --back \
                      \"first=split_part(name, ' ', 1)\" --back \"last=split_part(name, ' ', 2)\""
    )]
    MergeColumns {
        /// The columns
        #[arg(value_name = "TABLE.COLUMN,COLUMN")]
        columns: String,
        /// The new column
        #[arg(value_name = "NEW")]
        to: String,
        /// Its value in terms of the old columns
        #[arg(long, value_name = "EXPRESSION")]
        using: String,
        /// Each old column with its value in terms of the new one
        #[arg(long, value_name = "COLUMN=EXPRESSION", required = true)]
        back: Vec<String>,
        /// Its type [default: that of the first column]
        #[arg(long = "type", value_name = "TYPE")]
        data_type: Option<String>,
    },
    /// Move columns into a table of their own, one row for one row
    #[command(after_help = "Example:\n  bgmigrate new split-table users.street,city addresses")]
    SplitTable {
        /// The columns
        #[arg(value_name = "TABLE.COLUMN,COLUMN")]
        columns: String,
        /// The new table
        #[arg(value_name = "NEW")]
        to: String,
    },
    /// Demand that a column refers to rows of another table
    #[command(
        after_help = "Example:\n  bgmigrate new add-foreign-key orders.user_id users.id --orphans delete"
    )]
    AddForeignKey {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// What it refers to
        #[arg(value_name = "TABLE.COLUMN")]
        target: String,
        /// What becomes of rows that refer to nothing: keep (the demand then fails), null or delete
        #[arg(long, value_name = "WHAT", default_value = "keep")]
        orphans: WantedOrphans,
        /// What the deletion of the other row does: refuse, cascade or null
        #[arg(long, value_name = "WHAT", default_value = "refuse")]
        on_delete: WantedOnDelete,
    },
    /// Refuse a second row with the same values
    #[command(after_help = "Example:\n  bgmigrate new add-unique users.tenant,email")]
    AddUnique {
        /// The columns
        #[arg(value_name = "TABLE.COLUMN,COLUMN")]
        columns: String,
    },
    /// Take a table away
    #[command(after_help = "Example:\n  bgmigrate new drop-table carts --unused-since 2.4.0")]
    DropTable {
        /// The table
        #[arg(value_name = "TABLE")]
        table: String,
    },
    /// Give a column another list of values: a second column, kept in step by triggers, until the first one goes
    #[command(
        after_help = "Example:\n  bgmigrate new replace-enum orders.state new,paid,shipped --map sent=shipped --to status"
    )]
    ReplaceEnum {
        /// The column
        #[arg(value_name = "TABLE.COLUMN")]
        column: String,
        /// The new list
        #[arg(value_name = "LABEL,LABEL", value_delimiter = ',', required = true)]
        labels: Vec<String>,
        /// What a label that is in one list alone is in the other
        #[arg(long, value_name = "OLD=NEW")]
        map: Vec<String>,
        /// The name of the new column [default: the old one with `_new` behind it]
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        #[command(flatten)]
        unseen: Unseen,
    },
}

/// What the folder does not show of a column, since it begins with a dump or another tool's work.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Unseen {
    /// The column's type, where the folder does not show it
    #[arg(id = "unseen_type", long = "type", value_name = "TYPE")]
    data_type: Option<String>,
    /// The column is NOT NULL, where the folder does not show it
    #[arg(long, requires = "unseen_type")]
    not_null: bool,
    /// The column's default, where the folder does not show it
    #[arg(long, value_name = "EXPRESSION", requires = "unseen_type")]
    default: Option<String>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub(super) enum WantedOrphans {
    Keep,
    Null,
    Delete,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub(super) enum WantedOnDelete {
    Refuse,
    Cascade,
    Null,
}

impl Unseen {
    fn given(&self) -> Given {
        Given {
            data_type: self.data_type.clone(),
            default: self.default.clone(),
            not_null: self.not_null,
        }
    }
}

impl Wanted {
    /// The pattern that is asked for.
    pub(super) fn pattern(&self) -> Pattern {
        match self {
            Self::RenameColumn { column, to, unseen } => Pattern::RenameColumn {
                column: column.clone(),
                to: to.clone(),
                given: unseen.given(),
            },
            Self::ChangeType {
                column,
                data_type,
                to,
                using,
                back,
                unseen,
            } => Pattern::ChangeType {
                column: column.clone(),
                data_type: data_type.clone(),
                to: to.clone(),
                using: using.clone(),
                back: back.clone(),
                given: unseen.given(),
            },
            Self::SetNotNull {
                column,
                fill,
                unseen,
            } => Pattern::SetNotNull {
                column: column.clone(),
                fill: fill.clone(),
                given: unseen.given(),
            },
            Self::AddRequiredColumn {
                column,
                data_type,
                default,
            } => Pattern::AddRequiredColumn {
                column: column.clone(),
                data_type: data_type.clone(),
                default: default.clone(),
            },
            Self::DropColumn { column, unseen } => Pattern::DropColumn {
                column: column.clone(),
                given: unseen.given(),
            },
            Self::RenameTable { table, to } => Pattern::RenameTable {
                table: table.clone(),
                to: to.clone(),
            },
            Self::SplitColumn {
                column,
                into,
                back,
                unseen,
            } => Pattern::SplitColumn {
                column: column.clone(),
                into: into.clone(),
                back: back.clone(),
                given: unseen.given(),
            },
            Self::MergeColumns {
                columns,
                to,
                using,
                back,
                data_type,
            } => Pattern::MergeColumns {
                columns: columns.clone(),
                to: to.clone(),
                data_type: data_type.clone(),
                using: using.clone(),
                back: back.clone(),
            },
            Self::SplitTable { columns, to } => Pattern::SplitTable {
                columns: columns.clone(),
                to: to.clone(),
            },
            Self::AddForeignKey {
                column,
                target,
                orphans,
                on_delete,
            } => Pattern::AddForeignKey {
                column: column.clone(),
                target: target.clone(),
                orphans: match orphans {
                    WantedOrphans::Keep => Orphans::Keep,
                    WantedOrphans::Null => Orphans::Null,
                    WantedOrphans::Delete => Orphans::Delete,
                },
                on_delete: match on_delete {
                    WantedOnDelete::Refuse => OnDelete::Refuse,
                    WantedOnDelete::Cascade => OnDelete::Cascade,
                    WantedOnDelete::Null => OnDelete::SetNull,
                },
            },
            Self::AddUnique { columns } => Pattern::AddUnique {
                columns: columns.clone(),
            },
            Self::DropTable { table } => Pattern::DropTable {
                table: table.clone(),
            },
            Self::ReplaceEnum {
                column,
                labels,
                map,
                to,
                unseen,
            } => Pattern::ReplaceEnum {
                column: column.clone(),
                labels: labels.clone(),
                map: map.clone(),
                to: to.clone(),
                given: unseen.given(),
            },
        }
    }
}
