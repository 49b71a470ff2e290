//! Triggers that keep two ways of writing the same in step while old and new releases both write.
//!
//! Which side follows which is decided by what a statement changed, never by who runs it: connection pools, several
//! services and people at a console need no setting. One side supplied or changed: the other follows. Both: the
//! statement is believed. None: nothing happens, so that an update of another column never takes a value back.

use super::words::{Words, indented, short};
use crate::model::{ColumnDef, Dialect, Ident, Name, TypeShape};
use crate::schema::Schema;

/// Columns of one table that say the same as others of it.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    pub(crate) table: Name,
    /// What the triggers are called, before their endings.
    pub(crate) name: String,
    /// The columns that old releases write.
    pub(crate) old: Vec<Side>,
    /// The columns that new releases write.
    pub(crate) new: Vec<Side>,
    /// SQLite: how a trigger finds the row that it fires for.
    pub(crate) row: String,
}

/// One column of a bridge.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) column: Ident,
    /// What it is, in terms of the columns of the other side.
    pub(crate) value: String,
    /// What an insert that leaves it out puts into it.
    pub(crate) default: Absent,
    /// The engine's own comparison may take two of its values for the same.
    pub(crate) folds: bool,
}

/// How a column looks to a trigger when the insert has left it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// NULL.
    Null,
    /// This literal.
    Literal(String),
    /// A value that only the engine knows.
    Computed,
}

impl Absent {
    /// That of a column with this definition.
    pub(crate) fn of(def: &ColumnDef) -> Self {
        match &def.default {
            None => Self::Null,
            Some(default) if default.is_null() => Self::Null,
            Some(default) if default.literal => Self::Literal(default.text.clone()),
            Some(_) => Self::Computed,
        }
    }
}

/// Whether the engine's own comparison may take two different values of a column for the same, as a collation without
/// case does: a change that it does not see would be lost. What is not known may.
pub(crate) fn folds(def: Option<&ColumnDef>, schema: &Schema) -> bool {
    let Some(def) = def else { return true };
    let data_type = def.data_type.as_ref();
    let name = data_type.map_or("", |data_type| data_type.name.as_str());
    let shape = data_type.and_then(|data_type| schema.shape_of(data_type));
    match schema.dialect() {
        Dialect::Postgres if matches!(shape, Some(TypeShape::Enum(_))) => false,
        Dialect::Sqlite => def.collation.is_some(),
        Dialect::Mysql => !MYSQL_EXACT.contains(&name),
        Dialect::Postgres => {
            let listed = data_type.is_some_and(|data_type| data_type.dimensions > 0);
            let scaled = name == "numeric" && data_type.is_some_and(|one| !one.args.is_empty());
            listed || def.collation.is_some() || !(POSTGRES_EXACT.contains(&name) || scaled)
        }
    }
}

/// Types without collations, and with one value for each notation.
const POSTGRES_EXACT: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "boolean",
    "text",
    "varchar",
    "uuid",
    "date",
    "timestamp",
    "timestamptz",
    "time",
    "bytea",
];
const MYSQL_EXACT: &[&str] = &[
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "integer",
    "bigint",
    "boolean",
    "decimal",
    "numeric",
    "float",
    "double",
    "bit",
    "date",
    "datetime",
    "timestamp",
    "time",
    "year",
    "binary",
    "varbinary",
    "blob",
    "tinyblob",
    "mediumblob",
    "longblob",
];

impl Bridge {
    pub(crate) fn name_of(table: &Name, old: &[Ident], new: &[Ident]) -> String {
        let mut parts = vec![table.name.as_str()];
        parts.extend(old.iter().chain(new).map(Ident::as_str));
        format!("{}_sync", short(&parts.join("_")))
    }

    /// The statements that build it.
    pub(crate) fn create(&self, words: Words) -> Vec<String> {
        match words.dialect {
            Dialect::Postgres => self.create_postgres(words),
            Dialect::Mysql => self.create_mysql(words),
            Dialect::Sqlite => self.create_sqlite(words),
        }
    }

    /// The statements that take it down.
    pub(crate) fn drop(&self, words: Words) -> Vec<String> {
        self.drop_with(words, "")
    }

    /// The same, whether they are there or not.
    pub(crate) fn drop_if_there(&self, words: Words) -> Vec<String> {
        self.drop_with(words, "IF EXISTS ")
    }

