//! The actions of a listener or a rule, as they are read and written back.
//! (docs.aws.amazon.com/elasticloadbalancing, API reference 2015-12-01, `Action`)

use roxmltree::Node;

use super::super::{Targets, Weights};
use super::call::Form;
use super::xml::{child, elements, members, text};

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    kind: String,
    /// Every field as a parameter, so that what we know nothing of is written back as it was.
    fields: Vec<(String, String)>,
    /// Where it forwards to, with what weight.
    groups: Vec<(String, u64)>,
    /// Whether who was sent to a group once is sent there again.
    sticky: bool,
}

impl Action {
    pub(super) fn read(node: Node<'_, '_>) -> Self {
        let mut fields = Vec::new();
        for field in elements(node) {
            flatten(field, field.tag_name().name(), &mut fields);
        }
        let config = child(node, "ForwardConfig");
        let listed = config
            .into_iter()
            .flat_map(|config| members(config, "TargetGroups"));
        let mut groups: Vec<_> = listed
            .filter_map(|group| {
                let weight = text(group, "Weight").and_then(|weight| weight.parse().ok());
                Some((
                    text(group, "TargetGroupArn")?.to_owned(),
                    weight.unwrap_or(1),
                ))
            })
            .collect();
        if let (true, Some(only)) = (groups.is_empty(), text(node, "TargetGroupArn")) {
            // The short form: all of it to this one.
            groups.push((only.to_owned(), 1));
        }
        let stickiness = config.and_then(|config| child(config, "TargetGroupStickinessConfig"));
        let sticky = stickiness.and_then(|stickiness| text(stickiness, "Enabled"));
        Self {
            kind: text(node, "Type").unwrap_or_default().to_owned(),
            fields,
            groups,
            sticky: sticky == Some("true"),
        }
    }

    fn forwards(&self) -> bool {
        self.kind == "forward"
    }

    /// The same, with traffic shared so.
    fn shared(&self, targets: &Targets, weights: &Weights) -> Self {
        let is_kept = |name: &str| {
            name != "TargetGroupArn" && !name.starts_with("ForwardConfig.TargetGroups.")
        };
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| is_kept(name));
        for (at, (slot, group)) in targets.iter().enumerate() {
            let prefix = format!("ForwardConfig.TargetGroups.member.{}", at + 1);
            // Weights go to 999, so that a per cent is one.
            let weight = weights.share(slot).to_string();
            fields.push((format!("{prefix}.TargetGroupArn"), group.to_owned()));
            fields.push((format!("{prefix}.Weight"), weight));
        }
        Self {
            fields,
            ..self.clone()
        }
    }
}

/// A list is written as its elements by number, and a map as its entries.
fn flatten(node: Node<'_, '_>, name: &str, fields: &mut Vec<(String, String)>) {
    let mut at = 0;
    for inner in elements(node) {
        let own = inner.tag_name().name();
        if matches!(own, "member" | "entry") {
            at += 1;
            flatten(inner, &format!("{name}.{own}.{at}"), fields);
        } else {
            flatten(inner, &format!("{name}.{own}"), fields);
        }
    }
    let is_leaf = elements(node).next().is_none();
    if let (true, Some(value)) = (is_leaf, node.text()) {
        fields.push((name.to_owned(), value.to_owned()));
    }
}

/// The action that forwards.
fn forward(actions: &[Action]) -> Result<&Action, String> {
    actions
        .iter()
        .find(|action| action.forwards())
        .ok_or_else(|| {
            "it forwards to no target group; give it an action `forward` with the slots' two"
                .to_owned()
        })
}

/// Where these actions send traffic.
///
/// # Errors
/// When none of them forwards.
pub(super) fn weights(actions: &[Action], targets: &Targets) -> Result<Weights, String> {
    let groups = forward(actions)?.groups.iter();
    Ok(Weights::of_parts(
        groups.map(|(group, weight)| (targets.slot_of(group), *weight)),
    ))
}

/// Whether these actions may be written by us.
///
/// # Errors
/// With what a shift would do wrong.
pub(super) fn drivable(actions: &[Action], targets: &Targets) -> Result<(), String> {
    let forward = forward(actions)?;
    let ours = |group: &str| targets.iter().any(|(_, ours)| ours == group);
    if let Some((other, _)) = forward.groups.iter().find(|(group, _)| !ours(group)) {
        return Err(format!(
            "it forwards to the target group {other} as well, which is no slot's; `targets` in [router] names each slot's"
        ));
    }
    if forward.sticky {
        return Err(
            "its target group stickiness is on, so that clients stay where they were sent before, whatever the weights say; \
             switch it off (TargetGroupStickinessConfig)"
                .to_owned(),
        );
    }
    Ok(())
}

