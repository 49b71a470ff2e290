//! Values as people write them. Each is checked where it is read, so that what is wrong has its line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::milliseconds;

/// `500ms`, `5s`, `2min`: a time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Time {
    /// In milliseconds.
    pub ms: u64,
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let ms = milliseconds(Some(&text))?;
        Ok(Self {
            ms: ms.unwrap_or_default(),
        })
    }
}

/// A value, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OneOrMany)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let one = T::deserialize(de::value::StrDeserializer::new(text))?;
        Ok(OneOrMany(vec![one]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        let one = T::deserialize(de::value::I64Deserializer::new(number))?;
        Ok(OneOrMany(vec![one]))
    }
}

/// A command: a list is the program and its arguments; a text is given to `sh -c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

/// As a person would type them.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [shell, flag, script] if shell == "sh" && flag == "-c" => f.write_str(script),
            words => f.write_str(&words.join(" ")),
        }
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: a list of words, or a text for `sh -c`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() {
            return Err(E::custom("the command is empty"));
        }
        Ok(Words(["sh", "-c", text].map(str::to_owned).to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let words: Vec<String> = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Words(words)),
            _ => Err(de::Error::custom("the command is empty")),
        }
    }
}

/// The slots of a service: `["blue", "green"]`, or a table for each, `[slots.blue]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots(pub Vec<(String, Slot)>);

/// What is said of a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The slot's own address, past the router: `http://10.0.1.1:8080`. `${VAR}` in it is filled in by the commands that
    /// ask it.
    pub url: Option<String>,
    /// The `application_name` of the slot's sessions in the database: `PostgreSQL` alone keeps one.
    pub application_name: Option<String>,
    /// The user that the slot's sessions log in to the database as.
    pub user: Option<String>,
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotsVisitor)
    }
}

struct SlotsVisitor;

impl<'de> Visitor<'de> for SlotsVisitor {
    type Value = Slots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names, or a table for each slot")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let names: Vec<String> = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        let slots = names.into_iter().map(|name| (name, Slot::default()));
        Ok(Slots(slots.collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let slots: BTreeMap<String, Slot> = BTreeMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Slots(slots.into_iter().collect()))
    }
}
