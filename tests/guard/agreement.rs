//! Guard and gates say the same: what the classifier calls contract is refused on a pinned object, and the rest passes.

use bgmigrate::lint::Surroundings;
use bgmigrate::model::{Dialect, Engine, Migration, MigrationKind, Phase, Span, TransactionMode};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};

use crate::cases::{ALLOWED, BEYOND, HARMLESS, REFUSED};
use crate::servers;
use crate::world::{BASE, Session, copy, pinned};

fn migration(id: &str, text: &str) -> Migration {
    Migration {
        id: id.to_owned(),
        name: String::new(),
        file: format!("{id}.sql"),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    }
}

/// Whether the gates hold a case back: its steps are one pending set.
fn gated(case: &str) -> bool {
    let settings = Settings {
        engine: Engine::default_for(Dialect::Postgres),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(Dialect::Postgres, &std::collections::HashMap::new()),
    };
    let migrations = [
        migration("1", BASE),
        migration("2", &case.replace(";;", ";")),
    ];
    let standing = |at| {
        if at == 0 {
            Standing::Released
        } else {
            Standing::Alone
        }
    };
    let reviewed = review(&migrations, standing, &settings).remove(0);
    reviewed
        .phases
        .iter()
        .copied()
        .any(Phase::gates_as_contract)
}

/// Where the two differ, and why that is right.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, name FROM people",
        "The guard sees which columns the view shows; the gates see that it takes writes.",
    ),
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;; DROP VIEW users",
        "In one pending set the view is new and goes as it came; the guard sees that the name is gone.",
    ),
];

#[test]
fn what_the_guard_refuses_the_gates_hold_back_and_what_it_lets_pass_they_let_pass() {
    let refused = REFUSED.iter().map(|(case, _)| (*case, true));
    let allowed = ALLOWED.iter().chain(HARMLESS).map(|case| (*case, false));
    let mut wrong = Vec::new();
    for (case, refused) in refused.chain(allowed) {
        let excepted = EXCEPTIONS.iter().any(|(one, _)| *one == case);
        match (gated(case) == refused, excepted) {
            (false, false) => wrong.push(format!(
                "the guard {}, the gates do not: {case}",
                if refused { "refuses" } else { "lets pass" }
            )),
            (true, true) => wrong.push(format!("they agree, so it is no exception: {case}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_the_guard_cannot_see_the_gates_hold_back() {
    let server = servers::postgres();
    let template = pinned(server).await;
    for (case, reason) in BEYOND {
        assert!(gated(case), "{case}");
        let url = copy(server, &template).await;
        let mut session = Session::open(&url).await;
        session.must(case).await;
        assert!(reason.ends_with('.'), "{case}");
    }
}
