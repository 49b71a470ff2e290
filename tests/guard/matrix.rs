//! Every breaking and every harmless form, as the unprivileged owner and as a superuser.

use bgmigrate::guard::postgres::REFUSED as CODE;

use crate::cases::{ALLOWED, BY_OTHER_WAYS, HARMLESS, REFUSED};
use crate::servers::{self, Server};
use crate::world::{Session, copy, pinned};

/// As whom, and with what said before: the last would switch other triggers off.
const AS: &[(&str, &str)] = &[
    ("guard_owner", ""),
    ("postgres", "SET session_replication_role = replica"),
];

/// Runs all transactions of a case but the last, and then the last.
async fn play(session: &mut Session, case: &str) -> crate::world::Outcome {
    let mut transactions = case.split(";;").map(str::trim).peekable();
    while let Some(sql) = transactions.next() {
        if transactions.peek().is_none() {
            return session.run(sql).await;
        }
        session.must(sql).await;
    }
    Ok(())
}

async fn session(url: &str, user: &str, before: &str) -> Session {
    let mut session = match user {
        "guard_owner" => Session::owner(url).await,
        _ => Session::open(url).await,
    };
    session.must(before).await;
    session
}

async fn breaking_forms_are_refused(server: &Server) {
    let template = pinned(server).await;
    let mut url = copy(server, &template).await;
    let mut wrong = Vec::new();
    for (case, complaint) in REFUSED.iter().chain(BY_OTHER_WAYS) {
        for (user, before) in AS {
            let mut watcher = Session::open(&url).await;
            let mut session = session(&url, user, before).await;
            let whole = watcher.catalog().await;
            let outcome = play(&mut session, case).await;
            let steps = case.contains(";;");
            match &outcome {
                Err(refusal)
                    if refusal.code == CODE
                        && (refusal.message.contains(complaint)
                            || refusal.detail.contains(complaint)) => {}
                outcome => wrong.push(format!("{user} {before}: {case}: {outcome:?}")),
            }
            if outcome.is_err() && !steps && watcher.catalog().await != whole {
                wrong.push(format!("{user}: {case}: refused, and yet done"));
            }
            let drift = watcher.drift().await;
            if !drift.is_empty() {
                wrong.push(format!("{user}: {case}: {drift:?}"));
            }
            session.close().await;
            watcher.close().await;
            if steps || outcome.is_ok() {
                url = copy(server, &template).await;
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

async fn harmless_forms_pass(server: &Server) {
    let template = pinned(server).await;
    let mut wrong = Vec::new();
    for case in ALLOWED.iter().chain(HARMLESS) {
        for (user, before) in AS {
            let url = copy(server, &template).await;
            let mut watcher = Session::open(&url).await;
            let mut session = session(&url, user, before).await;
            let whole = watcher.catalog().await;
            if let Err(refusal) = play(&mut session, case).await {
                wrong.push(format!("{user}: {case}: {refusal:?}"));
            } else if ALLOWED.contains(case) && watcher.catalog().await == whole {
                wrong.push(format!("{user}: {case}: passed, and yet nothing changed"));
            }
            let drift = watcher.drift().await;
            if !drift.is_empty() {
                wrong.push(format!("{user}: {case}: passed, and is drift: {drift:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_breaks_a_pinned_release_is_refused_whoever_sends_it() {
    breaking_forms_are_refused(servers::postgres()).await;
}

#[tokio::test]
async fn what_breaks_a_pinned_release_is_refused_on_postgresql_18() {
    breaking_forms_are_refused(servers::postgres_18()).await;
}

#[tokio::test]
async fn what_a_pinned_release_lives_with_passes() {
    harmless_forms_pass(servers::postgres()).await;
}

#[tokio::test]
async fn what_a_pinned_release_lives_with_passes_on_postgresql_18() {
    harmless_forms_pass(servers::postgres_18()).await;
}
