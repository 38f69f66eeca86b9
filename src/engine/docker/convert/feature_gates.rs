//! Features that an older engine would silently ignore.

use super::facts::Facts;
use super::service::unsupported;
use crate::engine::EngineError;
use crate::observed::ApiVersion;
use crate::project::Service;

/// A feature that engines have from a certain version on.
struct Feature {
    /// As it is written in the file.
    name: &'static str,
    since: ApiVersion,
    /// The first engine release with that API version.
    engine: &'static str,
    asked: fn(&Service) -> bool,
    /// Whether a container without it would behave wrongly.
    needed: bool,
}

const FEATURES: [Feature; 5] = [
    Feature {
        name: "annotations",
        since: ApiVersion::new(1, 43),
        engine: "v24",
        asked: |service| !service.annotations.is_empty(),
        needed: false,
    },
    Feature {
        name: "healthcheck.start_interval",
        since: ApiVersion::new(1, 44),
        engine: "v25",
        asked: |service| service.healthcheck.as_ref().is_some_and(|check| check.start_interval.is_some()),
        needed: false,
    },
    Feature {
        name: "mac_address",
        since: ApiVersion::new(1, 44),
        engine: "v25",
        asked: |service| {
            let mut attachments = service.networks.values().flatten();
            service.mac_address.is_some() || attachments.any(|attachment| attachment.mac_address.is_some())
        },
        needed: false,
    },
    // Without it the whole volume would be mounted.
    Feature {
        name: "volume.subpath",
        since: ApiVersion::new(1, 45),
        engine: "v26",
        asked: |service| {
            let mut options = service.volumes.iter().filter_map(|mount| mount.volume.as_ref());
            options.any(|options| options.subpath.as_ref().is_some_and(|path| !path.is_empty()))
        },
        needed: true,
    },
    Feature {
        name: "gw_priority",
        since: ApiVersion::new(1, 48),
        engine: "v28",
        asked: |service| {
            let mut attachments = service.networks.values().flatten();
            attachments.any(|attachment| attachment.gw_priority != 0)
        },
        needed: false,
    },
];

/// Refuses features that the container needs and the engine is too old for; warns of those it would merely ignore.
pub(super) fn check(service: &Service, facts: &Facts, warnings: &mut Vec<String>) -> Result<(), EngineError> {
    let missing = FEATURES.iter().filter(|feature| facts.engine.api < feature.since && (feature.asked)(service));
    for Feature { name, engine, needed, .. } in missing {
        let problem = format!("{name} requires Docker Engine {engine} or later");
        if *needed {
            return Err(unsupported(&service.name, &problem));
        }
        warnings.push(format!("service `{}`: {problem}; this one ignores it", service.name));
    }
    Ok(())
}
