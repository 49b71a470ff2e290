//! What the catalog of each engine says of a table, as far as cutting it goes.

use crate::backfill::{Column, Facts, Key, Kind, Rows};
use crate::model::{Dialect, Ident, Name};
use crate::store::{Connection, DatabaseError, Row, Value};

/// The facts about a table; `None` where there is no such table.
pub(super) async fn facts(
    connection: &mut Connection,
    table: &Name,
) -> Result<Option<Facts>, DatabaseError> {
    match connection.dialect() {
        Dialect::Postgres => postgres(connection, table).await,
        Dialect::Mysql => mysql(connection, table).await,
        Dialect::Sqlite => sqlite(connection, table).await,
    }
}

async fn postgres(
    connection: &mut Connection,
    table: &Name,
) -> Result<Option<Facts>, DatabaseError> {
    let name: Value = table.sql(Dialect::Postgres).into();
    // Tid range scans came with 14; a file of their own have plain tables alone.
    let about = "SELECT c.relkind::text, c.relhassubclass::text, \
         (pg_relation_size(c.oid) / current_setting('block_size')::bigint)::text, pg_relation_filenode(c.oid)::text, \
         nullif(greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid)), -1)::text, \
         (current_setting('server_version_num')::int >= 140000)::text FROM pg_class c WHERE c.oid = to_regclass(?)";
    let rows = connection.read(about, std::slice::from_ref(&name)).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let (kind, inherited) = (text(0), text(1) == "true");
    // The rows of a table's heirs come with its own, and no key is unique over all of them.
    if kind == "r" && inherited {
        return Ok(Some(Facts::default()));
    }
    let rows = match (text(2).parse(), text(3)) {
        (Ok(count), file) if kind == "r" && text(5) == "true" => Rows::Pages { count, file },
        _ => Rows::None,
    };
    let keys = "SELECT i.indexrelid::text, a.attname::text, t.typname::text, format_type(a.atttypid, -1), \
         (coalesce(l.collisdeterministic, true) AND i.indcollation[k.ord::int - 1] = a.attcollation AND o.opcdefault)::text \
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam \
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, ord) \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum JOIN pg_type t ON t.oid = a.atttypid \
         JOIN pg_opclass o ON o.oid = i.indclass[k.ord::int - 1] \
         LEFT JOIN pg_collation l ON l.oid = i.indcollation[k.ord::int - 1] \
         WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indisvalid AND i.indimmediate AND m.amname = 'btree' \
         AND i.indpred IS NULL AND i.indexprs IS NULL AND k.ord <= i.indnkeyatts \
         AND NOT EXISTS (SELECT FROM unnest(i.indkey) WITH ORDINALITY n(attnum, ord) \
           JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = n.attnum \
           WHERE n.ord <= i.indnkeyatts AND (NOT b.attnotnull OR i.indoption[n.ord::int - 1] <> 0)) \
         ORDER BY NOT i.indisprimary, i.indexrelid, k.ord";
    let found = connection.read(keys, &[name]).await?;
    Ok(Some(Facts {
        keys: keys_of(found, |columns| {
            let (kind, full) = (columns(2), columns(3));
            match kind.as_str() {
                _ if columns(4) != "true" => {
                    Kind::Unfit("compared in the index in another way than in a query".to_owned())
                }
                "int2" | "int4" | "int8" | "numeric" | "text" | "varchar" | "bpchar" | "uuid"
                | "date" | "timestamp" | "timestamptz" | "bytea" => Kind::Cast(full),
                _ => of_type(&full),
            }
        }),
        rows,
        estimate: text(4).parse().ok(),
    }))
}

