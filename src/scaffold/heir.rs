//! What a column leaves to the one that comes in its place: type, NULL or not, default, indexes and constraints.

use super::error::ScaffoldError;
use super::picture::Picture;
use crate::model::{
    ColumnDef, Constraint, ConstraintKind, CreateIndex, Dialect, Expr, Ident, Name, Reference,
};
use crate::schema::Table;
use crate::sync::words::{Words, short};

/// What is to be done for the heir, step by step.
#[derive(Clone, Debug, Default)]
pub(super) struct Heir {
    /// Builds its indexes.
    pub(super) indexes: Vec<String>,
    /// Takes them back.
    pub(super) index_drops: Vec<String>,
    /// Demands of it what was demanded of the old column.
    pub(super) settle: Vec<String>,
    /// Takes away what would hold the old column.
    pub(super) clear: Vec<String>,
    /// What does not come along.
    pub(super) notes: Vec<String>,
}

/// A column that is to be replaced, and the one that comes in its place.
pub(super) struct Succession<'a> {
    pub(super) picture: &'a Picture,
    pub(super) table: &'a Name,
    pub(super) old: &'a ColumnDef,
    pub(super) new: &'a Ident,
    /// The type of the new column as SQL.
    pub(super) new_type: &'a str,
    /// Its default.
    pub(super) default: Option<&'a str>,
}

/// A column's type as SQL.
pub(super) fn type_of(def: &ColumnDef, dialect: Dialect) -> String {
    let mut text = def
        .data_type
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    if let Some(charset) = &def.charset {
        text.push_str(&format!(" CHARACTER SET {charset}"));
    }
    match (&def.collation, dialect) {
        (None, _) => {}
        (Some(collation), Dialect::Postgres) => {
            text.push_str(&format!(" COLLATE \"{}\"", collation.trim_matches('"')));
        }
        (Some(collation), _) => text.push_str(&format!(" COLLATE {collation}")),
    }
    text
}

/// Refuses a column that another one cannot take the place of.
///
/// With `rebuilt`, the column goes with the whole table, and takes along what its own table says of it.
pub(super) fn replaceable(
    picture: &Picture,
    table: &Name,
    old: &ColumnDef,
    rebuilt: bool,
) -> Result<(), ScaffoldError> {
    let column = format!("{table}.{}", old.name);
    if old.generated.is_some() {
        return Err(ScaffoldError::Impossible(format!(
            "`{column}` is a generated column: no release writes it, so nothing needs to be kept in step; add the new \
             one beside it with `new NAME`"
        )));
    }
    if old.identity.is_some() || old.auto_increment {
        return Err(ScaffoldError::Impossible(format!(
            "`{column}` numbers itself, and a second column cannot take that over step by step"
        )));
    }
    match picture.schema.table(table) {
        Some(known) if rebuilt => match held_by_others(picture, known, &old.name) {
            Some(refusal) => Err(ScaffoldError::Impossible(refusal)),
            None => Ok(()),
        },
        _ => droppable(picture, table, &old.name),
    }
}

/// Refuses a column that something holds.
pub(super) fn droppable(
    picture: &Picture,
    table: &Name,
    name: &Ident,
) -> Result<(), ScaffoldError> {
    let Some(known) = picture.schema.table(table) else {
        return Ok(());
    };
    let column = format!("{table}.{name}");
    let held = known.constraints.iter();
    let held = held.map(|held| &held.constraint.kind);
    let refusal = if let Some(refusal) = held_by_others(picture, known, name) {
        refusal
    } else if let Some(kind) = held.clone().find(|kind| kind.columns().contains(name))
        && picture.dialect() == Dialect::Sqlite
    {
        format!(
            "`{column}` is named by a {} of its CREATE TABLE, and SQLite drops such a column only with the whole table: \
             rebuild the table in a contract migration of your own (`new NAME`)",
            kind.word()
        )
    } else {
        return Ok(());
    };
    Err(ScaffoldError::Impossible(refusal))
}

/// What on other tables, or on the identity of the rows, holds a column.
fn held_by_others(picture: &Picture, known: &Table, name: &Ident) -> Option<String> {
    let column = format!("{}.{name}", known.name);
    if known.primary_key().is_some_and(|key| key.contains(name)) {
        return Some(format!(
            "`{column}` is part of the primary key: rows are known by it, and other tables may refer to it"
        ));
    }
    let other = referring(picture, &known.name, name)?;
    Some(format!(
        "`{other}` has a foreign key to `{column}`: move that one first"
    ))
}

