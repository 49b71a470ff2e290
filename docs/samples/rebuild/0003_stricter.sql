-- `author` is now required: the inserts of the old release fail.
CREATE TABLE notes_new (
    id     INTEGER PRIMARY KEY,
    body   TEXT NOT NULL DEFAULT '',
    author INTEGER NOT NULL
);
INSERT INTO notes_new (id, body, author) SELECT id, body, coalesce(author, 0) FROM notes;
DROP TABLE notes;
ALTER TABLE notes_new RENAME TO notes;
