//! Which timeout is in force at a statement: set by the runner, or by the file before it.

use crate::model::Action;

use super::File;
use super::transactions::Transactions;

/// A setting that ends what takes too long.
pub(super) struct Timeout {
    /// Its name.
    pub(super) variable: &'static str,
    /// What a number without a unit counts, in milliseconds.
    pub(super) bare_unit_ms: f64,
    /// What the runner or the role sets it to, in milliseconds.
    pub(super) by_runner_ms: Option<u64>,
}

/// How a timeout stands at a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InForce {
    /// Nobody set it.
    Missing,
    /// Set to 0 by the statement at this index, which means to wait for ever.
    Off(usize),
    /// Set, in milliseconds; by the statement at this index, or by the runner.
    Set(u64, Option<usize>),
}

impl Timeout {
    /// How it stands when the statement at `index` begins.
    pub(super) fn at(&self, file: &File<'_>, transactions: &Transactions, index: usize) -> InForce {
        let mut in_force = self.by_runner();
        for at in 0..index {
            for change in &file.script.statements[at].changes {
                let Action::Set {
                    variable,
                    value,
                    local,
                } = &change.action
                else {
                    continue;
                };
                // SET LOCAL ends with its transaction, and does nothing outside of one.
                let reaches = !local
                    || transactions.at(at).is_some()
                        && transactions.at(at) == transactions.at(index);
                if variable.rsplit('.').next() != Some(self.variable) || !reaches {
                    continue;
                }
                in_force = match value.as_deref().map(|value| self.milliseconds(value)) {
                    None => self.by_runner(),
                    Some(Some(0)) => InForce::Off(at),
                    Some(Some(ms)) => InForce::Set(ms, Some(at)),
                    // A value that is computed: somebody thought about it.
                    Some(None) => InForce::Set(1, Some(at)),
                };
            }
        }
        in_force
    }

    fn by_runner(&self) -> InForce {
        match self.by_runner_ms {
            None | Some(0) => InForce::Missing,
            Some(ms) => InForce::Set(ms, None),
        }
    }

    /// The first statement after `index` that sets it, too late.
    pub(super) fn set_after(&self, file: &File<'_>, index: usize) -> Option<usize> {
        (index + 1..file.script.statements.len()).find(|at| {
            file.script.statements[*at].changes.iter().any(|change| {
                matches!(&change.action, Action::Set { variable, value: Some(_), .. }
                    if variable.rsplit('.').next() == Some(self.variable))
            })
        })
    }

    /// `5s`, `2min`, `1500`, `0.5`: in milliseconds, rounded up so that only 0 is 0.
    fn milliseconds(&self, value: &str) -> Option<u64> {
        let value = value.trim().trim_matches('\'');
        let digits = value.len()
            - value
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let number: f64 = value[..digits].parse().ok()?;
        let unit_ms = match value[digits..].trim() {
            "" => self.bare_unit_ms,
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            "min" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a timeout is not negative, and what no u64 holds is as good as its largest value"
        )]
        Some((number * unit_ms).ceil() as u64)
    }
}

/// A duration as people write it: `5s`, `1500ms`.
pub(super) fn duration(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        format!("{}s", ms / 1000)
    } else {
        format!("{ms}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_the_engines_units() {
        let timeout = |bare_unit_ms| Timeout {
            variable: "lock_timeout",
            bare_unit_ms,
            by_runner_ms: None,
        };
        let cases = [
            ("5s", Some(5_000)),
            ("1500", Some(1_500)),
            ("1500 ms", Some(1_500)),
            ("2min", Some(120_000)),
            ("0", Some(0)),
            ("1us", Some(1)),
            ("fast", None),
            ("3 weeks", None),
        ];
        for (value, expected) in cases {
            assert_eq!(timeout(1.0).milliseconds(value), expected, "{value}");
        }
        assert_eq!(timeout(1000.0).milliseconds("0.5"), Some(500));
        assert_eq!(
            (duration(5_000), duration(1_500)),
            ("5s".to_owned(), "1500ms".to_owned())
        );
    }
}
