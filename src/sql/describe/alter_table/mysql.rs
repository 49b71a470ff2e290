//! The clauses that only MySQL and MariaDB have.

use super::clause::cascade;
use super::on;
use crate::model::{Action, Name, Object, ObjectKind, TableChange};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{column, table as create};
use crate::sql::token::TokenKind;

/// Reads one clause, if it is one of MySQL's own; otherwise nothing was read.
pub(super) fn clause(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    let mark = tokens.mark();
    let found = column_clause(tokens, table)
        .or_else(|| {
            tokens.reset(mark);
            drop(tokens, table)
        })
        .or_else(|| {
            tokens.reset(mark);
            index_clause(tokens, table)
        })
        .or_else(|| {
            tokens.reset(mark);
            rename(tokens, table)
        })
        .or_else(|| {
            tokens.reset(mark);
            partitions(tokens).map(|change| on(table, change))
        })
        .or_else(|| {
            tokens.reset(mark);
            option(tokens, table)
        });
    if found.is_none() {
        tokens.reset(mark);
    }
    found
}

/// Whether a table option begins here: those may follow one another without a comma.
pub(super) fn begins_option(tokens: &Tokens) -> bool {
    const WORDS: &[&str] = &[
        "engine",
        "row_format",
        "key_block_size",
        "default",
        "character",
        "charset",
        "collate",
        "auto_increment",
        "comment",
        "algorithm",
        "lock",
        "stats_persistent",
        "stats_auto_recalc",
        "stats_sample_pages",
        "encryption",
        "compression",
        "avg_row_length",
        "max_rows",
        "min_rows",
        "checksum",
        "delay_key_write",
        "pack_keys",
        "tablespace",
        "insert_method",
        "partition",
        "remove",
        "page_compressed",
        "encrypted",
        "transactional",
    ];
    tokens.is_any(WORDS).is_some()
}

/// `MODIFY` and `CHANGE`.
fn column_clause(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    let word = tokens.take_any(&["modify", "change"])?;
    tokens.take_word("column");
    tokens.take(&["if", "exists"]);
    let from = tokens.ident()?;
    let name = if word == "change" {
        tokens.ident()?
    } else {
        from.clone()
    };
    let column = column::definition(tokens, name)?;
    let position = column::position(tokens);
    Some(on(
        table,
        TableChange::RedefineColumn {
            from,
            column,
            position,
        },
    ))
}

fn drop(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    tokens.take_word("drop").then_some(())?;
    if tokens.take_any(&["index", "key"]).is_some() {
        let if_exists = tokens.take(&["if", "exists"]);
        let object = index(tokens, table)?;
        return Some(vec![Action::Drop {
            object,
            if_exists,
            cascade: false,
            concurrently: false,
        }]);
    }
    if tokens.take(&["primary", "key"]) {
        return Some(on(
            table,
            TableChange::DropConstraint {
                name: None,
                kind: Some("primary key"),
                if_exists: false,
                cascade: false,
            },
        ));
    }
    let kind = if tokens.take(&["foreign", "key"]) {
        "foreign key"
    } else if tokens.is("check") && tokens.ident_at(1).is_some() {
        tokens.advance();
        "check"
    } else {
        return None;
    };
    let if_exists = tokens.take(&["if", "exists"]);
    let name = Some(tokens.ident()?);
    let cascade = cascade(tokens);
    Some(on(
        table,
        TableChange::DropConstraint {
            name,
            kind: Some(kind),
            if_exists,
            cascade,
        },
    ))
}

fn index(tokens: &mut Tokens, table: &Name) -> Option<Object> {
    let name = tokens.ident()?;
    Some(Object::new(ObjectKind::Index, Name::bare(name)).on(table.clone()))
}

/// `ALTER INDEX … VISIBLE`, `ALTER CHECK … ENFORCED`.
fn index_clause(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    tokens.take_word("alter").then_some(())?;
    if tokens.take_word("check") || tokens.take_word("constraint") {
        let name = tokens.ident()?;
        let clause = tokens.item().of(tokens.text()).to_ascii_lowercase();
        return Some(on(table, TableChange::AlterConstraint { name, clause }));
    }
    tokens.take_any(&["index", "key"])?;
    tokens.take(&["if", "exists"]);
    let index = index(tokens, table)?;
    let visible = tokens.take_any(&["invisible", "ignored"]).is_none();
    if visible && !tokens.take_word("visible") && !tokens.take(&["not", "ignored"]) {
        return None;
    }
    Some(vec![Action::SetIndexVisible { index, visible }])
}

