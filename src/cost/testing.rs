//! Prices written short, so that a test reads like the table that it checks.

use crate::model::{Engine, LockMode, Span};
use crate::schema::Schema;
use crate::sql;

use super::locks;

/// What `statement` locks after `released` has been applied and released: `AX t rewrite, SRX o instant`.
pub(super) fn price(released: &str, statement: &str, engine: Engine) -> String {
    let read = |text: &str| sql::read(text, &[Span::new(0, text.len())], &engine);
    let mut schema = Schema::new(engine.dialect);
    for statement in read(released).statements {
        statement
            .changes
            .iter()
            .for_each(|change| schema.apply(change));
    }
    schema.release();
    let mut held = Vec::new();
    for part in read(statement).statements {
        if let Some(opaque) = part.opaque {
            return format!("not understood: {}", opaque.reason);
        }
        for change in &part.changes {
            held.extend(locks(change, &schema, &engine));
            schema.apply(change);
        }
    }
    let short = |lock: &crate::model::Lock| {
        let on = lock.on.as_ref().map_or("*".to_owned(), ToString::to_string);
        format!("{} {on} {}", letters(lock.mode), lock.work.name())
    };
    held.iter().map(short).collect::<Vec<_>>().join(", ")
}

fn letters(mode: LockMode) -> &'static str {
    match mode {
        LockMode::AccessShare => "AS",
        LockMode::RowShare => "RS",
        LockMode::RowExclusive => "RX",
        LockMode::ShareUpdateExclusive => "SUX",
        LockMode::Share => "S",
        LockMode::ShareRowExclusive => "SRX",
        LockMode::Exclusive => "X",
        LockMode::AccessExclusive => "AX",
        LockMode::DatabaseWrite => "DB",
    }
}
