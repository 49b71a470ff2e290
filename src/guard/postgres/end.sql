-- What nobody but the owner and those whom guard_trust names may call.
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'bgmigrate' AND p.proname LIKE 'guard\_%'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', own.name);
    END LOOP;
END $$;
INSERT INTO bgmigrate.guard (version, tier, home, server)
VALUES ({version}, '{tier}', 'bgmigrate.pin'::pg_catalog.regclass,
    pg_catalog.current_setting('server_version_num')::integer / 10000)
ON CONFLICT (one) DO UPDATE SET version = {version}, tier = '{tier}', epoch = guard.epoch + 1;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;
