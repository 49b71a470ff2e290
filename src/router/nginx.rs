//! nginx, by a file that it includes, and a reload.
//!
//! The file defines `$bgmigrate_slot`, the upstream of a request, and `$bgmigrate_state`, which a location answers with: so
//! what the running workers use can be asked for, and a reload that ended with 0 and did nothing is seen. It is over when no
//! worker of before accepts connections any more: new and old ones do so side by side for about a tenth of a second, and a
//! keep-alive connection that the old ones close under a request is lost. The driver `symlink` loses none.
//! (nginx.org/en/docs/control.html)

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fence::{Fence, folder_of, replace};
use super::note::Note;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};
use crate::call::{Command, CommandError, Ended, Request, Tls, fetch};

/// How often the workers are looked at.
const PAUSE: Duration = Duration::from_millis(10);

/// nginx.
#[derive(Debug)]
pub struct Nginx {
    include: PathBuf,
    pid_file: PathBuf,
    status_url: String,
    test: Vec<String>,
    reload: Vec<String>,
    targets: Targets,
    /// The workers that were there before our reload.
    before: RefCell<BTreeSet<u32>>,
}

impl Nginx {
    /// nginx with this included file, the file with its master's number, and the location that answers with its state; the
    /// commands test and reload it.
    pub fn new(
        include: PathBuf,
        pid_file: PathBuf,
        status_url: String,
        (test, reload): (Vec<String>, Vec<String>),
        targets: Targets,
    ) -> Self {
        Self {
            include,
            pid_file,
            status_url,
            test,
            reload,
            targets,
            before: RefCell::default(),
        }
    }
}

