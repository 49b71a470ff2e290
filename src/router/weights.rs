//! How traffic is shared, in per cent.

use std::collections::BTreeMap;
use std::fmt;

/// Which slot gets how much of the traffic, in per cent; a slot that gets none is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights(BTreeMap<String, u8>);

impl Weights {
    /// All traffic to one slot.
    pub fn all(slot: &str) -> Self {
        Self(BTreeMap::from([(slot.to_owned(), 100)]))
    }

    /// No slot that is known gets any.
    pub fn none() -> Self {
        Self::default()
    }

    /// Shares in per cent; `None` unless they come to 100.
    pub fn shares<S: Into<String>>(shares: impl IntoIterator<Item = (S, u8)>) -> Option<Self> {
        let mut weights = BTreeMap::new();
        let mut sum = 0_u32;
        for (slot, share) in shares {
            sum += u32::from(share);
            if share > 0 {
                weights.insert(slot.into(), share);
            }
        }
        (sum == 100).then_some(Self(weights))
    }

    /// Parts of any sum, such as a router's own weights, as the nearest per cent. A slot that gets something gets at
    /// least one, so that it is never taken for idle; the greatest part takes what rounding leaves.
    pub fn of_parts<S: Into<String>>(parts: impl IntoIterator<Item = (S, u64)>) -> Self {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (slot, part) in parts {
            *sums.entry(slot.into()).or_default() += part;
        }
        sums.retain(|_, part| *part > 0);
        let sum: u64 = sums.values().sum();
        let Some(greatest) = sums.iter().max_by_key(|(_, part)| **part) else {
            return Self::none();
        };
        let greatest = greatest.0.clone();
        let share = |part: u64| {
            let share = (part * 100 + sum / 2) / sum;
            u8::try_from(share.clamp(1, 99)).unwrap_or(99)
        };
        let others = sums.iter().filter(|(slot, _)| **slot != greatest);
        let mut weights: BTreeMap<String, u8> = others
            .map(|(slot, part)| (slot.clone(), share(*part)))
            .collect();
        let rest = 100_u8.saturating_sub(
            weights
                .values()
                .fold(0, |sum, one| sum.saturating_add(*one)),
        );
        weights.insert(greatest, rest);
        Self(weights)
    }

    /// The slot that gets all of it.
    pub fn whole(&self) -> Option<&str> {
        match self.0.iter().next() {
            Some((slot, 100)) => Some(slot),
            _ => None,
        }
    }

    /// What a slot gets, in per cent.
    pub fn share(&self, slot: &str) -> u8 {
        self.0.get(slot).copied().unwrap_or(0)
    }

    /// The slots that get something, each with its share in per cent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u8)> {
        self.0.iter().map(|(slot, share)| (slot.as_str(), *share))
    }
}

/// `blue`, `95 % blue, 5 % green`, or `no slot`.
impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(slot) = self.whole() {
            return f.write_str(slot);
        }
        if self.0.is_empty() {
            return f.write_str("no slot");
        }
        for (at, (slot, share)) in self.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{share} % {slot}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_to_a_hundred() {
        assert!(Weights::shares([("blue", 95), ("green", 5)]).is_some());
        assert_eq!(
            Weights::shares([("blue", 0), ("green", 100)]),
            Some(Weights::all("green"))
        );
        assert_eq!(Weights::shares([("blue", 95), ("green", 4)]), None);
        assert_eq!(Weights::shares([("blue", 95), ("green", 6)]), None);
    }

    #[test]
    fn parts_of_any_sum_become_the_nearest_per_cent_and_never_nothing() {
        let cases = [
            (vec![("blue", 256), ("green", 13)], "95 % blue, 5 % green"),
            (vec![("blue", 999), ("green", 1)], "99 % blue, 1 % green"),
            (vec![("blue", 1), ("green", 999)], "1 % blue, 99 % green"),
            (vec![("blue", 0), ("green", 3)], "green"),
            (
                vec![("blue", 50), ("blue", 50), ("green", 100)],
                "50 % blue, 50 % green",
            ),
            (vec![("a", 1), ("b", 1), ("c", 1)], "33 % a, 33 % b, 34 % c"),
            (vec![("blue", 0)], "no slot"),
            (vec![], "no slot"),
        ];
        for (parts, expected) in cases {
            assert_eq!(
                Weights::of_parts(parts.clone()).to_string(),
                expected,
                "{parts:?}"
            );
        }
    }
}
