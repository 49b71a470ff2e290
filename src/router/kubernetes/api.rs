//! Requests to an API server, each with an answer, a refusal, or neither.
//!
//! Credentials are `kube`'s to find, as for every other client: contexts, client certificates, tokens, plugins that are run for
//! a token, and the service account of the pod that we run in.

use std::error::Error;

use http::{Method, Request};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::super::Deadline;
use crate::config::Access;

/// Under this name the server keeps which fields are ours.
pub(super) const MANAGER: &str = "bgmigrate";

/// A server that can be asked.
pub(super) struct Api {
    client: kube::Client,
    runtime: Runtime,
    /// Where the objects are.
    pub(super) namespace: String,
}

/// Why a request has no answer that says what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Its time was up before it was sent.
    #[error("there was no time left to ask the API server")]
    Unsent,
    /// The server refused it.
    #[error("{message} (status {status})")]
    Refused { status: u16, message: String },
    /// No answer came, or none that anybody understands: it may have been done.
    #[error("the API server does not answer: {0}")]
    Lost(String),
}

impl Trouble {
    /// Whether the server looked at the request and did nothing of it.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Unsent => true,
            // It answers 408 or 5xx as well when its own storage did not answer in time.
            Self::Refused { status, .. } => *status < 500 && *status != 408,
            Self::Lost(_) => false,
        }
    }

    /// Whether what was there was not what the request expects, or what it asks for is not allowed to be.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 409 | 422,
                ..
            }
        )
    }
}

impl Api {
    /// Reads the credentials. Nothing is sent yet, but for what a plugin sends for a token.
    pub(super) fn open(access: &Access) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let config = runtime.block_on(configured(access))?;
        let namespace = access.namespace.clone();
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let client = {
            let _inside = runtime.enter();
            kube::Client::try_from(config)
        };
        Ok(Self {
            client: client.map_err(|error| whole(&error))?,
            runtime,
            namespace,
        })
    }

    /// Reads an object, or a list of them.
    pub(super) fn read(&self, path: &str, deadline: Deadline) -> Result<Value, Trouble> {
        self.send(Request::get(path).body(Body::empty()), deadline)
    }

    /// Changes an object by a JSON Patch: all of its steps, or none.
    pub(super) fn patch(
        &self,
        path: &str,
        steps: &[Value],
        deadline: Deadline,
    ) -> Result<Value, Trouble> {
        self.send_patch(&format!("{path}?fieldManager={MANAGER}"), steps, deadline)
    }

    /// Has the server look at a patch as if it were sent, and keep nothing of it.
    pub(super) fn rehearse(
        &self,
        path: &str,
        steps: &[Value],
        deadline: Deadline,
    ) -> Result<Value, Trouble> {
        let path = format!("{path}?dryRun=All&fieldManager={MANAGER}");
        self.send_patch(&path, steps, deadline)
    }

    fn send_patch(
        &self,
        path: &str,
        steps: &[Value],
        deadline: Deadline,
    ) -> Result<Value, Trouble> {
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(path)
            .header("content-type", "application/json-patch+json")
            .body(Body::from(Value::from(steps).to_string().into_bytes()));
        self.send(request, deadline)
    }

    /// Whether we may do that to these objects.
    pub(super) fn may(
        &self,
        verb: &str,
        (group, resource): (&str, &str),
        name: &str,
        deadline: Deadline,
    ) -> Result<bool, Trouble> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "namespace": self.namespace, "verb": verb, "group": group, "resource": resource, "name": name,
            }},
        });
        let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header("content-type", "application/json")
            .body(Body::from(review.to_string().into_bytes()));
        let answer = self.send(request, deadline)?;
        Ok(answer["status"]["allowed"] == true)
    }

    fn send(
        &self,
        request: http::Result<Request<Body>>,
        deadline: Deadline,
    ) -> Result<Value, Trouble> {
        let refused = |error: http::Error| Trouble::Refused {
            status: 400,
            message: format!("it cannot be asked for: {error}"),
        };
        let request = request.map_err(refused)?;
        let left = deadline.left().ok_or(Trouble::Unsent)?;
        let exchange = async {
            let answer = self.client.send(request).await?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect_bytes().await?;
            Ok::<_, kube::Error>((status, body))
        };
        let answered = self
            .runtime
            .block_on(async { tokio::time::timeout(left, exchange).await });
        let (status, body) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Trouble::Lost(whole(&error))),
            Err(_) => return Err(Trouble::Lost(format!("within {} ms", left.as_millis()))),
        };
        let body = serde_json::from_slice::<Value>(&body);
        match (status, body) {
            (200..300, Ok(body)) => Ok(body),
            (200..300, Err(error)) => {
                Err(Trouble::Lost(format!("what it says is no JSON: {error}")))
            }
            (status, body) => Err(Trouble::Refused {
                status,
                message: body
                    .ok()
                    .and_then(|body| Some(body["message"].as_str()?.to_owned()))
                    .unwrap_or_else(|| "the API server says no more".to_owned()),
            }),
        }
    }
}

async fn configured(access: &Access) -> Result<Config, String> {
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    let mut config = match (&access.kubeconfig, &access.context) {
        (Some(path), _) => {
            let text = Kubeconfig::read_from(path).map_err(|error| whole(&error))?;
            let config = Config::from_custom_kubeconfig(text, &options).await;
            config.map_err(|error| whole(&error))?
        }
        (None, Some(_)) => {
            let config = Config::from_kubeconfig(&options).await;
            config.map_err(|error| whole(&error))?
        }
        (None, None) => Config::infer().await.map_err(|error| whole(&error))?,
    };
    // Whether a request is sent again is for the protocol to say, not for the client.
    config.default_retry = false;
    Ok(config)
}

/// An error with what caused it: the outermost seldom says which address or which file.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
