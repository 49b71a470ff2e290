//! Grows a MySQL VARCHAR past 255 bytes, so that the whole table is copied.
//!
//! ## What happens
//! `InnoDB` keeps the length of a VARCHAR in one byte up to 255 bytes and in two beyond. Growing on one side of that line
//! touches the dictionary alone; across it, the server copies the table, and writes wait until it is done. The line is
//! in bytes: with utf8mb4 it lies between 63 and 64 characters, with utf8mb3 between 85 and 86, with latin1 between 255
//! and 256. Where the folder does not tell the character set, four bytes are assumed.
//!
//! ## Not reported
//! Growing on one side of the line, and columns that are new in the pending set.
//!
//! ## Instead
//! Cross the line in a quiet hour, or by a tool that copies beside the table (gh-ost, pt-online-schema-change). State
//! `ALGORITHM=INPLACE` where a copy must not happen: the server then refuses rather than copies.

use super::{Check, Mysql, Rule};
use crate::lint::retype::{RetypeKind, retypes_to, waiting};
use crate::lint::sequences::type_sql;
use crate::lint::{Report, Site};
use crate::model::{Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "my-varchar-length-byte",
    row: 28,
    severity: Severity::Warning,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_varchar_length_byte.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::LengthByte) {
        report.finding(
            site.span(),
            format!(
                "{}, past 255 bytes: the length takes a second byte in every row{}",
                retype.told(site),
                waiting(site)
            ),
            format!(
                "Do it in a quiet hour, or by a tool that copies beside the table\n\n\
                 -- gh-ost --table={} --alter=\"MODIFY {} {} …\"",
                retype.table.name,
                retype.column.sql(Dialect::Mysql),
                type_sql(&retype.new, Dialect::Mysql),
            ),
        );
    }
}
