//! `bgmigrate.toml`: what it may say, and clear words when it says something else.

mod aws;
mod backfill;
mod hook;
mod router;
mod smoke;
mod written;

use core::time::Duration;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::aws::{AlbAction, AwsAccess};
pub use self::backfill::Backfill;
pub use self::hook::Hook;
pub use self::router::{Access, Driver, Object, Router};
pub use self::smoke::{Smoke, Tls};
pub use self::written::{Slot, Slots};
use crate::adopt::Tool;
use crate::folder::{Layout, UnknownLayout};
use crate::lint::{Surroundings, no_such_rule, rule};
use crate::model::{Dialect, Flavour, LineIndex, Severity, Version};
use crate::nearest::nearest;

/// The file's name, looked for from the working directory upwards.
pub const FILE_NAME: &str = "bgmigrate.toml";

/// What the file says. Everything has a default or is found out from the folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The migration folder, relative to the file; default `migrations`.
    pub dir: Option<String>,
    /// The folder's layout, or `auto`.
    pub layout: Option<String>,
    /// The SQL that the folder is written in; guessed from the folder when it is not given.
    pub dialect: Option<Dialect>,
    /// `mariadb`, under the MySQL dialect.
    pub flavour: Option<Flavour>,
    /// The oldest server version that the migrations may meet.
    pub server_version: Option<String>,
    /// The last migration that is released: it and those before it give context and are not judged, so that
    /// a team can begin without mending its history.
    pub released: Option<String>,
    /// The database, for the commands that need one; `${VAR}` in it is filled in by them alone, so that lint needs no
    /// password.
    pub database_url: Option<String>,
    /// The application whose releases this folder is for; default `app`.
    pub service: Option<String>,
    /// Who applies the migrations: `bgmigrate`, the default, or `external`, which is another tool.
    pub runner: Option<Runner>,
    /// The other tool.
    pub external: Option<External>,
    /// What stands before the ids of this folder's migrations in the record, where several folders share a database.
    pub namespace: Option<String>,
    /// The slots of the service, by name; default `blue` and `green`.
    pub slots: Option<Slots>,
    /// How long a standby stays the rollback target before it may be retired; default `24h`.
    pub rollback_window: Option<String>,
    /// The router of the service.
    pub router: Option<Router>,
    /// What a slot has to answer before traffic may come to it.
    #[serde(default)]
    pub smoke: Smoke,
    /// How backfills are run.
    #[serde(default)]
    pub backfill: Backfill,
    /// What is called before and after each stage.
    #[serde(default)]
    pub hook: Vec<Hook>,
    /// What the runner or the role sets for the sessions that migrations run in.
    #[serde(default)]
    pub session: Session,
    /// Lint.
    #[serde(default)]
    pub lint: Lint,
}

/// Who applies the migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// `bgmigrate apply`.
    Bgmigrate,
    /// Another tool, whose table says what is applied.
    External,
}

/// The tool that applies the migrations in our place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Which; found out from the table that is there when it is not given.
    pub tool: Option<Tool>,
    /// Its table, where it is not its usual one.
    pub table: Option<String>,
}

/// What the runner or the role sets for the sessions that migrations run in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// `lock_timeout` (MySQL: `lock_wait_timeout`): `5s`, `500ms`.
    pub lock_timeout: Option<String>,
    /// `statement_timeout` (MariaDB: `max_statement_time`).
    pub statement_timeout: Option<String>,
}

/// Lint's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lint {
    /// The longest lock timeout that is accepted.
    pub lock_timeout_limit: Option<String>,
    /// Rule id → `off`, `note`, `warning` or `error`.
    #[serde(default)]
    pub rules: BTreeMap<String, Severity>,
}

