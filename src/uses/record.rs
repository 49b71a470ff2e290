//! The shape in which a release's uses are kept in the record: JSON that a person can read.
//!
//! ```json
//! {"only":{"relations":[{"name":"users","columns":["handle","id"],"writes":true}],"routines":[{"name":"now"}]}}
//! ```

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Columns, Keys, Reliance, Relied, Uses};
use crate::model::{Ident, Name};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    Everything { why: String },
    Only(Only),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Only {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relations: Vec<Relation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    types: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routines: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sequences: Vec<Named>,
    /// Words of queries that could not be understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    words: Vec<String>,
    /// Any type, routine and sequence may be used as well.
    #[serde(skip_serializing_if = "is_false")]
    unseen: bool,
}

#[derive(Serialize, Deserialize)]
struct Relation {
    #[serde(flatten)]
    named: Named,
    /// Every column; `columns` is empty then.
    #[serde(default, skip_serializing_if = "is_false")]
    whole: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    writes: bool,
    /// Any unique key of the table.
    #[serde(default, skip_serializing_if = "is_false")]
    any_key: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys_over: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
}

/// A name as the engine compares it, so that nothing needs quotes.
#[derive(Serialize, Deserialize)]
struct Named {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    name: String,
}

impl From<Uses> for Record {
    fn from(uses: Uses) -> Self {
        let relied = match uses {
            Uses::Everything { why } => return Self::Everything { why },
            Uses::Only(relied) => relied,
        };
        Self::Only(Only {
            relations: relied.relations.iter().map(relation).collect(),
            types: relied.types.iter().map(Named::from).collect(),
            routines: relied.routines.iter().map(Named::from).collect(),
            sequences: relied.sequences.iter().map(Named::from).collect(),
            words: texts(&relied.words),
            unseen: relied.unseen,
        })
    }
}

impl From<Record> for Uses {
    fn from(record: Record) -> Self {
        let only = match record {
            Record::Everything { why } => return Self::Everything { why },
            Record::Only(only) => only,
        };
        let names = |named: Vec<Named>| named.into_iter().map(Name::from).collect();
        let relations = only.relations.into_iter().map(|relation| {
            let columns = if relation.whole {
                Columns::All
            } else {
                Columns::Listed(idents(&relation.columns))
            };
            let keys = Keys {
                any: relation.any_key,
                over: relation.keys_over.iter().map(|key| idents(key)).collect(),
                named: idents(&relation.keys),
            };
            let reliance = Reliance {
                columns,
                writes: relation.writes,
                keys,
            };
            (Name::from(relation.named), reliance)
        });
        Self::Only(Relied {
            relations: relations.collect(),
            types: names(only.types),
            routines: names(only.routines),
            sequences: names(only.sequences),
            words: idents(&only.words),
            unseen: only.unseen,
        })
    }
}

fn relation((name, reliance): (&Name, &Reliance)) -> Relation {
    let (whole, columns) = match &reliance.columns {
        Columns::All => (true, Vec::new()),
        Columns::Listed(columns) => (false, texts(columns)),
    };
    Relation {
        named: Named::from(name),
        whole,
        columns,
        writes: reliance.writes,
        any_key: reliance.keys.any,
        keys_over: reliance.keys.over.iter().map(texts).collect(),
        keys: texts(&reliance.keys.named),
    }
}

impl From<&Name> for Named {
    fn from(name: &Name) -> Self {
        Self {
            schema: name
                .schema
                .as_ref()
                .map(|schema| schema.as_str().to_owned()),
            name: name.name.as_str().to_owned(),
        }
    }
}

impl From<Named> for Name {
    fn from(named: Named) -> Self {
        Self {
            schema: named.schema.as_deref().map(Ident::folded),
            name: Ident::folded(&named.name),
        }
    }
}

fn texts(idents: &BTreeSet<Ident>) -> Vec<String> {
    idents
        .iter()
        .map(|ident| ident.as_str().to_owned())
        .collect()
}

fn idents(texts: &[String]) -> BTreeSet<Ident> {
    texts.iter().map(|text| Ident::folded(text)).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
