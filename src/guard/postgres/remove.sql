-- What was logged stays.
DROP EVENT TRIGGER IF EXISTS bgmigrate_guard_start;
DROP EVENT TRIGGER IF EXISTS bgmigrate_guard_end;
DROP EVENT TRIGGER IF EXISTS bgmigrate_guard_drop;
DROP SCHEMA IF EXISTS bgmigrate_pin CASCADE;
DROP VIEW IF EXISTS bgmigrate.guard_object CASCADE;
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'bgmigrate' AND p.proname LIKE 'guard\_%'
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', own.name);
    END LOOP;
END $$;
DROP TABLE IF EXISTS bgmigrate.pin_part, bgmigrate.pin, bgmigrate.pin_release, bgmigrate.guard_touch, bgmigrate.guard;
