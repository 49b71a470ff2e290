//! Where traffic goes: asked and told. One file a driver.
//!
//! A driver tells what was seen, never what was hoped for: that a command ended with 0 is no evidence for most routers.
//! Every write carries the epoch of its attempt, and what is read back has to show that epoch: the
//! same slot under another epoch is somebody else's work, or an attempt that was given up and came late.

mod absent;
mod api;
#[cfg(feature = "aws")]
mod aws;
mod build;
mod caddy;
mod commands;
mod deadline;
mod envoy;
mod fence;
mod file;
mod haproxy;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod nginx;
mod note;
mod pointer;
mod symlink;
mod targets;
mod traefik;
mod weights;

use std::fmt;

pub use absent::Absent;
#[cfg(feature = "aws")]
pub use aws::{AwsAlb, AwsRoute53, Environment as AwsEnvironment};
pub use build::{Surroundings, build};
pub use caddy::Caddy;
pub use commands::Commands;
pub use deadline::Deadline;
pub use envoy::Envoy;
pub use file::File;
pub use haproxy::Haproxy;
#[cfg(feature = "kubernetes")]
pub use kubernetes::Kubernetes;
pub use nginx::Nginx;
pub use symlink::Symlink;
pub use targets::Targets;
pub use traefik::Traefik;
pub use weights::Weights;

use crate::gate::Observed;

/// A router, as far as a cutover needs it.
pub trait Router {
    /// What holds whenever this driver moves traffic.
    fn promises(&self) -> Promises;

    /// Looks at everything that a shift would need, and changes nothing.
    fn check(&self, deadline: Deadline) -> Vec<Remark>;

    /// What the router that runs does now; for what is wrong only in its files, see [`Reading::doubt`].
    ///
    /// # Errors
    /// With the reason why nobody can tell. It is never taken for an answer.
    fn observe(&self, deadline: Deadline) -> Result<Reading, String>;

    /// Moves traffic. After the deadline nothing more is sent.
    ///
    /// # Errors
    /// See [`Failure`]: which of the three it is decides what may be done next.
    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure>;

    /// Waits until nothing answers by the old state any more, and what is read back is what was aimed at, epoch included.
    ///
    /// # Errors
    /// When that is not so at the deadline.
    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        let reading = self.observe(deadline).map_err(Failure::Unknown)?;
        reading.is(aim).map_err(Failure::Unknown)?;
        Ok(reading)
    }
}

/// What a driver promises of every shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent answers to four questions"
)]
pub struct Promises {
    /// A write of an older epoch is refused, however late it comes. Without it, a take-over has to wait until the last
    /// attempt can no longer land.
    pub fenced: bool,
    /// No request is lost.
    pub lossless: bool,
    /// No request that starts after an answer of the new side goes to the old one.
    pub atomic: bool,
    /// Traffic can be shared between slots.
    pub weighted: bool,
}

/// One line for each promise, kept or not.
impl fmt::Display for Promises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            (self.lossless, "no request is lost", "requests may be lost"),
            (
                self.atomic,
                "all traffic moves at one moment",
                "both sides answer for a while",
            ),
            (
                self.fenced,
                "an attempt that comes late is refused",
                "an attempt that comes late is not refused: a take-over waits",
            ),
            (
                self.weighted,
                "traffic can be shared between slots",
                "traffic goes to one slot at a time",
            ),
        ];
        let told = lines.map(|(kept, yes, no)| if kept { yes } else { no });
        f.write_str(&told.join("\n"))
    }
}

/// What a shift aims at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// Where traffic shall go.
    pub weights: Weights,
    /// Of the attempt: later ones have greater ones.
    pub epoch: u64,
}

impl Aim {
    /// All traffic to one slot.
    pub fn at(slot: &str, epoch: u64) -> Self {
        Self {
            weights: Weights::all(slot),
            epoch,
        }
    }

    /// Whether the router holds a later write, which this one must not undo.
    fn yields_to(&self, held: Option<u64>) -> Result<(), Failure> {
        match held.filter(|held| *held > self.epoch) {
            Some(held) => Err(Failure::Stale {
                epoch: self.epoch,
                held,
            }),
            None => Ok(()),
        }
    }
}

/// What a router was seen to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where its traffic goes.
    pub weights: Weights,
    /// The epoch of the last write; `None` when nobody wrote one, or somebody else wrote since.
    pub epoch: Option<u64>,
    /// Why this may not last: such as a file from which a reload would bring something else.
    pub doubt: Option<String>,
}

