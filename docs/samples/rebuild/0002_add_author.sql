-- A new column, and nothing that was there is missing.
CREATE TABLE notes_new (
    id     INTEGER PRIMARY KEY,
    body   TEXT NOT NULL DEFAULT '',
    author INTEGER
);
INSERT INTO notes_new (id, body) SELECT id, body FROM notes;
DROP TABLE notes;
ALTER TABLE notes_new RENAME TO notes;
