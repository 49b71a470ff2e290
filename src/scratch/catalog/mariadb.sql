-- The whole catalog as an application sees it, one JSON object a line; `Row` in src/proof/catalog.rs reads them.
-- Names in the database that is worked in are bare.
SET SESSION group_concat_max_len = 1048576;

SELECT JSON_OBJECT('row', 'relation', 'kind', 'table',
    'name', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)))
FROM information_schema.tables
WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
  AND table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'relation', 'kind', 'view', 'definition', view_definition,
    'writable', JSON_EXTRACT(IF(is_updatable = 'YES', 'true', 'false'), '$'),
    'name', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)))
FROM information_schema.views
WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

-- The names of columns are the same in any case.
SELECT JSON_OBJECT('row', 'part', 'part', 'column', 'name', LOWER(column_name),
    'of', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)),
    'type', column_type,
    'not_null', JSON_EXTRACT(IF(is_nullable = 'NO', 'true', 'false'), '$'),
    'default', column_default,
    'generated', NULLIF(generation_expression, ''),
    'identity', IF(extra LIKE '%auto_increment%', 'automatic', NULL),
    'on_update', IF(extra LIKE '%on update%', extra, NULL),
    'collation', collation_name)
FROM information_schema.columns
WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'part', 'part', IF(non_unique, 'index', 'key'), 'name', index_name,
    'of', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)),
    'columns', JSON_EXTRACT(CONCAT('[', GROUP_CONCAT(
        JSON_QUOTE(CONCAT(LOWER(column_name), IFNULL(CONCAT('(', sub_part, ')'), ''))) ORDER BY seq_in_index), ']'), '$'))
FROM information_schema.statistics
WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
GROUP BY table_schema, table_name, index_name, non_unique;

SELECT JSON_OBJECT('row', 'part', 'part', 'check', 'name', constraint_name, 'expression', check_clause,
    'of', IF(constraint_schema = DATABASE(), table_name, CONCAT(constraint_schema, '.', table_name)))
FROM information_schema.check_constraints
WHERE constraint_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'part', 'part', 'foreign-key', 'name', r.constraint_name,
    'of', IF(r.constraint_schema = DATABASE(), r.table_name, CONCAT(r.constraint_schema, '.', r.table_name)),
    'columns', JSON_EXTRACT(CONCAT('[', GROUP_CONCAT(
        JSON_QUOTE(LOWER(k.column_name)) ORDER BY k.ordinal_position), ']'), '$'),
    'target', r.referenced_table_name,
    'target_columns', JSON_EXTRACT(CONCAT('[', GROUP_CONCAT(
        JSON_QUOTE(LOWER(k.referenced_column_name)) ORDER BY k.ordinal_position), ']'), '$'),
    'on_delete', r.delete_rule, 'on_update', r.update_rule)
FROM information_schema.referential_constraints r
JOIN information_schema.key_column_usage k
  ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
GROUP BY r.constraint_schema, r.table_name, r.constraint_name;

SELECT JSON_OBJECT('row', 'part', 'part', 'trigger', 'name', trigger_name,
    'of', IF(event_object_schema = DATABASE(), event_object_table, CONCAT(event_object_schema, '.', event_object_table)),
    'definition', CONCAT_WS(' ', action_timing, event_manipulation, action_statement))
FROM information_schema.triggers
WHERE trigger_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'routine',
    'name', IF(routine_schema = DATABASE(), routine_name, CONCAT(routine_schema, '.', routine_name)),
    'arguments', JSON_EXTRACT(CONCAT('[', IFNULL((
        SELECT GROUP_CONCAT(JSON_QUOTE(CONCAT_WS(' ', p.parameter_mode, p.dtd_identifier)) ORDER BY p.ordinal_position)
        FROM information_schema.parameters p
        WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name
          AND p.ordinal_position > 0), ''), ']'), '$'),
    'result', CONCAT_WS(' ', routine_type, dtd_identifier),
    'definition', MD5(routine_definition))
FROM information_schema.routines r
WHERE routine_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'object', 'kind', 'event', 'definition', MD5(event_definition),
    'name', IF(event_schema = DATABASE(), event_name, CONCAT(event_schema, '.', event_name)))
FROM information_schema.events;

SELECT JSON_OBJECT('row', 'object', 'kind', 'sequence', 'definition', '',
    'name', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)))
FROM information_schema.tables WHERE table_type = 'SEQUENCE';

SELECT JSON_OBJECT('row', 'object', 'kind', 'database', 'name', schema_name, 'definition', '')
FROM information_schema.schemata
WHERE schema_name NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema');

SELECT JSON_OBJECT('row', 'grant', 'on', CONCAT('database ', table_schema), 'to', grantee, 'privilege', privilege_type)
FROM information_schema.schema_privileges WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
UNION ALL
SELECT JSON_OBJECT('row', 'grant', 'to', grantee, 'privilege', privilege_type,
    'on', IF(table_schema = DATABASE(), table_name, CONCAT(table_schema, '.', table_name)))
FROM information_schema.table_privileges
WHERE table_schema NOT IN ('mysql', 'sys');
