-- The whole catalog as an application sees it, one JSON object a line; `Row` in src/proof/catalog.rs reads them.
-- Objects that belong to an extension are left out: the extension itself stands for them.
-- Columns that came with later servers are read through to_jsonb, so that one query serves 12 to 18.
SET search_path = pg_catalog;
WITH
namespace AS (
    SELECT oid, nspname, nspowner, nspacl,
           CASE nspname WHEN 'public' THEN '' ELSE quote_ident(nspname) || '.' END AS prefix
    FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
),
member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relation AS (
    SELECT c.*, n.prefix || quote_ident(c.relname) AS name
    FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
),
routine AS (
    SELECT p.*, n.prefix || quote_ident(p.proname) AS name
    FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
),
named_type AS (
    SELECT t.*, n.prefix || quote_ident(t.typname) AS name
    FROM pg_type t JOIN namespace n ON n.oid = t.typnamespace
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
),
facts AS (
    SELECT json_build_object(
        'row', 'relation', 'name', r.name, 'owner', pg_get_userbyid(r.relowner),
        'kind', CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized-view' ELSE 'table' END,
        'writable', r.relkind <> 'm' AND pg_relation_is_updatable(r.oid, true) & 28 = 28,
        'row_security', r.relrowsecurity, 'row_security_forced', r.relforcerowsecurity,
        'replica_identity', CASE WHEN r.relkind IN ('r', 'p') THEN r.relreplident END,
        'constraints', ARRAY(SELECT c.conname FROM pg_constraint c WHERE c.conrelid = r.oid ORDER BY 1),
        'parents', ARRAY(SELECT p.name FROM pg_inherits i JOIN relation p ON p.oid = i.inhparent
                         WHERE i.inhrelid = r.oid ORDER BY i.inhseqno),
        'definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END) AS fact
    FROM relation r WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm')
  UNION ALL
    SELECT json_build_object(
        'row', 'part', 'part', 'column', 'of', r.name, 'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'not_null', a.attnotnull OR t.typnotnull,
        'default', CASE a.attgenerated WHEN ''
                   THEN coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault) END,
        'generated', CASE a.attgenerated WHEN '' THEN NULL ELSE pg_get_expr(d.adbin, d.adrelid) END,
        'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by-default' END,
        'collation', CASE WHEN a.attcollation <> t.typcollation
                     THEN (SELECT collname FROM pg_collation WHERE oid = a.attcollation) END)
    FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm')
  UNION ALL
    SELECT json_build_object(
        'row', 'part', 'part', CASE WHEN i.indisunique THEN 'key' ELSE 'index' END,
        'of', r.name, 'name', x.relname,
        'columns', ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true)
                         FROM generate_series(1, i.indnkeyatts) AS k ORDER BY k),
        'predicate', pg_get_expr(i.indpred, i.indrelid), 'deferrable', NOT i.indimmediate,
        'nulls_distinct', (to_jsonb(i) ->> 'indnullsnotdistinct') IS DISTINCT FROM 'true')
    FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE NOT i.indisexclusion
  UNION ALL
    SELECT json_build_object('row', 'part', 'part', 'check', 'of', r.name, 'name', c.conname,
        'expression', pg_get_expr(c.conbin, c.conrelid))
    FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'c'
    WHERE (to_jsonb(c) ->> 'conenforced') IS DISTINCT FROM 'false'
  UNION ALL
    SELECT json_build_object('row', 'part', 'part', 'exclusion', 'of', r.name, 'name', c.conname,
        'definition', pg_get_constraintdef(c.oid))
    FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'x'
  UNION ALL
    SELECT json_build_object(
        'row', 'part', 'part', 'foreign-key', 'of', r.name, 'name', c.conname,
        'columns', ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS k(num, at)
                         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.at),
        'target', c.confrelid::regclass::text,
        'target_columns', ARRAY(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY AS k(num, at)
                         JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num ORDER BY k.at),
        'on_delete', c.confdeltype, 'on_update', c.confupdtype, 'deferred', c.condeferred)
    FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'f' AND c.conparentid = 0
    WHERE (to_jsonb(c) ->> 'conenforced') IS DISTINCT FROM 'false'
  UNION ALL
    SELECT json_build_object('row', 'part', 'part', 'trigger', 'of', r.name, 'name', t.tgname,
        'definition', replace(pg_get_triggerdef(t.oid), quote_ident(t.tgname), '…'),
        'enabled', t.tgenabled <> 'D')
    FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
  UNION ALL
    SELECT json_build_object('row', 'part', 'part', 'rule', 'of', r.name, 'name', w.rulename,
        'definition', pg_get_ruledef(w.oid), 'instead', w.is_instead)
    FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
  UNION ALL
    SELECT json_build_object('row', 'part', 'part', 'policy', 'of', r.name, 'name', p.polname, 'permissive', p.polpermissive,
        'definition', concat_ws(' ', p.polcmd,
            ARRAY(SELECT CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END
                  FROM unnest(p.polroles) AS role ORDER BY 1)::text,
            pg_get_expr(p.polqual, p.polrelid), 'with check', pg_get_expr(p.polwithcheck, p.polrelid)))
    FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
  UNION ALL
    SELECT json_build_object(
        'row', 'routine', 'name', p.name,
        'arguments', ARRAY(SELECT format_type(type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS k(type, at)
                           ORDER BY k.at),
        'optional', p.pronargdefaults,
        'result', concat_ws(' ', p.prokind, pg_get_function_result(p.oid)),
        'owner', pg_get_userbyid(p.proowner), 'as_owner', p.prosecdef,
        'definition', md5(p.prosrc || coalesce(to_jsonb(p) ->> 'prosqlbody', '')))
    FROM routine p
  UNION ALL
    SELECT json_build_object('row', 'enum', 'name', t.name,
        'labels', ARRAY(SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder))
    FROM named_type t WHERE t.typtype = 'e'
  UNION ALL
    SELECT json_build_object('row', 'domain', 'name', t.name, 'type', format_type(t.typbasetype, t.typtypmod),
        'not_null', t.typnotnull, 'default', t.typdefault,
        'checks', ARRAY(SELECT pg_get_expr(c.conbin, 0) FROM pg_constraint c
                        WHERE c.contypid = t.oid AND c.contype = 'c' ORDER BY 1))
    FROM named_type t WHERE t.typtype = 'd'
  UNION ALL
    SELECT json_build_object('row', 'composite', 'name', r.name,
        'attributes', (SELECT json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))
                       FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM relation r WHERE r.relkind = 'c'
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'type', 'name', t.name, 'definition', t.typtype)
    FROM named_type t WHERE t.typtype IN ('r', 'b') AND t.typelem = 0
  UNION ALL
    -- An identity column's sequence is a part of the column, and is judged with it.
    SELECT json_build_object('row', 'object', 'kind', 'sequence', 'name', r.name,
        'definition', concat('increment ', s.seqincrement, CASE WHEN s.seqcycle THEN ' cycle' END))
    FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid
                      AND d.deptype = 'i')
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'schema', 'name', n.nspname,
        'definition', pg_get_userbyid(n.nspowner))
    FROM namespace n
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'extension', 'name', e.extname,
        'definition', e.extnamespace::regnamespace::text)
    FROM pg_extension e
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'publication', 'name', p.pubname,
        'definition', concat_ws(' ', p.puballtables,
            ARRAY(SELECT r.prrelid::regclass::text FROM pg_publication_rel r WHERE r.prpubid = p.oid ORDER BY 1)))
    FROM pg_publication p
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'event trigger', 'name', e.evtname,
        'definition', concat_ws(' ', e.evtevent, e.evtfoid::regproc, e.evtenabled))
    FROM pg_event_trigger e
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'collation', 'name', n.prefix || quote_ident(c.collname),
        'definition', concat_ws(' ', c.collcollate, c.collctype))
    FROM pg_collation c JOIN namespace n ON n.oid = c.collnamespace
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'operator', 'name', o.oid::regoperator::text,
        'definition', o.oprresult::regtype::text)
    FROM pg_operator o JOIN namespace n ON n.oid = o.oprnamespace
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'cast',
        'name', concat(c.castsource::regtype, ' as ', c.casttarget::regtype), 'definition', c.castcontext)
    FROM pg_cast c
    WHERE c.oid >= 16384
      AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'text search configuration',
        'name', n.prefix || quote_ident(c.cfgname), 'definition', c.cfgparser)
    FROM pg_ts_config c JOIN namespace n ON n.oid = c.cfgnamespace
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'server', 'name', s.srvname, 'definition', s.srvfdw)
    FROM pg_foreign_server s
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'role', 'name', o.rolname, 'definition', '')
    FROM pg_roles o WHERE o.rolname !~ '^pg_'
  UNION ALL
    SELECT json_build_object('row', 'object', 'kind', 'setting',
        'name', concat_ws(' of ', split_part(setting, '=', 1), nullif(s.setrole, 0)::regrole, d.datname),
        'definition', substr(setting, strpos(setting, '=') + 1))
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS setting
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  UNION ALL
    SELECT json_build_object('row', 'grant', 'on', 'role ' || o.rolname, 'privilege', may.what, 'to', o.rolname)
    FROM pg_roles o CROSS JOIN LATERAL (VALUES
        ('superuser', o.rolsuper), ('create roles', o.rolcreaterole), ('create databases', o.rolcreatedb),
        ('log in', o.rolcanlogin), ('inherit', o.rolinherit), ('replication', o.rolreplication),
        ('bypass row security', o.rolbypassrls)) AS may (what, allowed)
    WHERE o.rolname !~ '^pg_' AND may.allowed
  UNION ALL
    SELECT json_build_object('row', 'grant', 'on', 'role ' || m.member::regrole, 'privilege', 'membership',
        'to', m.roleid::regrole)
    FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.member WHERE o.rolname !~ '^pg_'
  UNION ALL
    -- What the owner may do goes without saying; who owns is a fact of the relation.
    SELECT json_build_object('row', 'grant', 'on', held.name, 'privilege', concat(acl.privilege_type, held.columns),
        'to', CASE acl.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(acl.grantee) END)
    FROM (
        SELECT r.name, r.relowner AS owner, NULL AS columns,
               coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner)) AS acl
        FROM relation r WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        UNION ALL
        SELECT r.name, r.relowner, format(' (%s)', a.attname), a.attacl
        FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attacl IS NOT NULL
        UNION ALL
        SELECT concat(p.name, '(', oidvectortypes(p.proargtypes), ')'), p.proowner, NULL,
               coalesce(p.proacl, acldefault('f', p.proowner))
        FROM routine p
        UNION ALL
        SELECT 'schema ' || n.nspname, n.nspowner, NULL, coalesce(n.nspacl, acldefault('n', n.nspowner))
        FROM namespace n
    ) held CROSS JOIN LATERAL aclexplode(held.acl) AS acl
    WHERE acl.grantee <> held.owner
)
SELECT fact FROM facts;
