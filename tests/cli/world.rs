//! A folder of its own for each test, and the built binary in a scrubbed environment.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary folder that the tool runs in.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// A folder without a file.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { folder }
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::empty();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("folders can be made in a temporary folder");
        }
        fs::write(path, content).expect("files can be written in a temporary folder");
    }

    /// A path in it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs the tool in it, with words as a shell would split them (there is no quoting).
    pub(crate) fn run(&self, words: &str) -> Said {
        said(&mut self.tool(words))
    }

    /// Runs the tool in it with something on standard input.
    pub(crate) fn run_with_input(&self, words: &str, input: &[u8]) -> Said {
        let mut child = self
            .tool(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        stdin.write_all(input).expect("the tool reads its input");
        drop(stdin);
        Said::of(&child.wait_with_output().expect("the tool ends"))
    }

    /// The tool, about to run in it: nothing of the machine's environment but the way to git.
    pub(crate) fn tool(&self, words: &str) -> Command {
        let mut tool = scrubbed(env!("CARGO_BIN_EXE_bgmigrate"), self.folder.path());
        tool.args(words.split_whitespace());
        tool
    }

    /// Runs git in it.
    pub(crate) fn git(&self, words: &str) {
        let mut git = scrubbed("git", self.folder.path());
        git.args(["-c", "user.name=test", "-c", "user.email=test@localhost"]);
        let output = git.args(words.split_whitespace()).output();
        let output = output.expect("git is installed");
        assert!(output.status.success(), "git {words}: {output:?}");
    }
}

/// The tool in the repository itself, whose configuration and sample folder a fresh clone has.
pub(crate) fn run_in_repository(words: &str) -> Said {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tool = scrubbed(env!("CARGO_BIN_EXE_bgmigrate"), repository);
    said(tool.args(words.split_whitespace()))
}

fn scrubbed(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

pub(crate) fn said(command: &mut Command) -> Said {
    Said::of(&command.output().expect("the tool starts"))
}

/// What a run said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Standard output: the answer.
    pub(crate) answer: String,
    /// Standard error: talk.
    pub(crate) talk: String,
    /// The exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the tool says UTF-8");
        Self {
            answer: text(&output.stdout),
            talk: text(&output.stderr),
            status: output.status.code(),
        }
    }

    /// The answer as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.answer)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }
}

/// A transcript: the answer, then the talk, then the status.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.answer)?;
        if !self.talk.is_empty() {
            write!(f, "--- on standard error\n{}", self.talk)?;
        }
        match self.status {
            Some(status) => writeln!(f, "--- status {status}"),
            None => writeln!(f, "--- ended by a signal"),
        }
    }
}
