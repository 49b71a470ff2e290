//! `[smoke]`: what a slot has to answer before traffic may come to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::expand;
use super::written::{OneOrMany, Time, Words};
use crate::smoke::{Check, Expect, Http, Patience, Pattern, Pointer, Question, Statuses};

/// The smoke test of the service, as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoke {
    /// How long one attempt may take; default `5s`.
    pub timeout: Option<Time>,
    /// After how many attempts a check has failed; default 5.
    pub attempts: Option<Attempts>,
    /// How long to wait before the second attempt; default `500ms`.
    pub backoff: Option<Time>,
    /// Whom to believe over TLS.
    #[serde(default)]
    pub tls: Tls,
    /// Requests.
    #[serde(default)]
    pub http: Vec<HttpCheck>,
    /// Commands.
    #[serde(default)]
    pub command: Vec<CommandCheck>,
}

/// Whom to believe over TLS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A PEM file with the only authorities that are believed, relative to the configuration.
    pub ca_file: Option<PathBuf>,
    /// The name that the certificate has to show, and that is asked for.
    pub server_name: Option<String>,
    /// Believe everybody; default false.
    #[serde(default)]
    pub insecure: bool,
}

/// A request, and the answer that it has to get.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// What people call it; default: method and path.
    pub name: Option<String>,
    /// Below the slot's address.
    pub path: Path,
    /// Default: `GET`, and `POST` with a body.
    pub method: Option<Method>,
    /// What to send besides.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What to send as the body.
    pub body: Option<String>,
    /// What has to come back.
    #[serde(default)]
    pub expect: Expected,
    /// How long one attempt may take.
    pub timeout: Option<Time>,
    /// After how many attempts it has failed.
    pub attempts: Option<Attempts>,
    /// How long to wait before the second attempt.
    pub backoff: Option<Time>,
}

/// What has to come back.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Default: any of 200 to 299.
    pub status: Option<OneOrMany<Status>>,
    /// Texts that the body holds.
    pub body_contains: Option<OneOrMany<String>>,
    /// Regular expressions that are found in the body.
    pub body_matches: Option<OneOrMany<Matching>>,
    /// Values in the JSON body, by their places.
    #[serde(default)]
    pub json: BTreeMap<Place, Value>,
    /// Headers with their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How soon.
    pub latency: Option<Time>,
}

/// A command that has to end with status 0.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandCheck {
    /// What people call it; default: the command.
    pub name: Option<String>,
    /// The program and its arguments, or a text for `sh -c`.
    pub run: Words,
    /// How long one attempt may take; default `60s`.
    pub timeout: Option<Time>,
    /// After how many attempts it has failed; default 1.
    pub attempts: Option<Attempts>,
    /// How long to wait before the second attempt.
    pub backoff: Option<Time>,
}

/// A number of attempts; never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Attempts(u32);

impl TryFrom<u32> for Attempts {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            0 => Err("a check needs at least 1 attempt".to_owned()),
            number => Ok(Self(number)),
        }
    }
}

/// A path below a slot's address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Path(String);

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self(text));
        }
        Err(format!(
            "`{text}` does not begin with `/`; the slot's address is `url` below `[slots.NAME]`"
        ))
    }
}

/// A method of HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Method(String);

impl TryFrom<String> for Method {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_method =
            !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '-');
        if is_method {
            return Ok(Self(text));
        }
        Err(format!(
            "`{text}` is no method; write it like `GET` or `POST`"
        ))
    }
}

/// A status, or a range of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub struct Status((u16, u16));

impl TryFrom<Value> for Status {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let range = text.parse::<Statuses>()?.0;
        range.first().copied().map(Self).ok_or(text)
    }
}

/// A regular expression.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Matching(Pattern);

