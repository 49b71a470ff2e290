//! The rules, one file each. To add one: write its file and name it in the list below.

use super::{Check, Rule};
use crate::model::Dialect::{self, Mysql, Postgres, Sqlite};

/// Declares the modules and the list of their rules from one list of names.
macro_rules! rules {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+
        /// Every rule, in the order of the list.
        pub(super) static ALL: &[&Rule] = &[$(&$name::RULE),+];
    };
}

rules! {
    drop_column,
    drop_table,
    drop_schema_or_database,
    drop_view,
    drop_routine,
    drop_type_domain_enum,
    drop_sequence,
    drop_extension,
    drop_trigger_or_rule,
    drop_policy_or_rls_change,
    truncate,
    drop_cascade,
    drop_partition,
    drop_owned,
    recreate_table,
    delete_or_update_without_where,
    cascade_delete_fk,
    rename_column,
    rename_table,
    rename_schema_or_set_schema,
    rename_enum_value,
    rename_routine_type_view_sequence_role,
    rename_index_or_constraint,
    new_write_restriction,
    add_check_validating,
    add_foreign_key_validating,
    add_unique_constraint,
    index_becomes_unique,
    add_or_change_primary_key,
    pk_using_index_nullable,
    add_exclusion,
    validate_in_same_tx,
    validate_while_writes_blocked,
    drop_constraint,
    fk_without_index,
    inline_references_ignored,
    constraint_trigger_or_deferrable_change,
    create_index_blocking,
    drop_index_blocking,
    drop_index_visible,
    reindex_blocking,
    concurrently_in_transaction,
    concurrently_on_partitioned,
    invalid_index_masked,
    wide_index,
    my_fulltext_spatial_index,
    refresh_matview_blocking,
    replace_view_or_function,
    create_trigger,
    attach_partition,
    detach_partition,
    create_partition_of,
    rewrite_maintenance,
    lock_timeout_missing,
    statement_timeout_missing,
    work_after_exclusive_lock,
    many_tables_locked,
    repeated_alter_same_table,
    lock_table_explicit,
    ddl_and_dml_mixed,
    unbatched_backfill,
    transaction_control,
    my_implicit_commit,
    my_algorithm_or_lock,
    multi_phase_file,
    revoke_or_owner_change,
    replication_identity_or_publication,
    sequence_restart,
    not_idempotent,
    type_preferences,
    naming_and_shape,
    opaque_statement,
    syntax_error,
    irreversible,
    history_changed,
    unused_allow,
    lite_unsupported_alter,
    lite_table_rebuild,
    lite_writable_schema,
    lite_whole_db_lock,
}

/// All three engines.
const EVERYWHERE: &[Dialect] = &[Postgres, Mysql, Sqlite];
