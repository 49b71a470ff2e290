//! A release is tested in its slot before traffic may come to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::application::{Application, answer};
use crate::world::{ENGINES, Engine, Said, World};

/// v1 is live in blue, and v2 staged in green, whose address is `url`; `checks` are what it is asked.
fn staged(engine: Engine, url: &str, checks: &str) -> World {
    let world = World::new(engine, "smoke");
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    let patience = "[smoke]\nbackoff = \"1ms\"\n";
    world.write(
        "bgmigrate.toml",
        &format!("{config}[slots.blue]\n[slots.green]\nurl = \"{url}\"\n{patience}{checks}"),
    );
    world.write("live", "blue\n");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "release record v2 --slot green");
    world
}

const UP: &str = "[[smoke.http]]\npath = \"/up\"\n";

#[test]
fn traffic_comes_only_to_a_release_that_was_tested_where_it_is() {
    for engine in ENGINES {
        let application = Application::start(|_| answer(200, "{}"));
        let world = staged(engine, &application.url, UP);
        let refused = world.expect(3, "cutover --to green").answer;
        assert!(
            refused.contains("the smoke test has not passed since v2 was deployed there")
                && refused.contains("bgmigrate smoke --slot green"),
            "{refused}"
        );
        let said = world.expect(0, "smoke --slot green");
        assert!(
            said.answer.contains("v2 in green of app: 1 check passed"),
            "{}",
            said.answer
        );
        assert_eq!(application.lines(), ["GET /up"]);
        world.expect(0, "gate cutover --to green");

        // The same version deployed again is another deployment.
        world.expect(0, "release record v2 --slot green");
        world.expect(3, "gate cutover --to green");
        world.expect(0, "smoke --slot green");
        world.expect(0, "cutover --to green");
        // The way back needs none.
        world.expect(0, "rollback");
        world.expect(3, "gate cutover --to green");
        world.expect(0, "status --check");
    }
}

#[test]
fn a_failed_test_takes_back_one_that_passed_and_says_what_came() {
    let well = Arc::new(AtomicUsize::new(1));
    let told = Arc::clone(&well);
    let application = Application::start(move |_| match told.load(Ordering::SeqCst) {
        0 => answer(503, "{\"status\":\"starting\"}"),
        _ => answer(200, "{\"status\":\"ok\"}"),
    });
    let world = staged(Engine::Sqlite, &application.url, UP);
    world.expect(0, "smoke --slot green");
    world.expect(0, "gate cutover --to green");
    well.store(0, Ordering::SeqCst);
    let failed = world.expect(5, "smoke --slot green").answer;
    assert!(failed.contains("failed GET /up"), "{failed}");
    assert!(failed.contains("attempt 5"), "{failed}");
    assert!(failed.contains("  expected the status 2xx\n"), "{failed}");
    assert!(failed.contains("  got 503, and the body"), "{failed}");
    world.expect(3, "gate cutover --to green");
    let history = world.expect(0, "history").answer;
    assert!(history.contains("v2, green of app, passed"), "{history}");
    assert!(
        history.contains("v2, green of app, failed: GET /up"),
        "{history}"
    );
}

#[test]
fn an_application_that_needs_its_time_is_asked_again() {
    let application = Application::start({
        let mut so_far = 0;
        move |_| {
            so_far += 1;
            if so_far < 4 {
                String::new()
            } else {
                answer(200, "")
            }
        }
    });
    let world = staged(Engine::Sqlite, &application.url, UP);
    let said = world.expect(0, "--verbose smoke --slot green");
    assert!(said.answer.contains("attempt 4"), "{}", said.answer);
    assert_eq!(
        said.talk.matches("GET /up: attempt ").count(),
        3,
        "{}",
        said.talk
    );
    assert_eq!(application.lines().len(), 4);
}

#[test]
fn what_is_sent_and_expected_may_name_the_version_and_the_slot() {
    let application = Application::start(|question| {
        let version = if question.headers.contains("x-of: green") {
            "v2"
        } else {
            "?"
        };
        answer(
            200,
            &format!("{{\"version\":\"{version}\",\"sent\":{}}}", question.body),
        )
    });
    let checks = "[[smoke.http]]\nname = \"it is the version that was recorded\"\npath = \"/echo?of=${BGMIGRATE_VERSION}\"\n\
                  body = '\"${BGMIGRATE_SERVICE}\"'\nheaders = { X-Of = \"${BGMIGRATE_SLOT}\" }\n\
                  [smoke.http.expect]\nheaders = { content-type = \"application/json\" }\n\
                  json = { \"/version\" = \"${BGMIGRATE_VERSION}\", \"/sent\" = \"app\" }\n";
    let world = staged(Engine::Sqlite, &application.url, checks);
    world.expect(0, "smoke --slot green");
    assert_eq!(application.lines(), ["POST /echo?of=v2"]);
    world.expect(0, "release record v3 --slot green");
    let failed = world.expect(5, "smoke --slot green").answer;
    assert!(
        failed.contains("expected `/version` of the JSON body to be \"v3\"\n  got \"v2\""),
        "{failed}"
    );
}

