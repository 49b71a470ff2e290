-- Release v4 (contract): nothing names `username` any more. Waits until v3 is retired: until then a
-- rollback to it must find the column.
-- bgmigrate: allow=drop-column reason="nothing from v4 on names it"
ALTER TABLE users DROP COLUMN username;
