//! What the story needs: PostgreSQL, `HAProxy` before two slots, and a team's folder.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use bgmigrate::scratch::{Home, Keeper, find_program};

use crate::application::{Application, Release};
use crate::servers;

/// Everything that runs.
pub(crate) struct Stage {
    pub(crate) database: String,
    /// Where clients ask.
    pub(crate) address: String,
    slots: [u16; 2],
    _haproxy: Keeper,
    home: Home,
}

/// A port that nobody has now. A slot's address is fixed before anything runs there.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Stage {
    pub(crate) fn new() -> Self {
        let database = servers::postgres().url("story");
        let home = Home::make(&["nobody"]).unwrap();
        let at = home.path().display().to_string();
        let (front, slots) = (free_port(), [free_port(), free_port()]);
        let [blue, green] = slots;
        let config = home.path().join("haproxy.cfg");
        fs::write(
            &config,
            format!(
                "global\n  stats socket {at}/admin.sock mode 660 level admin\n  server-state-file {at}/servers.state\n\
                 defaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n\
                 \x20 load-server-state-from-file global\n\
                 frontend web\n  bind 127.0.0.1:{front}\n  default_backend app\n\
                 \x20 use_backend app if {{ str(app),map({at}/live.map) -m found }}\n\
                 backend app\n  balance roundrobin\n  option httpchk GET /up\n  default-server check inter 100ms fall 2 rise 1\n\
                 \x20 server blue 127.0.0.1:{blue} weight 100\n  server green 127.0.0.1:{green} weight 0\n"
            ),
        )
        .unwrap();
        fs::write(home.path().join("live.map"), "app blue=100\n").unwrap();
        fs::write(home.path().join("servers.state"), "").unwrap();
        fs::create_dir(home.path().join("migrations")).unwrap();
        fs::write(
            home.path().join("bgmigrate.toml"),
            format!(
                "dialect = \"postgres\"\ndatabase_url = \"{database}\"\nrollback_window = \"1h\"\n\
                 [slots.blue]\nurl = \"http://127.0.0.1:{blue}\"\napplication_name = \"shop-blue\"\n\
                 [slots.green]\nurl = \"http://127.0.0.1:{green}\"\napplication_name = \"shop-green\"\n\
                 [router]\ndriver = \"haproxy\"\nsocket = \"{at}/admin.sock\"\nmap = \"{at}/live.map\"\n\
                 backend = \"app\"\nstate_file = \"{at}/servers.state\"\n\
                 [[smoke.http]]\npath = \"/up\"\nexpect.json = {{ \"/version\" = \"${{BGMIGRATE_VERSION}}\" }}\n\
                 [[hook]]\non = \"after-retire\"\nrun = \"echo $BGMIGRATE_SLOT > torn-down\"\n"
            ),
        )
        .unwrap();
        let program = find_program("haproxy", None, &[PathBuf::from("/usr/sbin")]);
        let program = program.unwrap_or_else(|error| panic!("no HAProxy to test with: {error:#}"));
        let socket = home.path().join("admin.sock");
        let arguments = ["-W", "-db", "-f", config.to_str().unwrap()];
        let (home, haproxy) = home
            .keep(&program, &arguments, |_| socket.exists())
            .unwrap();
        Self {
            database,
            address: format!("127.0.0.1:{front}"),
            slots,
            _haproxy: haproxy,
            home,
        }
    }

    /// Starts a release in a slot.
    pub(crate) fn deploy(&self, release: Release, slot: &str) -> Application {
        let port = self.slots[usize::from(slot == "green")];
        Application::start(release, slot, &self.database, port)
    }

    /// Waits until `HAProxy`'s own checks, ten a second, have seen what was deployed.
    pub(crate) fn haproxy_notices(&self) {
        std::thread::sleep(Duration::from_millis(500));
        let asked = ureq::get(format!("http://{}/up", self.address)).call();
        assert!(asked.is_ok(), "{asked:?}");
    }

    pub(crate) fn migration(&self, name: &str, sql: &str) {
        let file = self.home.path().join("migrations").join(name);
        fs::write(file, sql).unwrap();
    }

    /// The slot that the hook after `retire` was told to tear down.
    pub(crate) fn torn_down(&self) -> String {
        fs::read_to_string(self.home.path().join("torn-down")).unwrap_or_default()
    }

    /// Runs a command of bgmigrate, shows it, and expects this status of it; gives all that it said.
    pub(crate) fn run(&self, line: &str, status: i32) -> String {
        println!("$ bgmigrate {line}");
        let output = self.bgmigrate(&line.split(' ').collect::<Vec<_>>());
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8(said).unwrap();
        for line in said.lines() {
            println!("  {line}");
        }
        assert_eq!(
            output.status.code(),
            Some(status),
            "bgmigrate {line}\n{said}"
        );
        said
    }

    pub(crate) fn bgmigrate(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bgmigrate"))
            .current_dir(self.home.path())
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env_remove("BGMIGRATE_DATABASE_URL")
            .output()
            .unwrap()
    }
}
