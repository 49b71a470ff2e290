-- Release v3 (migrate): rows that v1 wrote get their handle; v3 reads it.
UPDATE users SET handle = username WHERE handle IS NULL;
