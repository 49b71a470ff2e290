//! Calls a hook.

use std::path::Path;
use std::time::Duration;

use crate::call::{Command, Request, Tls, fetch};
use crate::hook::{Call, Hook, Occasion, Stage};

/// Calls a hook, and waits for its end. Commands run in `folder`.
///
/// # Errors
/// With what went wrong, in one clause. What the hook has done by then is done.
pub fn call_hook(
    hook: &Hook,
    stage: Stage,
    occasion: &Occasion,
    folder: &Path,
) -> Result<(), String> {
    let told = occasion.json(stage).to_string();
    let timeout = Duration::from_millis(hook.timeout_ms);
    match &hook.call {
        Call::Command { words } => {
            let environment = occasion.environment(stage);
            let command = Command {
                words,
                folder,
                environment: &environment,
                input: told.as_bytes(),
                timeout,
            };
            match command.run() {
                Ok(ended) if ended.status.success() => Ok(()),
                Ok(ended) => Err(ended.told()),
                Err(error) => Err(error.to_string()),
            }
        }
        Call::Webhook { url, headers } => {
            let mut headers = headers.clone();
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            let request = Request {
                method: "POST",
                url,
                headers: &headers,
                body: Some(told.as_bytes()),
                timeout,
            };
            match fetch(&request, &Tls::default()) {
                Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
                Ok(answer) => Err(format!("it answered with the status {}", answer.status)),
                Err(error) => Err(error.message),
            }
        }
    }
}
