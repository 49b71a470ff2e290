//! A team with a database of one engine, two slots and a folder for each release.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::servers;

/// The engines that the record lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

pub(crate) const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::Mariadb];

pub(crate) struct World {
    folder: TempDir,
    pub(crate) engine: Engine,
    pub(crate) url: String,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) answer: String,
    pub(crate) talk: String,
}

impl World {
    pub(crate) fn new(engine: Engine, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("app.db").display()),
            Engine::Postgres => servers::postgres().url(name),
            Engine::Mariadb => servers::mariadb().url(name),
        };
        Self::in_folder(folder, engine, url)
    }

    /// The same with a database of one's own.
    pub(crate) fn at(engine: Engine, url: String) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), engine, url)
    }

    fn in_folder(folder: TempDir, engine: Engine, url: String) -> Self {
        let world = Self {
            folder,
            engine,
            url,
        };
        let dialect = match engine {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
            Engine::Mariadb => "mysql",
        };
        world.write(
            "bgmigrate.toml",
            &format!("dialect = \"{dialect}\"\nlayout = \"numbered\"\nrollback_window = \"1h\"\n[router]\nfile = \"live\"\n"),
        );
        std::fs::create_dir(world.path("migrations")).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Adds a migration to the folder.
    pub(crate) fn migration(&self, name: &str, sql: &str) {
        self.write(&format!("migrations/{name}.sql"), sql);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_bgmigrate")));
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null());
        command
            .env_clear()
            .env("NO_COLOR", "1")
            .env("USER", "ann")
            .env("HOSTNAME", "test-host");
        command.env("DATABASE_URL", &self.url);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&self.command(arguments).output().unwrap())
    }

    /// Runs a command that must end with this status.
    pub(crate) fn expect(&self, status: i32, line: &str) -> Said {
        let arguments: Vec<&str> = line.split(' ').collect();
        let said = self.run(&arguments);
        assert_eq!(
            said.status, status,
            "{:?}: bgmigrate {line}\n{}\n{}",
            self.engine, said.answer, said.talk
        );
        said
    }

    /// What a query answers, as text: columns joined by `|`, rows by a space.
    pub(crate) fn ask(&self, sql: &str) -> String {
        let sql = sql.to_owned();
        self.connected(async |connection| {
            let rows = connection.ask(&sql).await.unwrap();
            let row = |row: Vec<Option<String>>| {
                let columns: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
                columns.join("|")
            };
            rows.into_iter().map(row).collect::<Vec<_>>().join(" ")
        })
    }

    /// As [`Self::ask`]; nothing where the database refuses it, or is busy.
    pub(crate) fn try_ask(&self, sql: &str) -> Option<String> {
        let sql = sql.to_owned();
        self.connected(async |connection| {
            let rows = connection.ask(&sql).await.ok()?;
            rows.into_iter().flatten().next().flatten()
        })
    }

    /// Runs SQL as somebody else would, with another client.
    pub(crate) fn sql(&self, sql: &str) {
        let sql = sql.to_owned();
        self.connected(async |connection| connection.run(&sql).await.unwrap());
    }

    /// Runs SQL as somebody else would, and gives what the database refuses it with.
    pub(crate) fn refusal(&self, sql: &str) -> String {
        let sql = sql.to_owned();
        self.connected(async |connection| match connection.run(&sql).await {
            Ok(()) => panic!("nothing refused {sql}"),
            Err(error) => error.to_string(),
        })
    }

    fn connected<T>(&self, work: impl AsyncFnOnce(&mut bgmigrate::store::Connection) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let target: bgmigrate::store::Target = self.url.parse().unwrap();
            let mut connection = target
                .connect("test", bgmigrate::store::Missing::Create)
                .await
                .unwrap();
            let result = work(&mut connection).await;
            connection.close().await;
            result
        })
    }
}

pub(crate) fn said(output: &Output) -> Said {
    Said {
        status: output.status.code().unwrap_or(-1),
        answer: String::from_utf8_lossy(&output.stdout).into_owned(),
        talk: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
