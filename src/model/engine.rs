//! The database engines and their versions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SQL that a folder is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL 12 to 18.
    Postgres,
    /// MySQL 8 and MariaDB 10.6+.
    Mysql,
    /// SQLite 3.35+.
    Sqlite,
}

impl Dialect {
    /// Every dialect, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Mysql, Self::Sqlite];

    /// The name used in configuration and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Sqlite => "sqlite",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// MySQL or MariaDB: one dialect, two products whose costs and some meanings differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    /// The product that the dialect is named after.
    Standard,
    /// MariaDB, under the MySQL dialect.
    MariaDb,
}

/// A server version, compared number by number; what is not given is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// The first number: 15 in PostgreSQL 15.4.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
}

impl Version {
    /// A version from its three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.minor, self.patch) {
            (0, 0) => write!(f, "{}", self.major),
            (minor, 0) => write!(f, "{}.{minor}", self.major),
            (minor, patch) => write!(f, "{}.{minor}.{patch}", self.major),
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a server version; write it like 15, 8.0.36 or 3.45");
        let mut numbers = [0_u16; 3];
        let mut parts = text.trim().split('.');
        for number in &mut numbers {
            match parts.next() {
                Some(part) => *number = part.parse().map_err(|_| wrong())?,
                None => break,
            }
        }
        if parts.next().is_some() || numbers[0] == 0 {
            return Err(wrong());
        }
        Ok(Self::new(numbers[0], numbers[1], numbers[2]))
    }
}

/// The server that the statements are judged for: product and oldest version in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Engine {
    /// The SQL that it speaks.
    pub dialect: Dialect,
    /// MySQL or MariaDB.
    pub flavour: Flavour,
    /// The oldest server version that the statements may meet.
    pub version: Version,
}

impl Engine {
    /// The engine assumed when the configuration gives no version: the oldest one widely supported.
    pub const fn default_for(dialect: Dialect) -> Self {
        Self::default_of(dialect, Flavour::Standard)
    }

    /// The same, for one of two products that share a dialect.
    pub const fn default_of(dialect: Dialect, flavour: Flavour) -> Self {
        let version = match (dialect, flavour) {
            (Dialect::Postgres, _) => Version::new(14, 0, 0),
            (Dialect::Mysql, Flavour::Standard) => Version::new(8, 0, 0),
            (Dialect::Mysql, Flavour::MariaDb) => Version::new(10, 6, 0),
            (Dialect::Sqlite, _) => Version::new(3, 35, 0),
        };
        Self {
            dialect,
            flavour,
            version,
        }
    }

    /// Whether this is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.flavour == Flavour::MariaDb
    }

    /// Whether the server is at least `major.minor.patch`.
    pub fn at_least(&self, major: u16, minor: u16, patch: u16) -> bool {
        self.version >= Version::new(major, minor, patch)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flavour {
            Flavour::MariaDb => write!(f, "MariaDB {}", self.version),
            Flavour::Standard => write!(f, "{} {}", self.dialect, self.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_number_by_number() {
        let read = |text: &str| text.parse::<Version>().unwrap();
        assert!(read("8.0.28") > read("8.0.4"));
        assert!(read("15") > read("9.6"));
        assert_eq!(read("3.45").to_string(), "3.45");
        assert!("v15".parse::<Version>().is_err());
        assert!("1.2.3.4".parse::<Version>().is_err());
    }
}
