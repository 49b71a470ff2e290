//! What may be cut and what may not, by which key, and what the batches look like.

use super::cut::Range;
use super::*;
use crate::model::{Dialect, Ident};

fn key(columns: &[(&str, Kind)]) -> Key {
    let each = columns.iter().map(|(name, kind)| Column {
        name: Ident::folded(name),
        kind: kind.clone(),
    });
    Key {
        columns: each.collect(),
    }
}

fn big() -> Kind {
    Kind::Cast("bigint".to_owned())
}

fn facts(keys: Vec<Key>) -> Facts {
    Facts {
        keys,
        rows: Rows::None,
        estimate: Some(1000),
    }
}

/// The table by whose key it is cut, or why it is not cut.
fn told(sql: &str, dialect: Dialect) -> String {
    match recognise(sql, dialect) {
        Ok(shape) => shape.table.to_string(),
        Err(why) => why.to_string(),
    }
}

#[test]
fn a_statement_about_one_table_is_cut_by_that_tables_key() {
    for dialect in Dialect::ALL {
        for sql in [
            "UPDATE users SET handle = username WHERE handle IS NULL",
            "UPDATE users SET n = n + 1",
            "UPDATE users AS u SET handle = lower(u.username)",
            "UPDATE users SET plan_name = (SELECT p.name FROM plans p WHERE p.id = users.plan_id)",
            "DELETE FROM users WHERE gone = 1",
            "DELETE FROM users",
            "INSERT INTO handles (user_id, handle) SELECT id, username FROM users WHERE username IS NOT NULL",
            "INSERT INTO handles SELECT u.id, p.name FROM users u LEFT JOIN plans p ON p.id = u.plan_id",
            "INSERT INTO handles SELECT id, 1 FROM users WHERE NOT EXISTS (SELECT 1 FROM handles h WHERE h.user_id = users.id)",
        ] {
            assert_eq!(told(sql, dialect), "users", "{dialect}: {sql}");
        }
    }
}

#[test]
fn a_join_is_cut_by_the_key_of_the_one_table_that_it_changes() {
    let cases = [
        (
            Dialect::Postgres,
            "UPDATE users u SET plan_name = p.name FROM plans p WHERE p.id = u.plan_id",
        ),
        (
            Dialect::Sqlite,
            "UPDATE users SET plan_name = p.name FROM plans p WHERE p.id = users.plan_id",
        ),
        (
            Dialect::Mysql,
            "UPDATE users u JOIN plans p ON p.id = u.plan_id SET u.plan_name = p.name",
        ),
        (
            Dialect::Mysql,
            "UPDATE plans p JOIN users u ON p.id = u.plan_id SET u.plan_name = p.name, u.n = 1",
        ),
        (
            Dialect::Postgres,
            "DELETE FROM users u USING plans p WHERE p.id = u.plan_id AND p.gone",
        ),
        (
            Dialect::Mysql,
            "DELETE u FROM plans p JOIN users u ON p.id = u.plan_id WHERE p.gone",
        ),
    ];
    for (dialect, sql) in cases {
        assert_eq!(told(sql, dialect), "users", "{dialect}: {sql}");
    }
}

