//! The clauses of `ALTER TYPE` and `ALTER DOMAIN`.

use super::{one, to_end};
use crate::model::{Action, Name, TypeChange};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{expr, types};
use crate::sql::token::TokenKind;

/// `ALTER TYPE name` was read.
pub(super) fn composed(tokens: &mut Tokens, name: &Name) -> Option<Vec<Action>> {
    if tokens.take(&["add", "value"]) {
        return added_value(tokens, name);
    }
    if tokens.take(&["rename", "value"]) {
        let from = tokens.literal()?.value;
        tokens.take_word("to").then_some(())?;
        let to = tokens.literal()?.value;
        return changed(name, TypeChange::RenameValue { from, to });
    }
    if tokens.take(&["rename", "attribute"]) {
        let from = tokens.ident()?;
        tokens.take_word("to").then_some(())?;
        let to = tokens.ident()?;
        cascade(tokens);
        return changed(name, TypeChange::RenameAttribute { from, to });
    }
    if tokens.take_word("set") {
        tokens.parenthesised()?;
        return changed(name, TypeChange::SetOption);
    }
    let mut actions = Vec::new();
    loop {
        let change = attribute(tokens)?;
        actions.extend(changed(name, change)?);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(actions);
        }
    }
}

fn added_value(tokens: &mut Tokens, name: &Name) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let label = tokens.literal()?.value;
    let placed = tokens.take_any(&["before", "after"]).is_some();
    if placed {
        tokens.literal()?;
    }
    changed(
        name,
        TypeChange::AddValue {
            label,
            if_not_exists,
            placed,
        },
    )
}

fn attribute(tokens: &mut Tokens) -> Option<TypeChange> {
    let verb = tokens.take_any(&["add", "drop", "alter"])?;
    tokens.take_word("attribute").then_some(())?;
    if verb == "drop" {
        tokens.take(&["if", "exists"]);
    }
    let name = tokens.ident()?;
    if verb == "alter" {
        tokens.take(&["set", "data"]);
        tokens.take_word("type").then_some(())?;
    }
    if verb != "drop" {
        types::read(tokens)?;
        if tokens.take_word("collate") {
            tokens.name()?;
        }
    }
    cascade(tokens);
    Some(match verb {
        "add" => TypeChange::AddAttribute { name },
        "drop" => TypeChange::DropAttribute { name },
        _ => TypeChange::AlterAttribute { name },
    })
}

/// `ALTER DOMAIN name` was read.
pub(super) fn domain(tokens: &mut Tokens, name: &Name) -> Option<Vec<Action>> {
    let change = if tokens.take(&["set", "default"]) {
        expr::until(tokens, &[])?;
        TypeChange::SetDomainDefault
    } else if tokens.take(&["drop", "default"]) {
        TypeChange::DropDomainDefault
    } else if tokens.take(&["set", "not", "null"]) {
        TypeChange::SetDomainNotNull
    } else if tokens.take(&["drop", "not", "null"]) {
        TypeChange::DropDomainNotNull
    } else if tokens.take(&["validate", "constraint"]) {
        TypeChange::ValidateDomainConstraint {
            name: tokens.ident()?,
        }
    } else if tokens.take(&["drop", "constraint"]) {
        tokens.take(&["if", "exists"]);
        let name = tokens.ident()?;
        cascade(tokens);
        TypeChange::DropDomainConstraint { name }
    } else if tokens.take(&["rename", "constraint"]) {
        // Only who names the constraint can tell, and no application does.
        to_end(tokens);
        TypeChange::SetOption
    } else {
        tokens.take_word("add").then_some(())?;
        added_constraint(tokens)?
    };
    changed(name, change)
}

fn added_constraint(tokens: &mut Tokens) -> Option<TypeChange> {
    if tokens.take_word("constraint") {
        tokens.ident()?;
    }
    if tokens.take_word("check") {
        tokens.parenthesised()?;
    } else {
        tokens.take(&["not", "null"]).then_some(())?;
    }
    let not_valid = tokens.take(&["not", "valid"]);
    Some(TypeChange::AddDomainConstraint { not_valid })
}

fn cascade(tokens: &mut Tokens) {
    tokens.take_any(&["cascade", "restrict"]);
}

fn changed(name: &Name, change: TypeChange) -> Option<Vec<Action>> {
    one(Action::AlterType {
        name: name.clone(),
        change,
    })
}
