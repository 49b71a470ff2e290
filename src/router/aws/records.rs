//! Record sets of Route 53, kept as the XML that they came as: so what is deleted is what was read, to the letter, and all of a
//! record but its weight stays as it is.
//! (docs.aws.amazon.com/Route53, API reference 2013-04-01, `ResourceRecordSet`)

use std::ops::Range;

use roxmltree::Node;

use super::xml::{child, document, elements, find, text};

/// One record set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// In lower case and without escapes, with the dot at its end.
    pub(super) name: String,
    pub(super) kind: String,
    /// Which one of those with this name and kind.
    pub(super) identifier: Option<String>,
    pub(super) weight: Option<u64>,
    /// How long resolvers keep it, in seconds; an alias has what it leads to.
    pub(super) ttl_s: Option<u64>,
    /// Whether Route 53 passes over it when what it leads to is not well.
    pub(super) is_checked: bool,
    /// The text of its first value.
    pub(super) value: Option<String>,
    source: String,
    weight_at: Range<usize>,
}

/// Where the next page of a list begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) identifier: Option<String>,
}

/// One page of a list.
pub(super) fn page(answer: &str) -> Result<(Vec<Record>, Option<Next>), String> {
    let document = document(answer)?;
    let list = find(&document, "ResourceRecordSets")
        .ok_or("Route 53 answers with something else than record sets")?;
    let records = elements(list).map(|node| Record::read(node, answer));
    let root = document.root_element();
    let get = |name| text(root, name).map(str::to_owned);
    let next = match (get("NextRecordName"), get("NextRecordType")) {
        (Some(name), Some(kind)) if text(root, "IsTruncated") == Some("true") => Some(Next {
            name,
            kind,
            identifier: get("NextRecordIdentifier"),
        }),
        _ => None,
    };
    Ok((records.collect(), next))
}

impl Record {
    fn read(node: Node<'_, '_>, answer: &str) -> Self {
        let get = |name| text(node, name);
        let number = |name| get(name).and_then(|number: &str| number.parse().ok());
        let place = node.range();
        let weight_at = child(node, "Weight").map_or(0..0, |weight| {
            let at = weight.range();
            at.start - place.start..at.end - place.start
        });
        let alias = child(node, "AliasTarget");
        let watches = alias.and_then(|alias| text(alias, "EvaluateTargetHealth"));
        let first = child(node, "ResourceRecords").and_then(|all| elements(all).next());
        Self {
            name: normal(get("Name").unwrap_or_default()),
            kind: get("Type").unwrap_or_default().to_owned(),
            identifier: get("SetIdentifier").map(str::to_owned),
            weight: number("Weight"),
            ttl_s: number("TTL"),
            is_checked: get("HealthCheckId").is_some() || watches == Some("true"),
            value: first
                .and_then(|first| text(first, "Value"))
                .map(str::to_owned),
            source: answer[place].to_owned(),
            weight_at,
        }
    }

    /// As it came.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The same with another weight.
    pub(super) fn weighing(&self, weight: u8) -> String {
        let mut source = self.source.clone();
        source.replace_range(
            self.weight_at.clone(),
            &format!("<Weight>{weight}</Weight>"),
        );
        source
    }
}

/// A name as it can be compared: Route 53 writes `*` as `\052`, and a dot at the end.
pub(super) fn normal(name: &str) -> String {
    let mut plain = String::new();
    let mut rest = name;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let byte = escape
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = byte {
            plain.push(char::from(byte));
            rest = &escape[3..];
        } else {
            plain.push('\\');
            rest = escape;
        }
    }
    plain.push_str(rest);
    if !plain.ends_with('.') {
        plain.push('.');
    }
    plain.make_ascii_lowercase();
    plain
}

/// As text of an XML element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0"?>
<ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>
<ResourceRecordSet><Name>\052.Example.org.</Name><Type>A</Type><SetIdentifier>blue &amp; co</SetIdentifier><Weight>95</Weight>
<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>lb.example.org.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>
<ResourceRecordSet><Name>a.example.org.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>"blue=100:7"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
</ResourceRecordSets><IsTruncated>true</IsTruncated><NextRecordName>b.</NextRecordName><NextRecordType>A</NextRecordType><NextRecordIdentifier>x</NextRecordIdentifier></ListResourceRecordSetsResponse>"#;

    #[test]
    fn a_record_is_written_back_as_it_came_but_for_its_weight() {
        let (records, next) = page(PAGE).unwrap();
        let [alias, text] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!(
            (alias.name.as_str(), alias.weight),
            ("*.example.org.", Some(95))
        );
        assert_eq!(alias.identifier.as_deref(), Some("blue & co"));
        assert!(alias.is_checked && PAGE.contains(alias.source()));
        let expected = alias.source().replace("<Weight>95<", "<Weight>5<");
        assert_eq!(alias.weighing(5), expected);
        assert_eq!(text.value.as_deref(), Some("\"blue=100:7\""));
        assert_eq!(
            (text.ttl_s, text.weight, text.is_checked),
            (Some(60), None, false)
        );
        let next = next.unwrap();
        assert_eq!(
            (next.name.as_str(), next.identifier.as_deref()),
            ("b.", Some("x"))
        );
    }

    #[test]
    fn names_are_compared_without_their_escapes() {
        for (written, plain) in [
            ("App.example.org", "app.example.org."),
            (r"\052.example.org.", "*.example.org."),
            ("*.example.org", "*.example.org."),
            (r"a\b.example.org", r"a\b.example.org."),
        ] {
            assert_eq!(normal(written), plain);
        }
    }
}
