use super::*;
use Dialect::{Mysql, Postgres, Sqlite};

/// What each piece is, with its text.
fn pieces(text: &str, dialect: Dialect) -> Vec<String> {
    split(text, Span::new(0, text.len()), dialect)
        .iter()
        .map(|piece| told(piece, text))
        .collect()
}

fn told(piece: &Piece, text: &str) -> String {
    let code = piece.span.of(text);
    let mut told = match piece.kind {
        PieceKind::Statement => code.to_owned(),
        PieceKind::MetaCommand => format!("meta: {code}"),
        PieceKind::ClientCommand => format!("client: {code}"),
        PieceKind::Template { placeholder } => format!("template {}: {code}", placeholder.of(text)),
        PieceKind::Unterminated { what, opened } => format!("open {what} at {opened}: {code}"),
    };
    if let Some(data) = piece.data {
        told.push_str(" <- ");
        told.push_str(data.of(text));
    }
    told
}

/// Each text is split into exactly the pieces told beside it.
fn check(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(pieces(text, dialect), *expected, "{dialect}: {text}");
    }
}

/// Each text is one statement, whatever semicolons stand in it, and the statement after it is another.
fn is_one_statement(dialect: Dialect, statements: &[&str]) {
    for statement in statements {
        let text = format!("SELECT 1;\n{statement};\nSELECT 2");
        assert_eq!(
            pieces(&text, dialect),
            ["SELECT 1", statement, "SELECT 2"],
            "{dialect}"
        );
    }
}

#[test]
fn statements_end_at_semicolons_and_empty_ones_are_no_pieces() {
    for dialect in Dialect::ALL {
        check(
            dialect,
            &[
                ("", &[]),
                (" \n\t", &[]),
                (";;\n;", &[]),
                ("-- nothing\n/* at all */;", &[]),
                ("SELECT 1", &["SELECT 1"]),
                ("SELECT 1;;SELECT 2 ; ", &["SELECT 1", "SELECT 2"]),
                (
                    "\u{feff}SELECT 1;\r\nSELECT 2;\r\n",
                    &["SELECT 1", "SELECT 2"],
                ),
                (
                    "SELECT 1 /* a; b */ + 1 -- c; d\n;",
                    &["SELECT 1 /* a; b */ + 1"],
                ),
                (
                    "SELECT ';', 'it''s;'; SELECT 'é;'",
                    &["SELECT ';', 'it''s;'", "SELECT 'é;'"],
                ),
                (
                    "BEGIN; SELECT 1; END; COMMIT",
                    &["BEGIN", "SELECT 1", "END", "COMMIT"],
                ),
                (
                    "BEGIN TRANSACTION; COMMIT;",
                    &["BEGIN TRANSACTION", "COMMIT"],
                ),
                (
                    "CREATE TABLE a (x int; CREATE TABLE b (y int);",
                    &["CREATE TABLE a (x int", "CREATE TABLE b (y int)"],
                ),
            ],
        );
    }
}

#[test]
fn only_the_part_asked_for_is_split() {
    let text = "SELECT 0; SELECT 1; SELECT 2;";
    let found = split(text, Span::new(9, 21), Postgres);
    assert_eq!(
        found
            .iter()
            .map(|piece| piece.span.of(text))
            .collect::<Vec<_>>(),
        ["SELECT 1", "S"]
    );
}

#[test]
fn drizzle_breakpoints_end_a_statement_without_a_semicolon() {
    for dialect in Dialect::ALL {
        check(
            dialect,
            &[
                (
                    "SELECT 1--> statement-breakpoint\nSELECT 2",
                    &["SELECT 1", "SELECT 2"],
                ),
                (
                    "SELECT 1;--> statement-breakpoint\r\nSELECT 2;\n",
                    &["SELECT 1", "SELECT 2"],
                ),
            ],
        );
    }
}

#[test]
fn postgres_quotes_hide_semicolons() {
    is_one_statement(
        Postgres,
        &[
            "SELECT E'it\\'s; fine'",
            "SELECT e'\\\\', 'plain\\', 1",
            "SELECT U&'d\\0061;', U&\"a;\"\"b\", \"x;\", B'0;', N'n;'",
            "SELECT /* outer /* inner; */ still; */ 1",
            "SELECT $$a; 'b$$, $t$ $$ ; $u$ ; $t$, $ä$;$ä$",
            "DO $do$ BEGIN EXECUTE $q$ SELECT 1; $q$; END $do$",
            "SELECT a$b, $1, c$d$ FROM t$$",
            "SELECT a[1:2], b::text, c->>'x;', d ? 'e', f @> '{;}', g #- '{a}'",
            "PREPARE p AS SELECT $1",
        ],
    );
}

