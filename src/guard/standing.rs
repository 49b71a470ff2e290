//! The guard of a database, as it was found.

use serde::Serialize;

use super::Tier;

/// The guard of a database, as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How far it reaches.
    #[serde(serialize_with = "name")]
    pub tier: Tier,
    /// Whether it watches: it is complete, and not switched off.
    pub watches: bool,
    /// How many releases it holds something for.
    pub releases: i64,
    /// How many objects it holds for them.
    pub pins: i64,
    /// Who installed it, where the engine knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

fn name<S: serde::Serializer>(tier: &Tier, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(tier.name())
}

/// Something that a release relies on and that is no more as it was, past the guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Of which service.
    pub service: String,
    /// Which release.
    pub release: String,
    /// In which slot.
    pub slot: String,
    /// What: its kind and name.
    pub object: String,
    /// What is wrong with it.
    pub complaint: String,
}
