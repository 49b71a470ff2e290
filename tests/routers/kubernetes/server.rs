//! The model behind a socket.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::model::{Model, Request};

/// What stands between a request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A patch is done, and its answer lost.
    LostAnswer,
    /// A patch is not done, as the server's own storage is gone.
    Storage,
    /// A patch is answered never.
    Silence,
    /// A patch is refused, as an admission webhook may.
    Denied,
    /// Just before the next patch, somebody writes another note.
    Overtaken(&'static str),
}

/// A model that is served, for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) address: String,
    pub(crate) fault: Arc<Mutex<Fault>>,
}

pub(crate) fn serve() -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let fault = Arc::new(Mutex::new(Fault::None));
    let model = Arc::new(Mutex::new(Model::default()));
    let faults = Arc::clone(&fault);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (model, fault) = (Arc::clone(&model), Arc::clone(&faults));
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some(request) = read(&mut reader) {
                    if !answer(&stream, &model, &fault, &request) {
                        return;
                    }
                }
            });
        }
    });
    Served { address, fault }
}

fn answer(
    mut stream: &TcpStream,
    model: &Mutex<Model>,
    faults: &Mutex<Fault>,
    request: &Request,
) -> bool {
    let fault = match request.method.as_str() {
        "PATCH" if !request.path.ends_with("/status") => *faults.lock().unwrap(),
        _ => Fault::None,
    };
    let (status, body) = match fault {
        Fault::Storage => (504, json!({ "message": "etcdserver: request timed out" })),
        Fault::Denied => (
            422,
            json!({ "message": "admission webhook \"freeze\" denied the request" }),
        ),
        Fault::Silence => {
            thread::park();
            return false;
        }
        Fault::Overtaken(note) => {
            *faults.lock().unwrap() = Fault::None;
            let mut model = model.lock().unwrap();
            let other = Request {
                body: json!([{ "op": "add", "path": "/metadata/annotations/bgmigrate~1state", "value": note }]),
                ..request.clone()
            };
            model.answer(&other);
            model.answer(request)
        }
        Fault::None | Fault::LostAnswer => model.lock().unwrap().answer(request),
    };
    if fault == Fault::LostAnswer {
        return false;
    }
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} So\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).is_ok()
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|part| part.split_once('='));
    Some(Request {
        method,
        path: path.to_owned(),
        query: query
            .map(|(key, value)| (key.to_owned(), decoded(value)))
            .collect(),
        user: headers.get("impersonate-user").cloned(),
        kind: headers.get("content-type").cloned().unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        decoded.push(u8::from_str_radix(&part[..2], 16).unwrap().into());
        decoded.push_str(&part[2..]);
    }
    decoded
}
