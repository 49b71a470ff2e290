-- The relations that there are, one JSON object a row; proof::Ledger reads them.
SELECT pg_catalog.row_to_json(r)::text FROM (
    SELECT c.oid::bigint AS oid,
           n.nspname::text AS schema,
           c.relname::text AS name,
           c.relkind::text AS kind,
           c.relpersistence = 't' AS temporary,
           c.relfilenode::bigint AS file,
           c.reltablespace::bigint AS space,
           coalesce(pg_catalog.pg_stat_get_xact_numscans(c.oid), 0) AS scans,
           coalesce(i.indrelid, toasted.oid, owned.refobjid, parent.oid)::bigint AS part_of
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    LEFT JOIN pg_catalog.pg_class toasted ON toasted.reltoastrelid = c.oid AND c.relkind = 't'
    LEFT JOIN pg_catalog.pg_depend owned
           ON c.relkind = 'S' AND owned.objid = c.oid AND owned.deptype IN ('a', 'i')
          AND owned.classid = 'pg_catalog.pg_class'::regclass AND owned.refclassid = owned.classid
    LEFT JOIN LATERAL (
        SELECT min(h.inhparent::bigint) AS oid FROM pg_catalog.pg_inherits h
        WHERE h.inhrelid = c.oid AND c.relkind IN ('r', 'p', 'f')
    ) parent ON true
    -- Below stands the catalog itself.
    WHERE c.oid >= 16384 AND c.relkind <> 'c'
) r
