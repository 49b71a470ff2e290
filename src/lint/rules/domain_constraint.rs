//! Lets a domain refuse values, in all tables that use it at once.
//!
//! ## What happens
//! `ALTER DOMAIN … ADD CONSTRAINT` and `SET NOT NULL` bind every column of the domain: writes of running releases that break
//! the rule fail, and those of the release that traffic is rolled back to. Each table that uses the domain is
//! locked SHARE, which stops its writes, while every row is read; `NOT VALID` spares the rows, not the writers. A
//! domain that is created with a constraint is a warning: what is one rule today has to be changed in all those
//! tables at once tomorrow, and columns of such a domain cannot be added without a rewrite.
//!
//! ## Not reported
//! `ALTER DOMAIN` on a domain that is new in the pending set; domains without a constraint; VALIDATE CONSTRAINT.
//!
//! ## Instead
//! Put the CHECK on the tables, one by one. Or add it `NOT VALID`, and validate it in a migration of its own, when every
//! release that may break it is retired.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, LockWork, Name, Severity, TypeChange, TypeShape};

pub(super) const RULE: Rule = Rule {
    id: "domain-constraint",
    row: 50,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("domain_constraint.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    match site.action() {
        Action::CreateType(create) => {
            if let TypeShape::Domain { base, constrained: true, .. } = &create.shape {
                report.at_most(Severity::Warning).finding(
                    site.span(),
                    format!(
                        "creates domain `{}` with a constraint: to change it later binds and locks all tables that use it at \
                         once, and adding a column of it rewrites the table",
                        create.name
                    ),
                    format!("Use {base}, and put the CHECK on the tables"),
                );
            }
        }
        Action::AlterType { name, change } if !site.judged.on_new => altered(site, name, change, report),
        _ => {}
    }
}

fn altered(site: &Site<'_>, domain: &Name, change: &TypeChange, report: &mut Report<'_>) {
    let (what, scans) = match change {
        TypeChange::AddDomainConstraint { not_valid } => ("adds a constraint to", !not_valid),
        TypeChange::SetDomainNotNull => ("forbids NULL in", true),
        _ => return,
    };
    let domain_sql = site.name(domain);
    let help = match change {
        TypeChange::SetDomainNotNull => format!(
            "Say it as a constraint that is validated later, when every release that may break it is retired\n\n\
             -- contract: binds new writes, an instant\n\
             ALTER DOMAIN {domain_sql} ADD CONSTRAINT {0} CHECK (VALUE IS NOT NULL) NOT VALID;\n\
             -- migrate, in the next migration\n\
             ALTER DOMAIN {domain_sql} VALIDATE CONSTRAINT {0};",
            format_args!("{}_not_null", domain.name.written()),
        ),
        _ if scans => format!(
            "Add it NOT VALID, when every release that may break it is retired, and validate it in the next migration\n\n\
             ALTER DOMAIN {domain_sql} ADD CONSTRAINT … CHECK (…) NOT VALID;\n\
             -- migrate, in the next migration\n\
             ALTER DOMAIN {domain_sql} VALIDATE CONSTRAINT …;"
        ),
        _ => "Add it in a contract migration, when every release that may break it is retired".to_owned(),
    };
    let cost = if scans { cost(site) } else { String::new() };
    report.finding(
        site.span(),
        format!("{what} domain `{domain}`: writes of running releases that break it fail in every table that uses it{cost}"),
        help,
    );
}

/// The tables that are locked and read; those that the folder does not show are locked as well.
fn cost(site: &Site<'_>) -> String {
    let scanned = site.judged.locks.iter().filter(|lock| lock.work == LockWork::Scan);
    let tables: Vec<_> = scanned.filter_map(|lock| lock.on.as_ref()).map(|table| format!("`{table}`")).collect();
    let tables = if tables.is_empty() { "each of them".to_owned() } else { tables.join(", ") };
    format!("; a SHARE lock stops writes to {tables} while every row is read")
}