impl TryFrom<String> for Matching {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// A place in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Place(Pointer);

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl Smoke {
    /// Whether a slot is asked anything.
    pub const fn is_empty(&self) -> bool {
        self.http.is_empty() && self.command.is_empty()
    }

    /// The checks, with the values of the variables that they name.
    ///
    /// # Errors
    /// With the variable that is not set.
    pub fn checks(&self, variable: &impl Fn(&str) -> Option<String>) -> Result<Vec<Check>, String> {
        let requests = self.http.iter().map(|one| one.check(self, variable));
        let commands = self.command.iter().map(|one| Ok(one.check(self)));
        requests.chain(commands).collect()
    }

    fn patience(
        &self,
        own: (Option<Time>, Option<Attempts>, Option<Time>),
        default: Patience,
    ) -> Patience {
        let (timeout, attempts, backoff) = own;
        Patience {
            timeout_ms: timeout.map_or(default.timeout_ms, |time| time.ms),
            attempts: attempts.map_or(default.attempts, |attempts| attempts.0),
            backoff_ms: backoff
                .or(self.backoff)
                .map_or(default.backoff_ms, |time| time.ms),
        }
    }
}

impl HttpCheck {
    fn check(
        &self,
        all: &Smoke,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<Check, String> {
        let filled = |text: &String| expand(text, variable);
        let pairs = |table: &BTreeMap<String, String>| -> Result<Vec<_>, String> {
            let each = table.iter();
            each.map(|(name, value)| Ok((name.clone(), filled(value)?)))
                .collect()
        };
        let expected = &self.expect;
        let contains = expected.body_contains.iter().flat_map(|many| &many.0);
        let matches = expected.body_matches.iter().flat_map(|many| &many.0);
        let json = expected.json.iter().map(|(place, value)| {
            let value = match value {
                Value::String(text) => Value::String(filled(text)?),
                other => other.clone(),
            };
            Ok((place.0.clone(), value))
        });
        let status = expected.status.as_ref().map(|many| {
            let ranges = many.0.iter().map(|status| status.0);
            Statuses(ranges.collect())
        });
        let expect = Expect {
            status: status.unwrap_or_default(),
            body_contains: contains.map(filled).collect::<Result<_, _>>()?,
            body_matches: matches.map(|one| one.0.clone()).collect(),
            json: json.collect::<Result<_, String>>()?,
            headers: pairs(&expected.headers)?,
            latency_ms: expected.latency.map(|time| time.ms),
        };
        let usual = if self.body.is_some() { "POST" } else { "GET" };
        let method = self.method.as_ref().map_or(usual, |method| &method.0);
        let named = || format!("{method} {}", self.path.0);
        let own = (
            self.timeout.or(all.timeout),
            self.attempts.or(all.attempts),
            self.backoff,
        );
        let default = Patience {
            timeout_ms: 5_000,
            attempts: 5,
            backoff_ms: 500,
        };
        Ok(Check {
            name: self.name.clone().unwrap_or_else(named),
            patience: all.patience(own, default),
            question: Question::Http(Box::new(Http {
                method: method.to_owned(),
                path: filled(&self.path.0)?,
                headers: pairs(&self.headers)?,
                body: self.body.as_ref().map(filled).transpose()?,
                expect,
            })),
        })
    }
}

impl CommandCheck {
    /// A command is told its slot by its environment, so that nothing has to be filled into its words.
    fn check(&self, all: &Smoke) -> Check {
        let words = self.run.0.clone();
        // A command may be a whole test suite, and does its own waiting.
        let default = Patience {
            timeout_ms: 60_000,
            attempts: 1,
            backoff_ms: 500,
        };
        Check {
            name: self.name.clone().unwrap_or_else(|| self.run.to_string()),
            patience: all.patience((self.timeout, self.attempts, self.backoff), default),
            question: Question::Command { words },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let read = Config::read(std::path::Path::new("x.toml"), text, |_| None);
        read.map_err(|error| error.to_string())
    }

    fn checks(text: &str) -> Result<Vec<Check>, String> {
        let set = |name: &str| (name == "BGMIGRATE_VERSION").then(|| "v2".to_owned());
        read(text)?.smoke.checks(&set)
    }

    #[test]
    fn a_check_may_be_one_line_and_everything_else_has_a_default() {
        let checks =
            checks("[[smoke.http]]\npath = \"/up\"\n[[smoke.command]]\nrun = \"make it\"\n")
                .unwrap();
        let [up, make] = &checks[..] else {
            panic!("{checks:?}");
        };
        assert_eq!(up.name, "GET /up");
        assert_eq!(
            up.patience,
            Patience {
                timeout_ms: 5_000,
                attempts: 5,
                backoff_ms: 500
            }
        );
        assert_eq!(make.name, "make it");
        let words = ["sh", "-c", "make it"].map(str::to_owned).to_vec();
        assert_eq!(make.question, Question::Command { words });
        assert_eq!(make.patience.attempts, 1);
    }

    #[test]
    fn what_a_check_says_beats_what_all_say() {
        let text = "[smoke]\ntimeout = \"1s\"\nattempts = 2\nbackoff = \"3s\"\n\
                    [[smoke.http]]\npath = \"/a\"\n[[smoke.http]]\npath = \"/b\"\ntimeout = \"4s\"\nattempts = 5\nbackoff = \"6s\"\n\
                    [[smoke.command]]\nrun = [\"x\"]\n";
        let patience: Vec<_> = checks(text)
            .unwrap()
            .iter()
            .map(|check| {
                let of = check.patience;
                (of.timeout_ms, of.attempts, of.backoff_ms)
            })
            .collect();
        assert_eq!(
            patience,
            [(1_000, 2, 3_000), (4_000, 5, 6_000), (60_000, 1, 3_000)]
        );
    }

    #[test]
    fn all_that_can_be_expected_is_read_and_variables_are_filled_in() {
        let text = r#"
[[smoke.http]]
name = "orders"
path = "/orders?of=${BGMIGRATE_VERSION}"
headers = { Authorization = "Bearer ${BGMIGRATE_VERSION}" }
body = '{"v":"${BGMIGRATE_VERSION}"}'
[smoke.http.expect]
status = [201, "3xx"]
body_contains = ["a ${BGMIGRATE_VERSION}", "b"]
body_matches = "^x"
json = { "/version" = "${BGMIGRATE_VERSION}", "/n" = 1 }
headers = { X-Version = "${BGMIGRATE_VERSION}" }
latency = "300ms"
"#;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = Http {
            method: "POST".to_owned(),
            path: "/orders?of=v2".to_owned(),
            headers: vec![pair("Authorization", "Bearer v2")],
            body: Some("{\"v\":\"v2\"}".to_owned()),
            expect: Expect {
                status: Statuses(vec![(201, 201), (300, 399)]),
                body_contains: vec!["a v2".to_owned(), "b".to_owned()],
                body_matches: vec!["^x".parse().unwrap()],
                json: vec![
                    ("/n".parse().unwrap(), 1.into()),
                    ("/version".parse().unwrap(), "v2".into()),
                ],
                headers: vec![pair("X-Version", "v2")],
                latency_ms: Some(300),
            },
        };
        assert_eq!(
            checks(text).unwrap()[0].question,
            Question::Http(Box::new(expected))
        );
    }

