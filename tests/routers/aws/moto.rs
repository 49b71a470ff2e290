//! The requests against `moto`, a server that others wrote after AWS: that they are formed as AWS takes them, that its answers are
//! read as it gives them, and that weights go where they shall. It refuses hardly anything; for that there is the strict double.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use bgmigrate::call::{Request, Tls, fetch};
use bgmigrate::config::{AlbAction, AwsAccess};
use bgmigrate::router::{Aim, AwsAlb, AwsEnvironment, AwsRoute53, Failure, Router, Weights};
use bgmigrate::scratch::{Home, Keeper, find_program};
use roxmltree::Document;

use super::world::{KEYS, targets};
use crate::contract::drive;

struct Moto {
    address: String,
    _keeper: Keeper,
    _home: Home,
}

impl Moto {
    fn start() -> Self {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/moto");
        assert!(
            place.is_dir(),
            "no moto to test with: scripts/servers aws fetches it"
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        drop(listener);
        let start = format!(
            "import sys; sys.path.insert(0, '{}'); from moto.server import main; main()",
            place.display()
        );
        let python = find_program("python3", None, &[]).unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let ready = |_: &Home| ask(&format!("{address}/moto-api/"), "", "").is_some();
        // As ourselves: the interpreter may be where nobody else may look.
        let home = Home::make(&["root"]).unwrap();
        let (home, keeper) = home
            .keep(&python, &["-c", &start, "-p", &port], ready)
            .unwrap();
        Self {
            address,
            _keeper: keeper,
            _home: home,
        }
    }

    /// Calls an action past the driver; the first element of that name in the answer.
    fn call(&self, service: &str, version: &str, form: &str, element: &str) -> String {
        let body = format!("Version={version}&{form}");
        let answer = ask(&self.address, service, &body).unwrap();
        first(&answer, element).unwrap_or_else(|| panic!("{form}: {answer}"))
    }

    fn balancing(&self, form: &str, element: &str) -> String {
        self.call("elasticloadbalancing", "2015-12-01", form, element)
    }

    fn access(&self) -> AwsAccess {
        AwsAccess {
            region: Some("eu-west-1".to_owned()),
            profile: None,
            endpoint_url: Some(self.address.clone()),
        }
    }

    /// A load balancer with a listener and a rule, both to blue in the short form.
    fn load_balancer(&self) -> ([String; 2], [AlbAction; 2]) {
        let ec2 = |form: &str, element: &str| self.call("ec2", "2016-11-15", form, element);
        let vpc = ec2("Action=DescribeVpcs", "vpcId");
        let subnets = ["a", "b"].map(|zone| {
            let zone = format!("eu-west-1{zone}");
            let form = format!(
                "Action=DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1={zone}"
            );
            ec2(&form, "subnetId")
        });
        let groups = ["blue", "green"].map(|slot| {
            let form = format!(
                "Action=CreateTargetGroup&Name=shop-{slot}&Protocol=HTTP&Port=80&VpcId={vpc}&TargetType=ip"
            );
            let arn = self.balancing(&form, "TargetGroupArn");
            let form = format!(
                "Action=RegisterTargets&TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.1"
            );
            self.balancing(&form, "RequestId");
            arn
        });
        let form = format!(
            "Action=CreateLoadBalancer&Name=shop&Subnets.member.1={}&Subnets.member.2={}",
            subnets[0], subnets[1]
        );
        let balancer = self.balancing(&form, "LoadBalancerArn");
        let forward = |list: &str| {
            format!(
                "{list}.member.1.Type=forward&{list}.member.1.TargetGroupArn={}",
                groups[0]
            )
        };
        let form = format!(
            "Action=CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port=80&{}",
            forward("DefaultActions")
        );
        let listener = self.balancing(&form, "ListenerArn");
        let form = format!(
            "Action=CreateRule&ListenerArn={listener}&Priority=5&Conditions.member.1.Field=path-pattern\
             &Conditions.member.1.Values.member.1=/api&{}",
            forward("Actions")
        );
        let rule = self.balancing(&form, "RuleArn");
        (
            groups,
            [AlbAction::Listener(listener), AlbAction::Rule(rule)],
        )
    }

    /// A zone with a weighted record for each slot.
    fn zone(&self) -> String {
        let create = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>example.org</Name>\
            <CallerReference>x</CallerReference></CreateHostedZoneRequest>";
        let path = format!("{}/2013-04-01/hostedzone", self.address);
        let answer = ask(&path, "route53", create).unwrap();
        let zone = first(&answer, "Id").unwrap();
        let slots = [("blue", "100", "10.0.1.1"), ("green", "0", "10.0.2.1")];
        let changes = slots.map(|(slot, weight, value)| {
            let record = super::world::record("A", slot, weight, value);
            format!("<Change><Action>CREATE</Action>{record}</Change>")
        });
        let changes = changes.concat();
        let change = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>\
             <Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        let path = format!("{}/2013-04-01{zone}/rrset", self.address);
        ask(&path, "route53", &change).unwrap();
        zone
    }
}

/// `moto` finds the service in the scope of a signature, which it does not look at otherwise.
fn ask(url: &str, service: &str, body: &str) -> Option<String> {
    let kind = if body.starts_with('<') {
        "application/xml"
    } else {
        "application/x-www-form-urlencoded"
    };
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=x"
    );
    let headers = [("authorization", scope.as_str()), ("content-type", kind)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = Request {
        method: if body.is_empty() { "GET" } else { "POST" },
        url,
        headers: &headers,
        body: Some(body.as_bytes()).filter(|body| !body.is_empty()),
        timeout: Duration::from_secs(20),
    };
    let answer = fetch(&request, &Tls::default()).ok()?;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status < 400, "{url} {body}: {text}");
    Some(text)
}

