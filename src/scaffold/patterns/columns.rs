//! Columns in the place of columns: another name, another type, several for one, one for several.

use super::super::heir::{Heir, Succession, replaceable, type_of};
use super::super::rebuild::Rebuild;
use super::{Draft, Given, Picture, ScaffoldError, Site, Step, contract, expand, migrate};
use crate::model::{ColumnDef, Dialect, FilePhase, Ident, Name};
use crate::sync::words::{Words, slug};
use crate::sync::{Absent, Bridge, Side, folds};

/// `new rename-column users.username handle`.
pub(super) fn rename(
    site: Site<'_>,
    column: &str,
    to: &str,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let (table, old) = picture.column_name(column)?;
    let def = picture.column(&table, &old, given)?;
    let new = picture.ident(to);
    let words = picture.words();
    let (value, back) = (words.id(&old), words.id(&new));
    let check = words.differs(&back, &value);
    Replacement {
        name: slug(&format!("rename_{table}_{old}_to_{new}")),
        table,
        new_type: type_of(&def, picture.dialect()),
        keeps_the_type: true,
        default: default_of(&def),
        old: def,
        new,
        value,
        back,
        check: Some(check),
        before: Vec::new(),
        before_down: Vec::new(),
        after: Vec::new(),
    }
    .draft(site)
}

/// What `new change-type` says of the new column.
pub(super) struct TypeChange<'a> {
    pub(super) data_type: &'a str,
    pub(super) to: Option<&'a str>,
    pub(super) using: Option<&'a str>,
    pub(super) back: Option<&'a str>,
}

/// `new change-type orders.total numeric(12,2)`.
pub(super) fn change_type(
    site: Site<'_>,
    column: &str,
    change: &TypeChange<'_>,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let (table, old) = picture.column_name(column)?;
    let def = picture.column(&table, &old, given)?;
    let words = picture.words();
    let new = picture.ident(change.to.unwrap_or(&format!("{}_new", old.as_str())));
    let cast = |value: &Ident, to: &str| match words.dialect {
        Dialect::Mysql => words.id(value),
        Dialect::Postgres | Dialect::Sqlite => format!("CAST({} AS {to})", words.id(value)),
    };
    let old_type = type_of(
        &ColumnDef {
            charset: None,
            collation: None,
            ..def.clone()
        },
        words.dialect,
    );
    let value = change
        .using
        .map_or_else(|| cast(&old, change.data_type), str::to_owned);
    let back = change
        .back
        .map_or_else(|| cast(&new, &old_type), str::to_owned);
    Replacement {
        name: slug(&format!("change_type_of_{table}_{old}")),
        table,
        default: default_of(&def),
        old: def,
        new,
        new_type: change.data_type.to_owned(),
        keeps_the_type: false,
        value,
        back,
        check: None,
        before: Vec::new(),
        before_down: Vec::new(),
        after: Vec::new(),
    }
    .draft(site)
}

/// One column in the place of one other.
pub(super) struct Replacement {
    /// What the files are called.
    pub(super) name: String,
    pub(super) table: Name,
    pub(super) old: ColumnDef,
    pub(super) new: Ident,
    pub(super) new_type: String,
    /// It is that of the old one, so that its definition can be taken over as it was written.
    pub(super) keeps_the_type: bool,
    /// The new column's default, once the old one is gone.
    pub(super) default: Option<String>,
    /// The new column in terms of the old one.
    pub(super) value: String,
    /// The old column in terms of the new one.
    pub(super) back: String,
    /// Rows that are wrong after the backfill, where that is more than a missing value.
    pub(super) check: Option<String>,
    /// Comes before the new column, and goes after it.
    pub(super) before: Vec<String>,
    pub(super) before_down: Vec<String>,
    /// Comes last of all.
    pub(super) after: Vec<String>,
}

impl Replacement {
    /// SQLite: the table with the new name in the place of the old one, if its text demands anything of the column.
    fn rebuild(&self, picture: &Picture) -> Result<Option<Rebuild>, ScaffoldError> {
        let Some(known) = picture.schema.table(&self.table) else {
            return Ok(None);
        };
        let mut held = known.constraints.iter().map(|held| &held.constraint.kind);
        let named = held.any(|kind| kind.columns().contains(&self.old.name));
        let demanding = self.old.not_null || self.default.is_some() || named;
        if picture.dialect() != Dialect::Sqlite || !self.keeps_the_type || !demanding {
            return Ok(None);
        }
        match Rebuild::of(picture, known) {
            Ok(mut rebuild) => {
                rebuild.rename(picture.words(), &self.old.name, &self.new);
                Ok(Some(rebuild))
            }
            Err(refusal) if named => Err(refusal),
            // The new column then goes without.
            Err(_) => Ok(None),
        }
    }

