//! `pause` and `unpause`: the containers of services are suspended, or go on.

use super::down::container_ref;
use super::stop::replica_of;
use super::{Action, ContainerRef, Plan, PlanBuilder, ProjectSource, Reason, Step};
use crate::observed::{Observed, State};
use crate::project::ServiceName;

/// What it takes to suspend the running replicas of `services`, or of all active ones if there are none.
#[must_use]
pub fn pause(source: &ProjectSource, observed: &Observed, services: &[ServiceName]) -> Plan {
    each(source, observed, services, State::Running, |container| Action::PauseContainer { container })
}

/// What it takes to let the paused replicas of `services`, or of all active ones if there are none, go on.
#[must_use]
pub fn unpause(source: &ProjectSource, observed: &Observed, services: &[ServiceName]) -> Plan {
    each(source, observed, services, State::Paused, |container| Action::UnpauseContainer { container })
}

fn each(
    source: &ProjectSource,
    observed: &Observed,
    services: &[ServiceName],
    state: State,
    action: impl Fn(ContainerRef) -> Action,
) -> Plan {
    let project = source.project(observed);
    let mut builder = PlanBuilder::default();
    let chosen = observed.containers.iter().filter(|container| container.is_replica() && container.state == state);
    let mut chosen: Vec<_> = chosen.collect();
    chosen.sort_by(|one, other| one.name.cmp(&other.name));
    for container in chosen {
        let Some(service) = &container.service else { continue };
        if project.services.contains_key(service) && (services.is_empty() || services.contains(service)) {
            let action = action(container_ref(container, replica_of(container, service)));
            builder.add(Step { action, reason: Reason::Requested, guard: None }, []);
        }
    }
    builder.build()
}
