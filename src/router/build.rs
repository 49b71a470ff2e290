//! From what the configuration says to a driver.

use std::path::Path;

use super::{Caddy, Commands, Envoy, File, Haproxy, Nginx, Router, Symlink, Targets, Traefik};
use crate::config::{Access, AlbAction, AwsAccess, Driver, Object};

/// What a driver is told besides its own keys.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// Where paths begin: the folder of the configuration.
    pub folder: &'a Path,
    /// The service whose traffic it is.
    pub service: &'a str,
    /// What the router calls the slots.
    pub targets: Targets,
}

/// The driver that is configured.
pub fn build(driver: Driver, surroundings: Surroundings<'_>) -> Box<dyn Router> {
    let Surroundings {
        folder,
        service,
        targets,
    } = surroundings;
    match driver {
        Driver::File { file } => Box::new(File::at(folder.join(file))),
        Driver::Symlink { link } => Box::new(Symlink::at(folder.join(link), targets)),
        Driver::Caddy { file } => Box::new(Caddy::at(folder.join(file), targets)),
        Driver::Haproxy {
            socket,
            map,
            key,
            shared,
        } => Box::new(Haproxy {
            socket,
            map: folder.join(map),
            key: key.unwrap_or_else(|| service.to_owned()),
            shared: shared.map(|shared| (shared.backend, folder.join(shared.state_file))),
            targets,
        }),
        Driver::Nginx {
            include,
            pid_file,
            status_url,
            test,
            reload,
        } => Box::new(Nginx::new(
            folder.join(include),
            folder.join(pid_file),
            status_url,
            (test.0, reload.0),
            targets,
        )),
        Driver::Envoy { rds_file, admin } => Box::new(Envoy {
            rds_file: folder.join(rds_file),
            admin,
            targets,
        }),
        Driver::Traefik {
            file,
            api,
            weighted_service,
        } => Box::new(Traefik {
            file: folder.join(file),
            api,
            service: weighted_service.unwrap_or_else(|| service.to_owned()),
            targets,
        }),
        Driver::Kubernetes { object, access } => {
            let kubeconfig = access.kubeconfig.map(|path| folder.join(path));
            let access = Access {
                kubeconfig,
                ..access
            };
            kubernetes(access, object, targets)
        }
        Driver::AwsAlb { action, access } => aws_alb(action, access, targets),
        Driver::AwsRoute53 {
            zone,
            name,
            kind,
            access,
        } => aws_route53((zone, name, kind), access, targets),
        Driver::Command {
            apply,
            observe,
            check,
        } => Box::new(Commands {
            folder: folder.to_owned(),
            service: service.to_owned(),
            apply: apply.0,
            observe: observe.0,
            check: check.map(|check| check.0),
        }),
    }
}

#[cfg(feature = "kubernetes")]
fn kubernetes(access: Access, object: Object, targets: Targets) -> Box<dyn Router> {
    Box::new(super::Kubernetes {
        access,
        object,
        targets,
    })
}

#[cfg(not(feature = "kubernetes"))]
fn kubernetes(_: Access, _: Object, _: Targets) -> Box<dyn Router> {
    let driver = "kubernetes";
    Box::new(super::Absent {
        driver,
        feature: driver,
    })
}

#[cfg(feature = "aws")]
fn aws_alb(action: AlbAction, access: AwsAccess, targets: Targets) -> Box<dyn Router> {
    Box::new(super::AwsAlb {
        action,
        access,
        environment: super::AwsEnvironment::of_process(),
        targets,
    })
}

#[cfg(not(feature = "aws"))]
fn aws_alb(_: AlbAction, _: AwsAccess, _: Targets) -> Box<dyn Router> {
    Box::new(super::Absent {
        driver: "aws-alb",
        feature: "aws",
    })
}

/// The zone, the name and the type of records.
type Records = (String, String, Option<String>);

#[cfg(feature = "aws")]
fn aws_route53(
    (zone, name, kind): Records,
    access: AwsAccess,
    targets: Targets,
) -> Box<dyn Router> {
    Box::new(super::AwsRoute53 {
        zone,
        name,
        kind,
        access,
        environment: super::AwsEnvironment::of_process(),
        targets,
        change: std::sync::Mutex::default(),
    })
}

#[cfg(not(feature = "aws"))]
fn aws_route53(_: Records, _: AwsAccess, _: Targets) -> Box<dyn Router> {
    Box::new(super::Absent {
        driver: "aws-route53",
        feature: "aws",
    })
}
