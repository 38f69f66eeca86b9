//! Counts what a plan does not touch.

use std::collections::BTreeSet;

use crate::observed::{Container, Observed};
use crate::plan::{Action, Plan};
use crate::project::Project;

/// The number of networks, volumes and containers of the project's services that `plan` does not touch.
#[must_use]
pub fn unchanged(plan: &Plan, observed: &Observed, project: &Project) -> usize {
    let is_own = |container: &&Container| {
        let known = container.service.as_ref().is_some_and(|name| project.services.contains_key(name));
        known && container.is_replica()
    };
    let containers = observed.containers.iter().filter(is_own).filter(|it| !plan.touches(&it.id)).count();
    let ours = |label: &Option<String>| label.as_deref() == Some(project.name.as_str());
    let (networks, volumes) = touched(plan);
    let networks = observed.networks.iter().filter(|it| ours(&it.project) && !networks.contains(&it.name)).count();
    let volumes = observed.volumes.iter().filter(|it| ours(&it.project) && !volumes.contains(it.name.as_str())).count();
    containers + networks + volumes
}

/// The networks and volumes that a plan creates, removes, or leaves without a container.
fn touched(plan: &Plan) -> (BTreeSet<String>, BTreeSet<&str>) {
    let (mut networks, mut volumes) = (BTreeSet::new(), BTreeSet::new());
    for (_, step) in plan.steps() {
        if let Action::CreateNetwork { .. } | Action::RemoveNetwork { .. } = &step.action {
            networks.insert(step.action.object());
        }
        volumes.extend(step.removed_volumes());
        volumes.extend(step.volumes_left().into_iter().map(|volume| volume.name.as_str()));
    }
    (networks, volumes)
}