fn first(text: &str, element: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let mut all = document.descendants();
    let found = all.find(|node| node.tag_name().name() == element)?;
    found.text().map(str::to_owned)
}

fn shift_in_steps(name: &str, driver: &dyn Router, shares: &[u8]) {
    let soon = || bgmigrate::router::Deadline::within(Duration::from_secs(20));
    let before = driver.observe(soon()).unwrap();
    assert_eq!(
        (before.weights.whole(), before.epoch),
        (Some("blue"), None),
        "{name}"
    );
    drive(driver, &Aim::at("blue", 1)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wrong: Vec<_> = driver
        .check(soon())
        .into_iter()
        .filter(|remark| remark.wrong)
        .collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
    for (epoch, share) in (2..).zip(shares.iter().copied()) {
        let weights = Weights::shares([("blue", 100 - share), ("green", share)]).unwrap();
        let aim = Aim { weights, epoch };
        let settled = drive(driver, &aim).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (settled.weights, settled.epoch),
            (aim.weights, Some(epoch)),
            "{name}"
        );
    }
    let late = driver.shift(&Aim::at("blue", 3), soon());
    assert_eq!(
        late,
        Err(Failure::Stale {
            epoch: 3,
            held: 1 + u64::try_from(shares.len()).unwrap()
        }),
        "{name}"
    );
}

#[test]
fn moto_a_listener_a_rule_and_records_shift_in_steps_and_say_so() {
    let moto = Moto::start();
    let (groups, actions) = moto.load_balancer();
    for action in actions {
        let driver = AwsAlb {
            action: action.clone(),
            access: moto.access(),
            environment: AwsEnvironment::of(KEYS),
            targets: targets([&groups[0], &groups[1]]),
        };
        shift_in_steps(&format!("{action:?}"), &driver, &[5, 25, 50, 100, 0]);
    }
    let driver = AwsRoute53 {
        zone: moto.zone(),
        name: "shop.example.org".to_owned(),
        kind: Some("A".to_owned()),
        access: moto.access(),
        environment: AwsEnvironment::of(KEYS),
        targets: targets(["blue", "green"]),
        change: std::sync::Mutex::default(),
    };
    // And not back: moto takes no record that it was once given already, deleted or not.
    shift_in_steps("records", &driver, &[5, 25, 50, 100]);
}
