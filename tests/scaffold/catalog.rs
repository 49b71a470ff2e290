//! What a database has, as text: all that a migration can make and an undo has to take back.

use crate::world::{Engine, World};

const POSTGRES: &[&str] = &[
    "SELECT 'column', table_name, column_name, udt_name, is_nullable, column_default FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 2, 3",
    "SELECT 'trigger', tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
     WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace ORDER BY 2",
    "SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 2",
    "SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 2",
    "SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2",
    "SELECT 'relation', relname, relkind::text FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 2",
    "SELECT 'enum', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e' ORDER BY 2",
];

const MARIADB: &[&str] = &[
    "SELECT 'column', table_name, column_name, column_type, is_nullable, column_default FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'bgmigrate%' ORDER BY 2, 3",
    "SELECT 'trigger', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 2",
    "SELECT 'constraint', table_name, constraint_name, constraint_type FROM information_schema.table_constraints
     WHERE constraint_schema = DATABASE() AND table_name NOT LIKE 'bgmigrate%' ORDER BY 2, 3",
    "SELECT 'index', table_name, index_name, column_name FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'bgmigrate%' ORDER BY 2, 3, seq_in_index",
    "SELECT 'relation', table_name, table_type FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'bgmigrate%' ORDER BY 2",
];

const SQLITE: &[&str] = &[
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'bgmigrate%' AND name NOT LIKE 'sqlite_%'
     AND tbl_name NOT LIKE 'bgmigrate%' ORDER BY 1, 2",
];

/// Everything in the database but the record.
pub(crate) fn catalog(world: &World) -> String {
    let queries = match world.engine {
        Engine::Postgres => POSTGRES,
        Engine::Mariadb => MARIADB,
        Engine::Sqlite => SQLITE,
    };
    let answers: Vec<_> = queries.iter().map(|query| world.ask(query)).collect();
    answers.join("\n")
}