impl Router for Nginx {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: false,
            atomic: false,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(
            "a reload may lose requests on kept connections, and both sides answer for about 0.1 s; the driver `symlink` does \
             neither",
        )];
        match self.workers() {
            Ok(workers) => remarks.push(Remark::fine(format!(
                "nginx runs, with {} workers",
                workers.len()
            ))),
            Err(why) => remarks.push(Remark::wrong(why)),
        }
        match self.observe(deadline) {
            Err(why) => remarks.push(Remark::wrong(why)),
            Ok(Reading {
                doubt: Some(doubt), ..
            }) => remarks.push(Remark::wrong(doubt)),
            Ok(_) => {}
        }
        if let Err(why) = run(&self.test, deadline) {
            remarks.push(Remark::wrong(format!(
                "the configuration is not sound: {}",
                why.words
            )));
        }
        let folder = folder_of(&self.include);
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            remarks.push(Remark::wrong(format!(
                "nothing can be written in {}: {error}; let this user write there",
                folder.display()
            )));
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let note = self.running(deadline)?;
        let kept = fs::read_to_string(&self.include);
        let doubt = match kept.as_deref().map(written) {
            Ok(kept) if kept == note => None,
            Ok(kept) => Some(format!(
                "a reload of nginx would bring something else: {} says {}",
                self.include.display(),
                kept.map_or("nothing of ours".to_owned(), |kept| kept.to_string())
            )),
            Err(error) => Some(format!("{}: {error}", self.include.display())),
        };
        let weights = match &note {
            None => Weights::none(),
            Some(note) => note
                .weights()
                .ok_or_else(|| format!("nginx answers with `{note}`, which is not ours"))?,
        };
        Ok(Reading {
            weights,
            epoch: note.and_then(|note| note.epoch),
            doubt,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let _fence = Fence::around(&self.include, deadline)?;
        let note = self.running(deadline).map_err(Failure::Unmoved)?;
        aim.yields_to(note.and_then(|note| note.epoch))?;
        let text = self.text(aim)?;
        *self.before.borrow_mut() = self.workers().map_err(Failure::Unmoved)?;
        let unmoved = |error: std::io::Error| {
            Failure::Unmoved(format!("{}: {error}", self.include.display()))
        };
        let kept = fs::read_to_string(&self.include).map_err(unmoved)?;
        replace(&self.include, &text).map_err(unmoved)?;
        let loaded = run(&self.test, deadline).and_then(|()| run(&self.reload, deadline));
        loaded.map_err(|why| match replace(&self.include, &kept) {
            Ok(()) if !why.may_have_run => Failure::Unmoved(why.words),
            Ok(()) => Failure::Unknown(why.words),
            Err(error) => Failure::Unknown(format!(
                "{}, and {} could not be put back: {error}",
                why.words,
                self.include.display()
            )),
        })
    }

    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        loop {
            let accepting = self.accepting_of_before().map_err(Failure::Unknown)?;
            let reading = self.observe(deadline);
            let arrived = reading
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|reading| reading.is(aim));
            match (accepting, arrived, reading) {
                (0, Ok(()), Ok(reading)) => return Ok(reading),
                (accepting, arrived, _) if deadline.left().is_none() => {
                    let why = arrived.err().unwrap_or_else(|| {
                        format!("{accepting} workers of before still accept connections")
                    });
                    return Err(Failure::Unknown(format!(
                        "{why}; nginx's error log tells why a reload did nothing"
                    )));
                }
                _ => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl Nginx {
    /// What the running workers were configured with; `None` where that is nothing of ours.
    fn running(&self, deadline: Deadline) -> Result<Option<Note>, String> {
        let silent = |why: &dyn std::fmt::Display| {
            format!("nginx does not answer on {}: {why}", self.status_url)
        };
        let request = Request {
            method: "GET",
            url: &self.status_url,
            headers: &[],
            body: None,
            timeout: deadline.left().ok_or_else(|| silent(&"the time was up"))?,
        };
        let answer = fetch(&request, &Tls::default()).map_err(|error| silent(&error))?;
        if answer.status != 200 {
            return Err(silent(&format!(
                "status {}; docs/routers.md shows the location",
                answer.status
            )));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Note::read(text)))
    }

    /// The file for an aim.
    fn text(&self, aim: &Aim) -> Result<String, Failure> {
        let mut choice = String::new();
        for (slot, share) in aim.weights.iter() {
            let target = self.targets.of_slot(slot);
            let target = target.ok_or_else(|| Failure::Unmoved(format!("`{slot}` is no slot")))?;
            match aim.weights.whole() {
                Some(_) => {
                    choice = format!("map \"\" $bgmigrate_slot {{ default \"{target}\"; }}\n");
                }
                None => choice.push_str(&format!("    {share}% \"{target}\";\n")),
            }
        }
        if aim.weights.whole().is_none() {
            choice = format!("split_clients \"$request_id\" $bgmigrate_slot {{\n{choice}}}\n");
        }
        let note = Note::of(&aim.weights, aim.epoch);
        Ok(format!(
            "# Written by bgmigrate. What is changed by hand, `bgmigrate status` tells.\n{choice}{STATE}\"{note}\"; }}\n"
        ))
    }

    /// The workers that accept connections.
    fn workers(&self) -> Result<BTreeSet<u32>, String> {
        let wrong = |error| format!("{}: {error}; does nginx run?", self.pid_file.display());
        let master = fs::read_to_string(&self.pid_file).map_err(wrong)?;
        let master = master.trim();
        let children = Path::new("/proc")
            .join(master)
            .join("task")
            .join(master)
            .join("children");
        let children = fs::read_to_string(&children).map_err(|error| {
            format!(
                "{}: {error}; does nginx run, on this host?",
                children.display()
            )
        })?;
        let children = children
            .split_whitespace()
            .filter_map(|child| child.parse().ok());
        Ok(children.filter(|child| accepts(*child)).collect())
    }

    /// How many of the workers from before our reload still accept connections.
    fn accepting_of_before(&self) -> Result<usize, String> {
        let before = self.before.borrow();
        if before.is_empty() {
            return Ok(0);
        }
        Ok(self.workers()?.intersection(&before).count())
    }
}

/// A worker that was told to go says so in its title, and has then closed what it listens on.
fn accepts(worker: u32) -> bool {
    fs::read_to_string(format!("/proc/{worker}/cmdline"))
        .is_ok_and(|title| title.contains("worker process") && !title.contains("shutting down"))
}

/// Before the note, in the file.
const STATE: &str = "map \"\" $bgmigrate_state { default ";

/// The note in a file of ours.
fn written(text: &str) -> Option<Note> {
    let line = text.lines().find_map(|line| line.strip_prefix(STATE))?;
    let (note, _) = line.strip_prefix('"')?.split_once('"')?;
    Some(Note::read(note))
}

/// A command that did not do what it should.
struct Amiss {
    words: String,
    may_have_run: bool,
}

fn run(words: &[String], deadline: Deadline) -> Result<(), Amiss> {
    let left = deadline.left().ok_or_else(|| Amiss {
        words: "the time was up".to_owned(),
        may_have_run: false,
    })?;
    let command = Command {
        words,
        folder: Path::new(""),
        environment: &[],
        input: &[],
        timeout: left,
    };
    match command.run() {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(ended) => Err(Amiss {
            words: format!(
                "`{command}` ended with {}: {}",
                ended.status,
                complaint(&ended)
            ),
            may_have_run: false,
        }),
        Err(error) => Err(Amiss {
            may_have_run: matches!(error, CommandError::TimedOut { .. }),
            words: format!("`{command}`: {error}"),
        }),
    }
}

/// What nginx complains of: its last line only says that there was something.
fn complaint(ended: &Ended) -> &str {
    let mut lines = ended.errors.lines();
    let grave = lines.find(|line| line.contains("[emerg]"));
    grave
        .or_else(|| ended.last_words())
        .unwrap_or("it said nothing")
}
