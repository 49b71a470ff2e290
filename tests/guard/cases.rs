//! Statements on `base.sql`, and what becomes of them while release v1 relies on all of it.
//!
//! Where a case has several transactions, `;;` parts them; all but the last have to pass.

/// What breaks v1, with a part of what the guard says.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    // Columns that go, move or change.
    ("ALTER TABLE users DROP COLUMN born", "column born is gone"),
    (
        "ALTER TABLE users DROP COLUMN age CASCADE",
        "view public.adults; after this, it is gone",
    ),
    (
        "ALTER TABLE users RENAME COLUMN age TO years",
        "column age is called years",
    ),
    (
        "ALTER TABLE adults RENAME COLUMN age TO years",
        "column age is gone",
    ),
    (
        "ALTER TABLE users ALTER COLUMN email TYPE varchar(20)",
        "column email is character varying(20) instead of character varying(100)",
    ),
    (
        "ALTER TABLE billing.invoices ALTER COLUMN amount TYPE integer",
        "column amount is integer",
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note TYPE integer USING length(note)",
        "column note is integer",
    ),
    (
        "ALTER TABLE users ALTER COLUMN total TYPE numeric(12, 3)",
        "column total is numeric(12,3)",
    ),
    (
        "ALTER TABLE users ALTER COLUMN born TYPE timestamptz",
        "column born is timestamp with time zone",
    ),
    (
        "ALTER TABLE users ALTER COLUMN email TYPE varchar(100) COLLATE \"POSIX\"",
        "column email is sorted and compared by another collation",
    ),
    (
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL",
        "column email refuses NULL",
    ),
    (
        "ALTER TABLE users ALTER COLUMN state DROP DEFAULT",
        "column state has no default",
    ),
    (
        "ALTER TABLE users ALTER COLUMN state SET DEFAULT NULL",
        "column state has no default",
    ),
    (
        "ALTER TABLE users ALTER COLUMN number DROP IDENTITY",
        "column number does not number itself",
    ),
    (
        "ALTER TABLE users ALTER COLUMN number SET GENERATED ALWAYS",
        "column number refuses values that are given",
    ),
    (
        "ALTER TABLE billing.invoices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
        "column id refuses values that are given",
    ),
    (
        "ALTER TABLE users ALTER COLUMN label DROP EXPRESSION",
        "column label is not computed as before",
    ),
    // Columns that v1 does not fill.
    (
        "ALTER TABLE users ADD COLUMN zip text NOT NULL",
        "column zip is required",
    ),
    (
        "ALTER TABLE users ADD COLUMN zip text;; ALTER TABLE users ALTER COLUMN zip SET NOT NULL",
        "column zip is required",
    ),
    (
        "ALTER TABLE users ADD COLUMN zip text DEFAULT '';; ALTER TABLE users ALTER COLUMN zip SET NOT NULL;; \
         ALTER TABLE users ALTER COLUMN zip DROP DEFAULT",
        "column zip is required",
    ),
    (
        "ALTER TABLE users ADD COLUMN zip always",
        "column zip is required",
    ),
    (
        "CREATE TABLE base (a integer NOT NULL);; ALTER TABLE orders ADD COLUMN a integer NOT NULL; ALTER TABLE orders INHERIT base",
        "column a is required",
    ),
    // Keys and constraints, new and lost.
    (
        "ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 17)",
        "check grown (age) refuses rows",
    ),
    (
        "ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 17) NOT VALID",
        "check grown (age) refuses rows",
    ),
    (
        "ALTER TABLE users ADD COLUMN size integer;; ALTER TABLE users ADD CHECK (size IS NOT NULL)",
        "refuses rows",
    ),
    (
        "ALTER TABLE users ADD COLUMN size integer;; ALTER TABLE users ADD CHECK (size > age)",
        "refuses rows",
    ),
    (
        "ALTER TABLE users ADD CONSTRAINT one_age UNIQUE (age)",
        "one_age refuses duplicates in age",
    ),
    (
        "CREATE UNIQUE INDEX one_age ON users (age)",
        "one_age refuses duplicates in age",
    ),
    (
        "CREATE UNIQUE INDEX one_age ON users (lower(state))",
        "one_age refuses duplicates",
    ),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY one_age ON users (age)",
        "one_age refuses duplicates in age",
    ),
    (
        "create /* slowly */ unique index concurrently if not exists \"one age\" on only public . users using btree (age, state)",
        "one age refuses duplicates in state, age",
    ),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY ON users (lower(state)) WHERE age > 1",
        "refuses duplicates",
    ),
    (
        "ALTER TABLE users ADD COLUMN kind integer NOT NULL DEFAULT 0;; CREATE UNIQUE INDEX ON users (kind)",
        "refuses duplicates in kind",
    ),
    (
        "ALTER TABLE users ADD COLUMN gone_at timestamptz;; CREATE UNIQUE INDEX ON users (age) WHERE gone_at IS NULL",
        "refuses duplicates in age",
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT note_fkey FOREIGN KEY (note) REFERENCES users (name) NOT VALID",
        "foreign key note_fkey (note) refuses rows",
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT apart EXCLUDE (note WITH =)",
        "exclusion apart (note) refuses rows",
    ),
    (
        "ALTER TABLE users DROP CONSTRAINT users_email_key",
        "users_email_key (email) is not unique as before",
    ),
    (
        "ALTER TABLE billing.invoices DROP CONSTRAINT invoices_pkey",
        "invoices_pkey (id) is not unique as before",
    ),
    (
        "DROP INDEX users_name_idx",
        "users_name_idx (name) is not unique as before",
    ),
    (
        "DROP INDEX CONCURRENTLY users_name_idx",
        "users_name_idx (name) is not unique as before",
    ),
    (
        "ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE INITIALLY DEFERRED",
        "is checked at another moment",
    ),
    (
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; \
         ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        "refuses rows",
    ),
    // Whole objects that go or move.
    ("DROP TABLE orders CASCADE", "table public.orders"),
    ("DROP TABLE IF EXISTS billing.invoices", "it is gone"),
    (
        "ALTER TABLE users RENAME TO people",
        "it is called public.people",
    ),
    (
        "ALTER TABLE users SET SCHEMA billing",
        "it is called billing.users",
    ),
    (
        "ALTER SCHEMA billing RENAME TO archive",
        "is called archive.",
    ),
    ("DROP SCHEMA billing CASCADE", "is gone"),
    ("DROP OWNED BY guard_owner CASCADE", "is gone"),
    (
        "DROP VIEW adults",
        "view public.adults; after this, it is gone",
    ),
    (
        "ALTER VIEW adults RENAME TO grown",
        "it is called public.grown",
    ),
    (
        "DROP VIEW adults; CREATE VIEW adults AS SELECT id FROM users",
        "column name is gone",
    ),
    (
        "DROP VIEW adults; CREATE VIEW adults AS SELECT DISTINCT id, name, age FROM users",
        "it takes no writes",
    ),
    (
        "ALTER VIEW adults SET (security_barrier)",
        "by other rights",
    ),
    ("DROP MATERIALIZED VIEW sums", "it is gone"),
    (
        "DROP FUNCTION twice(integer)",
        "function public.twice; after this, it is gone",
    ),
    (
        "ALTER FUNCTION twice(integer) RENAME TO double",
        "it is called public.double",
    ),
    (
        "ALTER FUNCTION twice(integer) SECURITY DEFINER",
        "it runs with other rights",
    ),
    (
        "DROP FUNCTION twice(integer); CREATE FUNCTION twice(a integer) RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'",
        "it returns bigint instead of integer",
    ),
    ("DROP PROCEDURE nothing()", "it is gone"),
    ("DROP SEQUENCE numbers", "it is gone"),
    (
        "ALTER SEQUENCE numbers INCREMENT BY 10",
        "it gives other numbers",
    ),
    // Types.
    (
        "DROP TYPE mood CASCADE",
        "enum public.mood; after this, it is gone",
    ),
    (
        "ALTER TYPE mood RENAME TO temper",
        "it is called public.temper",
    ),
    (
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
        "it has no label 'sad'",
    ),
    (
        "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('happy'); \
         ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::text::mood; DROP TYPE mood_old",
        "it has no label 'sad'",
    ),
    ("ALTER TYPE point DROP ATTRIBUTE y", "column y is gone"),
    (
        "ALTER TYPE point RENAME ATTRIBUTE y TO z",
        "column y is called z",
    ),
    (
        "ALTER TYPE point ALTER ATTRIBUTE y TYPE text",
        "column y is text",
    ),
    ("ALTER DOMAIN code SET NOT NULL", "it refuses NULL"),
    ("ALTER DOMAIN code DROP DEFAULT", "it has no default"),
    (
        "ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(VALUE) < 9) NOT VALID",
        "check short refuses values",
    ),
    // What happens by itself, and who may do what.
    ("DROP TRIGGER stamp ON orders", "trigger stamp is gone"),
    (
        "ALTER TABLE orders DISABLE TRIGGER stamp",
        "trigger stamp is off",
    ),
    ("DROP FUNCTION stamp() CASCADE", "trigger stamp is gone"),
    (
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        "row security hides and refuses rows",
    ),
    ("DROP POLICY mine ON secrets", "policy mine is gone"),
    (
        "ALTER POLICY mine ON secrets USING (false)",
        "policy mine is another one",
    ),
    (
        "REVOKE DELETE ON users FROM guard_app",
        "role guard_app may not DELETE it",
    ),
    (
        "REVOKE USAGE ON SCHEMA billing FROM guard_app",
        "role guard_app may not USAGE it",
    ),
    (
        "ALTER TABLE users REPLICA IDENTITY NOTHING",
        "other old rows",
    ),
    // Partitions.
    (
        "ALTER TABLE events DETACH PARTITION events_old",
        "the rows of events_old are gone",
    ),
    (
        "ALTER TABLE events DETACH PARTITION events_old CONCURRENTLY",
        "the rows of events_old are gone",
    ),
    ("DROP TABLE events_old", "the rows of events_old are gone"),
    ("ALTER TABLE events DROP COLUMN id", "column id is gone"),
    // What was lost is not put back by something of the same name.
    (
        "ALTER TABLE users DROP COLUMN born; ALTER TABLE users ADD COLUMN born timestamp",
        "column born is gone",
    ),
    (
        "ALTER TABLE orders RENAME COLUMN note TO old_note; ALTER TABLE orders ADD COLUMN note text",
        "column note is called old_note",
    ),
    (
        "DROP TABLE billing.invoices; CREATE TABLE billing.invoices (id bigint PRIMARY KEY, amount bigint)",
        "it is another one of that name",
    ),
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, name FROM people",
        "column email is gone",
    ),
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT DISTINCT * FROM people",
        "it is another one of that name",
    ),
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;; \
         ALTER TABLE people ADD CHECK (age > 3) NOT VALID",
        "refuses rows",
    ),
    (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;; DROP VIEW users",
        "it is called public.people",
    ),
];

