//! Trees from git, by its plumbing commands: a folder as it was at a ref, and what changed since.
//!
//! Only the `git` program is used, never its configuration or hooks: it alone reads every repository
//! format, worktree and partial clone that people have.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use thiserror::Error;

use crate::folder::{Content, Entry, Tree};

/// Why git could not answer. Each message names what was asked and the way out.
#[derive(Debug, Error)]
pub enum GitError {
    /// The program is not there.
    #[error(
        "the `git` program cannot be run: {reason}; install git, or leave out the option that compares with a ref"
    )]
    NoGit {
        /// The system's words.
        reason: String,
    },
    /// The folder is in no repository.
    #[error("`{}` is not in a git repository; run inside one, or leave out the option that compares with a ref", .path.display())]
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// No commit has this name.
    #[error("git knows no commit `{name}`{}", if *.shallow { "; this clone is shallow: fetch the history first, with `git fetch --unshallow` or `fetch-depth: 0` in the checkout" } else { "; check the name, and fetch it first when it is a remote branch" })]
    UnknownRef {
        /// The ref as given.
        name: String,
        /// Part of the history is not in this clone.
        shallow: bool,
    },
    /// The ref and HEAD have no commit in common.
    #[error("`{name}` and HEAD have no common commit{}", if *.shallow { "; this clone is shallow: fetch the history first, with `git fetch --unshallow` or `fetch-depth: 0` in the checkout" } else { ": they are unrelated histories" })]
    NoMergeBase {
        /// The ref as given.
        name: String,
        /// Part of the history is not in this clone.
        shallow: bool,
    },
    /// Anything else that git says.
    #[error("`git {command}` failed: {said}")]
    Failed {
        /// The subcommand.
        command: String,
        /// What git wrote to its standard error.
        said: String,
    },
}

/// A folder inside a git repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The work tree's root.
    root: PathBuf,
    /// The folder, relative to the root, with `/`; empty for the root itself.
    folder: String,
}

/// A file that differs from what it was at a ref.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedFile {
    /// Relative to the folder, with `/`.
    pub path: String,
    /// It was there at the ref, with another content; else it was added.
    pub edited: bool,
}

impl Repository {
    /// Finds the repository that holds `folder`, which need not exist any more.
    ///
    /// # Errors
    /// When git cannot be run, or the folder is in no repository.
    pub fn of(folder: &Path) -> Result<Self, GitError> {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let existing = absolute
            .ancestors()
            .find(|path| path.is_dir())
            .unwrap_or(&absolute);
        let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
        let output = git(existing, &["rev-parse", "--show-toplevel", "--show-prefix"])?;
        if !output.status.success() {
            let unknown = String::from_utf8_lossy(&output.stderr).contains("not a git repository");
            let path = folder.to_owned();
            return Err(if unknown {
                GitError::NotARepository { path }
            } else {
                failed("rev-parse", &output)
            });
        }
        let answer = String::from_utf8_lossy(&output.stdout);
        let mut lines = answer.lines();
        let root = PathBuf::from(lines.next().unwrap_or_default());
        let prefix = PathBuf::from(lines.next().unwrap_or_default()).join(rest);
        Ok(Self {
            root,
            folder: slashed(&prefix),
        })
    }

    /// The commit at which HEAD and `name` parted: what a branch adds is what came after it.
    ///
    /// # Errors
    /// When the ref is unknown or has no commit in common with HEAD.
    pub fn merge_base(&self, name: &str) -> Result<String, GitError> {
        let commit = self.commit(name)?;
        let output = git(&self.root, &["merge-base", "HEAD", &commit])?;
        if output.status.success() {
            return Ok(first_line(&output));
        }
        Err(GitError::NoMergeBase {
            name: name.to_owned(),
            shallow: self.is_shallow(),
        })
    }

