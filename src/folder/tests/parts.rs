//! Whatever a file holds, its parts lie in it: on character boundaries, in order, up apart from down.

use proptest::prelude::*;

use super::*;

/// What the layouts look for, and what could trip them.
const FRAGMENTS: &[&str] = &[
    "\n",
    "\r\n",
    " ",
    ";",
    "é",
    "ü;",
    "'",
    "$$",
    "\u{feff}",
    "//",
    "*/",
    "a",
    "-- +goose Up\n",
    "-- +goose Down\n",
    "-- +goose StatementBegin\n",
    "-- +goose StatementEnd\n",
    "-- migrate:up\n",
    "-- migrate:down é\n",
    "-- +migrate Up\n",
    "-- +migrate Down\n",
    "-- +migrate StatementBegin\n",
    "-- +migrate StatementEnd\n",
    "--liquibase formatted sql\n",
    "--changeset é:ü endDelimiter://\n",
    "--changeset a:\"b\n",
    "--changeset \"a:b\n",
    "--changeset x:y dbms:!h2 context:\"é\n",
    "--rollback ü\n",
    "--rollback\n",
    "/* liquibase rollback\n",
    "--ignoreLines:start\n",
    "--ignoreLines:2\n",
    "--ignoreLines:end\n",
    "---- create above / drop below ----",
    "--> statement-breakpoint",
    "-- Up\n",
    "-- Down Migration\n",
    "# --- !Ups\n",
    "-- //@UNDO\n",
    "-- atlas:txmode é\n",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn parts_lie_in_the_text_in_order_and_apart(text in texts()) {
        let files = [
            ("1_é.sql", text.as_str()),
            ("1_é/up.sql", &text),
            ("1_é/migration.sql", &text),
            ("1_é.up.sql", &text),
            ("V1__é.sql", &text),
        ];
        let mut read_at_all = 0;
        for layout in Layout::ALL {
            for file in files {
                // A refusal is right for much of this; what is read must be sound.
                let Ok(folder) = read(&tree(&[file]), Some(*layout), Dialect::Postgres) else { continue };
                read_at_all += 1;
                for migration in &folder.migrations {
                    let mut all = migration.up.clone();
                    if let Some(Down::Parts(down)) = &migration.down {
                        all.extend(down);
                    }
                    for span in &all {
                        prop_assert!(migration.text.get(span.start..span.end).is_some(), "{layout} {span:?}");
                    }
                    let ordered = migration.up.windows(2).all(|pair| pair[0].end <= pair[1].start);
                    prop_assert!(ordered, "{layout} {:?}", migration.up);
                    // Liquibase keeps its one-line rollbacks as comments of the way up.
                    if *layout != Layout::Liquibase {
                        all.sort();
                        let apart = all.windows(2).all(|pair| pair[0].end <= pair[1].start);
                        prop_assert!(apart, "{layout} {all:?}");
                    }
                }
            }
        }
        prop_assert!(read_at_all > 0);
    }
}
