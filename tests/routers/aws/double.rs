//! The strict double behind a socket: who asks, for what, and what stands in the way.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::http::Request;
use super::load_balancing::LoadBalancing;
use super::route53::Zone;
use super::signature;

/// What a request is answered with: the body of a result, or a status with the whole of a refusal.
pub(crate) type Answer = Result<String, (u16, String)>;

pub(crate) fn refused(status: u16, code: &str, message: &str) -> (u16, String) {
    let text = format!(
        "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    (status, text)
}

/// What stands between a request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// A write of traffic is done, and its answer lost.
    LostAnswer,
    /// The tag is written, and the answer lost.
    LostTag,
    /// A write of traffic is not done, for nobody knows what reason.
    Unavailable,
    /// So many requests are refused, as they come too soon.
    Throttled(u32),
    /// Writes of traffic are not allowed.
    Denied,
    /// Writes of tags are not allowed.
    NoTags,
    /// Just before the next change of records, somebody writes another one.
    Overtaken(String),
}

/// A key of somebody.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) secret: &'static str,
    /// What has to be sent along.
    pub(crate) token: Option<&'static str>,
    pub(crate) expired: bool,
}

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) keys: BTreeMap<&'static str, Key>,
    pub(crate) load_balancing: LoadBalancing,
    pub(crate) zone: Zone,
    pub(crate) fault: Fault,
    /// What the token service and the machine itself are asked, and say.
    pub(crate) others: fn(&Request) -> Option<Answer>,
    /// Every action that was asked for, in its order.
    pub(crate) asked: Vec<String>,
}

/// A double that is served, for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) address: String,
    pub(crate) model: Arc<Mutex<Model>>,
}

pub(crate) fn serve(model: Model) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let model = Arc::new(Mutex::new(model));
    let shared = Arc::clone(&model);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let model = Arc::clone(&shared);
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some(request) = Request::read(&mut reader) {
                    let answered = model.lock().unwrap().answer(&request);
                    if !answered.is_some_and(|answer| send(&stream, answer)) {
                        return;
                    }
                }
            });
        }
    });
    Served { address, model }
}

fn send(mut stream: &TcpStream, answer: Answer) -> bool {
    let (status, body) = match answer {
        Ok(result) => (200, result),
        Err(refused) => refused,
    };
    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!(
        "HTTP/1.1 {status} So\r\nDate: {date}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).is_ok()
}

impl Model {
    /// The answer; `None` where it gets lost.
    fn answer(&mut self, request: &Request) -> Option<Answer> {
        if let Some(answer) = (self.others)(request) {
            return Some(answer);
        }
        if let Err(refusal) = self.known(request) {
            return Some(Err(refusal));
        }
        let form = request.form();
        let action = form.get("Action").cloned();
        let is_records = request.path.starts_with("/2013-04-01/");
        let action = action.unwrap_or_else(|| request.method.clone());
        self.asked.push(action.clone());
        let moves = action.starts_with("Modify") || (is_records && action == "POST");
        if let Fault::Throttled(left @ 1..) = &mut self.fault {
            *left -= 1;
            return Some(Err(refused(400, "Throttling", "Rate exceeded")));
        }
        match (&self.fault, moves, action.as_str()) {
            (Fault::Unavailable, true, _) => {
                return Some(Err(refused(503, "ServiceUnavailable", "try later")));
            }
            (Fault::Denied, true, _) | (Fault::NoTags, _, "AddTags") => {
                let message = format!("User: x is not authorized to perform: {action}");
                return Some(Err(refused(403, "AccessDenied", &message)));
            }
            (Fault::Overtaken(record), true, _) => {
                let record = record.clone();
                self.zone.put(&record);
                self.fault = Fault::None;
            }
            _ => {}
        }
        let answer = if is_records {
            self.zone.answer(request)
        } else {
            self.load_balancing.answer(&form)
        };
        let is_lost = match self.fault {
            Fault::LostAnswer => moves,
            Fault::LostTag => action == "AddTags",
            _ => false,
        };
        let whole = |result: String| {
            format!("<Response xmlns=\"https://x.amazonaws.com/doc/\">{result}</Response>")
        };
        (!is_lost).then(|| answer.map(whole))
    }

    /// Who asks, by a signature for this service and its region.
    fn known(&self, request: &Request) -> Result<(), (u16, String)> {
        let scope = signature::scope(request).unwrap_or_default();
        let [key, _, region, service, _] = scope.as_slice() else {
            return Err(refused(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ));
        };
        let Some(key) = self.keys.get(key.as_str()) else {
            return Err(refused(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid",
            ));
        };
        if key.expired {
            return Err(refused(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ));
        }
        let meant = if request.path.starts_with("/2013-04-01/") {
            ["us-east-1", "route53"]
        } else {
            ["eu-west-1", "elasticloadbalancing"]
        };
        let is_right = [region, service] == meant
            && request.header("x-amz-security-token") == key.token.unwrap_or_default()
            && signature::is_right(request, key.secret);
        if is_right {
            Ok(())
        } else {
            Err(refused(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String SECRET",
            ))
        }
    }
}