    pub(super) fn draft(self, site: Site<'_>) -> Result<Draft, ScaffoldError> {
        let picture = site.picture;
        let rebuild = self.rebuild(picture)?;
        replaceable(picture, &self.table, &self.old, rebuild.is_some())?;
        picture.free_column(&self.table, &self.new)?;
        let succession = Succession {
            picture,
            table: &self.table,
            old: &self.old,
            new: &self.new,
            new_type: &self.new_type,
            default: self.default.as_deref(),
        };
        let mut heir = succession.heir();
        let rebuild = rebuild
            .zip(picture.schema.table(&self.table))
            .map(|(rebuild, known)| {
                // The text of the table demands all of it, and says it better than any note.
                heir.notes.clear();
                heir.settle.clear();
                rebuild.with_indexes(succession.indexes_after(known))
            });
        let bridge = Bridge {
            name: Bridge::name_of(
                &self.table,
                std::slice::from_ref(&self.old.name),
                std::slice::from_ref(&self.new),
            ),
            table: self.table.clone(),
            old: vec![Side {
                column: self.old.name.clone(),
                value: self.back.clone(),
                default: Absent::of(&self.old),
                folds: folds(Some(&self.old), &picture.schema),
            }],
            new: vec![Side {
                column: self.new.clone(),
                value: self.value.clone(),
                default: Absent::Null,
                folds: picture.folds(&self.new_type),
            }],
            row: picture.row_of(&self.table),
        };
        let parts = Parts {
            columns: vec![(self.new.clone(), self.new_type.clone())],
            bridge,
            heir,
            check: self.check,
            rebuild,
        };
        let mut draft = parts.draft(site, &self.name, std::slice::from_ref(&self.old));
        if let Some(first) = draft.steps.first_mut() {
            first.up.splice(0..0, self.before);
            first.down.extend(self.before_down);
        }
        if let Some(last) = draft.steps.last_mut() {
            last.up.extend(self.after);
        }
        Ok(draft)
    }
}

/// `new split-column users.name first=… last=…`.
pub(super) fn split(
    site: Site<'_>,
    column: &str,
    into: &[String],
    back: &str,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let (table, old) = picture.column_name(column)?;
    let def = picture.column(&table, &old, given)?;
    replaceable(picture, &table, &def, false)?;
    let usual = type_of(&def, picture.dialect());
    let mut columns = Vec::new();
    let mut new = Vec::new();
    for one in into {
        let (head, value) = assignment(one, "NEW=EXPRESSION or NEW:TYPE=EXPRESSION")?;
        let (name, data_type) = head.split_once(':').unwrap_or((head, &usual));
        let column = picture.ident(name);
        picture.free_column(&table, &column)?;
        columns.push((column.clone(), data_type.to_owned()));
        new.push(Side {
            column,
            value: value.to_owned(),
            default: Absent::Null,
            folds: picture.folds(data_type),
        });
    }
    let names: Vec<Ident> = columns.iter().map(|(column, _)| column.clone()).collect();
    let bridge = Bridge {
        name: Bridge::name_of(&table, std::slice::from_ref(&old), &names),
        old: vec![Side {
            column: old.clone(),
            value: back.to_owned(),
            default: Absent::of(&def),
            folds: folds(Some(&def), &picture.schema),
        }],
        new,
        row: picture.row_of(&table),
        table,
    };
    let name = slug(&format!("split_{}_{old}", bridge.table));
    Ok(uninherited(picture, bridge, columns).draft(site, &name, &[def]))
}