async fn mysql(connection: &mut Connection, table: &Name) -> Result<Option<Facts>, DatabaseError> {
    let schema = table.schema.as_ref().map(Ident::written);
    let names: [Value; 2] = [schema.into(), table.name.written().into()];
    let about = "SELECT concat('', coalesce(table_rows, 0)) FROM information_schema.tables \
         WHERE table_schema = coalesce(?, database()) AND table_name = ?";
    let rows = connection.read(about, &names).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let estimate = row.into_iter().next().flatten();
    // A key counts with all of its columns or not at all: a prefix is not unique, NULLs are not compared.
    let keys = "SELECT concat('', s.index_name), concat('', s.column_name), concat('', c.data_type) \
         FROM information_schema.statistics s JOIN information_schema.columns c \
         ON c.table_schema = s.table_schema AND c.table_name = s.table_name AND c.column_name = s.column_name \
         WHERE s.table_schema = coalesce(?, database()) AND s.table_name = ? AND s.non_unique = 0 \
         AND NOT EXISTS (SELECT 1 FROM information_schema.statistics n WHERE n.table_schema = s.table_schema \
           AND n.table_name = s.table_name AND n.index_name = s.index_name \
           AND (n.nullable = 'YES' OR n.sub_part IS NOT NULL OR n.column_name IS NULL OR n.collation <> 'A')) \
         ORDER BY s.index_name <> 'PRIMARY', s.index_name, s.seq_in_index";
    let found = connection.read(keys, &names).await?;
    Ok(Some(Facts {
        keys: keys_of(found, |columns| {
            let kind = columns(2).to_ascii_lowercase();
            match kind.as_str() {
                "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" => Kind::Number,
                "char" | "varchar" | "date" | "datetime" | "timestamp" | "uuid" => Kind::Text,
                "binary" | "varbinary" => Kind::Bytes,
                _ => of_type(&kind),
            }
        }),
        rows: Rows::None,
        estimate: estimate.and_then(|rows| rows.parse().ok()),
    }))
}

async fn sqlite(connection: &mut Connection, table: &Name) -> Result<Option<Facts>, DatabaseError> {
    let name: Value = table.name.written().into();
    let about = "SELECT type, CAST(wr AS text) FROM pragma_table_list WHERE lower(name) = lower(?) AND schema IN ('main', 'temp')";
    let rows = connection.read(about, std::slice::from_ref(&name)).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    if text(0) != "table" {
        return Ok(Some(Facts::default()));
    }
    let has_rowid = text(1) == "0";
    // An INTEGER PRIMARY KEY is the rowid itself, and has no index. Outside of WITHOUT ROWID tables every other primary
    // key takes NULLs, unless its columns say NOT NULL.
    let alias = "SELECT '', name FROM pragma_table_info(?) WHERE pk = 1 AND upper(type) = 'INTEGER' \
         AND (SELECT count(*) FROM pragma_table_info(?) WHERE pk > 0) = 1 \
         AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk')";
    let mut found = connection
        .read(alias, &[name.clone(), name.clone(), name.clone()])
        .await?;
    let keys = "SELECT l.name, x.name FROM pragma_index_list(?) l JOIN pragma_index_xinfo(l.name) x \
         WHERE l.\"unique\" = 1 AND l.partial = 0 AND x.key = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_xinfo(l.name) n \
           WHERE n.key = 1 AND (n.cid < 0 OR n.\"desc\" = 1 OR NOT EXISTS (SELECT 1 FROM pragma_table_info(?) c \
             WHERE c.name = n.name AND (c.\"notnull\" = 1 OR (c.pk > 0 AND ? = 0))))) \
         ORDER BY l.origin <> 'pk', l.name, x.seqno";
    let rowids: Value = i64::from(has_rowid).into();
    found.extend(connection.read(keys, &[name.clone(), name, rowids]).await?);
    Ok(Some(Facts {
        keys: keys_of(found, |_| Kind::Quoted),
        rows: if has_rowid { Rows::Rowid } else { Rows::None },
        estimate: None,
    }))
}

fn of_type(kind: &str) -> Kind {
    Kind::Unfit(format!(
        "of type {kind}, whose values are not certain to be read back as they are"
    ))
}

/// Rows of index and column, in the order of the indexes and of the columns in them.
fn keys_of(rows: Vec<Row>, kind: impl Fn(&dyn Fn(usize) -> String) -> Kind) -> Vec<Key> {
    let mut keys: Vec<(String, Key)> = Vec::new();
    for row in rows {
        let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let column = Column {
            name: Ident::folded(&text(1)),
            kind: kind(&text),
        };
        match keys.last_mut().filter(|(index, _)| *index == text(0)) {
            Some((_, key)) => key.columns.push(column),
            None => keys.push((
                text(0),
                Key {
                    columns: vec![column],
                },
            )),
        }
    }
    keys.into_iter().map(|(_, key)| key).collect()
}