#[test]
fn a_slot_that_does_not_answer_fails_with_the_reason() {
    let hanging = Application::start(|_| {
        std::thread::park();
        String::new()
    });
    let closing = Application::start(|_| String::new());
    let broken = Application::start(|_| "NOT HTTP\r\n\r\n".to_owned());
    let cut =
        Application::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned());
    let cases = [
        (Application::nobody(), "the connection was refused"),
        (hanging.url, "no answer within 300 ms"),
        (closing.url, "the connection broke"),
        (broken.url, "got "),
        (cut.url, "got "),
    ];
    for (url, told) in cases {
        let checks = format!("{UP}timeout = \"300ms\"\nattempts = 1\n");
        let world = staged(Engine::Sqlite, &url, &checks);
        let failed = world.expect(5, "smoke --slot green").answer;
        assert!(
            failed.contains(&format!("an answer from {url}/up")),
            "{failed}"
        );
        assert!(failed.contains(told), "{failed}");
    }
}

#[test]
fn a_redirection_is_an_answer_and_no_proxy_is_asked() {
    let application = Application::start(|_| {
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            .to_owned()
    });
    let checks = format!(
        "{UP}expect.status = 302\nexpect.headers = {{ Location = \"http://127.0.0.1:1/\" }}\n"
    );
    let world = staged(Engine::Sqlite, &application.url, &checks);
    let mut command = world.command(&["smoke", "--slot", "green"]);
    let nobody = Application::nobody();
    command.env("http_proxy", &nobody).env("ALL_PROXY", &nobody);
    let said = crate::world::said(&command.output().unwrap());
    assert_eq!(said.status, 0, "{}{}", said.answer, said.talk);
}

#[test]
fn over_tls_only_those_are_believed_that_shall_be() {
    let name = "app.example.org";
    let secure = || Application::start_secure(name, |_| answer(200, ""));
    let test = |application: &Application, pem: &str, tls: &str| -> Said {
        let checks = format!("[[smoke.http]]\npath = \"/\"\nattempts = 1\n[smoke.tls]\n{tls}");
        let world = staged(Engine::Sqlite, &application.url, &checks);
        world.write("ca.pem", pem);
        world.run(&["smoke", "--slot", "green"])
    };
    let named = "ca_file = \"ca.pem\"\nserver_name = \"app.example.org\"\n";
    let (application, pem) = secure();
    let believed = test(&application, &pem, named);
    assert_eq!(believed.status, 0, "{}{}", believed.answer, believed.talk);
    let asked = application.asked.lock().unwrap()[0].headers.clone();
    assert!(asked.contains("host: app.example.org:"), "{asked}");

    let (_, another) = secure();
    let cases = [
        (pem.as_str(), "", "the system does not know it"),
        (
            pem.as_str(),
            "ca_file = \"ca.pem\"\n",
            "it is not for 127.0.0.1",
        ),
        (another.as_str(), named, "another authority"),
        ("no certificate", named, "holds no certificate in PEM form"),
    ];
    for (pem, tls, why) in cases {
        let said = test(&application, pem, tls);
        assert_eq!(said.status, 5, "{why}: {}{}", said.answer, said.talk);
        assert!(!said.talk.contains("NOT checked"), "{why}: {}", said.talk);
    }
    let loud = test(&application, "", "insecure = true\n");
    assert_eq!(loud.status, 0, "{}{}", loud.answer, loud.talk);
    assert!(
        loud.talk.contains("certificates are NOT checked"),
        "{}",
        loud.talk
    );
}

#[test]
fn a_command_is_told_what_to_test_and_fails_by_its_status() {
    let checks = "[[smoke.command]]\nname = \"suite\"\n\
                  run = \"echo $BGMIGRATE_SERVICE $BGMIGRATE_SLOT $BGMIGRATE_VERSION $BGMIGRATE_URL > told; ./suite.sh\"\n";
    let world = staged(Engine::Sqlite, "http://10.0.0.1:8080", checks);
    let suite = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        world.write("suite.sh", text);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(world.path("suite.sh"), mode).unwrap();
    };
    suite("#!/bin/sh\nexit 0\n");
    world.expect(0, "smoke --slot green");
    let told = std::fs::read_to_string(world.path("told")).unwrap();
    assert_eq!(told, "app green v2 http://10.0.0.1:8080\n");
    suite("#!/bin/sh\necho '3 of 4 passed'; echo 'orders: no answer' >&2\nexit 7\n");
    let failed = world.expect(5, "smoke --slot green").answer;
    assert!(
        failed.contains("got exit status: 7: orders: no answer"),
        "{failed}"
    );
}