#[test]
fn postgres_routines_in_standard_form_keep_their_semicolons() {
    is_one_statement(
        Postgres,
        &[
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
            "create or replace procedure p() begin atomic insert into t values (1); end",
            "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC
               SELECT CASE WHEN a > 0 THEN CASE a WHEN 1 THEN 2 END ELSE t.end END AS end FROM t;
               SELECT 1;
             END",
            "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v)",
            "CREATE OR REPLACE RULE r AS ON DELETE TO t DO INSTEAD (SELECT 1; SELECT (2);)",
        ],
    );
    check(
        Postgres,
        &[
            // The body is a string; a column called begin opens nothing.
            (
                "CREATE FUNCTION begin() RETURNS int AS 'SELECT 1;' LANGUAGE sql; SELECT 1",
                &[
                    "CREATE FUNCTION begin() RETURNS int AS 'SELECT 1;' LANGUAGE sql",
                    "SELECT 1",
                ],
            ),
            (
                "CREATE TABLE t (begin int, atomic int); SELECT 1",
                &["CREATE TABLE t (begin int, atomic int)", "SELECT 1"],
            ),
        ],
    );
}

#[test]
fn psql_commands_are_pieces_of_their_own() {
    check(
        Postgres,
        &[
            (
                "\\connect app\nSELECT 1;\\echo done; really\nSELECT 2",
                &[
                    "meta: \\connect app",
                    "SELECT 1",
                    "meta: \\echo done; really",
                    "SELECT 2",
                ],
            ),
            (
                "SELECT 'DROP TABLE t' \\gexec\nSELECT 2;",
                &["SELECT 'DROP TABLE t'", "meta: \\gexec", "SELECT 2"],
            ),
            ("SELECT 1\\;SELECT 2;", &["SELECT 1", "SELECT 2"]),
            (
                "\\i other.sql\r\nSELECT :'name', :id;",
                &["meta: \\i other.sql", "SELECT :'name', :id"],
            ),
        ],
    );
}

#[test]
fn copied_data_is_no_sql() {
    check(
        Postgres,
        &[
            (
                "COPY t (a, b) FROM stdin;\n1\tit's;\n2\t$$\n\\.\nSELECT 1;",
                &[
                    "COPY t (a, b) FROM stdin <- 1\tit's;\n2\t$$\n\\.",
                    "SELECT 1",
                ],
            ),
            (
                "copy public.t FROM STDIN WITH (FORMAT csv); -- data\r\n1;2\r\n\\.\r\nSELECT 1;",
                &[
                    "copy public.t FROM STDIN WITH (FORMAT csv) <- 1;2\r\n\\.",
                    "SELECT 1",
                ],
            ),
            (
                "COPY t FROM stdin;\n\\.\nSELECT 1",
                &["COPY t FROM stdin <- \\.", "SELECT 1"],
            ),
            (
                "COPY t FROM stdin;\nnever closed; '",
                &["COPY t FROM stdin <- never closed; '"],
            ),
            ("COPY t FROM stdin;", &["COPY t FROM stdin"]),
            (
                "COPY t FROM stdin; SELECT 1\n;",
                &["COPY t FROM stdin", "SELECT 1"],
            ),
            (
                "\\copy t from stdin\n1;\n\\.\nSELECT 1",
                &["meta: \\copy t from stdin <- 1;\n\\.", "SELECT 1"],
            ),
            (
                "COPY t FROM '/tmp/x'; SELECT 1;\nSELECT 2",
                &["COPY t FROM '/tmp/x'", "SELECT 1", "SELECT 2"],
            ),
            (
                "COPY t TO stdout; SELECT 1;",
                &["COPY t TO stdout", "SELECT 1"],
            ),
        ],
    );
}

