//! One HTTP request, over a connection of its own: nothing is reused, so what answers is what new clients meet.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Timeout};

/// The longest body that is read, in bytes.
const LONGEST_BODY: u64 = 10 * 1024 * 1024;

/// What to ask.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// With scheme and host.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(String, String)],
    /// What to send.
    pub body: Option<&'a [u8]>,
    /// For all of it: name, connection, TLS, question and answer.
    pub timeout: Duration,
}

/// Whom to believe over TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A PEM file with the only authorities that are believed; without it those of the system.
    pub ca_file: Option<PathBuf>,
    /// The name that the certificate has to show, and that is asked for, whatever the URL's host is called.
    pub server_name: Option<String>,
    /// Believe everybody.
    pub insecure: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status; redirections are not followed.
    pub status: u16,
    /// In their order, names in lower case. A value that is no text is shown as far as it is one.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// From the first look at the name to the last byte of the body.
    pub took: Duration,
}

/// Why nothing came back that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// Whether the other side may have got the question, and may have acted on it.
    pub may_have_arrived: bool,
    /// What happened.
    pub message: String,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HttpError {}

impl HttpError {
    fn before(message: impl Into<String>) -> Self {
        Self {
            may_have_arrived: false,
            message: message.into(),
        }
    }

    fn of(error: &Error, timeout: Duration) -> Self {
        let limit_ms = timeout.as_millis();
        let (may_have_arrived, message) = match error {
            Error::Timeout(Timeout::Resolve) => (
                false,
                format!("its name was not found within {limit_ms} ms"),
            ),
            Error::Timeout(Timeout::Connect) => {
                (false, format!("no connection within {limit_ms} ms"))
            }
            Error::Timeout(_) => (true, format!("no answer within {limit_ms} ms")),
            Error::HostNotFound => (false, "its name was not found".to_owned()),
            Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused => (false, "the connection was refused".to_owned()),
                ErrorKind::InvalidData => (false, format!("TLS: {error}")),
                _ => (true, format!("the connection broke: {error}")),
            },
            Error::Tls(_) | Error::Rustls(_) => (false, format!("TLS: {error}")),
            Error::BadUri(_) | Error::Http(_) => (false, error.to_string()),
            Error::ConnectProxyFailed(why) => {
                (false, format!("the proxy does not let us through: {why}"))
            }
            Error::BodyExceedsLimit(limit) => (
                true,
                format!("the answer's body is longer than {limit} bytes"),
            ),
            _ => (true, error.to_string()),
        };
        Self {
            may_have_arrived,
            message,
        }
    }
}

/// Asks, and reads the whole answer. Proxies of the environment are not used: it is this very address that is meant.
///
/// # Errors
/// When no whole answer came in time. An answer of any status is no error.
pub fn fetch(request: &Request<'_>, tls: &Tls) -> Result<Answer, HttpError> {
    exchange(request, tls, None)
}

/// The same for a service of the internet, which is asked through the proxy of the environment where there is one:
/// `HTTPS_PROXY`, `NO_PROXY`.
///
/// # Errors
/// As [`fetch`].
#[cfg(feature = "aws")]
pub fn fetch_through_proxy(request: &Request<'_>, tls: &Tls) -> Result<Answer, HttpError> {
    exchange(request, tls, ureq::Proxy::try_from_env())
}

fn exchange(
    request: &Request<'_>,
    tls: &Tls,
    proxy: Option<ureq::Proxy>,
) -> Result<Answer, HttpError> {
    let uri: Uri = request
        .url
        .parse()
        .map_err(|error| HttpError::before(format!("`{}` is no URL: {error}", request.url)))?;
    let secure = uri.scheme_str() == Some("https");
    let named = match &tls.server_name {
        Some(name) => under(&uri, name)?,
        None => uri.clone(),
    };
    let by_proxy = proxy.is_some();
    let mut config = ureq::config::Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .allow_non_standard_methods(true)
        .user_agent(concat!("bgmigrate/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(request.timeout));
    if secure {
        config = config.tls_config(believing(tls)?);
    }
    let agent = if by_proxy {
        Agent::new_with_config(config.build())
    } else {
        Agent::with_parts(config.build(), DefaultConnector::default(), At(uri))
    };
    let mut question = ureq::http::Request::builder()
        .method(request.method)
        .uri(named)
        .header("connection", "close");
    for (name, value) in request.headers {
        question = question.header(name, value);
    }
    let wrong = |error| HttpError::before(format!("this cannot be asked: {error}"));
    let started = Instant::now();
    let answered = match request.body {
        Some(body) => agent.run(question.body(body).map_err(wrong)?),
        None => agent.run(question.body(()).map_err(wrong)?),
    };
    let failed = |error: &Error| HttpError::of(error, request.timeout);
    let (head, mut body) = answered.map_err(|error| failed(&error))?.into_parts();
    let body = body.with_config().limit(LONGEST_BODY).read_to_vec();
    let took = started.elapsed();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(Answer {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.map_err(|error| failed(&error))?,
        took,
    })
}

/// The same place under another name.
fn under(uri: &Uri, name: &str) -> Result<Uri, HttpError> {
    let mut parts = uri.clone().into_parts();
    let authority = match uri.port_u16() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    };
    let wrong = |error: &dyn fmt::Display| {
        HttpError::before(format!("`{name}` is no server name: {error}"))
    };
    parts.authority = Some(authority.parse().map_err(|error| wrong(&error))?);
    Uri::from_parts(parts).map_err(|error| wrong(&error))
}

/// Connects to one address, whatever name is asked for.
#[derive(Debug)]
struct At(Uri);

impl Resolver for At {
    fn resolve(
        &self,
        _: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default().resolve(&self.0, config, timeout)
    }
}

fn believing(tls: &Tls) -> Result<TlsConfig, HttpError> {
    let roots = match &tls.ca_file {
        _ if tls.insecure => Vec::new(),
        None => of_the_system().to_vec(),
        Some(file) => {
            let pem = std::fs::read(file)
                .map_err(|error| HttpError::before(format!("{}: {error}", file.display())))?;
            let found: Vec<_> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if found.is_empty() {
                let message = format!("{} holds no certificate in PEM form", file.display());
                return Err(HttpError::before(message));
            }
            found
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .disable_verification(tls.insecure)
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

/// The authorities that the system believes, read once. Files that cannot be read are left out, as a system has many.
fn of_the_system() -> &'static [Certificate<'static>] {
    static ROOTS: OnceLock<Vec<Certificate<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let loaded = rustls_native_certs::load_native_certs();
        let certificates = loaded.certs.iter();
        certificates
            .map(|one| Certificate::from_der(one).to_owned())
            .collect()
    })
}
