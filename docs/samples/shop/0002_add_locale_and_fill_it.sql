-- Both parts run before the cutover, and neither hurts the release that serves.
ALTER TABLE customers ADD COLUMN locale text;
UPDATE customers SET locale = 'en' WHERE locale IS NULL;
