//! What of Elastic Load Balancing the driver meets, as AWS's reference says it. (API reference 2015-12-01)

use std::collections::BTreeMap;

use super::double::{Answer, refused};

type Form = BTreeMap<String, String>;

/// The target groups, the listeners and rules, and their tags.
#[derive(Clone, Default)]
pub(crate) struct LoadBalancing {
    /// The states of each group's targets.
    pub(crate) groups: BTreeMap<String, Vec<&'static str>>,
    /// The actions of each listener and rule, field by field.
    pub(crate) actions: BTreeMap<String, Form>,
    pub(crate) tags: BTreeMap<(String, String), String>,
}

impl LoadBalancing {
    pub(crate) fn answer(&mut self, form: &Form) -> Answer {
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        match get("Action").as_str() {
            "DescribeListeners" => self.describe(&get("ListenerArns.member.1"), "DefaultActions"),
            "DescribeRules" => self.describe(&get("RuleArns.member.1"), "Actions"),
            "ModifyListener" => self.modify(&get("ListenerArn"), "DefaultActions", form),
            "ModifyRule" => self.modify(&get("RuleArn"), "Actions", form),
            "DescribeTags" => self.describe_tags(&get("ResourceArns.member.1")),
            "AddTags" => self.add_tag(
                get("ResourceArns.member.1"),
                get("Tags.member.1.Key"),
                get("Tags.member.1.Value"),
            ),
            "DescribeTargetHealth" => self.health(&get("TargetGroupArn")),
            "DescribeTargetGroupAttributes" => self.known(&get("TargetGroupArn")).map(|()| {
                "<Attributes><member><Key>deregistration_delay.timeout_seconds</Key><Value>300</Value></member></Attributes>"
                    .to_owned()
            }),
            other => Err(refused(400, "InvalidAction", &format!("{other} is not known"))),
        }
    }

    fn describe(&self, arn: &str, list: &str) -> Answer {
        let fields = self.held(arn)?;
        let mut tree = Tree::default();
        for (name, value) in fields {
            tree.add(name, value);
        }
        Ok(format!(
            "<Found><member><{list}>{}</{list}></member></Found>",
            tree.xml()
        ))
    }

    fn held(&self, arn: &str) -> Result<&Form, (u16, String)> {
        let code = if arn.contains(":listener-rule/") {
            "RuleNotFound"
        } else {
            "ListenerNotFound"
        };
        let why = || refused(400, code, "One or more are not found");
        self.actions.get(arn).ok_or_else(why)
    }

    /// The whole list is replaced. All of it is looked at before.
    fn modify(&mut self, arn: &str, list: &str, form: &Form) -> Answer {
        self.held(arn)?;
        let prefix = format!("{list}.");
        let fields: Form = form
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix(&prefix)?.to_owned(), value.clone()))
            })
            .collect();
        for at in 1.. {
            let get = |name: &str| {
                fields
                    .get(&format!("member.{at}.{name}"))
                    .map(String::as_str)
            };
            match get("Type") {
                None if at == 1 => {
                    return Err(refused(400, "ValidationError", "there are no actions"));
                }
                None => break,
                Some("authenticate-oidc") => {
                    let config = |name: &str| get(&format!("AuthenticateOidcConfig.{name}"));
                    if config("ClientSecret").is_none()
                        && config("UseExistingClientSecret") != Some("true")
                    {
                        return Err(refused(
                            400,
                            "InvalidLoadBalancerAction",
                            "the client secret is missing",
                        ));
                    }
                }
                Some(_) => self.looked_at(&get)?,
            }
        }
        self.actions.insert(arn.to_owned(), fields);
        Ok(String::new())
    }

    fn looked_at<'a>(&self, get: &impl Fn(&str) -> Option<&'a str>) -> Result<(), (u16, String)> {
        if get("TargetGroupArn").is_some()
            && get("ForwardConfig.TargetGroups.member.2.TargetGroupArn").is_some()
        {
            return Err(refused(
                400,
                "ValidationError",
                "a target group beside a list of several",
            ));
        }
        for at in 1.. {
            let group = |name: &str| get(&format!("ForwardConfig.TargetGroups.member.{at}.{name}"));
            let Some(arn) = group("TargetGroupArn") else {
                return Ok(());
            };
            self.known(arn)?;
            if at > 5 {
                return Err(refused(
                    400,
                    "TooManyTargetGroups",
                    "at most 5 target groups",
                ));
            }
            let weight: u32 = group("Weight").unwrap_or("1").parse().unwrap();
            if weight > 999 {
                return Err(refused(400, "ValidationError", "a weight is from 0 to 999"));
            }
        }
        Ok(())
    }

    fn known(&self, arn: &str) -> Result<(), (u16, String)> {
        let why = || {
            refused(
                400,
                "TargetGroupNotFound",
                "One or more target groups not found",
            )
        };
        self.groups.get(arn).map(|_| ()).ok_or_else(why)
    }

    /// A group that nothing forwards to is not looked at by anybody.
    fn health(&self, arn: &str) -> Answer {
        self.known(arn)?;
        let mut all = self.actions.values().flat_map(BTreeMap::values);
        let is_used = all.any(|value| value == arn);
        let each = self.groups[arn].iter().map(|state| {
            let state = if is_used { state } else { "unused" };
            format!("<member><TargetHealth><State>{state}</State></TargetHealth></member>")
        });
        Ok(format!(
            "<TargetHealthDescriptions>{}</TargetHealthDescriptions>",
            each.collect::<String>()
        ))
    }

    fn add_tag(&mut self, arn: String, key: String, value: String) -> Answer {
        self.held(&arn)?;
        let is_fine = |text: &str| {
            text.chars()
                .all(|one| one.is_alphanumeric() || " +-=._:/@".contains(one))
        };
        if key.is_empty() || key.starts_with("aws:") || !is_fine(&key) || !is_fine(&value) {
            return Err(refused(
                400,
                "ValidationError",
                "a tag has a character that none may have",
            ));
        }
        self.tags.insert((arn, key), value);
        Ok(String::new())
    }

    fn describe_tags(&self, arn: &str) -> Answer {
        self.held(arn)?;
        let ours = self.tags.iter().filter(|((of, _), _)| of == arn);
        let each = ours.map(|((_, key), value)| {
            format!("<member><Key>{key}</Key><Value>{value}</Value></member>")
        });
        Ok(format!(
            "<TagDescriptions><member><Tags>{}</Tags></member></TagDescriptions>",
            each.collect::<String>()
        ))
    }
}

/// Fields by their places.
#[derive(Default)]
struct Tree {
    text: String,
    inner: BTreeMap<String, Tree>,
}

impl Tree {
    fn add(&mut self, name: &str, value: &str) {
        let mut at = self;
        for part in name.split('.') {
            at = at.inner.entry(part.to_owned()).or_default();
        }
        value.clone_into(&mut at.text);
    }

    fn xml(&self) -> String {
        let each = self.inner.iter().map(|(name, inner)| match name.as_str() {
            // The numbers of a list's elements are no elements themselves.
            "member" | "entry" => {
                let each = inner.inner.values();
                let each = each.map(|one| format!("<{name}>{}</{name}>", one.xml()));
                each.collect::<Vec<_>>().concat()
            }
            _ => format!("<{name}>{}</{name}>", inner.xml()),
        });
        self.text.replace('&', "&amp;") + &each.collect::<String>()
    }
}
