//! Signed requests to services of AWS, each with an answer, a refusal, or neither.
//! (docs.aws.amazon.com/general, "Signature Version 4"; sdkref, "Service-specific endpoints")

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::Uri;

use super::super::Deadline;
use super::environment::Environment;
use super::profiles::Settings;
use super::trouble::{Trouble, refusal, skew};
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
}