/// The same by other ways than a plain statement.
pub(crate) const BY_OTHER_WAYS: &[(&str, &str)] = &[
    (
        "DO $$ BEGIN ALTER TABLE users DROP COLUMN born; END $$",
        "column born is gone",
    ),
    (
        "DO $$ BEGIN ALTER TABLE users DROP COLUMN born; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        "column born is gone",
    ),
    (
        "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || quote_ident('users') || ' DROP COLUMN born'; END $$",
        "column born is gone",
    ),
    (
        "CREATE FUNCTION sneak() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE users DROP COLUMN born; END $$;; \
         SELECT sneak()",
        "column born is gone",
    ),
    (
        "CREATE PROCEDURE sneak() LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE users DROP COLUMN born; COMMIT; END $$;; \
         CALL sneak()",
        "column born is gone",
    ),
    (
        "SET search_path = billing, pg_temp; ALTER TABLE public.users DROP COLUMN born",
        "column born is gone",
    ),
    (
        "CREATE FUNCTION spare.jsonb_agg(jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '[]'::jsonb $$; \
         CREATE TEMPORARY TABLE pin (id bigint); CREATE TEMPORARY TABLE pg_class (oid oid);; \
         SET search_path = spare, pg_temp, public, pg_catalog; ALTER TABLE users DROP COLUMN born",
        "column born is gone",
    ),
    (
        "SET search_path = billing;; CREATE UNIQUE INDEX CONCURRENTLY one ON invoices (amount)",
        "one refuses duplicates in amount",
    ),
    (
        "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE users DROP COLUMN born",
        "column born is gone",
    ),
    (
        "BEGIN; SAVEPOINT a; ALTER TABLE users ADD COLUMN x text; ROLLBACK TO a; ALTER TABLE users DROP COLUMN born; COMMIT",
        "column born is gone",
    ),
];

