-- What the tool calls: pinning releases, letting them go, and looking at what is pinned. All of it runs in the caller's
-- transaction, so that the record and the pins change together.

-- Registers that the pins change: waits for DDL that is not committed yet, and has later DDL wait.
CREATE FUNCTION bgmigrate.guard_begin() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held bgmigrate.guard;
BEGIN
    UPDATE bgmigrate.guard SET epoch = epoch + 1 RETURNING * INTO held;
    IF held.home <> 'bgmigrate.pin'::regclass
        OR held.server <> current_setting('server_version_num')::integer / 10000
    THEN
        PERFORM bgmigrate.guard_rebind();
    END IF;
END $$;

-- After a restored dump or an upgrade of the server: finds every pinned object again by its name, and its parts by
-- theirs. What is not found stays pinned under ids that nothing has, and is complained of.
CREATE FUNCTION bgmigrate.guard_rebind() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pin bgmigrate.pin;
    target oid;
    becomes jsonb;
    aspect text;
    mended jsonb;
BEGIN
    UPDATE bgmigrate.guard SET home = 'bgmigrate.pin'::regclass, epoch = epoch + 1,
        server = current_setting('server_version_num')::integer / 10000;
    DELETE FROM bgmigrate.pin_part;
    FOR pin IN SELECT p.* FROM bgmigrate.pin p LOOP
        target := bgmigrate.guard_find(pin);
        IF target IS NULL THEN
            UPDATE bgmigrate.pin p SET object = 0 WHERE p.id = pin.id;
            CONTINUE;
        END IF;
        becomes := bgmigrate.guard_shape_of(pin.kind, target);
        mended := pin.shape;
        FOREACH aspect IN ARRAY ARRAY['columns', 'keys', 'demands', 'triggers', 'rules', 'policies', 'children'] LOOP
            CONTINUE WHEN NOT mended ? aspect;
            -- Numbers and ids are those of the namesakes; everything else stays as it was pinned.
            mended := jsonb_set(mended, ARRAY[aspect], (
                SELECT coalesce(jsonb_agg(w || coalesce(jsonb_strip_nulls(jsonb_build_object('n', n -> 'n',
                    'oid', n -> 'oid', 'of', n -> 'of', 'collation', n -> 'collation', 'columns', n -> 'columns',
                    'reads', n -> 'reads', 'constraint', n -> 'constraint', 'target', n -> 'target',
                    'target_columns', n -> 'target_columns')), '{"n": -1, "oid": 0}')), '[]')
                FROM jsonb_array_elements(mended -> aspect) w
                LEFT JOIN jsonb_array_elements(coalesce(becomes -> aspect, '[]')) n ON n -> 'name' = w -> 'name'));
        END LOOP;
        -- Roles are the server's, and were others there.
        mended := jsonb_set(mended, '{grants}', becomes -> 'grants');
        UPDATE bgmigrate.pin p SET object = target, shape = mended WHERE p.id = pin.id;
        INSERT INTO bgmigrate.pin_part (part, pin)
        SELECT part, pin.id FROM bgmigrate.guard_parts(target, becomes) part
        ON CONFLICT DO NOTHING;
    END LOOP;
END $$;

