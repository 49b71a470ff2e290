//! The application of two slots: it says which slot it is, and does nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Serves a slot on a free port of this host, for as long as the test runs; gives its address.
pub(crate) fn on_tcp(slot: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            thread::spawn(move || serve(&stream, &stream, slot));
        }
    });
    address
}

/// Serves a slot on a unix socket that everybody may connect to.
pub(crate) fn on_socket(slot: &'static str, path: &Path) {
    let listener = UnixListener::bind(path).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(&stream, &stream, slot));
        }
    });
}

/// Answers requests until the client goes; `/slow` takes a second.
fn serve(reader: impl Read, mut writer: impl Write, slot: &str) {
    let mut lines = BufReader::new(reader).lines();
    while let Some(Ok(request)) = lines.next() {
        let mut close = false;
        for header in lines.by_ref() {
            match header {
                Ok(header) if header.is_empty() => break,
                Ok(header) => close |= header.eq_ignore_ascii_case("connection: close"),
                Err(_) => return,
            }
        }
        let pause = if request.contains("/slow") { 1000 } else { 3 };
        thread::sleep(Duration::from_millis(pause));
        let answer = format!(
            "HTTP/1.1 200 OK\r\nX-Slot: {slot}\r\nContent-Length: {}\r\n\r\n{slot}",
            slot.len()
        );
        if writer.write_all(answer.as_bytes()).is_err() || close {
            return;
        }
    }
}
