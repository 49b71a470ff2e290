//! A team sees where the release stands: the status page, its data and metrics over HTTP, and the status on a terminal.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bgmigrate::call::{Answer, Request, Tls, fetch};

use crate::hooks::with;
use crate::world::{ENGINES, Engine, World};

/// A process of ours that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Served {
    pub(crate) url: String,
    _running: Running,
}

pub(crate) fn serve(world: &World) -> Served {
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0", "--every", "50ms"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let running = Running(child);
    let mut line = String::new();
    talk.read_line(&mut line).unwrap();
    let url = line
        .trim()
        .strip_prefix("serving ")
        .unwrap_or_else(|| panic!("{line}"));
    let url = url.trim_end_matches('/').to_owned();
    // What else it says must not fill the pipe.
    std::thread::spawn(move || std::io::copy(&mut talk, &mut std::io::sink()));
    Served {
        url,
        _running: running,
    }
}

impl Served {
    pub(crate) fn ask(&self, method: &str, path: &str) -> Answer {
        let url = format!("{}{path}", self.url);
        let request = Request {
            method,
            url: &url,
            headers: &[],
            body: None,
            timeout: Duration::from_secs(20),
        };
        fetch(&request, &Tls::default()).unwrap()
    }

    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.ask("GET", path);
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn until(&self, path: &str, wanted: impl Fn(u16, &str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if wanted(status, &body) {
                return body;
            }
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "{path}: {status}\n{body}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn page_data_and_metrics_tell_the_same_and_follow_what_happens() {
    for engine in ENGINES {
        let world = with(engine, "1h", "");
        world.migration("0002_drop", "ALTER TABLE users DROP COLUMN name;");
        let served = serve(&world);
        let json = served.until("/status.json", |status, _| status == 200);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["slots"][0]["release"], "v1");
        assert_eq!(json["routers"]["app"]["state"], "agrees");
        assert_eq!(json["lock"], serde_json::Value::Null);
        assert_eq!(json["pending"][0]["phase"], "contract");
        let blocked = json["pending"][0]["blocked_by"].as_array().unwrap();
        assert_eq!(blocked.len(), 2, "{json}");

        let (_, page) = served.get("/");
        for told in [
            "<title>v1 in blue · bgmigrate</title>",
            "traffic goes to blue",
            "migrations/0002_drop.sql",
            "v1 is live in blue of app and was built without it",
        ] {
            assert!(page.contains(told), "{engine:?}: {told}\n{page}");
        }
        let (_, metrics) = served.get("/metrics");
        hold_metrics_to_the_format(&metrics);
        for sample in [
            "bgmigrate_up 1",
            "bgmigrate_slot{service=\"app\",slot=\"blue\",release=\"v1\",role=\"live\"} 1",
            "bgmigrate_router_agrees{service=\"app\"} 1",
            "bgmigrate_pending_steps{phase=\"contract\",status=\"pending\"} 1",
            "bgmigrate_pending_steps{phase=\"expand\",status=\"pending\"} 0",
        ] {
            assert!(
                metrics.lines().any(|line| line == sample),
                "{sample}\n{metrics}"
            );
        }
        assert_eq!(served.get("/health"), (200, "ok\n".to_owned()));

        world.expect(0, "cutover --to green");
        let page = served.until("/", |_, page| page.contains("v2 in green"));
        assert!(page.contains("rollback possible, window until"), "{page}");
        let (_, metrics) = served.get("/metrics");
        assert!(
            metrics.contains(
                "bgmigrate_rollback_window_end_timestamp_seconds{service=\"app\",slot=\"blue\"} "
            ),
            "{metrics}"
        );
        // Somebody moves the router by hand.
        world.write("live", "blue\n");
        served.until("/", |_, page| {
            page.contains("and the record has green live")
        });
        let (_, metrics) = served.get("/metrics");
        assert!(
            metrics.contains("bgmigrate_router_agrees{service=\"app\"} 0"),
            "{metrics}"
        );
    }
}

/// The text format of Prometheus: a sample after the help and the type of its family, each family in one piece, each
/// series once.
fn hold_metrics_to_the_format(text: &str) {
    assert!(text.ends_with('\n'));
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    let (mut families, mut series) = (BTreeSet::new(), BTreeSet::new());
    let mut family = "";
    let mut typed = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap();
            assert!(is_name(family) && families.insert(family), "{line}");
            typed = false;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{family} gauge"));
            typed = true;
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(typed && value.parse::<f64>().is_ok(), "{line}");
            assert!(series.insert(name), "{line}");
            let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
            assert_eq!(name, family, "{line}");
            for label in labels.strip_suffix('}').unwrap().split("\",") {
                let Some((label, value)) = label.split_once("=\"") else {
                    assert_eq!(labels, "}", "{line}");
                    continue;
                };
                assert!(is_name(label) && !value.contains('\n'), "{line}");
            }
        }
    }
    assert!(families.len() > 5, "{text}");
}

