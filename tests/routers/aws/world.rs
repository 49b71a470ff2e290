//! Two slots of one application at AWS: behind a listener, behind a rule, and behind records.

use std::collections::BTreeMap;

use bgmigrate::config::{AlbAction, AwsAccess};
use bgmigrate::router::{AwsAlb, AwsEnvironment, AwsRoute53, Targets};

use super::double::{Fault, Key, Model, Served, serve};

macro_rules! arn {
    ($rest:literal) => {
        concat!(
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:",
            $rest
        )
    };
}

pub(crate) const LISTENER: &str = arn!("listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2");
pub(crate) const RULE: &str =
    arn!("listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee");
pub(crate) const BLUE: &str = arn!("targetgroup/shop-blue/73e2d6bc24d8a067");
pub(crate) const GREEN: &str = arn!("targetgroup/shop-green/09966783158cda59");
pub(crate) const OTHER: &str = arn!("targetgroup/other/1234567890123456");

/// A key that the double knows.
pub(crate) const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIDTEST"),
    ("AWS_SECRET_ACCESS_KEY", "a secret of the test"),
];

pub(crate) struct World {
    pub(crate) served: Served,
}

pub(crate) fn listener() -> AlbAction {
    AlbAction::Listener(LISTENER.to_owned())
}

pub(crate) fn rule() -> AlbAction {
    AlbAction::Rule(RULE.to_owned())
}

/// What the slots are called.
pub(crate) fn targets(words: [&str; 2]) -> Targets {
    let slots = ["blue", "green"].map(str::to_owned);
    let named = slots.iter().cloned().zip(words.map(str::to_owned));
    Targets::of(&slots, &named.collect())
}

/// The fields of actions, `member.1.` being said once.
pub(crate) fn fields(first: &[(&str, &str)]) -> BTreeMap<String, String> {
    let each = first.iter();
    each.map(|(name, value)| (format!("member.{name}"), (*value).to_owned()))
        .collect()
}

/// A weighted record.
pub(crate) fn record(kind: &str, slot: &str, weight: &str, value: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>shop.example.org.</Name><Type>{kind}</Type><SetIdentifier>{slot}</SetIdentifier>\
         <Weight>{weight}</Weight><TTL>30</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord>\
         </ResourceRecords></ResourceRecordSet>"
    )
}

/// The record with the epoch.
pub(crate) fn marker(note: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>_bgmigrate.shop.example.org.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords>\
         <ResourceRecord><Value>\"{note}\"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
    )
}

impl World {
    /// The strict double, with all traffic at blue and no epoch anywhere.
    pub(crate) fn strict() -> Self {
        let forward = [
            ("1.Type", "forward"),
            ("1.ForwardConfig.TargetGroups.member.1.TargetGroupArn", BLUE),
            ("1.ForwardConfig.TargetGroups.member.1.Weight", "100"),
            (
                "1.ForwardConfig.TargetGroups.member.2.TargetGroupArn",
                GREEN,
            ),
            ("1.ForwardConfig.TargetGroups.member.2.Weight", "0"),
            (
                "1.ForwardConfig.TargetGroupStickinessConfig.Enabled",
                "false",
            ),
        ];
        let mut behind_login = fields(&[
            ("1.Type", "authenticate-oidc"),
            ("1.Order", "1"),
            ("1.AuthenticateOidcConfig.Issuer", "https://id.example.org"),
            (
                "1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.key",
                "prompt",
            ),
            (
                "1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.value",
                "login & more",
            ),
        ]);
        let second = forward.map(|(name, value)| (format!("2.{}", &name[2..]), value));
        behind_login.extend(fields(
            &second
                .each_ref()
                .map(|(name, value)| (name.as_str(), *value)),
        ));
        let mut model = Model {
            keys: BTreeMap::new(),
            load_balancing: super::load_balancing::LoadBalancing::default(),
            zone: super::route53::Zone::default(),
            fault: Fault::None,
            others: |_| None,
            asked: Vec::new(),
        };
        let key = Key {
            secret: KEYS[1].1,
            token: None,
            expired: false,
        };
        model.keys.insert(KEYS[0].1, key);
        let balancing = &mut model.load_balancing;
        for group in [BLUE, GREEN, OTHER] {
            let states = vec!["unhealthy", "healthy"];
            balancing.groups.insert(group.to_owned(), states);
        }
        balancing.actions.insert(LISTENER.to_owned(), behind_login);
        balancing.actions.insert(RULE.to_owned(), fields(&forward));
        for (kind, values) in [
            ("A", ["10.0.1.1", "10.0.2.1"]),
            ("AAAA", ["fd00::1", "fd00::2"]),
        ] {
            model.zone.put(&record(kind, "blue", "255", values[0]));
            model.zone.put(&record(kind, "green", "0", values[1]));
        }
        Self {
            served: serve(model),
        }
    }

    pub(crate) fn access(&self) -> AwsAccess {
        AwsAccess {
            region: Some("eu-west-1".to_owned()),
            profile: None,
            endpoint_url: Some(format!("http://{}", self.served.address)),
        }
    }

    pub(crate) fn alb(&self, action: AlbAction) -> AwsAlb {
        AwsAlb {
            action,
            access: self.access(),
            environment: AwsEnvironment::of(KEYS),
            targets: targets([BLUE, GREEN]),
        }
    }

    pub(crate) fn records(&self) -> AwsRoute53 {
        AwsRoute53 {
            zone: "Z1".to_owned(),
            name: "shop.example.org".to_owned(),
            kind: None,
            access: self.access(),
            environment: AwsEnvironment::of(KEYS),
            targets: targets(["blue", "green"]),
            change: std::sync::Mutex::default(),
        }
    }

    /// Changes what the double has, past the driver.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Model)) {
        change(&mut self.served.model.lock().unwrap());
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.change(|model| model.fault = fault);
    }
}
