//! Why AWS did not do what it was asked for, and the way out.

use chrono::{DateTime, TimeDelta, Utc};

use super::xml;

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
    pub(super) fn is_throttled(&self) -> bool {
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

/// How far this machine's clock is before the other side's.
pub(super) fn skew(date: &str) -> Option<TimeDelta> {
    let theirs = DateTime::parse_from_rfc2822(date).ok()?;
    Some(Utc::now().signed_duration_since(theirs))
}

/// A refusal as it came.
pub(super) fn refusal(status: u16, text: &str, skew: Option<TimeDelta>) -> Trouble {
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

#[cfg(test)]
mod tests {
    use super::*;

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