#[test]
fn mysql_quotes_and_comments_hide_semicolons() {
    is_one_statement(
        Mysql,
        &[
            "SELECT 'it\\'s; fine', \"x;\\\"y\", `a;``b`",
            "SELECT 1 # one; \n + 1",
            "SELECT 5--3",
            "SELECT 2*/* two; */3",
            "SELECT _utf8mb4'x;', N'\\';', X'3B', 0x3B, @v, @@global.x, @'a;'",
            "SELECT '$$;', a$$b FROM `$$`",
            "CREATE TABLE 2024_x (1a int)",
        ],
    );
    check(
        Mysql,
        &[
            ("SELECT 1 --; SELECT 2", &["SELECT 1 --", "SELECT 2"]),
            ("SELECT $$; SELECT $$", &["SELECT $$", "SELECT $$"]),
        ],
    );
    check(
        Mysql,
        &[("SELECT 1;--\nSELECT 2;-- x;", &["SELECT 1", "SELECT 2"])],
    );
    check(
        Mysql,
        &[(
            "SELECT /* a /* b */ 1; SELECT 2",
            &["SELECT /* a /* b */ 1", "SELECT 2"],
        )],
    );
    check(
        Mysql,
        &[(
            "SELECT 1\\G\nSELECT 2\\g SELECT 3",
            &["SELECT 1", "SELECT 2", "SELECT 3"],
        )],
    );
}

#[test]
fn what_mysql_executes_in_comments_is_code() {
    check(
        Mysql,
        &[
            (
                "/*!40101 SET NAMES utf8 */;\n/*!50003 SET x = 1 */ ;",
                &["SET NAMES utf8", "SET x = 1"],
            ),
            (
                "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=x*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a = 1; END */;;",
                &[
                    "client: DELIMITER ;;",
                    "CREATE*/ /*!50017 DEFINER=x*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a = 1; END",
                ],
            ),
            ("/*!40101 */; SELECT 1", &["SELECT 1"]),
            (
                "/*M!100100 SET a = 1; SET b = /* two; */ 2 */;",
                &["SET a = 1", "SET b = /* two; */ 2"],
            ),
            (
                "CREATE TABLE t (a int) /*!50100 PARTITION BY KEY (a) */;SELECT 1",
                &[
                    "CREATE TABLE t (a int) /*!50100 PARTITION BY KEY (a)",
                    "SELECT 1",
                ],
            ),
        ],
    );
}

#[test]
fn mysql_bodies_keep_their_semicolons_without_a_delimiter() {
    is_one_statement(
        Mysql,
        &[
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1",
            "CREATE TRIGGER t BEFORE INSERT ON data FOR EACH ROW SET NEW.a = 1",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET NEW.a = 1; END",
            "CREATE DEFINER=`root`@`%` TRIGGER IF NOT EXISTS t AFTER UPDATE ON x FOR EACH ROW FOLLOWS u BEGIN SET @a = 1; END",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW IF NEW.a IS NULL THEN SET NEW.a = 1; ELSEIF NEW.b THEN SET NEW.c = 2; ELSE SET NEW.d = 3; END IF",
            "CREATE PROCEDURE p() BEGIN
               DECLARE done INT DEFAULT FALSE;
               DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN SET done = TRUE; END;
               DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK;
               outer_loop: LOOP
                 IF done THEN LEAVE outer_loop; END IF;
                 WHILE x < IF(a, 1, 2) DO SET x = x + 1; END WHILE;
                 REPEAT SET y = REPEAT('a', 3); UNTIL y = CASE WHEN 1 THEN 2 END END REPEAT;
                 CASE x WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;
                 SELECT CASE WHEN a THEN CASE b WHEN 1 THEN IF(c, 1, 2) ELSE 3 END END INTO z;
               END LOOP outer_loop;
             END",
            "CREATE PROCEDURE p(IN a INT) READS SQL DATA COMMENT 'x' label:BEGIN SET @a = 1; BEGIN SELECT 1; END; END label",
            "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN CASE WHEN a THEN 1 END",
            "CREATE FUNCTION f() RETURNS INT DETERMINISTIC BEGIN IF (SELECT 1) THEN RETURN 1; END IF; RETURN 2; END",
            "CREATE PROCEDURE p() BEGIN START TRANSACTION; DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a INT); COMMIT; END",
            "CREATE PROCEDURE p() BEGIN SELECT begin, end, t.end, `end` FROM t WHERE end > begin; INSERT INTO t (begin, end) VALUES (1, 2); END",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END",
            "ALTER EVENT e DO BEGIN DELETE FROM t; DELETE FROM u; END",
            "CREATE OR REPLACE DEFINER = CURRENT_USER() PROCEDURE p() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; END",
            "BEGIN NOT ATOMIC IF 1 THEN SELECT 1; END IF; SELECT 2; END",
            "IF EXISTS (SELECT 1) THEN SELECT 1; SELECT 2; END IF",
        ],
    );
    check(
        Mysql,
        &[
            (
                "CREATE TABLE trigger_log (a int); BEGIN; SELECT 1; COMMIT;",
                &[
                    "CREATE TABLE trigger_log (a int)",
                    "BEGIN",
                    "SELECT 1",
                    "COMMIT",
                ],
            ),
            (
                "CREATE TABLE t (event int, begin int, `if` int); SELECT 1",
                &[
                    "CREATE TABLE t (event int, begin int, `if` int)",
                    "SELECT 1",
                ],
            ),
            (
                "DROP PROCEDURE IF EXISTS p; DROP TRIGGER t; SELECT 1",
                &["DROP PROCEDURE IF EXISTS p", "DROP TRIGGER t", "SELECT 1"],
            ),
        ],
    );
}

