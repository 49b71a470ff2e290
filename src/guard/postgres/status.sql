SELECT g.version, g.tier,
    (SELECT count(*) = 3 FROM pg_catalog.pg_event_trigger e
     WHERE e.evtname IN ('bgmigrate_guard_start', 'bgmigrate_guard_end', 'bgmigrate_guard_drop') AND e.evtenabled = 'A')
        AND coalesce(pg_catalog.current_setting('event_triggers', true), 'on') = 'on' AS watches,
    (SELECT count(*) FROM bgmigrate.pin_release) AS releases,
    (SELECT count(*) FROM bgmigrate.pin) AS pins,
    (SELECT pg_catalog.pg_get_userbyid(c.relowner)::text FROM pg_catalog.pg_class c
     WHERE c.oid = 'bgmigrate.guard'::pg_catalog.regclass) AS owner
FROM bgmigrate.guard g