/// A file that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// Where in it, as line and column from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the text of `file`; `variable` gives the environment variables that values may name as `${VAR}`.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown, a value is of the wrong kind, or a variable is not set.
    pub fn read(
        file: &Path,
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| from_toml(file, text, &error))?;
        let wrong = |key: &str, message: String, help: Option<String>| ConfigError {
            file: file.to_owned(),
            place: place_of_key(text, key),
            message,
            help,
        };
        let named = [
            ("dir", &mut config.dir),
            ("layout", &mut config.layout),
            ("server_version", &mut config.server_version),
            ("lock_timeout", &mut config.session.lock_timeout),
            ("statement_timeout", &mut config.session.statement_timeout),
            ("lock_timeout_limit", &mut config.lint.lock_timeout_limit),
        ];
        for (key, value) in named {
            if let Some(text) = value {
                *text = expand(text, &variable).map_err(|message| wrong(key, message, None))?;
            }
        }
        for key in config.lint.rules.keys() {
            if rule(key).is_none() {
                return Err(wrong(key, no_such_rule(key), None));
            }
        }
        let durations = [
            ("lock_timeout", &config.session.lock_timeout),
            ("statement_timeout", &config.session.statement_timeout),
            ("lock_timeout_limit", &config.lint.lock_timeout_limit),
            ("rollback_window", &config.rollback_window),
        ];
        for (key, value) in durations {
            milliseconds(value.as_deref()).map_err(|message| wrong(key, message, None))?;
        }
        if let Some(router) = &config.router {
            router
                .driver()
                .map_err(|fault| wrong(fault.key, fault.message, None))?;
        }
        config
            .version()
            .map_err(|message| wrong("server_version", message, None))?;
        config
            .layout()
            .map_err(|unknown| wrong("layout", unknown.to_string(), None))?;
        Ok(config)
    }

    /// The configured server version.
    ///
    /// # Errors
    /// When it is not written as a version.
    pub fn version(&self) -> Result<Option<Version>, String> {
        self.server_version.as_deref().map(str::parse).transpose()
    }

    /// The configured layout; `None` where it is to be found out.
    ///
    /// # Errors
    /// When no layout has that name.
    pub fn layout(&self) -> Result<Option<Layout>, UnknownLayout> {
        match self.layout.as_deref() {
            None | Some("auto") => Ok(None),
            Some(name) => name.parse().map(Some),
        }
    }

    /// The configured database, with the environment's values in it.
    ///
    /// # Errors
    /// When a variable that it names is not set.
    pub fn database_url(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, String> {
        let url = self.database_url.as_deref();
        url.map(|url| expand(url, &variable)).transpose()
    }

    /// The own address of a slot, with the values of the variables that it names.
    ///
    /// # Errors
    /// When a variable is not set.
    pub fn url_of(
        &self,
        slot: &str,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, String> {
        let mut slots = self.slots.iter().flat_map(|slots| &slots.0);
        let said = slots.find(|(name, _)| name == slot);
        let url = said.and_then(|(_, said)| said.url.as_deref());
        url.map(|url| expand(url, variable)).transpose()
    }

    /// The configured rollback window, in milliseconds.
    pub fn rollback_window_ms(&self) -> Option<u64> {
        milliseconds(self.rollback_window.as_deref()).ok().flatten()
    }

    /// Where the migrations run.
    pub fn surroundings(&self) -> Surroundings {
        let read = |value: &Option<String>| milliseconds(value.as_deref()).ok().flatten();
        Surroundings {
            lock_timeout_ms: read(&self.session.lock_timeout),
            statement_timeout_ms: read(&self.session.statement_timeout),
            lock_timeout_limit_ms: read(&self.lint.lock_timeout_limit),
        }
    }
}

/// `5s`, `500ms`, `2min` in milliseconds; a bare number is milliseconds, as in PostgreSQL.
/// Reads a duration as the configuration and the command line write it: `500ms`, `5s`, `2min`, `24h`, `7d`.
///
/// # Errors
/// With what to write.
pub fn duration(text: &str) -> Result<Duration, String> {
    let written = milliseconds(Some(text))?;
    Ok(Duration::from_millis(written.unwrap_or_default()))
}

fn milliseconds(text: Option<&str>) -> Result<Option<u64>, String> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || format!("`{text}` is no duration; write it like 500ms, 5s, 2min, 24h or 7d");
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(trimmed.len());
    let number: u64 = trimmed[..digits].parse().map_err(|_| wrong())?;
    let unit = match trimmed[digits..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Some).ok_or_else(wrong)
}

/// A duration as the command line writes it, `500ms`, `5s`, `2min`, in milliseconds.
///
/// # Errors
/// When it is none, with how to write one.
pub fn duration_ms(text: &str) -> Result<u64, String> {
    Ok(milliseconds(Some(text))?.unwrap_or_default())
}

/// Puts the values of `${VAR}` into a text.
fn expand(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`${{` without its `}}` in `{text}`"))?;
        let value = variable(name).ok_or_else(|| {
            format!("the environment variable `{name}` is not set, and `{text}` names it")
        })?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error
        .message()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    ConfigError {
        file: file.to_owned(),
        place: error.span().map(|span| place(text, &span)),
        help: suggestion(&message),
        message,
    }
}

/// serde says ``unknown field `x`, expected one of `a`, `b` ``: the nearest of those is the suggestion.
fn suggestion(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    nearest(wrong, quoted).map(|name| format!("did you mean `{name}`?"))
}

fn place(text: &str, span: &Range<usize>) -> (usize, usize) {
    let position = LineIndex::new(text).position(text, span.start.min(text.len()));
    (position.line, position.column)
}

