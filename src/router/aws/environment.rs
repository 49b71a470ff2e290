//! What clients of AWS read from the environment, taken as a value, so that a test can say what it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Variables by name.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Ours.
    pub fn of_process() -> Self {
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let read = name.starts_with("AWS_") || name == "HOME";
            Some((name, value.into_string().ok()?)).filter(|_| read)
        });
        Self(ours.collect())
    }

    /// These.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let each = variables.into_iter();
        Self(
            each.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// A variable that is set to something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// The file that a variable names, or one of `~/.aws`.
    pub(super) fn file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        if let Some(named) = self.get(variable) {
            return Some(named.into());
        }
        let home = self.get("HOME")?;
        Some(PathBuf::from(home).join(".aws").join(name))
    }
}

/// The names alone: some values are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
