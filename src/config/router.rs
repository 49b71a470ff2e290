//! `[router]`: one driver, and the keys that it needs.

use serde::Deserialize;

use super::milliseconds;
use crate::nearest::nearest;

/// The router of the service, as it is written. [`Router::driver`] makes sense of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Which router it is; `file` when only that is given.
    pub driver: Option<String>,
    /// Holds the name of the live slot.
    pub file: Option<String>,
    /// How long an attempt to move traffic may take; default `5s`.
    pub attempt_timeout: Option<String>,
    /// How long the router may take until the old state answers no more; default `30s`.
    pub settle_timeout: Option<String>,
}

/// A router that can be driven. Paths are as written: relative to the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// A file with the name of the live slot.
    File {
        /// The file.
        file: String,
    },
}

/// A key of `[router]` with what is wrong about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key.
    pub key: &'static str,
    /// What is wrong, and what to write.
    pub message: String,
}

fn fault<T>(key: &'static str, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        key,
        message: message.into(),
    })
}

/// The drivers.
const DRIVERS: [&str; 1] = ["file"];

impl Router {
    /// The driver that is meant.
    ///
    /// # Errors
    /// With the key that is missing, not the driver's, or wrong.
    pub fn driver(&self) -> Result<Driver, Fault> {
        for (key, value) in [
            ("attempt_timeout", &self.attempt_timeout),
            ("settle_timeout", &self.settle_timeout),
        ] {
            milliseconds(value.as_deref()).map_err(|message| Fault { key, message })?;
        }
        let named = self.driver.as_deref().unwrap_or("file");
        if !DRIVERS.contains(&named) {
            let near = nearest(named, DRIVERS);
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let message = format!(
                "there is no driver `{named}`, but `{}`{near}",
                DRIVERS.join("`, `")
            );
            return fault("driver", message);
        }
        match &self.file {
            Some(file) => Ok(Driver::File { file: file.clone() }),
            None => fault("driver", "driver `file` needs `file`"),
        }
    }

    /// How long an attempt to move traffic may take, in milliseconds.
    pub fn attempt_timeout_ms(&self) -> u64 {
        let written = milliseconds(self.attempt_timeout.as_deref());
        written.ok().flatten().unwrap_or(5_000)
    }

    /// How long the router may take until the old state answers no more, in milliseconds.
    pub fn settle_timeout_ms(&self) -> u64 {
        let written = milliseconds(self.settle_timeout.as_deref());
        written.ok().flatten().unwrap_or(30_000)
    }
}
