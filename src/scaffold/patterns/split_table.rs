//! `new split-table`: columns that move into a table of their own.
//!
//! Triggers on both tables write what was written into one into the other. A row that agrees already is left alone,
//! which ends the echo; MySQL cannot write to a table that the statement is writing to, so there a variable of the
//! session says that a trigger is at work.

use super::super::heir::{clearing, droppable, type_of};
use super::columns::column_list;
use super::{Draft, Given, ScaffoldError, Site, contract, expand, migrate};
use crate::model::{ColumnDef, Dialect, Ident, Name};
use crate::schema::Table;
use crate::sync::words::{Words, indented, short, slug};

/// `new split-table users.street,city addresses`.
pub(super) fn split(site: Site<'_>, columns: &str, to: &str) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, names) = column_list(picture, columns)?;
    let known = picture.table(&table)?;
    let other = table.sibling(picture.name(to).name);
    picture.free_relation(&other)?;
    let Some(key) = known.primary_key() else {
        return Err(ScaffoldError::Impossible(format!(
            "`{table}` has no primary key that the folder shows, so no row of `{other}` could be told to which of its rows it belongs"
        )));
    };
    let mut moved = Vec::new();
    for name in &names {
        let def = picture.column(&table, name, &Given::default())?;
        droppable(picture, &table, name)?;
        moved.push(def);
    }
    let keys: Vec<ColumnDef> = key
        .iter()
        .filter_map(|name| known.column(name))
        .map(|column| column.def.clone())
        .collect();
    let pair = Pair {
        words,
        guard: format!(
            "{}_sync",
            short(&format!("{}_{}", table.name.as_str(), other.name.as_str()))
        ),
        table,
        other,
        key: key.to_vec(),
        moved,
    };
    Ok(pair.draft(site, known, &keys))
}

/// A table, and the one that some of its columns move into.
struct Pair {
    words: Words,
    /// What the triggers are called, before their endings.
    guard: String,
    table: Name,
    other: Name,
    key: Vec<Ident>,
    moved: Vec<ColumnDef>,
}

impl Pair {
    fn draft(&self, site: Site<'_>, known: &Table, keys: &[ColumnDef]) -> Draft {
        let words = self.words;
        let (table, other) = (words.name(&self.table), words.name(&self.other));
        let shown: Vec<_> = self
            .moved
            .iter()
            .map(|def| format!("{}.{}", self.table, def.name))
            .collect();
        let shown = shown.join(" and ");
        let files = slug(&format!("split_{}_from_{}", self.other, known.name));
        let required: Vec<_> = self
            .moved
            .iter()
            .filter(|def| !def.fills_itself())
            .collect();
        let free = required
            .iter()
            .filter_map(|def| self.loosened(def, "NULL", "DROP NOT NULL"));
        let bind = required
            .iter()
            .filter_map(|def| self.loosened(def, "NOT NULL", "SET NOT NULL"));
        let first = expand(
            &files,
            format!(
                "makes {}, and triggers that write what is written into one table into the other.",
                self.other
            ),
            &self.other.to_string(),
        );
        let first = first
            .because(format!("the triggers write only what keeps {shown} and {} alike, so no release sees a difference", self.other))
            .runs([self.create(keys)])
            .runs(free)
            .runs(self.triggers())
            .back(self.drop_triggers())
            .back(bind)
            .back([format!("DROP TABLE {other};")]);
        let (list, from) = (self.all(""), self.all("s."));
        let missing = format!(
            "({}) AND NOT EXISTS (SELECT 1 FROM {other} t WHERE {})",
            self.any_given("s."),
            self.key_is("t.", "s.")
        );
        let second = migrate(
            &files,
            format!(
                "fills {} from the rows that were there before the triggers.",
                self.other
            ),
        )
        .checks(&format!("SELECT 1 FROM {table} s WHERE {missing} LIMIT 1"))
        .runs([format!(
            "INSERT INTO {other} ({list})\n  SELECT {from} FROM {table} s WHERE {missing};"
        )]);
        let drops = self.moved.iter().map(|def| {
            words.alter_online(&self.table, &format!("DROP COLUMN {}", words.id(&def.name)))
        });
        let cleared = self
            .moved
            .iter()
            .flat_map(|def| clearing(site.picture, &self.table, &def.name));
        let end = contract(
            &files,
            format!("takes away {shown} and the triggers."),
            &format!("uses {shown}"),
        )
        .because(format!(
            "every release that uses {shown} is retired first: the contract gate sees to it"
        ))
        .unused_since(site.release)
        .runs(self.drop_triggers())
        .runs(cleared)
        .runs(drops);
        Draft {
            steps: vec![first, second, end],
            notes: self.notes(!required.is_empty()),
        }
    }

