//! Credentials of a role, from the token service (STS).

use aws_credential_types::Credentials;

use super::call::{Api, Form, Service};
use super::credentials::Search;
use super::environment::Environment;
use super::trouble::Trouble;
use super::xml;

const VERSION: &str = "2011-06-15";

/// A role that may be taken.
pub(super) struct Role {
    pub(super) arn: String,
    /// What the role's session is called in the logs of AWS.
    pub(super) session: Option<String>,
    /// The file with the token of a web identity.
    pub(super) token_file: Option<String>,
    pub(super) external_id: Option<String>,
}

impl Role {
    /// The one that the environment names, as EKS and CI systems do.
    pub(super) fn of_web_identity(environment: &Environment) -> Option<Self> {
        let get = |name| environment.get(name).map(str::to_owned);
        Some(Self {
            arn: get("AWS_ROLE_ARN")?,
            session: get("AWS_ROLE_SESSION_NAME"),
            token_file: Some(get("AWS_WEB_IDENTITY_TOKEN_FILE")?),
            external_id: None,
        })
    }

    fn form(&self, action: &str) -> Form {
        let session = self.session.as_deref().unwrap_or("bgmigrate");
        let mut form = Form::of(action, VERSION);
        form.add("RoleArn", &self.arn);
        form.add("RoleSessionName", session);
        if let Some(id) = &self.external_id {
            form.add("ExternalId", id);
        }
        form
    }
}

/// Takes a role as somebody else.
pub(super) fn assume(
    search: &Search<'_>,
    role: &Role,
    source: Credentials,
) -> Result<Credentials, String> {
    let form = role.form("AssumeRole");
    taken(search, role, &form, Some(source))
}

/// Takes a role by a token that somebody else than AWS vouches for.
pub(super) fn assume_by_web_identity(
    search: &Search<'_>,
    role: &Role,
) -> Result<Credentials, String> {
    let file = role.token_file.as_deref().unwrap_or_default();
    let token = std::fs::read_to_string(file)
        .map_err(|error| format!("the token of the web identity, {file}: {error}"))?;
    let mut form = role.form("AssumeRoleWithWebIdentity");
    form.add("WebIdentityToken", token.trim());
    taken(search, role, &form, None)
}

fn taken(
    search: &Search<'_>,
    role: &Role,
    form: &Form,
    source: Option<Credentials>,
) -> Result<Credentials, String> {
    let told = |why: &dyn std::fmt::Display| format!("taking the role {}: {why}", role.arn);
    let endpoint = Service::Sts.endpoint(search.region, None, search.environment, None);
    let api = Api::of(Service::Sts, endpoint, search.environment, source);
    let answer = api.call(form, search.deadline);
    let answer = answer.map_err(|trouble: Trouble| told(&trouble))?;
    let read = xml::document(&answer).and_then(|document| {
        let given = xml::find(&document, "Credentials").ok_or("it tells no credentials")?;
        let get = |name| xml::text(given, name).ok_or("it tells not all of the credentials");
        Ok(Credentials::new(
            get("AccessKeyId")?,
            get("SecretAccessKey")?,
            Some(get("SessionToken")?.to_owned()),
            None,
            "role",
        ))
    });
    read.map_err(|why: String| told(&why))
}
