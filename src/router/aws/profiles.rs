//! The shared files of AWS, `~/.aws/config` and `~/.aws/credentials`.
//! (docs.aws.amazon.com/sdkref, "Shared config and credentials files", "File format")

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use super::environment::Environment;

/// What a profile says, by key.
pub(super) type Settings = BTreeMap<String, String>;

/// All profiles of both files. Where both say something of one, the credentials file counts.
#[derive(Default)]
pub(super) struct Profiles(BTreeMap<String, Settings>);

impl Profiles {
    /// Reads what is there.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub(super) fn read(environment: &Environment) -> Result<Self, String> {
        let mut profiles = Self::default();
        for (variable, file) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            if let Some(path) = environment.file(variable, file) {
                profiles.add(&text_of(&path)?, file == "config");
            }
        }
        Ok(profiles)
    }

    /// What one of them says.
    pub(super) fn settings(&self, profile: &str) -> Option<&Settings> {
        self.0.get(profile)
    }

    fn add(&mut self, text: &str, is_config: bool) {
        let mut section = None;
        for line in text.lines() {
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with(['#', ';']) {
                continue;
            }
            if let Some(title) = bare.strip_prefix('[') {
                let title = title.split(']').next().unwrap_or_default();
                section = profile_of(title.trim(), is_config);
                continue;
            }
            // What is indented belongs to a key of its own, such as `s3 =`.
            let nested = line.starts_with([' ', '\t']);
            if let (Some(profile), Some((key, value)), false) =
                (&section, bare.split_once('='), nested)
            {
                let settings = self.0.entry(String::clone(profile)).or_default();
                settings.insert(key.trim().to_lowercase(), without_comment(value));
            }
        }
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| format!("{}: {error}", path.display())),
    }
}

/// The profile that a section is about; the config file says `profile` before all names but `default`.
fn profile_of(title: &str, is_config: bool) -> Option<String> {
    let named = title.strip_prefix("profile").map(str::trim_start);
    match (is_config, title, named) {
        (false, name, _) | (true, name @ "default", _) | (true, _, Some(name)) => {
            Some(name.to_owned())
        }
        (true, _, None) => None,
    }
}

/// A comment after a value begins with a blank.
fn without_comment(value: &str) -> String {
    let ends = [" #", " ;", "\t#", "\t;"]
        .iter()
        .filter_map(|mark| value.find(mark));
    let end = ends.min().unwrap_or(value.len());
    value[..end].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_say_what_they_say_and_the_credentials_file_counts() {
        let mut profiles = Profiles::default();
        profiles.add(
            "# ours\n[default]\nregion = eu-west-1\n[profile shop]\nrole_arn=arn:aws:iam::1:role/x # why\n\
             s3 =\n  region = nested\naws_access_key_id = old\n[sso-session corp]\nsso_region = eu-west-1\n",
            true,
        );
        profiles.add(
            "[shop]\nAWS_ACCESS_KEY_ID = AKIA#1\n; no\n[profile odd]\nregion = x\n",
            false,
        );
        let shop = profiles.settings("shop").unwrap();
        assert_eq!(shop["role_arn"], "arn:aws:iam::1:role/x");
        assert_eq!(shop["aws_access_key_id"], "AKIA#1");
        assert_eq!(
            shop.get("region"),
            None,
            "a nested key is not the profile's"
        );
        assert_eq!(profiles.settings("default").unwrap()["region"], "eu-west-1");
        assert!(profiles.settings("odd").is_none());
        assert!(profiles.settings("corp").is_none());
    }
}
