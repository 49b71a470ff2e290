SELECT md5(string_agg(fact, E'\n' ORDER BY fact)) FROM (
    SELECT concat_ws(' ', 'relation', c.oid, c.relname, c.relnamespace, c.relkind, c.relowner, c.relacl,
        c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.reloptions) AS fact
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_|^bgmigrate|^information_schema'
    UNION ALL
    SELECT concat_ws(' ', 'column', a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity,
        a.attcollation, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE n.nspname !~ '^pg_|^bgmigrate|^information_schema' AND a.attnum > 0
    UNION ALL
    SELECT concat_ws(' ', 'constraint', k.conname, k.conrelid, k.contypid, k.convalidated, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname !~ '^bgmigrate'
    UNION ALL
    SELECT concat_ws(' ', 'index', i.indrelid, i.indisvalid, pg_get_indexdef(i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_|^bgmigrate'
    UNION ALL
    SELECT concat_ws(' ', 'trigger', t.tgrelid, t.tgname, t.tgenabled) FROM pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'rule', r.ev_class, r.rulename, pg_get_ruledef(r.oid)) FROM pg_rewrite r
    JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_|^bgmigrate|^information_schema'
    UNION ALL
    SELECT concat_ws(' ', 'policy', p.polname, p.polrelid, p.polcmd, pg_get_expr(p.polqual, p.polrelid)) FROM pg_policy p
    UNION ALL
    SELECT concat_ws(' ', 'label', e.enumtypid, e.enumlabel) FROM pg_enum e
    UNION ALL
    SELECT concat_ws(' ', 'type', t.oid, t.typname, t.typnamespace, t.typnotnull, t.typdefault, t.typacl) FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_|^bgmigrate|^information_schema'
    UNION ALL
    SELECT concat_ws(' ', 'routine', p.oid, p.proname, p.pronamespace, p.prosrc, p.prosecdef, p.proacl, p.proowner)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_|^bgmigrate|^information_schema'
    UNION ALL
    SELECT concat_ws(' ', 'schema', n.oid, n.nspname, n.nspacl) FROM pg_namespace n WHERE n.nspname !~ '^pg_'
    UNION ALL
    SELECT concat_ws(' ', 'child', i.inhrelid, i.inhparent) FROM pg_inherits i
    UNION ALL
    SELECT concat_ws(' ', 'sequence', s.seqrelid, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle) FROM pg_sequence s
) facts
