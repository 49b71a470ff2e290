-- Run in one transaction.
SET LOCAL client_min_messages = warning;
-- An older guard makes way; its pins stay. The triggers go first, so that it does not watch its own end.
DO $$
DECLARE
    old record;
BEGIN
    IF to_regclass('bgmigrate.guard') IS NOT NULL THEN
        SELECT g.version INTO old FROM bgmigrate.guard g;
        IF old.version > {version} THEN
            RAISE EXCEPTION USING ERRCODE = 'BG002',
                MESSAGE = format('the guard in this database is of version %s, and this bgmigrate knows {version}', old.version),
                HINT = 'Use a newer bgmigrate.';
        END IF;
    END IF;
    FOR old IN SELECT e.evtname FROM pg_catalog.pg_event_trigger e WHERE e.evtname LIKE 'bgmigrate\_guard\_%' LOOP
        EXECUTE format('DROP EVENT TRIGGER %I', old.evtname);
    END LOOP;
    DROP VIEW IF EXISTS bgmigrate.guard_object CASCADE;
    FOR old IN
        SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'bgmigrate' AND p.proname LIKE 'guard\_%'
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', old.name);
    END LOOP;
END $$;
-- Functions name others that come below.
SET LOCAL check_function_bodies = off;
