CREATE TYPE order_state AS ENUM ('open', 'paid', 'sent');
CREATE TABLE customers (
    id       bigint PRIMARY KEY,
    name     varchar(50) NOT NULL DEFAULT '',
    email    text,
    street   text,
    city     text
);
CREATE UNIQUE INDEX customers_name_idx ON customers (lower(name));
CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id bigint,
    state       order_state NOT NULL DEFAULT 'open',
    total       integer NOT NULL CHECK (total >= 0)
);
CREATE TABLE carts (
    id bigint PRIMARY KEY
);
