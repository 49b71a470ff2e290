use crate::model::Dialect::{Mysql, Postgres};
use crate::model::{Engine, Span};
use crate::sql::describe::tests::{changes, check};
use crate::sql::{OpaqueKind, read};

#[test]
fn a_do_block_of_known_statements_is_understood() {
    check(
        Postgres,
        &[
            (
                "DO $$ BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END $$",
                &["maybe type e enum(a)"],
            ),
            (
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't') THEN ALTER TABLE t ADD COLUMN a int, DROP b; END IF; END $$",
                &["maybe t: add a integer", "maybe t: drop b"],
            ),
            (
                "DO LANGUAGE plpgsql 'BEGIN DROP TABLE \"it''s\"; END'",
                &["maybe drop table it's"],
            ),
            (
                "DO $$ DECLARE n int := 0; r record; BEGIN <<outer>> FOR r IN SELECT * FROM t LOOP UPDATE t SET a = r.b WHERE id = r.id; n := n + 1; EXIT outer WHEN n > 3; END LOOP; RAISE NOTICE 'done %', n; END; $$ LANGUAGE plpgsql",
                &["maybe update t (a) where(id = r.id)"],
            ),
            (
                "DO $$ BEGIN CASE x WHEN 1 THEN DROP TABLE a; ELSE DROP TABLE b; END CASE; WHILE CASE WHEN x THEN y END LOOP DROP TABLE c; END LOOP; END $$",
                &[
                    "maybe drop table a",
                    "maybe drop table b",
                    "maybe drop table c",
                ],
            ),
            (
                "DO $$ DECLARE x int; BEGIN SELECT a INTO STRICT x FROM t; INSERT INTO u (a) VALUES (1) RETURNING id INTO x; PERFORM f(x); PERFORM pg_sleep(1); END $$",
                &[
                    "maybe query calls()",
                    "maybe insert u (a) values(1)",
                    "maybe query calls(f)",
                    "maybe query calls(pg_sleep)",
                ],
            ),
            (
                "DO $$ BEGIN FROBNICATE; DROP TABLE t; END $$",
                &[
                    "maybe drop table t",
                    "? no statement that is known begins with `FROBNICATE`",
                ],
            ),
            (
                "DO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE t') $$",
                &["? code in plpython3u is not read"],
            ),
            ("DO", &["? the statement ends where more is expected"]),
        ],
    );
}

#[test]
fn constant_text_that_is_executed_is_read_as_the_statement_it_is() {
    check(
        Postgres,
        &[
            (
                "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$",
                &["maybe drop table t"],
            ),
            (
                "DO $$ BEGIN EXECUTE 'ALTER TABLE t ' || 'DROP COLUMN a; DROP TABLE u'; END $$",
                &["maybe t: drop a", "maybe drop table u"],
            ),
            (
                "DO $$ BEGIN EXECUTE format('ALTER TABLE %I.%I DROP COLUMN %2$I', 's', r.name); END $$",
                &["maybe s.<r.name>: drop <r.name>"],
            ),
            (
                "DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER a SET DEFAULT %L, ALTER b SET DEFAULT 5%%2', v); END $$",
                &["maybe t: default a '<v>'", "maybe t: default b 5 % 2"],
            ),
            (
                "DO $$ BEGIN EXECUTE format('CREATE INDEX idx_%I_key ON %I (a)', t, t); END $$",
                &["maybe index idx_<t>_key on <t> (a)"],
            ),
            (
                "DO $$ BEGIN EXECUTE 'DROP TRIGGER \"x_' || r.id || '\" ON t'; END $$",
                &["maybe drop trigger x_<r.id> on t"],
            ),
            (
                "DO $$ BEGIN EXECUTE 'DROP TABLE ' || quote_ident(r.name) || ' CASCADE'; END $$",
                &["maybe drop table <r.name> cascade"],
            ),
            (
                "DO $$ DECLARE q text := 'DROP TABLE a'; BEGIN EXECUTE q; END $$",
                &["maybe drop table a"],
            ),
            (
                "DO $$ DECLARE q text; BEGIN q := 'DROP TABLE a'; EXECUTE q; q := 'DROP TABLE b'; EXECUTE q; END $$",
                &["maybe drop table a", "maybe drop table b"],
            ),
            (
                "DO $$ DECLARE q text; BEGIN IF x THEN q := 'DROP TABLE a'; ELSE q := 'DROP TABLE b'; END IF; EXECUTE q; END $$",
                &["maybe drop table a", "maybe drop table b"],
            ),
            (
                "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('TRUNCATE %I', t); END LOOP; END $$",
                &[
                    "maybe Truncate { table: a, cascade: false }",
                    "maybe Truncate { table: b, cascade: false }",
                ],
            ),
            (
                "DO $$ DECLARE t text; a text[] := ARRAY['a', 'b']; BEGIN FOREACH t IN ARRAY a LOOP IF x THEN EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', t, t || '_key'); END IF; END LOOP; END $$",
                &[
                    "maybe a: drop-constraint a_key",
                    "maybe b: drop-constraint b_key",
                ],
            ),
            (
                "DO $$ DECLARE q text; BEGIN q := 'ALTER TABLE t ADD a int'; IF x THEN q := q || ' NOT NULL'; END IF; EXECUTE q; END $$",
                &["maybe t: add a integer", "maybe t: add a integer not-null"],
            ),
            (
                "DO $$ DECLARE c text := 'A b'; BEGIN EXECUTE 'DROP TABLE ' || replace(lower(c), ' ', '_') || array_to_string(string_to_array(',d', ','), ', '); END $$",
                &["maybe drop table a_b", "maybe drop table d"],
            ),
            (
                "DO $$ BEGIN EXECUTE NULL; EXECUTE 'DROP TABLE ' || NULL; END $$",
                &[],
            ),
        ],
    );
}