-- The part of `uses` about one table: an entry without a schema speaks for every schema.
CREATE FUNCTION bgmigrate.guard_entry(list jsonb, schema text, name text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT e FROM jsonb_array_elements(list) e
    WHERE e ->> 'name' = guard_entry.name AND coalesce(e ->> 'schema', guard_entry.schema) = guard_entry.schema
    ORDER BY e ->> 'schema' IS NULL LIMIT 1
$$;

-- The shape of an object as far as a release with these uses relies on it.
CREATE FUNCTION bgmigrate.guard_narrow(full_shape jsonb, kind text, object oid, uses jsonb, schema text, name text)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used jsonb := bgmigrate.guard_entry(uses -> 'tables', schema, name) -> 'columns';
    unknown jsonb := coalesce(bgmigrate.guard_entry(uses -> 'unknown', schema, name) -> 'columns', '[]');
    numbers jsonb;
    aspect text;
BEGIN
    IF full_shape ? 'columns' THEN
        SELECT coalesce(jsonb_agg(c -> 'n'), '[]') INTO numbers
        FROM jsonb_array_elements(full_shape -> 'columns') c WHERE unknown ? (c ->> 'name');
        full_shape := jsonb_set(full_shape, '{columns}', (
            SELECT coalesce(jsonb_agg(jsonb_set(c, '{pinned}', to_jsonb(used IS NULL OR used ? (c ->> 'name')))
                ORDER BY c -> 'n'), '[]')
            FROM jsonb_array_elements(full_shape -> 'columns') c WHERE NOT numbers @> (c -> 'n')));
        FOREACH aspect IN ARRAY ARRAY['keys', 'demands'] LOOP
            CONTINUE WHEN NOT full_shape ? aspect OR numbers = '[]';
            full_shape := jsonb_set(full_shape, ARRAY[aspect], (
                SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_array_elements(full_shape -> aspect) k
                WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(numbers) u
                    WHERE k -> 'columns' @> u OR coalesce(k -> 'reads', '[]') @> u)));
        END LOOP;
    END IF;
    IF uses ? 'roles' THEN
        full_shape := jsonb_set(full_shape || '{"roles": true}', '{grants}', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(r.oid::bigint, p.privilege)), '[]')
            FROM pg_roles r, unnest(CASE
                WHEN kind IN ('enum', 'domain', 'range type', 'composite type') THEN ARRAY['USAGE']
                WHEN kind IN ('function', 'procedure', 'aggregate') THEN ARRAY['EXECUTE']
                WHEN kind = 'schema' THEN ARRAY['USAGE']
                WHEN kind = 'sequence' THEN ARRAY['USAGE', 'SELECT', 'UPDATE']
                ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) p (privilege)
            WHERE uses -> 'roles' ? r.rolname::text AND bgmigrate.guard_may(r.rolname, p.privilege, kind, object)));
    END IF;
    RETURN full_shape;
END $$;

-- The objects that a release with these uses relies on.
CREATE FUNCTION bgmigrate.guard_universe(uses jsonb) RETURNS SETOF bgmigrate.guard_object
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH own AS MATERIALIZED (
        SELECT o.* FROM bgmigrate.guard_object o
        WHERE o.schema !~ '^pg_' AND o.schema NOT IN ('information_schema', 'bgmigrate', 'bgmigrate_pin')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.object
                -- An extension's own, or the sequence of an identity column.
                AND d.objsubid = 0 AND (d.deptype = 'e' OR (d.deptype = 'i' AND o.kind = 'sequence')))
    ), listed AS (
        SELECT o.* FROM own o
        WHERE o.kind <> 'schema' AND bgmigrate.guard_entry(uses -> 'tables', o.schema, o.name) IS NOT NULL
    )
    SELECT o.* FROM own o
    WHERE CASE WHEN NOT uses ? 'tables' THEN
            -- Not what the release is said not to know at all.
            bgmigrate.guard_entry(uses -> 'unknown', o.schema, o.name) IS NULL
                OR bgmigrate.guard_entry(uses -> 'unknown', o.schema, o.name) ? 'columns'
        ELSE
            o.object IN (SELECT l.object FROM listed l)
            OR (coalesce((uses ->> 'others')::boolean, false) AND o.kind IN ('sequence', 'enum', 'domain', 'range type',
                'composite type', 'function', 'procedure', 'aggregate'))
            OR (o.kind = 'schema' AND o.schema IN (SELECT l.schema FROM listed l))
            OR (o.class = 'pg_type'::regclass AND EXISTS (
                SELECT FROM listed l JOIN pg_attribute a ON a.attrelid = l.object AND a.attnum > 0
                JOIN pg_type t ON t.oid = a.atttypid
                WHERE o.object IN (t.oid, t.typelem) AND coalesce(
                    bgmigrate.guard_entry(uses -> 'tables', l.schema, l.name) -> 'columns'
                        ? a.attname::text, true)))
        END;