#[test]
fn mysql_delimiters_rule_alone() {
    check(
        Mysql,
        &[
            (
                "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\nSELECT 2;",
                &[
                    "client: DELIMITER $$",
                    "CREATE PROCEDURE p() BEGIN SELECT 1; END",
                    "client: DELIMITER ;",
                    "SELECT 2",
                ],
            ),
            (
                "delimiter //\r\nCREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 4/2; //\r\ndelimiter ;\r\nSELECT 2;",
                &[
                    "client: delimiter //",
                    "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 4/2",
                    "client: delimiter ;",
                    "SELECT 2",
                ],
            ),
            (
                "DELIMITER ;;\nSELECT 1; SELECT '2;;';;\nSELECT 3 ;;\nDELIMITER ;\nSELECT 4;SELECT 5",
                &[
                    "client: DELIMITER ;;",
                    "SELECT 1",
                    "SELECT '2;;'",
                    "SELECT 3",
                    "client: DELIMITER ;",
                    "SELECT 4",
                    "SELECT 5",
                ],
            ),
            (
                "  DELIMITER |\nSELECT 1|\n  DELIMITER ;\n",
                &["client: DELIMITER |", "SELECT 1", "client: DELIMITER ;"],
            ),
            (
                "DELIMITER $$\nDROP PROCEDURE p;\nCREATE PROCEDURE p() l: BEGIN SELECT 1; odd; END; \n$$",
                &[
                    "client: DELIMITER $$",
                    "DROP PROCEDURE p",
                    "CREATE PROCEDURE p() l: BEGIN SELECT 1; odd; END",
                ],
            ),
            (
                "DELIMITER $$\nCREATE FUNCTION f() RETURNS INT RETURN 1; -- x\nSELECT 1 $$",
                &[
                    "client: DELIMITER $$",
                    "CREATE FUNCTION f() RETURNS INT RETURN 1; -- x\nSELECT 1",
                ],
            ),
            (
                "DELIMITER $$\nSELECT 1\nDELIMITER ;\nSELECT 2;",
                &[
                    "client: DELIMITER $$",
                    "SELECT 1",
                    "client: DELIMITER ;",
                    "SELECT 2",
                ],
            ),
            (
                "CREATE TABLE t (\ndelimiter varchar(1),\n delimiter2 int);",
                &["CREATE TABLE t (\ndelimiter varchar(1),\n delimiter2 int)"],
            ),
            (
                "SOURCE other.sql\nSELECT 1;",
                &["client: SOURCE other.sql", "SELECT 1"],
            ),
        ],
    );
}

#[test]
fn sqlite_quotes_hide_semicolons() {
    is_one_statement(
        Sqlite,
        &[
            "SELECT [a;b], `c;`, \"d;\", 'e\\', ?1, :f, @g, $h",
            "SELECT /* a /* b; */ 1",
            "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; UPDATE y SET a = CASE WHEN 1 THEN 2 END; END",
            "CREATE TEMP TRIGGER IF NOT EXISTS t AFTER UPDATE OF begin ON x WHEN NEW.begin > 1 BEGIN INSERT INTO y (begin, end) SELECT 1, end; END",
            "create trigger t instead of delete on v begin select raise(abort, 'no; END;'); end",
        ],
    );
    check(
        Sqlite,
        &[
            (
                ".mode csv\nSELECT 1;\n.read x.sql\n",
                &["client: .mode csv", "SELECT 1", "client: .read x.sql"],
            ),
            ("SELECT 1 /* open to the end", &["SELECT 1"]),
            (
                "CREATE TABLE t (a); BEGIN; SELECT $$; END;",
                &["CREATE TABLE t (a)", "BEGIN", "SELECT $$", "END"],
            ),
        ],
    );
}

