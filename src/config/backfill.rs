//! `[backfill]`: how fast backfills go, and what holds them.

use serde::Deserialize;

use super::written::Time;
use crate::backfill::Pace;
use crate::model::Dialect;

/// How backfills are run, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// How long to rest after a batch, as a multiple of the time that it took; default 0.5.
    pub nice: Option<Ratio>,
    /// How long a batch should take; default `200ms`.
    pub target: Option<Target>,
    /// How many rows the first batch has; default 500.
    pub batch: Option<std::num::NonZeroU32>,
    /// How far replicas may be behind; PostgreSQL alone can be asked. Default `2s`.
    pub max_lag: Option<Time>,
    /// How many sessions may be working at once, ours left out; not for SQLite.
    pub max_running: Option<u64>,
    /// A query that has to find nothing, or a single 0 or false.
    pub query: Option<String>,
    /// An address that has to answer with status 200.
    pub http: Option<Address>,
}

/// A ratio of rest to work.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Ratio(f64);

impl TryFrom<f64> for Ratio {
    type Error = String;

    fn try_from(ratio: f64) -> Result<Self, String> {
        if (0.0..=1000.0).contains(&ratio) {
            return Ok(Self(ratio));
        }
        Err(format!(
            "`{ratio}` is no ratio of rest to work; write a number from 0, for no rest, to 1000"
        ))
    }
}

/// The time that a batch should take.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Time")]
pub struct Target(u32);

impl TryFrom<Time> for Target {
    type Error = String;

    fn try_from(time: Time) -> Result<Self, String> {
        match u32::try_from(time.ms) {
            Ok(ms @ 10..=5000) => Ok(Self(ms)),
            _ => Err("a batch should take from 10ms to 5s: rows stay locked as long".to_owned()),
        }
    }
}

/// An address with its scheme.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(String);

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        if url.starts_with("http://") || url.starts_with("https://") {
            return Ok(Self(url));
        }
        Err(format!(
            "`{url}` is no address; it begins with http:// or https://"
        ))
    }
}

/// A signal that is configured, and that the database does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` of [backfill] cannot be read from {dialect}: {instead}")]
pub struct NoSignal {
    key: &'static str,
    dialect: Dialect,
    instead: &'static str,
}

impl Backfill {
    /// The pace that this says.
    ///
    /// # Errors
    /// When it asks for a signal that the engine does not have: it would hold for ever.
    pub fn pace(&self, dialect: Dialect) -> Result<Pace, NoSignal> {
        let default = Pace::default();
        let missing = |key, instead| NoSignal {
            key,
            dialect,
            instead,
        };
        if self.max_lag.is_some() && dialect != Dialect::Postgres {
            return Err(missing(
                "max_lag",
                "a server does not know how far its replicas are; name a `query`, or an `http` address, that does",
            ));
        }
        if self.max_running.is_some() && dialect == Dialect::Sqlite {
            return Err(missing("max_running", "it has no server"));
        }
        Ok(Pace {
            nice: self.nice.map_or(default.nice, |ratio| ratio.0),
            target_ms: self
                .target
                .map_or(default.target_ms, |target| f64::from(target.0)),
            first_rows: self
                .batch
                .map_or(default.first_rows, |rows| u64::from(rows.get())),
            max_lag_ms: self.max_lag.map(|time| time.ms),
            max_running: self.max_running,
            query: self.query.clone(),
            http: self.http.as_ref().map(|address| address.0.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Backfill, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        for dialect in Dialect::ALL {
            let pace = read("").unwrap().pace(dialect).unwrap();
            assert_eq!(pace, Pace::default());
        }
        let written =
            "nice = 0\ntarget = \"50ms\"\nbatch = 100\nmax_running = 8\nquery = \"SELECT 0\"";
        let pace = read(written).unwrap().pace(Dialect::Mysql).unwrap();
        assert!(pace.nice == 0.0 && (pace.target_ms - 50.0).abs() < 1e-9);
        assert_eq!((pace.first_rows, pace.max_running), (100, Some(8)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, why) in [
            ("nice = -1", "is no ratio"),
            ("target = \"1h\"", "from 10ms to 5s"),
            ("batch = 0", "nonzero"),
            ("http = \"example.org\"", "is no address"),
            ("speed = 1", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_signal_that_the_engine_does_not_have_is_refused_rather_than_waited_for() {
        for (text, dialect) in [
            ("max_lag = \"1s\"", Dialect::Mysql),
            ("max_lag = \"1s\"", Dialect::Sqlite),
            ("max_running = 3", Dialect::Sqlite),
        ] {
            let refused = read(text).unwrap().pace(dialect).unwrap_err().to_string();
            assert!(refused.contains("cannot be read"), "{refused}");
        }
        assert!(
            read("max_lag = \"1s\"")
                .unwrap()
                .pace(Dialect::Postgres)
                .is_ok()
        );
    }
}
