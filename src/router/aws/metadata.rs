//! Credentials that the machine offers: of a container (ECS, EKS), of an instance (EC2).

use std::net::IpAddr;
use std::time::Duration;

use aws_credential_types::Credentials;
use ureq::http::Uri;

use super::super::Deadline;
use super::credentials::from_json;
use super::environment::Environment;
use crate::call::{Request, Tls, fetch};

/// Where ECS offers them.
const ECS: &str = "http://169.254.170.2";

/// Where EC2 offers them.
const EC2: &str = "http://169.254.169.254";

/// How long the machine may take: elsewhere than at Amazon nobody answers there, and nobody shall wait long for that.
const LONGEST: Duration = Duration::from_secs(1);

/// Those of the container; `None` where it offers none.
///
/// # Errors
/// When it offers some, and they cannot be had.
pub(super) fn of_container(
    environment: &Environment,
    deadline: Deadline,
) -> Result<Option<Credentials>, String> {
    let relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let url = match (relative, full) {
        (Some(path), _) => format!("{ECS}{path}"),
        (None, Some(url)) => trusted(url)?,
        (None, None) => return Ok(None),
    };
    let token = match environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(
            std::fs::read_to_string(file)
                .map_err(|error| format!("the container's token, {file}: {error}"))?,
        ),
        None => environment
            .get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
            .map(str::to_owned),
    };
    let headers: Vec<_> = token
        .into_iter()
        .map(|token| ("authorization".to_owned(), token.trim().to_owned()))
        .collect();
    let told = |why| format!("the container's credentials, {url}: {why}");
    let text = ask("GET", &url, &headers, deadline).map_err(told)?;
    from_json(&text, "Token", "container")
        .map(Some)
        .map_err(told)
}

/// An address that the token may be sent to: over TLS, or on this machine.
fn trusted(url: &str) -> Result<String, String> {
    let uri: Option<Uri> = url.parse().ok();
    let is_near = |host: &str| {
        let host = host.trim_matches(['[', ']']);
        let address = host.parse::<IpAddr>();
        host == "localhost"
            || address.is_ok_and(|address| {
                address.is_loopback()
                    || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
                        .iter()
                        .any(|known| known.parse() == Ok(address))
            })
    };
    let is_trusted =
        uri.is_some_and(|uri| uri.scheme_str() == Some("https") || uri.host().is_some_and(is_near));
    if is_trusted {
        Ok(url.to_owned())
    } else {
        Err(format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is `{url}`: neither https nor an address of this machine"
        ))
    }
}

/// Those of the instance, by the second version of its metadata service.
///
/// # Errors
/// When there is none, or it offers none.
pub(super) fn of_instance(
    environment: &Environment,
    deadline: Deadline,
) -> Result<Credentials, String> {
    let off = environment.get("AWS_EC2_METADATA_DISABLED");
    if off.is_some_and(|off| off.eq_ignore_ascii_case("true")) {
        return Err("AWS_EC2_METADATA_DISABLED says not to ask it".to_owned());
    }
    let base = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let base = base.unwrap_or(EC2).trim_end_matches('/');
    let lifetime = [(
        "x-aws-ec2-metadata-token-ttl-seconds".to_owned(),
        "300".to_owned(),
    )];
    let token = ask(
        "PUT",
        &format!("{base}/latest/api/token"),
        &lifetime,
        deadline,
    )?;
    let headers = [("x-aws-ec2-metadata-token".to_owned(), token)];
    let all = format!("{base}/latest/meta-data/iam/security-credentials/");
    let role = ask("GET", &all, &headers, deadline)?;
    let role = role.lines().next().unwrap_or_default();
    let text = ask("GET", &format!("{all}{role}"), &headers, deadline)?;
    from_json(&text, "Token", "instance")
}

/// What the machine says; by no proxy.
fn ask(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    deadline: Deadline,
) -> Result<String, String> {
    let left = deadline.left().ok_or("the time was up")?;
    let request = Request {
        method,
        url,
        headers,
        body: None,
        timeout: left.min(LONGEST),
    };
    let answer = fetch(&request, &Tls::default()).map_err(|error| error.to_string())?;
    match answer.status {
        200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
        status => Err(format!("it answers with status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_s_token_goes_to_nobody_else() {
        for (url, is_trusted) in [
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://127.0.0.1:8080/", true),
            ("http://localhost/", true),
            ("https://credentials.example.org/", true),
            ("http://credentials.example.org/", false),
            ("http://10.0.0.1/", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(trusted(url).is_ok(), is_trusted, "{url}");
        }
    }
}
