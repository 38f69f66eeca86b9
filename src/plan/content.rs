//! What secrets and configs contain: a variable that is not set is found before anything is touched, and what changed
//! since a container was made is told.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{Change, Fate};
use super::{Action, Plan, PlanError, Warning};
use crate::observed::Container;
use crate::project::fingerprint::Fingerprint;
use crate::project::{FileSource, Project, Service, ServiceName};

/// The label with a digest for each secret and config.
const LABEL_CONTENTS: &str = "hoist.contents";

/// The part of the digests that is about the secrets and configs of one service.
pub(super) fn of_service(contents: &Fingerprint, service: &Service) -> Fingerprint {
    contents.only(|name| match name.split_once('.') {
        Some(("secret", name)) => service.secrets.iter().any(|secret| secret.source.as_str() == name),
        Some(("config", name)) => service.configs.iter().any(|config| config.source.as_str() == name),
        _ => false,
    })
}

/// Tells which secrets and configs changed since the running containers that stay were made. Docker Compose recreates
/// nothing for them either; a container that was stopped and started since has the new content nevertheless.
pub(super) fn changes(contents: &Fingerprint, fates: &BTreeMap<&ServiceName, Fate<'_>>, warnings: &mut Vec<Warning>) {
    for fate in fates.values() {
        let now = of_service(contents, fate.service);
        let mut changed: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for slot in &fate.slots {
            let Change::Keep(container) = slot.change else { continue };
            for name in changed_in(container, &now) {
                changed.entry(name).or_default().push(slot.replica.clone());
            }
        }
        warnings.extend(changed.into_iter().filter_map(|(name, replicas)| {
            let (kind, name) = match name.split_once('.')? {
                ("secret", name) => ("secret", name.to_owned()),
                (_, name) => ("config", name.to_owned()),
            };
            Some(Warning::ContentChanged { kind, name, replicas, service: fate.service.name.clone() })
        }));
    }
}

/// What both the label of a running container and the present know, and know differently.
fn changed_in(container: &Container, now: &Fingerprint) -> Vec<String> {
    let label = container.labels.get(LABEL_CONTENTS).filter(|_| container.is_up());
    let Some(kept) = label.and_then(|label| label.parse::<Fingerprint>().ok()) else { return Vec::new() };
    let both = |name: &str| kept.names().any(|kept| kept == name) && now.names().any(|now| now == name);
    kept.changed(now).into_iter().filter(|name| both(name)).collect()
}

/// Refuses a plan that starts a container whose secrets and configs could not be provided (engine.md §3.7).
///
/// # Errors
///
/// [`PlanError::VariableUnset`] for the first of them.
pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let mut seen = BTreeSet::new();
    for (_, step) in plan.steps() {
        let Action::StartContainer { spec: Some(spec), .. } = &step.action else { continue };
        let Some(service) = spec.project.services.get(&spec.replica.service) else { continue };
        if seen.insert(&service.name)
            && let Some(error) = unset(&spec.project, service)
        {
            return Err(error);
        }
    }
    Ok(())
}

fn unset(project: &Project, service: &Service) -> Option<PlanError> {
    let secrets = service.secrets.iter().map(|reference| {
        let name = reference.source.as_str();
        ("secret", name, project.secrets.get(name).and_then(|secret| secret.source.as_ref()))
    });
    let configs = service.configs.iter().map(|reference| {
        let name = reference.source.as_str();
        ("config", name, project.configs.get(name).and_then(|config| config.source.as_ref()))
    });
    secrets.chain(configs).find_map(|(kind, name, source)| match source? {
        FileSource::Environment { variable, value: None } => {
            Some(PlanError::VariableUnset { variable: variable.clone(), kind, name: name.to_owned() })
        }
        FileSource::Environment { .. } | FileSource::File(_) | FileSource::Content(_) => None,
    })
}
