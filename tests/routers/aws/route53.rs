//! What of Route 53 the driver meets, as AWS's reference says it. (API reference 2013-04-01)

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::double::{Answer, refused};
use super::http::Request;

/// How many record sets a page has: few, so that there are pages.
const PAGE: usize = 2;

/// One hosted zone.
#[derive(Clone, Default)]
pub(crate) struct Zone {
    /// By name (its labels from the end), type, and set identifier.
    records: BTreeMap<(Vec<String>, String, String), Held>,
    /// How often each change is still asked for before it is everywhere.
    changes: Vec<u32>,
}

#[derive(Clone)]
struct Held {
    xml: String,
    weighted: bool,
}

impl Zone {
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let parts: Vec<_> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["2013-04-01", "hostedzone", "Z1", "rrset"]) => Ok(self.list(&request.asked())),
            ("POST", ["2013-04-01", "hostedzone", "Z1", "rrset"]) => self.change(&request.body),
            ("GET", ["2013-04-01", "change", id]) => self.progress(id),
            _ => Err(refused(
                404,
                "NoSuchHostedZone",
                "No hosted zone found with this ID",
            )),
        }
    }

    /// Puts a record set there, past all.
    pub(crate) fn put(&mut self, xml: &str) {
        let document = Document::parse(xml).unwrap();
        let (key, held) = read(document.root_element());
        self.records.insert(key, held);
    }

    /// All record sets.
    pub(crate) fn all(&self) -> Vec<String> {
        self.records.values().map(|held| held.xml.clone()).collect()
    }

    fn list(&self, asked: &BTreeMap<String, String>) -> String {
        let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let from = (labels(&get("name")), get("type"), get("identifier"));
        let mut rest = self.records.range(from..);
        let page: String = rest
            .by_ref()
            .take(PAGE)
            .map(|(_, held)| held.xml.as_str())
            .collect();
        let next = rest.next().map_or("<IsTruncated>false</IsTruncated>".to_owned(), |((name, kind, id), _)| {
            let name: Vec<_> = name.iter().rev().map(String::as_str).collect();
            let id = if id.is_empty() { String::new() } else { format!("<NextRecordIdentifier>{id}</NextRecordIdentifier>") };
            format!(
                "<IsTruncated>true</IsTruncated><NextRecordName>{}.</NextRecordName><NextRecordType>{kind}</NextRecordType>{id}",
                name.join(".")
            )
        });
        format!("<ResourceRecordSets>{page}</ResourceRecordSets>{next}<MaxItems>{PAGE}</MaxItems>")
    }

    /// All of a batch, or nothing.
    fn change(&mut self, body: &str) -> Answer {
        let document = Document::parse(body)
            .map_err(|error| refused(400, "InvalidInput", &error.to_string()))?;
        let mut records = self.records.clone();
        for change in named(document.root_element(), "Change") {
            let action = named(change, "Action")
                .next()
                .and_then(|action| action.text());
            let record = named(change, "ResourceRecordSet").next().unwrap();
            let (key, held) = read(record);
            let id = if key.2.is_empty() {
                String::new()
            } else {
                format!(", set identifier='{}'", key.2)
            };
            let what = format!(
                "resource record set [name='{}', type='{}'{id}]",
                key.0.join("/"),
                key.1
            );
            let invalid =
                |why: String| Err(refused(400, "InvalidChangeBatch", &format!("[{why}]")));
            let weight = text(record, "Weight").map_or(0, |weight| weight.parse::<u32>().unwrap());
            if weight > 255 {
                return Err(refused(400, "InvalidInput", "a weight is from 0 to 255"));
            }
            match (action, records.get(&key)) {
                (Some("DELETE"), None) => {
                    return invalid(format!("Tried to delete {what} but it was not found"));
                }
                (Some("DELETE"), Some(there)) if there.xml != held.xml => {
                    return invalid(format!(
                        "Tried to delete {what} but the values provided do not match the current values"
                    ));
                }
                (Some("DELETE"), Some(_)) => {
                    records.remove(&key);
                }
                (Some("CREATE"), Some(_)) => {
                    return invalid(format!("Tried to create {what} but it already exists"));
                }
                (Some("CREATE"), None) => {
                    let same = |other: &(Vec<String>, String, String)| {
                        other.0 == key.0 && other.1 == key.1
                    };
                    if records
                        .iter()
                        .any(|(other, there)| same(other) && there.weighted != held.weighted)
                    {
                        return invalid(format!("{what} beside one of another routing policy"));
                    }
                    records.insert(key, held);
                }
                other => return Err(refused(400, "InvalidInput", &format!("{:?}", other.0))),
            }
        }
        self.records = records;
        self.changes.push(1);
        Ok(info(self.changes.len(), "PENDING"))
    }

    fn progress(&mut self, id: &str) -> Answer {
        let number: Option<usize> = id.strip_prefix('C').and_then(|number| number.parse().ok());
        let left = number.and_then(|number| self.changes.get_mut(number.checked_sub(1)?));
        let Some(left) = left else {
            return Err(refused(404, "NoSuchChange", "no such change"));
        };
        let status = if *left == 0 { "INSYNC" } else { "PENDING" };
        *left = left.saturating_sub(1);
        Ok(info(number.unwrap(), status))
    }
}

fn info(number: usize, status: &str) -> String {
    format!("<ChangeInfo><Id>/change/C{number}</Id><Status>{status}</Status></ChangeInfo>")
}

fn read(node: Node<'_, '_>) -> ((Vec<String>, String, String), Held) {
    let get = |name| text(node, name).unwrap_or_default().to_owned();
    let key = (labels(&get("Name")), get("Type"), get("SetIdentifier"));
    let weighted = text(node, "Weight").is_some();
    (
        key,
        Held {
            xml: plain(node),
            weighted,
        },
    )
}

/// Without what makes no difference.
fn plain(node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let inner: String = node
        .children()
        .filter(Node::is_element)
        .map(plain)
        .collect();
    let text = if inner.is_empty() {
        node.text().unwrap_or_default().trim()
    } else {
        ""
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{text}{inner}</{name}>")
}

fn named<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants()
        .filter(move |node| node.tag_name().name() == name)
}

fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let mut children = node.children();
    children
        .find(|child| child.tag_name().name() == name)?
        .text()
}

fn labels(name: &str) -> Vec<String> {
    let name = name.trim_end_matches('.').to_lowercase();
    name.split('.').rev().map(str::to_owned).collect()
}
