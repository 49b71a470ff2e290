//! Whether PostgreSQL computes a function once for a whole statement or anew for each row.
//!
//! `ADD COLUMN … DEFAULT f()` touches no row when `f` is immutable or stable (the value is computed once and
//! kept in the catalog), and rewrites the table when it is volatile. The names and their volatility are those
//! of `pg_proc`, with the extensions uuid-ossp and pgcrypto.

/// When a function's result may change (manual, section 38.7, "Function Volatility Categories").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// Never, for the same arguments.
    Immutable,
    /// Not within one statement.
    Stable,
    /// With every row.
    Volatile,
    /// The function is not one that we know. Somebody's own function is volatile unless declared otherwise.
    Unknown,
}

/// The volatility of the function of this name: lower case, without schema.
pub fn volatility(function: &str) -> Volatility {
    let known = |names: &[&str]| names.binary_search(&function).is_ok();
    if known(VOLATILE) {
        Volatility::Volatile
    } else if known(STABLE) {
        Volatility::Stable
    } else if known(IMMUTABLE) {
        Volatility::Immutable
    } else {
        Volatility::Unknown
    }
}

const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "lastval",
    "nextval",
    "random",
    "random_normal",
    "set_config",
    "setval",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

const STABLE: &[&str] = &[
    "age",
    "array_to_json",
    "array_to_string",
    "concat",
    "concat_ws",
    "convert_to",
    "current_catalog",
    "current_database",
    "current_date",
    "current_role",
    "current_schema",
    "current_setting",
    "current_time",
    "current_timestamp",
    "current_user",
    "date",
    "date_part",
    "date_trunc",
    "extract",
    "format",
    "inet_client_addr",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "localtime",
    "localtimestamp",
    "now",
    "pg_backend_pid",
    "pg_current_xact_id",
    "pg_postmaster_start_time",
    "row_to_json",
    "session_user",
    "statement_timestamp",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "txid_current",
    "user",
];

const IMMUTABLE: &[&str] = &[
    "abs",
    "array",
    "array_append",
    "array_cat",
    "array_fill",
    "array_length",
    "array_prepend",
    "ascii",
    "box",
    "btrim",
    "cast",
    "ceil",
    "ceiling",
    "char_length",
    "chr",
    "coalesce",
    "crypt",
    "daterange",
    "decode",
    "digest",
    "encode",
    "exp",
    "floor",
    "greatest",
    "hmac",
    "hstore",
    "initcap",
    "int4range",
    "int8range",
    "json_array",
    "json_object",
    "jsonb_object",
    "left",
    "length",
    "ln",
    "log",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_time",
    "make_timestamp",
    "md5",
    "mod",
    "nullif",
    "numrange",
    "octet_length",
    "overlay",
    "point",
    "position",
    "power",
    "replace",
    "reverse",
    "right",
    "round",
    "row",
    "rpad",
    "rtrim",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sign",
    "split_part",
    "sqrt",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "to_hex",
    "translate",
    "trim",
    "trunc",
    "tsrange",
    "upper",
    "uuid_generate_v3",
    "uuid_generate_v5",
    "uuid_nil",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_each_has_one_volatility() {
        let mut all = [VOLATILE, STABLE, IMMUTABLE].concat();
        for names in [VOLATILE, STABLE, IMMUTABLE] {
            assert!(names.is_sorted(), "{names:?}");
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn time_of_the_statement_is_stable_and_time_of_the_clock_is_not() {
        let cases = [
            ("now", Volatility::Stable),
            ("current_timestamp", Volatility::Stable),
            ("clock_timestamp", Volatility::Volatile),
            ("gen_random_uuid", Volatility::Volatile),
            ("nextval", Volatility::Volatile),
            ("lower", Volatility::Immutable),
            ("my_own_function", Volatility::Unknown),
        ];
        for (function, expected) in cases {
            assert_eq!(volatility(function), expected, "{function}");
        }
    }
}