#[test]
fn a_template_spoils_its_own_statement_alone() {
    for dialect in Dialect::ALL {
        check(
            dialect,
            &[
                (
                    "SELECT 1; ALTER TABLE {{ .Prefix }}t ADD a int; SELECT 2",
                    &[
                        "SELECT 1",
                        "template {{ .Prefix }}: ALTER TABLE {{ .Prefix }}t ADD a int",
                        "SELECT 2",
                    ],
                ),
                (
                    "DROP TABLE ${schema}.t; DROP TABLE u",
                    &["template ${schema}: DROP TABLE ${schema}.t", "DROP TABLE u"],
                ),
                (
                    "DROP TABLE x_${n}; SELECT 1",
                    &["template ${n}: DROP TABLE x_${n}", "SELECT 1"],
                ),
                (
                    "{% if a; b %} SELECT 1; SELECT 2",
                    &["template {% if a; b %}: {% if a; b %} SELECT 1", "SELECT 2"],
                ),
                (
                    "SELECT <%= a; b %>; SELECT 2",
                    &["template <%= a; b %>: SELECT <%= a; b %>", "SELECT 2"],
                ),
                (
                    "DROP TABLE {name}; SELECT 1",
                    &["template {name}: DROP TABLE {name}", "SELECT 1"],
                ),
                // In strings and comments it changes nothing.
                (
                    "SELECT '{{ x }}' /* ${y} */ + 1; SELECT 2",
                    &["SELECT '{{ x }}' /* ${y} */ + 1", "SELECT 2"],
                ),
                // What never closes is none.
                ("SELECT {{ 1; SELECT 2", &["SELECT {{ 1", "SELECT 2"]),
                ("SELECT ${ 1; SELECT 2}", &["SELECT ${ 1", "SELECT 2}"]),
            ],
        );
    }
    check(
        Postgres,
        &[(
            "SELECT 'a' <% b, 1 %> 2; SELECT 2",
            &["template <% b, 1 %>: SELECT 'a' <% b, 1 %> 2", "SELECT 2"],
        )],
    );
    check(
        Sqlite,
        &[(
            "SELECT #{x}; SELECT 2",
            &["template #{x}: SELECT #{x}", "SELECT 2"],
        )],
    );
}

#[test]
fn what_is_never_closed_takes_the_rest_and_says_where_it_opened() {
    check(
        Postgres,
        &[
            (
                "SELECT 1; SELECT 'x; SELECT 2;",
                &["SELECT 1", "open string at 17: SELECT 'x; SELECT 2;"],
            ),
            (
                "SELECT 1; DO $a$ BEGIN; $b$",
                &[
                    "SELECT 1",
                    "open dollar-quoted string at 13: DO $a$ BEGIN; $b$",
                ],
            ),
            (
                "SELECT 1; /* x; ",
                &["SELECT 1", "open comment at 10: /* x; "],
            ),
            (
                "SELECT \"x; ",
                &["open quoted identifier at 7: SELECT \"x; "],
            ),
            (
                "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2;",
                &[
                    "open BEGIN … END body at 26: CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2;",
                ],
            ),
        ],
    );
    check(
        Mysql,
        &[(
            "SELECT 'a\\'; SELECT 1",
            &["open string at 7: SELECT 'a\\'; SELECT 1"],
        )],
    );
    check(
        Mysql,
        &[(
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SELECT 1;",
            &[
                "open BEGIN … END body at 49: CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SELECT 1;",
            ],
        )],
    );
    check(
        Sqlite,
        &[("SELECT [x", &["open quoted identifier at 7: SELECT [x"])],
    );
}

#[test]
fn the_comments_of_a_piece_stand_directly_above_it() {
    let cases = [
        ("-- a\n-- b\nSELECT 1", "-- a\n-- b"),
        ("-- a\n\n-- b\nSELECT 1", "-- b"),
        ("-- a\n\nSELECT 1", ""),
        ("SELECT 0; -- of the one before\n-- a\nSELECT 1", "-- a"),
        ("SELECT 0; -- of the one before\nSELECT 1", ""),
        ("/* a */ SELECT 1", "/* a */"),
        (
            "SELECT 0; /* x */\n/* a */\r\n# b\r\nSELECT 1",
            "/* a */\r\n# b",
        ),
    ];
    for (text, expected) in cases {
        let last = split(text, Span::new(0, text.len()), Mysql).pop().unwrap();
        assert_eq!(last.comments.of(text), expected, "{text}");
    }
}
