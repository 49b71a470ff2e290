//! What an answer has to be, and everything that speaks against it.

use std::fmt;
use std::str::FromStr;

use regex_lite::Regex;
use serde_json::Value;

use super::Mismatch;

/// What an answer has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Its status is one of these.
    pub status: Statuses,
    /// Its body holds each of these texts.
    pub body_contains: Vec<String>,
    /// Each of these is found in its body.
    pub body_matches: Vec<Pattern>,
    /// Its body is JSON, and has each of these values in its place.
    pub json: Vec<(Pointer, Value)>,
    /// It has each of these headers with this value; parameters of the value, after a `;`, may be left out here.
    pub headers: Vec<(String, String)>,
    /// It was there within so many milliseconds.
    pub latency_ms: Option<u64>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Statuses of HTTP: single ones and ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(pub Vec<(u16, u16)>);

impl Default for Statuses {
    /// Success: 200 to 299.
    fn default() -> Self {
        Self(vec![(200, 299)])
    }
}

impl Statuses {
    fn hold(&self, status: u16) -> bool {
        self.0
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&status))
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().map(|(from, to)| match to - from {
            0 => from.to_string(),
            99 if from % 100 == 0 => format!("{}xx", from / 100),
            _ => format!("{from}-{to}"),
        });
        f.write_str(&each.collect::<Vec<_>>().join(" or "))
    }
}

/// One status, or a range of them: `200`, `2xx`, `200-204`.
///
/// # Errors
/// When it is none, with how to write one.
pub(super) fn statuses(text: &str) -> Result<(u16, u16), String> {
    let number = |text: &str| {
        let number: u16 = text.trim().parse().ok()?;
        (100..=999).contains(&number).then_some(number)
    };
    let family = |text: &str| {
        let number = number(&format!("{}00", text.strip_suffix("xx")?))?;
        Some((number, number + 99))
    };
    let range = |text: &str| {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (number(from)?, number(to)?);
        (from <= to).then_some((from, to))
    };
    let one = number(text).map(|number| (number, number));
    one.or_else(|| family(text))
        .or_else(|| range(text))
        .ok_or_else(|| format!("`{text}` is no status; write it like 200, \"2xx\" or \"200-204\""))
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        statuses(text).map(|range| Self(vec![range]))
    }
}

/// A regular expression, which is the same as another when it is written the same.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let compiled = Regex::new(text);
        compiled
            .map(Self)
            .map_err(|error| format!("`{text}` is no regular expression: {error}"))
    }
}

/// A place in JSON (RFC 6901): `/status`, `/checks/0/name`; the empty one is all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(String);