/// `new merge-columns users.first,last full_name`.
pub(super) fn merge(
    site: Site<'_>,
    columns: &str,
    to: &str,
    data_type: Option<&str>,
    using: &str,
    back: &[String],
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let (table, names) = column_list(picture, columns)?;
    let new = picture.ident(to);
    picture.free_column(&table, &new)?;
    let backs: Vec<(Ident, &str)> = back
        .iter()
        .map(|one| {
            assignment(one, "COLUMN=EXPRESSION").map(|(name, value)| (picture.ident(name), value))
        })
        .collect::<Result<_, _>>()?;
    let given = Given {
        data_type: data_type.map(str::to_owned),
        ..Given::default()
    };
    let mut defs = Vec::new();
    let mut old = Vec::new();
    for name in &names {
        let def = picture.column(&table, name, &given)?;
        replaceable(picture, &table, &def, false)?;
        let value = backs
            .iter()
            .find(|(column, _)| column == name)
            .map(|(_, value)| *value);
        let value = value.ok_or_else(|| ScaffoldError::Missing {
            what: format!("nothing tells what `{name}` is when a release writes only `{new}`"),
            flag: "--back COLUMN=EXPRESSION",
        })?;
        old.push(Side {
            column: name.clone(),
            value: value.to_owned(),
            default: Absent::of(&def),
            folds: folds(Some(&def), &picture.schema),
        });
        defs.push(def);
    }
    let new_type = data_type.map_or_else(
        || {
            defs.first()
                .map_or_else(String::new, |def| type_of(def, picture.dialect()))
        },
        str::to_owned,
    );
    let bridge = Bridge {
        name: Bridge::name_of(&table, &names, std::slice::from_ref(&new)),
        old,
        new: vec![Side {
            column: new.clone(),
            value: using.to_owned(),
            default: Absent::Null,
            folds: picture.folds(&new_type),
        }],
        row: picture.row_of(&table),
        table,
    };
    let name = slug(&format!("merge_{}_into_{new}", bridge.table));
    Ok(uninherited(picture, bridge, vec![(new, new_type)]).draft(site, &name, &defs))
}

/// Several columns have no one heir: what hangs on the old ones is the author's to place.
fn uninherited(picture: &Picture, bridge: Bridge, columns: Vec<(Ident, String)>) -> Parts {
    let mut heir = Heir::default();
    if let Some(known) = picture.schema.table(&bridge.table) {
        for side in &bridge.old {
            let indexed = known
                .indexes
                .iter()
                .any(|index| index.def.columns().any(|column| *column == side.column));
            let held = known
                .constraints
                .iter()
                .any(|held| held.constraint.kind.columns().contains(&side.column));
            if indexed || held {
                heir.notes.push(format!(
                    "indexes and constraints of `{}` do not come along: which of the new columns they belong to is not certain",
                    side.column
                ));
            }
        }
    }
    Parts {
        columns,
        bridge,
        heir,
        check: None,
        rebuild: None,
    }
}

/// `TABLE.A,B`.
pub(super) fn column_list(
    picture: &Picture,
    text: &str,
) -> Result<(Name, Vec<Ident>), ScaffoldError> {
    let (first, rest) = text.split_once(',').unwrap_or((text, ""));
    let (table, first) = picture.column_name(first)?;
    let rest = rest
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    // `users.first,users.last` says the same as `users.first,last`.
    let rest = rest.map(|name| picture.ident(name.rsplit('.').next().unwrap_or(name)));
    Ok((table, [first].into_iter().chain(rest).collect()))
}

fn assignment<'t>(text: &'t str, form: &str) -> Result<(&'t str, &'t str), ScaffoldError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim(), value.trim()))
        }
        _ => Err(ScaffoldError::Impossible(format!(
            "`{text}` is not of the form {form}"
        ))),
    }
}

fn default_of(def: &ColumnDef) -> Option<String> {
    let default = def.default.as_ref().filter(|default| !default.is_null());
    default.map(|default| default.text.clone())
}

/// New columns, the triggers, and what the new columns inherit.
struct Parts {
    columns: Vec<(Ident, String)>,
    bridge: Bridge,
    heir: Heir,
    /// Rows that are wrong after the backfill.
    check: Option<String>,
    /// SQLite: the table as it is in the end.
    rebuild: Option<Rebuild>,
}

