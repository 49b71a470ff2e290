-- The default is there for the rows that exist, and gone for the inserts of the old release.
ALTER TABLE customers ADD COLUMN country text NOT NULL DEFAULT 'DE';
ALTER TABLE customers ALTER COLUMN country DROP DEFAULT;
