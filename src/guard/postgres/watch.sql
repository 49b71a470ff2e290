-- The event triggers. They note what a command touched; whether that breaks a pin is asked when the transaction
-- commits (or at once after SET CONSTRAINTS ALL IMMEDIATE), so that steps which are whole only together pass, such as a
-- renamed table with a view in its place. Ids and column numbers are pinned, so that nothing is put in place of what
-- was lost meanwhile.

-- Refuses, unless an override stands for this transaction. `broken` is a list of {pin, complaint}.
CREATE FUNCTION bgmigrate.guard_refuse(broken jsonb, tag text, query text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held bgmigrate.override;
    first record;
    lines text;
    others text;
BEGIN
    UPDATE bgmigrate.override o
    SET used_at = coalesce(o.used_at, clock_timestamp()), used_by = session_user, used_pid = pg_backend_pid(),
        used_xid = txid_current(), used_tag = tag, used_query = query,
        broke = o.broke || ARRAY(SELECT b ->> 'complaint' FROM jsonb_array_elements(broken) b)
    WHERE o.token = current_setting('bgmigrate.override', true) AND (
        (o.used_at IS NULL AND o.expires_at > clock_timestamp())
        OR o.used_xid = txid_current()
        -- CONCURRENTLY works in several transactions.
        OR (o.used_pid = pg_backend_pid() AND o.used_query = query AND query ~* 'concurrently'))
    RETURNING o.* INTO held;
    IF FOUND THEN
        INSERT INTO bgmigrate.guard_log (what, actor, reason, detail)
        VALUES ('override', held.actor, held.reason, jsonb_build_object('token', held.token, 'tag', tag,
            'query', query, 'broken', broken));
        RETURN;
    END IF;
    SELECT r.service, r.release, r.slot, p.kind, p.schema, p.name, broken #>> '{0,complaint}' AS complaint INTO first
    FROM bgmigrate.pin p JOIN bgmigrate.pin_release r ON r.id = p.release
    WHERE p.id = (broken #>> '{0,pin}')::bigint;
    SELECT string_agg(format('release %s of %s in slot %s, %s %s.%s: %s', r.release, r.service, r.slot, p.kind,
            p.schema, p.name, b.entry ->> 'complaint'), E'\n' ORDER BY b.at),
        string_agg(DISTINCT format('`bgmigrate retire %s`', r.slot), ', ')
    INTO lines, others
    FROM jsonb_array_elements(broken) WITH ORDINALITY b (entry, at)
    JOIN bgmigrate.pin p ON p.id = (b.entry ->> 'pin')::bigint
    JOIN bgmigrate.pin_release r ON r.id = p.release
    WHERE b.at <= 20;
    RAISE EXCEPTION USING ERRCODE = 'BG001',
        MESSAGE = format('bgmigrate: release %s of %s in slot %s relies on %s %s.%s; after this, %s', first.release,
            first.service, first.slot, first.kind, first.schema, first.name, first.complaint),
        DETAIL = lines,
        HINT = format('`bgmigrate plan` shows what waits for what. Once no rollback to it is needed, %s lets it pass.',
            others),
        SCHEMA = first.schema, TABLE = first.name;
END $$;

-- What is broken, for every release, about the objects of one name.
CREATE FUNCTION bgmigrate.guard_broken(by_schema text, by_name text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- By indexes alone, whether or not the pins were analyzed: it runs while a table is locked.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    pin bgmigrate.pin;
    target oid;
    becomes jsonb;
    seen text;
    broken jsonb := '[]';
BEGIN
    FOR pin IN
        SELECT p.* FROM bgmigrate.pin p WHERE p.schema = by_schema AND p.name = by_name ORDER BY p.kind, p.arguments, p.id
    LOOP
        -- Releases share the look at the catalog.
        IF seen IS DISTINCT FROM concat_ws('/', pin.kind, pin.arguments) THEN
            target := bgmigrate.guard_find(pin);
            becomes := bgmigrate.guard_shape_of(pin.kind, target);
            seen := concat_ws('/', pin.kind, pin.arguments);
        END IF;
        CONTINUE WHEN target = pin.object AND becomes = pin.shape;
        SELECT broken || coalesce(jsonb_agg(jsonb_build_object('pin', pin.id, 'complaint', complaint)), '[]') INTO broken
        FROM bgmigrate.guard_complaints(pin, target, becomes) complaint;
        -- What took the place of a part is watched from now on.
        INSERT INTO bgmigrate.pin_part (part, pin)
        SELECT part, pin.id FROM bgmigrate.guard_parts(target, becomes) part WHERE target IS NOT NULL
        ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN broken;
END $$;

-- What is broken by privileges that were taken away: no command that does so tells from what.
CREATE FUNCTION bgmigrate.guard_broken_grants() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('pin', p.id, 'complaint', complaint)), '[]')
    FROM bgmigrate.pin p,
        LATERAL bgmigrate.guard_grant_complaints(p.shape -> 'grants', '[]', p.kind, p.object) complaint
    WHERE EXISTS (SELECT FROM bgmigrate.guard_object o WHERE o.object = p.object AND o.kind = p.kind)
$$;

-- From now on the releases rely on these objects as they are: nobody is refused for what was let pass once.
CREATE FUNCTION bgmigrate.guard_take_as_it_is(pins bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pin bgmigrate.pin;
    target oid;
    becomes jsonb;
BEGIN
    FOR pin IN SELECT p.* FROM bgmigrate.pin p WHERE p.id = ANY (pins) LOOP
        target := bgmigrate.guard_find(pin);
        IF target IS NULL THEN
            DELETE FROM bgmigrate.pin p WHERE p.id = pin.id;
            CONTINUE;
        END IF;
        becomes := bgmigrate.guard_shape_of(pin.kind, target);
        IF becomes ? 'columns' THEN
            becomes := jsonb_set(becomes, '{columns}', (
                SELECT coalesce(jsonb_agg(n || CASE WHEN w IS NULL THEN '{"pinned": false, "excused": true}'
                    ELSE jsonb_build_object('pinned', w -> 'pinned') END ORDER BY n -> 'n'), '[]')
                FROM jsonb_array_elements(becomes -> 'columns') n
                LEFT JOIN jsonb_array_elements(pin.shape -> 'columns') w ON w -> 'n' = n -> 'n'));
        END IF;
        UPDATE bgmigrate.pin p SET object = target, shape = becomes WHERE p.id = pin.id;
        INSERT INTO bgmigrate.pin_part (part, pin)
        SELECT part, pin.id FROM bgmigrate.guard_parts(target, becomes) part
        ON CONFLICT DO NOTHING;
    END LOOP;
END $$;

-- At commit: what the transaction touched, all of it once.
CREATE FUNCTION bgmigrate.guard_settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET jit = off AS $$
DECLARE
    touch record;
    broken jsonb := '[]';
    last_tag text;
    last_query text;
BEGIN
    FOR touch IN
        WITH mine AS (DELETE FROM bgmigrate.guard_touch t WHERE t.xid = txid_current() RETURNING t.*)
        SELECT m.schema, m.name, max(m.tag) AS tag, max(m.query) AS query FROM mine m GROUP BY m.schema, m.name
        ORDER BY m.schema, m.name
    LOOP
        broken := broken || CASE WHEN touch.name IS NULL THEN bgmigrate.guard_broken_grants()
            ELSE bgmigrate.guard_broken(touch.schema, touch.name) END;
        last_tag := touch.tag;
        last_query := touch.query;
    END LOOP;
    IF broken <> '[]' THEN
        PERFORM bgmigrate.guard_refuse(broken, last_tag, last_query);
        PERFORM bgmigrate.guard_take_as_it_is(
            ARRAY(SELECT DISTINCT (b ->> 'pin')::bigint FROM jsonb_array_elements(broken) b));
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS guard_settle ON bgmigrate.guard_touch;
CREATE CONSTRAINT TRIGGER guard_settle AFTER INSERT ON bgmigrate.guard_touch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bgmigrate.guard_settle();
ALTER TABLE bgmigrate.guard_touch ENABLE ALWAYS TRIGGER guard_settle;

-- Notes the pins that these ids may concern. The lock comes before the look, so that the look sees every registration.
CREATE FUNCTION bgmigrate.guard_note(touched oid[], grants boolean, tag text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- By indexes alone, whether or not the pins were analyzed: it runs while a table is locked.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    held bgmigrate.guard;
BEGIN
    SELECT g.* INTO held FROM bgmigrate.guard g FOR SHARE;
    IF held.home <> 'bgmigrate.pin'::regclass
        OR held.server <> current_setting('server_version_num')::integer / 10000
    THEN
        PERFORM bgmigrate.guard_rebind();
        -- The ids are from elsewhere, so this command's own cannot tell what it touched.
        INSERT INTO bgmigrate.guard_touch (schema, name, tag, query)
        SELECT DISTINCT p.schema, p.name, guard_note.tag, current_query() FROM bgmigrate.pin p;
    END IF;
    INSERT INTO bgmigrate.guard_touch (schema, name, tag, query)
    SELECT DISTINCT p.schema, p.name, guard_note.tag, current_query()
    FROM bgmigrate.pin_part t JOIN bgmigrate.pin p ON p.id = t.pin
    WHERE t.part = ANY (touched);
    IF grants THEN
        INSERT INTO bgmigrate.guard_touch (tag, query)
        SELECT guard_note.tag, current_query() WHERE EXISTS (SELECT FROM bgmigrate.pin);
    END IF;
END $$;

CREATE FUNCTION bgmigrate.guard_end() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET jit = off
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    touched oid[];
BEGIN
    IF tg_tag IN ('COMMENT', 'SECURITY LABEL', 'GRANT', 'ALTER DEFAULT PRIVILEGES', 'REFRESH MATERIALIZED VIEW') THEN
        RETURN;
    END IF;
    WITH RECURSIVE command AS (
        SELECT c.objid FROM pg_event_trigger_ddl_commands() c
        WHERE c.objid IS NOT NULL AND c.schema_name IS DISTINCT FROM 'pg_temp'
    ), touches (id) AS (
        SELECT c.objid FROM command c
        UNION SELECT i.indrelid FROM command c JOIN pg_index i ON i.indexrelid = c.objid
        UNION SELECT t.tgrelid FROM command c JOIN pg_trigger t ON t.oid = c.objid
        UNION SELECT r.ev_class FROM command c JOIN pg_rewrite r ON r.oid = c.objid
        UNION SELECT p.polrelid FROM command c JOIN pg_policy p ON p.oid = c.objid
        UNION SELECT t.typrelid FROM command c JOIN pg_type t ON t.oid = c.objid WHERE t.typrelid <> 0
    ), heirs (id) AS (
        -- What is done to a parent is done to its partitions.
        SELECT t.id FROM touches t
        UNION SELECT i.inhrelid FROM heirs h JOIN pg_inherits i ON i.inhparent = h.id
    )
    SELECT array_agg(h.id) INTO touched FROM heirs h;
    IF touched IS NOT NULL OR tg_tag IN ('REVOKE', 'DROP OWNED', 'REASSIGN OWNED') THEN
        PERFORM bgmigrate.guard_note(touched, tg_tag IN ('REVOKE', 'DROP OWNED', 'REASSIGN OWNED'), tg_tag);
    END IF;
END $$;

CREATE FUNCTION bgmigrate.guard_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET jit = off AS $$
DECLARE
    touched oid[] := ARRAY(SELECT DISTINCT d.objid FROM pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary);
BEGIN
    IF touched <> '{}' THEN
        PERFORM bgmigrate.guard_note(touched, false, tg_tag);
    END IF;
END $$;

-- CONCURRENTLY commits before any trigger at its end could refuse it, so it is refused before it starts. Such a command
-- stands alone, so the text of the query is the command. This function has the session's own search_path, to
-- learn which table a bare name means there, and so names nothing without its schema.
CREATE FUNCTION bgmigrate.guard_start() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF pg_catalog.current_query() OPERATOR(pg_catalog.~*) 'concurrently' THEN
        PERFORM bgmigrate.guard_veto(pg_catalog.current_query(), pg_catalog.current_setting('search_path'));
    END IF;
END $$;

-- The relation that a name in a query means under this search_path; where none is there, any pinned one of that name.
CREATE FUNCTION bgmigrate.guard_resolve(qualifier text, written text, path text) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plain text := CASE WHEN written LIKE '"%' THEN replace(substr(written, 2, length(written) - 2), '""', '"')
        ELSE lower(written) END;
    place text := CASE WHEN qualifier LIKE '"%' THEN replace(substr(qualifier, 2, length(qualifier) - 2), '""', '"')
        ELSE lower(qualifier) END;
    person text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
BEGIN
    RETURN coalesce(
        (SELECT c.oid
         FROM unnest(CASE WHEN place IS NOT NULL THEN ARRAY[place]
                ELSE string_to_array(replace(path, '"$user"', person), ',') END) WITH ORDINALITY s (schema, at)
         JOIN pg_namespace n ON n.nspname = btrim(btrim(s.schema), '"')
         JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = plain
         ORDER BY s.at LIMIT 1),
        (SELECT p.object FROM bgmigrate.pin p WHERE p.name = plain AND p.shape ? 'relkind' LIMIT 1));
END $$;

CREATE FUNCTION bgmigrate.guard_veto(query text, path text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' SET jit = off AS $$
DECLARE
    name CONSTANT text := '("(?:[^"]|"")+"|[^\s"().,;]+)';
    command text := regexp_replace(query, '/\*.*?\*/|--[^\n]*', ' ', 'g');
    words text[];
    relation oid;
    becomes jsonb;
    broken jsonb := '[]';
BEGIN
    words := regexp_match(command, '^\s*create\s+unique\s+index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?:' || name
        || '\s+)?on\s+(?:only\s+)?(?:' || name || '\s*\.\s*)?' || name || '\s*(.*)$', 'i');
    IF words IS NOT NULL THEN
        relation := bgmigrate.guard_resolve(words[2], words[3], path);
        becomes := bgmigrate.guard_shape(relation);
        becomes := jsonb_set(becomes, '{keys}', becomes -> 'keys'
            || bgmigrate.guard_key_to_be(coalesce(words[1], 'the new index'), words[4], becomes -> 'columns'));
    END IF;
    words := regexp_match(command, '^\s*drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?(?:' || name || '\s*\.\s*)?'
        || name, 'i');
    IF words IS NOT NULL THEN
        SELECT i.indrelid, jsonb_set(s.shape, '{keys}', coalesce((
                SELECT jsonb_agg(k) FROM jsonb_array_elements(s.shape -> 'keys') k
                WHERE (k ->> 'oid')::oid <> i.indexrelid), '[]'))
        INTO relation, becomes
        FROM pg_index i, LATERAL bgmigrate.guard_shape(i.indrelid) s (shape)
        WHERE i.indexrelid = bgmigrate.guard_resolve(words[1], words[2], path);
    END IF;
    words := regexp_match(command, '^\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?:' || name || '\s*\.\s*)?' || name
        || '\s*\*?\s+detach\s+partition\s+(?:' || name || '\s*\.\s*)?' || name || '\s+concurrently', 'i');
    IF words IS NOT NULL THEN
        relation := bgmigrate.guard_resolve(words[1], words[2], path);
        becomes := bgmigrate.guard_shape(relation);
        becomes := jsonb_set(becomes, '{children}', coalesce((
            SELECT jsonb_agg(k) FROM jsonb_array_elements(becomes -> 'children') k
            WHERE (k ->> 'oid')::oid <> bgmigrate.guard_resolve(words[3], words[4], path)), '[]'));
    END IF;
    IF relation IS NULL OR becomes IS NULL THEN
        RETURN;
    END IF;
    SELECT coalesce(jsonb_agg(jsonb_build_object('pin', p.id, 'complaint', complaint)), '[]') INTO broken
    FROM bgmigrate.pin p, LATERAL bgmigrate.guard_complaints(p, relation, becomes) complaint
    WHERE p.object = relation AND p.shape ? 'relkind';
    IF broken <> '[]' THEN
        PERFORM bgmigrate.guard_refuse(broken, 'CONCURRENTLY', query);
    END IF;
END $$;

-- The key that a unique index will be, from the text after its table. What is more than a list of columns is taken
-- for one that refuses.
CREATE FUNCTION bgmigrate.guard_key_to_be(index_name text, rest text, now_columns jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('oid', 0, 'name', btrim(index_name, '"'), 'definition', rest, 'deferrable', false,
        'deferred', false, 'columns', coalesce(jsonb_agg(c -> 'n' ORDER BY c -> 'n'), '[]'), 'reads', '[]'::jsonb,
        'plain', count(c) > 0, 'filter', NULL, 'expressions', CASE WHEN count(c) = 0 THEN 'not understood(' END)
    FROM unnest(string_to_array(substring(rest FROM '^(?:using\s+\w+\s*)?\(([^()]*)\)\s*;?\s*$'), ',')) item
    JOIN jsonb_array_elements(now_columns) c
        ON c ->> 'name' = coalesce(substring(item FROM '^\s*"([^"]*)"'), lower(substring(item FROM '^\s*([^\s"]+)')))
$$;
