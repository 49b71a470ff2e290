//! `[router]` for AWS.

use super::router::{Driver, Fault, Router, fault};

/// Who asks AWS, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsAccess {
    /// The region; the environment's or the profile's where none is named.
    pub region: Option<String>,
    /// The profile of the shared files; what the environment offers where none is named.
    pub profile: Option<String>,
    /// Where the service answers; Amazon's own address where none is named.
    pub endpoint_url: Option<String>,
}

/// What an Application Load Balancer shares traffic by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlbAction {
    /// The default action of a listener, by ARN.
    Listener(String),
    /// The action of a rule, by ARN.
    Rule(String),
}

impl Router {
    fn aws(&self) -> AwsAccess {
        AwsAccess {
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
        }
    }

    pub(super) fn alb(&self) -> Result<Driver, Fault> {
        let (key, arn, kind, action) = match (&self.listener, &self.rule) {
            (Some(arn), None) => (
                "listener",
                arn,
                "listener/app/",
                AlbAction::Listener(arn.clone()),
            ),
            (None, Some(arn)) => (
                "rule",
                arn,
                "listener-rule/app/",
                AlbAction::Rule(arn.clone()),
            ),
            (Some(_), Some(_)) => return fault("rule", "give `listener` or `rule`, not both"),
            (None, None) => {
                return fault("driver", "driver `aws-alb` needs `listener` or `rule`");
            }
        };
        let Some(region) = region_of(arn, kind) else {
            return fault(
                key,
                format!(
                    "`{arn}` is no ARN of a {key}: `arn:aws:elasticloadbalancing:REGION:ACCOUNT:{kind}…`"
                ),
            );
        };
        if let Some(other) = self.region.as_ref().filter(|other| *other != region) {
            return fault(
                "region",
                format!("`{key}` is in the region `{region}`, and not in `{other}`"),
            );
        }
        if self.targets.is_empty() {
            return fault(
                "driver",
                "driver `aws-alb` needs `targets`: the ARN of each slot's target group",
            );
        }
        let mut groups = self.targets.values();
        if let Some(other) = groups.find(|group| region_of(group, "targetgroup/") != Some(region)) {
            return fault(
                "targets",
                format!(
                    "`{other}` is no ARN of a target group in `{region}`: `arn:aws:elasticloadbalancing:{region}:ACCOUNT:targetgroup/…`"
                ),
            );
        }
        let access = AwsAccess {
            region: Some(region.to_owned()),
            ..self.aws()
        };
        Ok(Driver::AwsAlb { action, access })
    }
}

impl Router {
    pub(super) fn route53(&self) -> Result<Driver, Fault> {
        let need = |key: &'static str, value: &Option<String>| match value {
            Some(value) => Ok(value.clone()),
            None => fault("driver", format!("driver `aws-route53` needs `{key}`")),
        };
        Ok(Driver::AwsRoute53 {
            zone: need("zone", &self.zone)?,
            name: need("name", &self.name)?,
            kind: self.record_type.clone(),
            access: self.aws(),
        })
    }
}

/// The region of something that a load balancer has.
fn region_of<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "elasticloadbalancing", region, _, resource] if resource.starts_with(kind) => {
            Some(region)
        }
        _ => None,
    }
}