#[test]
fn a_routine_that_is_called_by_another_gets_its_arguments() {
    let routines = "CREATE FUNCTION add_index(t text, i text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CREATE INDEX ' || i || ' ON ' || t || ' (a)'; END $$;
        CREATE FUNCTION indexed(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM add_index(t, 'i_' || t); END $$;";
    let last = |call: &str| changes(&format!("{routines} {call}"), Postgres).pop();
    assert_eq!(
        last("SELECT indexed('b')").as_deref(),
        Some("maybe index i_b on b (a)")
    );
    let unknown = changes(&format!("{routines} SELECT indexed(x) FROM y"), Postgres);
    assert!(unknown.iter().any(|it| it.starts_with("? ")), "{unknown:?}");
}

#[test]
fn a_text_that_a_routine_hands_back_is_known_only_where_it_is_nothing() {
    let void = "CREATE FUNCTION add_index(t text, c text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CREATE INDEX ON ' || t || ' (' || c || ')'; END $$";
    let text = "CREATE FUNCTION statement(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'DROP TABLE ' || t; END $$";
    let unknown = "maybe execute what elsewhere hands back";
    let rows: &[(&str, &[&str])] = &[
        (
            "DO $$ BEGIN EXECUTE add_index('t', 'a'); EXECUTE public.add_index('u', lower('B')); END $$",
            &["maybe index on t (a)", "maybe index on u (b)"],
        ),
        (
            "CREATE FUNCTION both(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE add_index(t, 'a'); EXECUTE 'DROP TABLE ' || t; END $$; SELECT both('x')",
            &["maybe index on x (a)", "maybe drop table x"],
        ),
        (
            "DO $$ BEGIN EXECUTE add_index('t', elsewhere()); END $$",
            &["maybe query calls(elsewhere)", "?"],
        ),
        ("DO $$ BEGIN EXECUTE elsewhere(); END $$", &[unknown]),
        (
            "DO $$ BEGIN EXECUTE statement('t'); END $$",
            &["maybe execute what statement hands back"],
        ),
        (
            "CREATE FUNCTION add_index(t text) RETURNS text LANGUAGE sql AS 'SELECT 1'; DO $$ BEGIN EXECUTE add_index('t', 'a'); END $$",
            &[
                "maybe execute what add_index hands back",
                "maybe index on t (a)",
                "maybe query calls()",
            ],
        ),
        (
            "DO $$ BEGIN EXECUTE add_index('t', 'a') || q; END $$",
            &["?"],
        ),
        (
            "DROP FUNCTION add_index(text, text); DO $$ BEGIN EXECUTE add_index('t', 'a'); END $$",
            &[
                "drop function add_index(text, text)",
                "maybe execute what add_index hands back",
            ],
        ),
    ];
    for (sql, expected) in rows {
        let found = changes(&format!("{void}; {text}; {sql}"), Postgres);
        let found = found
            .iter()
            .filter(|change| !change.starts_with("routine ") && *change != "query calls()")
            .map(|change| if change.starts_with('?') { "?" } else { change });
        assert_eq!(found.collect::<Vec<_>>(), *expected, "{sql}");
    }
}

#[test]
fn what_a_function_hands_out_is_no_argument_of_its_call() {
    for arguments in ["OUT done text, t text", "done OUT text, t IN text"] {
        let function = format!(
            "CREATE FUNCTION f({arguments}) LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE ' || t; END $$;"
        );
        let found = changes(&format!("{function} SELECT f('b')"), Postgres);
        assert_eq!(found.last().map(String::as_str), Some("maybe drop table b"));
    }
}

#[test]
fn text_whose_structure_is_unknown_is_dynamic() {
    for sql in [
        "DO $$ BEGIN EXECUTE q; END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || r.name; END $$",
        "DO $$ BEGIN EXECUTE format('ALTER TABLE t %s', clause); END $$",
        "DO $$ DECLARE q text := 'DROP TABLE a'; BEGIN SELECT x INTO q FROM t; EXECUTE q; END $$",
        "DO $$ DECLARE q text := 'DROP TABLE a'; BEGIN LOOP EXECUTE q; q := q || other; END LOOP; END $$",
        "DO $$ DECLARE q text := 'DROP TABLE a'; BEGIN CALL p(q); EXECUTE q; END $$",
        "DO $$ BEGIN FOR r IN EXECUTE q LOOP NULL; END LOOP; END $$",
        // A part of a name that has not begun may be a keyword or a number.
        "DO $$ BEGIN EXECUTE 'DROP ' || md5(x); END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE \"t\".' || md5(x); END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE t$' || md5(x); END $$",
        "DO $$ BEGIN EXECUTE 'SELECT 1' || md5(x); END $$",
        // What else than digits and underscores may come of these patterns.
        "DO $$ BEGIN EXECUTE 'DROP TABLE t_' || to_char(x, 'YYYY-MM'); END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE t_' || to_char(x, '999'); END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE t_' || to_char(x, p); END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE t_' || lower(quote_literal(x)); END $$",
        // Numbers below zero, and variables that hold more than numbers.
        "DO $$ BEGIN FOR i IN -1..2 LOOP EXECUTE 'DROP TABLE t_' || i; END LOOP; END $$",
        "DO $$ BEGIN FOR i IN REVERSE 2..-1 LOOP EXECUTE 'DROP TABLE t_' || i; END LOOP; END $$",
        "DO $$ BEGIN FOR i IN a..b LOOP EXECUTE 'DROP TABLE t_' || i; END LOOP; END $$",
        "DO $$ DECLARE n int; BEGIN EXECUTE 'DROP TABLE t_' || n; END $$",
        "DO $$ DECLARE n int; BEGIN EXECUTE 'DELETE FROM t WHERE id > -' || n; END $$",
        "DO $$ DECLARE n int[]; BEGIN EXECUTE 'DELETE FROM t WHERE id > ' || n; END $$",
        "DO $$ DECLARE n t.a%TYPE; BEGIN EXECUTE 'DELETE FROM t WHERE id > ' || n; END $$",
        "DO $$ DECLARE n int; BEGIN DECLARE n text; BEGIN EXECUTE 'DELETE FROM t WHERE id > ' || n; END; END $$",
    ] {
        let script = read(
            sql,
            &[Span::new(0, sql.len())],
            &Engine::default_for(Postgres),
        );
        let kind = script.statements[0]
            .opaque
            .as_ref()
            .map(|opaque| opaque.kind);
        assert_eq!(kind, Some(OpaqueKind::Dynamic), "{sql}");
    }
}

#[test]
fn digits_and_letters_that_are_not_known_continue_a_name() {
    let routine = "CREATE FUNCTION partition_of(t text, day date, fill int DEFAULT 100) RETURNS void LANGUAGE plpgsql AS $$ DECLARE suffix text; part text; BEGIN SELECT to_char(day, 'YYYY_MM') INTO suffix; part := lower(format('%s_%s', t, suffix)); EXECUTE format('CREATE TABLE %s (LIKE %s)', part, t); EXECUTE format('ALTER TABLE %I SET (fillfactor = %s)', part, fill); EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (''%s'')', t, part, suffix); END $$;
        SELECT partition_of('T', now()::date)";
    let found = changes(routine, Postgres);
    assert_eq!(
        found[3..],
        [
            "maybe table t_<to_char(day, YYYY_MM)> like(t):",
            "maybe t_<to_char(day, YYYY_MM)>: SetOptions { options: \"fillfactor = 1\" }",
            "maybe t: AttachPartition { child: t_<to_char(day, YYYY_MM)>, default: false }",
        ]
    );
    check(
        Postgres,
        &[
            (
                "DO $$ BEGIN EXECUTE 'DROP TABLE t_' || md5(random()::text) || '_old'; END $$",
                &["maybe drop table t_<md5(random()::text)>_old"],
            ),
            (
                "DO $$ BEGIN FOR i IN 0..(n - 1) LOOP EXECUTE format('ALTER TABLE t ATTACH PARTITION t_%s FOR VALUES WITH (MODULUS 4, REMAINDER %s)', i, i); END LOOP; END $$",
                &["maybe t: AttachPartition { child: t_<i>, default: false }"],
            ),
            (
                "DO $$ DECLARE n bigint; BEGIN SELECT max(id) INTO n FROM t; EXECUTE 'DELETE FROM t WHERE id > ' || n; END $$",
                &["maybe query calls(max)", "maybe delete t where(id > 1)"],
            ),
        ],
    );
}

#[test]
fn what_the_catalog_hands_out_is_a_name() {
    let rows: &[(&str, &[&str])] = &[
        (
            "DECLARE r record; BEGIN FOR r IN (SELECT DISTINCT c.conname, c.oid FROM pg_constraint c JOIN pg_class AS k ON k.oid = c.conrelid WHERE k.relname = 't') LOOP EXECUTE 'ALTER TABLE t DROP CONSTRAINT ' || r.conname; END LOOP; END",
            &["t: drop-constraint <c.conname>"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT * FROM pg_tables WHERE schemaname = 's' LOOP EXECUTE 'TRUNCATE s.' || r.tablename || '_old'; END LOOP; END",
            &["Truncate { table: s.<r.tablename>_old, cascade: false }"],
        ),
        (
            "DECLARE s text; BEGIN FOR s IN SELECT 'DROP TABLE \"' || table_name || '\"' AS drop FROM INFORMATION_SCHEMA.tables LOOP EXECUTE s; END LOOP; END",
            &["drop table <table_name>"],
        ),
        (
            "DECLARE s text; t text; BEGIN FOR s, t IN SELECT table_schema, lower(table_name) FROM information_schema.tables LOOP EXECUTE 'DROP TABLE ' || s || '.' || t; END LOOP; END",
            &["drop table <table_schema>.<table_name>"],
        ),
        (
            "DECLARE c CURSOR FOR SELECT t.table_schema AS s FROM information_schema.tables t WHERE t.table_name = 'a'; BEGIN FOR r IN c LOOP EXECUTE 'ALTER TABLE ' || r.s || '.a ADD b int'; END LOOP; END",
            &["<t.table_schema>.a: add b integer"],
        ),
        (
            "DECLARE c CURSOR FOR SELECT tablename FROM pg_tables; n text; BEGIN OPEN c; LOOP FETCH NEXT FROM c INTO n; EXIT WHEN NOT FOUND; EXECUTE 'DROP TABLE ' || n; END LOOP; END",
            &["drop table <tablename>"],
        ),
        (
            "DECLARE n text; BEGIN SELECT concat('ALTER TABLE t DROP CONSTRAINT ', constraint_name) INTO n FROM information_schema.table_constraints LIMIT 1; IF n IS NOT NULL THEN EXECUTE n; END IF; END",
            &["t: drop-constraint <constraint_name>"],
        ),
        (
            "BEGIN EXECUTE 'DROP INDEX ' || (SELECT indexname FROM pg_indexes WHERE tablename = 't'); END",
            &["drop index <indexname>"],
        ),
        (
            "DECLARE n text; BEGIN SELECT (SELECT tablename FROM mine) INTO n FROM pg_tables; EXECUTE 'DROP TABLE ' || n; END",
            &["?"],
        ),
        // Tables of one's own, and columns that hold more than names.
        (
            "DECLARE r record; BEGIN FOR r IN SELECT table_name FROM mine LOOP EXECUTE 'DROP TABLE ' || r.table_name; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT t.tablename FROM pg_tables t, mine m LOOP EXECUTE 'DROP TABLE ' || r.tablename; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables UNION SELECT a FROM mine LOOP EXECUTE 'DROP TABLE ' || r.tablename; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM (SELECT a FROM mine) AS pg_tables (tablename) LOOP EXECUTE 'DROP TABLE ' || r.tablename; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT indexdef FROM pg_indexes LOOP EXECUTE r.indexdef; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT * FROM pg_views LOOP EXECUTE 'CREATE VIEW v AS ' || r.definition; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables LOOP EXECUTE r.tablename; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables LOOP r.tablename := q; IF x THEN NULL; END IF; EXECUTE 'DROP TABLE ' || r.tablename; END LOOP; END",
            &["?"],
        ),
        (
            "DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables LOOP EXECUTE 'DROP TABLE ' || r.other; END LOOP; END",
            &["?"],
        ),
    ];
    for (sql, expected) in rows {
        let found = changes(&format!("DO $$ {sql} $$"), Postgres);
        let found = found
            .iter()
            .map(|change| change.trim_start_matches("maybe "))
            .filter(|change| !change.starts_with("query "))
            .map(|change| if change.starts_with('?') { "?" } else { change });
        assert_eq!(found.collect::<Vec<_>>(), *expected, "{sql}");
    }
    check(
        Mysql,
        &[(
            "BEGIN NOT ATOMIC DECLARE n VARCHAR(64); DECLARE c CURSOR FOR SELECT constraint_name FROM information_schema.key_column_usage WHERE table_name = 't'; OPEN c; FETCH c INTO n; SET @q = CONCAT('ALTER TABLE t DROP FOREIGN KEY ', n, ';'); PREPARE s FROM @q; EXECUTE s; CLOSE c; END",
            &["maybe t: drop-constraint <constraint_name> (foreign key)"],
        )],
    );
}

#[test]
fn changes_inside_stand_at_their_own_place() {
    let sql =
        "SELECT 1; DO $$ BEGIN ALTER TABLE t ADD a int, DROP b; EXECUTE 'DROP TABLE u'; END $$";
    let script = read(
        sql,
        &[Span::new(0, sql.len())],
        &Engine::default_for(Postgres),
    );
    let places: Vec<_> = script.statements[1]
        .changes
        .iter()
        .map(|change| change.span.of(sql))
        .collect();
    assert_eq!(places, ["ADD a int", "DROP b", "'DROP TABLE u'"]);
}

#[test]
fn a_call_of_a_routine_of_the_same_file_does_what_the_routine_does() {
    check(
        Postgres,
        &[
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; END $$; SELECT f()",
                &[
                    "routine function f() returns(void) plpgsql: BEGIN DROP TABLE t; END",
                    "query calls()",
                    "maybe drop table t",
                ],
            ),
            (
                "CREATE FUNCTION f(a text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('DROP TABLE %I', a); END $$; DO $$ BEGIN PERFORM f('t'); END $$",
                &[
                    "routine function f(text) returns(void) plpgsql: BEGIN EXECUTE format('DROP TABLE %I', a); END",
                    "maybe query calls()",
                    "maybe drop table t",
                ],
            ),
            (
                "CREATE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM t'; CREATE PROCEDURE q() BEGIN ATOMIC CALL p(); END; CALL q()",
                &[
                    "routine procedure p() sql: DELETE FROM t",
                    "routine procedure q() sql: BEGIN ATOMIC CALL p(); END",
                    "maybe delete t every-row",
                ],
            ),
            ("CALL elsewhere()", &["call elsewhere"]),
            (
                "PREPARE s AS DROP TABLE t; EXECUTE s",
                &["session prepare s", "maybe drop table t"],
            ),
        ],
    );
}

#[test]
fn a_routine_is_followed_with_what_its_caller_hands_to_it() {
    let drops = "CREATE FUNCTION d(a text, b text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER TABLE ' || a || ' DROP COLUMN ' || b; END $$";
    let rows: &[(&str, &[&str])] = &[
        ("SELECT d('t', 'x')", &["t: drop x"]),
        (
            "SELECT d('t', 'x'), d('u', 'y')",
            &["t: drop x", "u: drop y"],
        ),
        (
            "DO $$ BEGIN PERFORM d('t', 'x'); PERFORM d('u', lower('Y')); END $$",
            &["t: drop x", "u: drop y"],
        ),
        (
            "DO $$ DECLARE v text := 't'; BEGIN v := v || '_1'; SELECT d(v, 'x') INTO v; PERFORM d('u', v); END $$",
            &["t_1: drop x", "?"],
        ),
        (
            "DO $$ DECLARE v text; BEGIN FOREACH v IN ARRAY ARRAY['a', 'b'] LOOP PERFORM d(v, v || '_id'); END LOOP; END $$",
            &["a: drop a_id", "b: drop b_id"],
        ),
        (
            "DO $$ DECLARE v text; BEGIN v := d('t', 'x'); IF d('u', 'y') IS NULL THEN RETURN; END IF; END $$",
            &["t: drop x", "u: drop y"],
        ),
        ("DO $$ BEGIN PERFORM d('t', r.name); END $$", &["?"]),
        ("DO $$ BEGIN PERFORM d('t'); END $$", &["?"]),
        (
            "DO $$ BEGIN EXECUTE 'SELECT d(''u'', ''y'')'; PERFORM d('t', 'x'); END $$",
            &["t: drop x", "?"],
        ),
        ("DO $$ BEGIN PERFORM d(b => 'x', a => 't'); END $$", &["?"]),
        (
            "DO $$ BEGIN EXECUTE 'SELECT d(''t'', ''x'')'; END $$",
            &["?"],
        ),
        (
            "CREATE FUNCTION c(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM d('t_' || n, 'x'); END $$; SELECT c('1'); DO $$ BEGIN PERFORM c('2'); END $$",
            &["t_1: drop x", "t_2: drop x"],
        ),
        (
            "CREATE FUNCTION again(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE ' || n; PERFORM again('v'); END $$; SELECT again('u')",
            &["drop table u", "drop table v"],
        ),
    ];
    for (sql, expected) in rows {
        let found = changes(&format!("{drops}; {sql}"), Postgres);
        let found = found
            .iter()
            .filter(|change| !change.contains("routine ") && !change.contains("query "))
            .map(|change| change.trim_start_matches("maybe "))
            .map(|change| if change.starts_with('?') { "?" } else { change });
        assert_eq!(found.collect::<Vec<_>>(), *expected, "{sql}");
    }
}

#[test]
fn procedures_of_mysql_are_followed_through_prepared_statements() {
    check(
        Mysql,
        &[
            (
                "SET @s = IF((SELECT COUNT(*) FROM information_schema.columns) > 0, 'ALTER TABLE t DROP a', 'SELECT 1'); PREPARE st FROM @s; EXECUTE st; DEALLOCATE PREPARE st",
                &[
                    "set @s = Some(\"IF((SELECT COUNT(*) FROM information_schema.columns) > 0, 'ALTER TABLE t DROP a', 'SELECT 1')\")",
                    "session prepare st",
                    "maybe t: drop a",
                    "maybe query calls()",
                    "session deallocate prepare",
                ],
            ),
            (
                "SET @t = 't', @s = CONCAT('ALTER TABLE `', @t, '` ADD x int'); PREPARE st FROM @s; EXECUTE st",
                &[
                    "set @t = Some(\"t\")",
                    "set @s = Some(\"CONCAT('ALTER TABLE `', @t, '` ADD x int')\")",
                    "session prepare st",
                    "maybe t: add x integer",
                ],
            ),
            (
                "SELECT x INTO @s FROM t; PREPARE st FROM @s; EXECUTE st",
                &[
                    "query calls()",
                    "session prepare st",
                    "? it runs SQL that is put together at run time from `x`",
                ],
            ),
            (
                "CREATE PROCEDURE p() BEGIN DECLARE n INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; SELECT COUNT(*) INTO n FROM information_schema.tables; IF n = 0 THEN ALTER TABLE t ADD a int; END IF; lbl: WHILE n < 3 DO SET n = n + 1; DELETE FROM u LIMIT 5; END WHILE; SET FOREIGN_KEY_CHECKS = 0; END; CALL p(); DROP PROCEDURE p",
                &[
                    "routine procedure p() sql: BEGIN DECLARE n INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; SELECT COUNT(*) INTO n FROM information_schema.tables; IF n = 0 THEN ALTER TABLE t ADD a int; END IF; lbl: WHILE n < 3 DO SET n = n + 1; DELETE FROM u LIMIT 5; END WHILE; SET FOREIGN_KEY_CHECKS = 0; END",
                    "maybe query calls(count)",
                    "maybe t: add a integer",
                    "maybe delete u every-row limited",
                    "maybe set foreign_key_checks = Some(\"0\")",
                    "drop procedure p",
                ],
            ),
            (
                "CREATE PROCEDURE p(IN tab VARCHAR(64), col TEXT) BEGIN SET @q = CONCAT('ALTER TABLE ', tab, ' DROP COLUMN ', col); PREPARE s FROM @q; EXECUTE s; END; CALL p('t', 'a'); CALL p('u', 'b')",
                &[
                    "routine procedure p(in tab varchar ( 64 ) , col text) sql: BEGIN SET @q = CONCAT('ALTER TABLE ', tab, ' DROP COLUMN ', col); PREPARE s FROM @q; EXECUTE s; END",
                    "maybe t: drop a",
                    "maybe u: drop b",
                ],
            ),
            (
                "CREATE PROCEDURE p(tab TEXT) BEGIN SET @q = CONCAT('DROP TABLE ', tab); PREPARE s FROM @q; EXECUTE s; END; CREATE PROCEDURE q(n TEXT) BEGIN CALL p(CONCAT('t_', n)); CALL p(n); END; CALL q('a')",
                &[
                    "routine procedure p(tab text) sql: BEGIN SET @q = CONCAT('DROP TABLE ', tab); PREPARE s FROM @q; EXECUTE s; END",
                    "routine procedure q(n text) sql: BEGIN CALL p(CONCAT('t_', n)); CALL p(n); END",
                    "maybe drop table t_a",
                    "? in `p`: it runs SQL that is put together at run time from `n`",
                ],
            ),
            (
                "BEGIN NOT ATOMIC DROP TABLE t; END",
                &["maybe drop table t"],
            ),
            ("EXECUTE IMMEDIATE 'DROP TABLE t'", &["maybe drop table t"]),
        ],
    );
}

#[test]
fn nesting_without_end_is_opaque_and_quick() {
    let mut dollars = "DROP TABLE t".to_owned();
    for level in 0..200 {
        dollars = format!("DO $t{level}$ BEGIN {dollars}; END $t{level}$");
    }
    assert_eq!(
        changes(&dollars, Postgres),
        ["? blocks nest too deeply to be read"]
    );
    let circle = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM f(); PERFORM f(); END $$; SELECT f()";
    assert!(changes(circle, Postgres).len() > 1);
    let growing = "CREATE FUNCTION f(a text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM f(a || 'x'); PERFORM f(a || 'y'); END $$; SELECT f('')";
    assert!(changes(growing, Postgres).len() > 1);
    let nested = format!("DO $$ BEGIN PERFORM {} END $$", "f(".repeat(20_000));
    assert!(changes(&nested, Postgres).len() < 3);
    let blocks = format!("DO $$ {} $$", "BEGIN ".repeat(20_000));
    assert!(changes(&blocks, Postgres).is_empty());
    let doubling = format!(
        "DO $$ DECLARE a text; BEGIN {} EXECUTE a; END $$",
        "a := a || a; ".repeat(60)
    );
    assert_eq!(changes(&doubling, Postgres).len(), 1);
}
