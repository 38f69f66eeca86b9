//! `rm`: containers that do not run are removed; with `--stop` those that do, too.

use std::collections::BTreeMap;

use super::down::{container_ref, dependents_first};
use super::stop::{replica_of, stop_container};
use super::{
    Action, ActionId, AnonymousVolumes, ContainerRef, DownVolumes, Plan, PlanBuilder, ProjectSource, Reason, RmOneOffs,
    RmOptions, Step, unused,
};
use crate::observed::{Container, Observed};
use crate::project::ServiceName;

/// What it takes to remove the containers of services: those that have ended, one-offs among them, or all replicas, which
/// stop first, each after those that depend on it.
#[must_use]
pub fn rm(source: &ProjectSource, observed: &Observed, options: &RmOptions) -> Plan {
    let project = source.project(observed);
    let volumes = match options.volumes {
        DownVolumes::Keep => AnonymousVolumes::Keep,
        DownVolumes::Remove => AnonymousVolumes::Remove,
    };
    let mut builder = PlanBuilder::default();
    let mut stopped: BTreeMap<&ServiceName, Vec<ActionId>> = BTreeMap::new();
    for name in dependents_first(&project) {
        let dependents = project.services.iter().filter(|(_, other)| other.depends_on.contains_key(name));
        let before: Vec<_> = dependents.filter_map(|(other, _)| stopped.get(other)).flatten().copied().collect();
        let mut stops = Vec::new();
        for container in removable(observed, name, options) {
            let mut after = Vec::new();
            if container.is_up() {
                let action = stop_container(&project, container, name, options.timeout);
                let step = Step { action, reason: Reason::Requested, guard: None };
                after.push(builder.add(step, before.iter().copied()));
                stops.extend(after.iter().copied());
            }
            let replica = replica_of(container, name).filter(|_| !container.one_off);
            let action = Action::remove_container(container_ref(container, replica), volumes);
            builder.add(Step { action, reason: Reason::Requested, guard: None }, after);
        }
        stopped.insert(name, if stops.is_empty() { before } else { stops });
    }
    let mut plan = builder.build();
    unused::mark(&mut plan, &project, observed);
    plan
}

/// The containers that a plan removes.
pub fn removed_containers(plan: &Plan) -> impl Iterator<Item = &ContainerRef> {
    plan.steps().filter_map(|(_, step)| {
        let Action::RemoveContainer { container, .. } = &step.action else { return None };
        Some(container)
    })
}

fn removable<'a>(observed: &'a Observed, name: &ServiceName, options: &RmOptions) -> Vec<&'a Container> {
    let chosen = options.services.is_empty() || options.services.contains(name);
    let is_removed = |container: &&Container| {
        let ended = !container.is_up();
        let one_off = container.one_off && options.one_offs == RmOneOffs::Remove;
        let goes = if container.is_replica() { ended || options.stop } else { ended && one_off };
        let agreed = options.agreed.as_ref().is_none_or(|agreed| agreed.contains(&container.id));
        chosen
            && agreed
            && goes
            && !container.hook
            && container.config_hash.is_some()
            && container.service.as_ref() == Some(name)
    };
    let mut removable: Vec<_> = observed.containers.iter().filter(is_removed).collect();
    removable.sort_by_key(|container| (container.one_off, container.number, &container.name));
    removable
}
