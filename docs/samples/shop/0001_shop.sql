CREATE TABLE customers (
    id       bigint PRIMARY KEY,
    name     varchar(50) NOT NULL,
    email    text,
    nickname text
);
CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    total       numeric(10, 2) NOT NULL
);
CREATE VIEW totals AS SELECT customer_id, total FROM orders;
