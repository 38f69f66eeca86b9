//! `stop`, and the end of an attached `up`: containers stop, dependents first, and stay (engine.md §4.6).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::container::holds_processes;
use super::down::{container_ref, dependents_first, existing_spec};
use super::{Action, ActionId, Plan, PlanBuilder, Reason, Replica, Step};
use crate::observed::{Container, Observed};
use crate::project::{Project, ServiceName};

/// What it takes to stop the services that the user named, or all: each after those that depend on it. `timeout` is
/// the grace period of every stop; each container's own where there is none.
#[must_use]
pub fn stop(project: &Arc<Project>, observed: &Observed, timeout: Option<Duration>) -> Plan {
    let mut builder = PlanBuilder::default();
    let mut done: BTreeMap<&ServiceName, Vec<ActionId>> = BTreeMap::new();
    for name in dependents_first(project) {
        let dependents = project.services.iter().filter(|(_, other)| other.depends_on.contains_key(name));
        let before: Vec<_> = dependents.filter_map(|(other, _)| done.get(other)).flatten().copied().collect();
        let stopped: Vec<_> = running(project, observed, name)
            .map(|container| {
                let replica = container.number.map(|number| Replica { service: name.clone(), number });
                let spec = replica.as_ref().and_then(|replica| existing_spec(project, container, replica));
                let container = container_ref(container, replica);
                let step = Step {
                    action: Action::StopContainer { container, spec, timeout },
                    reason: Reason::StopAsked,
                    guard: None,
                };
                builder.add(step, before.iter().copied())
            })
            .collect();
        done.insert(name, if stopped.is_empty() { before } else { stopped });
    }
    builder.build()
}

/// The replicas of a service that have processes, if the service is one the user named.
fn running<'a>(
    project: &Project,
    observed: &'a Observed,
    name: &'a ServiceName,
) -> impl Iterator<Item = &'a Container> {
    let targeted = project.is_targeted(name.as_str());
    observed.containers.iter().filter(move |container| {
        targeted && container.is_replica() && container.service.as_ref() == Some(name) && holds_processes(container)
    })
}