/// Adds these actions to a form, with traffic shared so, and everything else as it was.
pub(super) fn write(
    actions: &[Action],
    (targets, weights): (&Targets, &Weights),
    list: &str,
    form: &mut Form,
) {
    for (at, action) in actions.iter().enumerate() {
        let prefix = format!("{list}.member.{}", at + 1);
        let written = if action.forwards() {
            action.shared(targets, weights)
        } else {
            action.clone()
        };
        for (name, value) in &written.fields {
            form.add(&format!("{prefix}.{name}"), value);
        }
        if action.kind == "authenticate-oidc" {
            // AWS does not tell the secret, and keeps it when it is told so.
            let keep = format!("{prefix}.AuthenticateOidcConfig.UseExistingClientSecret");
            form.add(&keep, "true");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::aws::xml::document;

    const OIDC: &str = "<member><Type>authenticate-oidc</Type><Order>1</Order><AuthenticateOidcConfig>\
        <Issuer>https://id.example.org</Issuer><AuthenticationRequestExtraParams><entry><key>prompt</key><value>login</value>\
        </entry></AuthenticationRequestExtraParams><Scope/></AuthenticateOidcConfig></member>";
    const SHORT: &str =
        "<member><Type>forward</Type><Order>2</Order><TargetGroupArn>B</TargetGroupArn></member>";
    const LONG: &str = "<member><Type>forward</Type><ForwardConfig><TargetGroups>\
        <member><TargetGroupArn>B</TargetGroupArn><Weight>950</Weight></member>\
        <member><TargetGroupArn>G</TargetGroupArn><Weight>50</Weight></member></TargetGroups>\
        <TargetGroupStickinessConfig><Enabled>false</Enabled><DurationSeconds>60</DurationSeconds></TargetGroupStickinessConfig>\
        </ForwardConfig></member>";

    fn targets() -> Targets {
        let slots = ["blue", "green"].map(str::to_owned);
        let words = ["B", "G"].map(str::to_owned);
        Targets::of(&slots, &slots.iter().cloned().zip(words).collect())
    }

    fn actions(members: &[&str]) -> Vec<Action> {
        let text = format!("<Actions>{}</Actions>", members.concat());
        let document = document(&text).unwrap();
        elements(document.root_element())
            .map(Action::read)
            .collect()
    }

    fn told(actions: &[Action]) -> String {
        weights(actions, &targets()).unwrap().to_string()
    }

    #[test]
    fn the_short_form_is_all_of_it_and_weights_are_of_any_sum() {
        assert_eq!(told(&actions(&[OIDC, SHORT])), "blue");
        assert_eq!(told(&actions(&[LONG])), "95 % blue, 5 % green");
        let foreign = LONG.replace(">G<", ">X<");
        assert_eq!(told(&actions(&[&foreign])), "5 % `X`, 95 % blue");
        assert!(weights(&actions(&[OIDC]), &targets()).is_err());
    }

    #[test]
    fn what_a_shift_would_break_is_refused() {
        let sticky = LONG.replace("<Enabled>false", "<Enabled>true");
        let foreign = LONG.replace(">G<", ">X<").replace(">50<", ">0<");
        for (action, expected) in [
            (LONG, None),
            (SHORT, None),
            (&sticky, Some("stickiness is on")),
            (&foreign, Some("the target group X as well")),
            (OIDC, Some("forwards to no target group")),
        ] {
            let told = drivable(&actions(&[action]), &targets()).err();
            assert_eq!(told.is_some(), expected.is_some(), "{told:?}");
            if let (Some(told), Some(expected)) = (told, expected) {
                assert!(told.contains(expected), "{told}");
            }
        }
    }

    #[test]
    fn what_is_not_ours_is_written_back_as_it_was() {
        let form = |members: &[&str]| {
            let mut form = Form::of("ModifyRule", "1");
            let weights = Weights::shares([("blue", 75), ("green", 25)]).unwrap();
            write(
                &actions(members),
                (&targets(), &weights),
                "Actions",
                &mut form,
            );
            form.text().replace("%3A", ":").replace("%2F", "/")
        };
        assert_eq!(
            form(&[OIDC, SHORT]),
            "Action=ModifyRule&Version=1&Actions.member.1.Type=authenticate-oidc&Actions.member.1.Order=1\
             &Actions.member.1.AuthenticateOidcConfig.Issuer=https://id.example.org\
             &Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.key=prompt\
             &Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.value=login\
             &Actions.member.1.AuthenticateOidcConfig.UseExistingClientSecret=true\
             &Actions.member.2.Type=forward&Actions.member.2.Order=2\
             &Actions.member.2.ForwardConfig.TargetGroups.member.1.TargetGroupArn=B\
             &Actions.member.2.ForwardConfig.TargetGroups.member.1.Weight=75\
             &Actions.member.2.ForwardConfig.TargetGroups.member.2.TargetGroupArn=G\
             &Actions.member.2.ForwardConfig.TargetGroups.member.2.Weight=25"
        );
        assert_eq!(
            form(&[LONG]),
            "Action=ModifyRule&Version=1&Actions.member.1.Type=forward\
             &Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=false\
             &Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=60\
             &Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn=B\
             &Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=75\
             &Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn=G\
             &Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=25"
        );
    }
}
