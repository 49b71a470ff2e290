//! Each way to credentials, on the strict double: it knows the key that this way leads to, and no other.

use std::path::Path;
use std::time::Duration;

use bgmigrate::router::{AwsEnvironment, Deadline, Router};

use super::double::{Answer, Key, refused};
use super::http::Request;
use super::signature;
use super::world::{World, listener};

const SECRET: &str = "the secret that is found";
const TOKEN: &str = "the/token+that=is found";

/// As the machine and the token service answer.
fn others(request: &Request) -> Option<Answer> {
    let found = format!(
        r#"{{ "Version": 1, "AccessKeyId": "AKIDFOUND", "SecretAccessKey": "{SECRET}", "Token": "{TOKEN}", "SessionToken": "{TOKEN}" }}"#
    );
    let form = request.form();
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let no = || Err(refused(403, "AccessDenied", "no"));
    let taken = format!(
        "<R xmlns=\"x\"><Credentials><AccessKeyId>AKIDFOUND</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
         <SessionToken>{TOKEN}</SessionToken></Credentials></R>"
    );
    Some(match (request.path.as_str(), get("Action")) {
        ("/container", _) if request.header("authorization") == "of the pod" => Ok(found),
        ("/latest/api/token", _) if request.method == "PUT" => Ok("of the instance".to_owned()),
        ("/latest/meta-data/iam/security-credentials/", _) => Ok("shop-role".to_owned()),
        ("/latest/meta-data/iam/security-credentials/shop-role", _)
            if request.header("x-aws-ec2-metadata-token") == "of the instance" =>
        {
            Ok(found)
        }
        (_, "AssumeRoleWithWebIdentity")
            if get("WebIdentityToken") == "of the cluster"
                && get("RoleArn") == "arn:aws:iam::1:role/shop" =>
        {
            Ok(taken)
        }
        (_, "AssumeRole")
            if get("ExternalId") == "x1" && signature::is_right(request, "of the base") =>
        {
            Ok(taken)
        }
        ("/container", _) | (_, "AssumeRole" | "AssumeRoleWithWebIdentity") => no(),
        _ => return None,
    })
}

/// What it is called, the variables that lead to it, and why it does not work where it does not.
type Way<'a> = (&'a str, &'a [(&'a str, &'a str)], Result<(), &'a str>);

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn strict_double_each_way_to_credentials_leads_to_requests_that_are_signed_right() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::strict();
    world.change(|model| {
        model.others = others;
        model.keys.clear();
        let key = Key {
            secret: SECRET,
            token: Some(TOKEN),
            expired: false,
        };
        model.keys.insert("AKIDFOUND", key);
    });
    let base = format!("http://{}", world.served.address);
    let json = format!(
        r#"{{"Version":1,"AccessKeyId":"AKIDFOUND","SecretAccessKey":"{SECRET}","SessionToken":"{TOKEN}"}}"#
    );
    let told = write(folder.path(), "told.json", &json);
    let config = format!(
        "[default]\nregion = eu-west-1\n[profile process]\ncredential_process = cat {told}\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/shop\nsource_profile = base\nexternal_id = x1\n\
         [profile loop]\nrole_arn = arn:aws:iam::1:role/shop\nsource_profile = loop2\n\
         [profile loop2]\nrole_arn = arn:aws:iam::1:role/shop\nsource_profile = loop\n\
         [profile sso]\nsso_session = corp\n[profile fails]\ncredential_process = echo {SECRET}; echo gone >&2; exit 2\n"
    );
    let keys = format!(
        "[keys]\naws_access_key_id = AKIDFOUND\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n\
         [base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = of the base\n"
    );
    let config = write(folder.path(), "config", &config);
    let keys = write(folder.path(), "credentials", &keys);
    let pod = write(folder.path(), "pod", "of the pod\n");
    let cluster = write(folder.path(), "cluster", "of the cluster\n");
    let container = format!("{base}/container");
    let files = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &keys),
        ("AWS_ENDPOINT_URL_STS", &base),
    ];
    let ways: [Way<'_>; 12] = [
        (
            "environment",
            &[
                ("AWS_ACCESS_KEY_ID", "AKIDFOUND"),
                ("AWS_SECRET_ACCESS_KEY", SECRET),
                ("AWS_SESSION_TOKEN", TOKEN),
            ],
            Ok(()),
        ),
        ("keys", &[("AWS_PROFILE", "keys")], Ok(())),
        ("process", &[("AWS_PROFILE", "process")], Ok(())),
        ("role", &[("AWS_PROFILE", "role")], Ok(())),
        (
            "web identity",
            &[
                ("AWS_ROLE_ARN", "arn:aws:iam::1:role/shop"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", &cluster),
            ],
            Ok(()),
        ),
        (
            "container",
            &[
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &pod),
            ],
            Ok(()),
        ),
        (
            "instance",
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &base)],
            Ok(()),
        ),
        (
            "a container that refuses",
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)],
            Err("it answers with status 403"),
        ),
        (
            "no such profile",
            &[("AWS_PROFILE", "nobody")],
            Err("there is no profile `nobody`"),
        ),
        (
            "sign-in",
            &[("AWS_PROFILE", "sso")],
            Err("aws configure export-credentials --profile sso --format process"),
        ),
        (
            "a circle",
            &[("AWS_PROFILE", "loop")],
            Err("leads to too many others"),
        ),
        (
            "a process that fails",
            &[("AWS_PROFILE", "fails")],
            Err("gone"),
        ),
    ];
    for (way, variables, expected) in ways {
        let mut driver = world.alb(listener());
        driver.environment = AwsEnvironment::of(files.into_iter().chain(variables.iter().copied()));
        let seen = driver.observe(Deadline::within(Duration::from_secs(10)));
        match (seen, expected) {
            (Ok(_), Ok(())) => {}
            (Err(why), Err(expected)) => {
                assert!(why.contains(expected), "{way}: {why}");
                assert!(!why.contains(SECRET), "{way}: {why}");
            }
            (seen, _) => panic!("{way}: {seen:?}"),
        }
    }
    let mut driver = world.alb(listener());
    driver.access.profile = Some("keys".to_owned());
    let unknown = [
        ("AWS_ACCESS_KEY_ID", "AKIDNOBODY"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
    ];
    driver.environment = AwsEnvironment::of(files.into_iter().chain(unknown));
    let seen = driver.observe(Deadline::within(Duration::from_secs(10)));
    assert!(
        seen.is_ok(),
        "the profile of the configuration comes first: {seen:?}"
    );
}
