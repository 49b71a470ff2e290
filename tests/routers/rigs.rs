//! Real routers before two slots.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bgmigrate::router::{
    Aim, Caddy, Commands, Deadline, Envoy, File, Haproxy, Nginx, Router, Symlink, Targets, Traefik,
};
use bgmigrate::scratch::{Home, Keeper, find_program};

use crate::load::ask_once;
use crate::slots;

/// A router that runs, and the driver for it.
pub(crate) struct Rig {
    pub(crate) name: &'static str,
    /// Where clients ask; `None` where nothing but the driver's own state is there.
    pub(crate) address: Option<String>,
    /// Makes a driver for it, as another run would.
    pub(crate) driver: Box<dyn Fn() -> Box<dyn Router>>,
    /// What reloads it by hand.
    pub(crate) reload: Option<Box<dyn Fn()>>,
    /// The router itself goes first.
    _keeper: Option<Keeper>,
    pub(crate) home: Home,
}

pub(crate) const SLOTS: [&str; 2] = ["blue", "green"];

fn targets(words: [&str; 2]) -> Targets {
    let slots = SLOTS.map(str::to_owned);
    let words = slots
        .iter()
        .cloned()
        .zip(words.map(str::to_owned))
        .collect();
    Targets::of(&slots, &words)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn home() -> Home {
    let home = Home::make(&["www-data", "nobody"]).unwrap();
    // The slots' sockets are ours, and the router runs as another user.
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn program(name: &str) -> PathBuf {
    find_program(name, None, &[PathBuf::from("/usr/sbin")])
        .unwrap_or_else(|error| panic!("no router to test with: {error:#}"))
}

fn started(home: Home, program: &Path, arguments: &[&str], address: &str) -> (Home, Keeper) {
    let ready = |_: &Home| ask_once(address).is_ok();
    home.keep(program, arguments, ready).unwrap()
}

/// `HAProxy`, whose map chooses the backend.
pub(crate) fn haproxy_map() -> Rig {
    haproxy("haproxy map", false)
}

/// `HAProxy`, whose servers have weights.
pub(crate) fn haproxy_weights() -> Rig {
    haproxy("haproxy weights", true)
}

fn haproxy(name: &'static str, weighted: bool) -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let port = free_port();
    let at = folder.display();
    let [blue, green] = SLOTS.map(slots::on_tcp);
    let route = if weighted {
        format!(
            "use_backend app if {{ str(app),map({at}/live.map) -m found }}\n  default_backend app\n\
             backend app\n  balance roundrobin\n  server blue {blue} weight 100\n  server green {green} weight 0\n"
        )
    } else {
        format!(
            "use_backend %[str(app),map({at}/live.map),field(1,:)]\n\
             backend be_blue\n  server one {blue}\nbackend be_green\n  server one {green}\n"
        )
    };
    let state = if weighted {
        format!("  server-state-file {at}/servers.state\n")
    } else {
        String::new()
    };
    let load = if weighted {
        "  load-server-state-from-file global\n"
    } else {
        ""
    };
    fs::write(
        folder.join("haproxy.cfg"),
        format!(
            "global\n  stats socket {at}/admin.sock mode 660 level admin\n{state}\
             defaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n{load}\
             frontend web\n  bind 127.0.0.1:{port}\n  {route}"
        ),
    )
    .unwrap();
    let entry = if weighted {
        "app blue=100:1\n"
    } else {
        "app be_blue:1\n"
    };
    fs::write(
        folder.join("live.map"),
        format!("# what is live\nother be_blue\n{entry}"),
    )
    .unwrap();
    fs::write(folder.join("servers.state"), "").unwrap();
    let address = format!("127.0.0.1:{port}");
    let config = folder.join("haproxy.cfg");
    let arguments = ["-W", "-db", "-f", config.to_str().unwrap()];
    let (home, keeper) = started(home, &program("haproxy"), &arguments, &address);
    let driver = {
        let folder = folder.clone();
        move || {
            let shared = weighted.then(|| ("app".to_owned(), folder.join("servers.state")));
            let words = if weighted {
                SLOTS
            } else {
                ["be_blue", "be_green"]
            };
            Box::new(Haproxy {
                socket: folder.join("admin.sock").display().to_string(),
                map: folder.join("live.map"),
                key: "app".to_owned(),
                shared,
                targets: targets(words),
            }) as Box<dyn Router>
        }
    };
    Rig {
        name,
        address: Some(address),
        driver: Box::new(driver),
        reload: Some(Box::new(move || {
            // The master of the worker that answers: SIGUSR2 reloads it.
            let masters = Command::new("pgrep")
                .args([
                    "-o",
                    "-f",
                    &format!(
                        "^[^ ]*haproxy -W .*{}",
                        folder.join("haproxy.cfg").display()
                    ),
                ])
                .output();
            let master = String::from_utf8(masters.unwrap().stdout).unwrap();
            let sent = Command::new("kill")
                .args(["-USR2", master.trim()])
                .status()
                .unwrap();
            assert!(sent.success());
        })),
        _keeper: Some(keeper),
        home,
    }
}

const NGINX: &str = "daemon off; pid nginx.pid; error_log error.log; worker_processes 2;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
";

/// nginx before a link to the live slot's socket.
pub(crate) fn symlink() -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let port = free_port();
    let sockets = SLOTS.map(|slot| {
        let path = folder.join(format!("{slot}.sock"));
        slots::on_socket(slot, &path);
        path.display().to_string()
    });
    let link = folder.join("live.sock");
    let words = targets([&sockets[0], &sockets[1]]);
    let driver = move || Box::new(Symlink::at(link.clone(), words.clone())) as Box<dyn Router>;
    start_at_blue(&*driver());
    fs::write(
        folder.join("nginx.conf"),
        format!(
            "{NGINX}  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://unix:{}; }} }}\n}}\n",
            folder.join("live.sock").display()
        ),
    )
    .unwrap();
    let address = format!("127.0.0.1:{port}");
    let at = folder.display().to_string();
    let (home, keeper) = started(
        home,
        &program("nginx"),
        &["-p", &at, "-c", "nginx.conf"],
        &address,
    );
    Rig {
        name: "symlink (nginx)",
        address: Some(address),
        driver: Box::new(driver),
        reload: None,
        _keeper: Some(keeper),
        home,
    }
}

/// nginx, reloaded.
pub(crate) fn nginx() -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let port = free_port();
    let [blue, green] = SLOTS.map(slots::on_tcp);
    fs::write(
        folder.join("nginx.conf"),
        format!(
            "{NGINX}  upstream be_blue {{ server {blue}; }}\n  upstream be_green {{ server {green}; }}\n  include live.conf;\n  \
             server {{\n    listen 127.0.0.1:{port};\n    location / {{ proxy_pass http://$bgmigrate_slot; }}\n    \
             location = /.bgmigrate {{ return 200 \"$bgmigrate_state\"; }}\n  }}\n}}\n"
        ),
    )
    .unwrap();
    // As docs/routers.md says to begin.
    fs::write(
        folder.join("live.conf"),
        "map \"\" $bgmigrate_slot { default \"be_blue\"; }\nmap \"\" $bgmigrate_state { default \"blue=100:1\"; }\n",
    )
    .unwrap();
    let address = format!("127.0.0.1:{port}");
    let at = folder.display().to_string();
    let nginx = program("nginx");
    let (home, keeper) = started(home, &nginx, &["-p", &at, "-c", "nginx.conf"], &address);
    let status_url = format!("http://{address}/.bgmigrate");
    let driver = move || {
        let command = |last: &[&str]| {
            let words = [nginx.to_str().unwrap(), "-p", &at, "-c", "nginx.conf"];
            words
                .iter()
                .chain(last)
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        Box::new(Nginx::new(
            folder.join("live.conf"),
            folder.join("nginx.pid"),
            status_url.clone(),
            (command(&["-t"]), command(&["-s", "reload"])),
            targets(["be_blue", "be_green"]),
        )) as Box<dyn Router>
    };
    Rig {
        name: "nginx",
        address: Some(address),
        driver: Box::new(driver),
        reload: None,
        _keeper: Some(keeper),
        home,
    }
}

/// Caddy, which reads the address from a file.
pub(crate) fn caddy() -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let port = free_port();
    let addresses = SLOTS.map(slots::on_tcp);
    let file = folder.join("live");
    let words = targets([&addresses[0], &addresses[1]]);
    let driver = move || Box::new(Caddy::at(file.clone(), words.clone())) as Box<dyn Router>;
    start_at_blue(&*driver());
    let proxy = format!(
        r#"{{"handler":"reverse_proxy","upstreams":[{{"dial":"{{file.{}}}"}}]}}"#,
        folder.join("live").display()
    );
    fs::write(
        folder.join("caddy.json"),
        format!(
            r#"{{"admin":{{"disabled":true}},"apps":{{"http":{{"servers":{{"web":{{"listen":["127.0.0.1:{port}"],
            "automatic_https":{{"disable":true}},"routes":[{{"handle":[{proxy}]}}]}}}}}}}}}}"#
        ),
    )
    .unwrap();
    let address = format!("127.0.0.1:{port}");
    let config = folder.join("caddy.json").display().to_string();
    let caddy = fetched("caddy");
    let (home, keeper) = started(home, &caddy, &["run", "--config", &config], &address);
    Rig {
        name: "caddy",
        address: Some(address),
        driver: Box::new(driver),
        reload: None,
        _keeper: Some(keeper),
        home,
    }
}

