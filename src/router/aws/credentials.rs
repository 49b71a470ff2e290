//! Who asks: credentials, found where every client of AWS looks for them.
//!
//! The order is that of the SDKs: what the configuration names, the environment, the shared files, a web identity, the container
//! (ECS, EKS), the instance (EC2). The SDK's own chain would have done it, at the price of its client, its runtime and a second
//! TLS library; sign-in by SSO is the one thing that is missing here, and `credential_process` reaches it.
//! (docs.aws.amazon.com/sdkref, "Standardized credential providers")

use std::path::Path;

use aws_credential_types::Credentials;
use serde_json::Value;

use super::super::Deadline;
use super::environment::Environment;
use super::metadata;
use super::profiles::{Profiles, Settings};
use super::sts::{self, Role};
use crate::call::Command;

/// Where credentials are looked for.
pub(super) struct Search<'a> {
    pub(super) environment: &'a Environment,
    pub(super) profiles: &'a Profiles,
    /// Whose token service is asked for a role.
    pub(super) region: &'a str,
    pub(super) deadline: Deadline,
}

/// How many roles may lead to each other.
const LONGEST_CHAIN: usize = 5;

impl Search<'_> {
    /// The first that are there.
    ///
    /// # Errors
    /// When there are none, or those that are meant cannot be had.
    pub(super) fn find(&self, profile: Option<&str>) -> Result<Credentials, String> {
        if let Some(profile) = profile {
            return self.of_profile(profile, LONGEST_CHAIN);
        }
        if let Some(found) = self.of_environment() {
            return Ok(found);
        }
        let named = self.environment.get("AWS_PROFILE");
        let profile = named.unwrap_or("default");
        let says = self.profiles.settings(profile);
        if named.is_some() || says.is_some_and(tells_credentials) {
            return self.of_profile(profile, LONGEST_CHAIN);
        }
        if let Some(role) = Role::of_web_identity(self.environment) {
            return sts::assume_by_web_identity(self, &role);
        }
        if let Some(found) = metadata::of_container(self.environment, self.deadline)? {
            return Ok(found);
        }
        match metadata::of_instance(self.environment, self.deadline) {
            Ok(found) => Ok(found),
            Err(why) => Err(format!(
                "there are no credentials for AWS: AWS_ACCESS_KEY_ID is not set, no profile `{profile}` has any, and neither a \
                 web identity nor a container offers some; the instance: {why}"
            )),
        }
    }

    fn of_environment(&self) -> Option<Credentials> {
        let get = |name| self.environment.get(name);
        Some(Credentials::new(
            get("AWS_ACCESS_KEY_ID")?,
            get("AWS_SECRET_ACCESS_KEY")?,
            get("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        ))
    }

    fn of_profile(&self, profile: &str, roles_left: usize) -> Result<Credentials, String> {
        let says = self.profiles.settings(profile).ok_or_else(|| {
            format!("there is no profile `{profile}` in ~/.aws/config or ~/.aws/credentials")
        })?;
        match says.get("role_arn") {
            Some(role) => self.by_role(profile, says, role, roles_left),
            None => self.by_itself(profile, says),
        }
    }

    /// What a profile has without another one.
    fn by_itself(&self, profile: &str, says: &Settings) -> Result<Credentials, String> {
        let get = |key: &str| says.get(key).filter(|value| !value.is_empty());
        if let (Some(id), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key")) {
            let token = get("aws_session_token").cloned();
            return Ok(Credentials::new(id, secret, token, None, "profile"));
        }
        if let Some(process) = get("credential_process") {
            let told = |why| format!("`credential_process` of the profile `{profile}`: {why}");
            return self.by_process(process).map_err(told);
        }
        Err(format!(
            "the profile `{profile}` has no credentials that bgmigrate can use (keys, a role, a web identity or \
             `credential_process`). For one that signs in by SSO, write another profile with \
             `credential_process = aws configure export-credentials --profile {profile} --format process`"
        ))
    }

    fn by_role(
        &self,
        profile: &str,
        says: &Settings,
        role: &str,
        roles_left: usize,
    ) -> Result<Credentials, String> {
        let role = Role {
            arn: role.to_owned(),
            session: says.get("role_session_name").cloned(),
            token_file: says.get("web_identity_token_file").cloned(),
            external_id: says.get("external_id").cloned(),
        };
        if role.token_file.is_some() {
            return sts::assume_by_web_identity(self, &role);
        }
        if says.contains_key("mfa_serial") {
            return Err(format!(
                "the profile `{profile}` asks for a code each time (`mfa_serial`), which bgmigrate cannot: take one without"
            ));
        }
        let left = roles_left
            .checked_sub(1)
            .ok_or_else(|| format!("the profile `{profile}` leads to too many others"))?;
        let source = match (says.get("source_profile"), says.get("credential_source")) {
            (Some(source), _) if source == profile => self.by_itself(profile, says)?,
            (Some(source), _) => self.of_profile(source, left)?,
            (None, Some(source)) => self.of_source(source)?,
            (None, None) => {
                return Err(format!(
                    "the profile `{profile}` has a `role_arn`, and neither `source_profile` nor `credential_source`"
                ));
            }
        };
        sts::assume(self, &role, source)
    }

    fn of_source(&self, source: &str) -> Result<Credentials, String> {
        let missing = || format!("`credential_source = {source}` has no credentials");
        match source {
            "Environment" => self.of_environment().ok_or_else(missing),
            "EcsContainer" => {
                metadata::of_container(self.environment, self.deadline)?.ok_or_else(missing)
            }
            "Ec2InstanceMetadata" => metadata::of_instance(self.environment, self.deadline),
            _ => Err(format!(
                "`credential_source = {source}` is none of Environment, EcsContainer, Ec2InstanceMetadata"
            )),
        }
    }

    fn by_process(&self, process: &str) -> Result<Credentials, String> {
        let words = ["sh", "-c", process].map(str::to_owned);
        let command = Command {
            words: &words,
            folder: Path::new(""),
            environment: &[],
            input: &[],
            timeout: self.deadline.left().ok_or("the time was up")?,
        };
        let ended = command.run().map_err(|error| error.to_string())?;
        if !ended.status.success() {
            // What it says on its standard output may be a secret.
            let said = ended.errors.lines().last().unwrap_or_default();
            return Err(format!("{} {said}", ended.status));
        }
        from_json(&ended.output, "SessionToken", "process")
    }
}

fn tells_credentials(says: &Settings) -> bool {
    let keys = [
        "aws_access_key_id",
        "credential_process",
        "role_arn",
        "sso_session",
        "sso_start_url",
    ];
    keys.iter().any(|key| says.contains_key(*key))
}

/// Credentials as a process or a metadata service tells them. No error shows what was told.
pub(super) fn from_json(
    text: &str,
    token: &str,
    provider: &'static str,
) -> Result<Credentials, String> {
    let told: Value =
        serde_json::from_str(text).map_err(|_| "what it says is no JSON".to_owned())?;
    let get = |key: &str| told[key].as_str();
    let (Some(id), Some(secret)) = (get("AccessKeyId"), get("SecretAccessKey")) else {
        return Err("it tells no `AccessKeyId` and `SecretAccessKey`".to_owned());
    };
    Ok(Credentials::new(
        id,
        secret,
        get(token).map(str::to_owned),
        None,
        provider,
    ))
}
