//! Columns that must have a value: those that are there, and new ones.

use super::super::heir::{demand_not_null, type_of};
use super::super::rebuild::Rebuild;
use super::{Draft, Given, ScaffoldError, Site, Step, contract, expand, mend_rows, migrate};
use crate::model::{ColumnDef, Dialect, Ident, Name};
use crate::sync::words::{Words, short, slug};

/// `new set-not-null users.email --fill "''"`.
pub(super) fn set_not_null(
    site: Site<'_>,
    column: &str,
    fill: Option<&str>,
    given: &Given,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let words = picture.words();
    let (table, name) = picture.column_name(column)?;
    let def = picture.column(&table, &name, given)?;
    let shown = format!("{table}.{name}");
    if def.not_null {
        return Err(ScaffoldError::Impossible(format!(
            "`{shown}` is NOT NULL already"
        )));
    }
    let fill = match (fill, &def.default) {
        (Some(fill), _) => fill.to_owned(),
        (None, Some(default)) if !default.is_null() => default.text.clone(),
        _ => {
            return Err(ScaffoldError::Missing {
                what: format!("nothing tells what stands in `{shown}` where NULL stands now"),
                flag: "--fill EXPRESSION",
            });
        }
    };
    let files = slug(&format!("require_{table}_{name}"));
    let (bare, own) = (words.name(&table), words.id(&name));
    let update = format!("UPDATE {bare} SET {own} = {fill} WHERE {own} IS NULL;");
    let first =
        mend_rows(&files, format!("fills {shown} where it is NULL.")).runs([update.clone()]);
    let how = match words.dialect {
        Dialect::Postgres => ", without a scan while anybody waits",
        Dialect::Mysql => ", while reads and writes go on",
        Dialect::Sqlite => {
            ", by a new table in the place of the old one; whoever writes waits for that"
        }
    };
    let mut last = contract(
        &files,
        format!("makes {shown} NOT NULL{how}."),
        &format!("writes NULL into {shown}"),
    )
    .because(format!(
        "every release that writes NULL into {shown} is retired first: the contract gate sees to it"
    ))
    .unused_since(site.release)
    .runs(match words.dialect {
        Dialect::Sqlite => rebuilt(site, &table, &name, update)?,
        Dialect::Postgres | Dialect::Mysql => demanded(words, &table, &def, Some(update)),
    });
    last.apart = words.dialect == Dialect::Postgres;
    Ok(Draft {
        steps: vec![first, last],
        notes: redefinition(words, &def),
    })
}

/// NOT NULL for a column that is there; `sweep` fills what came in since the last time.
fn demanded(words: Words, table: &Name, def: &ColumnDef, sweep: Option<String>) -> Vec<String> {
    match words.dialect {
        Dialect::Postgres => {
            let mut statements = demand_not_null(words, table, &def.name);
            // Behind the CHECK, which lets no new NULL in, and before it is validated.
            statements.splice(1..1, sweep);
            statements
        }
        Dialect::Mysql => {
            let default = def.default.as_ref().filter(|default| !default.is_null());
            let default =
                default.map_or_else(String::new, |default| format!(" DEFAULT {}", default.text));
            let clause = format!(
                "MODIFY COLUMN {} {} NOT NULL{default}",
                words.id(&def.name),
                type_of(def, words.dialect)
            );
            sweep
                .into_iter()
                .chain([words.alter_online(table, &clause)])
                .collect()
        }
        Dialect::Sqlite => Vec::new(),
    }
}

fn rebuilt(
    site: Site<'_>,
    table: &Name,
    column: &Ident,
    sweep: String,
) -> Result<Vec<String>, ScaffoldError> {
    let mut rebuild = Rebuild::of(site.picture, site.picture.table(table)?)?;
    rebuild.demand(column, "NOT NULL");
    let statements = rebuild.statements(site.picture.words());
    Ok([sweep].into_iter().chain(statements).collect())
}

fn redefinition(words: Words, def: &ColumnDef) -> Vec<String> {
    let note = format!(
        "MySQL's MODIFY says all of `{}` anew: if it has a COMMENT or ON UPDATE, add that",
        def.name
    );
    (words.dialect == Dialect::Mysql)
        .then_some(note)
        .into_iter()
        .collect()
}

/// `new add-required-column users.plan varchar(20) --default "'free'"`.
pub(super) fn add(
    site: Site<'_>,
    column: &str,
    data_type: &str,
    default: &str,
) -> Result<Draft, ScaffoldError> {
    let picture = site.picture;
    let (table, name) = picture.column_name(column)?;
    if picture.schema.is_unheard_of(&table) {
        picture.table(&table)?;
    }
    picture.free_column(&table, &name)?;
    let value = picture.expression(default);
    let new = Required {
        files: slug(&format!("add_{table}_{name}")),
        shown: format!("{table}.{name}"),
        table,
        name,
        data_type,
        default,
    };
    if value.calls.is_empty() && value.columns.is_empty() {
        Ok(new.constant(site))
    } else {
        Ok(new.computed(site, &value.columns))
    }
}

struct Required<'a> {
    files: String,
    shown: String,
    table: Name,
    name: Ident,
    data_type: &'a str,
    default: &'a str,
}

