CREATE TABLE customers (
    id       bigint PRIMARY KEY,
    nickname text
);
