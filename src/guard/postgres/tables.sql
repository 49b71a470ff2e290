-- What the guard knows. Everything lies in one schema, so that a dump carries it and one DROP removes it.
CREATE SCHEMA IF NOT EXISTS bgmigrate;

-- One row. Whoever registers a release locks it FOR UPDATE, whoever changes the schema FOR SHARE: so a registration
-- cannot read the catalog beside a DDL that is not committed yet, nor a DDL miss the pins of such a registration.
CREATE TABLE IF NOT EXISTS bgmigrate.guard (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    tier text NOT NULL,
    -- Where the pins' object ids are from. A restored dump has other ids, a new major version other ones for some.
    home oid NOT NULL,
    server integer NOT NULL
);

CREATE TABLE IF NOT EXISTS bgmigrate.pin_release (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL,
    release text NOT NULL,
    slot text NOT NULL,
    uses jsonb NOT NULL,
    pinned_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (service, release, slot)
);

-- One object that a release relies on, in the shape that it had then.
CREATE TABLE IF NOT EXISTS bgmigrate.pin (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    release bigint NOT NULL REFERENCES bgmigrate.pin_release ON DELETE CASCADE,
    kind text NOT NULL,
    schema text NOT NULL,
    name text NOT NULL,
    arguments text NOT NULL DEFAULT '',
    object oid NOT NULL,
    -- Whether the release writes there: then it minds what refuses its writes.
    writes boolean NOT NULL DEFAULT true,
    shape jsonb NOT NULL,
    UNIQUE (release, schema, name, kind, arguments)
);
CREATE INDEX IF NOT EXISTS pin_name ON bgmigrate.pin (schema, name);

-- Everything by which a command may touch a pinned object: the object, its schema, its columns' defaults, its indexes,
-- constraints, triggers, rules, policies and partitions.
CREATE TABLE IF NOT EXISTS bgmigrate.pin_part (
    part oid NOT NULL,
    pin bigint NOT NULL REFERENCES bgmigrate.pin ON DELETE CASCADE,
    PRIMARY KEY (part, pin)
);
CREATE INDEX IF NOT EXISTS pin_part_pin ON bgmigrate.pin_part (pin);

-- What the transactions under way have touched, to be looked at when they commit; never a committed row.
CREATE TABLE IF NOT EXISTS bgmigrate.guard_touch (
    xid bigint NOT NULL DEFAULT txid_current(),
    schema text,
    name text,
    tag text NOT NULL,
    query text
);

CREATE TABLE IF NOT EXISTS bgmigrate.override (
    token text PRIMARY KEY,
    actor text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by text,
    used_pid integer,
    used_xid bigint,
    used_tag text,
    used_query text,
    broke text[]
);

-- Who switched the guard, gave and used overrides, or accepted what was broken; rows are only added.
CREATE TABLE IF NOT EXISTS bgmigrate.guard_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    what text NOT NULL,
    actor text NOT NULL,
    role text NOT NULL DEFAULT session_user,
    reason text,
    detail jsonb
);
