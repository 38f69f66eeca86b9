//! `stop`, and the end of an attached `up`: stops containers, dependents first, without removing them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::down::{container_ref, dependents_first, existing_spec};
use super::{Action, ActionId, Plan, PlanBuilder, ProviderVerb, Reason, Replica, Step};
use crate::observed::{Container, Observed, State};
use crate::project::{Project, ServiceName};

/// The plan to stop the services that the user named, or all, each after its dependents. Exited containers are stopped
/// too, which only reports them. `timeout` is the grace period of every stop; each container's own by default.
#[must_use]
pub fn stop(project: &Arc<Project>, observed: &Observed, services: &[ServiceName], timeout: Option<Duration>) -> Plan {
    let mut builder = PlanBuilder::default();
    let mut done: BTreeMap<&ServiceName, Vec<ActionId>> = BTreeMap::new();
    for name in dependents_first(project) {
        let dependents = project.services.iter().filter(|(_, other)| other.depends_on.contains_key(name));
        let before: Vec<_> = dependents.filter_map(|(other, _)| done.get(other)).flatten().copied().collect();
        let mut stopped = Vec::new();
        if services.is_empty() || services.contains(name) {
            if project.services.get(name).is_some_and(|service| service.provider.is_some()) {
                let (project, service) = (project.clone(), name.clone());
                let action = Action::RunProvider { project, service, verb: ProviderVerb::Stop };
                let step = Step { action, reason: Reason::StopAsked, guard: None };
                stopped.push(builder.add(step, before.iter().copied()));
            }
            for container in replicas(observed, name) {
                let action = stop_container(project, container, name, timeout);
                let step = Step { action, reason: Reason::StopAsked, guard: None };
                stopped.push(builder.add(step, before.iter().copied()));
            }
        }
        done.insert(name, if stopped.is_empty() { before } else { stopped });
    }
    builder.build()
}

/// The stop of a replica, with its hooks if it is up.
pub(super) fn stop_container(
    project: &Arc<Project>,
    container: &Container,
    service: &ServiceName,
    timeout: Option<Duration>,
) -> Action {
    let replica = replica_of(container, service);
    let hooked = replica.as_ref().filter(|_| container.is_up());
    let spec = hooked.and_then(|replica| existing_spec(project, container, replica));
    Action::StopContainer { container: container_ref(container, replica), spec, timeout }
}

/// The slot that a container fills.
pub(super) fn replica_of(container: &Container, service: &ServiceName) -> Option<Replica> {
    container.number.map(|number| Replica { service: service.clone(), number })
}

/// The replicas of a service that are up or have exited.
fn replicas<'a>(observed: &'a Observed, name: &'a ServiceName) -> impl Iterator<Item = &'a Container> {
    observed.containers.iter().filter(move |container| {
        let stoppable = container.is_up() || matches!(container.state, State::Created | State::Exited);
        container.is_replica() && container.service.as_ref() == Some(name) && stoppable
    })
}
