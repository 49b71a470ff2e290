//! What a router's own HTTP interface says, and waiting until it says what was aimed at.

use std::time::Duration;

use serde_json::Value;

use super::{Aim, Deadline, Failure, Reading, Router};
use crate::call::{Request, Tls, fetch};

/// How often a router that takes its files up by itself is asked.
const PAUSE: Duration = Duration::from_millis(10);

/// What an interface shows may reach the last worker, or entry point, some milliseconds later.
const MARGIN: Duration = Duration::from_millis(100);

/// How long an answer may take that was asked for at the last moment.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Asks a router again and again until it runs with what was aimed at.
pub(super) fn arrived(
    router: &impl Router,
    aim: &Aim,
    deadline: Deadline,
) -> Result<Reading, Failure> {
    loop {
        let left = deadline.left();
        let answer = Deadline::within(left.unwrap_or_default().max(LAST_ANSWER));
        let reading = router.observe(answer);
        match reading.and_then(|reading| reading.is(aim).map(|()| reading)) {
            Ok(reading) => {
                std::thread::sleep(MARGIN);
                return Ok(reading);
            }
            Err(why) if left.is_none() => return Err(Failure::Unknown(why)),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// The JSON that an address answers a GET with; `None` where it says that there is no such thing.
///
/// # Errors
/// When it does not answer in time, or with something else.
pub(super) fn ask(url: &str, deadline: Deadline) -> Result<Option<Value>, String> {
    let text = text(url, deadline)?;
    text.map(|text| {
        serde_json::from_str(&text).map_err(|error| format!("{url} answers with no JSON: {error}"))
    })
    .transpose()
}

/// The same as text.
pub(super) fn text(url: &str, deadline: Deadline) -> Result<Option<String>, String> {
    let request = Request {
        method: "GET",
        url,
        headers: &[],
        body: None,
        timeout: deadline
            .left()
            .ok_or_else(|| format!("{url} was not asked: the time was up"))?,
    };
    let answer = fetch(&request, &Tls::default());
    let answer = answer.map_err(|error| format!("{url} does not answer: {error}"))?;
    match answer.status {
        200 => Ok(Some(String::from_utf8_lossy(&answer.body).into_owned())),
        404 => Ok(None),
        status => Err(format!("{url} answers with status {status}")),
    }
}