/// What v1 lives with.
pub(crate) const ALLOWED: &[&str] = &[
    "ALTER TABLE users ADD COLUMN bio text",
    "ALTER TABLE users ADD COLUMN active integer NOT NULL DEFAULT 1",
    "ALTER TABLE users ADD COLUMN nr bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE users ADD COLUMN serial_no bigserial",
    "ALTER TABLE users ADD COLUMN tag text UNIQUE",
    "ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE",
    "ALTER TABLE users ADD COLUMN boss bigint REFERENCES users (id)",
    "ALTER TABLE users ADD COLUMN size integer CHECK (size > 0)",
    "ALTER TABLE users ADD COLUMN size integer;; ALTER TABLE users ADD CHECK (size > 0 AND char_length(size::text) < 9)",
    "ALTER TABLE users ADD COLUMN gone_at timestamptz;; CREATE UNIQUE INDEX ON users (age) WHERE gone_at IS NOT NULL",
    "ALTER TABLE users ADD COLUMN tag text;; CREATE UNIQUE INDEX CONCURRENTLY ON users (tag)",
    "ALTER TABLE users ADD COLUMN tag text;; CREATE UNIQUE INDEX ON users (lower(tag))",
    "ALTER TABLE users ADD COLUMN ready boolean DEFAULT false;; ALTER TABLE users ALTER COLUMN ready SET NOT NULL",
    "ALTER TABLE users ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE users ALTER COLUMN email TYPE varchar(120)",
    "ALTER TABLE users ALTER COLUMN total TYPE numeric(12, 2)",
    "ALTER TABLE users ALTER COLUMN email TYPE text",
    "ALTER TABLE users ALTER COLUMN state SET DEFAULT 'old'",
    "ALTER TABLE orders ALTER COLUMN note SET DEFAULT ''",
    "ALTER TABLE users DROP CONSTRAINT users_total_check",
    "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
    "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; \
     ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)",
    "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; \
     ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL",
    "ALTER TABLE users RENAME CONSTRAINT users_total_check TO rich",
    "ALTER TABLE users ADD CONSTRAINT wider UNIQUE (email, age)",
    "CREATE UNIQUE INDEX CONCURRENTLY wider ON users (email, age)",
    "ALTER TABLE users ADD CONSTRAINT by_name UNIQUE USING INDEX users_name_idx",
    "CREATE UNIQUE INDEX users_name2 ON users (name); DROP INDEX users_name_idx",
    "CREATE UNIQUE INDEX users_name2 ON users (name);; DROP INDEX CONCURRENTLY users_name_idx",
    "CREATE INDEX users_age_idx ON users (age)",
    "CREATE INDEX CONCURRENTLY users_age_idx ON users (age)",
    "DROP INDEX orders_user_idx",
    "DROP INDEX CONCURRENTLY orders_user_idx",
    "ALTER INDEX users_name_idx RENAME TO by_name",
    "CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id))",
    "CREATE TEMPORARY TABLE users (id bigint); ALTER TABLE users DROP COLUMN id; DROP TABLE users; CREATE TABLE made (a integer)",
    "CREATE VIEW others AS SELECT id FROM users",
    "CREATE OR REPLACE VIEW adults AS SELECT id, name, age, email FROM users WHERE age > 17",
    "DROP VIEW adults; CREATE VIEW adults AS SELECT id, name, age, email FROM users",
    "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
    "CREATE OR REPLACE FUNCTION twice(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + a'",
    "DROP FUNCTION twice(integer); CREATE FUNCTION twice(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + a'",
    "CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a * 2'",
    "CREATE TRIGGER again BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()",
    "ALTER TYPE mood ADD VALUE 'calm'",
    "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('sad', 'happy', 'calm'); \
     ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::text::mood; DROP TYPE mood_old",
    "CREATE TYPE mood_new AS ENUM ('sad', 'happy', 'calm'); \
     ALTER TABLE users ALTER COLUMN mood TYPE mood_new USING mood::text::mood_new; \
     ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood; DROP TYPE mood_old",
    "ALTER TYPE point ADD ATTRIBUTE z integer",
    "ALTER DOMAIN code DROP CONSTRAINT filled",
    "ALTER DOMAIN always DROP NOT NULL",
    "ALTER DOMAIN code SET DEFAULT 'x'",
    "ALTER TABLE users ALTER COLUMN number SET GENERATED BY DEFAULT; ALTER TABLE users ADD COLUMN y integer",
    "ALTER TABLE billing.invoices ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY",
    "ALTER TABLE users REPLICA IDENTITY FULL",
    "CREATE POLICY more ON secrets USING (true)",
    "GRANT SELECT ON orders TO guard_other",
    "CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')",
];