impl FromStr for Pointer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('/') {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{text}` is no JSON pointer; write it like `/{}` (RFC 6901)",
            text.trim_start_matches("$.").replace('.', "/")
        ))
    }
}

impl Expect {
    /// Everything that speaks against an answer.
    pub fn judge(&self, seen: &Seen<'_>) -> Vec<Mismatch> {
        let mut wrong = Vec::new();
        if !self.status.hold(seen.status) {
            let got = match String::from_utf8_lossy(seen.body).trim() {
                "" => seen.status.to_string(),
                body => format!("{}, and the body {}", seen.status, quoted(body)),
            };
            wrong.push(Mismatch::new(format!("the status {}", self.status), got));
        }
        if let Some(limit_ms) = self.latency_ms.filter(|limit_ms| seen.took_ms > *limit_ms) {
            let expected = format!("an answer within {limit_ms} ms");
            wrong.push(Mismatch::new(expected, format!("{} ms", seen.took_ms)));
        }
        wrong.extend(self.headers_of(seen));
        wrong.extend(self.body_of(seen));
        wrong.extend(self.json_of(seen));
        wrong
    }

    fn headers_of(&self, seen: &Seen<'_>) -> Vec<Mismatch> {
        let wrong = self.headers.iter().filter_map(|(name, wanted)| {
            let named = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
            let values: Vec<_> = seen.headers.iter().filter(named).collect();
            let fits = |value: &str| {
                let bare = value.split(';').next().unwrap_or(value);
                value.trim() == wanted || bare.trim() == wanted
            };
            if values.iter().any(|(_, value)| fits(value)) {
                return None;
            }
            let got = match &values[..] {
                [] => "no such header".to_owned(),
                values => {
                    let values = values.iter().map(|(_, value)| quoted(value));
                    values.collect::<Vec<_>>().join(" and ")
                }
            };
            let expected = format!("the header {name} to be {}", quoted(wanted));
            Some(Mismatch::new(expected, got))
        });
        wrong.collect()
    }

    fn body_of(&self, seen: &Seen<'_>) -> Vec<Mismatch> {
        if self.body_contains.is_empty() && self.body_matches.is_empty() {
            return Vec::new();
        }
        let body = String::from_utf8_lossy(seen.body);
        let contained = self
            .body_contains
            .iter()
            .filter(|text| !body.contains(*text));
        let contained = contained.map(|text| format!("a body with {}", quoted(text)));
        let matched = self
            .body_matches
            .iter()
            .filter(|one| !one.0.is_match(&body));
        let matched = matched.map(|one| format!("a body that matches `{}`", one.0.as_str()));
        contained
            .chain(matched)
            .map(|expected| Mismatch::new(expected, quoted(&body)))
            .collect()
    }

    fn json_of(&self, seen: &Seen<'_>) -> Vec<Mismatch> {
        if self.json.is_empty() {
            return Vec::new();
        }
        let Ok(body) = serde_json::from_slice::<Value>(seen.body) else {
            let got = quoted(&String::from_utf8_lossy(seen.body));
            return vec![Mismatch::new("a body of JSON", got)];
        };
        let wrong = self.json.iter().filter_map(|(pointer, wanted)| {
            let found = body.pointer(&pointer.0);
            if found.is_some_and(|found| same(found, wanted)) {
                return None;
            }
            let place = match pointer.0.as_str() {
                "" => "the JSON body".to_owned(),
                place => format!("`{place}` of the JSON body"),
            };
            let got = found.map_or("no such value".to_owned(), |found| cut(&found.to_string()));
            Some(Mismatch::new(format!("{place} to be {wanted}"), got))
        });
        wrong.collect()
    }
}

/// 1 and 1.0 are the same number, whatever the configuration and the application wrote.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) if found.to_bits() == wanted.to_bits() => true,
        _ => found == wanted,
    }
}

/// In quotes on one line, and not too long to be read.
fn quoted(text: &str) -> String {
    cut(&format!("{text:?}"))
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn against(expect: &Expect, body: &str) -> Vec<String> {
        let headers = [
            ("content-type", "application/json; charset=utf-8"),
            ("x-slot", "green"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let seen = Seen {
            status: 200,
            headers: &headers,
            body: body.as_bytes(),
            took_ms: 120,
        };
        let wrong = expect.judge(&seen).into_iter();
        wrong
            .map(|one| format!("{}: {}", one.expected, one.got))
            .collect()
    }

    fn status(text: &str) -> Expect {
        Expect {
            status: text.parse().unwrap(),
            ..Expect::default()
        }
    }

    fn header(name: &str, value: &str) -> Expect {
        Expect {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..Expect::default()
        }
    }

    fn json(pointer: &str, value: Value) -> Expect {
        Expect {
            json: vec![(pointer.parse().unwrap(), value)],
            ..Expect::default()
        }
    }

    fn matches(pattern: &str) -> Expect {
        Expect {
            body_matches: vec![pattern.parse().unwrap()],
            ..Expect::default()
        }
    }

    fn contains(text: &str) -> Expect {
        Expect {
            body_contains: vec![text.to_owned()],
            ..Expect::default()
        }
    }

    fn latency(latency_ms: u64) -> Expect {
        Expect {
            latency_ms: Some(latency_ms),
            ..Expect::default()
        }
    }

    const BODY: &str = r#"{"status":"ok","db":{"migrated":true,"lag":1.0},"list":[{"a/b":null}]}"#;

    #[test]
    fn an_answer_as_expected_has_nothing_against_it() {
        let expected = [
            Expect::default(),
            status("200"),
            status("2xx"),
            status("199-200"),
            header("Content-Type", "application/json"),
            header("content-type", "application/json; charset=utf-8"),
            header("X-Slot", "green"),
            header("Set-Cookie", "b=2"),
            json("/status", json!("ok")),
            json("/db/migrated", json!(true)),
            json("/db/lag", json!(1)),
            json("/list/0/a~1b", json!(null)),
            json("/db", json!({"lag": 1.0, "migrated": true})),
            matches("\"status\": ?\"(ok|warm)\""),
            contains("migrated"),
            latency(120),
        ];
        for expect in expected {
            assert_eq!(against(&expect, BODY), [""; 0], "{expect:?}");
        }
    }

    #[test]
    fn what_is_otherwise_is_told_with_what_came() {
        let cases = [
            (
                status("204"),
                "the status 204: 200, and the body \"{\\\"status\\\":\\\"ok\\\"}\"",
            ),
            (
                header("x-slot", "blue"),
                "the header x-slot to be \"blue\": \"green\"",
            ),
            (
                header("set-cookie", "c=3"),
                "the header set-cookie to be \"c=3\": \"a=1\" and \"b=2\"",
            ),
            (
                header("etag", "x"),
                "the header etag to be \"x\": no such header",
            ),
            // A value is equal or it is not: "gre" is no slot.
            (
                header("x-slot", "gre"),
                "the header x-slot to be \"gre\": \"green\"",
            ),
            (
                json("/status", json!("OK")),
                "`/status` of the JSON body to be \"OK\": \"ok\"",
            ),
            (
                json("/missing", json!(null)),
                "`/missing` of the JSON body to be null: no such value",
            ),
            (
                json("", json!([])),
                "the JSON body to be []: {\"status\":\"ok\"}",
            ),
            (
                matches("^ok$"),
                "a body that matches `^ok$`: \"{\\\"status\\\":\\\"ok\\\"}\"",
            ),
            (
                contains("OK"),
                "a body with \"OK\": \"{\\\"status\\\":\\\"ok\\\"}\"",
            ),
            (latency(119), "an answer within 119 ms: 120 ms"),
        ];
        for (expect, told) in cases {
            assert_eq!(against(&expect, r#"{"status":"ok"}"#), [told], "{expect:?}");
        }
        assert_eq!(
            against(&json("/status", json!("ok")), "<html>"),
            ["a body of JSON: \"<html>\""]
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let expect = Expect {
            status: "503".parse().unwrap(),
            body_contains: vec!["a".to_owned(), "q".to_owned()],
            latency_ms: Some(1),
            ..Expect::default()
        };
        assert_eq!(against(&expect, "bcd").len(), 4);
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let told = against(&contains("x"), &"ü".repeat(1_000)).remove(0);
        assert!(told.ends_with("… (2002 bytes)"), "{told}");
        assert!(told.len() < 500, "{told}");
    }

    #[test]
    fn statuses_patterns_and_pointers_that_are_none_are_refused() {
        for wrong in ["", "99", "1000", "xx", "20x", "300-200", "200-", "ok"] {
            assert!(wrong.parse::<Statuses>().is_err(), "{wrong}");
        }
        assert!("(".parse::<Pattern>().is_err());
        assert_eq!(
            "$.db.migrated".parse::<Pointer>().unwrap_err(),
            "`$.db.migrated` is no JSON pointer; write it like `/db/migrated` (RFC 6901)"
        );
    }

    #[test]
    fn statuses_are_shown_as_they_are_written() {
        let statuses = Statuses(vec![(200, 200), (300, 399), (500, 503)]);
        assert_eq!(statuses.to_string(), "200 or 3xx or 500-503");
    }
}