/// A table with a foreign key to this column.
fn referring<'p>(picture: &'p Picture, table: &Name, column: &Ident) -> Option<&'p Name> {
    let mut others = picture.schema.tables();
    let refers = |kind: &ConstraintKind| {
        matches!(kind, ConstraintKind::ForeignKey { references, .. }
            if references.table == *table && references.columns.contains(column))
    };
    others
        .find(|other| {
            other
                .constraints
                .iter()
                .any(|held| refers(&held.constraint.kind))
        })
        .map(|other| &other.name)
}

/// Takes away what would keep a column from being dropped, or would not go with it.
pub(super) fn clearing(picture: &Picture, table: &Name, column: &Ident) -> Vec<String> {
    let words = picture.words();
    let Some(known) = picture.schema.table(table) else {
        return Vec::new();
    };
    if words.dialect == Dialect::Postgres {
        return Vec::new();
    }
    let constraints = known.constraints.iter().filter_map(|held| {
        let name = held.constraint.name.as_ref()?;
        let kind = &held.constraint.kind;
        let word = match kind {
            _ if words.dialect == Dialect::Sqlite || !kind.columns().contains(column) => {
                return None;
            }
            ConstraintKind::ForeignKey { .. } => "FOREIGN KEY",
            ConstraintKind::Check(_) => "CONSTRAINT",
            ConstraintKind::Unique { .. } => "INDEX",
            _ => return None,
        };
        Some(words.alter(table, &format!("DROP {word} {}", words.id(name))))
    });
    let indexes = known
        .indexes
        .iter()
        .filter(|index| names_column(&index.def, column));
    let indexes = indexes.filter_map(|index| index.def.name.as_ref());
    let indexes = indexes.map(|name| words.drop_index(&name.name, table));
    constraints.chain(indexes).collect()
}

fn names_column(def: &CreateIndex, column: &Ident) -> bool {
    let key = |key: &Result<Ident, Expr>| match key {
        Ok(own) => own == column,
        Err(expr) => expr.columns.contains(column),
    };
    let partial = def.partial.as_ref();
    def.keys.iter().any(key) || partial.is_some_and(|expr| expr.columns.contains(column))
}

