//! Types: one spelling for each synonym of each dialect.

use crate::model::{DataType, Dialect};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// A type as a column definition gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sql) struct ColumnType {
    /// The type itself.
    pub(in crate::sql) data_type: DataType,
    /// It was written as `serial` or one of its sizes: NOT NULL, and numbered by itself.
    pub(in crate::sql) serial: bool,
}

/// Reads a type.
pub(in crate::sql) fn read(tokens: &mut Tokens) -> Option<DataType> {
    Some(column_type(tokens)?.data_type)
}

/// Reads a type, `serial` included.
pub(in crate::sql) fn column_type(tokens: &mut Tokens) -> Option<ColumnType> {
    let mut written = match tokens.dialect() {
        Dialect::Postgres => postgres_name(tokens)?,
        Dialect::Mysql => mysql_name(tokens)?,
        Dialect::Sqlite => sqlite_name(tokens)?,
    };
    if tokens.is_kind(TokenKind::LeftParen) && written.args.is_empty() {
        written.args = arguments(tokens)?;
    }
    match tokens.dialect() {
        Dialect::Postgres => postgres_suffix(tokens, &mut written),
        Dialect::Mysql => mysql_suffix(tokens, &mut written),
        Dialect::Sqlite => {}
    }
    let serial = serial(&mut written, tokens.dialect());
    normalise(&mut written, tokens.dialect());
    Some(ColumnType {
        data_type: written,
        serial,
    })
}

/// PostgreSQL: several words only in the types that the standard spells so; else a name, maybe qualified.
fn postgres_name(tokens: &mut Tokens) -> Option<DataType> {
    const PHRASES: &[(&[&str], &str)] = &[
        (&["double", "precision"], "double precision"),
        (&["national", "character", "varying"], "varchar"),
        (&["national", "char", "varying"], "varchar"),
        (&["character", "varying"], "varchar"),
        (&["char", "varying"], "varchar"),
        (&["nchar", "varying"], "varchar"),
        (&["national", "character"], "char"),
        (&["national", "char"], "char"),
        (&["bit", "varying"], "varbit"),
    ];
    if let Some(name) = phrase(tokens, PHRASES) {
        return Some(DataType::named(name));
    }
    let quoted = tokens.is_kind(TokenKind::QuotedIdent);
    let name = tokens.name()?;
    let own = name.name.as_str();
    let plain = match &name.schema {
        Some(schema) if schema.as_str() != "pg_catalog" => format!("{schema}.{own}"),
        _ => own.to_owned(),
    };
    // In a routine: the type of a column, or the row of a table, whatever it is at the time.
    if tokens.is_operator("%") && tokens.word_at(1).is_some() {
        tokens.advance();
        let what = tokens.ident()?;
        return Some(DataType::named(&format!("{plain}%{what}")));
    }
    // `"char"` is a type of its own, one byte wide.
    Some(DataType::named(if quoted && plain == "char" {
        "\"char\""
    } else {
        &plain
    }))
}

/// `WITH TIME ZONE`, the fields of an interval, and array brackets.
fn postgres_suffix(tokens: &mut Tokens, written: &mut DataType) {
    if matches!(written.name.as_str(), "timestamp" | "time") {
        if tokens.take(&["with", "time", "zone"]) {
            written.name.push_str("tz");
        } else {
            tokens.take(&["without", "time", "zone"]);
        }
    }
    if written.name == "interval" {
        const FIELDS: &[&str] = &["year", "month", "day", "hour", "minute", "second"];
        let mut fields = Vec::new();
        while let Some(field) = tokens.take_any(FIELDS) {
            fields.push(field);
            if tokens.is("to") && tokens.word_at(1).is_some() {
                tokens.advance();
                fields.push("to");
            }
        }
        if !fields.is_empty() {
            written.args.insert(0, fields.join(" "));
            if let Some(precision) = tokens
                .is_kind(TokenKind::LeftParen)
                .then(|| arguments(tokens))
                .flatten()
            {
                written.args.extend(precision);
            }
        }
    }
    loop {
        if tokens.take_operator("[") {
            tokens.take_kind(TokenKind::Number);
            tokens.take_operator("]");
        } else if tokens.take_operator("[]")
            || (written.dimensions == 0 && tokens.take_word("array"))
        {
            if tokens.is_operator("[") {
                continue;
            }
        } else {
            return;
        }
        written.dimensions = written.dimensions.saturating_add(1);
    }
}

fn mysql_name(tokens: &mut Tokens) -> Option<DataType> {
    const PHRASES: &[(&[&str], &str)] = &[
        (&["double", "precision"], "double"),
        (&["national", "varchar"], "varchar"),
        (&["national", "character", "varying"], "varchar"),
        (&["national", "char", "varying"], "varchar"),
        (&["nchar", "varchar"], "varchar"),
        (&["nchar", "varying"], "varchar"),
        (&["character", "varying"], "varchar"),
        (&["char", "varying"], "varchar"),
        (&["national", "character"], "char"),
        (&["national", "char"], "char"),
        (&["long", "varchar"], "mediumtext"),
        (&["long", "char", "varying"], "mediumtext"),
        (&["long", "varbinary"], "mediumblob"),
    ];
    if let Some(name) = phrase(tokens, PHRASES) {
        return Some(DataType::named(name));
    }
    tokens.peek_word()?;
    let name = tokens.peek_text().to_ascii_lowercase();
    tokens.advance();
    Some(DataType::named(&name))
}