#[test]
fn what_takes_many_rows_together_or_looks_at_others_is_not_cut() {
    let everywhere = [
        (
            "UPDATE t SET n = (SELECT max(n) FROM t)",
            "reads other rows of `t`",
        ),
        (
            "UPDATE t SET n = 1 WHERE id IN (SELECT parent FROM t)",
            "reads other rows of `t`",
        ),
        (
            "DELETE FROM t WHERE id NOT IN (SELECT min(id) FROM t GROUP BY email)",
            "reads other rows of `t`",
        ),
        (
            "UPDATE t SET n = (SELECT row_number() OVER (ORDER BY o.id) FROM o)",
            "row_number() OVER is a window",
        ),
        (
            "INSERT INTO s SELECT count(*) FROM t",
            "count() takes many rows together",
        ),
        (
            "INSERT INTO s SELECT kind, sum(n) FROM t GROUP BY kind",
            "GROUP BY takes many rows together",
        ),
        (
            "INSERT INTO s SELECT id, rank() OVER (ORDER BY n) FROM t",
            "rank() OVER is a window",
        ),
        (
            "INSERT INTO s SELECT DISTINCT kind FROM t",
            "DISTINCT compares rows",
        ),
        (
            "INSERT INTO s SELECT id FROM t UNION SELECT id FROM o",
            "UNION, or its kind, compares rows",
        ),
        (
            "INSERT INTO s SELECT id FROM t LIMIT 10",
            "LIMIT takes some of the rows",
        ),
        (
            "INSERT INTO s SELECT id FROM t ORDER BY n",
            "ORDER BY gives the rows an order",
        ),
        (
            "INSERT INTO t SELECT id + 1000 FROM t",
            "reads other rows of `t`",
        ),
        (
            "INSERT INTO s SELECT d.id FROM (SELECT id FROM t) d",
            "from a subquery",
        ),
        (
            "INSERT INTO s SELECT o.id FROM t RIGHT JOIN o ON o.id = t.id",
            "no row of `t`",
        ),
    ];
    for dialect in Dialect::ALL {
        for (sql, why) in everywhere {
            let told = told(sql, dialect);
            assert!(told.contains(why), "{dialect}: {sql}: {told}");
        }
    }
    let some = [
        (
            Dialect::Mysql,
            "UPDATE t SET n = 1 ORDER BY id LIMIT 10",
            "LIMIT takes some",
        ),
        (
            Dialect::Mysql,
            "UPDATE t SET n = 1 ORDER BY id",
            "ORDER BY gives",
        ),
        (Dialect::Mysql, "DELETE FROM t LIMIT 10", "LIMIT takes some"),
        (
            Dialect::Mysql,
            "UPDATE t SET n = (@n := @n + 1)",
            "the variable @n",
        ),
        (
            Dialect::Mysql,
            "UPDATE t JOIN o ON o.id = t.id SET t.n = 1, o.n = 2",
            "several tables",
        ),
        (
            Dialect::Mysql,
            "UPDATE t JOIN o ON o.id = t.id SET n = 1",
            "several tables",
        ),
        (
            Dialect::Mysql,
            "DELETE t, o FROM t JOIN o ON o.id = t.id",
            "several tables",
        ),
        (
            Dialect::Mysql,
            "UPDATE t a JOIN t b ON a.id = b.parent SET a.n = b.n",
            "reads other rows of `t`",
        ),
        (
            Dialect::Postgres,
            "UPDATE t a SET n = b.n FROM t b WHERE a.id = b.parent",
            "reads other rows of `t`",
        ),
        (
            Dialect::Postgres,
            "WITH x AS (SELECT 1) UPDATE t SET n = 1",
            "begins with WITH",
        ),
        (
            Dialect::Postgres,
            "MERGE INTO t USING o ON o.id = t.id WHEN MATCHED THEN DELETE",
            "only UPDATE, DELETE",
        ),
        (Dialect::Postgres, "UPDATE t SET", "could not be read"),
    ];
    for (dialect, sql, why) in some {
        let told = told(sql, dialect);
        assert!(told.contains(why), "{dialect}: {sql}: {told}");
    }
}

fn cut(sql: &str, dialect: Dialect, facts: &Facts) -> (Shape, Cut) {
    let shape = recognise(sql, dialect).unwrap();
    let cut = choose(&shape, facts, None, dialect).unwrap().unwrap();
    (shape, cut)
}