fn rename(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    tokens.take_word("rename").then_some(())?;
    if tokens.take_any(&["index", "key"]).is_some() {
        tokens.take(&["if", "exists"]);
        let object = index(tokens, table)?;
        tokens.take_word("to").then_some(())?;
        return Some(vec![Action::Rename {
            object,
            to: Name::bare(tokens.ident()?),
        }]);
    }
    if tokens.is("column") {
        return None;
    }
    if tokens.take_any(&["to", "as"]).is_none() {
        tokens.take_operator("=");
    }
    let to = tokens.name()?;
    let ends = tokens.at_end() || tokens.is_kind(TokenKind::Comma);
    ends.then(|| {
        vec![Action::Rename {
            object: Object::new(ObjectKind::Table, table.clone()),
            to,
        }]
    })
}

fn partitions(tokens: &mut Tokens) -> Option<TableChange> {
    let mark = tokens.mark();
    let word = tokens.take_any(&[
        "add",
        "drop",
        "truncate",
        "coalesce",
        "exchange",
        "discard",
        "import",
        "reorganize",
        "analyze",
        "check",
        "optimize",
        "rebuild",
        "repair",
        "remove",
        "partition",
        "convert",
    ])?;
    if word == "remove" {
        tokens.take_word("partitioning").then_some(())?;
        return Some(TableChange::Rebuild {
            clause: "remove partitioning".to_owned(),
        });
    }
    if word == "partition" {
        tokens.take_word("by").then_some(())?;
        to_end(tokens);
        return Some(TableChange::Rebuild {
            clause: "partition by".to_owned(),
        });
    }
    if word == "convert" {
        tokens.take(&["partition"]).then_some(())?;
        to_end(tokens);
        return Some(TableChange::DropPartitions {
            clause: "convert partition".to_owned(),
        });
    }
    // `DISCARD TABLESPACE` takes all rows away; a column called `partition` must be quoted.
    let tablespace = matches!(word, "discard" | "import") && tokens.take_word("tablespace");
    if !tablespace && !tokens.take_word("partition") {
        return None;
    }
    // The names may be a list, with commas of its own.
    to_end(tokens);
    let clause = tokens.since(mark).of(tokens.text()).to_ascii_lowercase();
    Some(match word {
        "drop" | "truncate" | "exchange" | "discard" => TableChange::DropPartitions { clause },
        "optimize" | "rebuild" => TableChange::Rebuild { clause },
        _ => TableChange::ArrangePartitions { clause },
    })
}

fn to_end(tokens: &mut Tokens) {
    while !tokens.at_end() {
        tokens.skip();
    }
}

fn option(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if let Some(change) = create::demand(tokens) {
        return Some(on(table, change));
    }
    if tokens.take_word("convert") {
        tokens.take_word("to").then_some(())?;
        let charset = create::charset(tokens)?;
        if tokens.take_word("collate") {
            tokens.take_operator("=");
            column::word_or_string(tokens)?;
        }
        return Some(on(
            table,
            TableChange::SetCharset {
                charset,
                convert: true,
            },
        ));
    }
    if let Some(charset) = create::charset(tokens) {
        return Some(on(
            table,
            TableChange::SetCharset {
                charset,
                convert: false,
            },
        ));
    }
    if tokens.take(&["disable", "keys"])
        || tokens.take(&["enable", "keys"])
        || tokens.take(&["without", "validation"])
        || tokens.take(&["with", "validation"])
    {
        return Some(on(
            table,
            TableChange::SetOptions {
                options: "keys".to_owned(),
            },
        ));
    }
    if tokens.take_word("force") {
        return Some(on(
            table,
            TableChange::Rebuild {
                clause: "force".to_owned(),
            },
        ));
    }
    if tokens.take(&["order", "by"]) {
        create::skip_list(tokens)?;
        return Some(on(
            table,
            TableChange::Rebuild {
                clause: "order by".to_owned(),
            },
        ));
    }
    for words in [["add", "system"], ["drop", "system"]] {
        if tokens.take(&words) {
            tokens.take_word("versioning").then_some(())?;
            return Some(on(
                table,
                TableChange::Rebuild {
                    clause: format!("{} system versioning", words[0]),
                },
            ));
        }
    }
    setting(tokens, table)
}

fn setting(tokens: &mut Tokens, table: &Name) -> Option<Vec<Action>> {
    if !begins_option(tokens) {
        return None;
    }
    let mark = tokens.mark();
    let word = create::setting(tokens)?;
    let written = tokens.since(mark).of(tokens.text()).to_ascii_lowercase();
    match word.as_str() {
        "auto_increment" => Some(vec![Action::AlterSequence {
            name: table.clone(),
            renumbers: true,
        }]),
        "engine" | "row_format" | "key_block_size" | "encryption" | "compression"
        | "page_compressed" | "encrypted" => {
            Some(on(table, TableChange::Rebuild { clause: written }))
        }
        _ => Some(on(table, TableChange::SetOptions { options: written })),
    }
}
