//! `bgmigrate serve`: a page, its data and metrics, for reading only.
//!
//! One thread looks at the record every few seconds and keeps what it saw; every request is answered from that. So the
//! database is asked as often whether one person watches or a hundred, and a request can neither wait for the database
//! nor change anything in it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::database::{Setup, asked_to_stop, wait_for};
use super::look::look;
use super::{Global, Status, output};
use crate::report::{self, Format, Paint};
use crate::store::{Missing, Store};

const EXAMPLES: &str = "\
Examples:
  bgmigrate serve                              http://127.0.0.1:8642, for this machine alone
  bgmigrate serve --listen 0.0.0.0:8642        for everybody who reaches this machine

  /              the page: slots, traffic, rollback windows, what is pending and why
  /status.json   the same as data
  /metrics       the same for Prometheus
  /health        status 200 while the record can be read, else 503

Nothing can be changed by it. There is no password: put a proxy that asks for one before it.";

/// Serve a status page, JSON and metrics, for reading only.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
    /// How often the record is looked at
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = crate::config::duration_ms)]
    every: u64,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// How many connections are served at once; others wait.
const CONNECTIONS: usize = 64;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many of the last events the page shows.
const RECENT: i64 = 15;

/// What is answered until the next look.
struct Answers {
    well: bool,
    page: Bytes,
    json: Bytes,
    metrics: Bytes,
    /// What is wrong, for whoever asks for the health.
    why: Bytes,
    at: Instant,
}

type Kept = Arc<RwLock<Answers>>;

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let kept = Arc::new(RwLock::new(Answers::of_a_failure(&setup, "not looked yet")));
    let every = Duration::from_millis(arguments.every);
    let listener = wait_for_listener(arguments.listen)?;
    let address = listener
        .local_addr()
        .context("asking for the own address")?;
    if !address.ip().is_loopback() {
        output::talk(format_args!(
            "warning: whoever reaches {address} can read the page; there is no password"
        ));
    }
    output::talk(format_args!("serving http://{address}/"));
    let watched = Arc::clone(&kept);
    let global = global.clone();
    std::thread::spawn(move || {
        let _ = wait_for(async {
            keep_looking(&global, &setup, every, &watched).await;
            Ok(())
        });
    });
    wait_for(serve(listener, kept, every))
}

fn wait_for_listener(address: SocketAddr) -> Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address);
    let listener = listener.with_context(|| format!("listening on {address}"))?;
    listener.set_nonblocking(true).context("listening")?;
    Ok(listener)
}

/// Looks again and again, over one connection for as long as it holds.
async fn keep_looking(global: &Global, setup: &Setup, every: Duration, kept: &Kept) {
    let mut store = None;
    loop {
        let answers = match answers(global, setup, &mut store).await {
            Ok(answers) => answers,
            Err(error) => {
                store = None;
                Answers::of_a_failure(setup, &format!("{error:#}"))
            }
        };
        *kept.write().unwrap_or_else(PoisonError::into_inner) = answers;
        tokio::time::sleep(every).await;
    }
}

async fn answers(global: &Global, setup: &Setup, store: &mut Option<Store>) -> Result<Answers> {
    let store = match store {
        Some(store) => store,
        None => store.insert(setup.store(Missing::Refuse).await?),
    };
    let Some(looked) = look(global, setup, store, RECENT).await? else {
        anyhow::bail!("there is no record yet: bgmigrate init, or bgmigrate apply, makes it");
    };
    Ok(looked.shown(|board| Answers {
        well: true,
        page: report::page(board, &looked.recent).into(),
        json: report::status(board, Format::Json, Paint(false))
            .unwrap_or_default()
            .into(),
        metrics: report::metrics(board).into(),
        why: Bytes::from_static(b"ok\n"),
        at: Instant::now(),
    }))
}

impl Answers {
    fn of_a_failure(setup: &Setup, why: &str) -> Self {
        let target = setup.target.to_string();
        Self {
            well: false,
            page: report::no_page(&target, why).into(),
            json: format!(
                "{}\n",
                serde_json::json!({ "database": target, "error": why })
            )
            .into(),
            metrics: report::no_metrics().into(),
            why: format!("{why}\n").into(),
            at: Instant::now(),
        }
    }
}

async fn serve(listener: std::net::TcpListener, kept: Kept, every: Duration) -> Result<Status> {
    let listener = TcpListener::from_std(listener).context("listening")?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let security = HeaderValue::from_str(&report::content_security())?;
    // A look that takes its time is no failure; one that does not come back is.
    let oldest = every * 3 + Duration::from_mins(1);
    let stop = asked_to_stop();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return Ok(Status::Done),
        };
        let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).acquire_owned().await)
        else {
            // Such as no file descriptor left: others will be closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (kept, security) = (Arc::clone(&kept), security.clone());
        tokio::spawn(async move {
            let answer = service_fn(async |request: Request<Incoming>| {
                let kept = kept.read().unwrap_or_else(PoisonError::into_inner);
                let answer = answer(request.method(), request.uri().path(), &kept, oldest);
                Ok::<_, Infallible>(secured(answer, &security))
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer);
            // A client that goes away in the middle is nothing to tell.
            let _ = connection.await;
            drop(place);
        });
    }
}

fn answer(method: &Method, path: &str, kept: &Answers, oldest: Duration) -> Response<Full<Bytes>> {
    let said = |status, kind: &'static str, body: Bytes| {
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert("content-type", kind);
        response
    };
    let plain = "text/plain; charset=utf-8";
    if method != Method::GET && method != Method::HEAD {
        let body = Bytes::from_static(b"this is for reading only\n");
        let mut refused = said(StatusCode::METHOD_NOT_ALLOWED, plain, body);
        let allowed = HeaderValue::from_static("GET, HEAD");
        refused.headers_mut().insert("allow", allowed);
        return refused;
    }
    let is_old = kept.at.elapsed() > oldest;
    let well = if kept.well && !is_old {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    match path {
        "/" => said(well, "text/html; charset=utf-8", kept.page.clone()),
        "/status.json" => said(well, "application/json", kept.json.clone()),
        // That it is down is what a scrape wants to know.
        "/metrics" => said(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            kept.metrics.clone(),
        ),
        "/health" if is_old => {
            let body = Bytes::from_static(b"the last look does not come back\n");
            said(well, plain, body)
        }
        "/health" => said(well, plain, kept.why.clone()),
        _ => {
            let body = Bytes::from_static(b"there is no such page\n");
            said(StatusCode::NOT_FOUND, plain, body)
        }
    }
}

fn secured(mut response: Response<Full<Bytes>>, security: &HeaderValue) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert("content-security-policy", security.clone());
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}
