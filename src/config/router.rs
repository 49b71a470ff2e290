//! `[router]`: one driver, and the keys that it needs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::aws::{AlbAction, AwsAccess};
use super::milliseconds;
use super::written::Words;
use crate::nearest::nearest;

/// The router of the service, as it is written. [`Router::driver`] makes sense of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Which router it is; `file` when only that is given.
    pub driver: Option<String>,
    /// Holds what stands for the live slot: its name, or the address of its upstream.
    pub file: Option<String>,
    /// A symbolic link to the live slot's unix socket.
    pub link: Option<String>,
    /// The runtime socket of `HAProxy`: a path, or `host:port`.
    pub socket: Option<String>,
    /// The map file of `HAProxy`, as its configuration names it.
    pub map: Option<String>,
    /// The key in that map; the service where it is not given.
    pub key: Option<String>,
    /// The backend of `HAProxy` whose servers share the traffic.
    pub backend: Option<String>,
    /// Where `HAProxy` finds the servers' weights after a reload.
    pub state_file: Option<String>,
    /// The file that `nginx` includes.
    pub include: Option<String>,
    /// Where `nginx` keeps the number of its master process.
    pub pid_file: Option<String>,
    /// Answers with what the running `nginx` was configured with.
    pub status_url: Option<String>,
    /// Tests what is about to be loaded; `nginx -t` where it is not given.
    pub test: Option<Words>,
    /// Loads it; `nginx -s reload` where it is not given.
    pub reload: Option<Words>,
    /// The file of `Envoy`'s route discovery.
    pub rds_file: Option<String>,
    /// Where `Envoy`'s admin interface answers.
    pub admin: Option<String>,
    /// Where `Traefik`'s API answers.
    pub api: Option<String>,
    /// The weighted service of `Traefik`; the service where it is not given.
    pub weighted_service: Option<String>,
    /// The object of Kubernetes that says where traffic goes, as `kubectl` writes it: `service/shop`.
    pub object: Option<String>,
    /// The label in a Service's selector that chooses the slot.
    pub selector: Option<String>,
    /// The namespace of that object; the context's where it is not given.
    pub namespace: Option<String>,
    /// The context in the kubeconfig; the current one where it is not given.
    pub context: Option<String>,
    /// The kubeconfig; `$KUBECONFIG`, `~/.kube/config` or the pod's own account where it is not given.
    pub kubeconfig: Option<String>,
    /// The listener of an Application Load Balancer, by ARN.
    pub listener: Option<String>,
    /// A rule of such a listener, by ARN.
    pub rule: Option<String>,
    /// The hosted zone of Route 53, by its id.
    pub zone: Option<String>,
    /// The name of its records that share the traffic.
    pub name: Option<String>,
    /// Their type; all that this name has where it is not given.
    #[serde(rename = "type")]
    pub record_type: Option<String>,
    /// The region of AWS.
    pub region: Option<String>,
    /// The profile of AWS's shared files.
    pub profile: Option<String>,
    /// Where the service of AWS answers; Amazon's own address where it is not given.
    pub endpoint_url: Option<String>,
    /// A command that moves traffic.
    pub apply: Option<Words>,
    /// A command that tells where traffic goes.
    pub observe: Option<Words>,
    /// A command that looks whether everything is there.
    pub check: Option<Words>,
    /// What the router calls each slot: a backend, a server, a socket, an address.
    #[serde(default)]
    pub targets: BTreeMap<String, String>,
    /// How long an attempt to move traffic may take; default `5s`, or `15s` for AWS.
    pub attempt_timeout: Option<String>,
    /// How long the router may take until the old state answers no more; default `30s`, or `3m` for `aws-route53`.
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
    /// A symbolic link to the unix socket of the live slot.
    Symlink {
        /// The link.
        link: String,
    },
    /// `HAProxy`, over its runtime socket.
    Haproxy {
        /// The socket: a path, or `host:port`.
        socket: String,
        /// The map file, as its configuration names it.
        map: String,
        /// The key in it; the service where there is none.
        key: Option<String>,
        /// Where the traffic is to be shared.
        shared: Option<Shared>,
    },
    /// `nginx`, by a file that it includes and a reload.
    Nginx {
        /// The file.
        include: String,
        /// Where the number of its master process stands.
        pid_file: String,
        /// Answers with what the running one was configured with.
        status_url: String,
        /// Tests what is about to be loaded.
        test: Words,
        /// Loads it.
        reload: Words,
    },
    /// `Caddy`, by a file with the address of the live slot's upstream.
    Caddy {
        /// The file.
        file: String,
    },
    /// `Envoy`, by a file with its routes.
    Envoy {
        /// The file of its route discovery.
        rds_file: String,
        /// Where its admin interface answers.
        admin: String,
    },
    /// `Traefik`, by a file of its file provider.
    Traefik {
        /// The file.
        file: String,
        /// Where its API answers.
        api: String,
        /// The weighted service; the service where there is none.
        weighted_service: Option<String>,
    },
    /// Kubernetes, by an object that says where traffic goes.
    Kubernetes {
        /// The object.
        object: Object,
        /// Where it is, and who asks.
        access: Access,
    },
    /// An Application Load Balancer of AWS.
    AwsAlb {
        /// What is written.
        action: AlbAction,
        /// Who asks, and where.
        access: AwsAccess,
    },
    /// Weighted records of Route 53.
    AwsRoute53 {
        /// The hosted zone, by its id.
        zone: String,
        /// The name of the records.
        name: String,
        /// Their type; all that there are where none is given.
        kind: Option<String>,
        /// Who asks, and where.
        access: AwsAccess,
    },
    /// Commands of the user's own.
    Command {
        /// Moves traffic.
        apply: Words,
        /// Tells where it goes.
        observe: Words,
        /// Looks whether everything is there.
        check: Option<Words>,
    },
}

