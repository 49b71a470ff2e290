//! What a release uses, in the form that the guard's functions read.

use serde::Serialize;

use crate::model::{Ident, Name};

/// What a release relies on. The default is everything that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// What it uses, by name: tables and views above all, but a sequence, type or routine of the name is meant as well,
    /// and so are the types of the columns. `None` is everything in the database.
    pub tables: Option<Vec<Use>>,
    /// What it was not built to know, though it is there: made by steps that it does not ship. A [`Use`] without columns
    /// is the whole object.
    pub unknown: Vec<Use>,
    /// Besides [`Self::tables`], every type, routine and sequence.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// The roles that it logs in as, whose privileges are pinned. `None` pins the privileges of every role.
    pub roles: Option<Vec<String>>,
}

/// One table, view or other object, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Its schema; `None` is whichever has an object of that name.
    pub schema: Option<String>,
    /// Its name, as the catalog has it.
    pub name: String,
    /// The columns, as the catalog has them; `None` is all.
    pub columns: Option<Vec<String>>,
    /// Whether rows are written: then what refuses writes breaks the release too.
    pub writes: bool,
}

/// An object of a step: a table with some of its columns and constraints, or anything else of that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Its schema; `None` is whichever has an object of that name.
    pub schema: Option<String>,
    /// Its name, as the catalog has it.
    pub name: String,
    /// The columns that are meant. `None` is the whole object.
    pub columns: Option<Vec<String>>,
    /// The constraints and unique indexes that are meant, by their names, where a release is let go of them alone.
    pub constraints: Option<Vec<String>>,
}

impl Uses {
    /// The argument for the guard's functions.
    pub fn json(&self) -> String {
        json(self)
    }
}

impl Use {
    /// All of a table, written and read.
    pub fn whole(table: &Name) -> Self {
        Self {
            schema: schema(table),
            name: table.name.as_str().to_owned(),
            columns: None,
            writes: true,
        }
    }

    /// These columns alone.
    #[must_use]
    pub fn columns<'a>(mut self, columns: impl IntoIterator<Item = &'a Ident>) -> Self {
        self.columns = Some(names(columns));
        self
    }

    /// Read, never written.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.writes = false;
        self
    }
}

impl Object {
    /// All of an object.
    pub fn whole(name: &Name) -> Self {
        Self {
            schema: schema(name),
            name: name.name.as_str().to_owned(),
            columns: None,
            constraints: None,
        }
    }

    /// These columns of a table.
    #[must_use]
    pub fn columns<'a>(mut self, columns: impl IntoIterator<Item = &'a Ident>) -> Self {
        self.columns = Some(names(columns));
        self
    }

    /// These constraints and unique indexes of a table.
    #[must_use]
    pub fn constraints<'a>(mut self, constraints: impl IntoIterator<Item = &'a Ident>) -> Self {
        self.constraints = Some(names(constraints));
        self
    }

    /// The argument for the guard's functions.
    pub fn list(objects: &[Self]) -> String {
        json(objects)
    }
}

/// A bare name stands for whatever has it: which schema it lies in is the search path's to say.
fn schema(name: &Name) -> Option<String> {
    name.schema
        .as_ref()
        .map(|schema| schema.as_str().to_owned())
}

fn names<'a>(idents: impl IntoIterator<Item = &'a Ident>) -> Vec<String> {
    idents
        .into_iter()
        .map(|ident| ident.as_str().to_owned())
        .collect()
}

#[expect(
    clippy::expect_used,
    reason = "strings, lists and booleans always make JSON"
)]
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("nothing in it can fail to serialize")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_what_the_functions_read() {
        let table = Name::bare(Ident::folded("users"));
        let uses = Uses {
            tables: Some(vec![
                Use::whole(&table)
                    .columns([&Ident::folded("id")])
                    .read_only(),
            ]),
            ..Uses::default()
        };
        assert_eq!(
            uses.json(),
            r#"{"tables":[{"schema":null,"name":"users","columns":["id"],"writes":false}],"unknown":[],"roles":null}"#
        );
        assert_eq!(
            Object::list(&[Object::whole(&table).constraints([&Ident::folded("users_key")])]),
            r#"[{"schema":null,"name":"users","columns":null,"constraints":["users_key"]}]"#
        );
    }
}
