//! Signed requests to services of AWS, each with an answer, a refusal, or neither.
//! (docs.aws.amazon.com/general, "Signature Version 4"; sdkref, "Service-specific endpoints")

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::Uri;

use super::super::Deadline;
use super::environment::Environment;
use super::profiles::Settings;
use super::xml;
use crate::call::{HttpError, Request, Tls, fetch, fetch_through_proxy};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    LoadBalancing,
    Route53,
    Sts,
}

/// Where a service answers, and the region that requests to it are signed for.
pub(super) struct Endpoint {
    url: String,
    region: String,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::LoadBalancing => "elasticloadbalancing",
            Self::Route53 => "route53",
            Self::Sts => "sts",
        }
    }

    /// Where it answers for a region: what is configured, the environment, the profile, or Amazon's own address.
    pub(super) fn endpoint(
        self,
        region: &str,
        configured: Option<&str>,
        environment: &Environment,
        profile: Option<&Settings>,
    ) -> Endpoint {
        let variable = match self {
            Self::LoadBalancing => "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
            Self::Route53 => "AWS_ENDPOINT_URL_ROUTE_53",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
        };
        let of_profile = profile.and_then(|says| says.get("endpoint_url"));
        let url = configured
            .or_else(|| environment.get(variable))
            .or_else(|| environment.get("AWS_ENDPOINT_URL"))
            .or(of_profile.map(String::as_str));
        let (host, region) = self.place(region);
        let url = url.map_or(format!("https://{host}"), |url| {
            url.trim_end_matches('/').to_owned()
        });
        Endpoint { url, region }
    }

    /// The host for a region, and the region to sign for: Route 53 has one of each in a partition.
    fn place(self, region: &str) -> (String, String) {
        let name = self.name();
        let china = region.starts_with("cn-");
        let suffix = if china {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        match self {
            Self::Route53 if china => (format!("{name}.{suffix}"), "cn-northwest-1".to_owned()),
            Self::Route53 if region.starts_with("us-gov-") => (
                format!("{name}.us-gov.{suffix}"),
                "us-gov-west-1".to_owned(),
            ),
            Self::Route53 => (format!("{name}.{suffix}"), "us-east-1".to_owned()),
            Self::LoadBalancing | Self::Sts => {
                (format!("{name}.{region}.{suffix}"), region.to_owned())
            }
        }
    }
}

/// A service that can be asked.
pub(super) struct Api {
    service: Service,
    endpoint: Endpoint,
    /// None for what nobody has to sign.
    credentials: Option<Credentials>,
    tls: Tls,
}

/// Why a request has no answer that says what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It did not get away.
    #[error("AWS could not be asked: {0}")]
    Unsent(String),
    /// AWS refused it.
    #[error("{message} ({code}, status {status}){advice}")]
    Refused {
        status: u16,
        code: String,
        message: String,
        /// The way out, where one is known.
        advice: String,
    },
    /// No answer came, or none that anybody understands: it may have been done.
    #[error("AWS does not answer: {0}")]
    Lost(String),
}

impl Trouble {
    /// Whether nothing of the request was done, and nothing will be.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::Refused { status, .. } => *status < 500 || self.is_throttled(),
            Self::Lost(_) => false,
        }
    }

    /// Whether it came too soon after others: it was not looked at.
    fn is_throttled(&self) -> bool {
        let codes = [
            "Throttling",
            "ThrottlingException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "PriorRequestNotComplete",
        ];
        self.has_code(&codes)
    }

    /// Whether it was refused for one of these reasons.
    pub(super) fn has_code(&self, codes: &[&str]) -> bool {
        matches!(self, Self::Refused { code, .. } if codes.contains(&code.as_str()))
    }
}

/// What is sent.
struct Question<'a> {
    method: &'a str,
    path: &'a str,
    kind: &'static str,
    body: &'a str,
}

impl Api {
    pub(super) fn of(
        service: Service,
        endpoint: Endpoint,
        environment: &Environment,
        credentials: Option<Credentials>,
    ) -> Self {
        let tls = Tls {
            ca_file: environment.get("AWS_CA_BUNDLE").map(Into::into),
            ..Tls::default()
        };
        Self {
            service,
            endpoint,
            credentials,
            tls,
        }
    }

    /// Calls an action of a service that takes forms.
    pub(super) fn call(&self, form: &Form, deadline: Deadline) -> Result<String, Trouble> {
        let question = Question {
            method: "POST",
            path: "/",
            kind: "application/x-www-form-urlencoded; charset=utf-8",
            body: &form.0,
        };
        self.ask(&question, deadline)
    }

    /// Reads what is at a path; its query has to be encoded.
    pub(super) fn read(&self, path: &str, deadline: Deadline) -> Result<String, Trouble> {
        let question = Question {
            method: "GET",
            path,
            kind: "",
            body: "",
        };
        self.ask(&question, deadline)
    }

    /// Sends a document to a path.
    pub(super) fn post(
        &self,
        path: &str,
        body: &str,
        deadline: Deadline,
    ) -> Result<String, Trouble> {
        let question = Question {
            method: "POST",
            path,
            kind: "application/xml",
            body,
        };
        self.ask(&question, deadline)
    }

