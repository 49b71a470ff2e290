//! The driver for Kubernetes, before a model of kube-apiserver that is held against answers of a real one, or before a real one:
//! `scripts/kubernetes test`.

mod conversation;
mod model;
mod server;
mod world;
mod wrong;

pub(crate) use world::World;