    fn notes(&self, required: bool) -> Vec<String> {
        let mut notes = vec![format!(
            "`{}` has the types of the columns and no more: NOT NULL, defaults, indexes and constraints of them are yours to add",
            self.other
        )];
        if required && self.words.dialect == Dialect::Sqlite {
            notes.push(format!(
                "SQLite cannot take NOT NULL from a column: until the contract step every insert into `{}` has to name them all",
                self.table
            ));
        }
        notes
    }

    fn create(&self, keys: &[ColumnDef]) -> String {
        let words = self.words;
        let key = words.list(&self.key);
        let mut lines: Vec<_> =
            keys.iter()
                .map(|def| {
                    format!(
                        "  {} {} NOT NULL",
                        words.id(&def.name),
                        type_of(def, words.dialect)
                    )
                })
                .chain(self.moved.iter().map(|def| {
                    format!("  {} {}", words.id(&def.name), type_of(def, words.dialect))
                }))
                .collect();
        lines.push(format!("  PRIMARY KEY {key}"));
        lines.push(format!(
            "  FOREIGN KEY {key} REFERENCES {} {key} ON DELETE CASCADE",
            words.name(&self.table)
        ));
        format!(
            "CREATE TABLE {} (\n{}\n);",
            words.name(&self.other),
            lines.join(",\n")
        )
    }

    fn loosened(&self, def: &ColumnDef, mysql: &str, postgres: &str) -> Option<String> {
        let words = self.words;
        let column = words.id(&def.name);
        match words.dialect {
            Dialect::Postgres => {
                Some(words.alter(&self.table, &format!("ALTER COLUMN {column} {postgres}")))
            }
            Dialect::Mysql => {
                let data_type = type_of(def, words.dialect);
                Some(words.alter_online(
                    &self.table,
                    &format!("MODIFY COLUMN {column} {data_type} {mysql}"),
                ))
            }
            Dialect::Sqlite => None,
        }
    }

    fn triggers(&self) -> Vec<String> {
        match self.words.dialect {
            Dialect::Postgres => self.postgres(),
            Dialect::Mysql => self.mysql(),
            Dialect::Sqlite => self.sqlite(),
        }
    }

    fn drop_triggers(&self) -> Vec<String> {
        let words = self.words;
        let (table, other) = (words.name(&self.table), words.name(&self.other));
        match words.dialect {
            Dialect::Postgres => vec![
                format!("DROP TRIGGER {} ON {table};", self.named("")),
                format!("DROP TRIGGER {} ON {other};", self.named("_back")),
                format!("DROP FUNCTION {}();", self.function("")),
                format!("DROP FUNCTION {}();", self.function("_back")),
            ],
            Dialect::Mysql => MYSQL_ENDINGS
                .map(|ending| format!("DROP TRIGGER {};", self.function(ending)))
                .to_vec(),
            Dialect::Sqlite => self
                .sqlite_endings()
                .iter()
                .map(|ending| format!("DROP TRIGGER {};", self.named(ending)))
                .collect(),
        }
    }