/// The routes of Envoy, with its clusters in these shares, by the word of this note.
pub(crate) fn envoy_routes(note: &str, clusters: &str) -> String {
    format!(
        r#"{{"resources": [{{
  "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": "app",
  "request_headers_to_add": [{{"header": {{"key": "x-kept", "value": "yes"}}}}],
  "virtual_hosts": [{{"name": "all", "domains": ["*"], "routes": [
    {{"match": {{"prefix": "/"}}, "metadata": {{"filter_metadata": {{"bgmigrate": {{"state": "{note}"}}}}}}, "route": {{"timeout": "30s", "weighted_clusters": {{"clusters": [{clusters}]}}}}}}]}}]}}]}}"#
    )
}

/// Envoy, whose routes are in a file.
pub(crate) fn envoy() -> Rig {
    envoy_calling(["be_blue", "be_green"])
}

/// The same with a driver that calls the clusters so.
pub(crate) fn envoy_calling(words: [&'static str; 2]) -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let (port, admin) = (free_port(), free_port());
    let cluster = |slot: &str, address: String| {
        let (host, port) = address.split_once(':').unwrap();
        format!(
            r#"{{"name": "be_{slot}", "type": "STATIC", "connect_timeout": "2s", "load_assignment": {{"cluster_name": "be_{slot}",
            "endpoints": [{{"lb_endpoints": [{{"endpoint": {{"address": {{"socket_address": {{"address": "{host}", "port_value": {port}}}}}}}}}]}}]}}}}"#
        )
    };
    let clusters = SLOTS.map(|slot| cluster(slot, slots::on_tcp(slot)));
    fs::write(
        folder.join("live.json"),
        // As docs/routers.md says to begin.
        envoy_routes(
            "blue=100:1",
            r#"{"name": "be_blue", "weight": 100}, {"name": "be_green", "weight": 0}"#,
        ),
    )
    .unwrap();
    let at = folder.display();
    fs::write(
        folder.join("envoy.json"),
        format!(
            r#"{{"node": {{"id": "one", "cluster": "tests"}},
"admin": {{"address": {{"socket_address": {{"address": "127.0.0.1", "port_value": {admin}}}}}}},
"static_resources": {{
  "listeners": [{{"name": "web", "address": {{"socket_address": {{"address": "127.0.0.1", "port_value": {port}}}}},
    "filter_chains": [{{"filters": [{{"name": "envoy.filters.network.http_connection_manager", "typed_config": {{
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "stat_prefix": "web",
      "http_filters": [{{"name": "envoy.filters.http.router", "typed_config": {{"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}}}],
      "rds": {{"route_config_name": "app", "config_source": {{"path_config_source": {{"path": "{at}/live.json"}}, "resource_api_version": "V3"}}}}}}}}]}}]}}],
  "clusters": [{}]}}}}"#,
            clusters.join(", ")
        ),
    )
    .unwrap();
    let address = format!("127.0.0.1:{port}");
    let config = folder.join("envoy.json").display().to_string();
    let arguments = ["-c", &config, "--concurrency", "2", "--use-dynamic-base-id"];
    let (home, keeper) = started(home, &fetched("envoy"), &arguments, &address);
    let driver = move || {
        Box::new(Envoy {
            rds_file: folder.join("live.json"),
            admin: format!("http://127.0.0.1:{admin}"),
            targets: targets(words),
        }) as Box<dyn Router>
    };
    Rig {
        name: "envoy",
        address: Some(address),
        driver: Box::new(driver),
        reload: None,
        _keeper: Some(keeper),
        home,
    }
}

/// Traefik, whose weighted service is in a file.
pub(crate) fn traefik() -> Rig {
    traefik_calling(["be_blue", "be_green"])
}

/// The same with a driver that calls the services so.
pub(crate) fn traefik_calling(words: [&'static str; 2]) -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    let (port, api) = (free_port(), free_port());
    let at = folder.display();
    let [blue, green] = SLOTS.map(slots::on_tcp);
    fs::create_dir(folder.join("dynamic")).unwrap();
    fs::write(
        folder.join("traefik.yml"),
        format!(
            "entryPoints:\n  web:\n    address: 127.0.0.1:{port}\n  traefik:\n    address: 127.0.0.1:{api}\n\
             api:\n  insecure: true\nglobal:\n  checkNewVersion: false\n  sendAnonymousUsage: false\n\
             providers:\n  providersThrottleDuration: 100ms\n  file:\n    directory: {at}/dynamic\n    watch: true\n"
        ),
    )
    .unwrap();
    fs::write(
        folder.join("dynamic/app.yml"),
        format!(
            "http:\n  routers:\n    app:\n      rule: PathPrefix(`/`)\n      entryPoints: [web]\n      service: app\n  services:\n    \
             be_blue:\n      loadBalancer:\n        servers:\n          - url: http://{blue}\n    \
             be_green:\n      loadBalancer:\n        servers:\n          - url: http://{green}\n"
        ),
    )
    .unwrap();
    // As docs/routers.md says to begin.
    fs::write(
        folder.join("dynamic/live.yml"),
        "{\"http\": {\"services\": {\"app\": {\"weighted\": {\"services\": [{\"name\": \"be_blue\", \"weight\": 100}]}}},\n \
         \"middlewares\": {\"bgmigrate-app\": {\"headers\": {\"customRequestHeaders\": {\"X-Bgmigrate\": \"blue=100:1\"}}}}}}\n",
    )
    .unwrap();
    let address = format!("127.0.0.1:{port}");
    let config = format!("--configFile={at}/traefik.yml");
    let (home, keeper) = started(home, &fetched("traefik"), &[&config], &address);
    let driver = move || {
        Box::new(Traefik {
            file: folder.join("dynamic/live.yml"),
            api: format!("http://127.0.0.1:{api}"),
            service: "app".to_owned(),
            targets: targets(words),
        }) as Box<dyn Router>
    };
    Rig {
        name: "traefik",
        address: Some(address),
        driver: Box::new(driver),
        reload: None,
        _keeper: Some(keeper),
        home,
    }
}

/// A program that `scripts/servers` fetches.
fn fetched(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/servers/routers/bin")
        .join(name);
    assert!(
        path.is_file(),
        "no {name} to test with: scripts/servers fetches it"
    );
    path
}

/// A file, and nobody who reads it.
pub(crate) fn file() -> Rig {
    let home = home();
    let path = home.path().join("live");
    let driver = move || Box::new(File::at(path.clone())) as Box<dyn Router>;
    start_at_blue(&*driver());
    Rig {
        name: "file",
        address: None,
        driver: Box::new(driver),
        reload: None,
        _keeper: None,
        home,
    }
}

/// Commands that keep their state in a file.
pub(crate) fn command() -> Rig {
    let home = home();
    let folder = home.path().to_owned();
    fs::write(
        folder.join("state"),
        "{\"weights\":{\"blue\":100},\"epoch\":1}",
    )
    .unwrap();
    let apply = "shares=$(echo \"$BGMIGRATE_WEIGHTS\" | sed 's/\\([a-z]*\\)=\\([0-9]*\\)/\"\\1\":\\2/g'); \
                 printf '{\"weights\":{%s},\"epoch\":%s}' \"$shares\" \"$BGMIGRATE_EPOCH\" > state.new && mv state.new state";
    let shell = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    let commands = Commands {
        folder,
        service: "app".to_owned(),
        apply: shell(apply),
        observe: shell("cat state"),
        check: None,
    };
    Rig {
        name: "command",
        address: None,
        driver: Box::new(move || Box::new(commands.clone())),
        reload: None,
        _keeper: None,
        home,
    }
}

/// A Service of Kubernetes, and nobody behind it.
#[cfg(feature = "kubernetes")]
pub(crate) fn kubernetes_service() -> Rig {
    let world = crate::kubernetes::World::with_service();
    let driver = move || Box::new(world.service_driver(None, SLOTS)) as Box<dyn Router>;
    start_at_blue(&*driver());
    Rig {
        name: "kubernetes service",
        address: None,
        driver: Box::new(driver),
        reload: None,
        _keeper: None,
        home: home(),
    }
}

/// The default action of a listener of AWS, and nobody behind it.
#[cfg(feature = "aws")]
pub(crate) fn aws_listener() -> Rig {
    let world = crate::aws::World::strict();
    before_aws("aws-alb listener", move || {
        Box::new(world.alb(crate::aws::listener()))
    })
}

/// A rule of such a listener.
#[cfg(feature = "aws")]
pub(crate) fn aws_rule() -> Rig {
    let world = crate::aws::World::strict();
    before_aws("aws-alb rule", move || {
        Box::new(world.alb(crate::aws::rule()))
    })
}

/// Records of Route 53.
#[cfg(feature = "aws")]
pub(crate) fn aws_records() -> Rig {
    let world = crate::aws::World::strict();
    before_aws("aws-route53", move || Box::new(world.records()))
}

#[cfg(feature = "aws")]
fn before_aws(name: &'static str, driver: impl Fn() -> Box<dyn Router> + 'static) -> Rig {
    start_at_blue(&*driver());
    Rig {
        name,
        address: None,
        driver: Box::new(driver),
        reload: None,
        _keeper: None,
        home: home(),
    }
}

fn start_at_blue(driver: &dyn Router) {
    let soon = Deadline::within(std::time::Duration::from_secs(5));
    driver.shift(&Aim::at("blue", 1), soon).unwrap();
}
