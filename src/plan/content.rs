//! Secrets and configs whose content comes from a variable that is not set: found before anything is touched.

use std::collections::BTreeSet;

use super::{Action, Plan, PlanError};
use crate::project::{FileSource, Project, Service};

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
