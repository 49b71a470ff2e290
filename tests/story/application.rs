//! A small application: users with names, in PostgreSQL. Its first release knows the name as `username`, its second as
//! `handle`, and neither knows of the other.

use std::convert::Infallible;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What a release is built with.
#[derive(Clone, Copy)]
pub(crate) struct Release {
    pub(crate) version: &'static str,
    /// The column that it keeps a user's name in.
    pub(crate) column: &'static str,
}

pub(crate) const V1: Release = Release {
    version: "v1",
    column: "username",
};

pub(crate) const V2: Release = Release {
    version: "v2",
    column: "handle",
};

/// A release that runs in a slot.
pub(crate) struct Application {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Application {
    /// Starts it on this port; to the database it calls itself `shop-SLOT`.
    pub(crate) fn start(release: Release, slot: &str, database: &str, port: u16) -> Self {
        let options: PgConnectOptions = database.parse().unwrap();
        let options = options.application_name(&format!("shop-{slot}"));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let pool = PgPoolOptions::new()
                    .max_connections(5)
                    .connect_lazy_with(options);
                let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
                ready.send(()).unwrap();
                tokio::select! {
                    () = serve(listener, release, pool.clone()) => {}
                    _ = stopped => pool.close().await,
                }
            });
        });
        is_ready.recv().unwrap();
        Self { stop, thread }
    }

    /// Tears it down: its connections to the database are closed.
    pub(crate) fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

async fn serve(listener: TcpListener, release: Release, pool: PgPool) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let pool = pool.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, release, &pool));
            let http = hyper::server::conn::http1::Builder::new();
            // A client that goes away is its own affair.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    release: Release,
    pool: &PgPool,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match answer(request, release, pool).await {
        Ok(answer) => answer,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let response = Response::builder()
        .status(status)
        .header("x-release", release.version)
        .body(Full::from(body));
    Ok(response.unwrap())
}

/// `GET /up`, `GET /users/ID`, and `PUT /users/ID` with the name as its body.
async fn answer(
    request: Request<Incoming>,
    Release { version, column }: Release,
    pool: &PgPool,
) -> sqlx::Result<(StatusCode, String)> {
    let path = request.uri().path().to_owned();
    if path == "/up" {
        sqlx::query("SELECT 1").execute(pool).await?;
        return Ok((StatusCode::OK, format!("{{\"version\": \"{version}\"}}")));
    }
    let Some(id) = path.strip_prefix("/users/") else {
        return Ok((StatusCode::NOT_FOUND, String::new()));
    };
    let id: i64 = id.parse().unwrap();
    if request.method() == Method::GET {
        let sql = format!("SELECT {column} FROM users WHERE id = $1");
        let found = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id);
        let found: Option<Option<String>> = found.fetch_optional(pool).await?;
        return Ok(match found {
            Some(Some(name)) => (StatusCode::OK, name),
            Some(None) => (StatusCode::INTERNAL_SERVER_ERROR, "no name".to_owned()),
            None => (StatusCode::NOT_FOUND, String::new()),
        });
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let name = String::from_utf8(body.to_vec()).unwrap();
    let sql = format!(
        "INSERT INTO users (id, {column}) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET {column} = excluded.{column}"
    );
    let put = sqlx::query(AssertSqlSafe(sql)).bind(id).bind(name);
    put.execute(pool).await?;
    Ok((StatusCode::NO_CONTENT, String::new()))
}
