//! What a database holds, as an application sees it: the same nouns for the three engines.
//!
//! Each engine answers its catalog query with one JSON object a line ([`Row`]); folded together they are
//! a [`Catalog`], whose maps are ordered so that two runs say the same in the same order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Ident, Name, Object, ObjectKind};
use serde::Deserialize;

/// The whole database at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Tables and views, by name.
    pub relations: BTreeMap<String, Relation>,
    /// By name; a name may be overloaded.
    pub routines: BTreeMap<String, Vec<Routine>>,
    /// Enumerations: their labels in order, by name.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Domains, by name.
    pub domains: BTreeMap<String, Domain>,
    /// Composite types: attribute to type.
    pub composites: BTreeMap<String, BTreeMap<String, String>>,
    /// Everything that is only there or not: (kind, name) to what it says of itself.
    pub objects: BTreeMap<(String, String), String>,
    /// Who may do what besides the owners.
    pub grants: BTreeSet<Grant>,
}

impl Catalog {
    /// Whether this object is there. Quotes and case are taken lightly: it is asked of names in SQL.
    pub fn has(&self, object: &Object) -> bool {
        let same = |one: &str, other: &str| one.replace('"', "").eq_ignore_ascii_case(other);
        let (full, bare) = (object.name.to_string(), object.name.name.to_string());
        let among_parts = |names: fn(&Relation) -> Vec<&String>| {
            self.relations
                .values()
                .any(|relation| names(relation).iter().any(|name| same(name, &bare)))
        };
        match object.kind {
            kind if kind.is_relation() => self.relations.keys().any(|name| same(name, &full)),
            kind if kind.is_routine() => self.routines.keys().any(|name| same(name, &full)),
            ObjectKind::Index => among_parts(|it| {
                it.indexes
                    .iter()
                    .chain(it.keys.iter().map(|key| &key.name))
                    .collect()
            }),
            ObjectKind::Trigger => among_parts(|it| it.triggers.keys().collect()),
            ObjectKind::Policy => among_parts(|it| it.policies.keys().collect()),
            ObjectKind::Rule => among_parts(|it| it.rules.keys().collect()),
            _ => {
                let types = self
                    .enums
                    .keys()
                    .chain(self.domains.keys())
                    .chain(self.composites.keys());
                let others = self.objects.keys().map(|(_, name)| name);
                types.chain(others).any(|name| same(name, &full))
            }
        }
    }

    /// Whether the table has this column.
    pub fn has_column(&self, table: &Name, column: &Ident) -> bool {
        self.relation(table).is_some_and(|relation| {
            let mut names = relation.columns.keys();
            names.any(|name| is_called(name, column))
        })
    }

    /// Whether the table has this constraint. `None` if the engine does not say.
    pub fn has_constraint(&self, table: &Name, constraint: &Ident) -> Option<bool> {
        let Some(relation) = self.relation(table) else {
            return Some(false);
        };
        let names = relation.constraints.as_ref()?;
        Some(names.iter().any(|name| is_called(name, constraint)))
    }

    fn relation(&self, table: &Name) -> Option<&Relation> {
        let full = table.to_string();
        let mut relations = self.relations.iter();
        let found = relations.find(|(name, _)| name.replace('"', "").eq_ignore_ascii_case(&full));
        found.map(|(_, relation)| relation)
    }

    /// Folds the lines that a catalog query printed.
    pub fn from_lines(lines: &str) -> serde_json::Result<Self> {
        let rows = lines
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(serde_json::from_str);
        let mut catalog = Self::default();
        let mut parts = Vec::new();
        for row in rows {
            match row? {
                Row::Relation(relation) => {
                    catalog.relations.insert(relation.name.clone(), relation);
                }
                Row::Routine { name, routine } => {
                    catalog.routines.entry(name).or_default().push(routine);
                }
                Row::Enum { name, labels } => {
                    catalog.enums.insert(name, labels);
                }
                Row::Domain { name, domain } => {
                    catalog.domains.insert(name, domain);
                }
                Row::Composite { name, attributes } => {
                    catalog
                        .composites
                        .insert(name, attributes.unwrap_or_default());
                }
                Row::Object {
                    kind,
                    name,
                    definition,
                } => {
                    catalog.objects.insert((kind, name), definition);
                }
                Row::Grant(grant) => {
                    catalog.grants.insert(grant);
                }
                Row::Part { of, part } => parts.push((of, part)),
            }
        }
        for (of, part) in parts {
            // What belongs to no relation that we know belongs to an extension.
            if let Some(relation) = catalog.relations.get_mut(&of) {
                relation.attach(part);
            }
        }
        Ok(catalog)
    }
}

