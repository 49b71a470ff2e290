//! Signature Version 4, computed anew from what arrived.
//! (docs.aws.amazon.com/IAM, "Create a signed AWS API request")

use sha2::{Digest, Sha256};

use super::http::Request;

/// Who signed it, and for what: `KEY/DATE/REGION/SERVICE/aws4_request`.
pub(crate) fn scope(request: &Request) -> Option<Vec<String>> {
    let (_, rest) = request.header("authorization").split_once("Credential=")?;
    let scope = rest.split(',').next()?;
    Some(scope.split('/').map(str::to_owned).collect())
}

/// Whether a request was signed with this secret, and every header of it that has to be.
pub(crate) fn is_right(request: &Request, secret: &str) -> bool {
    let authorization = request.header("authorization");
    let part = |name: &str| {
        let (_, rest) = authorization.split_once(name)?;
        Some(rest.split(',').next()?.trim())
    };
    let (Some(scope), Some(names), Some(signature)) =
        (scope(request), part("SignedHeaders="), part("Signature="))
    else {
        return false;
    };
    let signed: Vec<_> = names.split(';').collect();
    let must = ["host", "x-amz-date"].into_iter();
    let mut must = must.chain(
        request
            .headers
            .contains_key("x-amz-security-token")
            .then_some("x-amz-security-token"),
    );
    if !must.all(|name| signed.contains(&name)) {
        return false;
    }
    let each = signed
        .iter()
        .map(|name| format!("{name}:{}\n", request.header(name)));
    let headers = each.collect::<Vec<_>>().concat();
    let mut query: Vec<_> = request.query.split('&').collect();
    query.sort_unstable();
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{names}\n{}",
        request.method,
        request.path,
        query.join("&"),
        hex(&Sha256::digest(&request.body))
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{}\n{}",
        request.header("x-amz-date"),
        scope[1..].join("/"),
        hex(&Sha256::digest(canonical))
    );
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope[1..].iter().fold(first, |key, part| hmac(&key, part));
    hex(&hmac(&key, &text)) == signature
}

/// RFC 2104.
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    assert!(key.len() <= 64);
    let padded = |with: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0));
        key.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let each = bytes.iter().map(|byte| format!("{byte:02x}"));
    each.collect::<Vec<_>>().concat()
}

/// Example of "Deriving a signing key" in AWS's reference.
#[test]
fn the_key_is_derived_as_in_aws_s_own_example() {
    let secret = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
    let key = ["20150830", "us-east-1", "iam", "aws4_request"]
        .iter()
        .fold(secret, |key, part| hmac(&key, part));
    assert_eq!(
        hex(&key),
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    );
}
