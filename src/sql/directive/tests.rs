use super::*;
use crate::sql::split::split;
use Dialect::{Mysql, Postgres, Sqlite};

fn read(text: &str, dialect: Dialect) -> (Vec<Placed>, Vec<DirectiveError>) {
    let within = Span::new(0, text.len());
    directives(text, &split(text, within, dialect), within, dialect)
}

/// The only directive of this line, above a statement.
fn one(line: &str) -> Directive {
    let text = format!("-- bgmigrate: {line}\nSELECT 1");
    let (mut placed, errors) = read(&text, Postgres);
    assert_eq!(errors, [], "{line}");
    assert_eq!(placed.len(), 1, "{line}");
    placed.remove(0).directive
}

fn sync(table: &str, old: &[(&str, Option<&str>)], new: &[(&str, Option<&str>)]) -> Directive {
    let parts = |side: &[(&str, Option<&str>)]| {
        let parts = side.iter().map(|(column, value)| Part {
            column: Ident::folded(column),
            value: value.map(str::to_owned),
        });
        parts.collect()
    };
    Directive::Sync(Box::new(Pair {
        table: Name::bare(Ident::folded(table)),
        old: parts(old),
        new: parts(new),
    }))
}

#[test]
fn each_directive_is_read() {
    let reason = || "because \"x\"".to_owned();
    let rule = |name: &str, start| RuleName {
        rule: name.to_owned(),
        span: Span::new(start, start + name.len()),
    };
    let cases = [
        (
            r#"phase=expand reason="because \"x\"""#,
            Directive::Phase {
                phase: Phase::Expand,
                reason: reason(),
            },
        ),
        (
            r#"reason="because \"x\"" phase=contract"#,
            Directive::Phase {
                phase: Phase::Contract,
                reason: reason(),
            },
        ),
        (
            r#"allow=drop-column,rename-table reason="because \"x\"""#,
            Directive::Allow {
                rules: vec![rule("drop-column", 20), rule("rename-table", 32)],
                reason: reason(),
            },
        ),
        (
            r#"allow="drop-column, a" reason="because \"x\"""#,
            Directive::Allow {
                rules: vec![rule("drop-column", 21), rule("a", 34)],
                reason: reason(),
            },
        ),
        (
            "unused-since=v2.4.0-rc1",
            Directive::UnusedSince {
                version: "v2.4.0-rc1".to_owned(),
            },
        ),
        ("after-cutover", Directive::AfterCutover),
        ("transaction=off", Directive::TransactionOff),
        ("batch=off", Directive::Batch(Batch::Off)),
        (
            "batch=5000",
            Directive::Batch(Batch::Rows(5000.try_into().unwrap())),
        ),
        ("key=ID", Directive::Key(vec![Ident::folded("id")])),
        (
            "key=tenant,id",
            Directive::Key(vec![Ident::folded("tenant"), Ident::folded("id")]),
        ),
        (
            r#"check="SELECT 1 FROM users WHERE handle = 'a' || '\\'""#,
            Directive::Check {
                query: r"SELECT 1 FROM users WHERE handle = 'a' || '\'".to_owned(),
            },
        ),
        (
            "sync=users.username<->public.users.handle",
            sync("users", &[("username", None)], &[("handle", None)]),
        ),
        (
            r#"sync="users.name = concat(first, ' ', last) <-> users.first = f(name, 1), last = f(name, 2)""#,
            sync(
                "users",
                &[("name", Some("concat(first, ' ', last)"))],
                &[("first", Some("f(name, 1)")), ("last", Some("f(name, 2)"))],
            ),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(one(line), expected, "{line}");
    }
}

#[test]
fn one_line_may_hold_several_directives() {
    let text = "-- bgmigrate: batch=100 key=id   after-cutover \r\nUPDATE t SET a = 1";
    let (placed, errors) = read(text, Postgres);
    assert_eq!(errors, []);
    let spans: Vec<_> = placed.iter().map(|placed| placed.span.of(text)).collect();
    assert_eq!(spans, ["batch=100", "key=id", "after-cutover"]);
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let cases = [
        (
            "-- bgmigrate:",
            "",
            "`bgmigrate:` says nothing; the directives are phase, allow, unused-since, after-cutover, transaction, batch, key, check, sync",
        ),
        (
            "-- bgmigrate: phse=expand",
            "phse=expand",
            "unknown directive `phse`; did you mean `phase`?",
        ),
        (
            "-- bgmigrate: unused_since=2",
            "unused_since=2",
            "unknown directive `unused_since`; did you mean `unused-since`?",
        ),
        (
            "-- bgmigrate: Allow=x",
            "Allow=x",
            "unknown directive `Allow`; did you mean `allow`?",
        ),
        (
            "-- bgmigrate: frobnicate",
            "frobnicate",
            "unknown directive `frobnicate`; the directives are phase, allow, unused-since, after-cutover, transaction, batch, key, check, sync",
        ),
        (
            "-- bgmigrate: phase",
            "phase",
            "`phase` needs a value: phase=expand, phase=migrate or phase=contract",
        ),
        (
            "-- bgmigrate: unused-since=",
            "unused-since=",
            "`unused-since` needs a value: unused-since=VERSION",
        ),
        (
            "-- bgmigrate: phase=neutral reason=\"x\"",
            "phase=neutral",
            "`neutral` is no value for `phase`; write phase=expand, phase=migrate or phase=contract",
        ),
        (
            "-- bgmigrate: allow=a,,b reason=x",
            "allow=a,,b",
            "`a,,b` is no value for `allow`; write allow=RULE or allow=RULE,RULE",
        ),
        (
            "-- bgmigrate: transaction=on",
            "transaction=on",
            "`on` is no value for `transaction`; write transaction=off",
        ),
        (
            "-- bgmigrate: batch=0",
            "batch=0",
            "`0` is no value for `batch`; write batch=ROWS or batch=off",
        ),
        (
            "-- bgmigrate: key=a,",
            "key=a,",
            "`a,` is no value for `key`; write key=COLUMN or key=COLUMN,COLUMN",
        ),
        (
            "-- bgmigrate: sync=a.b<-c.d",
            "sync=a.b<-c.d",
            "`a.b<-c.d` is no value for `sync`; write sync=TABLE.OLD<->TABLE.NEW",
        ),
        (
            "-- bgmigrate: sync=a<->b.c",
            "sync=a<->b.c",
            "`a<->b.c` is no value for `sync`; write sync=TABLE.OLD<->TABLE.NEW",
        ),
        (
            "-- bgmigrate: sync=a.b<->c.d",
            "sync=a.b<->c.d",
            "`sync` keeps columns of one table in step, and these are of `a` and `c`; `bgmigrate new split-table` writes \
             the triggers between two tables",
        ),
        (
            "-- bgmigrate: sync=a.b<->a.c,d",
            "sync=a.b<->a.c,d",
            "nothing tells what `b` is in terms of the other side: write `b = EXPRESSION` for each column of both sides, in \
             quotes: sync=\"TABLE.OLD = EXPRESSION <-> TABLE.NEW = EXPRESSION\"",
        ),
        (
            "-- bgmigrate: after-cutover=yes",
            "after-cutover=yes",
            "`after-cutover` takes no value",
        ),
        (
            "-- bgmigrate: allow=drop-column",
            "allow=drop-column",
            "`allow` needs a reason on the same line: reason=\"…\"",
        ),
        (
            "-- bgmigrate: phase=expand reason=\" \"",
            "phase=expand",
            "`phase` needs a reason on the same line: reason=\"…\"",
        ),
        (
            "-- bgmigrate: reason=\"x\"",
            "reason=\"x\"",
            "`reason` belongs to a `phase` or an `allow` on the same line",
        ),
        (
            "-- bgmigrate: batch=1 batch=2",
            "batch=2",
            "`batch` stands twice on this line",
        ),
        (
            "-- bgmigrate: check=\"SELECT 1 ",
            "check=\"SELECT 1",
            "the quote that opens the value of `check` is never closed on this line",
        ),
        (
            "-- bgmigrate allow=x reason=\"y\"",
            "-- bgmigrate allow=x reason=\"y\"",
            "`bgmigrate` needs a colon to be a directive: `-- bgmigrate: allow=x reason=\"y\"`",
        ),
        (
            "-- bgmigrate after-cutover",
            "-- bgmigrate after-cutover",
            "`bgmigrate` needs a colon to be a directive: `-- bgmigrate: after-cutover`",
        ),
        (
            "/* bgmigrate: after-cutover */",
            "/* bgmigrate: after-cutover */",
            "a directive stands in a line comment: `-- bgmigrate: …`",
        ),
    ];
    for (line, place, message) in cases {
        let text = format!("SELECT 0;\n{line}\nSELECT 1;");
        let (_, errors) = read(&text, Postgres);
        assert_eq!(errors.len(), 1, "{line}: {errors:?}");
        assert_eq!(errors[0].span.of(&text), place, "{line}");
        assert_eq!(errors[0].to_string(), message, "{line}");
    }
}

#[test]
fn prose_about_the_tool_is_no_directive() {
    for line in [
        "-- bgmigrate is a tool",
        "-- see bgmigrate: allow=x",
        "-- bgmigrate's phase=expand",
        "-- bgmigrated: x",
        "-- phase=expand",
    ] {
        assert_eq!(
            read(&format!("{line}\nSELECT 1"), Postgres),
            (vec![], vec![]),
            "{line}"
        );
    }
    assert_eq!(
        read("SELECT '-- bgmigrate: nonsense'", Postgres),
        (vec![], vec![])
    );
}

#[test]
fn a_directive_speaks_for_the_statement_below_or_for_the_file() {
    use Target::{File, Statement};
    let d = "-- bgmigrate: after-cutover\n";
    let cases = [
        (
            Postgres,
            format!("{d}SELECT 1; SELECT 2"),
            vec![Statement(0)],
        ),
        (Postgres, format!("\u{feff}{d}\nSELECT 1"), vec![File]),
        (
            Postgres,
            format!("{d}\r\n  \r\n{d}-- more\nSELECT 1"),
            vec![File, Statement(0)],
        ),
        (
            Postgres,
            format!("{d}-- prose\n\n-- more\nSELECT 1"),
            vec![File],
        ),
        (
            Postgres,
            format!("{d}-- prose\n/* more\n\n */ SELECT 1"),
            vec![Statement(0)],
        ),
        (
            Postgres,
            format!("SELECT 1;\n  {d}SELECT 2;\n{d}\nSELECT 3"),
            vec![Statement(1), Statement(2)],
        ),
        (
            Sqlite,
            format!("SELECT 1;--> statement-breakpoint\n{d}SELECT 2"),
            vec![Statement(1)],
        ),
        (
            Mysql,
            format!("{}SELECT 1", d.replace("--", "#")),
            vec![Statement(0)],
        ),
        // The delimiter is the client's: what stands above it is for the statement below it.
        (
            Mysql,
            format!("{d}DELIMITER $$\nSELECT 1$$\n{d}\nDELIMITER ;\nSELECT 2"),
            vec![Statement(1), Statement(3)],
        ),
        (Mysql, format!("{d}\nDELIMITER $$\nSELECT 1$$"), vec![File]),
        (Mysql, format!("DELIMITER $$\n{d}\nSELECT 1$$"), vec![File]),
        (
            Postgres,
            format!("{d}\\i other.sql\nSELECT 1"),
            vec![Statement(0)],
        ),
    ];
    for (dialect, text, expected) in cases {
        let (placed, errors) = read(&text, dialect);
        assert_eq!(errors, [], "{text}");
        assert_eq!(
            placed
                .iter()
                .map(|placed| placed.target)
                .collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_directive_that_binds_to_nothing_is_an_error() {
    let d = "-- bgmigrate: after-cutover\n";
    let cases = [
        (format!("SELECT 1;\n{d}"), Mistake::NothingFollows),
        (d.to_owned(), Mistake::NothingFollows),
        (format!("SELECT 1; {d}SELECT 2"), Mistake::NotAlone),
        (format!("SELECT 1,\n{d}2"), Mistake::InsideStatement),
    ];
    for (text, expected) in cases {
        let (placed, errors) = read(&text, Postgres);
        assert_eq!(placed, [], "{text}");
        assert_eq!(
            errors
                .into_iter()
                .map(|error| error.mistake)
                .collect::<Vec<_>>(),
            [expected],
            "{text}"
        );
    }
}

#[test]
fn what_stands_above_the_way_up_is_for_the_file() {
    let text = "-- bgmigrate: after-cutover\n-- +up\n-- bgmigrate: batch=off\nSELECT 1;\n-- +down\n-- bgmigrate: x\nSELECT 2;";
    let within = Span::new(
        text.find("-- bgmigrate: batch").unwrap(),
        text.find("-- +down").unwrap(),
    );
    let (placed, errors) = directives(text, &split(text, within, Postgres), within, Postgres);
    assert_eq!(errors, []);
    let targets: Vec<_> = placed
        .into_iter()
        .map(|placed| (placed.directive, placed.target))
        .collect();
    assert_eq!(
        targets,
        [
            (Directive::AfterCutover, Target::File),
            (Directive::Batch(Batch::Off), Target::Statement(0))
        ],
    );
    let down = Span::new(text.find("-- bgmigrate: x").unwrap(), text.len());
    let (_, errors) = directives(text, &split(text, down, Postgres), down, Postgres);
    assert_eq!(
        errors.len(),
        1,
        "the down part's own, and nothing of the up part before it"
    );
}
