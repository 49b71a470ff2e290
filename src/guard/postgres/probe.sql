DO $$
BEGIN
    CREATE FUNCTION pg_temp.bgmigrate_probe() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER bgmigrate_probe ON ddl_command_start WHEN TAG IN ('CREATE CAST')
        EXECUTE FUNCTION pg_temp.bgmigrate_probe();
    RAISE EXCEPTION USING ERRCODE = 'BG000';
EXCEPTION
    WHEN SQLSTATE 'BG000' THEN
        PERFORM pg_catalog.set_config('bgmigrate.tier', 'triggers', false);
    WHEN insufficient_privilege THEN
        PERFORM pg_catalog.set_config('bgmigrate.tier', CASE
            WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'views'
            ELSE 'gates' END, false);
    WHEN read_only_sql_transaction THEN
        PERFORM pg_catalog.set_config('bgmigrate.tier', 'gates', false);
END $$;
SELECT pg_catalog.current_setting('bgmigrate.tier') AS tier;
