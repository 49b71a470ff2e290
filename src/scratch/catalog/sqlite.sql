-- The whole catalog as an application sees it, one JSON object a line; `Row` in src/proof/catalog.rs reads them.
-- Names are the same in any case.
-- A view's columns are asked for one by one in sqlite.rs: a view whose table is gone would fail this whole query.
SELECT json_object('row', 'relation', 'kind', 'table', 'name', lower(t.name),
    'definition', iif(t.type = 'virtual', s.sql, trim(iif(t.strict, 'strict ', '') || iif(t.wr, 'without rowid', ''))))
FROM pragma_table_list t JOIN sqlite_schema s ON s.type = 'table' AND s.name = t.name
WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\';

SELECT json_object('row', 'relation', 'kind', 'view', 'name', lower(s.name), 'definition', s.sql,
    'writable', json(iif(EXISTS (SELECT 1 FROM sqlite_schema i WHERE i.type = 'trigger' AND i.tbl_name = s.name
                                 AND i.sql LIKE '%instead of insert%'), 'true', 'false')))
FROM sqlite_schema s WHERE s.type = 'view';

-- INTEGER PRIMARY KEY is the row id by another name: it numbers itself, and takes NULL for that.
SELECT json_object('row', 'part', 'part', 'column', 'of', lower(of), 'name', lower(name), 'type', type,
    'not_null', json(iif("notnull" AND NOT numbers_itself, 'true', 'false')),
    'default', dflt_value,
    'generated', iif(hidden IN (2, 3), 'expression', NULL),
    'identity', iif(numbers_itself, 'automatic', NULL))
FROM (
    SELECT c.*, t.name AS of, c.pk = 1 AND upper(c.type) = 'INTEGER' AND NOT t.wr
           AND (SELECT count(*) FROM pragma_table_info(t.name) k WHERE k.pk > 0) = 1 AS numbers_itself
    FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
);

SELECT json_object('row', 'part', 'part', 'key', 'of', lower(t.name), 'name', 'primary key',
    'columns', json((SELECT json_group_array(lower(name)) FROM (
        SELECT k.name FROM pragma_table_info(t.name) k WHERE k.pk > 0 ORDER BY k.pk))))
FROM pragma_table_list t
WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) k WHERE k.pk > 0);

-- What an expression or a predicate says stands in the text of the index only.
SELECT json_object('row', 'part', 'part', iif(i."unique", 'key', 'index'), 'of', lower(t.name), 'name', lower(i.name),
    'columns', json((SELECT json_group_array(lower(name)) FROM (
        SELECT x.name FROM pragma_index_info(i.name) x ORDER BY x.seqno))),
    'sql', s.sql)
FROM pragma_table_list t JOIN pragma_index_list(t.name) i
LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = i.name
WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND i.origin <> 'pk';

SELECT json_object('row', 'part', 'part', 'foreign-key', 'of', lower(t.name), 'name', 'foreign key ' || f.id,
    'columns', json((SELECT json_group_array(lower("from")) FROM (
        SELECT k."from" FROM pragma_foreign_key_list(t.name) k WHERE k.id = f.id ORDER BY k.seq))),
    'target', lower(f."table"),
    'target_columns', json((SELECT json_group_array(lower(coalesce("to", ''))) FROM (
        SELECT k."to" FROM pragma_foreign_key_list(t.name) k WHERE k.id = f.id ORDER BY k.seq))),
    'on_delete', f.on_delete, 'on_update', f.on_update)
FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
WHERE t.schema = 'main' AND t.type = 'table' AND f.seq = 0;

SELECT json_object('row', 'part', 'part', 'trigger', 'of', lower(s.tbl_name), 'name', lower(s.name),
    'definition', substr(s.sql, instr(s.sql, s.name) + length(s.name)))
FROM sqlite_schema s WHERE s.type = 'trigger';

SELECT json_object('row', 'table-text', 'of', lower(t.name), 'sql', s.sql)
FROM pragma_table_list t JOIN sqlite_schema s ON s.type = 'table' AND s.name = t.name
WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\';
