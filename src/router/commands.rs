//! Commands of the user's own: one moves traffic, one tells where it goes. For routers that have no driver.
//!
//! Without an answer to "where does traffic go now?" there is no lockstep, so `observe` is required. It prints JSON,
//! `{"slot": "green", "epoch": 7}` or `{"weights": {"blue": 95, "green": 5}, "epoch": 7}`; the epoch is what `apply` was told
//! last, and has to be kept wherever the router keeps its state.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::note::Note;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Weights};
use crate::call::{Command, CommandError, Ended};

/// The status by which `apply` says that it moved nothing.
const REFUSED: i32 = 3;

/// A router behind commands.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Where they run.
    pub folder: PathBuf,
    /// The service whose traffic it is.
    pub service: String,
    /// Moves traffic.
    pub apply: Vec<String>,
    /// Tells where it goes.
    pub observe: Vec<String>,
    /// Looks whether everything is there.
    pub check: Option<Vec<String>>,
}

impl Router for Commands {
    fn promises(&self) -> Promises {
        // What a command does, only its author knows; whatever is not known is not promised.
        Promises {
            fenced: false,
            lossless: false,
            atomic: false,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(
            "what your commands promise, bgmigrate cannot know; it counts on nothing but what `observe` says",
        )];
        if let Some(check) = &self.check {
            match self.run(check, Vec::new(), deadline) {
                Ok(ended) if ended.status.success() => {}
                Ok(ended) => remarks.push(Remark::wrong(format!(
                    "`check` ended with {}",
                    ended.told()
                ))),
                Err(error) => remarks.push(Remark::wrong(format!("`check`: {error}"))),
            }
        }
        if let Err(why) = self.observe(deadline) {
            remarks.push(Remark::wrong(why));
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let ended = self.run(&self.observe, Vec::new(), deadline);
        let ended = ended.map_err(|error| format!("`observe`: {error}"))?;
        if !ended.status.success() {
            return Err(format!("`observe` ended with {}", ended.told()));
        }
        let answer: Answer = serde_json::from_str(&ended.output).map_err(|error| {
            format!(
                "`observe` has to print {{\"slot\": …, \"epoch\": …}} or {{\"weights\": {{…}}, \"epoch\": …}}, and nothing else: \
                 {error}"
            )
        })?;
        let weights = match (answer.slot, answer.weights) {
            (Some(slot), None) => Weights::all(&slot),
            (None, Some(shares)) => Weights::of_parts(shares),
            (None, None) => Weights::none(),
            (Some(_), Some(_)) => {
                return Err("`observe` says `slot` and `weights`: one of the two".to_owned());
            }
        };
        Ok(Reading {
            weights,
            epoch: answer.epoch,
            doubt: answer.doubt,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let held = self.observe(deadline).map_err(Failure::Unmoved)?.epoch;
        aim.yields_to(held)?;
        let shares = Note::of(&aim.weights, aim.epoch).said;
        let mut told = vec![
            ("BGMIGRATE_EPOCH".to_owned(), aim.epoch.to_string()),
            ("BGMIGRATE_WEIGHTS".to_owned(), shares),
        ];
        if let Some(slot) = aim.weights.whole() {
            told.push(("BGMIGRATE_SLOT".to_owned(), slot.to_owned()));
        }
        match self.run(&self.apply, told, deadline) {
            Ok(ended) if ended.status.success() => Ok(()),
            Ok(ended) if ended.status.code() == Some(REFUSED) => Err(Failure::Unmoved(format!(
                "`apply` refused: {}",
                ended.told()
            ))),
            Ok(ended) => Err(Failure::Unknown(format!(
                "`apply` ended with {}",
                ended.told()
            ))),
            Err(error @ CommandError::Start { .. }) => Err(Failure::Unmoved(error.to_string())),
            Err(error) => Err(Failure::Unknown(format!("`apply`: {error}"))),
        }
    }
}

impl Commands {
    fn run(
        &self,
        words: &[String],
        told: Vec<(String, String)>,
        deadline: Deadline,
    ) -> Result<Ended, CommandError> {
        let mut environment = vec![("BGMIGRATE_SERVICE".to_owned(), self.service.clone())];
        environment.extend(told);
        let command = Command {
            words,
            folder: &self.folder,
            environment: &environment,
            input: &[],
            timeout: deadline.left().unwrap_or_default(),
        };
        command.run()
    }
}

/// What `observe` prints.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    slot: Option<String>,
    weights: Option<BTreeMap<String, u64>>,
    epoch: Option<u64>,
    doubt: Option<String>,
}
