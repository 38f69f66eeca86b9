//! `kill`: a signal to every container that runs, in no order.

use super::down::container_ref;
use super::stop::replica_of;
use super::{Action, KillOptions, Orphans, Plan, PlanBuilder, ProjectSource, Reason, Step};
use crate::observed::{Container, Observed, State};

/// What it takes to send a signal to the running containers of services, one-offs among them. Those of services that the
/// files do not define, or whose profiles are inactive, are left alone unless orphans are to be removed.
#[must_use]
pub fn kill(source: &ProjectSource, observed: &Observed, options: &KillOptions) -> Plan {
    let project = source.project(observed);
    let is_meant = |container: &Container| {
        let Some(service) = &container.service else { return options.orphans == Orphans::Remove };
        let named = options.services.is_empty() || options.services.contains(service);
        named && (options.orphans == Orphans::Remove || project.services.contains_key(service))
    };
    let runs = |container: &Container| matches!(container.state, State::Running | State::Paused | State::Restarting);
    let mut containers: Vec<_> = observed
        .containers
        .iter()
        .filter(|container| {
            container.config_hash.is_some() && !container.hook && runs(container) && is_meant(container)
        })
        .collect();
    containers.sort_by(|one, other| one.name.cmp(&other.name));
    let mut builder = PlanBuilder::default();
    for container in containers {
        let replica = container.service.as_ref().filter(|_| !container.one_off);
        let replica = replica.and_then(|service| replica_of(container, service));
        let action =
            Action::KillContainer { container: container_ref(container, replica), signal: options.signal.clone() };
        builder.add(Step { action, reason: Reason::Requested, guard: None }, []);
    }
    builder.build()
}
