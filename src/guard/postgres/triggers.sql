CREATE EVENT TRIGGER bgmigrate_guard_start ON ddl_command_start
    WHEN TAG IN ('CREATE INDEX', 'DROP INDEX', 'ALTER TABLE') EXECUTE FUNCTION bgmigrate.guard_start();
CREATE EVENT TRIGGER bgmigrate_guard_end ON ddl_command_end EXECUTE FUNCTION bgmigrate.guard_end();
CREATE EVENT TRIGGER bgmigrate_guard_drop ON sql_drop EXECUTE FUNCTION bgmigrate.guard_drop();
-- Also for sessions that say they replay another server's changes.
ALTER EVENT TRIGGER bgmigrate_guard_start ENABLE ALWAYS;
ALTER EVENT TRIGGER bgmigrate_guard_end ENABLE ALWAYS;
ALTER EVENT TRIGGER bgmigrate_guard_drop ENABLE ALWAYS;
