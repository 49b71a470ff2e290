-- What an object looks like to those who use it. Names inside come out with their schema, whatever the search_path of
-- the session, as that of these functions is fixed. The ids inside of a shape are never compared across servers.

CREATE FUNCTION bgmigrate.guard_columns(relation oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'n', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'of', a.atttypid,
        'collation', a.attcollation, 'required', a.attnotnull OR t.typnotnull,
        -- How an INSERT that leaves the column out fills it.
        'default', CASE WHEN a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) !~ '^NULL::' THEN
            pg_get_expr(d.adbin, d.adrelid) WHEN d.adbin IS NULL THEN t.typdefault END,
        'identity', a.attidentity, 'generated', a.attgenerated,
        'expression', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'pinned', true) ORDER BY a.attnum), '[]')
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- Unique indexes, those of constraints included, valid or not: an invalid one refuses duplicates as well.
CREATE FUNCTION bgmigrate.guard_keys(relation oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'oid', i.indexrelid, 'constraint', c.oid, 'name', x.relname,
        'columns', (SELECT coalesce(jsonb_agg(k ORDER BY k), '[]')
                    FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k WHERE k <> 0),
        'plain', i.indpred IS NULL AND i.indexprs IS NULL,
        'filter', pg_get_expr(i.indpred, i.indrelid), 'expressions', pg_get_expr(i.indexprs, i.indrelid),
        'reads', CASE WHEN i.indpred IS NULL AND i.indexprs IS NULL THEN '[]' ELSE (
            SELECT coalesce(jsonb_agg(DISTINCT d.refobjsubid), '[]') FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                AND d.refobjid = i.indrelid AND d.refobjsubid > 0) END,
        'definition', substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*'),
        'deferrable', coalesce(c.condeferrable, false), 'deferred', coalesce(c.condeferred, false)
        ) ORDER BY i.indexrelid), '[]')
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u') AND c.conrelid = i.indrelid
    WHERE i.indrelid = relation AND i.indisunique AND i.indisready
$$;

-- Checks, foreign keys and exclusions: what refuses rows beside keys.
CREATE FUNCTION bgmigrate.guard_demands(relation oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'oid', c.oid, 'name', c.conname, 'type', c.contype, 'columns', coalesce(to_jsonb(c.conkey), '[]'),
        -- Whether rows that are there were checked changes nothing for those who write.
        'definition', regexp_replace(pg_get_constraintdef(c.oid), '( NOT VALID| NOT ENFORCED)+$', ''),
        'target', c.confrelid, 'target_columns', c.confkey, 'on_delete', c.confdeltype,
        'deferrable', c.condeferrable, 'deferred', c.condeferred,
        -- A column of PostgreSQL 18 and later.
        'enforced', coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)) ORDER BY c.oid), '[]')
    FROM pg_constraint c
    WHERE c.conrelid = relation AND c.contype IN ('c', 'f', 'x')
$$;

-- What happens by itself for the writes, and which rows are seen.
CREATE FUNCTION bgmigrate.guard_manners(relation oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'triggers', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', t.oid, 'name', t.tgname,
                'what', 'trigger', 'off', t.tgenabled IN ('D', 'R'), 'definition', '') ORDER BY t.oid), '[]')
            FROM pg_trigger t WHERE t.tgrelid = relation AND NOT t.tgisinternal),
        'rules', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', r.oid, 'name', r.rulename,
                'what', 'rule', 'off', r.ev_enabled IN ('D', 'R'), 'definition', '') ORDER BY r.oid), '[]')
            FROM pg_rewrite r WHERE r.ev_class = relation AND r.rulename <> '_RETURN'),
        'policies', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', p.oid, 'name', p.polname,
                'what', 'policy', 'off', false, 'definition', concat_ws(' ', p.polcmd, p.polpermissive,
                    p.polroles::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
                ORDER BY p.oid), '[]')
            FROM pg_policy p WHERE p.polrelid = relation))
$$;

-- The privileges that others than superusers have, by grants or by owning: [role, privilege], 0 for everybody.
CREATE FUNCTION bgmigrate.guard_grants(acl aclitem[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(a.grantee::bigint, a.privilege_type)), '[]')
    FROM aclexplode(acl) a
$$;

CREATE FUNCTION bgmigrate.guard_shape(relation oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('relkind', c.relkind, 'columns', bgmigrate.guard_columns(c.oid),
            'grants', CASE WHEN c.relkind = 'c' THEN '[]' ELSE bgmigrate.guard_grants(coalesce(c.relacl,
                acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner))) END)
        || CASE WHEN c.relkind IN ('r', 'p', 'f', 'm') THEN jsonb_build_object(
            'keys', bgmigrate.guard_keys(c.oid), 'demands', bgmigrate.guard_demands(c.oid),
            'row_security', c.relrowsecurity, 'force_row_security', c.relforcerowsecurity,
            'replica_identity', c.relreplident,
            'children', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', i.inhrelid, 'name', k.relname)
                    ORDER BY i.inhrelid), '[]')
                FROM pg_inherits i JOIN pg_class k ON k.oid = i.inhrelid WHERE i.inhparent = c.oid))
            ELSE '{}' END
        || CASE WHEN c.relkind IN ('r', 'p', 'f', 'v') THEN bgmigrate.guard_manners(c.oid) ELSE '{}' END
        || CASE WHEN c.relkind = 'v' THEN jsonb_build_object(
            'updatable', pg_relation_is_updatable(c.oid, true) & 28 = 28,
            'options', (SELECT coalesce(jsonb_agg(o ORDER BY o), '[]') FROM unnest(c.reloptions) o
                WHERE o ~ '^(security_|check_option)'))
            ELSE '{}' END
        || coalesce((SELECT jsonb_build_object('sequence', jsonb_build_object('increment', s.seqincrement,
                'least', s.seqmin, 'most', s.seqmax, 'cycle', s.seqcycle))
            FROM pg_sequence s WHERE s.seqrelid = c.oid), '{}')
    FROM pg_class c WHERE c.oid = relation
