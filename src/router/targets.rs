//! What a router calls the slots.

use std::collections::BTreeMap;

/// The slots of a service, each with the router's own word for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(BTreeMap<String, String>);

impl Targets {
    /// These slots; one without a word of its own is called by its name.
    pub fn of(slots: &[String], named: &BTreeMap<String, String>) -> Self {
        let each = slots.iter().map(|slot| {
            let word = named.get(slot).unwrap_or(slot);
            (slot.clone(), word.clone())
        });
        Self(each.collect())
    }

    /// The router's word for a slot.
    pub fn of_slot(&self, slot: &str) -> Option<&str> {
        self.0.get(slot).map(String::as_str)
    }

    /// The slot that the router calls so; what is no slot of ours keeps its name, in quotes, so that it is never taken
    /// for one.
    pub fn slot_of(&self, word: &str) -> String {
        let known = self.0.iter().find(|(_, known)| *known == word);
        known.map_or_else(|| format!("`{word}`"), |(slot, _)| slot.clone())
    }

    /// Each slot with its word.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(slot, word)| (slot.as_str(), word.as_str()))
    }
}