/// Case is taken lightly: it is asked of names in SQL.
fn is_called(name: &str, wanted: &Ident) -> bool {
    name.eq_ignore_ascii_case(wanted.as_str())
}

/// One line of a catalog query's answer.
#[derive(Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
enum Row {
    Relation(Relation),
    Part {
        of: String,
        #[serde(flatten)]
        part: Part,
    },
    Routine {
        name: String,
        #[serde(flatten)]
        routine: Routine,
    },
    Enum {
        name: String,
        labels: Vec<String>,
    },
    Domain {
        name: String,
        #[serde(flatten)]
        domain: Domain,
    },
    Composite {
        name: String,
        attributes: Option<BTreeMap<String, String>>,
    },
    Object {
        kind: String,
        name: String,
        definition: String,
    },
    Grant(Grant),
}

/// A part of a relation.
#[derive(Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
enum Part {
    Column {
        name: String,
        #[serde(flatten)]
        column: Column,
    },
    Key(Key),
    Index {
        name: String,
    },
    Check {
        expression: String,
    },
    ForeignKey(ForeignKey),
    Exclusion {
        definition: String,
    },
    Trigger {
        name: String,
        #[serde(flatten)]
        trigger: Trigger,
    },
    Rule {
        name: String,
        #[serde(flatten)]
        rule: Rule,
    },
    Policy {
        name: String,
        #[serde(flatten)]
        policy: Policy,
    },
}

/// Table, view or materialized view: what is queried.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Relation {
    /// As the engine prints it, quoted where it has to be.
    pub name: String,
    /// Which of the three.
    pub kind: RelationKind,
    /// Whose it is, where the engine has owners.
    #[serde(default)]
    pub owner: Option<String>,
    /// A view takes INSERT, UPDATE and DELETE.
    #[serde(default)]
    pub writable: bool,
    /// Row security is enabled.
    #[serde(default)]
    pub row_security: bool,
    /// Row security binds the owner as well.
    #[serde(default)]
    pub row_security_forced: bool,
    /// PostgreSQL's letter for what a replica is told of a row that goes.
    #[serde(default)]
    pub replica_identity: Option<char>,
    /// The names of its constraints, where the engine's query tells them.
    #[serde(default)]
    pub constraints: Option<BTreeSet<String>>,
    /// The tables that this one is a partition or child of.
    #[serde(default)]
    pub parents: Vec<String>,
    /// A view's query; a SQLite table's options.
    #[serde(default)]
    pub definition: Option<String>,
    /// By name.
    #[serde(skip)]
    pub columns: BTreeMap<String, Column>,
    /// Primary key and unique keys.
    #[serde(skip)]
    pub keys: Vec<Key>,
    /// The names of indexes that are not unique.
    #[serde(skip)]
    pub indexes: BTreeSet<String>,
    /// The expressions of its checks.
    #[serde(skip)]
    pub checks: BTreeSet<String>,
    /// What its rows refer to.
    #[serde(skip)]
    pub foreign_keys: Vec<ForeignKey>,
    /// The definitions of its exclusion constraints.
    #[serde(skip)]
    pub exclusions: BTreeSet<String>,
    /// By name.
    #[serde(skip)]
    pub triggers: BTreeMap<String, Trigger>,
    /// By name.
    #[serde(skip)]
    pub rules: BTreeMap<String, Rule>,
    /// By name.
    #[serde(skip)]
    pub policies: BTreeMap<String, Policy>,
}

impl Relation {
    fn attach(&mut self, part: Part) {
        match part {
            Part::Column { name, mut column } => {
                column.default.take_if(|default| is_null(default));
                self.columns.insert(name, column);
            }
            Part::Key(key) => self.keys.push(key),
            Part::Index { name } => {
                self.indexes.insert(name);
            }
            Part::Check { expression } => {
                self.checks.insert(expression);
            }
            Part::ForeignKey(foreign_key) => self.foreign_keys.push(foreign_key),
            Part::Exclusion { definition } => {
                self.exclusions.insert(definition);
            }
            Part::Trigger { name, trigger } => {
                self.triggers.insert(name, trigger);
            }
            Part::Rule { name, rule } => {
                self.rules.insert(name, rule);
            }
            Part::Policy { name, policy } => {
                self.policies.insert(name, policy);
            }
        }
    }
}

