-- Release v2 (expand): `handle` will replace `username`. It may be NULL, so v1 goes on as before;
-- v2 writes both.
ALTER TABLE users ADD COLUMN handle TEXT;

CREATE INDEX users_handle_idx ON users (handle);