fn place(values: &[&str]) -> Vec<String> {
    values.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn a_batch_is_the_statement_about_a_range_of_keys() {
    let facts = facts(vec![key(&[("id", big())])]);
    let (after, upto) = (place(&["5"]), place(&["9"]));
    let range = Range {
        after: Some(&after),
        upto: Some(&upto),
    };
    let cases = [
        (
            "UPDATE users SET handle = username WHERE handle IS NULL -- or not",
            "UPDATE users SET handle = username\nWHERE users.id > '5'::bigint AND users.id <= '9'::bigint AND (handle IS NULL\n)",
        ),
        (
            "UPDATE app.users AS u SET n = n + 1 RETURNING u.id",
            "UPDATE app.users AS u SET n = n + 1\nWHERE u.id > '5'::bigint AND u.id <= '9'::bigint\nRETURNING u.id",
        ),
        (
            "INSERT INTO s (a) SELECT id FROM t JOIN o ON o.id = t.id WHERE t.n > 1 OR t.m ON CONFLICT (a) DO NOTHING",
            "INSERT INTO s (a) SELECT id FROM t JOIN o ON o.id = t.id\nWHERE t.id > '5'::bigint AND t.id <= '9'::bigint AND (t.n > 1 OR t.m\n)\nON CONFLICT (a) DO NOTHING",
        ),
        (
            "INSERT INTO s SELECT id FROM t ON CONFLICT DO NOTHING",
            "INSERT INTO s SELECT id FROM t\nWHERE t.id > '5'::bigint AND t.id <= '9'::bigint\nON CONFLICT DO NOTHING",
        ),
        (
            "UPDATE t SET a = CASE WHEN x THEN (SELECT y FROM o WHERE o.id = t.o) END",
            "UPDATE t SET a = CASE WHEN x THEN (SELECT y FROM o WHERE o.id = t.o) END\nWHERE t.id > '5'::bigint AND t.id <= '9'::bigint",
        ),
    ];
    for (sql, batch) in cases {
        let (shape, cut) = cut(sql, Dialect::Postgres, &facts);
        assert_eq!(shape.batch(&cut, range), batch);
    }
}

#[test]
fn each_engine_is_asked_in_the_way_in_which_it_seeks() {
    let places = (place(&["a'\\", "7"]), place(&["b", "9"]));
    let range = Range {
        after: Some(&places.0),
        upto: Some(&places.1),
    };
    let cases = [
        (
            Dialect::Postgres,
            [Kind::Cast("text".to_owned()), big()],
            "SELECT t.a::text, t.b::text FROM t WHERE (t.a, t.b) > (E'a''\\\\'::text, '7'::bigint) AND \
             (t.a, t.b) <= ('b'::text, '9'::bigint) ORDER BY t.a, t.b LIMIT 1 OFFSET 499",
        ),
        (
            // MariaDB reads the index from its start for a row comparison.
            Dialect::Mysql,
            [Kind::Text, Kind::Number],
            "SELECT CAST(t.a AS char CHARACTER SET utf8mb4), CAST(t.b AS char CHARACTER SET utf8mb4) FROM t WHERE \
             t.a >= _utf8mb4 X'61275c' AND (t.a > _utf8mb4 X'61275c' OR (t.a = _utf8mb4 X'61275c' AND t.b > 7)) AND \
             t.a <= _utf8mb4 X'62' AND (t.a < _utf8mb4 X'62' OR (t.a = _utf8mb4 X'62' AND t.b <= 9)) \
             ORDER BY t.a, t.b LIMIT 1 OFFSET 499",
        ),
        (
            Dialect::Sqlite,
            [Kind::Quoted, Kind::Quoted],
            "SELECT quote(t.a), quote(t.b) FROM t WHERE (t.a, t.b) > (a'\\, 7) AND (t.a, t.b) <= (b, 9) \
             ORDER BY t.a, t.b LIMIT 1 OFFSET 499",
        ),
    ];
    for (dialect, [a, b], asked) in cases {
        let facts = facts(vec![key(&[("a", a), ("b", b)])]);
        let (_, cut) = cut("UPDATE t SET n = n + 1", dialect, &facts);
        assert_eq!(cut.end_of_batch(range, 500).unwrap(), asked, "{dialect}");
    }
}

#[test]
fn a_key_of_three_columns_is_spelled_out_for_mysql() {
    let columns = ["a", "b", "c"].map(|name| (name, Kind::Number));
    let (shape, cut) = cut("DELETE FROM t", Dialect::Mysql, &facts(vec![key(&columns)]));
    let upto = place(&["1", "2", "3"]);
    let range = Range {
        after: None,
        upto: Some(&upto),
    };
    assert_eq!(
        shape.batch(&cut, range),
        "DELETE FROM t\nWHERE t.a <= 1 AND (t.a < 1 OR (t.a = 1 AND (t.b < 2 OR (t.b = 2 AND t.c <= 3))))"
    );
}

#[test]
fn the_key_is_the_one_that_is_named_else_the_first_that_fits() {
    let two = facts(vec![
        key(&[("id", big())]),
        key(&[("code", Kind::Cast("text".to_owned()))]),
    ]);
    let how = |sql: &str, facts: &Facts, wanted: Option<&[&str]>| {
        let shape = recognise(sql, Dialect::Postgres).unwrap();
        let wanted: Option<Vec<_>> =
            wanted.map(|names| names.iter().map(|name| Ident::folded(name)).collect());
        match choose(&shape, facts, wanted.as_deref(), Dialect::Postgres) {
            Ok(None) => "whole".to_owned(),
            Ok(Some(cut)) => cut.how,
            Err(why) => why.to_string(),
        }
    };
    let unfit = facts(vec![key(&[(
        "id",
        Kind::Unfit("compared without case".to_owned()),
    )])]);
    let paged = Facts {
        rows: Rows::Pages {
            count: 10,
            file: "1".to_owned(),
        },
        ..facts(Vec::new())
    };
    let cases: [(&str, &Facts, Option<&[&str]>, &str); 12] = [
        ("UPDATE t SET n = 1", &two, None, "by key (id)"),
        ("UPDATE t SET id = t.id", &two, None, "by key (id)"),
        ("UPDATE t SET n = 1", &two, Some(&["code"]), "by key (code)"),
        (
            "UPDATE t SET n = 1",
            &two,
            Some(&["n"]),
            "`key=n` is no unique key of `t` whose columns are NOT NULL; there is key=id and key=code",
        ),
        ("UPDATE t SET id = id + 1", &two, None, "by key (code)"),
        (
            "UPDATE t SET id = id + 1",
            &facts(vec![key(&[("id", big())])]),
            None,
            "it changes `id`",
        ),
        (
            "INSERT INTO s (id) SELECT id FROM t",
            &two,
            None,
            "by key (id)",
        ),
        ("UPDATE t SET n = 1 WHERE id = 7 AND m", &two, None, "whole"),
        (
            "UPDATE t SET n = 1 WHERE id = 7 OR m",
            &two,
            None,
            "by key (id)",
        ),
        (
            "UPDATE t SET n = 1",
            &unfit,
            None,
            "`id` of its key is compared without case",
        ),
        (
            "UPDATE t SET n = m WHERE n IS NULL",
            &paged,
            None,
            "by page of its file (ctid)",
        ),
        (
            "UPDATE t SET n = n + 1",
            &paged,
            None,
            "its condition does not tell",
        ),
    ];
    for (sql, facts, wanted, expected) in cases {
        let told = how(sql, facts, wanted);
        assert!(told.contains(expected), "{sql}: {told}");
    }
}

#[test]
fn pages_end_before_the_next_batch_begins() {
    let paged = Facts {
        rows: Rows::Pages {
            count: 10,
            file: "1".to_owned(),
        },
        estimate: Some(1000),
        keys: Vec::new(),
    };
    let (shape, cut) = cut(
        "UPDATE t SET n = m WHERE n IS NULL",
        Dialect::Postgres,
        &paged,
    );
    let end = place(&["10"]);
    let next = cut.end_of_pages(None, &end, 500).unwrap();
    assert_eq!(next, ["5"]);
    let range = Range {
        after: None,
        upto: Some(&next),
    };
    assert!(
        shape
            .batch(&cut, range)
            .contains("WHERE t.ctid < '(5,0)'::tid AND (n IS NULL\n)")
    );
    let range = Range {
        after: Some(&next),
        upto: Some(&end),
    };
    assert!(
        shape
            .batch(&cut, range)
            .contains("t.ctid >= '(5,0)'::tid AND t.ctid < '(10,0)'::tid")
    );
    assert_eq!(cut.end_of_pages(Some(&next), &end, 500), None);
}

#[test]
fn what_is_left_to_do_is_told_where_it_can_be() {
    let cases = [
        (
            Dialect::Postgres,
            "UPDATE t SET a = b WHERE a IS NULL",
            Some("SELECT count(*)::text FROM t WHERE (a IS NULL\n) AND ((b) IS NOT NULL)"),
        ),
        (
            Dialect::Mysql,
            "UPDATE t SET a = lower(b), c = 1 WHERE d > 2",
            Some(
                "SELECT concat('', count(*)) FROM t WHERE (d > 2\n) AND (NOT (t.a <=> (lower(b))) OR NOT (t.c <=> (1)))",
            ),
        ),
        (
            Dialect::Sqlite,
            "UPDATE t SET a = b",
            Some("SELECT CAST(count(*) AS text) FROM t WHERE t.a IS NOT (b)"),
        ),
        // The value is another one each time, but a row that has one is done.
        (
            Dialect::Postgres,
            "UPDATE t SET token = gen_random_uuid() WHERE token IS NULL",
            Some(
                "SELECT count(*)::text FROM t WHERE (token IS NULL\n) AND ((gen_random_uuid()) IS NOT NULL)",
            ),
        ),
        (
            Dialect::Postgres,
            "DELETE FROM t WHERE gone",
            Some("SELECT count(*)::text FROM t WHERE gone"),
        ),
        (Dialect::Postgres, "UPDATE t SET n = n + 1", None),
        (
            Dialect::Postgres,
            "UPDATE t SET token = gen_random_uuid()",
            None,
        ),
        (Dialect::Postgres, "UPDATE t SET a = DEFAULT", None),
        (
            Dialect::Postgres,
            "UPDATE t SET a = o.b FROM o WHERE o.id = t.o AND t.a IS NULL",
            None,
        ),
        (
            Dialect::Postgres,
            "UPDATE t SET (a, b) = (SELECT c, d FROM o)",
            None,
        ),
        (Dialect::Postgres, "INSERT INTO s SELECT id FROM t", None),
        (
            Dialect::Postgres,
            "INSERT INTO s SELECT id FROM t WHERE NOT EXISTS (SELECT FROM s WHERE s.id = t.id)",
            Some("SELECT count(*)::text FROM t WHERE NOT EXISTS (SELECT FROM s WHERE s.id = t.id)"),
        ),
    ];
    for (dialect, sql, expected) in cases {
        let shape = recognise(sql, dialect).unwrap();
        assert_eq!(shape.remaining().as_deref(), expected, "{sql}");
    }
}