impl Reading {
    /// Whether this is what was aimed at, and by that attempt.
    ///
    /// # Errors
    /// With what differs.
    pub fn is(&self, aim: &Aim) -> Result<(), String> {
        if self.weights != aim.weights {
            return Err(format!(
                "the router sends traffic to {}, and not to {}",
                self.weights, aim.weights
            ));
        }
        if self.epoch != Some(aim.epoch) {
            let held = self
                .epoch
                .map_or("none".to_owned(), |held| held.to_string());
            return Err(format!(
                "the router holds the epoch {held}, and not {}: somebody else wrote it",
                aim.epoch
            ));
        }
        self.doubt.clone().map_or(Ok(()), Err)
    }
}

/// What the gates see of an answer.
pub fn seen(answer: Result<Reading, String>) -> Observed {
    match answer {
        Err(why) => Observed::Unreadable(why),
        Ok(Reading {
            weights,
            doubt: Some(doubt),
            ..
        }) => Observed::Elsewhere(format!("{weights} ({doubt})")),
        Ok(Reading { weights, epoch, .. }) => match weights.whole() {
            Some(slot) => Observed::At {
                slot: slot.to_owned(),
                epoch,
            },
            None => Observed::Elsewhere(weights.to_string()),
        },
    }
}

/// Why a shift or what follows it did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The router holds a later write: this attempt was taken over, and must stop.
    #[error(
        "the router holds the epoch {held}, later than this attempt's {epoch}: another run took over, or the record is \
         older than the router's state"
    )]
    Stale {
        /// This attempt's.
        epoch: u64,
        /// The router's.
        held: u64,
    },
    /// Nothing was moved, and nothing will be.
    #[error("nothing was moved: {0}")]
    Unmoved(String),
    /// It may have been moved, or be moved later.
    #[error("nobody can tell whether it was moved: {0}")]
    Unknown(String),
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// A cutover would fail, or not hold.
    pub wrong: bool,
    /// What, and the way out.
    pub text: String,
}

impl Remark {
    /// Something that a person should know.
    pub fn fine(text: impl Into<String>) -> Self {
        Self {
            wrong: false,
            text: text.into(),
        }
    }

    /// Something that has to be mended.
    pub fn wrong(text: impl Into<String>) -> Self {
        Self {
            wrong: true,
            text: text.into(),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.wrong { "wrong" } else { "note" };
        write!(f, "{mark}: {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(slot: &str, epoch: Option<u64>, doubt: Option<&str>) -> Reading {
        Reading {
            weights: Weights::all(slot),
            epoch,
            doubt: doubt.map(str::to_owned),
        }
    }

    #[test]
    fn the_same_slot_under_another_epoch_is_not_what_was_aimed_at() {
        let aim = Aim::at("green", 7);
        assert_eq!(reading("green", Some(7), None).is(&aim), Ok(()));
        for other in [
            reading("blue", Some(7), None),
            reading("green", Some(6), None),
            reading("green", Some(8), None),
            reading("green", None, None),
            reading("green", Some(7), Some("the file says blue")),
        ] {
            assert!(other.is(&aim).is_err(), "{other:?}");
        }
    }

    #[test]
    fn only_a_whole_reading_without_doubt_is_a_place() {
        assert_eq!(
            seen(Ok(reading("green", Some(4), None))),
            Observed::At {
                slot: "green".to_owned(),
                epoch: Some(4)
            }
        );
        assert!(matches!(
            seen(Ok(reading("green", None, Some("x")))),
            Observed::Elsewhere(_)
        ));
        let shared = Weights::shares([("blue", 95), ("green", 5)]).unwrap();
        let shared = Reading {
            weights: shared,
            epoch: Some(1),
            doubt: None,
        };
        assert_eq!(
            seen(Ok(shared)),
            Observed::Elsewhere("95 % blue, 5 % green".to_owned())
        );
        assert!(matches!(
            seen(Err("down".to_owned())),
            Observed::Unreadable(_)
        ));
    }

    #[test]
    fn a_later_epoch_is_yielded_to() {
        let aim = Aim::at("green", 7);
        assert_eq!(aim.yields_to(None), Ok(()));
        assert_eq!(aim.yields_to(Some(7)), Ok(()));
        assert!(aim.yields_to(Some(8)).is_err());
    }
}