impl Succession<'_> {
    fn words(&self) -> Words {
        self.picture.words()
    }

    /// What comes along with the old column.
    pub(super) fn heir(&self) -> Heir {
        let mut heir = Heir::default();
        if let Some(known) = self.picture.schema.table(self.table) {
            for index in &known.indexes {
                self.index(&index.def, known, &mut heir);
            }
            for held in &known.constraints {
                if held.constraint.kind.columns().contains(&self.old.name) {
                    self.constraint(&held.constraint, known, &mut heir);
                }
            }
        }
        heir.clear = clearing(self.picture, self.table, &self.old.name);
        let settled = std::mem::take(&mut heir.settle);
        heir.settle = self.definition(&mut heir.notes);
        heir.settle.extend(settled);
        self.others(&mut heir.notes);
        heir
    }

    fn renamed(&self, text: &str) -> String {
        let (old, new) = (&self.old.name, self.words().id(self.new));
        self.words()
            .with_columns(text, |ident| (ident == old).then(|| new.clone()))
    }

    fn renamed_columns(&self, columns: &[Ident]) -> Vec<Ident> {
        let each = columns.iter().map(|column| {
            if *column == self.old.name {
                self.new.clone()
            } else {
                column.clone()
            }
        });
        each.collect()
    }

    /// A name like that of the old one, that nothing has yet.
    fn like(&self, name: &str, ending: &str) -> Ident {
        let (old, new) = (self.old.name.as_str(), self.new.as_str());
        if name.contains(old) {
            return Ident::folded(&name.replacen(old, new, 1));
        }
        Ident::folded(&format!(
            "{}_{ending}",
            short(&format!("{}_{new}", self.table.name.as_str()))
        ))
    }

    /// The indexes of the table as they are to be when the new column is in the place of the old one.
    pub(super) fn indexes_after(&self, known: &Table) -> Vec<String> {
        let mut heir = Heir::default();
        let mut all = Vec::new();
        for index in &known.indexes {
            let kept = index
                .def
                .name
                .as_ref()
                .filter(|_| !names_column(&index.def, &self.old.name));
            match kept.and_then(|name| Some((name, self.picture.text_of_index(name)?))) {
                Some((name, on)) => {
                    all.push(self.words().create_index(index.def.unique, &name.name, &on));
                }
                None => self.index(&index.def, known, &mut heir),
            }
        }
        all.extend(heir.indexes);
        all
    }

    fn index(&self, def: &CreateIndex, known: &Table, heir: &mut Heir) {
        if !names_column(def, &self.old.name) {
            return;
        }
        let words = self.words();
        let old_name = def.name.as_ref().map(|name| name.name.clone());
        let name = self.like(old_name.as_ref().map_or("", |name| name.as_str()), "idx");
        let written = def
            .name
            .as_ref()
            .and_then(|name| self.picture.text_of_index(name));
        let on = match written {
            Some(text) => self.renamed(&text),
            None => self.index_from_parts(def),
        };
        heir.indexes
            .push(words.create_index(def.unique, &name, &on));
        heir.index_drops
            .insert(0, words.drop_index(&name, &known.name));
    }

    fn index_from_parts(&self, def: &CreateIndex) -> String {
        let words = self.words();
        let keys: Vec<_> = def
            .keys
            .iter()
            .map(|key| match key {
                Ok(column) if *column == self.old.name => words.id(self.new),
                Ok(column) => words.id(column),
                Err(expr) => self.renamed(&expr.text),
            })
            .collect();
        let method = match (&def.method, words.dialect) {
            (method, Dialect::Postgres) if !method.is_empty() => format!(" USING {method}"),
            _ => String::new(),
        };
        let partial = def.partial.as_ref().map_or_else(String::new, |expr| {
            format!(" WHERE {}", self.renamed(&expr.text))
        });
        format!(
            "{}{method} ({}){partial}",
            words.name(self.table),
            keys.join(", ")
        )
    }

    fn constraint(&self, constraint: &Constraint, known: &Table, heir: &mut Heir) {
        let words = self.words();
        let own = constraint.name.as_ref();
        let own_text = own.map_or("", |name| name.as_str());
        match &constraint.kind {
            ConstraintKind::Unique { columns, .. } => {
                let name = self.like(own_text, "key");
                let columns = self.renamed_columns(columns);
                let on = format!("{} {}", words.name(self.table), words.list(&columns));
                heir.indexes.push(words.create_index(true, &name, &on));
                heir.index_drops.insert(0, words.drop_index(&name, &known.name));
                let name = words.id(&name);
                if words.dialect == Dialect::Postgres {
                    let clause = format!("ADD CONSTRAINT {name} UNIQUE USING INDEX {name}");
                    heir.settle.push(words.alter(self.table, &clause));
                }
            }
            ConstraintKind::ForeignKey { columns, references } => {
                let name = self.like(own_text, "fkey");
                let columns = self.renamed_columns(columns);
                heir.settle.extend(add_foreign_key(words, self.table, &name, &columns, references));
                heir.notes.push(format!(
                    "the foreign key of `{}` comes along with its ON DELETE alone: if it says ON UPDATE or DEFERRABLE, add that",
                    self.old.name
                ));
            }
            ConstraintKind::Check(expr) => {
                let name = self.like(own_text, "check");
                heir.settle.extend(add_check(words, self.table, &name, &self.renamed(&expr.text)));
            }
            ConstraintKind::Exclude { .. } => heir.notes.push(format!(
                "an exclusion constraint names `{}`, and does not come along: nothing builds one while rows are written",
                self.old.name
            )),
            ConstraintKind::PrimaryKey { .. } | ConstraintKind::NotNull { .. } => {}
        }
    }

    /// NOT NULL and the default.
    fn definition(&self, notes: &mut Vec<String>) -> Vec<String> {
        let words = self.words();
        let new = words.id(self.new);
        let default = self.default;
        match words.dialect {
            Dialect::Postgres => {
                let mut statements = Vec::new();
                if self.old.not_null {
                    statements.extend(demand_not_null(words, self.table, self.new));
                }
                statements.extend(default.map(|default| {
                    words.alter(
                        self.table,
                        &format!("ALTER COLUMN {new} SET DEFAULT {default}"),
                    )
                }));
                statements
            }
            Dialect::Mysql if self.old.not_null => {
                let default =
                    default.map_or_else(String::new, |default| format!(" DEFAULT {default}"));
                let clause = format!("MODIFY COLUMN {new} {} NOT NULL{default}", self.new_type);
                vec![words.alter_online(self.table, &clause)]
            }
            Dialect::Mysql => default
                .map(|default| {
                    words.alter(
                        self.table,
                        &format!("ALTER COLUMN {new} SET DEFAULT {default}"),
                    )
                })
                .into_iter()
                .collect(),
            Dialect::Sqlite => {
                if self.old.not_null || default.is_some() {
                    notes.push(format!(
                        "SQLite cannot give a column NOT NULL or a default later: `{}` has neither; rebuild the table if it needs them",
                        self.new
                    ));
                }
                Vec::new()
            }
        }
    }

    /// Views and triggers are the author's to change.
    fn others(&self, notes: &mut Vec<String>) {
        let mut views: Vec<_> = self
            .picture
            .schema
            .views()
            .filter(|view| view.reads.contains(self.table))
            .map(|view| view.name.to_string())
            .collect();
        views.sort();
        for view in views {
            notes.push(format!("the view `{view}` reads `{}`: if it names `{}`, replace it before the contract step", self.table, self.old.name));
        }
        for trigger in self.picture.schema.triggers_on(self.table) {
            notes.push(format!("the trigger `{}` stands on `{}`: if it names `{}`, replace it before the contract step", trigger.name, self.table, self.old.name));
        }
    }
}