    /// The folder as it was at a ref; empty when it was not there.
    ///
    /// # Errors
    /// When the ref is unknown or git fails.
    pub fn tree_at(&self, name: &str) -> Result<Tree, GitError> {
        let commit = self.commit(name)?;
        let mut arguments = vec![
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            "--end-of-options",
            &commit,
        ];
        let pathspec = format!("{}/", self.folder);
        if !self.folder.is_empty() {
            arguments.push(&pathspec);
        }
        let listed = run(&self.root, &arguments)?;
        let mut entries = Vec::new();
        let mut wanted = Vec::new();
        for (hash, path) in listed.split(|byte| *byte == 0).filter_map(listed_file) {
            let Some(path) = self.inside(&path) else {
                continue;
            };
            if path.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            if Tree::wants_content(&path) {
                wanted.push((hash, path));
            } else {
                entries.push(Entry {
                    path,
                    content: Content::NameOnly,
                });
            }
        }
        entries.extend(self.contents(wanted)?);
        Ok(Tree::new(entries))
    }

    /// The files below the folder that were added or edited since HEAD and `name` parted, those not yet
    /// committed among them; sorted. Deleted ones are not among them.
    ///
    /// # Errors
    /// When the ref is unknown, has no commit in common with HEAD, or git fails.
    pub fn changed_since(&self, name: &str) -> Result<Vec<ChangedFile>, GitError> {
        let base = self.merge_base(name)?;
        let here = if self.folder.is_empty() {
            "."
        } else {
            &self.folder
        };
        let changed = run(
            &self.root,
            &[
                "diff-index",
                "-r",
                "-z",
                "--name-status",
                "--diff-filter=d",
                "--no-renames",
                "--no-ext-diff",
                &base,
                "--",
                here,
            ],
        )?;
        let new = run(
            &self.root,
            &[
                "ls-files",
                "-z",
                "--others",
                "--exclude-standard",
                "--full-name",
                "--",
                here,
            ],
        )?;
        let mut files: Vec<ChangedFile> = status_lines(&changed)
            .map(|(status, path)| (path, status != "A"))
            .chain(paths(&new).map(|path| (path, false)))
            .filter_map(|(path, edited)| {
                let path = self.inside(&path)?;
                Some(ChangedFile { path, edited })
            })
            .collect();
        files.sort();
        files.dedup_by(|one, other| one.path == other.path);
        Ok(files)
    }

    fn commit(&self, name: &str) -> Result<String, GitError> {
        let commit = format!("{name}^{{commit}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ];
        let output = git(&self.root, &arguments)?;
        // Some versions repeat `--end-of-options` in the answer; the commit stands in the last line.
        let answer = String::from_utf8_lossy(&output.stdout)
            .lines()
            .last()
            .map(str::to_owned);
        match answer {
            Some(commit) if output.status.success() => Ok(commit),
            _ => Err(GitError::UnknownRef {
                name: name.to_owned(),
                shallow: self.is_shallow(),
            }),
        }
    }

    fn is_shallow(&self) -> bool {
        git(&self.root, &["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|output| first_line(&output) == "true")
    }

    /// The path relative to the folder, when it lies in it.
    fn inside(&self, path: &str) -> Option<String> {
        if self.folder.is_empty() {
            return Some(path.to_owned());
        }
        path.strip_prefix(&self.folder)?
            .strip_prefix('/')
            .map(str::to_owned)
    }

    /// Reads all files through one `cat-file`: one process, however many files.
    fn contents(&self, wanted: Vec<(String, String)>) -> Result<Vec<Entry>, GitError> {
        let mut child = command(&self.root, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| GitError::NoGit {
                reason: error.to_string(),
            })?;
        let mut asked = String::new();
        for (hash, _) in &wanted {
            asked.push_str(hash);
            asked.push('\n');
        }
        let stdin = child.stdin.take();
        // Written beside the reading: with both pipes full, neither side would go on.
        let writer = std::thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // git that ends early closes the pipe; its status tells why.
                let _ = stdin.write_all(asked.as_bytes());
            }
        });
        let output = child.wait_with_output().map_err(|error| GitError::NoGit {
            reason: error.to_string(),
        })?;
        let _ = writer.join();
        if !output.status.success() {
            return Err(failed("cat-file", &output));
        }
        let mut rest = output.stdout.as_slice();
        Ok(wanted
            .into_iter()
            .map(|(_, path)| batch_entry(path, &mut rest))
            .collect())
    }
}

