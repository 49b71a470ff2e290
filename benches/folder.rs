//! Whole folders, from text to plan, without the disk: how many files and bytes a second, and whether ten times the
//! files take ten times as long.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::collections::HashMap;
use std::hint::black_box;

use bgmigrate::folder::{self, Content, Entry, Folder, Tree};
use bgmigrate::lint::Surroundings;
use bgmigrate::model::{Dialect, Engine};
use bgmigrate::plan::{Plan, Subject, plan};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// `cargo test` runs each bench once, without optimization, to see that it works.
const FILES: &[usize] = if cfg!(debug_assertions) {
    &[100]
} else {
    &[100, 1_000, 10_000]
};

fn folders(criterion: &mut Criterion) {
    for dialect in Dialect::ALL {
        let mut group = criterion.benchmark_group(dialect.name());
        group.sample_size(10);
        for files in FILES {
            let tree = Tree::new((10..files + 10).map(|at| entry(at, dialect)).collect());
            let bytes = tree
                .entries
                .iter()
                .map(|entry| text(entry).len() as u64)
                .sum();
            group.throughput(Throughput::ElementsAndBytes {
                elements: *files as u64,
                bytes,
            });
            group.bench_with_input(
                BenchmarkId::from_parameter(files),
                &tree,
                |bencher, tree| {
                    bencher.iter(|| black_box(planned(tree, dialect)));
                },
            );
        }
        group.finish();
    }
}

fn planned(tree: &Tree, dialect: Dialect) -> Plan {
    let Folder { migrations, .. } = folder::read(tree, None, dialect).unwrap();
    let settings = Settings {
        engine: Engine::default_for(dialect),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(dialect, &HashMap::new()),
    };
    let reviewed = review(&migrations, |_| Standing::Alone, &settings);
    let subjects: Vec<_> = reviewed
        .iter()
        .map(|reviewed| Subject {
            migration: &migrations[reviewed.index],
            reviewed,
            file: migrations[reviewed.index].file.clone(),
        })
        .collect();
    plan(&subjects, dialect, None)
}

fn text(entry: &Entry) -> &str {
    match &entry.content {
        Content::Text(text) => text,
        _ => "",
    }
}

/// The migration at this place: every tenth creates a table, and the nine after it work on that table.
fn entry(at: usize, dialect: Dialect) -> Entry {
    let table = format!("records_{}", at / 10);
    let (number, time, concurrently) = match dialect {
        Dialect::Postgres => ("bigint", "timestamptz", "CONCURRENTLY "),
        Dialect::Mysql => ("bigint", "datetime", ""),
        Dialect::Sqlite => ("INTEGER", "TEXT", ""),
    };
    let sql = match at % 10 {
        1 => format!("ALTER TABLE {table} ADD COLUMN note_{at} varchar(200);\n"),
        2 => format!(
            "-- For the list of the newest.\nCREATE INDEX {concurrently}{table}_created ON {table} (created_at);\n"
        ),
        3 => format!(
            "UPDATE {table} SET state = 'old' WHERE created_at < '2020-01-01' AND state IS NULL;\n"
        ),
        4 => format!(
            "ALTER TABLE {table} ADD COLUMN parent {number};\nCREATE INDEX {concurrently}{table}_parent ON {table} (parent);\n"
        ),
        5 => format!(
            "CREATE VIEW {table}_open AS SELECT id, name, state FROM {table} WHERE state <> 'closed';\n"
        ),
        6 => format!(
            "INSERT INTO {table} (id, name, total) SELECT id + 1000000, name, total FROM {table} WHERE id < 100;\n"
        ),
        7 => format!("CREATE UNIQUE INDEX {concurrently}{table}_name ON {table} (name);\n"),
        8 => format!("ALTER TABLE {table} DROP COLUMN total;\n"),
        9 => format!(
            "DROP VIEW {table}_open;\nCREATE VIEW {table}_open AS SELECT id, name, state, parent FROM {table};\n"
        ),
        _ => format!(
            "CREATE TABLE {table} (\n    id {number} PRIMARY KEY,\n    name varchar(100) NOT NULL,\n    \
             state varchar(20) DEFAULT 'new',\n    total numeric(10, 2),\n    created_at {time} NOT NULL,\n    \
             CHECK (total >= 0)\n);\n"
        ),
    };
    Entry {
        path: format!("{at:06}_step.up.sql"),
        content: Content::Text(sql),
    }
}

criterion_group!(benches, folders);
criterion_main!(benches);