/// What `HAProxy` needs in order to share traffic between the servers of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The backend.
    pub backend: String,
    /// Where it finds the weights after a reload.
    pub state_file: String,
}

/// Where an API server of Kubernetes is, and who asks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The file with clusters and credentials; `$KUBECONFIG`, `~/.kube/config` or the pod's own account where none is named.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; the current one where none is named.
    pub context: Option<String>,
    /// The namespace of all objects; the context's where none is named.
    pub namespace: Option<String>,
}

/// The object of Kubernetes that says where traffic goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A Service.
    Service {
        /// Its name.
        name: String,
        /// The label in its selector that chooses the slot.
        label: String,
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

pub(super) fn fault<T>(key: &'static str, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        key,
        message: message.into(),
    })
}

/// The drivers, each with the keys that it knows.
const DRIVERS: [(&str, &[&str]); 11] = [
    ("file", &["file"]),
    ("symlink", &["link", "targets"]),
    (
        "haproxy",
        &["socket", "map", "key", "backend", "state_file", "targets"],
    ),
    (
        "nginx",
        &[
            "include",
            "pid_file",
            "status_url",
            "test",
            "reload",
            "targets",
        ],
    ),
    ("caddy", &["file", "targets"]),
    ("envoy", &["rds_file", "admin", "targets"]),
    ("traefik", &["file", "api", "weighted_service", "targets"]),
    (
        "kubernetes",
        &[
            "object",
            "selector",
            "namespace",
            "context",
            "kubeconfig",
            "targets",
        ],
    ),
    (
        "aws-alb",
        &[
            "listener",
            "rule",
            "region",
            "profile",
            "endpoint_url",
            "targets",
        ],
    ),
    (
        "aws-route53",
        &[
            "zone",
            "name",
            "type",
            "region",
            "profile",
            "endpoint_url",
            "targets",
        ],
    ),
    ("command", &["apply", "observe", "check"]),
];

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
        let (name, keys) = self.named()?;
        if let Some(key) = self.keys().find(|key| !keys.contains(key)) {
            return fault(
                key,
                format!(
                    "driver `{name}` has no `{key}`, but `{}`",
                    keys.join("`, `")
                ),
            );
        }
        let need = |key: &'static str, value: &Option<String>| match value {
            Some(value) => Ok(value.clone()),
            None => fault("driver", format!("driver `{name}` needs `{key}`")),
        };
        let run = |key: &'static str, value: &Option<Words>| match value {
            Some(value) => Ok(value.clone()),
            None => fault("driver", format!("driver `{name}` needs `{key}`")),
        };
        Ok(match name {
            "symlink" => Driver::Symlink {
                link: need("link", &self.link)?,
            },
            "haproxy" => Driver::Haproxy {
                socket: need("socket", &self.socket)?,
                map: need("map", &self.map)?,
                key: self.key.clone(),
                shared: self.shared()?,
            },
            "nginx" => Driver::Nginx {
                include: need("include", &self.include)?,
                pid_file: need("pid_file", &self.pid_file)?,
                status_url: need("status_url", &self.status_url)?,
                test: self.test.clone().unwrap_or_else(|| words(&["nginx", "-t"])),
                reload: self
                    .reload
                    .clone()
                    .unwrap_or_else(|| words(&["nginx", "-s", "reload"])),
            },
            "caddy" => Driver::Caddy {
                file: need("file", &self.file)?,
            },
            "envoy" => Driver::Envoy {
                rds_file: need("rds_file", &self.rds_file)?,
                admin: need("admin", &self.admin)?,
            },
            "traefik" => Driver::Traefik {
                file: need("file", &self.file)?,
                api: need("api", &self.api)?,
                weighted_service: self.weighted_service.clone(),
            },
            "kubernetes" => Driver::Kubernetes {
                object: self.object(&need("object", &self.object)?)?,
                access: Access {
                    kubeconfig: self.kubeconfig.as_ref().map(PathBuf::from),
                    context: self.context.clone(),
                    namespace: self.namespace.clone(),
                },
            },
            "aws-alb" => self.alb()?,
            "aws-route53" => self.route53()?,
            "command" => Driver::Command {
                apply: run("apply", &self.apply)?,
                observe: run("observe", &self.observe)?,
                check: self.check.clone(),
            },
            _ => Driver::File {
                file: need("file", &self.file)?,
            },
        })
    }

    fn named(&self) -> Result<(&'static str, &'static [&'static str]), Fault> {
        let named = self.driver.as_deref().unwrap_or("file");
        if let Some(known) = DRIVERS.into_iter().find(|(name, _)| *name == named) {
            return Ok(known);
        }
        let all = DRIVERS.map(|(name, _)| name);
        let near = nearest(named, all);
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        fault(
            "driver",
            format!(
                "there is no driver `{named}`, but `{}`{near}",
                all.join("`, `")
            ),
        )
    }

    /// The keys that are given and that not every driver has.
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("file", self.file.is_some()),
            ("link", self.link.is_some()),
            ("socket", self.socket.is_some()),
            ("map", self.map.is_some()),
            ("key", self.key.is_some()),
            ("backend", self.backend.is_some()),
            ("state_file", self.state_file.is_some()),
            ("include", self.include.is_some()),
            ("pid_file", self.pid_file.is_some()),
            ("status_url", self.status_url.is_some()),
            ("test", self.test.is_some()),
            ("reload", self.reload.is_some()),
            ("rds_file", self.rds_file.is_some()),
            ("admin", self.admin.is_some()),
            ("api", self.api.is_some()),
            ("weighted_service", self.weighted_service.is_some()),
            ("object", self.object.is_some()),
            ("selector", self.selector.is_some()),
            ("namespace", self.namespace.is_some()),
            ("context", self.context.is_some()),
            ("kubeconfig", self.kubeconfig.is_some()),
            ("listener", self.listener.is_some()),
            ("rule", self.rule.is_some()),
            ("zone", self.zone.is_some()),
            ("name", self.name.is_some()),
            ("type", self.record_type.is_some()),
            ("region", self.region.is_some()),
            ("profile", self.profile.is_some()),
            ("endpoint_url", self.endpoint_url.is_some()),
            ("apply", self.apply.is_some()),
            ("observe", self.observe.is_some()),
            ("check", self.check.is_some()),
            ("targets", !self.targets.is_empty()),
        ];
        given.into_iter().filter_map(|(key, is)| is.then_some(key))
    }

    fn shared(&self) -> Result<Option<Shared>, Fault> {
        match (&self.backend, &self.state_file) {
            (None, None) => Ok(None),
            (Some(backend), Some(state_file)) => Ok(Some(Shared {
                backend: backend.clone(),
                state_file: state_file.clone(),
            })),
            (Some(_), None) => fault(
                "backend",
                "traffic that is shared by weights needs `state_file`, or a reload of HAProxy would forget them",
            ),
            (None, Some(_)) => fault(
                "state_file",
                "`state_file` is for `backend`, whose weights it keeps",
            ),
        }
    }

    fn object(&self, written: &str) -> Result<Object, Fault> {
        match (written.split_once('/'), &self.selector) {
            (Some(("service", name)), Some(label)) if !name.is_empty() => Ok(Object::Service {
                name: name.to_owned(),
                label: label.clone(),
            }),
            (Some(("service", _)), None) => fault(
                "object",
                "a Service needs `selector`: the label in its selector that chooses the slot",
            ),
            _ => fault(
                "object",
                format!("`{written}` is no object that can be driven: write `service/NAME`"),
            ),
        }
    }

    /// How long an attempt to move traffic may take, in milliseconds.
    pub fn attempt_timeout_ms(&self) -> u64 {
        let written = milliseconds(self.attempt_timeout.as_deref());
        // AWS is asked several questions one after the other, some of them for credentials.
        let far = self
            .driver
            .as_deref()
            .is_some_and(|name| name.starts_with("aws-"));
        let default = if far { 15_000 } else { 5_000 };
        written.ok().flatten().unwrap_or(default)
    }

    /// How long the router may take until the old state answers no more, in milliseconds.
    pub fn settle_timeout_ms(&self) -> u64 {
        let written = milliseconds(self.settle_timeout.as_deref());
        // Route 53 brings a change to all its name servers within a minute or two, as a rule.
        let far = self.driver.as_deref() == Some("aws-route53");
        let default = if far { 180_000 } else { 30_000 };
        written.ok().flatten().unwrap_or(default)
    }
}

fn words(words: &[&str]) -> Words {
    Words(words.iter().map(|word| (*word).to_owned()).collect())
}
