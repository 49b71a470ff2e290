ALTER TABLE {{ schema }}.a ADD COLUMN ${NAME} int;
-- bgmigrate: phase=expand reason="nobody reads it"
DROP TABLE b;
ALTER TABLE a FROBNICATE b; SELECT ((((1)))); COPY a FROM stdin;
1	x
\.
\connect db
UPDATE a SET b = 'never closed
