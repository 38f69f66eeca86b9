//! `stop`, and the end of an attached `up`: stops containers, dependents first, without removing them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::down::{container_ref, dependents_first, existing_spec};
use super::{Action, ActionId, Plan, PlanBuilder, Reason, Replica, Step};
use crate::observed::{Container, Observed, State};
use crate::project::{Project, ServiceName};

/// The plan to stop the services that the user named, or all, each after its dependents. Exited containers are stopped
/// too, which only reports them. `timeout` is the grace period of every stop; each container's own by default.
#[must_use]
pub fn stop(project: &Arc<Project>, observed: &Observed, timeout: Option<Duration>) -> Plan {
    let mut builder = PlanBuilder::default();
    let mut done: BTreeMap<&ServiceName, Vec<ActionId>> = BTreeMap::new();
    for name in dependents_first(project) {
        let dependents = project.services.iter().filter(|(_, other)| other.depends_on.contains_key(name));
        let before: Vec<_> = dependents.filter_map(|(other, _)| done.get(other)).flatten().copied().collect();
        let stopped: Vec<_> = replicas(project, observed, name)
            .map(|container| {
                let replica = container.number.map(|number| Replica { service: name.clone(), number });
                // Hooks run only in containers that are up.
                let hooked = replica.as_ref().filter(|_| container.is_up());
                let spec = hooked.and_then(|replica| existing_spec(project, container, replica));
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

/// The replicas of a service that are up or have exited, if the user named the service.
fn replicas<'a>(
    project: &Project,
    observed: &'a Observed,
    name: &'a ServiceName,
) -> impl Iterator<Item = &'a Container> {
    let targeted = project.is_targeted(name.as_str());
    observed.containers.iter().filter(move |container| {
        let stoppable = container.is_up() || matches!(container.state, State::Created | State::Exited);
        targeted && container.is_replica() && container.service.as_ref() == Some(name) && stoppable
    })
}
