//! Calls to the outside, each with a time limit: an HTTP request, a command.

mod command;
mod http;

pub use command::{Command, CommandError, Ended};
#[cfg(feature = "aws")]
pub use http::fetch_through_proxy;
pub use http::{Answer, HttpError, Request, Tls, fetch};