impl Required<'_> {
    /// The engine supplies the value to old releases, and to the rows that are there.
    fn constant(&self, site: Site<'_>) -> Draft {
        let words = site.picture.words();
        let (shown, name) = (&self.shown, words.id(&self.name));
        let clause = format!(
            "ADD COLUMN {name} {} NOT NULL DEFAULT {}",
            self.data_type, self.default
        );
        let first = expand(
            &self.files,
            format!(
                "adds {shown}; inserts of releases that do not know it get the default, as do the rows that are there."
            ),
            shown,
        );
        let first = first
            .runs([words.alter_online(&self.table, &clause)])
            .back([words.alter_online(&self.table, &format!("DROP COLUMN {name}"))]);
        if words.dialect == Dialect::Sqlite {
            return Draft {
                steps: vec![first],
                notes: vec![format!(
                    "SQLite cannot take a default away: `{shown}` keeps it, and no contract step is needed"
                )],
            };
        }
        let last = self
            .last(
                site,
                format!("takes the default of {shown} away: from then on every insert has to name the column."),
            )
            .runs([words.alter(&self.table, &format!("ALTER COLUMN {name} DROP DEFAULT"))]);
        Draft {
            steps: vec![first, last],
            notes: Vec::new(),
        }
    }

    fn last(&self, site: Site<'_>, does: String) -> Step {
        let shown = &self.shown;
        contract(
            &self.files,
            does,
            &format!("inserts without {shown}"),
        )
        .because(format!(
            "every release that leaves {shown} out is retired first: the contract gate sees to it"
        ))
        .unused_since(site.release)
    }

    /// A trigger supplies the value to old releases.
    fn computed(&self, site: Site<'_>, columns: &[Ident]) -> Draft {
        let words = site.picture.words();
        let (shown, name, table) = (&self.shown, words.id(&self.name), words.name(&self.table));
        let trigger = format!(
            "{}_fill",
            short(&format!(
                "{}_{}",
                self.table.name.as_str(),
                self.name.as_str()
            ))
        );
        let (create, drop) =
            self.filling(words, &trigger, columns, &site.picture.row_of(&self.table));
        let first = expand(
            &self.files,
            format!(
                "adds {shown}, and a trigger that supplies it to the inserts of releases that do not know it."
            ),
            shown,
        );
        let first = first
            .because(format!(
                "the trigger writes {shown} alone, which no release before it reads"
            ))
            .runs([words.alter_online(
                &self.table,
                &format!("ADD COLUMN {name} {}", self.data_type),
            )])
            .runs(create)
            .back(drop.clone())
            .back([words.alter_online(&self.table, &format!("DROP COLUMN {name}"))]);
        let second = migrate(
            &self.files,
            format!("fills {shown} in the rows that were there before."),
        )
        .checks(&format!(
            "SELECT 1 FROM {table} WHERE {name} IS NULL LIMIT 1"
        ))
        .runs([format!(
            "UPDATE {table} SET {name} = {} WHERE {name} IS NULL;",
            self.default
        )]);
        let def = ColumnDef::plain(
            self.name.clone(),
            Some(crate::model::DataType::named(self.data_type)),
        );
        let mut last = self
            .last(
                site,
                format!("makes {shown} NOT NULL, and takes the trigger away."),
            )
            .runs(demanded(words, &self.table, &def, None))
            .runs(drop);
        last.apart = words.dialect == Dialect::Postgres;
        let note = format!(
            "SQLite cannot give a column NOT NULL later: `{shown}` stays nullable; rebuild the table if it must not be"
        );
        let notes = (words.dialect == Dialect::Sqlite).then_some(note);
        Draft {
            steps: vec![first, second, last],
            notes: notes.into_iter().collect(),
        }
    }

    /// The trigger that supplies the value, and what takes it away.
    fn filling(
        &self,
        words: Words,
        trigger: &str,
        columns: &[Ident],
        row: &str,
    ) -> (Vec<String>, Vec<String>) {
        let (name, table) = (words.id(&self.name), words.name(&self.table));
        let value = words.of_new(self.default, columns);
        match words.dialect {
            Dialect::Postgres => {
                let function = words.name(&self.table.sibling(Ident::folded(trigger)));
                let create = vec![
                    format!(
                        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  IF NEW.{name} IS NULL \
                         THEN\n    NEW.{name} := {value};\n  END IF;\n  RETURN NEW;\nEND\n$$;"
                    ),
                    format!(
                        "CREATE TRIGGER {trigger} BEFORE INSERT ON {table}\n  FOR EACH ROW EXECUTE FUNCTION {function}();"
                    ),
                ];
                (
                    create,
                    vec![
                        format!("DROP TRIGGER {trigger} ON {table};"),
                        format!("DROP FUNCTION {function}();"),
                    ],
                )
            }
            Dialect::Mysql => {
                let trigger = words.name(&self.table.sibling(Ident::folded(trigger)));
                let create = format!(
                    "CREATE TRIGGER {trigger} BEFORE INSERT ON {table} FOR EACH ROW\nBEGIN\n  IF NEW.{name} IS NULL THEN\n    SET \
                     NEW.{name} = {value};\n  END IF;\nEND;"
                );
                (vec![create], vec![format!("DROP TRIGGER {trigger};")])
            }
            Dialect::Sqlite => {
                let create = format!(
                    "CREATE TRIGGER {trigger} AFTER INSERT ON {table}\n  WHEN NEW.{name} IS NULL\nBEGIN\n  UPDATE {table} SET {name} = {} \
                     WHERE {row};\nEND;",
                    self.default
                );
                (vec![create], vec![format!("DROP TRIGGER {trigger};")])
            }
        }
    }
}
