//! The clauses that the three engines share, and those of PostgreSQL.

use super::{mysql, on};
use crate::model::{Action, Dialect, Name, Object, ObjectKind, TableChange};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{column, constraint, expr, types};
use crate::sql::token::TokenKind;

/// Reads one clause of an `ALTER TABLE table`.
pub(super) fn read(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if tokens.dialect() == Dialect::Mysql
        && let Some(actions) = mysql::clause(tokens, table)
    {
        return Some(actions);
    }
    let word = tokens.take_any(&[
        "add", "drop", "alter", "rename", "owner", "set", "validate", "enable", "disable",
    ]);
    match word {
        Some("add") => add(tokens, table),
        Some("drop") => drop(tokens, table),
        Some("alter") => alter(tokens, table),
        Some("rename") => rename(tokens, table),
        Some("owner") => {
            tokens.take_word("to").then_some(())?;
            tokens.ident()?;
            Some(vec![Action::SetOwner {
                object: Object::new(ObjectKind::Table, table.clone()),
            }])
        }
        Some("set") => set(tokens, table),
        Some("validate") => {
            tokens.take_word("constraint").then_some(())?;
            Some(on(
                table,
                TableChange::ValidateConstraint {
                    name: tokens.ident()?,
                },
            ))
        }
        Some(enable) => switch(tokens, enable == "enable").map(|change| on(table, change)),
        None => postgres(tokens).map(|change| on(table, change)),
    }
}

/// `ADD` was read.
fn add(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    let mark = tokens.mark();
    // MariaDB: `ADD CONSTRAINT IF NOT EXISTS name …`.
    if tokens.take(&["constraint", "if", "not", "exists"]) {
        tokens.reset(mark);
        tokens.advance();
        tokens.take(&["if", "not", "exists"]);
        return add_constraint(tokens, table, true);
    }
    if constraint::begins(tokens) {
        return add_constraint(tokens, table, false);
    }
    tokens.take_word("column");
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    if tokens.take_kind(TokenKind::LeftParen).is_some() {
        return add_list(tokens, table, if_not_exists);
    }
    let column = column::read(tokens)?;
    let position = column::position(tokens);
    Some(on(
        table,
        TableChange::AddColumn {
            column,
            if_not_exists,
            position,
        },
    ))
}

/// MySQL: `ADD (a int, b int, KEY (a))`.
fn add_list(tokens: &mut Tokens, table: &Name, if_not_exists: bool) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    loop {
        if constraint::begins(tokens) {
            actions.extend(add_constraint(tokens, table, false)?);
        } else {
            let column = column::read(tokens)?;
            actions.extend(on(
                table,
                TableChange::AddColumn {
                    column,
                    if_not_exists,
                    position: None,
                },
            ));
        }
        if tokens.take_kind(TokenKind::Comma).is_none() {
            tokens.take_kind(TokenKind::RightParen)?;
            return Some(actions);
        }
    }
}

fn add_constraint(tokens: &mut Tokens, table: &Name, if_not_exists: bool) -> Option<Vec<Action>> {
    let name = if if_not_exists { tokens.ident() } else { None };
    match constraint::read(tokens, table)? {
        constraint::Element::Constraint(mut constraint) => {
            constraint.name = name.or(constraint.name);
            Some(on(
                table,
                TableChange::AddConstraint {
                    constraint,
                    if_not_exists,
                },
            ))
        }
        constraint::Element::Index(index) => Some(vec![Action::CreateIndex(Box::new(index))]),
        constraint::Element::Period => Some(on(
            table,
            TableChange::SetOptions {
                options: "period".to_owned(),
            },
        )),
    }
}

/// `DROP` was read.
fn drop(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if tokens.take_word("constraint") {
        let if_exists = tokens.take(&["if", "exists"]);
        let name = Some(tokens.ident()?);
        let cascade = cascade(tokens);
        return Some(on(
            table,
            TableChange::DropConstraint {
                name,
                kind: None,
                if_exists,
                cascade,
            },
        ));
    }
    let named = tokens.take_word("column");
    let if_exists = tokens.take(&["if", "exists"]);
    if !named && !if_exists && tokens.is_any(&["primary", "foreign", "check"]).is_some() {
        return None;
    }
    let column = tokens.ident()?;
    let cascade = cascade(tokens);
    Some(on(
        table,
        TableChange::DropColumn {
            column,
            if_exists,
            cascade,
        },
    ))
}

/// `CASCADE` or else `RESTRICT` or nothing.
pub(super) fn cascade(tokens: &mut Tokens) -> bool {
    tokens.take_any(&["cascade", "restrict"]) == Some("cascade")
}

