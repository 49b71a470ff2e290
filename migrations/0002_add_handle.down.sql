DROP INDEX users_handle_idx;
ALTER TABLE users DROP COLUMN handle;