/// What leaves the catalog as it is for the fingerprint, or is not for the owner; run for its outcome alone.
pub(crate) const HARMLESS: &[&str] = &[
    "ALTER TABLE users ADD COLUMN x text;; ALTER TABLE users DROP COLUMN x",
    "DROP TRIGGER stamp ON orders; CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp()",
    "CREATE TABLE notes (id bigint);; ALTER TABLE notes ADD COLUMN a text NOT NULL;; DROP TABLE notes",
    "ALTER TABLE users ALTER COLUMN email SET STATISTICS 5",
    "COMMENT ON TABLE users IS 'people'",
    "CREATE TEMPORARY TABLE t (id bigint)",
    "CLUSTER users USING users_pkey",
    "VACUUM FULL users",
    "ANALYZE users",
    "REINDEX TABLE users",
    "REFRESH MATERIALIZED VIEW sums",
    "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
    "SET search_path = billing",
];

/// What the gates hold back and no event trigger can, with the reason.
pub(crate) const BEYOND: &[(&str, &str)] = &[
    ("TRUNCATE orders", "No event trigger fires for rows."),
    ("DELETE FROM orders", "No event trigger fires for rows."),
    (
        "ALTER SEQUENCE numbers RESTART WITH 1",
        "Where a sequence stands is in no catalog.",
    ),
    (
        "ALTER ROLE guard_other SET work_mem = '1MB'; ALTER ROLE guard_other RESET work_mem",
        "Roles are the server's, and fire no event trigger.",
    ),
    (
        "ALTER TABLE orders OWNER TO postgres; ALTER TABLE orders OWNER TO guard_owner",
        "What is whole at the commit passes.",
    ),
];
