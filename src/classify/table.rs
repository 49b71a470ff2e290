//! Whole tables: created, dropped, renamed, partitioned, stored differently.

use crate::model::{CreateTable, Dialect, Effect, Name, Object, TableChange};

use super::{Context, Judgement, says};

pub(super) fn create(create: &CreateTable, context: &Context<'_>) -> Judgement {
    if create.temporary {
        return says(
            Effect::Neutral,
            "a temporary table lives in this session alone",
        );
    }
    if create.or_replace && !context.schema.is_new_table(&create.name) {
        return says(
            Effect::Destroy,
            "OR REPLACE drops the table of that name with its rows",
        );
    }
    says(Effect::Add, "a new table, which no release uses yet")
}

pub(super) fn drop(
    object: &Object,
    if_exists: bool,
    cascade: bool,
    context: &Context<'_>,
) -> Judgement {
    let table = &object.name;
    if context.schema.is_new_table(table) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if let Some(rebuild) = context.facts.rebuild_dropping(table) {
        return rebuild.clone();
    }
    if if_exists && context.schema.rules_out_table(table) {
        return says(
            Effect::Neutral,
            "there is no such table: the folder dropped or renamed it before",
        );
    }
    let comes_back = context.facts.creates_table_after(context.index, table);
    if if_exists && comes_back && context.schema.is_unheard_of(table) {
        return says(
            Effect::Neutral,
            "clears the way for a table that the folder has never made before",
        );
    }
    if comes_back {
        return says(
            Effect::Destroy,
            "the table is dropped and made anew: its rows are gone, whatever its new definition is",
        );
    }
    let reach = if cascade {
        ", and CASCADE takes along what depends on it"
    } else {
        ""
    };
    says(
        Effect::Destroy,
        format!("the table and its rows are gone for every release that names it{reach}"),
    )
}

pub(super) fn rename(object: &Object, to: &Name, context: &Context<'_>) -> Judgement {
    let from = &object.name;
    if from == to {
        return says(
            Effect::Neutral,
            "the engine takes both spellings for the same name",
        );
    }
    if let Some(step) = context.facts.rebuild_renaming(from, to) {
        return step.clone();
    }
    if context.schema.is_new_table(from) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if context.schema.dialect() != Dialect::Sqlite
        && context
            .facts
            .creates_updatable_view_after(context.index, from, to)
    {
        return says(
            Effect::Add,
            format!(
                "an updatable view keeps the name `{from}`: old releases read and write through it"
            ),
        );
    }
    says(
        Effect::Reshape,
        format!("releases that still say `{from}` fail, for reads and writes"),
    )
}

/// Clauses that concern the table as a whole.
pub(super) fn alter(table: &Name, change: &TableChange, context: &Context<'_>) -> Judgement {
    match change {
        TableChange::SetTrigger {
            name,
            enabled: false,
        } if context
            .facts
            .enables_trigger_after(context.index, table, name.as_ref()) =>
        {
            says(Effect::Neutral, "off for the rest of this file only")
        }
        TableChange::SetTrigger { enabled: false, .. }
        | TableChange::SetRule { enabled: false, .. } => says(
            Effect::Reshape,
            "what fires for the writes of a running release stops, without an error",
        ),
        TableChange::SetTrigger { .. } | TableChange::SetRule { .. } => says(
            Effect::Rows,
            "fires from now on for the writes of every release",
        ),
        TableChange::RowSecurity { clause }
            if clause.starts_with("disable") || clause.starts_with("no force") =>
        {
            says(
                Effect::Loosen,
                "more rows become visible; new releases may come to rely on it",
            )
        }
        TableChange::RowSecurity { .. } => says(
            Effect::Restrict,
            "rows without a policy that shows them disappear for running releases",
        ),
        // The whole row has every column that they got before (PostgreSQL manual, ALTER TABLE).
        TableChange::ReplicaIdentity { clause } if clause == "full" => says(
            Effect::Loosen,
            "consumers of the replication stream get the whole old row; new ones may come to rely on it",
        ),
        TableChange::ReplicaIdentity { .. } => says(
            Effect::Reshape,
            "consumers of the replication stream get other old-row images",
        ),
        TableChange::AttachPartition { .. } => says(
            Effect::Neutral,
            "rows come in from a table of the same shape",
        ),
        TableChange::DetachPartition { .. } => says(
            Effect::Reshape,
            format!("the partition's rows disappear from `{table}` for every reader"),
        ),
        TableChange::DropPartitions { clause } => says(
            Effect::Destroy,
            format!("{clause}: the partition's rows are gone"),
        ),
        TableChange::Inherit { added: true, .. } => says(Effect::Add, "the parent shows more rows"),
        TableChange::Inherit { .. } => says(
            Effect::Reshape,
            "the child's rows disappear from the parent",
        ),
        TableChange::SetCharset { convert: true, .. } => says(
            Effect::Reshape,
            "text is converted: comparison, order and uniqueness change for running releases",
        ),
        _ => says(Effect::Neutral, "how the table is kept, not what it holds"),
    }
}
