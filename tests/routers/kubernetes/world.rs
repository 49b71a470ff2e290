//! An API server with two slots of one application: the model, or a real one.
//!
//! `BGMIGRATE_KUBERNETES=real` takes the server of `$KUBECONFIG`, which is meant to be a throwaway one; `scripts/kubernetes` starts one.
//! Each world has a namespace of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bgmigrate::config::{Access, Object};
use bgmigrate::router::{Kubernetes, Targets};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::model::Answer;
use super::server::{Served, serve};

pub(crate) struct World {
    pub(crate) namespace: String,
    /// The model; `None` where the server is a real one.
    pub(crate) model: Option<Served>,
    folder: TempDir,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

pub(crate) fn is_real() -> bool {
    std::env::var_os("BGMIGRATE_KUBERNETES").is_some()
}

impl World {
    /// A server, and an empty namespace.
    pub(crate) fn empty() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let world = Self {
            namespace: format!("bgmigrate-test-{}-{count}", std::process::id()),
            model: (!is_real()).then(serve),
            folder: tempfile::tempdir().unwrap(),
        };
        let name = &world.namespace;
        world.make(
            "/api/v1/namespaces",
            &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        );
        world
    }

    /// Two slots, each with a pod that is ready, behind a Service that leads to blue.
    pub(crate) fn with_service() -> Self {
        let world = Self::empty();
        world.make(
            &world.all("services"),
            &service("shop", &json!({ "app": "shop", "slot": "blue" })),
        );
        for slot in ["blue", "green"] {
            world.make_pod(
                &format!("shop-{slot}"),
                &json!({ "app": "shop", "slot": slot }),
            );
        }
        world
    }

    /// Where the objects of a kind are, in the core group.
    pub(crate) fn all(&self, plural: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}", self.namespace)
    }

    pub(crate) fn make(&self, path: &str, object: &Value) {
        let path = format!("{path}?fieldManager=kubectl-create");
        let (status, body) = self.ask(None, "POST", &path, JSON, object);
        assert_eq!(status, 201, "{body}");
    }

    pub(crate) fn make_pod(&self, name: &str, labels: &Value) {
        self.make(&self.all("pods"), &pod(name, labels));
        self.set_ready(name, true);
    }

    /// As the kubelet would say of a pod.
    pub(crate) fn set_ready(&self, name: &str, ready: bool) {
        let path = format!("{}/{name}", self.all("pods"));
        let status = if ready { "True" } else { "False" };
        self.change(&format!("{path}/status"), MERGE_PATCH, &readiness(status));
        let is_so = || {
            let (_, pod) = self.ask(None, "GET", &path, JSON, &Value::Null);
            let conditions = pod["status"]["conditions"].as_array().cloned();
            conditions.is_some_and(|all| {
                all.iter()
                    .any(|one| one["type"] == "Ready" && one["status"] == status)
            })
        };
        let begun = Instant::now();
        while !is_so() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{name} is not ready"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn change(&self, path: &str, kind: &str, change: &Value) {
        let path = format!("{path}?fieldManager=kubectl-edit");
        let (status, body) = self.ask(None, "PATCH", &path, kind, change);
        assert_eq!(status, 200, "{body}");
    }

    /// Asks the server past the driver.
    pub(crate) fn ask(
        &self,
        user: Option<&str>,
        method: &str,
        path: &str,
        kind: &str,
        body: &Value,
    ) -> Answer {
        let kubeconfig = self.kubeconfig(user);
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let text = Kubeconfig::read_from(kubeconfig).unwrap();
            let config = Config::from_custom_kubeconfig(text, &KubeConfigOptions::default())
                .await
                .unwrap();
            let client = kube::Client::try_from(config).unwrap();
            let answer = client.send(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect_bytes().await.unwrap();
            (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
        })
    }

    /// Credentials for somebody: the administrator where nobody is named.
    pub(crate) fn kubeconfig(&self, user: Option<&str>) -> PathBuf {
        let mut config = match &self.model {
            Some(model) => serde_json::from_value(json!({
                "current-context": "model",
                "contexts": [{ "name": "model", "context": { "cluster": "model", "user": "admin" } }],
                "clusters": [{ "name": "model", "cluster": { "server": format!("http://{}", model.address) } }],
                "users": [{ "name": "admin", "user": {} }],
            }))
            .unwrap(),
            None => Kubeconfig::from_env().unwrap().expect("KUBECONFIG names the server to test against"),
        };
        for named in &mut config.auth_infos {
            if let Some(auth) = &mut named.auth_info {
                auth.impersonate = user.map(str::to_owned);
            }
        }
        let path = self.folder.path().join(user.unwrap_or("admin"));
        std::fs::write(&path, serde_json::to_string(&config).unwrap()).unwrap();
        path
    }

    /// The driver for the Service, as somebody uses it.
    pub(crate) fn service_driver(&self, user: Option<&str>, words: [&str; 2]) -> Kubernetes {
        let object = Object::Service {
            name: "shop".to_owned(),
            label: "slot".to_owned(),
        };
        self.driver(object, user, words)
    }

    pub(crate) fn driver(
        &self,
        object: Object,
        user: Option<&str>,
        words: [&str; 2],
    ) -> Kubernetes {
        let slots = ["blue", "green"].map(str::to_owned);
        let words = slots
            .iter()
            .cloned()
            .zip(words.map(str::to_owned))
            .collect();
        Kubernetes {
            access: Access {
                kubeconfig: Some(self.kubeconfig(user)),
                context: None,
                namespace: Some(self.namespace.clone()),
            },
            object,
            targets: Targets::of(&slots, &words),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let path = format!("/api/v1/namespaces/{}", self.namespace);
        if self.model.is_none() && !std::thread::panicking() {
            self.ask(None, "DELETE", &path, JSON, &Value::Null);
        }
    }
}

pub(crate) fn service(name: &str, selector: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "selector": selector, "ports": [{ "port": 80 }] },
    })
}

pub(crate) fn pod(name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels },
        "spec": { "containers": [{ "name": "app", "image": "registry.k8s.io/pause:3.9" }] },
    })
}

pub(crate) fn readiness(status: &str) -> Value {
    json!({ "status": { "conditions": [{ "type": "Ready", "status": status }] } })
}