    #[test]
    fn what_is_wrong_has_its_line_and_column() {
        let http = "[[smoke.http]]\npath = \"/up\"\n";
        let cases = [
            ("[[smoke.http]]\n", "x.toml:1:1: missing field `path`"),
            (
                "[[smoke.http]]\npath = \"up\"\n",
                "x.toml:2:8: `up` does not begin with `/`",
            ),
            (
                &format!("{http}metod = \"GET\"\n"),
                "x.toml:3:1: unknown field `metod`",
            ),
            (
                &format!("{http}method = \"get\"\n"),
                "x.toml:3:10: `get` is no method",
            ),
            (
                &format!("{http}attempts = 0\n"),
                "x.toml:3:12: a check needs at least 1 attempt",
            ),
            (
                &format!("{http}timeout = \"soon\"\n"),
                "x.toml:3:11: `soon` is no duration",
            ),
            (
                &format!("{http}expect.status = \"ok\"\n"),
                "x.toml:3:17: `ok` is no status",
            ),
            (
                &format!("{http}expect.status = [200, 20]\n"),
                "x.toml:3:17: `20` is no status",
            ),
            (
                &format!("{http}expect.body_matches = \"(\"\n"),
                "x.toml:3:23: `(` is no regular expression",
            ),
            (
                &format!("{http}expect.json = {{ status = \"ok\" }}\n"),
                "x.toml:3:17: `status` is no JSON pointer; write it like `/status`",
            ),
            (
                "[[smoke.command]]\nrun = []\n",
                "x.toml:2:7: the command is empty",
            ),
            (
                "[[smoke.command]]\nrun = \"\"\n",
                "x.toml:2:7: the command is empty",
            ),
            (
                "slots = 3\n",
                "x.toml:1:9: invalid type: integer `3`, expected a list of names",
            ),
            (
                "[slots.blue]\nurll = \"x\"\n",
                "x.toml:2:1: unknown field `urll`",
            ),
        ];
        for (text, message) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_found_by_whoever_asks_and_not_before() {
        let text = "[[smoke.http]]\npath = \"/${NOWHERE}\"\n";
        assert!(read(text).is_ok());
        let error = checks(text).unwrap_err();
        assert!(
            error.starts_with("the environment variable `NOWHERE` is not set"),
            "{error}"
        );
    }
}
