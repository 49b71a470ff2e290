//! What a router is made to say about the last write: where traffic was sent, and by which epoch.

use std::fmt;

use super::Weights;

/// `green:7`, or `blue=95,green=5:7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Where traffic goes, in the router's words.
    pub(super) said: String,
    /// The epoch; `None` where somebody wrote none.
    pub(super) epoch: Option<u64>,
}

impl Note {
    /// These shares, by that epoch.
    pub(super) fn of(weights: &Weights, epoch: u64) -> Self {
        let each: Vec<_> = weights
            .iter()
            .map(|(slot, share)| format!("{slot}={share}"))
            .collect();
        Self {
            said: each.join(","),
            epoch: Some(epoch),
        }
    }

    /// What somebody wrote.
    pub(super) fn read(text: &str) -> Self {
        let parts = text.rsplit_once(':');
        let parts = parts.and_then(|(said, epoch)| Some((said, epoch.parse().ok()?)));
        match parts {
            Some((said, epoch)) => Self {
                said: said.to_owned(),
                epoch: Some(epoch),
            },
            None => Self {
                said: text.to_owned(),
                epoch: None,
            },
        }
    }

    /// The shares that it tells; `None` where it tells none.
    pub(super) fn weights(&self) -> Option<Weights> {
        let shares: Option<Vec<(&str, u8)>> = self
            .said
            .split(',')
            .map(|part| {
                let (slot, share) = part.split_once('=')?;
                Some((slot, share.parse().ok()?))
            })
            .collect();
        Weights::shares(shares?)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            Some(epoch) => write!(f, "{}:{epoch}", self.said),
            None => f.write_str(&self.said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let shared = Weights::shares([("blue", 95), ("green", 5)]).unwrap();
        for weights in [Weights::all("green"), shared] {
            let note = Note::of(&weights, 7);
            let read = Note::read(&note.to_string());
            assert_eq!(read, note);
            assert_eq!(read.weights(), Some(weights));
        }
    }

    #[test]
    fn what_somebody_else_wrote_has_no_epoch_or_no_shares() {
        assert_eq!(Note::read("green").epoch, None);
        assert_eq!(Note::read("green:soon").epoch, None);
        for other in ["green:7", "green=101:7", "green=50:7", "", "=:7"] {
            assert_eq!(Note::read(other).weights(), None, "{other}");
        }
    }
}