    fn postgres(&self) -> Vec<String> {
        let words = self.words;
        let (table, other) = (words.name(&self.table), words.name(&self.other));
        let (forth, back) = (self.function(""), self.function("_back"));
        let body = |name: &str, text: String| {
            format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n{text}  RETURN NULL;\nEND\n$$;"
            )
        };
        let on = |name: &str, events: &str, table: &str, function: &str| {
            format!(
                "CREATE TRIGGER {name} AFTER {events} ON {table}\n  FOR EACH ROW EXECUTE FUNCTION {function}();"
            )
        };
        let echo = format!(
            "  IF TG_OP = 'UPDATE' AND {} THEN\n    RETURN NULL;\n  END IF;\n  UPDATE {other} SET {} WHERE {} AND {};\n  IF {} THEN\n    \
             INSERT INTO {other} ({}) VALUES ({})\n      ON CONFLICT {} DO NOTHING;\n  END IF;\n",
            self.unchanged(),
            self.sets("NEW."),
            self.key_is("", "NEW."),
            self.differs(),
            self.any_given("NEW."),
            self.all(""),
            self.all("NEW."),
            words.list(&self.key),
        );
        let answer = format!(
            "  IF TG_OP = 'DELETE' THEN\n    UPDATE {table} SET {} WHERE {} AND ({});\n  ELSE\n    UPDATE {table} SET {} WHERE {} AND {};\n  \
             END IF;\n",
            self.nulls(),
            self.key_is("", "OLD."),
            self.any_given(""),
            self.sets("NEW."),
            self.key_is("", "NEW."),
            self.differs(),
        );
        vec![
            body(&forth, echo),
            body(&back, answer),
            on(&self.named(""), "INSERT OR UPDATE", &table, &forth),
            on(
                &self.named("_back"),
                "INSERT OR UPDATE OR DELETE",
                &other,
                &back,
            ),
        ]
    }

    fn mysql(&self) -> Vec<String> {
        let words = self.words;
        let (table, other) = (words.name(&self.table), words.name(&self.other));
        let guard = format!("@{}", self.guard);
        let trigger = |ending: &str, event: &str, on: &str, when: &str, statements: &[String]| {
            let statements = indented(statements, 4);
            format!(
                "CREATE TRIGGER {} AFTER {event} ON {on} FOR EACH ROW\nBEGIN\n  DECLARE EXIT HANDLER FOR SQLEXCEPTION\n  BEGIN\n    SET \
                 {guard} = NULL;\n    RESIGNAL;\n  END;\n  IF {guard} IS NULL{when} THEN\n    SET {guard} = 1;\n{statements}    SET {guard} = \
                 NULL;\n  END IF;\nEND;",
                self.function(ending)
            )
        };
        let insert = format!(
            "INSERT INTO {other} ({}) VALUES ({});",
            self.all(""),
            self.all("NEW.")
        );
        let update = format!(
            "UPDATE {other} SET {} WHERE {};",
            self.sets("NEW."),
            self.key_is("", "NEW.")
        );
        let missing = format!(
            "IF ({}) AND NOT EXISTS (SELECT 1 FROM {other} WHERE {}) THEN\n      {insert}\n    END IF;",
            self.any_given("NEW."),
            self.key_is("", "NEW."),
        );
        let answer = format!(
            "UPDATE {table} SET {} WHERE {};",
            self.sets("NEW."),
            self.key_is("", "NEW.")
        );
        let given = format!(" AND ({})", self.any_given("NEW."));
        let changed = format!(" AND NOT ({})", self.unchanged());
        let clear = format!(
            "UPDATE {table} SET {} WHERE {};",
            self.nulls(),
            self.key_is("", "OLD.")
        );
        let bodies: [(&str, &str, &str, Vec<String>); 5] = [
            ("INSERT", &table, &given, vec![insert.clone()]),
            ("UPDATE", &table, &changed, vec![update, missing]),
            ("INSERT", &other, "", vec![answer.clone()]),
            ("UPDATE", &other, "", vec![answer]),
            ("DELETE", &other, "", vec![clear]),
        ];
        let each = MYSQL_ENDINGS.iter().zip(bodies);
        each.map(|(ending, (event, on, when, statements))| {
            trigger(ending, event, on, when, &statements)
        })
        .collect()
    }

    fn sqlite_endings(&self) -> &'static [&'static str] {
        // A column that must not be NULL cannot lose its value with the row of the other table.
        if self.moved.iter().all(ColumnDef::fills_itself) {
            &[
                "_insert",
                "_update",
                "_delete",
                "_back_insert",
                "_back_update",
                "_back_delete",
            ]
        } else {
            &[
                "_insert",
                "_update",
                "_delete",
                "_back_insert",
                "_back_update",
            ]
        }
    }

    fn sqlite(&self) -> Vec<String> {
        let words = self.words;
        let (table, other) = (words.name(&self.table), words.name(&self.other));
        let insert = format!(
            "INSERT INTO {other} ({}) SELECT {} WHERE ({}) AND NOT EXISTS (SELECT 1 FROM {other} WHERE {});",
            self.all(""),
            self.all("NEW."),
            self.any_given("NEW."),
            self.key_is("", "NEW."),
        );
        let update = |on: &str| {
            format!(
                "UPDATE {on} SET {} WHERE {} AND {};",
                self.sets("NEW."),
                self.key_is("", "NEW."),
                self.differs()
            )
        };
        let changed = format!("\n  WHEN NOT ({})", self.unchanged());
        let clear = format!(
            "UPDATE {table} SET {} WHERE {};",
            self.nulls(),
            self.key_is("", "OLD.")
        );
        let delete = format!("DELETE FROM {other} WHERE {};", self.key_is("", "OLD."));
        let bodies = [
            ("INSERT", &table, "", vec![insert.clone()]),
            (
                "UPDATE",
                &table,
                changed.as_str(),
                vec![update(&other), insert],
            ),
            ("DELETE", &table, "", vec![delete]),
            ("INSERT", &other, "", vec![update(&table)]),
            ("UPDATE", &other, "", vec![update(&table)]),
            ("DELETE", &other, "", vec![clear]),
        ];
        let each = self.sqlite_endings().iter().zip(bodies);
        each.map(|(ending, (event, on, when, statements))| {
            let statements = indented(&statements, 2);
            format!(
                "CREATE TRIGGER {} AFTER {event} ON {on}{when}\nBEGIN\n{statements}END;",
                self.named(ending)
            )
        })
        .collect()
    }

    fn named(&self, ending: &str) -> String {
        self.words
            .id(&Ident::folded(&format!("{}{ending}", self.guard)))
    }

    /// In the schema of the tables.
    fn function(&self, ending: &str) -> String {
        self.words.name(
            &self
                .table
                .sibling(Ident::folded(&format!("{}{ending}", self.guard))),
        )
    }

    /// Every column of the new table, the key first.
    fn all(&self, before: &str) -> String {
        let moved = self.moved.iter().map(|def| &def.name);
        let each = self
            .key
            .iter()
            .chain(moved)
            .map(|column| format!("{before}{}", self.words.id(column)));
        each.collect::<Vec<_>>().join(", ")
    }

    fn each_moved(&self, between: &str, text: impl Fn(String) -> String) -> String {
        let each = self.moved.iter().map(|def| text(self.words.id(&def.name)));
        each.collect::<Vec<_>>().join(between)
    }

    fn sets(&self, from: &str) -> String {
        self.each_moved(", ", |column| format!("{column} = {from}{column}"))
    }

    fn nulls(&self) -> String {
        self.each_moved(", ", |column| format!("{column} = NULL"))
    }

    fn any_given(&self, before: &str) -> String {
        self.each_moved(" OR ", |column| format!("{before}{column} IS NOT NULL"))
    }

    fn unchanged(&self) -> String {
        self.each_moved(" AND ", |column| {
            self.words
                .same(&format!("NEW.{column}"), &format!("OLD.{column}"))
        })
    }

    fn differs(&self) -> String {
        let differs = self.each_moved(" OR ", |column| {
            self.words.differs(&column, &format!("NEW.{column}"))
        });
        format!("({differs})")
    }

    fn key_is(&self, one: &str, other: &str) -> String {
        let each = self.key.iter().map(|column| {
            let column = self.words.id(column);
            format!("{one}{column} = {other}{column}")
        });
        each.collect::<Vec<_>>().join(" AND ")
    }
}

const MYSQL_ENDINGS: [&str; 5] = [
    "_insert",
    "_update",
    "_back_insert",
    "_back_update",
    "_back_delete",
];
