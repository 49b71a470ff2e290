//! `MODIFY` and `CHANGE`: what it costs hangs on the difference of the old and the new definition.

use crate::model::{ColumnDef, DataType, Engine, Ident, Name};
use crate::schema::Schema;

use super::Way;

/// How the server goes about making `new` of the column that is called `from`. Without the old definition
/// the dearest way is assumed.
pub(super) fn way_of_redefinition(
    table: &Name,
    from: &Ident,
    new: &ColumnDef,
    placed: bool,
    schema: &Schema,
    engine: Engine,
) -> Way {
    let Some(old) = schema.column(table, from).map(|column| &column.def) else {
        return Way::SharedCopy;
    };
    let default_charset = schema
        .table(table)
        .and_then(|table| table.charset.as_deref());
    let mut way = way_of_type(old, new, default_charset);
    if old.not_null != new.not_null || placed && !engine.is_mariadb() {
        way = way.max(Way::OnlineRebuild);
    }
    let collates_anew = old.collation != new.collation && !engine.is_mariadb();
    if charset(old, default_charset) != charset(new, default_charset)
        || collates_anew
        || old.generated != new.generated
        || old.auto_increment != new.auto_increment
    {
        way = Way::SharedCopy;
    }
    way
}

fn way_of_type(old: &ColumnDef, new: &ColumnDef, default_charset: Option<&str>) -> Way {
    let (Some(before), Some(after)) = (&old.data_type, &new.data_type) else {
        return Way::SharedCopy;
    };
    let in_dictionary = before == after
        || before.name == after.name
            && before.unsigned == after.unsigned
            && match after.name.as_str() {
                // The number is a display width; nothing that is kept depends on it.
                "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => true,
                "varchar" | "varbinary" => {
                    let charset = old.charset.as_deref().or(default_charset);
                    grows_within_length_bytes(before, after, charset)
                }
                "enum" | "set" => only_appends(before, after),
                _ => false,
            };
    if in_dictionary {
        Way::Dictionary
    } else {
        Way::SharedCopy
    }
}

/// One byte holds the length of a value up to 255 bytes, two hold it beyond; `InnoDB` grows a column in place
/// only while that number stays.
fn grows_within_length_bytes(before: &DataType, after: &DataType, charset: Option<&str>) -> bool {
    let width = if before.name == "varbinary" {
        1
    } else {
        bytes_per_character(charset)
    };
    match (before.number(0), after.number(0)) {
        (Some(before), Some(after)) => {
            before <= after && (before * width > 255) == (after * width > 255)
        }
        _ => false,
    }
}

/// The most bytes that one character takes; four where the character set is not known, as in utf8mb4, the
/// default of both servers by now.
fn bytes_per_character(charset: Option<&str>) -> u64 {
    match charset {
        Some(
            "latin1" | "latin2" | "latin5" | "latin7" | "ascii" | "binary" | "cp1250" | "cp1251",
        ) => 1,
        Some("ucs2" | "gbk" | "big5" | "sjis" | "cp932" | "euckr" | "gb2312") => 2,
        Some("utf8" | "utf8mb3" | "ujis" | "eucjpms") => 3,
        _ => 4,
    }
}

/// A column's character set by the name that both servers know it by.
fn charset<'a>(column: &'a ColumnDef, default: Option<&'a str>) -> Option<&'a str> {
    let own = column.charset.as_deref().or(default);
    own.map(|charset| match charset {
        "utf8" => "utf8mb3",
        other => other,
    })
}

/// The old labels come first, in their order, and the value still fits the same bytes.
fn only_appends(before: &DataType, after: &DataType) -> bool {
    let bytes = |labels: &DataType| {
        if labels.name == "enum" {
            if labels.args.len() <= 255 { 1 } else { 2 }
        } else {
            match labels.args.len().div_ceil(8) {
                bytes @ 0..=4 => bytes,
                _ => 8,
            }
        }
    };
    after.args.starts_with(&before.args) && bytes(before) == bytes(after)
}
