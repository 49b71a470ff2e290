//! A folder in which documented commands run: the sample of this repository under git, with its last migration on
//! a branch, and an environment that says nothing about this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a command printed, standard error included, and how it ended.
pub(crate) struct Ran {
    pub(crate) text: String,
    pub(crate) status: i32,
}

impl Sandbox {
    /// The sample: three migrations on `main`, the fourth on the branch that is checked out.
    pub(crate) fn new() -> Self {
        let sandbox = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let to = sandbox.folder.path();
        std::fs::copy(root.join("bgmigrate.toml"), to.join("bgmigrate.toml")).unwrap();
        copy_folder(&root.join("docs/samples"), &to.join("docs/samples"));
        copy_folder(&root.join("migrations"), &to.join("migrations"));
        sandbox.git("init -q -b main");
        sandbox.git("add -- bgmigrate.toml docs migrations/000[123]*");
        sandbox.git("commit -qm 'Releases v1 to v3'");
        sandbox.git("checkout -qb drop-username");
        sandbox.git("add .");
        sandbox.git("commit -qm 'Drop username'");
        sandbox
    }

    fn git(&self, arguments: &str) {
        let ran = self.run(&format!(
            "git -c user.name=Ada -c user.email=ada@example.org {arguments}"
        ));
        assert_eq!(ran.status, 0, "git {arguments}: {}", ran.text);
    }

    /// Runs a line of shell.
    pub(crate) fn run(&self, command: &str) -> Ran {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_bgmigrate"));
        let mut path = binary.parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("exec 2>&1\n{command}"))
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Ran {
            text: text.replace(&self.folder.path().display().to_string(), "/home/ada/shop"),
            status: output.status.code().unwrap(),
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
