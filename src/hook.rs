//! What a team has called before and after each stage, and what its commands and webhooks are told.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::nearest::nearest;

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// A slot is about to be tested.
    BeforeSmoke,
    /// It was tested, and the result is recorded.
    AfterSmoke,
    /// The gate is open, and traffic about to move.
    BeforeCutover,
    /// Traffic has moved, and that is recorded.
    AfterCutover,
    /// The gate is open, and traffic about to move back.
    BeforeRollback,
    /// Traffic has moved back, and that is recorded.
    AfterRollback,
    /// The rollback to a slot is about to be closed.
    BeforeRetire,
    /// It is closed: what runs there can be torn down.
    AfterRetire,
}

impl Stage {
    /// All of them, in the order of a release's life.
    pub const ALL: [Self; 8] = [
        Self::BeforeSmoke,
        Self::AfterSmoke,
        Self::BeforeCutover,
        Self::AfterCutover,
        Self::BeforeRollback,
        Self::AfterRollback,
        Self::BeforeRetire,
        Self::AfterRetire,
    ];

    /// The word used in the configuration and in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeSmoke => "before-smoke",
            Self::AfterSmoke => "after-smoke",
            Self::BeforeCutover => "before-cutover",
            Self::AfterCutover => "after-cutover",
            Self::BeforeRollback => "before-rollback",
            Self::AfterRollback => "after-rollback",
            Self::BeforeRetire => "before-retire",
            Self::AfterRetire => "after-retire",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|stage| stage.name() == text);
        named.ok_or_else(|| match nearest(text, Self::ALL.map(Self::name)) {
            Some(near) => format!("`{text}` is no stage; did you mean `{near}`?"),
            None => format!(
                "`{text}` is no stage; those are {}",
                Self::ALL.map(Self::name).join(", ")
            ),
        })
    }
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What people call it.
    pub name: String,
    /// When it is called.
    pub stages: Vec<Stage>,
    /// How.
    pub call: Call,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// How a hook is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A command, which is told what happens by its environment, and by JSON on its standard input. It has failed when
    /// it does not end with status 0.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
    },
    /// A `POST` of JSON. It has failed when the answer's status is none of 200 to 299.
    Webhook {
        /// Where to.
        url: String,
        /// What to send besides.
        headers: Vec<(String, String)>,
    },
}

/// A release in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The slot.
    pub slot: String,
    /// The version in it.
    pub release: String,
}

/// What a hook is called for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Occasion {
    /// The service.
    pub service: String,
    /// The release that it is about: the one that is tested or retired, or that traffic moves to.
    #[serde(flatten)]
    pub place: Place,
    /// The slot's own address, where one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What traffic moves away from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
    /// The database's clock.
    pub at: DateTime<Utc>,
    /// Who does it.
    pub actor: String,
    /// On which machine.
    pub host: String,
    /// In which CI job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Traffic moves back by itself, because a check failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// How the smoke test went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Its checks that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Why it is retired before its rollback window has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early: Option<String>,
}

impl Occasion {
    /// What is sent.
    pub fn json(&self, stage: Stage) -> serde_json::Value {
        let mut value = serde_json::json!(self);
        value["stage"] = stage.name().into();
        value
    }

    /// The same as the environment of a command.
    pub fn environment(&self, stage: Stage) -> Vec<(String, String)> {
        let from = self.from.as_ref();
        let told = [
            ("BGMIGRATE_STAGE", Some(stage.name())),
            ("BGMIGRATE_SERVICE", Some(self.service.as_str())),
            ("BGMIGRATE_SLOT", Some(self.place.slot.as_str())),
            ("BGMIGRATE_VERSION", Some(self.place.release.as_str())),
            ("BGMIGRATE_URL", self.url.as_deref()),
            ("BGMIGRATE_FROM_SLOT", from.map(|from| from.slot.as_str())),
            (
                "BGMIGRATE_FROM_VERSION",
                from.map(|from| from.release.as_str()),
            ),
        ];
        let told = told.into_iter();
        told.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_its_place_and_leaves_out_what_there_is_not() {
        let occasion = Occasion {
            service: "app".to_owned(),
            place: Place {
                slot: "green".to_owned(),
                release: "v2".to_owned(),
            },
            url: None,
            from: Some(Place {
                slot: "blue".to_owned(),
                release: "v1".to_owned(),
            }),
            at: DateTime::UNIX_EPOCH,
            actor: "ann".to_owned(),
            host: "ci-1".to_owned(),
            job: None,
            automatic: false,
            passed: None,
            failed: Vec::new(),
            early: None,
        };
        assert_eq!(
            occasion.json(Stage::AfterCutover),
            serde_json::json!({
                "stage": "after-cutover",
                "service": "app",
                "slot": "green",
                "release": "v2",
                "from": { "slot": "blue", "release": "v1" },
                "at": "1970-01-01T00:00:00Z",
                "actor": "ann",
                "host": "ci-1",
            })
        );
        let environment = occasion.environment(Stage::AfterCutover);
        let names: Vec<_> = environment.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "BGMIGRATE_STAGE",
                "BGMIGRATE_SERVICE",
                "BGMIGRATE_SLOT",
                "BGMIGRATE_VERSION",
                "BGMIGRATE_FROM_SLOT",
                "BGMIGRATE_FROM_VERSION",
            ]
        );
    }

    #[test]
    fn every_stage_is_read_by_its_name_and_a_near_one_is_proposed() {
        for stage in Stage::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
        }
        assert_eq!(
            "after-cutver".parse::<Stage>().unwrap_err(),
            "`after-cutver` is no stage; did you mean `after-cutover`?"
        );
    }
}