END $$;

-- Pins what a release relies on as it is now, in place of what was pinned for it in this slot before. Gives the number
-- of objects.
CREATE FUNCTION bgmigrate.guard_pin(service text, release text, slot text, uses jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
    pins bigint;
BEGIN
    PERFORM bgmigrate.guard_begin();
    uses := jsonb_strip_nulls(uses);
    PERFORM bgmigrate.guard_unpin(service, release, slot);
    INSERT INTO bgmigrate.pin_release AS r (service, release, slot, uses)
    VALUES (service, release, slot, uses) RETURNING r.id INTO made;
    INSERT INTO bgmigrate.pin AS p (release, kind, schema, name, arguments, object, writes, shape)
    SELECT made, o.kind, o.schema, o.name, o.arguments, o.object,
        coalesce((bgmigrate.guard_entry(uses -> 'tables', o.schema, o.name) ->> 'writes')::boolean, true),
        bgmigrate.guard_narrow(bgmigrate.guard_shape_of(o.kind, o.object), o.kind, o.object, uses, o.schema, o.name)
    FROM bgmigrate.guard_universe(uses) o;
    GET DIAGNOSTICS pins = ROW_COUNT;
    INSERT INTO bgmigrate.pin_part (part, pin)
    SELECT part, p.id FROM bgmigrate.pin p, LATERAL bgmigrate.guard_parts(p.object, p.shape) part
    WHERE p.release = made;
    PERFORM bgmigrate.guard_make_views(made);
    RETURN pins;
END $$;

-- Lets go of a release in a slot; whether there was one.
CREATE FUNCTION bgmigrate.guard_unpin(service text, release text, slot text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM bgmigrate.guard_begin();
    SELECT r.id INTO gone FROM bgmigrate.pin_release r
    WHERE r.service = guard_unpin.service AND r.release = guard_unpin.release AND r.slot = guard_unpin.slot;
    PERFORM bgmigrate.guard_drop_views(gone);
    DELETE FROM bgmigrate.pin_release r WHERE r.id = gone;
    RETURN gone IS NOT NULL;
END $$;

-- After a step that the release ships: it relies on these objects as the step left them, on new ones too, and no more on
-- those that are gone. `objects` is a list of {schema, name, columns}, where no columns are all. To be called in the
-- step's own transaction, which is judged by what is pinned when it commits.
CREATE FUNCTION bgmigrate.guard_repin(service text, release text, objects jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder bgmigrate.pin_release;
    object bgmigrate.guard_object;
    entry jsonb;
    becomes jsonb;
    was jsonb;
    touched bigint;
BEGIN
    PERFORM bgmigrate.guard_begin();
    objects := jsonb_strip_nulls(objects);
    FOR holder IN
        SELECT r.* FROM bgmigrate.pin_release r
        WHERE r.service = guard_repin.service AND r.release = guard_repin.release
    LOOP
        PERFORM bgmigrate.guard_drop_views(holder.id);
        DELETE FROM bgmigrate.pin p
        WHERE p.release = holder.id AND bgmigrate.guard_entry(objects, p.schema, p.name) IS NOT NULL
            AND bgmigrate.guard_find(p) IS NULL;
        FOR object IN
            SELECT o.* FROM bgmigrate.guard_universe(holder.uses) o
            WHERE bgmigrate.guard_entry(objects, o.schema, o.name) IS NOT NULL
        LOOP
            entry := bgmigrate.guard_entry(objects, object.schema, object.name) -> 'columns';
            becomes := bgmigrate.guard_narrow(bgmigrate.guard_shape_of(object.kind, object.object), object.kind,
                object.object, holder.uses, object.schema, object.name);
            SELECT p.shape INTO was FROM bgmigrate.pin p
            WHERE p.release = holder.id AND p.kind = object.kind AND p.schema = object.schema AND p.name = object.name
                AND p.arguments = object.arguments AND p.object = object.object;
            IF was IS NOT NULL AND entry IS NOT NULL AND becomes ? 'columns' THEN
                becomes := bgmigrate.guard_merge(was, becomes, entry);
            END IF;
            DELETE FROM bgmigrate.pin p WHERE p.release = holder.id AND p.schema = object.schema AND p.name = object.name
                AND p.arguments = object.arguments AND (p.kind = object.kind
                    -- A view in place of a table, or the other way round.
                    OR (p.shape ? 'relkind' AND becomes ? 'relkind'));
            INSERT INTO bgmigrate.pin AS p (release, kind, schema, name, arguments, object, writes, shape)
            VALUES (holder.id, object.kind, object.schema, object.name, object.arguments, object.object,
                coalesce((bgmigrate.guard_entry(holder.uses -> 'tables', object.schema, object.name)
                    ->> 'writes')::boolean, true), becomes)
            RETURNING p.id INTO touched;
            INSERT INTO bgmigrate.pin_part (part, pin)
            SELECT part, touched FROM bgmigrate.guard_parts(object.object, becomes) part;
        END LOOP;
        PERFORM bgmigrate.guard_make_views(holder.id);
    END LOOP;
END $$;

-- The shape that was pinned, with these columns, and the keys and demands on them, as they are now.
CREATE FUNCTION bgmigrate.guard_merge(was jsonb, becomes jsonb, names jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers jsonb := (
        SELECT coalesce(jsonb_agg(DISTINCT c -> 'n'), '[]')
        FROM unnest(ARRAY[was -> 'columns', becomes -> 'columns']) list, jsonb_array_elements(list) c
        WHERE names ? (c ->> 'name') AND c ->> 'n' IS NOT NULL);
    merged jsonb := was;
    aspect text;
BEGIN
    FOREACH aspect IN ARRAY ARRAY['columns', 'keys', 'demands'] LOOP
        CONTINUE WHEN NOT was ? aspect;
        merged := jsonb_set(merged, ARRAY[aspect], (
            SELECT coalesce(jsonb_agg(part ORDER BY coalesce(part -> 'n', part -> 'oid')), '[]')
            FROM (
                SELECT w FROM jsonb_array_elements(was -> aspect) w WHERE NOT bgmigrate.guard_concerns(w, numbers)
                UNION ALL
                SELECT n FROM jsonb_array_elements(becomes -> aspect) n WHERE bgmigrate.guard_concerns(n, numbers)
            ) parts (part)));
    END LOOP;
    RETURN merged;
END $$;

-- Whether a column, key or demand is, or is about, one of the columns with these numbers.
CREATE FUNCTION bgmigrate.guard_concerns(part jsonb, numbers jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM jsonb_array_elements(numbers) number
        WHERE number = part -> 'n' OR coalesce(part -> 'columns', '[]') @> number
            OR coalesce(part -> 'reads', '[]') @> number)
$$;

-- Lets a release go of certain objects that it is proven not to use: {schema, name, columns, constraints}. Without columns
-- and constraints, the whole object. A column may be one that is not there yet.
CREATE FUNCTION bgmigrate.guard_let_go(service text, release text, objects jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pin bgmigrate.pin;
    entry jsonb;
    names jsonb;
    mended jsonb;
BEGIN
    PERFORM bgmigrate.guard_begin();
    objects := jsonb_strip_nulls(objects);
    FOR pin IN
        SELECT p.* FROM bgmigrate.pin p JOIN bgmigrate.pin_release r ON r.id = p.release
        WHERE r.service = guard_let_go.service AND r.release = guard_let_go.release
            AND bgmigrate.guard_entry(objects, p.schema, p.name) IS NOT NULL
    LOOP
        PERFORM bgmigrate.guard_drop_views(pin.release);
        entry := bgmigrate.guard_entry(objects, pin.schema, pin.name);
        IF NOT pin.shape ? 'columns' OR (entry -> 'columns' IS NULL
            AND entry -> 'constraints' IS NULL)
        THEN
            DELETE FROM bgmigrate.pin p WHERE p.id = pin.id;
        ELSE
            names := coalesce(entry -> 'columns', '[]');
            mended := jsonb_set(pin.shape, '{columns}', (
                SELECT jsonb_agg(c || CASE WHEN names ? (c ->> 'name') THEN '{"pinned": false, "excused": true}'::jsonb
                    ELSE '{}' END)
                FROM jsonb_array_elements(pin.shape -> 'columns') c) || coalesce((
                SELECT jsonb_agg(jsonb_build_object('name', name, 'pinned', false, 'excused', true))
                FROM jsonb_array_elements(names) name
                WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(pin.shape -> 'columns') c WHERE c -> 'name' = name)),
                '[]'));
            IF mended ? 'keys' THEN
                mended := jsonb_set(mended, '{keys}', (
                    SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_array_elements(mended -> 'keys') k
                    WHERE NOT coalesce(entry -> 'constraints', '[]') ? (k ->> 'name')));
            END IF;
            UPDATE bgmigrate.pin p SET shape = mended WHERE p.id = pin.id;
        END IF;
        PERFORM bgmigrate.guard_make_views(pin.release);
    END LOOP;
END $$;

-- The second tier: a view for each pinned table, which the engine itself does not let lose its columns.
CREATE FUNCTION bgmigrate.guard_make_views(release bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view record;
BEGIN
    IF (SELECT g.tier FROM bgmigrate.guard g) <> 'views' THEN
        RETURN;
    END IF;
    CREATE SCHEMA IF NOT EXISTS bgmigrate_pin;
    FOR view IN
        SELECT format('%s_%s', r.release, p.name) AS title, p.id, p.schema, p.name,
            (SELECT string_agg(quote_ident(c ->> 'name'), ', ') FROM jsonb_array_elements(p.shape -> 'columns') c
             WHERE (c ->> 'pinned')::boolean) AS columns
        FROM bgmigrate.pin p JOIN bgmigrate.pin_release r ON r.id = p.release
        WHERE p.release = guard_make_views.release AND p.shape ->> 'relkind' IN ('r', 'p', 'v', 'm', 'f')
    LOOP
        EXECUTE format('CREATE VIEW bgmigrate_pin.%I AS SELECT %s FROM %I.%I',
            -- A name has at most 63 bytes; the number keeps names apart that begin alike.
            format('%s_%s', convert_from(substr(convert_to(view.title, 'UTF8'), 1, 40), 'SQL_ASCII'), view.id),
            view.columns, view.schema, view.name);
    END LOOP;
END $$;

CREATE FUNCTION bgmigrate.guard_drop_views(release bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view record;
BEGIN
    FOR view IN
        SELECT c.relname FROM bgmigrate.pin p
        JOIN pg_class c ON c.relname LIKE '%\_' || p.id AND c.relkind = 'v'
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'bgmigrate_pin'
        WHERE p.release = guard_drop_views.release
    LOOP
        EXECUTE format('DROP VIEW bgmigrate_pin.%I', view.relname);
    END LOOP;
END $$;

-- Everything that does not hold: what was broken past the guard (by a superuser, an override, while it was off).
CREATE FUNCTION bgmigrate.guard_check()
RETURNS TABLE (service text, release text, slot text, kind text, schema text, name text, complaint text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.service, r.release, r.slot, p.kind, p.schema, p.name, complaint
    FROM bgmigrate.pin p
    JOIN bgmigrate.pin_release r ON r.id = p.release,
    LATERAL bgmigrate.guard_find(p) target,
    LATERAL bgmigrate.guard_complaints(p, target, bgmigrate.guard_shape_of(p.kind, target)) complaint
    ORDER BY r.service, r.slot, r.release, p.schema, p.name, p.kind
$$;

-- What is pinned, one row an object; `columns` are the pinned ones of a table or view.
CREATE FUNCTION bgmigrate.guard_list()
RETURNS TABLE (service text, release text, slot text, kind text, schema text, name text, arguments text, columns text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.service, r.release, r.slot, p.kind, p.schema, p.name, p.arguments,
        CASE WHEN p.shape ? 'columns' THEN ARRAY(
            SELECT c ->> 'name' FROM jsonb_array_elements(p.shape -> 'columns') c WHERE (c ->> 'pinned')::boolean
            ORDER BY (c ->> 'n')::integer) END
    FROM bgmigrate.pin p JOIN bgmigrate.pin_release r ON r.id = p.release
    ORDER BY r.service, r.slot, r.release, p.schema, p.name, p.kind
$$;

-- Takes what is broken as it is, so that nobody is refused for it any more. Gives the number of objects.
CREATE FUNCTION bgmigrate.guard_accept(actor text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    broken jsonb;
    pins bigint[];
BEGIN
    PERFORM bgmigrate.guard_begin();
    SELECT coalesce(jsonb_agg(jsonb_build_object('pin', p.id, 'object', concat_ws('.', p.schema, p.name),
            'complaint', complaint)), '[]'), coalesce(array_agg(DISTINCT p.id), '{}')
    INTO broken, pins
    FROM bgmigrate.pin p, LATERAL bgmigrate.guard_find(p) target,
        LATERAL bgmigrate.guard_complaints(p, target, bgmigrate.guard_shape_of(p.kind, target)) complaint;
    PERFORM bgmigrate.guard_take_as_it_is(pins);
    INSERT INTO bgmigrate.guard_log (what, actor, reason, detail) VALUES ('accept', actor, reason, broken);
    RETURN cardinality(pins);
END $$;

-- Gives an override: one transaction with `SET LOCAL bgmigrate.override = 'token'` passes, until it expires.
CREATE FUNCTION bgmigrate.guard_allow(token text, actor text, reason text, expires_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO bgmigrate.override (token, actor, reason, expires_at) VALUES (token, actor, reason, expires_at);
    INSERT INTO bgmigrate.guard_log (what, actor, reason, detail)
    VALUES ('allow', actor, reason, jsonb_build_object('token', token, 'expires_at', expires_at));
END $$;

-- Switches the event triggers off or on.
CREATE FUNCTION bgmigrate.guard_switch(active boolean, actor text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trigger record;
BEGIN
    FOR trigger IN SELECT e.evtname FROM pg_event_trigger e WHERE e.evtname LIKE 'bgmigrate\_guard\_%' LOOP
        EXECUTE format('ALTER EVENT TRIGGER %I %s', trigger.evtname, CASE WHEN active THEN 'ENABLE ALWAYS' ELSE 'DISABLE' END);
    END LOOP;
    INSERT INTO bgmigrate.guard_log (what, actor, reason)
    VALUES (CASE WHEN active THEN 'enable' ELSE 'disable' END, actor, reason);
END $$;

-- Lets a role do with the guard what the tool does: not edit its tables.
CREATE FUNCTION bgmigrate.guard_trust(role_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA bgmigrate TO %I', role_name);
    EXECUTE format('GRANT SELECT ON bgmigrate.guard, bgmigrate.pin_release, bgmigrate.pin, bgmigrate.guard_log,
        bgmigrate.override TO %I', role_name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION bgmigrate.guard_pin, bgmigrate.guard_unpin, bgmigrate.guard_repin,
        bgmigrate.guard_let_go, bgmigrate.guard_check, bgmigrate.guard_list, bgmigrate.guard_accept, bgmigrate.guard_allow,
        bgmigrate.guard_switch TO %I', role_name);
END $$;