$$;

CREATE FUNCTION bgmigrate.guard_type_shape(type oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('typtype', t.typtype,
            'grants', bgmigrate.guard_grants(coalesce(t.typacl, acldefault('T', t.typowner))))
        || CASE t.typtype
            WHEN 'e' THEN jsonb_build_object('labels', (SELECT coalesce(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder),
                '[]') FROM pg_enum e WHERE e.enumtypid = t.oid))
            WHEN 'd' THEN jsonb_build_object('base', format_type(t.typbasetype, t.typtypmod), 'required', t.typnotnull,
                'default', t.typdefault IS NOT NULL,
                'demands', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', k.oid, 'name', k.conname,
                        'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')) ORDER BY k.oid), '[]')
                    FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
            ELSE '{}' END
    FROM pg_type t WHERE t.oid = type
$$;

CREATE FUNCTION bgmigrate.guard_routine_shape(routine oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('prokind', p.prokind, 'returns', pg_get_function_result(p.oid), 'definer', p.prosecdef,
        'grants', bgmigrate.guard_grants(coalesce(p.proacl, acldefault('f', p.proowner))))
    FROM pg_proc p WHERE p.oid = routine
$$;

CREATE FUNCTION bgmigrate.guard_schema_shape(namespace oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'grants', bgmigrate.guard_grants(coalesce(n.nspacl, acldefault('n', n.nspowner))))
    FROM pg_namespace n WHERE n.oid = namespace
$$;

-- Every object that a release can use, by the name it uses: not the engine's, the guard's or an extension's own.
CREATE VIEW bgmigrate.guard_object AS
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
            WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' ELSE 'table' END AS kind,
        n.nspname::text AS schema, c.relname::text AS name, '' AS arguments, c.oid AS object,
        'pg_catalog.pg_class'::regclass::oid AS class, n.oid AS namespace
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'
    UNION ALL
    SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range type' END,
        n.nspname, t.typname, '', t.oid, 'pg_catalog.pg_type'::regclass, n.oid
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r')
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes), p.oid, 'pg_catalog.pg_proc'::regclass, n.oid
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    -- What only triggers call is theirs.
    WHERE p.prorettype NOT IN ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
    UNION ALL
    SELECT 'schema', n.nspname, n.nspname, '', n.oid, 'pg_catalog.pg_namespace'::regclass, n.oid
    FROM pg_catalog.pg_namespace n;

CREATE FUNCTION bgmigrate.guard_shape_of(kind text, object oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN kind IN ('enum', 'domain', 'range type') THEN bgmigrate.guard_type_shape(object)
        WHEN kind IN ('function', 'procedure', 'aggregate') THEN bgmigrate.guard_routine_shape(object)
        WHEN kind = 'schema' THEN bgmigrate.guard_schema_shape(object)
        ELSE bgmigrate.guard_shape(object)
    END
$$;

-- The object that has this name now. Tables and views share their names, as functions and aggregates do.
CREATE FUNCTION bgmigrate.guard_find(pin bgmigrate.pin) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    namespace oid := (SELECT n.oid FROM pg_namespace n WHERE n.nspname = pin.schema);
BEGIN
    IF pin.kind IN ('enum', 'domain', 'range type') THEN
        RETURN (SELECT t.oid FROM pg_type t WHERE t.typnamespace = namespace AND t.typname = pin.name);
    ELSIF pin.kind IN ('function', 'procedure', 'aggregate') THEN
        RETURN (SELECT p.oid FROM pg_proc p WHERE p.pronamespace = namespace AND p.proname = pin.name
            AND oidvectortypes(p.proargtypes) = pin.arguments);
    ELSIF pin.kind = 'schema' THEN
        RETURN namespace;
    END IF;
    RETURN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = namespace AND c.relname = pin.name);
END $$;

-- Everything by which a command may touch what has this shape.
CREATE FUNCTION bgmigrate.guard_parts(object oid, shape jsonb) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT object
    UNION
    SELECT (part ->> 'oid')::oid
    FROM unnest(ARRAY['keys', 'demands', 'triggers', 'rules', 'policies', 'children']) aspect,
        jsonb_array_elements(coalesce(shape -> aspect, '[]')) part
    UNION
    SELECT (part ->> 'constraint')::oid FROM jsonb_array_elements(coalesce(shape -> 'keys', '[]')) part
    WHERE part ->> 'constraint' IS NOT NULL
    UNION
    SELECT d.oid FROM pg_attrdef d WHERE shape ? 'columns' AND d.adrelid = object
    UNION
    SELECT c.relnamespace FROM pg_class c WHERE shape ? 'relkind' AND c.oid = object
    UNION
    SELECT t.typnamespace FROM pg_type t WHERE shape ? 'typtype' AND t.oid = object
    UNION
    SELECT p.pronamespace FROM pg_proc p WHERE shape ? 'prokind' AND p.oid = object
$$;