    fn drop_with(&self, words: Words, guard: &str) -> Vec<String> {
        match words.dialect {
            Dialect::Postgres => vec![
                format!(
                    "DROP TRIGGER {guard}{} ON {};",
                    self.trigger(words, ""),
                    words.name(&self.table)
                ),
                format!("DROP FUNCTION {guard}{}();", self.function(words)),
            ],
            Dialect::Mysql => ["_insert", "_update"]
                .map(|ending| format!("DROP TRIGGER {guard}{};", self.qualified(words, ending)))
                .to_vec(),
            Dialect::Sqlite => SQLITE_ENDINGS
                .map(|ending| format!("DROP TRIGGER {guard}{};", self.trigger(words, ending)))
                .to_vec(),
        }
    }

    /// A statement that changes nothing and that the server refuses where the triggers could not work: a column that is
    /// not there, an expression that does not fit.
    pub(crate) fn trial(&self, words: Words) -> String {
        let sides = [&self.new[..], &self.old[..]].concat();
        format!(
            "EXPLAIN UPDATE {} SET {} WHERE {};",
            words.name(&self.table),
            assignments(words, &sides, "", " = ", ", "),
            self.differ_in_a_row(words),
        )
    }

    /// Whether the new side is not what the old side comes to, of a row of the table.
    fn differ_in_a_row(&self, words: Words) -> String {
        let each = self
            .new
            .iter()
            .map(|side| side.differs(words, &words.id(&side.column), &side.value));
        either(&each.collect::<Vec<_>>())
    }

    /// A condition on rows that the new side is still missing from.
    pub(crate) fn unfilled(&self, words: Words) -> String {
        let missing = self
            .new
            .iter()
            .map(|side| format!("{} IS NULL", words.id(&side.column)));
        let given = self
            .old
            .iter()
            .map(|side| format!("{} IS NOT NULL", words.id(&side.column)));
        let given = either(&given.collect::<Vec<_>>());
        let all: Vec<_> = missing.chain([given]).collect();
        all.join(" AND ")
    }

    /// `SET` clauses that derive the new side.
    pub(crate) fn fill(&self, words: Words) -> String {
        assignments(words, &self.new, "", " = ", ", ")
    }