impl Parts {
    fn draft(self, site: Site<'_>, name: &str, olds: &[ColumnDef]) -> Draft {
        let words = site.picture.words();
        let table = &self.bridge.table;
        let names = |columns: &mut dyn Iterator<Item = &Ident>| {
            let each: Vec<_> = columns.map(|column| format!("{table}.{column}")).collect();
            each.join(" and ")
        };
        let old = names(&mut olds.iter().map(|def| &def.name));
        let new = names(&mut self.columns.iter().map(|(column, _)| column));
        let bare = words.name(table);
        let adds = self.columns.iter().map(|(column, data_type)| {
            words.alter_online(
                table,
                &format!("ADD COLUMN {} {data_type}", words.id(column)),
            )
        });
        let drops = self.columns.iter().rev().map(|(column, _)| {
            words.alter_online(table, &format!("DROP COLUMN {}", words.id(column)))
        });
        let mut first = expand(name, format!(
            "adds {new} beside {old}, and triggers that keep the two sides alike, whichever of them a release writes."
        ), &new)
            .because(format!("the triggers write only what keeps {old} and {new} alike, so no release sees a difference"))
            .runs(adds)
            .runs(self.bridge.create(words))
            .back(self.bridge.drop(words))
            .back(drops);
        let required: Vec<_> = olds.iter().filter(|def| !def.fills_itself()).collect();
        if words.dialect == Dialect::Sqlite && !required.is_empty() {
            first = first.says(format!(
                "SQLite looks at NOT NULL before a trigger can fill anything: until the contract step, an insert has to \
                 name {old} too."
            ));
        }
        let unfilled = self.bridge.unfilled(words);
        let check = self.check.clone().unwrap_or_else(|| unfilled.clone());
        let second = migrate(
            name,
            format!("fills {new} in the rows that were there before the triggers."),
        )
        .checks(&format!("SELECT 1 FROM {bare} WHERE {check} LIMIT 1"))
        .runs([words.update(table, &self.bridge.fill(words), &unfilled)]);
        let mut steps = vec![first, second];
        if !self.heir.indexes.is_empty() {
            steps.push(indexes(words, name, &old, &new, &self.heir));
        }
        steps.push(self.last(site, name, &old, &new, olds));
        Draft {
            steps,
            notes: self.heir.notes,
        }
    }

    /// Demands first, then the way free, then the triggers, and the old columns at last.
    fn last(&self, site: Site<'_>, name: &str, old: &str, new: &str, olds: &[ColumnDef]) -> Step {
        let words = site.picture.words();
        let table = &self.bridge.table;
        let free = olds
            .iter()
            .filter(|def| !def.fills_itself())
            .filter_map(|def| {
                // Between the last trigger and the last column an insert without the old column must not fail.
                let column = words.id(&def.name);
                match words.dialect {
                    Dialect::Postgres => {
                        Some(words.alter(table, &format!("ALTER COLUMN {column} DROP NOT NULL")))
                    }
                    Dialect::Mysql => {
                        let data_type = type_of(def, words.dialect);
                        Some(words.alter_online(
                            table,
                            &format!("MODIFY COLUMN {column} {data_type} NULL"),
                        ))
                    }
                    Dialect::Sqlite => None,
                }
            });
        let drops = olds
            .iter()
            .map(|def| words.alter_online(table, &format!("DROP COLUMN {}", words.id(&def.name))));
        let mut step = contract(
            name,
            format!("takes away {old} and the triggers, and leaves {new}."),
            &format!("uses {old}"),
        )
        .because(format!(
            "every release that uses {old} is retired first: the contract gate sees to it"
        ))
        .unused_since(site.release)
        .runs(self.heir.settle.clone())
        .runs(free)
        .runs(self.bridge.drop(words))
        .runs(match &self.rebuild {
            Some(rebuild) => rebuild.statements(words),
            None => self.heir.clear.iter().cloned().chain(drops).collect(),
        });
        step.apart = words.dialect == Dialect::Postgres && !self.heir.settle.is_empty();
        step
    }
}

/// Indexes are built when the rows are filled: that is cheaper, and each update before was too.
fn indexes(words: Words, name: &str, old: &str, new: &str, heir: &Heir) -> Step {
    let mut step = Step::new(FilePhase::Migrate, format!("{name}_index"))
        .says(format!("Migrate: the indexes of {old}, for {new}. They are built after the rows are filled, which is cheaper."))
        .says("Ships with the same release, and runs before its cutover (bgmigrate apply), so that its queries find them.")
        .because(format!("{new} mirrors {old}, of which the same is demanded already"))
        .runs(heir.indexes.clone())
        .back(heir.index_drops.clone());
    step.allows = &["new-write-restriction", "add-unique-constraint"];
    step.apart = words.dialect == Dialect::Postgres;
    step
}
