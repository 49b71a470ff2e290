//! What the record calls things.

use std::borrow::Borrow;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A migration's id as its folder's layout gives it, with the folder's namespace before it where one is configured
/// (`billing/0003`): several services with folders of their own may share one database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MigrationId(String);

impl MigrationId {
    /// The id of a migration of the folder that this namespace names; most databases have one folder and no namespace.
    pub fn new(namespace: Option<&str>, id: &str) -> Self {
        Self(match namespace {
            Some(namespace) => format!("{namespace}/{id}"),
            None => id.to_owned(),
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for MigrationId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl Borrow<str> for MigrationId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MigrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A version of a service. Any string will do: no order of versions is assumed, what a release ships decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReleaseId {
    /// The service.
    pub service: String,
    /// Its version: a tag, a commit hash, a build number.
    pub version: String,
}

impl ReleaseId {
    /// This version of this service.
    pub fn new(service: &str, version: &str) -> Self {
        Self {
            service: service.to_owned(),
            version: version.to_owned(),
        }
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service, self.version)
    }
}

/// A place of a service that its router can send traffic to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotId {
    /// The service.
    pub service: String,
    /// The slot's name: `blue`, `green`.
    pub slot: String,
}

impl SlotId {
    /// This slot of this service.
    pub fn new(service: &str, slot: &str) -> Self {
        Self {
            service: service.to_owned(),
            slot: slot.to_owned(),
        }
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.slot, self.service)
    }
}

/// SHA-256 of a text, in hexadecimal digits.
pub fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
