--liquibase formatted sql
--changeset me:1 runInTransaction:false
-- +goose Up
-- +goose NO TRANSACTION
-- +migrate Up notransaction
-- migrate:up transaction:false
-- +goose StatementBegin
CREATE TABLE a (id int); CREATE TABLE b (id int);
-- +goose StatementEnd
--rollback DROP TABLE a;
---- create above / drop below ----
-- +goose Down
-- +migrate Down
-- migrate:down
DROP TABLE a;