/// NOT NULL without a scan under a lock: a CHECK binds new rows at once, is proven for the old ones while everybody
/// works on, and spares SET NOT NULL its scan (PostgreSQL 12 and later).
pub(super) fn demand_not_null(words: Words, table: &Name, column: &Ident) -> Vec<String> {
    let name = format!(
        "{}_not_null",
        short(&format!("{}_{}", table.name.as_str(), column.as_str()))
    );
    let (name, column) = (words.id(&Ident::folded(&name)), words.id(column));
    vec![
        words.alter(
            table,
            &format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID"),
        ),
        words.alter(table, &format!("VALIDATE CONSTRAINT {name}")),
        words.alter(table, &format!("ALTER COLUMN {column} SET NOT NULL")),
        words.alter(table, &format!("DROP CONSTRAINT {name}")),
    ]
}

/// A foreign key that old rows are held to afterwards, where the engine can.
pub(super) fn add_foreign_key(
    words: Words,
    table: &Name,
    name: &Ident,
    columns: &[Ident],
    references: &Reference,
) -> Vec<String> {
    let constraint = foreign_key(words, name, columns, references);
    let clause = format!("ADD {constraint}");
    match words.dialect {
        Dialect::Postgres => vec![
            words.alter(table, &format!("{clause} NOT VALID")),
            words.alter(table, &format!("VALIDATE CONSTRAINT {}", words.id(name))),
        ],
        Dialect::Mysql | Dialect::Sqlite => vec![words.alter(table, &clause)],
    }
}

/// A foreign key as a table constraint.
pub(super) fn foreign_key(
    words: Words,
    name: &Ident,
    columns: &[Ident],
    references: &Reference,
) -> String {
    let name = words.id(name);
    let target = if references.columns.is_empty() {
        String::new()
    } else {
        format!(" {}", words.list(&references.columns))
    };
    let action = if references.on_delete_cascade {
        " ON DELETE CASCADE"
    } else if references.on_delete_clears {
        " ON DELETE SET NULL"
    } else {
        ""
    };
    format!(
        "CONSTRAINT {name} FOREIGN KEY {} REFERENCES {}{target}{action}",
        words.list(columns),
        words.name(&references.table)
    )
}

/// A CHECK that old rows are held to afterwards, where the engine can.
fn add_check(words: Words, table: &Name, name: &Ident, condition: &str) -> Vec<String> {
    let name = words.id(name);
    let condition = condition.trim();
    let clause = format!("ADD CONSTRAINT {name} CHECK ({condition})");
    match words.dialect {
        Dialect::Postgres => vec![
            words.alter(table, &format!("{clause} NOT VALID")),
            words.alter(table, &format!("VALIDATE CONSTRAINT {name}")),
        ],
        Dialect::Mysql | Dialect::Sqlite => vec![words.alter(table, &clause)],
    }
}