#[test]
fn it_is_for_reading_only_and_says_so_to_browsers() {
    let world = with(Engine::Sqlite, "1h", "");
    let served = serve(&world);
    served.until("/health", |status, _| status == 200);
    let page = served.ask("GET", "/");
    let header = |name: &str| {
        let found = page.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(header("cache-control"), "no-store");
    for method in ["POST", "PUT", "DELETE"] {
        let refused = served.ask(method, "/");
        assert_eq!(refused.status, 405);
    }
    assert_eq!(served.ask("HEAD", "/").status, 200);
    assert_eq!(served.get("/nowhere").0, 404);
    let before = world.expect(0, "history").answer;
    served.get("/");
    assert_eq!(world.expect(0, "history").answer, before);
}

#[test]
fn a_client_that_says_nothing_or_nonsense_keeps_nobody_from_reading() {
    let world = with(Engine::Sqlite, "1h", "");
    let served = serve(&world);
    let address = served.url.trim_start_matches("http://");
    let silent: Vec<_> = (0..20)
        .map(|_| std::net::TcpStream::connect(address).unwrap())
        .collect();
    let mut nonsense = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut nonsense, b"\x16\x03\x01 hello\r\n\r\n").unwrap();
    served.until("/health", |status, _| status == 200);
    drop(silent);
}

#[test]
fn while_the_database_is_away_it_says_so_and_comes_back() {
    let world = with(Engine::Sqlite, "1h", "");
    let served = serve(&world);
    served.until("/health", |status, _| status == 200);
    std::fs::rename(world.path("app.db"), world.path("away.db")).unwrap();
    std::fs::create_dir(world.path("app.db")).unwrap();
    // The connection that is open still reads the old file; a new one would not.
    let again = serve(&world);
    let why = again.until("/health", |status, why| {
        status == 503 && !why.contains("not looked")
    });
    assert!(!why.trim().is_empty());
    let (status, metrics) = again.get("/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("bgmigrate_up 0"), "{metrics}");
    let (status, page) = again.get("/");
    assert!(
        status == 503 && page.contains("The record could not be asked"),
        "{page}"
    );
    let (status, json) = again.get("/status.json");
    assert!(status == 503 && json.contains("\"error\""), "{json}");
    std::fs::remove_dir(world.path("app.db")).unwrap();
    std::fs::rename(world.path("away.db"), world.path("app.db")).unwrap();
    again.until("/health", |status, _| status == 200);
    again.until("/metrics", |_, text| text.contains("bgmigrate_up 1"));
}

#[test]
fn somebody_at_work_is_told() {
    for engine in ENGINES {
        let world = with(engine, "1h", "");
        assert!(!world.expect(0, "status").answer.contains("At work"));
        let told = at_work(&world, || world.expect(0, "status").answer);
        assert!(
            told.contains("At work: `apply` by ann on test-host"),
            "{engine:?}: {told}"
        );
        assert!(!world.expect(0, "status").answer.contains("At work"));
    }
}

/// Does something while another run holds the lock.
fn at_work<T>(world: &World, what: impl FnOnce() -> T) -> T {
    use bgmigrate::store::{Missing, Origin, Store, Waiting};
    let origin = Origin {
        actor: "ann".to_owned(),
        host: "test-host".to_owned(),
        job: None,
        git_commit: None,
        tool: "test".to_owned(),
        run: "1".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let target = world.url.parse().unwrap();
        let mut store = Store::open(target, origin, Missing::Refuse).await.unwrap();
        let waiting = Waiting {
            at_most: Duration::from_secs(20),
            tell: &mut |_| {},
        };
        store.lock("apply", waiting).await.unwrap();
        let done = what();
        store.close().await;
        done
    })
}

#[test]
fn a_watched_status_is_printed_whenever_something_is_new() {
    let world = with(Engine::Sqlite, "1h", "");
    let mut command = world.command(&["status", "--watch", "--every", "20ms"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut answer = BufReader::new(child.stdout.take().unwrap());
    let _running = Running(child);
    let mut until = |wanted: &str| {
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert!(answer.read_line(&mut line).unwrap() > 0, "{wanted}");
        }
    };
    until("green of app v2 staged");
    until("migrations are applied");
    world.expect(0, "cutover --to green");
    until("green of app v2 live");
}

#[test]
fn on_a_terminal_a_watched_status_is_drawn_in_place() {
    let world = with(Engine::Sqlite, "1h", "");
    let tool = env!("CARGO_BIN_EXE_bgmigrate");
    let mut command = std::process::Command::new("script");
    command
        .args([
            "--quiet",
            "--command",
            &format!("exec {tool} status --watch --every 20ms"),
            "/dev/null",
        ])
        .current_dir(world.path(""))
        .env("DATABASE_URL", &world.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut answer = child.stdout.take().unwrap();
    let _running = Running(child);
    let mut seen = Vec::new();
    let clear = b"\x1b[H\x1b[J";
    while seen
        .windows(clear.len())
        .filter(|window| window == clear)
        .count()
        < 3
    {
        let mut piece = [0; 4096];
        let read = answer.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..read]);
    }
    let seen = String::from_utf8_lossy(&seen);
    assert!(
        seen.contains("every 0 s; Ctrl-C ends it") && seen.contains("Slots"),
        "{seen}"
    );
    assert!(Path::new(tool).exists());
}
