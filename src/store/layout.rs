//! The layout of the record's tables: how they come to be, and how those of an older bgmigrate become those of this one.
//!
//! A layout only adds to the one before it: tables, and columns that may be empty. So a run of the older bgmigrate that
//! is under way works on, and whoever starts next needs the newer one.

use super::engine::Engine;
use super::{DatabaseError, Snapshot, Store, StoreError};

impl Engine {
    /// The newest layout that this build knows; the first is 1.
    fn newest(&self) -> i64 {
        i64::try_from(self.layouts.len()).unwrap_or(i64::MAX)
    }

    /// Refuses a record of another layout than ours.
    pub(super) fn check(&self, found: i64) -> Result<(), StoreError> {
        let known = self.newest();
        match found {
            _ if found > known => Err(StoreError::Newer { found, known }),
            _ if found < known => Err(StoreError::Older { found, known }),
            _ => Ok(()),
        }
    }
}

impl Store {
    /// Reads the record, makes it first where there is none, and brings one of an older layout up to date.
    pub async fn load_or_init(&mut self, also: &[&str]) -> Result<Snapshot, StoreError> {
        match self.load(also).await {
            Ok(Some(snapshot)) => return Ok(snapshot),
            Ok(None) => self.init().await?,
            Err(StoreError::Older { found, .. }) => self.upgrade(found).await?,
            Err(error) => return Err(error),
        }
        let made = self.load(also).await?;
        made.ok_or_else(|| {
            StoreError::Damaged("its tables vanished as soon as they were made".to_owned())
        })
    }

    /// Whether there is a record of our layout.
    ///
    /// # Errors
    /// [`StoreError::Newer`] and [`StoreError::Older`] when it is of another one.
    pub(super) async fn is_there(&mut self) -> Result<bool, StoreError> {
        let query = "SELECT concat('', layout) FROM @record WHERE id = 1";
        let rows = match self.connection.read(&self.engine.sql(query), &[]).await {
            Err(error) if error.is_missing_table() => return Ok(false),
            rows => rows?,
        };
        // The row is written after the tables: without it they are about to be made.
        let Some(layout) = rows.into_iter().flatten().next().flatten() else {
            return Ok(false);
        };
        let found = layout
            .parse()
            .map_err(|_| StoreError::Damaged(format!("layout `{layout}`")))?;
        self.engine.check(found)?;
        Ok(true)
    }

    /// Makes the record's tables, where they are not there. Several may do so at once.
    async fn init(&mut self) -> Result<(), StoreError> {
        self.add_layouts(0).await?;
        let first = self
            .engine
            .sql("INSERT INTO @record (id, layout, head, epoch) VALUES (1, ?, 0, 0)");
        match self
            .connection
            .write(&first, &[self.engine.newest().into()])
            .await
        {
            Ok(_) => Ok(()),
            Err(_) if self.load(&[]).await?.is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds what the layouts after this one have. Several may do so at once, and whoever was killed is no trouble.
    async fn upgrade(&mut self, found: i64) -> Result<(), StoreError> {
        self.add_layouts(usize::try_from(found).unwrap_or(0))
            .await?;
        let newest = self.engine.newest();
        let reached = self
            .engine
            .sql("UPDATE @record SET layout = ? WHERE id = 1 AND layout < ?");
        self.connection
            .write(&reached, &[newest.into(), newest.into()])
            .await?;
        Ok(())
    }

    async fn add_layouts(&mut self, after: usize) -> Result<(), StoreError> {
        for statement in self.engine.layouts.iter().skip(after).copied().flatten() {
            match self.connection.run(statement).await {
                // PostgreSQL's IF NOT EXISTS is no protection from somebody who creates the same at the same moment, and
                // not every engine has it for columns.
                Err(error) if error.is_there_already() => {}
                done => done?,
            }
        }
        Ok(())
    }
}

/// A table or a column that is not there although its layout is.
pub(super) fn damaged_where_something_is_missing(error: DatabaseError) -> StoreError {
    if error.is_missing_table() || error.is_missing_column() {
        return StoreError::Damaged(error.to_string());
    }
    error.into()
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::super::{Missing, Origin, Target, sqlite};
    use super::*;

    /// What a later bgmigrate may have.
    static LATER: Engine = Engine {
        layouts: &[
            sqlite::ENGINE.layouts[0],
            &[
                "CREATE TABLE IF NOT EXISTS bgmigrate_later (id integer PRIMARY KEY)",
                "ALTER TABLE bgmigrate_slot ADD COLUMN later text",
            ],
        ],
        ..sqlite::ENGINE
    };

    fn origin() -> Origin {
        Origin {
            actor: "ann".to_owned(),
            host: "here".to_owned(),
            job: None,
            git_commit: None,
            tool: "bgmigrate".to_owned(),
            run: "1".to_owned(),
        }
    }

    async fn open(folder: &tempfile::TempDir, engine: &'static Engine) -> Store {
        let url = format!("sqlite:{}", folder.path().join("app.db").display());
        let target: Target = url.parse().expect("a URL");
        let store = Store::open(target, origin(), Missing::Create).await;
        Store {
            engine,
            ..store.expect("a database")
        }
    }

    async fn columns(store: &mut Store) -> usize {
        let query = "SELECT name FROM pragma_table_info('bgmigrate_slot') WHERE name = 'later'";
        store.connection.ask(query).await.expect("an answer").len()
    }

    #[tokio::test]
    async fn an_older_record_is_refused_by_who_only_reads_and_upgraded_by_who_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&folder, &sqlite::ENGINE)
            .await
            .load_or_init(&[])
            .await
            .expect("a record");
        let mut store = open(&folder, &LATER).await;
        let refused = store.load(&[]).await.expect_err("older");
        assert!(
            refused.to_string().contains("`bgmigrate init`"),
            "{refused}"
        );
        assert_eq!(columns(&mut store).await, 0);
        store.load_or_init(&[]).await.expect("an upgrade");
        assert_eq!(columns(&mut store).await, 1);
        store.load(&[]).await.expect("is of the newest layout");
        let refused = open(&folder, &sqlite::ENGINE).await.load_or_init(&[]).await;
        assert!(
            matches!(refused, Err(StoreError::Newer { found: 2, known: 1 })),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn an_upgrade_that_was_killed_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&folder, &sqlite::ENGINE)
            .await
            .load_or_init(&[])
            .await
            .expect("a record");
        let mut store = open(&folder, &LATER).await;
        for statement in LATER.layouts[1] {
            store.connection.run(statement).await.expect("runs");
        }
        store.load_or_init(&[]).await.expect("an upgrade");
        store.load(&[]).await.expect("is of the newest layout");
    }

    #[tokio::test]
    async fn a_table_that_somebody_took_away_is_no_missing_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = open(&folder, &sqlite::ENGINE).await;
        store.load_or_init(&[]).await.expect("a record");
        store
            .connection
            .run("DROP TABLE bgmigrate_slot")
            .await
            .expect("is dropped");
        let refused = store.load_or_init(&[]).await.expect_err("damaged");
        assert!(refused.to_string().contains("bgmigrate_slot"), "{refused}");
    }
}
