//! Routers of AWS: a load balancer, and weighted records.
//!
//! The requests are few, so they are written by hand and signed by `aws-sigv4`: the SDK's clients for the same take longer to
//! build than everything else here.

mod alb;
mod call;
mod credentials;
mod environment;
mod forward;
mod metadata;
mod profiles;
mod records;
mod route53;
mod sts;
mod trouble;
mod xml;

pub use alb::AwsAlb;
pub use environment::Environment;
pub use route53::AwsRoute53;

use call::{Api, Service};
use credentials::Search;
use profiles::Profiles;

use super::Deadline;
use crate::config::AwsAccess;

/// A service of AWS, with the credentials to ask it. Nothing is sent to it yet.
///
/// # Errors
/// When there are no credentials.
fn open(
    service: Service,
    access: &AwsAccess,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Api, String> {
    let profiles = Profiles::read(environment)?;
    let profile = access.profile.as_deref();
    let named = profile.or_else(|| environment.get("AWS_PROFILE"));
    let says = profiles.settings(named.unwrap_or("default"));
    let region = access
        .region
        .as_deref()
        .or_else(|| environment.get("AWS_REGION"))
        .or_else(|| environment.get("AWS_DEFAULT_REGION"))
        .or_else(|| says?.get("region").map(String::as_str))
        .unwrap_or("us-east-1");
    let search = Search {
        environment,
        profiles: &profiles,
        region,
        deadline,
    };
    let credentials = search.find(profile)?;
    let endpoint = service.endpoint(region, access.endpoint_url.as_deref(), environment, says);
    Ok(Api::of(service, endpoint, environment, Some(credentials)))
}
