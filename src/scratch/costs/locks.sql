-- What a session holds or waits for, and what became of it, one JSON object a row; proof::Ledger reads them.
SELECT pg_catalog.row_to_json(r)::text FROM (
    SELECT l.oid::bigint AS oid,
           l.modes,
           n.nspname::text AS schema,
           c.relname::text AS name,
           c.relfilenode::bigint AS file,
           c.reltablespace::bigint AS space,
           coalesce(pg_catalog.pg_stat_get_xact_numscans(l.oid), 0) AS scans,
           i.indrelid::bigint AS index_of
    FROM (
        SELECT relation AS oid, pg_catalog.array_agg(DISTINCT mode) AS modes
        FROM pg_catalog.pg_locks
        WHERE locktype = 'relation' AND pid = {pid} AND relation >= 16384
          AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        GROUP BY relation
    ) l
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.oid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.oid
) r
