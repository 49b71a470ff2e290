ALTER TABLE customers ADD COLUMN alias text;
UPDATE customers SET alias = nickname;
ALTER TABLE customers DROP COLUMN nickname;
