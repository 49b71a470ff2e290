//! `new replace-enum`: a column that takes other values.

use super::columns::Replacement;
use super::{Draft, Given, Picture, ScaffoldError, Site};
use crate::model::{ColumnDef, DataType, Dialect, Ident, Name, TypeShape};
use crate::sync::words::{Words, slug};

/// `new replace-enum orders.state new,paid,shipped --map sent=shipped`.
pub(super) fn replace(
    site: Site<'_>,
    column: &str,
    labels: &[String],
    map: &[String],
    to: Option<&str>,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, old) = picture.column_name(column)?;
    let def = picture.column(&table, &old, given)?;
    let new = picture.ident(to.unwrap_or(&format!("{}_new", old.as_str())));
    let data_type = def.data_type.clone().unwrap_or_else(|| DataType::named(""));
    let was = labels_of(picture, &data_type);
    let labels = Labels::matched(was.as_deref(), labels, map)?;
    let types = types(picture, &table, &new, &data_type, &labels)?;
    let default = def
        .default
        .as_ref()
        .and_then(|default| first_string(&default.text));
    let default = default.map(|label| quoted(labels.to_new(&label)));
    let old_type = ColumnDef {
        charset: None,
        collation: None,
        ..def.clone()
    };
    let old_type = super::super::heir::type_of(&old_type, words.dialect);
    Replacement {
        name: slug(&format!("replace_enum_of_{table}_{old}")),
        value: mapped(words, &old, &labels.forth, &types.new),
        back: mapped(words, &new, &labels.back, &old_type),
        table,
        old: def,
        new,
        new_type: types.new,
        keeps_the_type: false,
        default,
        check: None,
        before: types.create,
        before_down: types.take_back,
        after: types.drop,
    }
    .draft(site)
}

/// The values that the column takes today, where something tells them.
fn labels_of(picture: &Picture, data_type: &DataType) -> Option<Vec<String>> {
    match picture.schema.shape_of(data_type) {
        Some(TypeShape::Enum(labels)) => Some(labels.clone()),
        _ if data_type.name == "enum" => {
            let bare = data_type.args.iter();
            Some(
                bare.map(|label| label.trim_matches('\'').replace("''", "'"))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Both lists, and the labels that are not written alike in both.
struct Labels {
    new: Vec<String>,
    /// Old label and new label, where they differ.
    forth: Vec<(String, String)>,
    /// New label and old label, where they differ.
    back: Vec<(String, String)>,
}

impl Labels {
    fn matched(
        was: Option<&[String]>,
        new: &[String],
        map: &[String],
    ) -> Result<Self, ScaffoldError> {
        let mut pairs = Vec::new();
        for one in map {
            let pair = one.split_once('=').ok_or_else(|| {
                ScaffoldError::Impossible(format!("`{one}` is not of the form OLD=NEW"))
            })?;
            pairs.push((pair.0.to_owned(), pair.1.to_owned()));
        }
        let missing = |label: &str, from: &str, other: &str| ScaffoldError::Missing {
            what: format!(
                "`{label}` is only in the {from} list, and nothing tells what it is in the {other} one"
            ),
            flag: "--map OLD=NEW",
        };
        for label in was.unwrap_or_default() {
            if !new.contains(label) && !pairs.iter().any(|(old, _)| old == label) {
                return Err(missing(label, "old", "new"));
            }
        }
        let mut back = Vec::new();
        for label in new {
            let known = was.is_none_or(|was| was.contains(label));
            match pairs.iter().find(|(_, new)| new == label) {
                Some((old, _)) if was.is_none() || !known => {
                    back.push((label.clone(), old.clone()));
                }
                None if !known => return Err(missing(label, "new", "old")),
                _ => {}
            }
        }
        Ok(Self {
            new: new.to_vec(),
            forth: pairs,
            back,
        })
    }

    fn to_new<'l>(&'l self, label: &'l str) -> &'l str {
        let pair = self.forth.iter().find(|(old, _)| old == label);
        pair.map_or(label, |(_, new)| new)
    }
}

/// The types of both columns, and what makes and removes them.
struct Types {
    new: String,
    create: Vec<String>,
    take_back: Vec<String>,
    drop: Vec<String>,
}

fn types(
    picture: &Picture,
    table: &Name,
    new: &Ident,
    old: &DataType,
    labels: &Labels,
) -> Result<Types, ScaffoldError> {
    let words = picture.words();
    let list: Vec<_> = labels.new.iter().map(|label| quoted(label)).collect();
    let list = list.join(", ");
    let none = Vec::new;
    match words.dialect {
        Dialect::Mysql => Ok(Types {
            new: format!("enum({list})"),
            create: none(),
            take_back: none(),
            drop: none(),
        }),
        Dialect::Sqlite => Ok(Types {
            new: format!("text CHECK ({} IN ({list}))", words.id(new)),
            create: none(),
            take_back: none(),
            drop: none(),
        }),
        Dialect::Postgres => {
            let name = picture.name(&format!("{}_{}", table.name.as_str(), new.as_str()));
            let name = table.sibling(name.name);
            if picture.schema.type_shape(&name).is_some() {
                return Err(ScaffoldError::Taken {
                    what: format!("type `{name}`"),
                });
            }
            let new = words.name(&name);
            let was = picture.name(&old.name);
            let users = picture.schema.users_of_type(&was).count();
            let goes = picture.schema.type_shape(&was).is_some() && users == 1;
            Ok(Types {
                create: vec![format!("CREATE TYPE {new} AS ENUM ({list});")],
                take_back: vec![format!("DROP TYPE {new};")],
                drop: goes
                    .then(|| format!("DROP TYPE {};", words.name(&was)))
                    .into_iter()
                    .collect(),
                new,
            })
        }
    }
}

/// A column's value with other labels.
fn mapped(words: Words, column: &Ident, pairs: &[(String, String)], data_type: &str) -> String {
    let column = words.id(column);
    let value = match words.dialect {
        Dialect::Postgres => format!("CAST({column} AS text)"),
        Dialect::Mysql | Dialect::Sqlite => column,
    };
    let value = if pairs.is_empty() {
        value
    } else {
        let whens = pairs
            .iter()
            .map(|(from, to)| format!("WHEN {} THEN {} ", quoted(from), quoted(to)));
        format!("CASE {value} {}ELSE {value} END", whens.collect::<String>())
    };
    match words.dialect {
        Dialect::Postgres => format!("CAST({value} AS {data_type})"),
        Dialect::Mysql | Dialect::Sqlite => value,
    }
}

fn quoted(label: &str) -> String {
    format!("'{}'", label.replace('\'', "''"))
}

/// `new` of `'new'` and of `'new'::order_state`.
fn first_string(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('\'')?;
    let (label, _) = rest.split_once('\'')?;
    Some(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    #[test]
    fn every_label_must_have_one_on_the_other_side() {
        let was = owned(&["new", "sent"]);
        let matched =
            |new: &[&str], map: &[&str]| Labels::matched(Some(&was), &owned(new), &owned(map));
        let error = matched(&["new"], &[]).err().unwrap();
        assert!(
            error.to_string().contains("`sent` is only in the old list"),
            "{error}"
        );
        let error = matched(&["new", "sent", "lost"], &[]).err().unwrap();
        assert!(
            error.to_string().contains("`lost` is only in the new list"),
            "{error}"
        );
        let labels = matched(&["new", "shipped"], &["sent=shipped"]).unwrap();
        assert_eq!(labels.to_new("sent"), "shipped");
        assert_eq!(labels.to_new("new"), "new");
        assert_eq!(labels.back, [("shipped".to_owned(), "sent".to_owned())]);
    }
}