    /// Asks, and again after a while where it was too soon.
    fn ask(&self, question: &Question<'_>, deadline: Deadline) -> Result<String, Trouble> {
        let mut pause = Duration::from_millis(200);
        loop {
            match self.ask_once(question, deadline) {
                Err(trouble)
                    if trouble.is_throttled()
                        && deadline.left().is_some_and(|left| left > pause) =>
                {
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                answered => return answered,
            }
        }
    }

    fn ask_once(&self, question: &Question<'_>, deadline: Deadline) -> Result<String, Trouble> {
        let unsent = |why: &dyn fmt::Display| Trouble::Unsent(why.to_string());
        let left = deadline
            .left()
            .ok_or_else(|| unsent(&"there was no time left"))?;
        let url = format!("{}{}", self.endpoint.url, question.path);
        let mut headers = Vec::new();
        if !question.kind.is_empty() {
            headers.push(("content-type".to_owned(), question.kind.to_owned()));
        }
        let signed = self.signature(&url, question, &headers);
        headers.extend(signed.map_err(|error| unsent(&error))?);
        let request = Request {
            method: question.method,
            url: &url,
            headers: &headers,
            body: Some(question.body.as_bytes()).filter(|body| !body.is_empty()),
            timeout: left,
        };
        let answer = if is_near(&url) {
            fetch(&request, &self.tls)
        } else {
            fetch_through_proxy(&request, &self.tls)
        };
        let answer = answer.map_err(|error| {
            let HttpError {
                may_have_arrived,
                message,
            } = error;
            let message = format!("{}: {message}", self.endpoint.url);
            if may_have_arrived {
                Trouble::Lost(message)
            } else {
                Trouble::Unsent(message)
            }
        })?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == 200 {
            return Ok(text);
        }
        let date = answer.headers.iter().find(|(name, _)| name == "date");
        let skew = date.and_then(|(_, date)| skew(date));
        Err(refusal(answer.status, &text, skew))
    }

    /// The headers that say who asks.
    fn signature(
        &self,
        url: &str,
        question: &Question<'_>,
        headers: &[(String, String)],
    ) -> Result<Vec<(String, String)>, String> {
        let Some(credentials) = &self.credentials else {
            return Ok(Vec::new());
        };
        let told = |error: &dyn fmt::Display| format!("signing the request: {error}");
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.endpoint.region)
            .name(self.service.name())
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| told(&error))?
            .into();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(question.body.as_bytes());
        let request = SignableRequest::new(question.method, url, headers, body)
            .map_err(|error| told(&error))?;
        let signed = sign(request, &parameters).map_err(|error| told(&error))?;
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

/// This machine is asked by no proxy.
fn is_near(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// How far this machine's clock is before the other side's.
fn skew(date: &str) -> Option<TimeDelta> {
    let theirs = DateTime::parse_from_rfc2822(date).ok()?;
    Some(Utc::now().signed_duration_since(theirs))
}

fn refusal(status: u16, text: &str, skew: Option<TimeDelta>) -> Trouble {
    let read = xml::document(text).ok();
    let of = |name: &str| {
        let document = read.as_ref()?;
        let text = xml::find(document, name)?.text()?;
        // The first line alone: below it, a refused signature is shown with all that was signed, the session's token included.
        text.trim().lines().next().map(str::to_owned)
    };
    let root = read.as_ref().map(|document| document.root_element());
    let code = of("Code").or_else(|| Some(root?.tag_name().name().to_owned()));
    let code = code.unwrap_or_else(|| "no reason that is known".to_owned());
    let message = of("Message").unwrap_or_else(|| "AWS says no more".to_owned());
    let advice =
        advice(&code, &message, skew).map_or(String::new(), |advice| format!("; {advice}"));
    Trouble::Refused {
        status,
        code,
        message,
        advice,
    }
}

/// The way out of a refusal.
fn advice(code: &str, message: &str, skew: Option<TimeDelta>) -> Option<String> {
    // AWS takes signatures of the last 5 to 15 minutes.
    let skew = skew.map(|skew| skew.num_seconds());
    if let Some(seconds) = skew.filter(|seconds| seconds.abs() > 240) {
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        return Some(format!(
            "the clock of this machine is {} s {way} theirs, and signatures hold for minutes: set it right",
            seconds.abs()
        ));
    }
    let says = |words: &str| message.contains(words);
    Some(
        match code {
            "ExpiredToken" | "ExpiredTokenException" => {
                "the credentials have expired: sign in again, or take others"
            }
            "InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId" => {
                "AWS does not know these credentials"
            }
            "SignatureDoesNotMatch" if says("expired") || says("not yet current") => {
                "the clock of this machine is not theirs: set it right"
            }
            "SignatureDoesNotMatch" => {
                "the secret key is another one's, or the region or the endpoint is"
            }
            "RequestExpired" | "RequestTimeTooSkewed" => {
                "the clock of this machine is not theirs: set it right"
            }
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
                "docs/routers.md has the policy that suffices"
            }
            "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException" => {
                "others ask as well: `attempt_timeout` in [router] says how long to try"
            }
            _ => return None,
        }
        .to_owned(),
    )
}

/// The parameters of a call.
pub(super) struct Form(String);

impl Form {
    pub(super) fn of(action: &str, version: &str) -> Self {
        Self(format!("Action={action}&Version={version}"))
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0
            .push_str(&format!("&{}={}", encoded(name), encoded(value)));
    }
}

#[cfg(test)]
impl Form {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// As part of a query.
pub(super) fn encoded(text: &str) -> impl fmt::Display {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(service: Service, region: &str, variables: &[(&str, &str)]) -> (String, String) {
        let environment = Environment::of(variables.iter().copied());
        let endpoint = service.endpoint(region, None, &environment, None);
        (endpoint.url, endpoint.region)
    }

    #[test]
    fn each_partition_has_its_own_addresses() {
        for (service, region, host, signed) in [
            (
                Service::LoadBalancing,
                "eu-west-1",
                "elasticloadbalancing.eu-west-1.amazonaws.com",
                "eu-west-1",
            ),
            (
                Service::LoadBalancing,
                "cn-north-1",
                "elasticloadbalancing.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            (
                Service::Route53,
                "eu-west-1",
                "route53.amazonaws.com",
                "us-east-1",
            ),
            (
                Service::Route53,
                "cn-north-1",
                "route53.amazonaws.com.cn",
                "cn-northwest-1",
            ),
            (
                Service::Route53,
                "us-gov-east-1",
                "route53.us-gov.amazonaws.com",
                "us-gov-west-1",
            ),
            (
                Service::Sts,
                "us-east-2",
                "sts.us-east-2.amazonaws.com",
                "us-east-2",
            ),
        ] {
            let expected = (format!("https://{host}"), signed.to_owned());
            assert_eq!(url(service, region, &[]), expected);
        }
    }

    #[test]
    fn an_endpoint_of_the_environment_is_taken_and_one_for_the_service_first() {
        let all = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/");
        let one = ("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:4567");
        assert_eq!(
            url(Service::Route53, "eu-west-1", &[all]).0,
            "http://127.0.0.1:4566"
        );
        assert_eq!(
            url(Service::Route53, "eu-west-1", &[all, one]).0,
            "http://127.0.0.1:4567"
        );
        assert_eq!(
            url(Service::Sts, "eu-west-1", &[all, one]).0,
            "http://127.0.0.1:4566"
        );
    }

    fn refused(status: u16, code: &str, message: &str, skew_s: i64) -> Trouble {
        let text = format!(
            "<ErrorResponse xmlns=\"x\"><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        refusal(status, &text, Some(TimeDelta::seconds(skew_s)))
    }

    #[test]
    fn what_was_refused_is_told_with_the_way_out_and_without_what_was_signed() {
        let shown = "does not match.\n\nThe Canonical String for this request should have been\n'x-amz-security-token:SECRET'";
        for (code, message, skew_s, expected) in [
            ("ExpiredToken", "The token is expired", 2, "sign in again"),
            (
                "SignatureDoesNotMatch",
                shown,
                0,
                "the secret key is another one's",
            ),
            (
                "SignatureDoesNotMatch",
                "Signature not yet current: 1 is later than 2",
                0,
                "set it right",
            ),
            (
                "SignatureDoesNotMatch",
                "Signature expired",
                -400,
                "400 s behind theirs",
            ),
            ("RequestTimeTooSkewed", "no", 3600, "3600 s ahead of theirs"),
            (
                "AccessDenied",
                "User is not authorized to perform: x",
                0,
                "docs/routers.md",
            ),
        ] {
            let told = refused(403, code, message, skew_s).to_string();
            assert!(told.contains(expected), "{told}");
            assert!(!told.contains("SECRET"), "{told}");
        }
        assert_eq!(
            refused(400, "ListenerNotFound", "None", 0).to_string(),
            "None (ListenerNotFound, status 400)"
        );
    }

    #[test]
    fn only_what_was_surely_not_done_is_a_refusal() {
        for (trouble, is_refusal) in [
            (Trouble::Unsent(String::new()), true),
            (Trouble::Lost(String::new()), false),
            (refused(400, "ValidationError", "", 0), true),
            (refused(503, "Throttling", "", 0), true),
            (refused(503, "ServiceUnavailable", "", 0), false),
            (refused(500, "InternalFailure", "", 0), false),
            (refusal(502, "<html>", None), false),
        ] {
            assert_eq!(trouble.is_refusal(), is_refusal, "{trouble}");
        }
    }

    #[test]
    fn a_batch_of_route_53_is_refused_in_its_own_words() {
        let text = "<InvalidChangeBatch xmlns=\"x\"><Messages><Message>Tried to create it</Message></Messages></InvalidChangeBatch>";
        let trouble = refusal(400, text, None);
        assert!(trouble.has_code(&["InvalidChangeBatch"]), "{trouble}");
    }
}
