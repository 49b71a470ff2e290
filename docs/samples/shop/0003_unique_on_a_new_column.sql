-- The old release writes no `code`, and NULLs do not collide.
ALTER TABLE customers ADD COLUMN code text;
CREATE UNIQUE INDEX customers_code_idx ON customers (code);
