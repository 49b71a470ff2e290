-- What is wrong with an object for a release that relies on it as it was: one row a complaint. What only loosens is
-- no complaint, as the gates let it pass too.

-- Whether every value of the old type keeps its form in the new one.
CREATE FUNCTION bgmigrate.guard_widens(old text, new text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was text := regexp_replace(old, '\(.*\)', '');
    becomes text := regexp_replace(new, '\(.*\)', '');
    old_numbers integer[] := string_to_array(substring(old FROM '\(([\d, -]+)\)'), ',')::integer[];
    new_numbers integer[] := string_to_array(substring(new FROM '\(([\d, -]+)\)'), ',')::integer[];
BEGIN
    IF was IN ('text', 'character varying') AND becomes IN ('text', 'character varying') THEN
        RETURN new_numbers IS NULL OR new_numbers[1] >= old_numbers[1];
    ELSIF was <> becomes THEN
        RETURN was = 'cidr' AND becomes = 'inet';
    ELSIF was IN ('character varying[]', 'bit varying') THEN
        RETURN new_numbers IS NULL OR new_numbers[1] >= old_numbers[1];
    ELSIF was IN ('numeric', 'numeric[]') THEN
        RETURN new_numbers IS NULL OR (new_numbers[2] = old_numbers[2] AND new_numbers[1] >= old_numbers[1]);
    END IF;
    RETURN false;
END $$;

-- Whether the column stays NULL where a writer does not know it.
CREATE FUNCTION bgmigrate.guard_stays_null(column_now jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT (column_now ->> 'required')::boolean AND column_now ->> 'default' IS NULL
        AND column_now ->> 'identity' = '' AND column_now ->> 'generated' = ''
$$;

-- Whether each row of a writer that does not know the column gets a value of its own in it.
CREATE FUNCTION bgmigrate.guard_fills_apart(column_now jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT column_now ->> 'identity' <> ''
        OR coalesce(column_now ->> 'default' ~ '\m(nextval|gen_random_uuid|uuid_generate_v[14]|uuidv[47])\(', false)
$$;

-- Whether an expression certainly yields NULL, or passes as a CHECK, when all columns in it are NULL. Told by its text
-- and never by running it: the functions in it are strangers'.
CREATE FUNCTION bgmigrate.guard_passes_null(expression text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT expression !~* '\m(not|distinct|case|coalesce|nullif|greatest|least|row|exists|true|false|unknown)\M'
        AND NOT EXISTS (
            SELECT FROM regexp_matches(expression, '(\w+)\(', 'g') call
            WHERE lower(call[1]) NOT IN ('abs', 'btrim', 'cardinality', 'char_length', 'character_length', 'length',
                'lower', 'ltrim', 'octet_length', 'regexp_replace', 'replace', 'rtrim', 'substr', 'substring', 'upper',
                'md5', 'date', 'varying', 'character', 'numeric', 'bit', 'timestamp', 'time', 'interval'))
$$;

CREATE FUNCTION bgmigrate.guard_names(columns jsonb, numbers jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(string_agg(c ->> 'name', ', '), 'an expression')
    FROM jsonb_array_elements(columns) c WHERE numbers @> (c -> 'n')
$$;

-- What a reader minds about the columns: there, under their names, in their types.
CREATE FUNCTION bgmigrate.guard_column_complaints(pin bgmigrate.pin, now_columns jsonb, by_name boolean)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb;
    becomes jsonb;
    label text;
BEGIN
    FOR was, becomes IN
        SELECT w, n FROM jsonb_array_elements(pin.shape -> 'columns') w
        LEFT JOIN jsonb_array_elements(now_columns) n ON CASE WHEN by_name THEN n -> 'name' = w -> 'name'
            ELSE n -> 'n' = w -> 'n' END
        WHERE (w ->> 'pinned')::boolean AND w IS DISTINCT FROM n
    LOOP
        label := format('column %s', was ->> 'name');
        IF becomes IS NULL THEN
            RETURN NEXT label || ' is gone';
            CONTINUE;
        END IF;
        IF becomes ->> 'name' <> was ->> 'name' THEN
            RETURN NEXT format('%s is called %s', label, becomes ->> 'name');
        END IF;
        IF becomes ->> 'type' <> was ->> 'type' AND NOT bgmigrate.guard_widens(was ->> 'type', becomes ->> 'type')
            AND NOT EXISTS (
                -- An enum for another one that has every label of it.
                SELECT FROM bgmigrate.pin old WHERE old.release = pin.release AND old.kind = 'enum'
                    AND old.object = (was ->> 'of')::oid
                    AND old.shape -> 'labels' <@ (bgmigrate.guard_type_shape((becomes ->> 'of')::oid) -> 'labels'))
        THEN
            RETURN NEXT format('%s is %s instead of %s', label, becomes ->> 'type', was ->> 'type');
        END IF;
        IF becomes -> 'collation' <> was -> 'collation'
            AND (becomes ->> 'collation' <> '0' AND was ->> 'collation' <> '0')
        THEN
            RETURN NEXT label || ' is sorted and compared by another collation';
        END IF;
        -- A view shows what is computed below it.
        IF NOT by_name AND (becomes ->> 'generated' <> was ->> 'generated'
            OR becomes ->> 'expression' IS DISTINCT FROM was ->> 'expression')
        THEN
            RETURN NEXT label || ' is not computed as before';
        END IF;
    END LOOP;
END $$;

-- What a writer minds about the columns: that they take what they took, and fill what is left out.
CREATE FUNCTION bgmigrate.guard_filling_complaints(pin bgmigrate.pin, now_columns jsonb) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb;
    becomes jsonb;
    label text;
BEGIN
    FOR was, becomes IN
        SELECT w, n FROM jsonb_array_elements(pin.shape -> 'columns') w
        JOIN jsonb_array_elements(now_columns) n ON n -> 'n' = w -> 'n'
        WHERE (w ->> 'pinned')::boolean AND w <> n
    LOOP
        label := format('column %s', was ->> 'name');
        IF (becomes ->> 'required')::boolean AND NOT (was ->> 'required')::boolean THEN
            RETURN NEXT label || ' refuses NULL';
        END IF;
        IF was ->> 'default' IS NOT NULL AND becomes ->> 'default' IS NULL AND becomes ->> 'identity' = '' THEN
            RETURN NEXT label || ' has no default';
        END IF;
        IF becomes ->> 'identity' = 'a' AND was ->> 'identity' <> 'a' THEN
            RETURN NEXT label || ' refuses values that are given';
        ELSIF becomes ->> 'identity' = '' AND was ->> 'identity' <> '' THEN
            RETURN NEXT label || ' does not number itself';
        END IF;
    END LOOP;
END $$;

-- Columns that the release does not know, or does not use, and that its INSERTs do not fill.
CREATE FUNCTION bgmigrate.guard_required_complaints(pin bgmigrate.pin, now_columns jsonb) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('column %s is required, and INSERTs that leave it out fail', n ->> 'name')
    FROM jsonb_array_elements(now_columns) n
    LEFT JOIN jsonb_array_elements(pin.shape -> 'columns') w
        ON CASE WHEN w ->> 'n' IS NULL THEN w -> 'name' = n -> 'name' ELSE w -> 'n' = n -> 'n' END
    WHERE (n ->> 'required')::boolean AND n ->> 'default' IS NULL AND n ->> 'identity' = '' AND n ->> 'generated' = ''
        AND coalesce(w ->> 'pinned' = 'false' AND w ->> 'excused' IS NULL AND w ->> 'required' = 'false', w IS NULL)
$$;

-- Keys: ON CONFLICT and upserts need those that were there, and a new one refuses duplicates.
CREATE FUNCTION bgmigrate.guard_key_complaints(pin bgmigrate.pin, now_columns jsonb, now_keys jsonb) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known jsonb := (SELECT coalesce(jsonb_agg(c -> 'n'), '[]') FROM jsonb_array_elements(pin.shape -> 'columns') c);
    used jsonb := (SELECT coalesce(jsonb_agg(c -> 'n'), '[]') FROM jsonb_array_elements(pin.shape -> 'columns') c
        WHERE (c ->> 'pinned')::boolean);
    key jsonb;
BEGIN
    FOR key IN
        SELECT w FROM jsonb_array_elements(pin.shape -> 'keys') w
        WHERE (used @> (w -> 'columns') OR w -> 'columns' = '[]') AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(now_keys) n
            WHERE n -> 'deferrable' = w -> 'deferrable' AND n -> 'deferred' = w -> 'deferred'
                AND (n -> 'oid' = w -> 'oid' OR n -> 'definition' = w -> 'definition'
                    OR (n -> 'columns' = w -> 'columns' AND (n ->> 'plain')::boolean)))
    LOOP
        RETURN NEXT format('%s (%s) is not unique as before', key ->> 'name',
            bgmigrate.guard_names(pin.shape -> 'columns', key -> 'columns'));
    END LOOP;
    IF NOT pin.writes THEN
        RETURN;
    END IF;
    FOR key IN
        SELECT n FROM jsonb_array_elements(now_keys) n
        WHERE NOT EXISTS (
                SELECT FROM jsonb_array_elements(pin.shape -> 'keys') w
                WHERE n -> 'oid' = w -> 'oid' OR n -> 'definition' = w -> 'definition'
                    -- What is unique in fewer columns is unique in more.
                    OR ((w ->> 'plain')::boolean AND n -> 'columns' @> (w -> 'columns')))
            -- A release with narrowed uses minds only what it uses.
            AND (used = known OR EXISTS (SELECT FROM jsonb_array_elements(n -> 'columns') c WHERE used @> c)
                OR n -> 'columns' = '[]')
    LOOP
        IF NOT bgmigrate.guard_key_is_free(key, known, now_columns) THEN
            RETURN NEXT format('%s refuses duplicates in %s', key ->> 'name',
                bgmigrate.guard_names(now_columns, key -> 'columns'));
        END IF;
    END LOOP;
END $$;

-- Whether a new key cannot refuse a row of a writer that does not know the columns beyond `known`.
CREATE FUNCTION bgmigrate.guard_key_is_free(key jsonb, known jsonb, now_columns jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT c, key -> 'columns' @> (c -> 'n') AS in_key, NOT known @> (c -> 'n') AS new
        FROM jsonb_array_elements(now_columns) c
        WHERE key -> 'columns' @> (c -> 'n') OR key -> 'reads' @> (c -> 'n')
    )
    SELECT coalesce(bool_or(in_key AND new AND bgmigrate.guard_stays_null(c)), false)
        OR (key ->> 'expressions' IS NOT NULL AND bgmigrate.guard_passes_null(key ->> 'expressions')
            AND coalesce(bool_or(NOT in_key AND new AND bgmigrate.guard_stays_null(c)
                AND position(c ->> 'name' IN key ->> 'expressions') > 0), false))
        OR (key ->> 'filter' IS NOT NULL
            AND coalesce(bool_or(new AND bgmigrate.guard_stays_null(c)
                AND position(c ->> 'name' IN key ->> 'filter') > 0), false)
            -- A filter that NULL makes true takes the row in.
            AND regexp_replace(key ->> 'filter', 'IS NOT NULL', '', 'g')
                !~* '\m(is null|coalesce|distinct|not|or)\M')
        OR (key ->> 'filter' IS NULL AND key ->> 'expressions' IS NULL
            AND coalesce(bool_and(new) AND bool_or(bgmigrate.guard_fills_apart(c)), false))
    FROM own
$$;

-- Checks, foreign keys and exclusions: a new one refuses rows, checked for those that are there or not. One that
-- went lets more pass.
CREATE FUNCTION bgmigrate.guard_demand_complaints(pin bgmigrate.pin, now_columns jsonb, now_demands jsonb)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known jsonb := (SELECT coalesce(jsonb_agg(c -> 'n'), '[]') FROM jsonb_array_elements(pin.shape -> 'columns') c);
    used jsonb := (SELECT coalesce(jsonb_agg(c -> 'n'), '[]') FROM jsonb_array_elements(pin.shape -> 'columns') c
        WHERE (c ->> 'pinned')::boolean);
    demand jsonb;
    was jsonb;
    label text;
BEGIN
    FOR demand, was IN
        SELECT n, (SELECT w FROM jsonb_array_elements(pin.shape -> 'demands') w
            WHERE n -> 'oid' = w -> 'oid' OR n -> 'definition' = w -> 'definition'
                OR (n ->> 'type' = 'f' AND w ->> 'type' = 'f' AND n -> 'columns' = w -> 'columns'
                    AND n -> 'target' = w -> 'target' AND n -> 'target_columns' = w -> 'target_columns'
                    AND (n -> 'on_delete' = w -> 'on_delete' OR (n ->> 'on_delete' = 'n'
                        AND NOT EXISTS (SELECT FROM jsonb_array_elements(now_columns) c
                            WHERE n -> 'columns' @> (c -> 'n') AND NOT bgmigrate.guard_stays_null(c)))))
            ORDER BY n -> 'oid' = w -> 'oid' DESC LIMIT 1)
        FROM jsonb_array_elements(now_demands) n
        WHERE (n ->> 'enforced')::boolean AND NOT pin.shape -> 'demands' @> jsonb_build_array(n)
            AND (used = known OR n -> 'columns' = '[]'
                OR EXISTS (SELECT FROM jsonb_array_elements(n -> 'columns') c WHERE used @> c))
    LOOP
        label := format('%s %s (%s)',
            CASE demand ->> 'type' WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' ELSE 'exclusion' END,
            demand ->> 'name', bgmigrate.guard_names(now_columns, demand -> 'columns'));
        IF was IS NOT NULL AND (was ->> 'enforced')::boolean THEN
            IF demand -> 'deferrable' <> was -> 'deferrable' OR demand -> 'deferred' <> was -> 'deferred' THEN
                RETURN NEXT label || ' is checked at another moment';
            END IF;
            CONTINUE;
        END IF;
        CONTINUE WHEN (
            SELECT CASE demand ->> 'type'
                WHEN 'f' THEN bool_or(c.new AND bgmigrate.guard_stays_null(c.now))
                WHEN 'c' THEN (bool_and(c.new AND bgmigrate.guard_stays_null(c.now))
                        AND bgmigrate.guard_passes_null(demand ->> 'definition'))
                    OR bool_and(c.new AND c.now ->> 'default' IS NOT NULL)
                ELSE false END
            FROM (SELECT now, NOT known @> (now -> 'n') AS new FROM jsonb_array_elements(now_columns) now
                WHERE demand -> 'columns' @> (now -> 'n')) c);
        RETURN NEXT label || ' refuses rows that it did not';
    END LOOP;
END $$;

-- Triggers, rules and policies that were there.
CREATE FUNCTION bgmigrate.guard_manner_complaints(was jsonb, becomes jsonb) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%s %s %s', w ->> 'what', w ->> 'name', CASE
        WHEN n IS NULL THEN 'is gone'
        WHEN n ->> 'off' = 'true' AND w ->> 'off' = 'false' THEN 'is off'
        ELSE 'is another one' END)
    FROM jsonb_array_elements(coalesce(was, '[]')) w
    LEFT JOIN LATERAL (
        SELECT n FROM jsonb_array_elements(coalesce(becomes, '[]')) n
        WHERE n -> 'oid' = w -> 'oid' OR n -> 'name' = w -> 'name' ORDER BY n -> 'oid' = w -> 'oid' DESC LIMIT 1
    ) found (n) ON true
    WHERE n IS NULL OR (n ->> 'off' = 'true' AND w ->> 'off' = 'false') OR n -> 'definition' <> w -> 'definition'
$$;

-- Privileges that were there, for roles that still exist.
CREATE FUNCTION bgmigrate.guard_grant_complaints(was jsonb, becomes jsonb, kind text, object oid) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%s may not %s it', coalesce('role ' || r.rolname, 'everybody'), w ->> 1)
    FROM jsonb_array_elements(was) w
    LEFT JOIN pg_roles r ON r.oid = (w ->> 0)::oid
    WHERE NOT becomes @> jsonb_build_array(w)
        -- In PostgreSQL 17 a privilege was added whose lack nobody who was there before can mind.
        AND w ->> 1 <> 'MAINTAIN'
        AND (r.oid IS NOT NULL OR w ->> 0 = '0')
        AND NOT bgmigrate.guard_may(coalesce(r.rolname, 'public'), w ->> 1, kind, object)
$$;

-- Whether a role has a privilege, by whatever way.
CREATE FUNCTION bgmigrate.guard_may(role name, privilege text, kind text, object oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN kind IN ('enum', 'domain', 'range type', 'composite type') THEN has_type_privilege(role, object, privilege)
        WHEN kind IN ('function', 'procedure', 'aggregate') THEN has_function_privilege(role, object, privilege)
        WHEN kind = 'schema' THEN has_schema_privilege(role, object, privilege)
        WHEN kind = 'sequence' THEN has_sequence_privilege(role, object, privilege)
        ELSE has_table_privilege(role, object, privilege)
    END
$$;

-- All complaints about a pinned object, of which `target` has the name now, in the shape `becomes`.
CREATE FUNCTION bgmigrate.guard_complaints(pin bgmigrate.pin, target oid, becomes jsonb) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_relation boolean := pin.shape ? 'relkind';
    was jsonb := pin.shape;
    -- What rows must satisfy: that of the table itself where a view has taken its name.
    base jsonb;
    stands_in boolean := false;
BEGIN
    IF target IS NULL THEN
        RETURN NEXT coalesce('it is called ' || (
            SELECT format('%s.%s', o.schema, o.name) FROM bgmigrate.guard_object o
            WHERE o.object = pin.object AND o.kind = pin.kind), 'it is gone');
        RETURN;
    END IF;
    IF becomes = was AND target = pin.object THEN
        RETURN;
    END IF;
    base := becomes;
    IF is_relation AND target <> pin.object AND was ->> 'relkind' IN ('r', 'p', 'f', 'S') THEN
        IF becomes ->> 'relkind' = 'v' AND (becomes ->> 'updatable')::boolean AND was ->> 'relkind' <> 'S'
            AND EXISTS (SELECT FROM pg_class c WHERE c.oid = pin.object)
        THEN
            stands_in := true;
            base := bgmigrate.guard_shape(pin.object);
        ELSE
            RETURN NEXT 'it is another one of that name';
            RETURN;
        END IF;
    ELSIF is_relation AND becomes ->> 'relkind' NOT IN (was ->> 'relkind', 'v') THEN
        RETURN NEXT 'it is another one of that name';
        RETURN;
    END IF;

    IF is_relation AND was -> 'columns' <> becomes -> 'columns' THEN
        RETURN QUERY SELECT * FROM bgmigrate.guard_column_complaints(pin, becomes -> 'columns',
            stands_in OR was ->> 'relkind' IN ('v', 'm'));
    END IF;
    IF pin.writes AND was ->> 'relkind' IN ('r', 'p', 'f') AND was -> 'columns' <> base -> 'columns' THEN
        RETURN QUERY SELECT * FROM bgmigrate.guard_filling_complaints(pin, base -> 'columns');
        RETURN QUERY SELECT * FROM bgmigrate.guard_required_complaints(pin, base -> 'columns');
    END IF;
    IF was ->> 'relkind' IN ('r', 'p', 'f') AND was -> 'keys' <> base -> 'keys' THEN
        RETURN QUERY SELECT * FROM bgmigrate.guard_key_complaints(pin, base -> 'columns', base -> 'keys');
    END IF;
    IF pin.writes AND was ->> 'relkind' IN ('r', 'p', 'f') AND was -> 'demands' <> base -> 'demands' THEN
        RETURN QUERY SELECT * FROM bgmigrate.guard_demand_complaints(pin, base -> 'columns', base -> 'demands');
    END IF;
    RETURN QUERY SELECT complaint
        FROM unnest(ARRAY['triggers', 'rules', 'policies']) aspect,
            LATERAL bgmigrate.guard_manner_complaints(was -> aspect, base -> aspect) complaint
        WHERE was -> aspect <> coalesce(base -> aspect, '[]');
    IF (base ->> 'row_security')::boolean AND NOT (was ->> 'row_security')::boolean
        OR (base ->> 'force_row_security')::boolean AND NOT (was ->> 'force_row_security')::boolean
    THEN
        RETURN NEXT 'row security hides and refuses rows';
    END IF;
    IF base ->> 'replica_identity' NOT IN (was ->> 'replica_identity', 'f') THEN
        RETURN NEXT 'consumers of its changes get other old rows';
    END IF;
    RETURN QUERY SELECT format('the rows of %s are gone from it', child ->> 'name')
        FROM jsonb_array_elements(was -> 'children') child
        WHERE NOT base -> 'children' @> jsonb_build_array(jsonb_build_object('oid', child -> 'oid'));
    IF was ->> 'relkind' = 'v' AND ((was ->> 'updatable')::boolean AND NOT (becomes ->> 'updatable')::boolean) THEN
        RETURN NEXT 'it takes no writes';
    END IF;
    IF was -> 'options' <> becomes -> 'options' THEN
        RETURN NEXT 'it reads or writes by other rights';
    END IF;
    IF was #- '{sequence,most}' -> 'sequence' <> becomes #- '{sequence,most}' -> 'sequence'
        OR (was #>> '{sequence,most}')::bigint > (becomes #>> '{sequence,most}')::bigint
    THEN
        RETURN NEXT 'it gives other numbers';
    END IF;

    IF was ->> 'typtype' <> becomes ->> 'typtype' OR was ->> 'base' <> becomes ->> 'base' THEN
        RETURN NEXT 'it is another one of that name';
    END IF;
    RETURN QUERY SELECT format('it has no label %L', label)
        FROM jsonb_array_elements_text(was -> 'labels') label WHERE NOT becomes -> 'labels' ? label;
    IF pin.kind = 'domain' THEN
        IF (becomes ->> 'required')::boolean AND NOT (was ->> 'required')::boolean THEN
            RETURN NEXT 'it refuses NULL';
        END IF;
        IF (was ->> 'default')::boolean AND NOT (becomes ->> 'default')::boolean THEN
            RETURN NEXT 'it has no default';
        END IF;
        RETURN QUERY SELECT format('check %s refuses values that it did not', n ->> 'name')
            FROM jsonb_array_elements(becomes -> 'demands') n
            WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(was -> 'demands') w
                WHERE w -> 'oid' = n -> 'oid' OR w -> 'definition' = n -> 'definition');
    END IF;
    IF was ->> 'returns' <> becomes ->> 'returns' THEN
        RETURN NEXT format('it returns %s instead of %s', becomes ->> 'returns', was ->> 'returns');
    END IF;
    IF was ->> 'definer' <> becomes ->> 'definer' THEN
        RETURN NEXT 'it runs with other rights';
    END IF;
    -- Who replaces an object grants anew what the application needs: told only where its roles are.
    IF was -> 'grants' <> becomes -> 'grants' AND (target = pin.object OR was ? 'roles') THEN
        RETURN QUERY SELECT * FROM bgmigrate.guard_grant_complaints(was -> 'grants', becomes -> 'grants', pin.kind, target);
    END IF;
END $$;