/// Takes one answer of `cat-file --batch`: `<hash> blob <size>`, the bytes, an empty line.
fn batch_entry(path: String, rest: &mut &[u8]) -> Entry {
    let end = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len());
    let header = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = rest.get(end + 1..).unwrap_or_default();
    let size = header
        .rsplit(' ')
        .next()
        .and_then(|size| size.parse::<usize>().ok());
    if let Some((bytes, after)) = size.and_then(|size| rest.split_at_checked(size)) {
        *rest = after.get(1..).unwrap_or_default();
        return Entry::from_bytes(path, bytes.to_vec());
    }
    let reason = format!("git does not have it ({header})");
    Entry {
        path,
        content: Content::Unreadable { reason },
    }
}

/// The paths of a `-z` listing.
fn paths(listed: &[u8]) -> impl Iterator<Item = String> {
    let fields = listed.split(|byte| *byte == 0);
    fields
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
}

/// Status letter and path of each file of a `--name-status -z` listing.
fn status_lines(listed: &[u8]) -> impl Iterator<Item = (String, String)> {
    let mut fields = paths(listed);
    std::iter::from_fn(move || Some((fields.next()?, fields.next()?)))
}

/// Hash and path of one `ls-tree` line; links and submodules are no files of this folder.
fn listed_file(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let (about, path) = line.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, hash) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob" && mode != "120000").then(|| (hash.to_owned(), path.to_owned()))
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = git(folder, arguments)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(failed(arguments.first().unwrap_or(&""), &output))
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, GitError> {
    command(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| GitError::NoGit {
            reason: error.to_string(),
        })
}

/// A git command that neither writes the index nor reads paths as patterns, and speaks English.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args([OsStr::new("-C"), folder.as_os_str()])
        .args([
            "--no-optional-locks",
            "--literal-pathspecs",
            "-c",
            "core.quotePath=false",
        ])
        .args(arguments)
        .env("LC_ALL", "C")
        // A hook's environment names the repository relative to another folder than ours.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn failed(command: &str, output: &Output) -> GitError {
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let said = if said.is_empty() {
        output.status.to_string()
    } else {
        said
    };
    GitError::Failed {
        command: command.to_owned(),
        said,
    }
}