/// `ALTER` was read.
fn alter(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if tokens.take_word("constraint") {
        let name = tokens.ident()?;
        let clause = tokens.item().of(tokens.text()).to_ascii_lowercase();
        return Some(on(table, TableChange::AlterConstraint { name, clause }));
    }
    tokens.take_word("column");
    // MariaDB knows the condition here.
    tokens.take(&["if", "exists"]);
    let column = tokens.ident()?;
    let change = if tokens.take(&["set", "data", "type"]) || tokens.take_word("type") {
        let data_type = types::read(tokens)?;
        let collation = if tokens.take_word("collate") {
            Some(column::word_or_string(tokens)?)
        } else {
            None
        };
        let using = if tokens.take_word("using") {
            Some(expr::until(tokens, &[])?)
        } else {
            None
        };
        TableChange::SetType {
            column,
            data_type,
            using,
            collation,
        }
    } else if tokens.take(&["set", "not", "null"]) {
        TableChange::SetNotNull { column }
    } else if tokens.take(&["drop", "not", "null"]) {
        TableChange::DropNotNull { column }
    } else if tokens.take(&["set", "default"]) {
        TableChange::SetDefault {
            column,
            default: expr::until(tokens, &[])?,
        }
    } else if tokens.take(&["drop", "default"]) {
        TableChange::DropDefault { column }
    } else {
        generated(tokens, column)?
    };
    Some(on(table, change))
}

/// What makes a column an identity or generated, or stops it, and what only says how it is kept.
fn generated(tokens: &mut Tokens, column: crate::model::Ident) -> Option<TableChange> {
    if tokens.take(&["add", "generated"]) {
        let always = tokens.take_word("always");
        if !always {
            tokens.take(&["by", "default"]).then_some(())?;
        }
        tokens.take(&["as", "identity"]).then_some(())?;
        tokens.parenthesised();
        return Some(TableChange::AddIdentity { column, always });
    }
    let clause = if tokens.take(&["drop", "identity"]) {
        tokens.take(&["if", "exists"]);
        "drop identity"
    } else if tokens.take(&["drop", "expression"]) {
        tokens.take(&["if", "exists"]);
        "drop expression"
    } else if tokens.take(&["set", "expression", "as"]) {
        tokens.parenthesised()?;
        "set expression"
    } else if tokens.take(&["set", "generated"]) {
        let always = tokens.take_word("always");
        if !always {
            tokens.take(&["by", "default"]).then_some(())?;
        }
        sequence_options(tokens);
        if always {
            "set generated always"
        } else {
            "set generated by default"
        }
    } else if tokens.are(&["restart"]) || identity_option(tokens) {
        sequence_options(tokens);
        "restart"
    } else {
        let option = tokens.item().of(tokens.text()).to_ascii_lowercase();
        let known = [
            "set statistics",
            "set storage",
            "set compression",
            "set (",
            "set(",
            "reset",
            "options",
            "set visible",
            "set invisible",
        ];
        return known
            .iter()
            .any(|head| option.starts_with(head))
            .then_some(TableChange::SetColumnOption { column, option });
    };
    Some(TableChange::SetGenerated { column, clause })
}

fn identity_option(tokens: &Tokens) -> bool {
    const OPTIONS: &[&str] = &[
        "start",
        "increment",
        "minvalue",
        "maxvalue",
        "cache",
        "cycle",
        "no",
    ];
    tokens.is("set")
        && tokens.word_at(1).is_some_and(|word| {
            OPTIONS
                .iter()
                .any(|option| word.eq_ignore_ascii_case(option))
        })
}

fn sequence_options(tokens: &mut Tokens) {
    while !tokens.at_end() && !tokens.is_kind(TokenKind::Comma) {
        tokens.skip();
    }
}

/// `RENAME` was read.
fn rename(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if tokens.take_word("constraint") {
        let from = tokens.ident()?;
        tokens.take_word("to").then_some(())?;
        return Some(on(
            table,
            TableChange::RenameConstraint {
                from,
                to: tokens.ident()?,
            },
        ));
    }
    if tokens.take_word("to") {
        // A table keeps its schema, whatever its new name.
        let to = tokens.name()?;
        let to = if to.schema.is_some() {
            to
        } else {
            table.sibling(to.name)
        };
        return Some(vec![Action::Rename {
            object: Object::new(ObjectKind::Table, table.clone()),
            to,
        }]);
    }
    // A column may be called `column`.
    if !(tokens.are(&["column", "to"])) {
        tokens.take_word("column");
    }
    tokens.take(&["if", "exists"]);
    let from = tokens.ident()?;
    tokens.take_word("to").then_some(())?;
    Some(on(
        table,
        TableChange::RenameColumn {
            from,
            to: tokens.ident()?,
        },
    ))
}

