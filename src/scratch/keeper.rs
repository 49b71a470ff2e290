//! Starting a server so that it cannot outlive us.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A folder for one server, and the user that the server runs as.
pub struct Home {
    folder: TempDir,
    account: Option<Account>,
}

/// The unprivileged user that stands in for root, as servers refuse to run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Home {
    /// Makes a temporary folder; where we are root, it belongs to the first of these users that exists.
    ///
    /// The folder goes with the `Home`; drop the [`Keeper`] first, so that nobody works in it any more.
    pub fn make(users: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bgmigrate-server-")
            .tempdir()
            .context("no temporary folder for the server")?;
        let metadata = fs::metadata(folder.path())?;
        let account = if metadata.uid() == 0 {
            let Some(account) = users.iter().find_map(|user| account(user)) else {
                bail!(
                    "the server refuses to run as root, and there is no user {}",
                    users.join(" or ")
                );
            };
            chown(folder.path(), Some(account.user), Some(account.group))?;
            Some(account)
        } else {
            None
        };
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        Ok(Self { folder, account })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command that runs as the server's user, in its folder, without our settings for its like.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env("HOME", self.path());
        for (name, _) in std::env::vars_os() {
            let ours = name.to_string_lossy();
            if ours.starts_with("PG") || ours.starts_with("MYSQL") || ours.starts_with("MARIADB") {
                command.env_remove(&name);
            }
        }
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs a program to its end, as the server's user.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> Result<()> {
        let output = self
            .command(program)
            .args(arguments)
            .output()
            .with_context(|| format!("cannot run {}", program.display()))?;
        if !output.status.success() {
            bail!(
                "{} failed: {}",
                program.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// Starts the server, and waits until `ready` says so.
    pub fn keep(
        self,
        server: &Path,
        arguments: &[&str],
        ready: impl Fn(&Self) -> bool,
    ) -> Result<(Self, Keeper)> {
        let keeper = Keeper::start(&self, server, arguments)?;
        let deadline = Instant::now() + START_LIMIT;
        while !ready(&self) {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.path().join(LOG)).unwrap_or_default();
                let lines: Vec<&str> = log.lines().rev().take(5).collect();
                bail!("{} did not start: {}", server.display(), lines.join(" | "));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok((self, keeper))
    }
}

const START_LIMIT: Duration = Duration::from_mins(1);
const LOG: &str = "server.log";

/// A shell that holds a server: when our end of its standard input closes, for whatever reason (done,
/// failed, Ctrl-C, killed), it stops the server and removes the folder.
///
/// A `Drop` alone would not run on Ctrl-C, and a signal handler not on `kill -9`; a closed pipe tells both.
pub struct Keeper(Child);

impl Keeper {
    // QUIT stops PostgreSQL at once with its children; a server that does not heed it gets a KILL. Nothing
    // in the folder is worth a clean end.
    const SCRIPT: &'static str = r#"
        trap '' INT TERM HUP
        folder=$1; shift
        "$@" >"$folder/server.log" 2>&1 </dev/null &
        server=$!
        read -r _
        kill -s QUIT "$server" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "$server" 2>/dev/null || break
            sleep 0.1
        done
        kill -s KILL "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        cd / && rm -rf "$folder"
    "#;

    fn start(home: &Home, server: &Path, arguments: &[&str]) -> Result<Self> {
        let child = home
            .command(Path::new("/bin/sh"))
            .args(["-c", Self::SCRIPT, "keeper"])
            .arg(home.path())
            .arg(server)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", server.display()))?;
        Ok(Self(child))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // The shell ends by itself; that it cannot be waited for any more changes nothing.
        let _ended = self.0.wait();
    }
}

/// Looks for a program in `bin` when that is given, else in `places`, else on the PATH.
pub fn find_program(name: &str, bin: Option<&Path>, places: &[PathBuf]) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = match bin {
        Some(bin) => vec![bin.to_owned()],
        None => places
            .iter()
            .cloned()
            .chain(std::env::split_paths(&path))
            .collect(),
    };
    folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|program| match fs::metadata(program) {
            Ok(found) => found.is_file(),
            Err(error) => {
                error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory
            }
        })
        .with_context(|| format!("`{name}` is not installed (looked in {})", show(&folders)))
}

fn show(folders: &[PathBuf]) -> String {
    folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn account(user: &str) -> Option<Account> {
    let number = |flag: &str| {
        let output = Command::new("id").args([flag, user]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some(Account {
        user: number("-u")?,
        group: number("-g")?,
    })
}
