//! `[[hook]]`: what is called before and after each stage.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::expand;
use super::written::{OneOrMany, Time, Words};
use crate::hook::{Call, Stage};

/// What is called, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct Hook {
    stages: Vec<Stage>,
    name: Option<String>,
    timeout_ms: u64,
    call: Called,
}

#[derive(Clone, Debug)]
enum Called {
    Command(Words),
    Webhook {
        url: String,
        headers: BTreeMap<String, String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: OneOrMany<On>,
    name: Option<String>,
    run: Option<Words>,
    webhook: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    timeout: Option<Time>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct On(Stage);

impl TryFrom<String> for On {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl TryFrom<Written> for Hook {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let call = match (written.run, written.webhook) {
            (Some(_), None) if !written.headers.is_empty() => {
                return Err("`headers` are for a `webhook`, and this hook is a command".to_owned());
            }
            (Some(words), None) => Called::Command(words),
            (None, Some(url)) => Called::Webhook {
                url,
                headers: written.headers,
            },
            (None, None) => {
                return Err("a hook needs `run`, a command, or `webhook`, a URL".to_owned());
            }
            (Some(_), Some(_)) => {
                return Err("a hook is `run` or `webhook`, not both; write two".to_owned());
            }
        };
        let stages: Vec<_> = written.on.0.into_iter().map(|on| on.0).collect();
        if stages.is_empty() {
            return Err("a hook needs a stage in `on`".to_owned());
        }
        Ok(Self {
            stages,
            name: written.name,
            timeout_ms: written.timeout.map_or(30_000, |time| time.ms),
            call,
        })
    }
}

impl Hook {
    /// When it is called.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// What people call it; a command is its own name, and a webhook that of its host.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| match &self.call {
            Called::Command(words) => words.to_string(),
            Called::Webhook { url, .. } => host_of(url),
        })
    }

    /// The hook, with the values of the variables that it names.
    ///
    /// # Errors
    /// With the variable that is not set.
    pub fn filled(
        &self,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<crate::hook::Hook, String> {
        let (name, call) = match &self.call {
            Called::Command(words) => (
                self.name(),
                Call::Command {
                    words: words.0.clone(),
                },
            ),
            Called::Webhook { url, headers } => {
                let url = expand(url, variable)?;
                let headers = headers.iter().map(|(name, value)| {
                    let value = expand(value, variable)?;
                    Ok((name.clone(), value))
                });
                let headers = headers.collect::<Result<_, String>>()?;
                let name = self.name.clone().unwrap_or_else(|| host_of(&url));
                (name, Call::Webhook { url, headers })
            }
        };
        Ok(crate::hook::Hook {
            name,
            stages: self.stages.clone(),
            call,
            timeout_ms: self.timeout_ms,
        })
    }
}

/// The path of a webhook is often its password: it is not for logs, and not for the record.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("webhook {host}")
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<crate::hook::Hook, String> {
        let config = Config::read(std::path::Path::new("x.toml"), text, |_| None);
        let config = config.map_err(|error| error.to_string())?;
        config.hook[0].filled(&|name| (name == "TOKEN").then(|| "s3cret".to_owned()))
    }

    #[test]
    fn a_hook_is_a_command_or_a_webhook() {
        let command =
            read("[[hook]]\non = \"after-retire\"\nrun = \"terraform destroy\"\n").unwrap();
        assert_eq!(command.name, "terraform destroy");
        assert_eq!(command.timeout_ms, 30_000);
        assert_eq!(command.stages, [Stage::AfterRetire]);
        let webhook = read(
            "[[hook]]\non = [\"before-cutover\", \"after-cutover\"]\nwebhook = \"https://me:x@hooks.example.org:8443/T/${TOKEN}\"\n\
             headers = { Authorization = \"Bearer ${TOKEN}\" }\ntimeout = \"5s\"\n",
        )
        .unwrap();
        assert_eq!(webhook.name, "webhook hooks.example.org:8443");
        let header = ("Authorization".to_owned(), "Bearer s3cret".to_owned());
        assert_eq!(
            webhook.call,
            Call::Webhook {
                url: "https://me:x@hooks.example.org:8443/T/s3cret".to_owned(),
                headers: vec![header],
            }
        );
    }

    #[test]
    fn what_is_wrong_has_its_line_and_column() {
        let on = "[[hook]]\non = \"after-cutover\"\n";
        let cases = [
            ("[[hook]]\nrun = \"x\"\n", "x.toml:1:1: missing field `on`"),
            (on, "x.toml:1:1: a hook needs `run`"),
            (
                &format!("{on}run = \"x\"\nwebhook = \"http://y\"\n"),
                "x.toml:1:1: a hook is `run` or `webhook`, not both",
            ),
            (
                &format!("{on}run = \"x\"\nheaders = {{ a = \"b\" }}\n"),
                "x.toml:1:1: `headers` are for a `webhook`",
            ),
            (
                "[[hook]]\non = []\nrun = \"x\"\n",
                "x.toml:1:1: a hook needs a stage in `on`",
            ),
            (
                "[[hook]]\non = \"after-cutver\"\nrun = \"x\"\n",
                "x.toml:2:6: `after-cutver` is no stage; did you mean `after-cutover`?",
            ),
            (
                &format!("{on}rum = \"x\"\n"),
                "x.toml:3:1: unknown field `rum`",
            ),
        ];
        for (text, message) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }
}