    fn create_postgres(&self, words: Words) -> Vec<String> {
        let (fill, follow) = (
            self.set_new(words, "NEW.", " := "),
            self.set_old(words, "NEW.", " := "),
        );
        let mut body = format!(
            "BEGIN\n  IF TG_OP = 'INSERT' THEN\n    IF {} THEN\n{}",
            self.new_is_null(words),
            indented(&fill, 6)
        );
        body.push_str(&match self.old_is_absent(words) {
            Some(absent) => format!("    ELSIF {absent} THEN\n{}", indented(&follow, 6)),
            None => format!("    ELSE\n{}", indented(&follow, 6)),
        });
        body.push_str(&format!(
            "    END IF;\n  ELSIF {}\n      AND {} THEN\n{}  ELSIF {}\n      AND {}\n      AND {} THEN\n{}  END IF;\n  \
             RETURN NEW;\nEND\n",
            changed(words, &self.old),
            unchanged(words, &self.new),
            indented(&fill, 4),
            changed(words, &self.new),
            unchanged(words, &self.old),
            self.sides_differ(words),
            indented(&follow, 4),
        ));
        let function = self.function(words);
        // The condition holds the columns: PostgreSQL does not let one of them go before the trigger has gone. It takes no
        // subquery.
        let differ = self.sides_differ(words);
        let when = if differ.to_ascii_lowercase().contains("select") {
            String::new()
        } else {
            format!(" WHEN ({differ})")
        };
        vec![
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$\n{body}$$;"
            ),
            format!(
                "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {}\n  FOR EACH ROW{when} EXECUTE FUNCTION {function}();",
                self.trigger(words, ""),
                words.name(&self.table)
            ),
        ]
    }

    fn create_mysql(&self, words: Words) -> Vec<String> {
        let (fill, follow) = (
            self.set_new(words, "SET NEW.", " = "),
            self.set_old(words, "SET NEW.", " = "),
        );
        let table = words.name(&self.table);
        let otherwise = match self.old_is_absent(words) {
            Some(absent) => format!("  ELSEIF {absent} THEN\n{}", indented(&follow, 4)),
            None => format!("  ELSE\n{}", indented(&follow, 4)),
        };
        vec![
            format!(
                "CREATE TRIGGER {} BEFORE INSERT ON {table} FOR EACH ROW\nBEGIN\n  IF {} THEN\n{}{otherwise}  END IF;\nEND;",
                self.qualified(words, "_insert"),
                self.new_is_null(words),
                indented(&fill, 4),
            ),
            format!(
                "CREATE TRIGGER {} BEFORE UPDATE ON {table} FOR EACH ROW\nBEGIN\n  IF {}\n      AND {} THEN\n{}  ELSEIF {}\n      \
                 AND {}\n      AND {} THEN\n{}  END IF;\nEND;",
                self.qualified(words, "_update"),
                changed(words, &self.old),
                unchanged(words, &self.new),
                indented(&fill, 4),
                changed(words, &self.new),
                unchanged(words, &self.old),
                self.sides_differ(words),
                indented(&follow, 4),
            ),
        ]
    }

    /// A trigger of SQLite cannot change the row that it fires for, so each updates it afterwards. That update fires
    /// triggers too: a side that agrees with the other already is left alone, which ends it.
    fn create_sqlite(&self, words: Words) -> Vec<String> {
        let absent = self.old_is_absent(words);
        let absent = absent.map_or_else(String::new, |absent| {
            if absent.contains(" OR ") {
                format!("\n    AND ({absent})")
            } else {
                format!("\n    AND {absent}")
            }
        });
        let table = words.id(&self.table.name);
        let written: Vec<_> = self
            .old
            .iter()
            .chain(&self.new)
            .map(|side| words.id(&side.column))
            .collect();
        let of = format!("UPDATE OF {}", written.join(", "));
        let fill = format!(
            "UPDATE {table} SET {} WHERE {};",
            self.fill(words),
            self.row
        );
        let follow = format!(
            "UPDATE {table} SET {} WHERE {};",
            assignments(words, &self.old, "", " = ", ", "),
            self.row
        );
        let settled = self.unsettled(words);
        let whens = [
            self.new_is_null(words),
            format!("{}{absent}", self.new_is_given(words)),
            format!(
                "{}\n    AND {}\n    AND {settled}",
                changed(words, &self.old),
                unchanged(words, &self.new)
            ),
            format!(
                "{}\n    AND {}\n    AND {settled}",
                changed(words, &self.new),
                unchanged(words, &self.old)
            ),
        ];
        let events = ["INSERT", "INSERT", &of, &of];
        let bodies = [&fill, &follow, &fill, &follow];
        let each = SQLITE_ENDINGS
            .iter()
            .zip(events)
            .zip(whens.iter().zip(bodies));
        each.map(|((ending, event), (when, body))| {
            format!(
                "CREATE TRIGGER {} AFTER {event} ON {}\n  WHEN {when}\nBEGIN\n  {body}\nEND;",
                self.trigger(words, ending),
                words.name(&self.table),
            )
        })
        .collect()
    }

    fn trigger(&self, words: Words, ending: &str) -> String {
        words.id(&Ident::folded(&format!("{}{ending}", self.name)))
    }

    /// MySQL keeps a trigger in its table's database.
    fn qualified(&self, words: Words, ending: &str) -> String {
        words.name(
            &self
                .table
                .sibling(Ident::folded(&format!("{}{ending}", self.name))),
        )
    }

    fn function(&self, words: Words) -> String {
        words.name(&self.table.sibling(Ident::folded(&self.name)))
    }

    fn set_new(&self, words: Words, before: &str, sign: &str) -> Vec<String> {
        let from = columns(&self.old);
        sets(words, &self.new, &from, before, sign)
    }

    fn set_old(&self, words: Words, before: &str, sign: &str) -> Vec<String> {
        let from = columns(&self.new);
        sets(words, &self.old, &from, before, sign)
    }

    /// Whether the insert has left the new side out.
    fn new_is_null(&self, words: Words) -> String {
        let each = self.new.iter().filter_map(|side| side.is_absent(words));
        each.collect::<Vec<_>>().join(" AND ")
    }

    fn new_is_given(&self, words: Words) -> String {
        match self.new_is_null(words) {
            // A plain column reads better without a NOT in front of it.
            plain if self.new.len() == 1 && self.new[0].default == Absent::Null => {
                plain.replace(" IS NULL", " IS NOT NULL")
            }
            absent => format!("NOT ({absent})"),
        }
    }

    /// Whether the insert has left the old side out; `None` where nothing tells, and the new side is believed.
    fn old_is_absent(&self, words: Words) -> Option<String> {
        let each: Vec<_> = self
            .old
            .iter()
            .filter_map(|side| side.is_absent(words))
            .collect();
        match each.as_slice() {
            [] => None,
            [one] => Some(
                one.strip_prefix('(')
                    .and_then(|one| one.strip_suffix(')'))
                    .unwrap_or(one)
                    .to_owned(),
            ),
            several => Some(several.join(" AND ")),
        }
    }

    /// Whether the new side is not what the old side comes to.
    fn sides_differ(&self, words: Words) -> String {
        let from = columns(&self.old);
        any_differs(words, &self.new, &from)
    }

    /// Whether neither side is what the other one comes to; where both are plain copies, that is one question.
    fn unsettled(&self, words: Words) -> String {
        let forth = self.sides_differ(words);
        let is_copy = |sides: &[Side], of: &[Side]| match (sides, of) {
            ([one], [other]) => one.value == words.id(&other.column),
            _ => false,
        };
        if is_copy(&self.new, &self.old) && is_copy(&self.old, &self.new) {
            return forth;
        }
        let back = any_differs(words, &self.old, &columns(&self.new));
        format!("{forth}\n    AND {back}")
    }
}

