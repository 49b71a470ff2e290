//! A Service, whose selector has one label that chooses the slot.

use serde_json::{Map, Value};

use super::super::{Deadline, Targets, Weights};
use super::api::Api;
use super::object::{Carrier, encoded, selection, set, test};

/// A Service, and the label that says the slot.
pub(super) struct Service<'a> {
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) targets: &'a Targets,
}

impl Service<'_> {
    /// The selector, if the label is in it.
    fn selector<'o>(&self, object: &'o Value) -> Result<&'o Map<String, Value>, String> {
        let selector = object["spec"]["selector"].as_object();
        let selector = selector.filter(|selector| selector.contains_key(self.label));
        selector.ok_or_else(|| {
            format!(
                "the selector of {} has no label `{}`; `selector` in [router] names the one that chooses the slot",
                self.title(),
                self.label
            )
        })
    }
}

impl Carrier for Service<'_> {
    fn title(&self) -> String {
        format!("service/{}", self.name)
    }

    fn path(&self, namespace: &str) -> String {
        let name = encoded(self.name);
        format!("/api/v1/namespaces/{}/services/{name}", encoded(namespace))
    }

    fn resource(&self) -> ((&'static str, &'static str), &str) {
        (("", "services"), self.name)
    }

    fn weights(&self, object: &Value) -> Result<Weights, String> {
        let value = self.selector(object)?[self.label].as_str();
        Ok(Weights::all(
            &self.targets.slot_of(value.unwrap_or_default()),
        ))
    }

    fn steps(&self, object: &Value, weights: &Weights) -> Result<Vec<Value>, String> {
        let Some(slot) = weights.whole() else {
            return Err(
                "a Service sends all traffic to one slot; an HTTPRoute shares it (`object = \"httproute/…\"`)".to_owned(),
            );
        };
        let word = self.targets.of_slot(slot);
        let word = word.ok_or_else(|| format!("`{slot}` is no slot"))?;
        let label = self.label.replace('~', "~0").replace('/', "~1");
        let path = format!("/spec/selector/{label}");
        let held = &self.selector(object)?[self.label];
        Ok(vec![test(&path, held), set(&path, word)])
    }

    fn pods(
        &self,
        _: &Api,
        object: &Value,
        slot: &str,
        _: Deadline,
    ) -> Result<Option<String>, String> {
        let mut labels = self.selector(object)?.clone();
        let word = self.targets.of_slot(slot).unwrap_or(slot);
        labels.insert(self.label.to_owned(), word.into());
        Ok(Some(selection(&labels)))
    }

    fn followed(&self, _: &Value) -> Result<(), String> {
        // How far the nodes are is written nowhere.
        Ok(())
    }

    fn drives(&self, fields: &Value) -> bool {
        let selector = fields["f:spec"]["f:selector"].as_object();
        // Since 1.21 or so a selector has one owner, before that each label had its own.
        selector.is_some_and(|labels| {
            labels.is_empty() || labels.contains_key(&format!("f:{}", self.label))
        })
    }

    fn nature(&self) -> &'static str {
        "a Service moves connections, not requests: each node follows within a moment of its own, and a connection that is open \
         (keep-alive, a pool) stays with the old slot until somebody closes it. Who is still connected to the database, the \
         contract gate asks the database"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(targets: &Targets) -> Service<'_> {
        Service {
            name: "shop",
            label: "example.org/slot",
            targets,
        }
    }

    #[test]
    fn a_label_with_a_slash_is_escaped_in_a_path() {
        let targets = Targets::of(&["blue".into(), "green".into()], &[].into());
        let object =
            json!({ "spec": { "selector": { "app": "shop", "example.org/slot": "blue" } } });
        let steps = service(&targets).steps(&object, &Weights::all("green"));
        let path = "/spec/selector/example.org~1slot";
        assert_eq!(
            steps,
            Ok(vec![test(path, &json!("blue")), set(path, "green")])
        );
    }

    #[test]
    fn a_selector_without_the_label_or_none_at_all_is_told() {
        let targets = Targets::of(&["blue".into()], &[].into());
        for object in [
            json!({ "spec": {} }),
            json!({ "spec": { "selector": { "app": "shop" } } }),
        ] {
            let why = service(&targets).weights(&object).unwrap_err();
            assert!(why.contains("has no label `example.org/slot`"), "{why}");
        }
    }

    #[test]
    fn whoever_holds_the_label_or_the_whole_selector_drives_it() {
        let targets = Targets::default();
        let service = service(&targets);
        for (selector, drives) in [
            (json!({}), true),
            (json!({ ".": {}, "f:example.org/slot": {} }), true),
            (json!({ ".": {}, "f:app": {} }), false),
            (Value::Null, false),
        ] {
            let fields = json!({ "f:spec": { "f:selector": selector } });
            assert_eq!(service.drives(&fields), drives, "{selector}");
        }
    }
}
