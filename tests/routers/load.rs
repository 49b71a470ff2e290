//! Clients that ask without pause, and keep what they were answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    /// The slot, or what went wrong.
    pub(crate) answer: Result<String, String>,
}

/// Clients at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Asked>>>,
}

impl Load {
    /// Starts clients that keep their connection, clients that make one for each request, and one that asks for what takes a
    /// second.
    pub(crate) fn start(address: &str, keeping: usize, fresh: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let kinds = std::iter::repeat_n((true, "/"), keeping)
            .chain(std::iter::repeat_n((false, "/"), fresh))
            .chain([(true, "/slow")]);
        let clients = kinds.map(|(keep, path)| {
            let (stop, address) = (Arc::clone(&stop), address.to_owned());
            thread::spawn(move || client(&address, keep, path, &stop))
        });
        let clients = clients.collect();
        Self { stop, clients }
    }

    /// Ends it, and gives every request.
    pub(crate) fn end(self) -> Vec<Asked> {
        self.stop.store(true, Ordering::Relaxed);
        let clients = self.clients.into_iter();
        clients.flat_map(|client| client.join().unwrap()).collect()
    }
}

fn client(address: &str, keep: bool, path: &str, stop: &AtomicBool) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut kept: Option<BufReader<TcpStream>> = None;
    while !stop.load(Ordering::Relaxed) {
        // As the pools of real clients do, a connection that the other side has closed is not used again.
        let connection = kept
            .take()
            .filter(|connection| !is_closed(connection.get_ref()));
        let begun = Instant::now();
        let answer = match connection.map_or_else(|| connect(address), Ok) {
            Err(error) => Err(error),
            Ok(mut connection) => {
                let answer = ask(&mut connection, keep, path);
                if let (Ok((_, true)), true) = (&answer, keep) {
                    kept = Some(connection);
                }
                answer.map(|(slot, _)| slot)
            }
        };
        let broken = answer.is_err();
        asked.push(Asked {
            begun,
            ended: Instant::now(),
            answer: answer.map_err(|error| error.to_string()),
        });
        thread::sleep(Duration::from_millis(if broken { 20 } else { 1 }));
    }
    asked
}

fn connect(address: &str) -> std::io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(BufReader::new(stream))
}

fn is_closed(stream: &TcpStream) -> bool {
    let _ = stream.set_nonblocking(true);
    let closed = match stream.peek(&mut [0]) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    };
    let _ = stream.set_nonblocking(false);
    closed
}

/// The slot that answered, and whether the connection stays.
fn ask(
    connection: &mut BufReader<TcpStream>,
    keep: bool,
    path: &str,
) -> std::io::Result<(String, bool)> {
    let close = if keep { "" } else { "Connection: close\r\n" };
    let request = format!("GET {path} HTTP/1.1\r\nHost: app\r\n{close}\r\n");
    connection.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    connection.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(std::io::Error::other(format!("answered `{}`", line.trim())));
    }
    let (mut slot, mut length, mut stays) = (String::new(), None, keep);
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-slot" => value.trim().clone_into(&mut slot),
            "content-length" => length = value.trim().parse().ok(),
            "connection" => stays &= value.trim() != "close",
            _ => {}
        }
    }
    if slot.is_empty() {
        return Err(std::io::Error::other("no slot answered"));
    }
    let length = length.ok_or_else(|| std::io::Error::other("no Content-Length"))?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok((slot, stays))
}

/// The slot that answers a connection of its own.
pub(crate) fn ask_once(address: &str) -> Result<String, String> {
    let mut connection = connect(address).map_err(|error| error.to_string())?;
    let answer = ask(&mut connection, false, "/");
    answer
        .map(|(slot, _)| slot)
        .map_err(|error| error.to_string())
}

/// A flip that was made under load.
#[derive(Clone, Debug)]
pub(crate) struct Flip {
    pub(crate) to: String,
    /// When the driver said that it was done, and until when nothing else was flipped.
    pub(crate) done: Instant,
    pub(crate) until: Instant,
}

/// What became of the requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    /// Those that were not answered as they should.
    pub(crate) lost: usize,
    /// Those that began after a flip was done, and were answered by the side of before.
    pub(crate) late: usize,
}

/// Counts.
pub(crate) fn tally(asked: &[Asked], flips: &[Flip]) -> Tally {
    let mut tally = Tally {
        requests: asked.len(),
        ..Tally::default()
    };
    for one in asked {
        match &one.answer {
            Err(_) => tally.lost += 1,
            Ok(slot) => {
                let after = flips
                    .iter()
                    .find(|flip| flip.done < one.begun && one.ended < flip.until);
                tally.late += usize::from(after.is_some_and(|flip| flip.to != *slot));
            }
        }
    }
    tally
}