#[test]
fn a_command_that_does_not_end_is_ended() {
    let checks = "[[smoke.command]]\nrun = [\"sleep\", \"600\"]\ntimeout = \"200ms\"\n";
    let world = staged(Engine::Sqlite, "http://unused", checks);
    let failed = world.expect(5, "smoke --slot green").answer;
    assert!(
        failed.contains("it had not ended within 200 ms"),
        "{failed}"
    );
}

#[test]
fn the_checks_of_migrations_belong_to_it() {
    for engine in ENGINES {
        let application = Application::start(|_| answer(200, ""));
        let world = staged(engine, &application.url, UP);
        world.migration(
            "0002_fill",
            "-- bgmigrate: check=\"SELECT id FROM users WHERE id > 5\"\nUPDATE users SET id = id WHERE id > 0;",
        );
        world.expect(0, "apply");
        // v2 was built without the migration: its check is none of its business.
        let said = world.expect(0, "smoke --slot green").answer;
        assert!(!said.contains("0002_fill"), "{said}");
        world.expect(0, "release record v3 --slot green");
        let said = world.expect(0, "smoke --slot green").answer;
        assert!(said.contains("passed check of 0002_fill"), "{said}");
        world.sql("INSERT INTO users VALUES (7)");
        let failed = world.expect(5, "smoke --slot green").answer;
        assert!(
            failed.contains("failed check of 0002_fill") && failed.contains("got it finds 7"),
            "{failed}"
        );
    }
}

#[test]
fn what_is_deployed_while_it_runs_was_not_tested() {
    let world = Arc::new(std::sync::OnceLock::<World>::new());
    let inside = Arc::clone(&world);
    let application = Application::start(move |_| {
        inside
            .get()
            .unwrap()
            .expect(0, "release record v3 --slot green");
        answer(200, "")
    });
    let world = world.get_or_init(|| staged(Engine::Postgres, &application.url, UP));
    let refused = world.expect(3, "smoke --slot green").answer;
    assert!(
        refused.contains("the slot has changed since v2 was tested there: it holds v3, staged"),
        "{refused}"
    );
    world.expect(3, "gate cutover --to green");
}

#[test]
fn what_cannot_be_tested_is_told_with_the_way_out() {
    let world = staged(Engine::Sqlite, "${NOWHERE}", UP);
    let said = world.expect(2, "smoke --slot green").talk;
    assert!(
        said.contains(
            "the `url` of the slot `green`: the environment variable `NOWHERE` is not set"
        ),
        "{said}"
    );
    let said = world.expect(2, "smoke --slot blue").talk;
    assert!(
        said.contains("write `url = \"http://…\"` below `[slots.blue]`"),
        "{said}"
    );
    let said = world.expect(2, "smoke --slot white").talk;
    assert!(said.contains("there is no slot `white`"), "{said}");

    let world = staged(Engine::Sqlite, "http://unused", "");
    let said = world.expect(2, "smoke --slot green").talk;
    assert!(
        said.contains("write `[[smoke.http]]` or `[[smoke.command]]`"),
        "{said}"
    );
    // Nothing is asked for where nothing is configured.
    world.expect(0, "gate cutover --to green");
    world.expect(0, "retire green");
    let refused = world.expect(3, "smoke --slot green").answer;
    assert!(
        refused.contains("no release is recorded there"),
        "{refused}"
    );
}

#[test]
fn the_result_comes_in_the_formats_of_those_who_read_it() {
    let application = Application::start(|question| match question.line.as_str() {
        "GET /up" => answer(200, ""),
        _ => answer(500, "a <b> & \"c\" | 50%"),
    });
    let checks = "attempts = 1\n[[smoke.http]]\npath = \"/up\"\n[[smoke.http]]\nname = \"the <orders>\"\npath = \"/orders\"\n";
    let world = staged(Engine::Sqlite, &application.url, checks);
    let said = world.expect(5, "smoke --slot green --format json").answer;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["passed"], false);
    assert_eq!(
        (&said["release"], &said["slot"]),
        (&"v2".into(), &"green".into())
    );
    assert_eq!(said["checks"][0]["passed"], true);
    assert_eq!(
        said["checks"][1]["mismatches"][0]["expected"],
        "the status 2xx"
    );

    let junit = world.expect(5, "smoke --slot green --format junit").answer;
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    assert!(junit.contains("name=\"the &lt;orders&gt;\""), "{junit}");
    let markdown = world
        .expect(5, "smoke --slot green --format markdown")
        .answer;
    assert!(
        markdown.contains("| the <orders> | **failed** | the status 2xx | 500"),
        "{markdown}"
    );
    assert!(markdown.contains("\\| 50%"), "{markdown}");
    let github = world.expect(5, "smoke --slot green --format github").answer;
    assert!(
        github.starts_with("::error title=smoke test of green of app%3A the <orders>::expected"),
        "{github}"
    );
    assert!(github.contains("50%25"), "{github}");

    // A format that there is not leaves no trace.
    let before = world.expect(0, "history --format json").answer;
    world.expect(2, "smoke --slot green --format sarif");
    assert_eq!(world.expect(0, "history --format json").answer, before);
}