/// `SET` was read.
fn set(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if tokens.take_word("schema") {
        let object = Object::new(ObjectKind::Table, table.clone());
        return Some(vec![Action::SetSchema {
            object,
            schema: tokens.ident()?,
        }]);
    }
    let change = if tokens.take_word("logged") {
        TableChange::SetLogged { logged: true }
    } else if tokens.take_word("unlogged") {
        TableChange::SetLogged { logged: false }
    } else if tokens.take_word("tablespace") {
        tokens.ident()?;
        tokens.take_word("nowait");
        TableChange::SetTablespace
    } else if tokens.take(&["access", "method"]) {
        tokens.ident()?;
        TableChange::SetAccessMethod
    } else if tokens.take(&["without", "cluster"]) {
        TableChange::ClusterOn
    } else if tokens.take(&["without", "oids"]) || tokens.take(&["with", "oids"]) {
        TableChange::SetOptions {
            options: "oids".to_owned(),
        }
    } else {
        options(tokens)?
    };
    Some(on(table, change))
}

fn options(tokens: &mut Tokens) -> Option<TableChange> {
    let inside = tokens.parenthesised()?;
    Some(TableChange::SetOptions {
        options: inside.of(tokens.text()).trim().to_ascii_lowercase(),
    })
}

/// `ENABLE` or `DISABLE` was read.
fn switch(tokens: &mut Tokens, enabled: bool) -> Option<TableChange> {
    if tokens.take(&["row", "level", "security"]) {
        let clause = if enabled { "enable" } else { "disable" };
        return Some(TableChange::RowSecurity { clause });
    }
    tokens.take_any(&["always", "replica"]);
    match tokens.take_any(&["trigger", "rule"])? {
        "trigger" if tokens.take_any(&["all", "user"]).is_some() => Some(TableChange::SetTrigger {
            name: None,
            enabled,
        }),
        "trigger" => Some(TableChange::SetTrigger {
            name: Some(tokens.ident()?),
            enabled,
        }),
        _ => Some(TableChange::SetRule {
            name: tokens.ident()?,
            enabled,
        }),
    }
}

fn postgres(tokens: &mut Tokens) -> Option<TableChange> {
    let clause = if tokens.take(&["force", "row", "level", "security"]) {
        TableChange::RowSecurity { clause: "force" }
    } else if tokens.take(&["no", "force", "row", "level", "security"]) {
        TableChange::RowSecurity { clause: "no force" }
    } else if tokens.take(&["replica", "identity"]) {
        TableChange::ReplicaIdentity {
            clause: tokens.item().of(tokens.text()).to_ascii_lowercase(),
        }
    } else if tokens.take(&["attach", "partition"]) {
        attach(tokens)?
    } else if tokens.take(&["detach", "partition"]) {
        let child = tokens.name()?;
        let concurrently = tokens.take_any(&["concurrently", "finalize"]) == Some("concurrently");
        TableChange::DetachPartition {
            child,
            concurrently,
        }
    } else if tokens.take_word("inherit") {
        TableChange::Inherit {
            parent: tokens.name()?,
            added: true,
        }
    } else if tokens.take(&["no", "inherit"]) {
        TableChange::Inherit {
            parent: tokens.name()?,
            added: false,
        }
    } else if tokens.take(&["cluster", "on"]) {
        tokens.ident()?;
        TableChange::ClusterOn
    } else if tokens.take(&["not", "of"]) {
        TableChange::SetOptions {
            options: "not of".to_owned(),
        }
    } else if tokens.take_word("of") {
        tokens.name()?;
        TableChange::SetOptions {
            options: "of".to_owned(),
        }
    } else {
        tokens.take_any(&["reset", "options"])?;
        options(tokens)?
    };
    Some(clause)
}

/// `ATTACH PARTITION` was read.
fn attach(tokens: &mut Tokens) -> Option<TableChange> {
    let child = tokens.name()?;
    let default = tokens.take_word("default");
    if !default {
        tokens.take(&["for", "values"]).then_some(())?;
        while tokens.take_any(&["in", "from", "to", "with"]).is_some() {
            tokens.parenthesised()?;
        }
    }
    Some(TableChange::AttachPartition { child, default })
}
