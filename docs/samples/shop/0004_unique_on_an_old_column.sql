-- The old release may write the same name twice.
CREATE UNIQUE INDEX CONCURRENTLY customers_name_idx ON customers (name);
