//! The drivers for AWS, before two stand-ins: a strict double, which refuses what AWS says that it refuses, checks every
//! signature, and can be made to fail; and `moto`, which others wrote from what AWS was seen to answer, but which takes much that
//! AWS refuses. Neither is AWS.

mod credentials;
mod double;
mod http;
mod load_balancing;
mod moto;
mod route53;
mod signature;
mod world;
mod wrong;

pub(crate) use world::{World, listener, rule};
