//! The patterns, with the statements of two releases.

use crate::story::{Case, tell, tell_guarded};
use crate::world::{ENGINES, Engine};

/// What most cases have in common.
const USUAL: Case = Case {
    name: "",
    breaking: "",
    pattern: &[],
    base: "",
    old: &[],
    new: &[],
    last: &[],
    disagree: "",
    unfilled: "",
    end: ("SELECT 1", "1"),
    refused: &[],
    files: &[],
};

const USERS: &str = "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), city varchar(50));
CREATE UNIQUE INDEX users_username ON users (username);
INSERT INTO users (id, username, city) VALUES (1, 'ann', 'Bern'), (2, 'bob', NULL), (3, NULL, 'Ulm');";

#[test]
fn a_column_gets_another_name() {
    let case = Case {
        name: "rename column",
        pattern: &["rename-column", "users.username", "handle"],
        base: USERS,
        old: &[
            "INSERT INTO users (id, username) VALUES (100 + :n, 'old:n')",
            "UPDATE users SET username = 'ann:n' WHERE id = 1",
            "UPDATE users SET city = 'Rome:n' WHERE id = 2",
            "UPDATE users SET username = NULL WHERE id = 200 + :n - 1",
        ],
        new: &[
            "INSERT INTO users (id, handle) VALUES (200 + :n, 'new:n')",
            "INSERT INTO users (id, city) VALUES (300 + :n, 'x')",
            "UPDATE users SET handle = 'bob:n' WHERE id = 2",
            "UPDATE users SET handle = 'was_null:n' WHERE id = 3",
            "DELETE FROM users WHERE id = 300 + :n",
        ],
        disagree: "SELECT id FROM users WHERE handle IS NOT NULL AND (username IS NULL OR username <> handle)",
        unfilled: "SELECT id FROM users WHERE COALESCE(handle, '-') <> COALESCE(username, '-')",
        end: (
            "SELECT handle FROM users WHERE id <= 3 ORDER BY id",
            "ann4 bob5 was_null5",
        ),
        refused: &[
            "INSERT INTO users (id, username) VALUES (900, 'x')",
            "INSERT INTO users (id, handle) VALUES (901, 'ann4')",
        ],
        files: &[
            "expand=expand",
            "migrate=migrate",
            "index=migrate",
            "contract=contract",
        ],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

/// NOT NULL, a default, a unique constraint, a foreign key and a check come along.
#[test]
fn a_column_with_every_kind_of_demand_gets_another_name() {
    let case = Case {
        name: "rename demanding",
        pattern: &["rename-column", "orders.owner", "account"],
        base: "CREATE TABLE people (id integer PRIMARY KEY);
CREATE TABLE orders (
  id integer PRIMARY KEY, owner integer NOT NULL DEFAULT 1,
  CONSTRAINT orders_owner_fkey FOREIGN KEY (owner) REFERENCES people (id),
  CONSTRAINT orders_owner_key UNIQUE (owner, id),
  CONSTRAINT orders_owner_positive CHECK (owner > 0)
);
INSERT INTO people (id) VALUES (1), (2), (3);
INSERT INTO orders (id, owner) VALUES (1, 1), (2, 2);",
        old: &[
            "INSERT INTO orders (id, owner) VALUES (100 + :n, 2)",
            "INSERT INTO orders (id) VALUES (200 + :n)",
            "UPDATE orders SET owner = 3 WHERE id = 1",
        ],
        new: &[
            "INSERT INTO orders (id, account) VALUES (300 + :n, 3)",
            "INSERT INTO orders (id) VALUES (400 + :n)",
            "UPDATE orders SET account = 2 WHERE id = 1",
        ],
        disagree: "SELECT id FROM orders WHERE account IS NOT NULL AND account <> owner",
        unfilled: "SELECT id FROM orders WHERE account IS NULL",
        end: (
            "SELECT account FROM orders WHERE id IN (1, 2, 305, 405) ORDER BY id",
            "2 2 3 1",
        ),
        refused: &[
            "INSERT INTO orders (id, account) VALUES (900, NULL)",
            "INSERT INTO orders (id, account) VALUES (901, 77)",
            "UPDATE orders SET account = 0 WHERE id = 1",
        ],
        files: &[
            "expand=expand",
            "migrate=migrate",
            "index=migrate",
            "contract=contract",
        ],
        ..USUAL
    };
    for engine in [Engine::Postgres, Engine::Mariadb] {
        tell(engine, &case);
    }
    // What the gates allow the guard of the database lets pass.
    tell_guarded(Engine::Postgres, &case);
    // SQLite has the new table in the place of the old one; its foreign keys bind who asks for them.
    let lite = Case {
        refused: &[
            "INSERT INTO orders (id, account) VALUES (900, NULL)",
            "PRAGMA foreign_keys = ON; INSERT INTO orders (id, account) VALUES (901, 77)",
            "UPDATE orders SET account = 0 WHERE id = 1",
        ],
        ..case
    };
    tell(Engine::Sqlite, &lite);
}

/// Before the contract step a new release need not name the column that it does not know.
#[test]
fn a_required_column_gets_another_name() {
    let case = Case {
        name: "rename required",
        pattern: &["rename-column", "users.username", "handle"],
        base: "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50) NOT NULL);
INSERT INTO users (id, username) VALUES (1, 'ann');",
        old: &["INSERT INTO users (id, username) VALUES (100 + :n, 'old:n')"],
        new: &["INSERT INTO users (id, handle) VALUES (200 + :n, 'new:n')"],
        disagree: "SELECT id FROM users WHERE handle IS NOT NULL AND username <> handle",
        unfilled: "SELECT id FROM users WHERE handle IS NULL",
        end: ("SELECT handle FROM users WHERE id = 205", "new5"),
        refused: &["INSERT INTO users (id, handle) VALUES (900, NULL)"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    for engine in [Engine::Postgres, Engine::Mariadb] {
        tell(engine, &case);
    }
    // SQLite looks at NOT NULL before a trigger can fill anything.
    let lite = Case {
        new: &[
            "INSERT INTO users (id, username, handle) VALUES (200 + :n, 'new:n', 'new:n')",
            "UPDATE users SET handle = 'ann:n' WHERE id = 1",
        ],
        last: &["INSERT INTO users (id, handle) VALUES (205, 'new5')"],
        ..case
    };
    tell(Engine::Sqlite, &lite);
}

#[test]
fn a_column_gets_another_type() {
    let case = Case {
        name: "change type",
        pattern: &[
            "change-type",
            "orders.total",
            "varchar(20)",
            "--to",
            "amount",
        ],
        base: "CREATE TABLE orders (id integer PRIMARY KEY, total integer, note varchar(20));
CREATE INDEX orders_total ON orders (total);
INSERT INTO orders (id, total) VALUES (1, 10), (2, NULL);",
        old: &[
            "INSERT INTO orders (id, total) VALUES (100 + :n, :n)",
            "UPDATE orders SET total = 20 + :n WHERE id = 1",
            "UPDATE orders SET note = 'x:n' WHERE id = 2",
        ],
        new: &[
            "INSERT INTO orders (id, amount) VALUES (200 + :n, '7:n')",
            "UPDATE orders SET amount = '30:n' WHERE id = 1",
        ],
        disagree: "SELECT id FROM orders WHERE amount IS NOT NULL AND CAST(total AS char(20)) <> amount",
        unfilled: "SELECT id FROM orders WHERE amount IS NULL AND total IS NOT NULL",
        end: (
            "SELECT amount FROM orders WHERE id IN (1, 205) ORDER BY id",
            "305 75",
        ),
        refused: &["INSERT INTO orders (id, total) VALUES (900, 1)"],
        files: &[
            "expand=expand",
            "migrate=migrate",
            "index=migrate",
            "contract=contract",
        ],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_column_is_required() {
    let case = Case {
        name: "set not null",
        pattern: &["set-not-null", "users.city", "--fill", "'nowhere'"],
        base: USERS,
        old: &[
            "INSERT INTO users (id, username) VALUES (100 + :n, 'old:n')",
            "UPDATE users SET city = NULL WHERE id = 1",
        ],
        new: &["INSERT INTO users (id, username, city) VALUES (200 + :n, 'new:n', 'x')"],
        end: ("SELECT count(*) FROM users WHERE city IS NULL", "0"),
        refused: &["INSERT INTO users (id, username) VALUES (900, 'x')"],
        files: &["migrate=migrate", "contract=contract"],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_column_comes_that_every_new_release_supplies() {
    let case = Case {
        name: "add required",
        pattern: &[
            "add-required-column",
            "users.plan",
            "varchar(20)",
            "--default",
            "'free'",
        ],
        base: USERS,
        old: &["INSERT INTO users (id, username) VALUES (100 + :n, 'old:n')"],
        new: &["INSERT INTO users (id, username, plan) VALUES (200 + :n, 'new:n', 'paid')"],
        disagree: "SELECT id FROM users WHERE plan IS NULL",
        end: ("SELECT count(*) FROM users WHERE plan = 'paid'", "5"),
        refused: &["INSERT INTO users (id, username) VALUES (900, 'x')"],
        files: &["expand=expand", "contract=contract"],
        ..USUAL
    };
    for engine in [Engine::Postgres, Engine::Mariadb] {
        tell(engine, &case);
    }
    tell(
        Engine::Sqlite,
        &Case {
            refused: &["INSERT INTO users (id, username, plan) VALUES (900, 'x', NULL)"],
            files: &["expand=expand"],
            ..case
        },
    );
}

#[test]
fn a_column_comes_that_is_made_of_others() {
    let case = Case {
        name: "add computed",
        pattern: &[
            "add-required-column",
            "users.lowered",
            "varchar(60)",
            "--default",
            "COALESCE(lower(username), '-')",
        ],
        base: USERS,
        old: &["INSERT INTO users (id, username) VALUES (100 + :n, 'OLD:n')"],
        new: &["INSERT INTO users (id, username, lowered) VALUES (200 + :n, 'New:n', 'own')"],
        disagree: "SELECT id FROM users WHERE id > 100 AND id < 200 AND lowered <> lower(username)",
        unfilled: "SELECT id FROM users WHERE lowered IS NULL",
        end: (
            "SELECT lowered FROM users WHERE id IN (3, 104, 205) ORDER BY id",
            "- old4 own",
        ),
        refused: &["INSERT INTO users (id, username) VALUES (900, 'x')"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    for engine in [Engine::Postgres, Engine::Mariadb] {
        tell(engine, &case);
    }
    tell(
        Engine::Sqlite,
        &Case {
            refused: &[],
            ..case
        },
    );
}

#[test]
fn a_column_goes() {
    let case = Case {
        name: "drop column",
        pattern: &["drop-column", "users.legacy"],
        base: "CREATE TABLE users (id integer PRIMARY KEY, legacy varchar(50) NOT NULL);
CREATE INDEX users_legacy ON users (legacy);
INSERT INTO users (id, legacy) VALUES (1, 'x');",
        old: &["INSERT INTO users (id, legacy) VALUES (100 + :n, 'old:n')"],
        new: &["INSERT INTO users (id) VALUES (200 + :n)"],
        end: ("SELECT count(*) FROM users", "10"),
        refused: &["SELECT legacy FROM users"],
        files: &["expand=expand", "contract=contract"],
        ..USUAL
    };
    for engine in [Engine::Postgres, Engine::Mariadb] {
        tell(engine, &case);
    }
    let lite = Case {
        base: "CREATE TABLE users (id integer PRIMARY KEY, legacy varchar(50));
CREATE INDEX users_legacy ON users (legacy);
INSERT INTO users (id, legacy) VALUES (1, 'x');",
        files: &["contract=contract"],
        ..case
    };
    tell(Engine::Sqlite, &lite);
}

#[test]
fn a_table_gets_another_name() {
    let case = Case {
        name: "rename table",
        pattern: &["rename-table", "people", "accounts"],
        base: "CREATE TABLE people (id integer PRIMARY KEY, name varchar(50) NOT NULL, plan varchar(20) DEFAULT 'free');
INSERT INTO people (id, name) VALUES (1, 'ann');",
        old: &[
            "INSERT INTO people (id, name) VALUES (100 + :n, 'old:n')",
            "UPDATE people SET name = 'ann:n' WHERE id = 1",
        ],
        new: &[
            "INSERT INTO accounts (id, name) VALUES (200 + :n, 'new:n')",
            "UPDATE accounts SET name = 'bea:n' WHERE id = 1",
            "DELETE FROM accounts WHERE id = 200 + :n - 1",
        ],
        disagree: "SELECT p.id FROM people p LEFT JOIN accounts a ON a.id = p.id AND a.name = p.name AND a.plan = p.plan WHERE a.id IS NULL",
        end: ("SELECT name, plan FROM accounts WHERE id IN (1, 205) ORDER BY id", "bea5|free new5|free"),
        refused: &["SELECT 1 FROM people"],
        files: &["expand=expand", "contract=contract"],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_column_becomes_two() {
    let base = "CREATE TABLE users (id integer PRIMARY KEY, name varchar(60), city varchar(50));
INSERT INTO users (id, name) VALUES (1, 'Ann Lee'), (2, NULL), (9, 'Mary Ann Lee');";
    let case = Case {
        name: "split column",
        base,
        old: &[
            "INSERT INTO users (id, name) VALUES (100 + :n, 'Old Man:n')",
            "UPDATE users SET name = 'Ann Poe:n' WHERE id = 1",
            "UPDATE users SET city = 'Rome:n' WHERE id = 1",
        ],
        new: &[
            "INSERT INTO users (id, first, last) VALUES (200 + :n, 'New', 'Man:n')",
            "UPDATE users SET last = 'Ray:n' WHERE id = 1",
        ],
        // What does not survive the way there and back is left as it was.
        unfilled: "SELECT id FROM users WHERE first IS NULL AND name IS NOT NULL OR id = 9 AND name <> 'Mary Ann Lee'",
        end: (
            "SELECT first, last FROM users WHERE id IN (1, 104, 205) ORDER BY id",
            "Ann|Ray5 Old|Man4 New|Man5",
        ),
        refused: &["SELECT name FROM users"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    tell(
        Engine::Postgres,
        &Case {
            pattern: &[
                "split-column",
                "users.name",
                "first=split_part(name, ' ', 1)",
                "last=split_part(name, ' ', 2)",
                "--back",
                "first || ' ' || last",
            ],
            disagree: "SELECT id FROM users WHERE id <> 9 AND first IS NOT NULL AND name <> first || ' ' || last",
            ..case
        },
    );
    tell(
        Engine::Mariadb,
        &Case {
            pattern: &[
                "split-column",
                "users.name",
                "first=substring_index(name, ' ', 1)",
                "last=substring_index(name, ' ', -1)",
                "--back",
                "concat(first, ' ', last)",
            ],
            disagree: "SELECT id FROM users WHERE id <> 9 AND first IS NOT NULL AND name <> concat(first, ' ', last)",
            ..case
        },
    );
    tell(
        Engine::Sqlite,
        &Case {
            pattern: &[
                "split-column",
                "users.name",
                "first=substr(name, 1, instr(name, ' ') - 1)",
                "last=substr(name, instr(name, ' ') + 1)",
                "--back",
                "first || ' ' || last",
            ],
            disagree: "SELECT id FROM users WHERE id <> 9 AND first IS NOT NULL AND name <> first || ' ' || last",
            ..case
        },
    );
}

#[test]
fn two_columns_become_one() {
    let case = Case {
        name: "merge columns",
        base: "CREATE TABLE users (id integer PRIMARY KEY, first varchar(30), last varchar(30));
INSERT INTO users (id, first, last) VALUES (1, 'Ann', 'Lee');",
        old: &[
            "INSERT INTO users (id, first, last) VALUES (100 + :n, 'Old', 'Man:n')",
            "UPDATE users SET last = 'Poe:n' WHERE id = 1",
        ],
        new: &[
            "INSERT INTO users (id, name) VALUES (200 + :n, 'New Man:n')",
            "UPDATE users SET name = 'Bea Ray:n' WHERE id = 1",
        ],
        unfilled: "SELECT id FROM users WHERE name IS NULL",
        end: (
            "SELECT name FROM users WHERE id IN (1, 104, 205) ORDER BY id",
            "Bea Ray5 Old Man4 New Man5",
        ),
        refused: &["SELECT first FROM users", "SELECT last FROM users"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    tell(
        Engine::Postgres,
        &Case {
            pattern: &[
                "merge-columns",
                "users.first,last",
                "name",
                "--using",
                "first || ' ' || last",
                "--back",
                "first=split_part(name, ' ', 1)",
                "--back",
                "last=split_part(name, ' ', 2)",
                "--type",
                "varchar(61)",
            ],
            disagree: "SELECT id FROM users WHERE name IS NOT NULL AND name <> first || ' ' || last",
            ..case
        },
    );
    tell(
        Engine::Mariadb,
        &Case {
            pattern: &[
                "merge-columns",
                "users.first,last",
                "name",
                "--using",
                "concat(first, ' ', last)",
                "--back",
                "first=substring_index(name, ' ', 1)",
                "--back",
                "last=substring_index(name, ' ', -1)",
            ],
            disagree: "SELECT id FROM users WHERE name IS NOT NULL AND name <> concat(first, ' ', last)",
            ..case
        },
    );
    tell(
        Engine::Sqlite,
        &Case {
            pattern: &[
                "merge-columns",
                "users.first,last",
                "name",
                "--using",
                "first || ' ' || last",
                "--back",
                "first=substr(name, 1, instr(name, ' ') - 1)",
                "--back",
                "last=substr(name, instr(name, ' ') + 1)",
            ],
            disagree: "SELECT id FROM users WHERE name IS NOT NULL AND name <> first || ' ' || last",
            ..case
        },
    );
}

#[test]
fn columns_move_into_a_table_of_their_own() {
    let case = Case {
        name: "split table",
        pattern: &["split-table", "users.street,city", "addresses"],
        base: "CREATE TABLE users (id integer PRIMARY KEY, name varchar(30), street varchar(30), city varchar(30));
INSERT INTO users (id, name, street, city) VALUES (1, 'ann', 'Main', 'Bern'), (2, 'bob', NULL, NULL);",
        old: &[
            "INSERT INTO users (id, name, street) VALUES (100 + :n, 'old:n', 'Old')",
            "INSERT INTO users (id, name) VALUES (300 + :n, 'bare:n')",
            "UPDATE users SET city = 'Rome:n' WHERE id = 1",
            "UPDATE users SET name = 'ann:n' WHERE id = 1",
            "UPDATE users SET city = 'Ulm' WHERE id = 300 + :n",
            "DELETE FROM users WHERE id = 100 + :n - 1",
        ],
        new: &[
            "INSERT INTO users (id, name) VALUES (200 + :n, 'new:n')",
            "INSERT INTO addresses (id, street, city) VALUES (200 + :n, 'New', 'Town:n')",
            "UPDATE addresses SET city = 'Oslo:n' WHERE id = 200 + :n",
            "DELETE FROM addresses WHERE id = 200 + :n - 1",
            "UPDATE users SET name = 'later:n' WHERE id = 1",
        ],
        disagree: "SELECT u.id FROM users u LEFT JOIN addresses a ON a.id = u.id
            WHERE (a.id IS NOT NULL OR u.id > 100) AND (COALESCE(a.street, '-') <> COALESCE(u.street, '-') OR COALESCE(a.city, '-') <> COALESCE(u.city, '-'))",
        unfilled: "SELECT u.id FROM users u WHERE u.street IS NOT NULL AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.id = u.id)",
        end: ("SELECT id, street, city FROM addresses WHERE id IN (1, 104, 204, 205, 304) ORDER BY id", "1|Main|Rome4 104|Old| 205|New|Oslo5 304||Ulm"),
        refused: &["SELECT street FROM users"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_column_refers_to_another_table() {
    let case = Case {
        name: "add foreign key",
        pattern: &[
            "add-foreign-key",
            "orders.person",
            "people.id",
            "--orphans",
            "null",
            "--on-delete",
            "cascade",
        ],
        base: "CREATE TABLE people (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, person integer);
INSERT INTO people (id) VALUES (1), (2);
INSERT INTO orders (id, person) VALUES (1, 1), (2, 77), (3, NULL);",
        old: &["INSERT INTO orders (id, person) VALUES (100 + :n, 900 + :n)"],
        new: &["INSERT INTO orders (id, person) VALUES (200 + :n, 2)"],
        end: ("SELECT count(*) FROM orders WHERE person IS NULL", "6"),
        refused: &["INSERT INTO orders (id, person) VALUES (900, 900)"],
        files: &["migrate=migrate", "index=expand", "contract=contract"],
        ..USUAL
    };
    tell(Engine::Postgres, &case);
    // The foreign keys of SQLite bind who asks for them.
    let lite = Case {
        refused: &["PRAGMA foreign_keys = ON; INSERT INTO orders (id, person) VALUES (900, 900)"],
        files: &["migrate=migrate", "contract=contract"],
        ..case
    };
    tell(Engine::Sqlite, &lite);
    tell(
        Engine::Mariadb,
        &Case {
            files: &["migrate=migrate", "contract=contract"],
            ..case
        },
    );
}

#[test]
fn no_two_rows_are_alike() {
    let case = Case {
        name: "add unique",
        pattern: &["add-unique", "users.username,city"],
        base: "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), city varchar(50));
INSERT INTO users (id, username, city) VALUES (1, 'ann', 'Bern');",
        old: &["INSERT INTO users (id, username) VALUES (100 + :n, 'old:n')"],
        new: &["INSERT INTO users (id, username) VALUES (200 + :n, 'new:n')"],
        refused: &["INSERT INTO users (id, username, city) VALUES (900, 'ann', 'Bern')"],
        files: &["contract=contract"],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_table_goes() {
    let case = Case {
        name: "drop table",
        pattern: &["drop-table", "carts"],
        base: "CREATE TABLE carts (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY);",
        old: &["INSERT INTO carts (id) VALUES (:n)"],
        new: &["INSERT INTO orders (id) VALUES (:n)"],
        refused: &["SELECT 1 FROM carts"],
        files: &["contract=contract"],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}

#[test]
fn a_column_takes_other_values() {
    let case = Case {
        name: "replace enum",
        pattern: &[
            "replace-enum",
            "orders.state",
            "new,paid,shipped",
            "--map",
            "sent=shipped",
            "--to",
            "status",
        ],
        base: "CREATE TABLE orders (id integer PRIMARY KEY, state varchar(20) DEFAULT 'new');
INSERT INTO orders (id, state) VALUES (1, 'new'), (2, 'sent'), (3, NULL);",
        old: &[
            "INSERT INTO orders (id, state) VALUES (100 + :n, 'sent')",
            "INSERT INTO orders (id) VALUES (300 + :n)",
            "UPDATE orders SET state = 'paid' WHERE id = 1",
        ],
        new: &[
            "INSERT INTO orders (id, status) VALUES (200 + :n, 'shipped')",
            "UPDATE orders SET status = 'new' WHERE id = 1",
        ],
        disagree: "SELECT id FROM orders WHERE status IS NOT NULL AND (status = 'shipped') <> (state = 'sent')",
        unfilled: "SELECT id FROM orders WHERE status IS NULL AND state IS NOT NULL",
        end: (
            "SELECT status FROM orders WHERE id IN (1, 2, 104, 205) ORDER BY id",
            "new shipped shipped shipped",
        ),
        refused: &["UPDATE orders SET status = 'sent' WHERE id = 1"],
        files: &["expand=expand", "migrate=migrate", "contract=contract"],
        ..USUAL
    };
    tell(Engine::Sqlite, &case);
    tell(
        Engine::Mariadb,
        &Case {
            base: "CREATE TABLE orders (id integer PRIMARY KEY, state enum('new', 'paid', 'sent') NOT NULL DEFAULT 'new');
INSERT INTO orders (id, state) VALUES (1, 'new'), (2, 'sent');",
            ..case
        },
    );
    tell(
        Engine::Postgres,
        &Case {
            base: "CREATE TYPE order_state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE orders (id integer PRIMARY KEY, state order_state NOT NULL DEFAULT 'new');
INSERT INTO orders (id, state) VALUES (1, 'new'), (2, 'sent');",
            ..case
        },
    );
}

/// A file that breaks in several ways comes apart, and what it does besides is kept.
#[test]
fn a_breaking_migration_is_split() {
    let case = Case {
        name: "split file",
        base:
            "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), legacy varchar(50));
CREATE TABLE carts (id integer PRIMARY KEY);
INSERT INTO users (id, username) VALUES (1, 'ann');",
        breaking: "CREATE TABLE teams (id integer PRIMARY KEY);
ALTER TABLE users RENAME COLUMN username TO handle;
ALTER TABLE users DROP COLUMN legacy;
DROP TABLE carts;
",
        old: &[
            "INSERT INTO users (id, username, legacy) VALUES (100 + :n, 'old:n', 'x')",
            "INSERT INTO carts (id) VALUES (:n)",
            "UPDATE users SET username = 'ann:n' WHERE id = 1",
        ],
        new: &[
            "INSERT INTO users (id, handle) VALUES (200 + :n, 'new:n')",
            "INSERT INTO teams (id) VALUES (:n)",
        ],
        disagree: "SELECT id FROM users WHERE handle IS NOT NULL AND (username IS NULL OR username <> handle)",
        unfilled: "SELECT id FROM users WHERE handle IS NULL",
        end: (
            "SELECT handle FROM users WHERE id IN (1, 205) ORDER BY id",
            "ann4 new5",
        ),
        refused: &[
            "SELECT username FROM users",
            "SELECT legacy FROM users",
            "SELECT 1 FROM carts",
        ],
        files: &[
            "expand=expand",
            "expand=expand",
            "migrate=migrate",
            "contract=contract",
            "contract=contract",
            "contract=contract",
        ],
        ..USUAL
    };
    for engine in ENGINES {
        tell(engine, &case);
    }
}
