//! A guarded database to try statements on.

use bgmigrate::guard::{Tier, Uses, postgres};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::servers::Server;

/// What the matrix works on: a bit of everything that can be pinned. An unprivileged role owns it.
pub(crate) const BASE: &str = include_str!("base.sql");

/// The statement's outcome: nothing, or SQLSTATE, message and hint.
pub(crate) type Outcome = Result<(), Refusal>;

#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: String,
    pub(crate) hint: String,
}

/// A session.
pub(crate) struct Session(pub(crate) PgConnection);

impl Session {
    pub(crate) async fn open(url: &str) -> Self {
        Self(PgConnection::connect(url).await.unwrap())
    }

    /// A session of the role that owns what [`BASE`] makes.
    pub(crate) async fn owner(url: &str) -> Self {
        Self::open(&url.replace("user=postgres", "user=guard_owner")).await
    }

    /// Sends a text as one query; several statements in it are one transaction.
    pub(crate) async fn run(&mut self, sql: &str) -> Outcome {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.0)
            .await
            .map(drop)
            .map_err(|error| {
                let error = error.into_database_error().unwrap();
                let error = error.downcast_ref::<sqlx::postgres::PgDatabaseError>();
                Refusal {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    detail: error.detail().unwrap_or_default().to_owned(),
                    hint: error.hint().unwrap_or_default().to_owned(),
                }
            })
    }

    /// Runs what has to work.
    pub(crate) async fn must(&mut self, sql: &str) {
        if let Err(refusal) = self.run(sql).await {
            panic!("{sql}: {refusal:?}");
        }
    }

    /// Runs what the guard has to refuse.
    pub(crate) async fn refused(&mut self, sql: &str) -> Refusal {
        match self.run(sql).await {
            Err(refusal) if refusal.code == postgres::REFUSED => refusal,
            other => panic!("{sql} was not refused: {other:?}"),
        }
    }

    /// The first column of the first row, as text.
    pub(crate) async fn ask(&mut self, sql: &str) -> String {
        let sql = format!("SELECT ({sql})::text");
        let row = sqlx::query(AssertSqlSafe(sql.clone()))
            .fetch_one(&mut self.0)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        row.get::<Option<String>, _>(0).unwrap_or_default()
    }

    /// Pins a release of `app`.
    pub(crate) async fn pin(&mut self, release: &str, slot: &str, uses: &Uses) -> i64 {
        sqlx::query_scalar(postgres::PIN)
            .bind("app")
            .bind(release)
            .bind(slot)
            .bind(uses.json())
            .fetch_one(&mut self.0)
            .await
            .unwrap()
    }

    /// Lets a release of `app` go.
    pub(crate) async fn unpin(&mut self, release: &str, slot: &str) -> bool {
        sqlx::query_scalar(postgres::UNPIN)
            .bind("app")
            .bind(release)
            .bind(slot)
            .fetch_one(&mut self.0)
            .await
            .unwrap()
    }

    /// Everything of the catalog that a statement could change, in one fingerprint.
    pub(crate) async fn catalog(&mut self) -> String {
        self.ask(include_str!("catalog.sql")).await
    }

    /// What the guard finds broken.
    pub(crate) async fn drift(&mut self) -> Vec<String> {
        sqlx::query(postgres::CHECK)
            .fetch_all(&mut self.0)
            .await
            .unwrap()
            .iter()
            .map(|row| {
                let text = |name| row.get::<String, _>(name);
                format!("{}.{}: {}", text("schema"), text("name"), text("complaint"))
            })
            .collect()
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// An empty database with the guard in it.
pub(crate) async fn guarded(server: &Server) -> String {
    let url = server.url("guard");
    let mut session = Session::open(&url).await;
    install(&mut session, Tier::Triggers).await;
    session.close().await;
    url
}

/// Installs the guard as a store would: in one transaction.
pub(crate) async fn install(session: &mut Session, tier: Tier) {
    let script = postgres::install(tier);
    session.must(&format!("BEGIN; {script}; COMMIT")).await;
}

/// A database with [`BASE`] in it, all of which release v1 of `app` in slot blue relies on. Nobody is connected, so that it
/// can be copied.
pub(crate) async fn pinned(server: &Server) -> String {
    let url = server.url("guard");
    let mut session = Session::open(&url).await;
    make_roles(&mut session).await;
    session
        .must("GRANT CREATE ON SCHEMA public TO guard_owner")
        .await;
    let_owner_create(&mut session).await;
    let mut owner = Session::owner(&url).await;
    owner.must(BASE).await;
    owner.close().await;
    install(&mut session, Tier::Triggers).await;
    session.pin("v1", "blue", &Uses::default()).await;
    session.close().await;
    url
}

/// The roles are the server's, and tests run side by side.
async fn make_roles(session: &mut Session) {
    session
        .must(
            "DO $$ BEGIN
                 PERFORM pg_advisory_xact_lock(7);
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guard_owner') THEN
                     CREATE ROLE guard_owner LOGIN; CREATE ROLE guard_app LOGIN; CREATE ROLE guard_other;
                     GRANT guard_other TO guard_owner;
                 END IF;
             END $$",
        )
        .await;
}

/// A copy of what [`pinned`] made.
pub(crate) async fn copy(server: &Server, template: &str) -> String {
    let url = server.copy(template);
    let mut session = Session::open(&url).await;
    // A database's own privileges are not copied with it.
    let_owner_create(&mut session).await;
    session.close().await;
    url
}

async fn let_owner_create(session: &mut Session) {
    session
        .must(
            "DO $$ BEGIN
                 EXECUTE format('GRANT CREATE ON DATABASE %I TO guard_owner', current_database());
             END $$",
        )
        .await;
}
