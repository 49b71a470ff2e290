//! `bgmigrate demo`: the whole story, on SQLite and a file that stands in for the router.
//!
//! Every step runs this very program, so that what is shown is what it does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{Global, Status, output};

const EXAMPLES: &str = "\
Examples:
  bgmigrate demo            in a temporary folder, which is removed at the end
  bgmigrate demo --keep     leave the folder, to look around";

/// Show the whole story: a column is renamed over four releases, with SQLite and a file for a router.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Leave the folder, and say where it is
    #[arg(long)]
    keep: bool,
}

const CONFIGURATION: &str = "\
dialect = \"sqlite\"
database_url = \"sqlite:app.db\"

[router]
file = \"live-slot\"
";

/// The sample's migrations, one for each release.
const MIGRATIONS: [(&str, &str); 4] = [
    (
        "0001_create_users.up.sql",
        include_str!("../../migrations/0001_create_users.up.sql"),
    ),
    (
        "0002_add_handle.up.sql",
        include_str!("../../migrations/0002_add_handle.up.sql"),
    ),
    (
        "0003_fill_handle.up.sql",
        include_str!("../../migrations/0003_fill_handle.up.sql"),
    ),
    (
        "0004_drop_username.up.sql",
        include_str!("../../migrations/0004_drop_username.up.sql"),
    ),
];

/// What happens in the story.
enum Scene {
    /// The team writes the migration of this number.
    Written(usize),
    /// Somebody explains.
    Told(&'static str),
    /// A command runs, and ends with this status.
    Run(&'static [&'static str], i32),
}

use Scene::{Run, Told, Written};

const STORY: &[Scene] = &[
    Told("An application knows its users by `username`. v1 serves from the blue slot."),
    Written(0),
    Run(&["apply"], 0),
    Run(&["release", "record", "v1", "--slot", "blue", "--live"], 0),
    Run(&["router", "enforce"], 0),
    Told(
        "v2 adds `handle`. It is deployed in green, and its column is not there yet: traffic may not move.",
    ),
    Written(1),
    Run(&["release", "record", "v2", "--slot", "green"], 0),
    Run(&["cutover", "--to", "green"], 3),
    Run(&["apply"], 0),
    Run(&["cutover", "--to", "green"], 0),
    Told(
        "v2 misbehaves. v1 still works with the wider table: back, at once; and forward again when it is mended.",
    ),
    Run(&["rollback"], 0),
    Run(&["cutover", "--to", "green"], 0),
    Told(
        "v3 fills `handle` in the old rows and reads it. It takes the slot of v1, which nobody will go back to.",
    ),
    Run(
        &[
            "retire",
            "blue",
            "--early",
            "--reason",
            "v2 was watched long enough",
        ],
        0,
    ),
    Written(2),
    Run(&["release", "record", "v3", "--slot", "blue"], 0),
    Run(&["apply"], 0),
    Run(&["cutover", "--to", "blue"], 0),
    Run(
        &[
            "retire",
            "green",
            "--early",
            "--reason",
            "v3 was watched long enough",
        ],
        0,
    ),
    Told("v4 drops `username`. v3 serves, and names it: the drop is refused."),
    Written(3),
    Run(&["release", "record", "v4", "--slot", "green"], 0),
    Run(&["apply", "--phase", "contract"], 3),
    Told(
        "v4 goes live. A rollback to v3 is possible, and v3 needs the column: the drop is still refused.",
    ),
    Run(&["cutover", "--to", "green"], 0),
    Run(&["apply", "--phase", "contract"], 3),
    Told("v3 is retired. Nothing can miss the column any more."),
    Run(
        &[
            "retire",
            "blue",
            "--early",
            "--reason",
            "v4 was watched long enough",
        ],
        0,
    ),
    Run(&["apply", "--phase", "contract"], 0),
    Run(&["status"], 0),
];

pub(super) fn run(_: &Global, arguments: &Arguments) -> Result<Status> {
    let folder = Folder::new()?;
    for scene in STORY {
        show(scene, &folder.path)?;
    }
    if arguments.keep {
        output::answer(&format!("\nThe folder is {}\n", folder.path.display()))?;
        folder.keep();
    }
    Ok(Status::Done)
}

fn show(scene: &Scene, folder: &Path) -> Result<()> {
    match scene {
        Told(text) => output::answer(&format!("\n# {text}\n"))?,
        Written(number) => {
            let (name, sql) = MIGRATIONS[*number];
            let path = folder.join("migrations").join(name);
            fs::write(&path, sql).with_context(|| format!("writing {}", path.display()))?;
            output::answer(&format!("# (migrations/{name} is written)\n"))?;
        }
        Run(words, expected) => {
            let shown = words.iter().map(|word| {
                if word.contains(' ') {
                    format!("'{word}'")
                } else {
                    (*word).to_owned()
                }
            });
            let shown = shown.collect::<Vec<_>>().join(" ");
            output::answer(&format!("$ bgmigrate {shown}\n"))?;
            let status = itself(words, folder)?;
            if status != Some(*expected) {
                bail!(
                    "`bgmigrate {shown}` was to end with status {expected}, and did with {status:?}"
                );
            }
            if *expected != 0 {
                output::answer(&format!("(status {expected})\n"))?;
            }
        }
    }
    Ok(())
}

/// Runs this program, without what the environment says of other projects.
fn itself(words: &[&str], folder: &Path) -> Result<Option<i32>> {
    let program = std::env::current_exe().context("looking for this program")?;
    let mut command = Command::new(&program);
    command.args(words).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("BGMIGRATE_") || name == "DATABASE_URL" {
            command.env_remove(&*name);
        }
    }
    let status = command.status();
    let status = status.with_context(|| format!("running {}", program.display()))?;
    Ok(status.code())
}

/// A folder that is removed when the story ends, however it ends.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn new() -> Result<Self> {
        let name = format!("bgmigrate-demo-{}", unique());
        let path = std::env::temp_dir().join(name);
        let wrong = || format!("making {}", path.display());
        fs::create_dir(&path).with_context(wrong)?;
        let folder = Self {
            path: path.clone(),
            keep: false,
        };
        fs::create_dir(path.join("migrations")).with_context(wrong)?;
        fs::write(path.join("bgmigrate.toml"), CONFIGURATION).with_context(wrong)?;
        Ok(folder)
    }

    fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What is left in the temporary folder harms nobody.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A name that no other run has.
fn unique() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!(
        "{}-{}",
        std::process::id(),
        now.map_or(0, |now| now.as_nanos())
    )
}
