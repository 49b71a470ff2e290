//! Whatever happens, in whatever order: the record's tables are what its history comes to.

use bgmigrate::store::{Missing, Origin, Store, Target};
use proptest::prelude::*;

#[allow(
    dead_code,
    reason = "here the record takes the events, and not the course"
)]
#[path = "../gates/script.rs"]
mod script;

use script::{Course, Line};

use crate::world::{Engine, World};

/// What may be asked for; most of it is refused at most times.
const POOL: &[&str] = &[
    "apply a:expand",
    "apply b:expand",
    "apply c:contract",
    "apply d:contract unused-by v1 v2",
    "begin c:contract unused-since v1",
    "begin m:migrate",
    "send c 0",
    "send m 0",
    "done c 0",
    "send c 1",
    "done c 1 last",
    "done m 0 last",
    "fail c 0",
    "doubt m",
    "doubt c",
    "resolve c skip last",
    "resolve m retry",
    "resolve b done",
    "undo a",
    "undo b slowly",
    "undone b",
    "adopt a:expand x:contract",
    "gone a",
    "record v1 blue live ships a:expand",
    "record v1 green ships a:expand uses users.id unharmed c",
    "record v2 green ships a:expand b:expand m:migrate+",
    "record v2 blue ships a:expand c:contract uses users",
    "billing: record v1 blue live ships a:expand c:contract",
    "billing: record v2 green ships",
    "billing: cutover green",
    "billing: router obeys",
    "billing: settle",
    "smoke green passed",
    "smoke blue failed",
    "cutover green",
    "cutover blue",
    "rollback",
    "router green",
    "router blue",
    "router obeys",
    "claim 25",
    "claim 100",
    "claim 0",
    "settle",
    "abandon",
    "follow",
    "enforce",
    "retire blue",
    "retire green early",
    "billing: retire green",
    "hours 25",
];

fn origin() -> Origin {
    Origin {
        actor: "ann".to_owned(),
        host: "test".to_owned(),
        job: None,
        git_commit: Some("c0ffee".to_owned()),
        tool: "bgmigrate test".to_owned(),
        run: "1".to_owned(),
    }
}

/// Runs the course on a record, and holds the tables against the history and against the state that was decided on.
async fn holds(url: &str, course: &[usize]) -> Result<(), TestCaseError> {
    let target: Target = url.parse().unwrap();
    let mut store = Store::open(target, origin(), Missing::Create)
        .await
        .unwrap();
    let mut snapshot = store.load_or_init(&[]).await.unwrap();
    let mut team = Course::new();
    for at in course {
        team.state = snapshot.state.clone();
        let Line::Command(command) = team.read(POOL[*at]) else {
            continue;
        };
        team.sight.now = team.sight.now.max(snapshot.now);
        let Ok(events) = bgmigrate::gate::decide(&team.state, &command, &team.sight) else {
            continue;
        };
        store.append(&mut snapshot, &events).await.unwrap();
    }
    let versions = ["v1", "v2"];
    let loaded = store.load(&versions).await.unwrap().unwrap();
    let differences = store.differences().await.unwrap();
    prop_assert_eq!(&differences, &[]);
    prop_assert_eq!(&loaded.state, &snapshot.state);
    prop_assert_eq!(loaded.head, snapshot.head);
    // And again once all tables were written anew.
    store.rebuild().await.unwrap();
    let rebuilt = store.load(&versions).await.unwrap().unwrap();
    prop_assert_eq!(&rebuilt.state, &snapshot.state);
    store.close().await;
    Ok(())
}

fn complete(url: &str, course: &[usize]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(holds(url, course))
}

fn courses() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..POOL.len(), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_tables_are_what_the_history_comes_to_on_sqlite(course in courses()) {
        complete("sqlite::memory:", &course)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn the_tables_are_what_the_history_comes_to_on_servers(course in courses()) {
        for engine in [Engine::Postgres, Engine::Mariadb] {
            complete(&World::new(engine, "properties").url, &course)?;
        }
    }
}