impl Side {
    /// Whether the insert has left it out; `None` where nothing tells.
    fn is_absent(&self, words: Words) -> Option<String> {
        let column = format!("NEW.{}", words.id(&self.column));
        match &self.default {
            Absent::Null => Some(format!("{column} IS NULL")),
            Absent::Literal(literal) if self.folds => Some(format!(
                "({column} IS NULL OR {})",
                words.same_exactly(&column, literal)
            )),
            Absent::Literal(literal) => Some(format!("({column} IS NULL OR {column} = {literal})")),
            Absent::Computed => None,
        }
    }

    fn differs(&self, words: Words, one: &str, other: &str) -> String {
        if self.folds {
            words.differs_exactly(one, other)
        } else {
            words.differs(one, other)
        }
    }

    fn same(&self, words: Words, one: &str, other: &str) -> String {
        if self.folds {
            words.same_exactly(one, other)
        } else {
            words.same(one, other)
        }
    }
}

const SQLITE_ENDINGS: [&str; 4] = ["_insert", "_insert_back", "_update", "_update_back"];

fn columns(sides: &[Side]) -> Vec<Ident> {
    sides.iter().map(|side| side.column.clone()).collect()
}

fn sets(words: Words, sides: &[Side], from: &[Ident], before: &str, sign: &str) -> Vec<String> {
    let each = sides.iter().map(|side| {
        let value = words.of_new(&side.value, from);
        format!("{before}{}{sign}{value};", words.id(&side.column))
    });
    each.collect()
}

fn assignments(words: Words, sides: &[Side], before: &str, sign: &str, between: &str) -> String {
    let each = sides
        .iter()
        .map(|side| format!("{before}{}{sign}{}", words.id(&side.column), side.value));
    each.collect::<Vec<_>>().join(between)
}

fn any_differs(words: Words, sides: &[Side], from: &[Ident]) -> String {
    let each = sides.iter().map(|side| {
        side.differs(
            words,
            &format!("NEW.{}", words.id(&side.column)),
            &words.of_new(&side.value, from),
        )
    });
    either(&each.collect::<Vec<_>>())
}

/// One of these conditions, as one condition.
fn either(conditions: &[String]) -> String {
    match conditions {
        [one] => one.clone(),
        several => format!("({})", several.join(" OR ")),
    }
}

fn changed(words: Words, sides: &[Side]) -> String {
    let each = sides.iter().map(|side| {
        let column = words.id(&side.column);
        side.differs(words, &format!("NEW.{column}"), &format!("OLD.{column}"))
    });
    either(&each.collect::<Vec<_>>())
}

fn unchanged(words: Words, sides: &[Side]) -> String {
    let each = sides.iter().map(|side| {
        let column = words.id(&side.column);
        side.same(words, &format!("NEW.{column}"), &format!("OLD.{column}"))
    });
    each.collect::<Vec<_>>().join(" AND ")
}
