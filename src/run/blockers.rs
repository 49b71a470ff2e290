//! Who holds what a statement waited for.

use crate::guard::Touched;
use crate::model::{Dialect, Ident, Name};
use crate::store::{Connection, Row, Value};

/// Sessions that hold a lock on one of these tables, each as people shall read it; as far as the engine tells, and
/// this account may see. Whom it does not tell of, nobody is blamed for.
pub(super) async fn blockers(connection: &mut Connection, touched: &Touched) -> Vec<String> {
    let dialect = connection.dialect();
    let mut found = Vec::new();
    for object in &touched.objects {
        let table = Name {
            schema: object.schema.as_deref().map(Ident::folded),
            name: Ident::folded(&object.name),
        };
        let (query, values) = match dialect {
            Dialect::Postgres => (HOLDERS_ON_POSTGRES, vec![table.sql(dialect).into()]),
            Dialect::Mysql => (OLD_TRANSACTIONS_ON_MYSQL, Vec::new()),
            Dialect::Sqlite => return found,
        };
        let rows = ask(connection, query, &values).await;
        for said in rows.into_iter().filter_map(describe) {
            if !found.contains(&said) {
                found.push(said);
            }
        }
    }
    found
}

/// What is asked for a message must not fail the run.
async fn ask(connection: &mut Connection, query: &str, values: &[Value]) -> Vec<Row> {
    connection.read(query, values).await.unwrap_or_default()
}

/// Session, who it is, how long its transaction has lasted in seconds, and its statement.
fn describe(row: Row) -> Option<String> {
    let mut columns = row.into_iter();
    let session = columns.next()??;
    let mut next = || columns.next().flatten().unwrap_or_default();
    let (who, state, seconds, query) = (next(), next(), next(), next());
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let doing = if query.is_empty() {
        String::new()
    } else {
        format!(": `{query}`")
    };
    Some(format!(
        "session {session} ({who}, {state} for {seconds} s{doing})"
    ))
}

const HOLDERS_ON_POSTGRES: &str = "SELECT DISTINCT a.pid::text, concat_ws(' ', nullif(a.application_name, ''), 'as', \
     a.usename), coalesce(a.state, 'busy'), extract(epoch FROM clock_timestamp() - a.xact_start)::int::text, \
     left(coalesce(a.query, ''), 80) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) \
     WHERE l.locktype = 'relation' AND l.granted AND l.relation = pg_catalog.to_regclass(?) AND a.pid <> pg_backend_pid()";

/// Without an instrument that is off by default, the engine does not tell who holds a table: whoever is in a
/// transaction may.
const OLD_TRANSACTIONS_ON_MYSQL: &str = "SELECT concat('', p.id), concat('as ', p.user), 'in a transaction', \
     concat('', timestampdiff(SECOND, t.trx_started, now())), left(coalesce(p.info, ''), 80) \
     FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
     WHERE p.id <> connection_id() ORDER BY t.trx_started";