/// Which of the three a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationKind {
    /// Holds rows.
    Table,
    /// Shows the rows of others.
    View,
    /// Holds what a query gave.
    MaterializedView,
}

impl RelationKind {
    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
        }
    }
}

/// A column, as a writer and a reader meet it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// As the engine prints it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// It takes no NULL.
    #[serde(default)]
    pub not_null: bool,
    /// The expression of its default.
    #[serde(default)]
    pub default: Option<String>,
    /// The expression of a generated column.
    #[serde(default)]
    pub generated: Option<String>,
    /// `always` or `by-default` (identity), `automatic` (`AUTO_INCREMENT`, SQLite's row id).
    #[serde(default)]
    pub identity: Option<String>,
    /// MySQL's ON UPDATE.
    #[serde(default)]
    pub on_update: Option<String>,
    /// Where it is not the default one.
    #[serde(default)]
    pub collation: Option<String>,
}

impl Column {
    /// An INSERT that does not name this column leaves NULL in it.
    pub fn left_null(&self) -> bool {
        !self.not_null && !self.fills_itself()
    }

    /// An INSERT that does not name this column gets a value from the engine.
    pub fn fills_itself(&self) -> bool {
        self.default.is_some() || self.generated.is_some() || self.identity.is_some()
    }
}

/// The default NULL is as good as none: `NULL`, or in PostgreSQL `NULL::text`.
fn is_null(default: &str) -> bool {
    let default = default.split("::").next().unwrap_or_default();
    default.trim().eq_ignore_ascii_case("null")
}

/// A primary key, unique constraint or unique index.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Key {
    /// The name of its index.
    pub name: String,
    /// Columns, or expressions over them.
    pub columns: Vec<String>,
    /// The condition of a partial key.
    #[serde(default)]
    pub predicate: Option<String>,
    /// Rows with NULL in it never collide.
    #[serde(default = "yes")]
    pub nulls_distinct: bool,
    /// It may be checked at commit, and is of no use to ON CONFLICT.
    #[serde(default)]
    pub deferrable: bool,
}

fn yes() -> bool {
    true
}

/// A foreign key; its name is left out, since nothing relies on it.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub target: String,
    /// Its columns, in the same order.
    pub target_columns: Vec<String>,
    /// The engine's own word or letter.
    pub on_delete: String,
    /// The engine's own word or letter.
    pub on_update: String,
    /// It is checked at commit.
    #[serde(default)]
    pub deferred: bool,
}

/// A trigger on a relation.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Trigger {
    /// Without its name.
    pub definition: String,
    /// It fires.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// A PostgreSQL rule on a relation.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// As the engine prints it.
    pub definition: String,
    /// It replaces what was asked for.
    pub instead: bool,
}

/// A row security policy.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// It widens what is seen; or else narrows it.
    pub permissive: bool,
    /// For what, for whom, and the conditions.
    pub definition: String,
}

/// A function, procedure or aggregate.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Routine {
    /// The types of its arguments.
    pub arguments: Vec<String>,
    /// How many of the last arguments have a default.
    #[serde(default)]
    pub optional: usize,
    /// Kind and result type.
    pub result: String,
    /// Whose it is, where the engine has owners.
    #[serde(default)]
    pub owner: Option<String>,
    /// It runs with the rights of its owner.
    #[serde(default)]
    pub as_owner: bool,
    /// A digest of the body.
    #[serde(default)]
    pub definition: Option<String>,
}

/// A PostgreSQL domain.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Domain {
    /// The type beneath.
    #[serde(rename = "type")]
    pub data_type: String,
    /// It takes no NULL.
    pub not_null: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// The expressions of its checks.
    pub checks: Vec<String>,
}

/// A privilege that somebody other than the owner holds.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The object.
    pub on: String,
    /// The privilege.
    pub privilege: String,
    /// The role.
    pub to: String,
}