/// Where a key stands, for errors that are found after the file was read.
fn place_of_key(text: &str, key: &str) -> Option<(usize, usize)> {
    text.lines().enumerate().find_map(|(at, line)| {
        let trimmed = line.trim_start();
        let rest = trimmed.trim_start_matches('"').strip_prefix(key)?;
        let is_key = rest.trim_start_matches('"').trim_start().starts_with('=');
        is_key.then(|| (at + 1, line.len() - trimmed.len() + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let variable = |name: &str| (name == "HOME_DIR").then(|| "/srv".to_owned());
        Config::read(Path::new(FILE_NAME), text, variable).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_what_it_may_and_everything_else_is_an_error_with_its_place() {
        let wrong = [
            (
                "dialect = \"sqlite\"\ndialekt = 1\n",
                "bgmigrate.toml:2:1: unknown field `dialekt`",
            ),
            (
                "dialect = \"oracle\"\n",
                "bgmigrate.toml:1:11: unknown variant `oracle`",
            ),
            (
                "[lint.rules]\ndrop-colum = \"off\"\n",
                "bgmigrate.toml:2:1: there is no rule `drop-colum`; did you mean `drop-column`?",
            ),
            (
                "[lint.rules]\ndrop-column = \"loud\"\n",
                "bgmigrate.toml:2:15: unknown variant `loud`",
            ),
            (
                "dir = \"${NOWHERE}/m\"\n",
                "bgmigrate.toml:1:1: the environment variable `NOWHERE` is not set",
            ),
            (
                "dir = \"${NOWHERE\"\n",
                "bgmigrate.toml:1:1: `${` without its `}`",
            ),
            (
                "server_version = \"new\"\n",
                "bgmigrate.toml:1:1: `new` is not a server version",
            ),
            (
                "layout = \"gose\"\n",
                "bgmigrate.toml:1:1: `gose` is not a layout (did you mean `goose`?)",
            ),
            (
                "[session]\nlock_timeout = \"5 parsecs\"\n",
                "bgmigrate.toml:2:1: `5 parsecs` is no duration",
            ),
            (
                "dir = 3\n",
                "bgmigrate.toml:1:7: invalid type: integer `3`, expected a string",
            ),
            (
                "[router]\nfile = \"live\"\ndriver = \"fil\"\n",
                "bgmigrate.toml:3:1: there is no driver `fil`, but `file`, `symlink`, `haproxy`, `nginx`, `caddy`, `envoy`, `traefik`, `kubernetes`, `aws-alb`, `aws-route53`, `command`; did you mean `file`?",
            ),
            (
                "[router]\ndriver = \"kubernetes\"\nobject = \"service/shop\"\n",
                "bgmigrate.toml:3:1: a Service needs `selector`: the label in its selector that chooses the slot",
            ),
            (
                "[router]\ndriver = \"kubernetes\"\nobject = \"ingress/shop\"\n",
                "bgmigrate.toml:3:1: `ingress/shop` is no object that can be driven: write `service/NAME`",
            ),
            (
                "[router]\ndriver = \"aws-alb\"\n",
                "bgmigrate.toml:2:1: driver `aws-alb` needs `listener` or `rule`",
            ),
            (
                "[router]\ndriver = \"aws-alb\"\nlistener = \"app/shop\"\n",
                "bgmigrate.toml:3:1: `app/shop` is no ARN of a listener: `arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/",
            ),
            (
                "[router]\ndriver = \"aws-alb\"\nrule = \"arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/x\"\n\
                 region = \"us-east-1\"\n",
                "bgmigrate.toml:4:1: `rule` is in the region `eu-west-1`, and not in `us-east-1`",
            ),
            (
                "[router]\ndriver = \"aws-alb\"\nrule = \"arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/x\"\n",
                "bgmigrate.toml:2:1: driver `aws-alb` needs `targets`: the ARN of each slot's target group",
            ),
            (
                "[router]\ndriver = \"aws-alb\"\nrule = \"arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/x\"\n\
                 targets = { blue = \"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x\" }\n",
                "bgmigrate.toml:4:1: `arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x` is no ARN of a target group in `eu-west-1`",
            ),
            (
                "[router]\ndriver = \"aws-route53\"\nzone = \"Z1\"\n",
                "bgmigrate.toml:2:1: driver `aws-route53` needs `name`",
            ),
            (
                "[router]\ndriver = \"file\"\n",
                "bgmigrate.toml:2:1: driver `file` needs `file`",
            ),
            (
                "[router]\nfile = \"live\"\nattempt_timeout = \"soon\"\n",
                "bgmigrate.toml:3:1: `soon` is no duration",
            ),
            ("dir = \n", "bgmigrate.toml:1:"),
        ];
        for (text, message) in wrong {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
        assert!(
            read("dialekt = 1")
                .unwrap_err()
                .ends_with("did you mean `dialect`?")
        );
    }

    #[test]
    fn values_may_name_environment_variables() {
        let config = read("dir = \"${HOME_DIR}/migrations\"").unwrap();
        assert_eq!(config.dir.as_deref(), Some("/srv/migrations"));
    }

    #[test]
    fn durations_are_read_in_the_units_of_postgresql() {
        let cases = [
            ("500ms", 500),
            ("5s", 5_000),
            ("2min", 120_000),
            ("250", 250),
        ];
        for (text, expected) in cases {
            assert_eq!(milliseconds(Some(text)), Ok(Some(expected)), "{text}");
        }
    }
}
