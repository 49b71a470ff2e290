-- The old release goes on with `orders`, which is now a view that can be written through.
ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT * FROM purchases;
