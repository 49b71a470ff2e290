//! One command, ended with all that it started when its time is up.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How much of what a command says is kept, in bytes: the end of it, where the error usually stands.
const LONGEST_OUTPUT: u64 = 64 * 1024;

/// What to run.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// The program and its arguments; no shell reads them. A program with a `/` in it is looked for from `folder`.
    pub words: &'a [String],
    /// The working directory; empty is ours.
    pub folder: &'a Path,
    /// Set besides what we have ourselves.
    pub environment: &'a [(String, String)],
    /// Its standard input; nothing where it is empty.
    pub input: &'a [u8],
    /// After this it is killed, with every process of its group.
    pub timeout: Duration,
}

/// How it ended by itself.
#[derive(Clone, Debug)]
pub struct Ended {
    /// By what status or signal.
    pub status: ExitStatus,
    /// The end of its standard output.
    pub output: String,
    /// The end of its standard error.
    pub errors: String,
    /// From start to end.
    pub took: Duration,
}

impl Ended {
    /// `exit status 3`, `signal 9 (SIGKILL)`: with the last line of what it said, where it said something.
    pub fn told(&self) -> String {
        match self.last_words() {
            Some(words) => format!("{}: {words}", self.status),
            None => self.status.to_string(),
        }
    }

    /// The last line of its standard error, or else of its standard output.
    pub fn last_words(&self) -> Option<&str> {
        let mut lines = [&self.errors, &self.output].into_iter();
        lines.find_map(|text| {
            let mut lines = text.lines().rev().map(str::trim);
            lines.find(|line| !line.is_empty())
        })
    }
}

/// Why it did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It was never started.
    #[error("`{program}` could not be started: {error}")]
    Start {
        /// Which program.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// It was killed when its time was up. What it had done until then is done.
    #[error("it was stopped, as it had not ended within {} ms", limit.as_millis())]
    TimedOut {
        /// The time it had.
        limit: Duration,
        /// The last line of what it said until then.
        said: Option<String>,
    },
    /// What it says could not be kept, or its end not be waited for.
    #[error("running it: {0}")]
    Io(#[from] io::Error),
}

impl Command<'_> {
    /// Runs it and waits for its end.
    ///
    /// # Errors
    /// When it could not be started, or had to be stopped. That it failed is no error: see [`Ended::status`].
    pub fn run(&self) -> Result<Ended, CommandError> {
        // Files and not pipes: what a process in the background keeps open, nobody has to wait for.
        let (mut output, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let started = Instant::now();
        let mut child = self.start(&output, &errors)?;
        let status = wait(&mut child, started, self.timeout)?;
        let took = started.elapsed();
        if status.is_none() {
            stop(&mut child);
        }
        let ended = Ended {
            status: status.unwrap_or_default(),
            output: end_of(&mut output)?,
            errors: end_of(&mut errors)?,
            took,
        };
        match status {
            Some(_) => Ok(ended),
            None => Err(CommandError::TimedOut {
                limit: self.timeout,
                said: ended.last_words().map(str::to_owned),
            }),
        }
    }

    fn start(&self, output: &File, errors: &File) -> Result<Child, CommandError> {
        let (program, arguments) = match self.words {
            [program, arguments @ ..] => (program.as_str(), arguments),
            [] => ("", &[][..]),
        };
        let mut command = std::process::Command::new(self.found(program));
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(self.input()?)
            .stdout(output.try_clone()?)
            .stderr(errors.try_clone()?);
        if !self.folder.as_os_str().is_empty() {
            command.current_dir(self.folder);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(|error| CommandError::Start {
            program: program.to_owned(),
            error,
        })
    }

    /// Whether a relative program is looked for from our folder or from the child's is for the platform to say: so it
    /// gets a whole path.
    fn found(&self, program: &str) -> PathBuf {
        if !program.contains('/') {
            return program.into();
        }
        let path = self.folder.join(program);
        std::path::absolute(&path).unwrap_or(path)
    }

    fn input(&self) -> io::Result<Stdio> {
        if self.input.is_empty() {
            return Ok(Stdio::null());
        }
        let mut file = tempfile::tempfile()?;
        file.write_all(self.input)?;
        file.rewind()?;
        Ok(file.into())
    }
}

/// How it ended; `None` when it did not in time.
fn wait(child: &mut Child, started: Instant, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = timeout.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends it at once, with every process of its group: nothing of it may act any more afterwards.
fn stop(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn end_of(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(length.saturating_sub(LONGEST_OUTPUT)))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The words as a person would type them.
impl std::fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, timeout_ms: u64) -> Result<Ended, CommandError> {
        let words = ["sh", "-c", script].map(str::to_owned);
        Command {
            words: &words,
            folder: Path::new(""),
            environment: &[("BGMIGRATE_SLOT".to_owned(), "green".to_owned())],
            input: b"{}",
            timeout: Duration::from_millis(timeout_ms),
        }
        .run()
    }

    #[test]
    fn it_gets_its_input_and_environment_and_what_it_says_is_kept() {
        let ended = shell("cat; echo $BGMIGRATE_SLOT; echo oh >&2; exit 3", 10_000).unwrap();
        assert_eq!(ended.output, "{}green\n");
        assert_eq!(ended.told(), "exit status: 3: oh");
    }

    #[test]
    fn what_it_leaves_in_the_background_is_not_waited_for() {
        let ended = shell("sleep 600 & echo $!", 10_000).unwrap();
        let left = ended.output.trim().parse().unwrap();
        let left = rustix::process::Pid::from_raw(left).unwrap();
        rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn when_its_time_is_up_it_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        let script = format!(
            "(while :; do : > {0}; sleep 0.01; done) & echo last words; sleep 600",
            alive.display()
        );
        let error = shell(&script, 300).unwrap_err();
        let CommandError::TimedOut { said, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(said.as_deref(), Some("last words"));
        // Whoever still wrote the file would be seen to write it again.
        let gone = || {
            let _ = std::fs::remove_file(&alive);
            std::thread::sleep(Duration::from_millis(50));
            !alive.exists()
        };
        assert!((0..100).any(|_| gone()), "its child goes on");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let words = ["./no-such-program".to_owned()];
        let error = Command {
            words: &words,
            folder: Path::new("/"),
            environment: &[],
            input: b"",
            timeout: Duration::from_secs(1),
        }
        .run()
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`./no-such-program` could not be started"),
            "{error}"
        );
    }

    #[test]
    fn of_much_output_the_end_is_kept() {
        let ended = shell("yes | head -c 200000; echo end", 10_000).unwrap();
        assert_eq!(ended.output.len(), 64 * 1024);
        assert!(ended.output.ends_with("end\n"));
    }

    #[test]
    fn its_words_are_shown_as_a_person_would_type_them() {
        assert_eq!(shell("true", 10_000).unwrap().told(), "exit status: 0");
        let words = ["a".to_owned(), "b".to_owned()];
        let command = Command {
            words: &words,
            folder: Path::new(""),
            environment: &[],
            input: b"",
            timeout: Duration::ZERO,
        };
        assert_eq!(command.to_string(), "a b");
    }
}