fn first_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A relative path with `/`, without `.` and with each `..` applied.
fn slashed(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository of our own, apart from the settings of the person who runs the tests.
    struct Sandbox {
        folder: tempfile::TempDir,
    }

    impl Sandbox {
        fn new() -> Self {
            let sandbox = Self {
                folder: tempfile::tempdir().unwrap(),
            };
            sandbox.git(&["init", "-q", "-b", "main"]);
            sandbox
        }

        fn git(&self, arguments: &[&str]) {
            let output = Command::new("git")
                .arg("-C")
                .arg(self.folder.path())
                .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
                .args(["-c", "commit.gpgsign=false"])
                .args(arguments)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_SYSTEM", "/dev/null")
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }

        fn write(&self, path: &str, bytes: &[u8]) {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }

        fn commit(&self) {
            self.git(&["add", "-A"]);
            self.git(&["commit", "-q", "-m", "x"]);
        }

        fn repository(&self, folder: &str) -> Repository {
            Repository::of(&self.folder.path().join(folder)).unwrap()
        }
    }

    #[test]
    fn a_tree_at_a_ref_is_the_folder_of_that_time() {
        let sandbox = Sandbox::new();
        sandbox.write("db/1_a.sql", "SELECT 'é'".as_bytes());
        sandbox.write("db/ü/2 b.sql", b"\xff");
        sandbox.write("db/x.go", b"package x");
        sandbox.write("db/.hidden.sql", b"");
        sandbox.write("dbx/9.sql", b"");
        sandbox.commit();
        sandbox.write("db/1_a.sql", b"SELECT 2");
        let tree = sandbox.repository("db").tree_at("HEAD").unwrap();
        let expected = [
            ("1_a.sql", Content::Text("SELECT 'é'".to_owned())),
            ("x.go", Content::NameOnly),
            ("ü/2 b.sql", Content::NotUtf8 { offset: 0 }),
        ];
        let found: Vec<_> = tree
            .entries
            .iter()
            .map(|e| (e.path.as_str(), e.content.clone()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_changed_since_a_branch_parted_includes_what_is_not_committed_yet() {
        let sandbox = Sandbox::new();
        sandbox.write("db/1.sql", b"1");
        sandbox.write("db/2.sql", b"2");
        sandbox.write("db/gone.sql", b"3");
        sandbox.commit();
        sandbox.git(&["checkout", "-q", "-b", "feature"]);
        sandbox.write("db/3.sql", b"3");
        fs::remove_file(sandbox.folder.path().join("db/gone.sql")).unwrap();
        sandbox.write("other/4.sql", b"4");
        sandbox.commit();
        sandbox.git(&["checkout", "-q", "main"]);
        sandbox.write("db/on_main.sql", b"5");
        sandbox.commit();
        sandbox.git(&["checkout", "-q", "feature"]);
        sandbox.write("db/2.sql", b"changed");
        sandbox.write("db/new.sql", b"6");
        let repository = sandbox.repository("db");
        let changed = |path: &str, edited| ChangedFile {
            path: path.to_owned(),
            edited,
        };
        assert_eq!(
            repository.changed_since("main").unwrap(),
            [
                changed("2.sql", true),
                changed("3.sql", false),
                changed("new.sql", false)
            ]
        );
        assert!(
            sandbox
                .repository("gone/entirely")
                .changed_since("main")
                .unwrap()
                .is_empty()
        );
        assert!(
            sandbox
                .repository("")
                .changed_since("main")
                .unwrap()
                .contains(&changed("db/3.sql", false))
        );
    }

    #[test]
    fn a_ref_that_looks_like_an_option_is_an_unknown_ref() {
        let sandbox = Sandbox::new();
        sandbox.write("1.sql", b"1");
        sandbox.commit();
        for name in ["nope", "--all", "-h", "", "HEAD:1.sql"] {
            let error = sandbox.repository("").tree_at(name).unwrap_err();
            assert!(
                matches!(error, GitError::UnknownRef { shallow: false, .. }),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn a_shallow_clone_is_told_how_to_get_its_history() {
        let sandbox = Sandbox::new();
        for text in ["1", "2"] {
            sandbox.write("1.sql", text.as_bytes());
            sandbox.commit();
        }
        let url = format!("file://{}", sandbox.folder.path().display());
        sandbox.git(&["clone", "-q", "--depth", "1", &url, "copy"]);
        let error = sandbox
            .repository("copy")
            .changed_since("HEAD~1")
            .unwrap_err();
        assert!(
            error.to_string().contains("git fetch --unshallow"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_outside_of_git_is_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = Repository::of(folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("is not in a git repository"),
            "{error}"
        );
    }

    #[test]
    fn unrelated_histories_have_no_common_commit() {
        let sandbox = Sandbox::new();
        sandbox.write("1.sql", b"1");
        sandbox.commit();
        sandbox.git(&["checkout", "-q", "--orphan", "alone"]);
        sandbox.write("1.sql", b"another");
        sandbox.commit();
        let error = sandbox.repository("").merge_base("main").unwrap_err();
        assert!(error.to_string().contains("unrelated histories"), "{error}");
    }
}