fn mysql_suffix(tokens: &mut Tokens, written: &mut DataType) {
    while let Some(word) = tokens.take_any(&["unsigned", "signed", "zerofill"]) {
        // ZEROFILL makes a column unsigned by itself.
        written.unsigned |= word != "signed";
    }
}

/// SQLite takes any words for a type, up to the first constraint.
fn sqlite_name(tokens: &mut Tokens) -> Option<DataType> {
    const ENDS: &[&str] = &[
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
        "on",
        "autoincrement",
        "deferrable",
        "initially",
        "comment",
    ];
    let mut words: Vec<String> = Vec::new();
    while tokens.is_any(ENDS).is_none() {
        if let Some(ident) = tokens.ident() {
            words.push(ident.as_str().to_ascii_lowercase());
        } else if let Some(literal) = tokens.literal() {
            words.push(literal.value.to_ascii_lowercase());
        } else {
            break;
        }
    }
    (!words.is_empty()).then(|| DataType::named(&words.join(" ")))
}

fn phrase(tokens: &mut Tokens, phrases: &[(&[&str], &'static str)]) -> Option<&'static str> {
    phrases
        .iter()
        .find(|(words, _)| tokens.take(words))
        .map(|(_, name)| *name)
}

/// What stands in parentheses after the name. Labels lose their quotes.
fn arguments(tokens: &mut Tokens) -> Option<Vec<String>> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut args = Vec::new();
    while tokens.take_kind(TokenKind::RightParen).is_none() {
        if let Some(literal) = tokens.literal() {
            args.push(literal.value);
        } else {
            let item = tokens.item();
            if item.is_empty() {
                return None;
            }
            args.push(item.of(tokens.text()).to_ascii_lowercase());
        }
        if tokens.take_kind(TokenKind::Comma).is_none() && !tokens.is_kind(TokenKind::RightParen) {
            return None;
        }
    }
    Some(args)
}

fn serial(written: &mut DataType, dialect: Dialect) -> bool {
    let base = match (dialect, written.name.as_str()) {
        (Dialect::Postgres, "serial" | "serial4") => "integer",
        (Dialect::Postgres, "bigserial" | "serial8") => "bigint",
        (Dialect::Postgres, "smallserial" | "serial2") => "smallint",
        (Dialect::Mysql, "serial") => {
            written.unsigned = true;
            "bigint"
        }
        _ => return false,
    };
    base.clone_into(&mut written.name);
    true
}

fn normalise(written: &mut DataType, dialect: Dialect) {
    let name = match dialect {
        Dialect::Postgres => postgres_synonym(written),
        Dialect::Mysql => mysql_synonym(written),
        Dialect::Sqlite => None,
    };
    if let Some(name) = name {
        name.clone_into(&mut written.name);
    }
    match (dialect, written.name.as_str(), written.args.len()) {
        (Dialect::Postgres, "numeric", 1) | (Dialect::Mysql, "decimal", 1) => {
            written.args.push("0".to_owned());
        }
        (Dialect::Mysql, "decimal", 0) => written.args = vec!["10".to_owned(), "0".to_owned()],
        (Dialect::Postgres, "char" | "bit", 0) | (Dialect::Mysql, "char" | "binary" | "bit", 0) => {
            written.args.push("1".to_owned());
        }
        // The width says how many digits a client shows, except that drivers take `tinyint(1)` for a boolean.
        (Dialect::Mysql, "tinyint", 1) if written.args[0] == "1" => {}
        (
            Dialect::Mysql,
            "tinyint" | "smallint" | "mediumint" | "integer" | "bigint" | "year",
            _,
        ) => written.args.clear(),
        (Dialect::Mysql, "datetime" | "timestamp" | "time", 1) if written.args[0] == "0" => {
            written.args.clear();
        }
        _ => {}
    }
}

fn postgres_synonym(written: &mut DataType) -> Option<&'static str> {
    Some(match written.name.as_str() {
        "int" | "int4" => "integer",
        "int2" => "smallint",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "float" => {
            let single = written.number(0).is_some_and(|bits| bits <= 24);
            written.args.clear();
            if single { "real" } else { "double precision" }
        }
        "decimal" | "dec" => "numeric",
        "bool" => "boolean",
        "character" | "nchar" => "char",
        // Without a length it holds any, unlike char.
        "bpchar" if !written.args.is_empty() => "char",
        _ => return None,
    })
}

fn mysql_synonym(written: &mut DataType) -> Option<&'static str> {
    Some(match written.name.as_str() {
        "int" | "int4" => "integer",
        "int1" => "tinyint",
        "int2" => "smallint",
        "int3" | "middleint" => "mediumint",
        "int8" => "bigint",
        "bool" | "boolean" => {
            written.args = vec!["1".to_owned()];
            "tinyint"
        }
        "numeric" | "dec" | "fixed" => "decimal",
        "float4" => "float",
        "float8" | "real" => "double",
        "character" | "nchar" => "char",
        "varcharacter" | "nvarchar" => "varchar",
        "long" => "mediumtext",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    #[test]
    fn every_synonym_has_one_spelling() {
        let cases: &[(Dialect, &[&str], &str)] = &[
            (
                Dialect::Postgres,
                &["int", "INT4", "Integer", "pg_catalog.int4"],
                "integer",
            ),
            (Dialect::Postgres, &["int8", "bigint"], "bigint"),
            (Dialect::Postgres, &["bool", "BOOLEAN"], "boolean"),
            (
                Dialect::Postgres,
                &["varchar(20)", "character varying (20)", "CHAR VARYING(20)"],
                "varchar(20)",
            ),
            (
                Dialect::Postgres,
                &["char", "character(1)", "bpchar(1)"],
                "char(1)",
            ),
            (
                Dialect::Postgres,
                &["timestamptz", "timestamp with time zone"],
                "timestamptz",
            ),
            (
                Dialect::Postgres,
                &["timestamp(3)", "timestamp(3) without time zone"],
                "timestamp(3)",
            ),
            (
                Dialect::Postgres,
                &["timestamp(6) with time zone", "timestamptz(6)"],
                "timestamptz(6)",
            ),
            (
                Dialect::Postgres,
                &["decimal(10)", "numeric(10,0)", "dec(10, 0)"],
                "numeric(10, 0)",
            ),
            (Dialect::Postgres, &["decimal", "numeric"], "numeric"),
            (
                Dialect::Postgres,
                &["float", "float8", "double precision", "float(53)"],
                "double precision",
            ),
            (Dialect::Postgres, &["float(24)", "real"], "real"),
            (
                Dialect::Postgres,
                &["text[]", "text ARRAY", "TEXT[3]", "text array[4]"],
                "text[]",
            ),
            (Dialect::Postgres, &["integer[][]"], "integer[][]"),
            (
                Dialect::Postgres,
                &["order_state", "public.order_state", "\"order_state\""],
                "order_state",
            ),
            (Dialect::Postgres, &["audit.\"State\""], "audit.State"),
            (Dialect::Postgres, &["\"char\""], "\"char\""),
            (Dialect::Postgres, &["users.email%TYPE"], "users.email%type"),
            (
                Dialect::Postgres,
                &["interval day to second(3)"],
                "interval(day to second, 3)",
            ),
            (
                Dialect::Postgres,
                &["geometry(Point, 4326)"],
                "geometry(point, 4326)",
            ),
            (Dialect::Mysql, &["int(11)", "INTEGER", "int"], "integer"),
            (
                Dialect::Mysql,
                &["int(10) unsigned zerofill", "int unsigned"],
                "integer unsigned",
            ),
            (Dialect::Mysql, &["bool", "tinyint(1)"], "tinyint(1)"),
            (Dialect::Mysql, &["tinyint(4)", "int1"], "tinyint"),
            (
                Dialect::Mysql,
                &["decimal", "numeric(10)", "fixed(10,0)"],
                "decimal(10, 0)",
            ),
            (
                Dialect::Mysql,
                &["double precision", "real", "float8"],
                "double",
            ),
            (
                Dialect::Mysql,
                &["national varchar(5)", "varchar(5)"],
                "varchar(5)",
            ),
            (Dialect::Mysql, &["enum('a', 'b''c')"], "enum(a, b'c)"),
            (Dialect::Mysql, &["datetime(0)", "datetime"], "datetime"),
            (Dialect::Sqlite, &["INTEGER", "integer"], "integer"),
            (Dialect::Sqlite, &["UNSIGNED BIG INT"], "unsigned big int"),
            (
                Dialect::Sqlite,
                &["VARYING CHARACTER(255)"],
                "varying character(255)",
            ),
        ];
        for (dialect, spellings, expected) in cases {
            for sql in *spellings {
                let mut tokens = Tokens::new(sql, Span::new(0, sql.len()), *dialect);
                let found = read(&mut tokens).map(|found| found.to_string());
                assert_eq!(found.as_deref(), Some(*expected), "{sql}");
                assert!(tokens.at_end(), "{sql}");
            }
        }
    }

    #[test]
    fn serial_is_an_integer_that_numbers_itself() {
        for (sql, dialect, expected) in [
            ("bigserial", Dialect::Postgres, "bigint"),
            ("SERIAL", Dialect::Postgres, "integer"),
            ("serial", Dialect::Mysql, "bigint unsigned"),
        ] {
            let mut tokens = Tokens::new(sql, Span::new(0, sql.len()), dialect);
            let found = column_type(&mut tokens).expect("a type");
            assert_eq!(
                (found.data_type.to_string().as_str(), found.serial),
                (expected, true)
            );
        }
    }
}
