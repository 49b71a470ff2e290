-- The same columns, and one more: a replacement, no loss.
DROP VIEW totals;
CREATE VIEW totals AS SELECT customer_id, total, id FROM orders;
