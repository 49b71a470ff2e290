//! A user's application: a small HTTP server, over TLS too, whose answers the test chooses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A question as it came.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// `GET /up`.
    pub(crate) line: String,
    /// Its headers, in lower case.
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// What it answers to a question: the whole answer; an empty one is none at all.
type Answer = dyn FnMut(&Question) -> String + Send;

/// It runs until the test binary ends.
pub(crate) struct Application {
    pub(crate) url: String,
    /// Every question, in the order that they came.
    pub(crate) asked: Arc<Mutex<Vec<Question>>>,
}

/// An answer with a body.
pub(crate) fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Application {
    /// One that answers as told.
    pub(crate) fn start(answer: impl FnMut(&Question) -> String + Send + 'static) -> Self {
        Self::serve(answer, None)
    }

    /// The same over TLS, and the PEM of whom to believe. The certificate is for `name`.
    pub(crate) fn start_secure(
        name: &str,
        answer: impl FnMut(&Question) -> String + Send + 'static,
    ) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Self::serve(answer, Some(Arc::new(config))), made.cert.pem())
    }

    fn serve(
        answer: impl FnMut(&Question) -> String + Send + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, answer, kept) = (tls.clone(), Arc::clone(&answer), Arc::clone(&kept));
                // A browser opens connections that it may never say anything on.
                std::thread::spawn(move || {
                    // A client that goes away in the middle is one of the things to be tested.
                    let _ = match tls {
                        None => talk(stream, &answer, &kept),
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            talk(StreamOwned::new(connection, stream), &answer, &kept)
                        }
                    };
                });
            }
        });
        Self {
            url: format!("{scheme}://{address}"),
            asked,
        }
    }

    /// An address at which nobody listens.
    pub(crate) fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    /// The questions so far, each by its first line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|question| question.line.clone()).collect()
    }
}

fn talk(
    stream: impl Read + Write,
    answer: &Mutex<Answer>,
    kept: &Mutex<Vec<Question>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.to_ascii_lowercase();
    let length = headers.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let question = Question {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    kept.lock().unwrap().push(question.clone());
    let answer = answer.lock().unwrap()(&question);
    let stream = reader.get_mut();
    stream.write_all(answer.as_bytes())?;
    stream.flush()
}
