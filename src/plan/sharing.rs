//! What has to be there before a container shares with it, and what restarts because its namespace ended.

use std::collections::BTreeMap;

use super::container::{self, Change, Fate};
use super::shared::{NothingToShare, Shared, namespaces, shared_services};
use super::steps::{Emit, ReplicaEnd};
use super::up::Context;
use super::when::When;
use super::{ActionId, ContainerRef, Handle, PlanError, Reason, Warning};
use crate::observed::{Container, ContainerId, Observed};
use crate::project::{Project, ServiceName};

/// Refuses containers that would share with one that is not there, or not running.
pub(super) fn check(cx: &Context<'_>, fates: &BTreeMap<&ServiceName, Fate<'_>>) -> Result<(), PlanError> {
    for fate in fates.values() {
        let makes = fate.slots.iter().any(|slot| matches!(slot.change, Change::Create | Change::Recreate { .. }));
        let starts = cx.starts() && fate.slots.iter().any(|slot| !is_kept_up(&slot.change));
        if !makes && !starts {
            continue;
        }
        for (shared, other) in shared_services(fate.service) {
            let problem = match fates.get(other) {
                Some(other) => other.slots.is_empty().then_some(NothingToShare::NoReplicas),
                None if cx.project.services.contains_key(other) => None,
                None => not_selected(cx, other, starts && shared != Shared::Volumes),
            };
            if let Some(problem) = problem {
                let (service, other) = (fate.service.name.clone(), other.clone());
                return Err(PlanError::NothingToShare { service, shared, other, problem });
            }
        }
    }
    Ok(())
}

fn is_kept_up(change: &Change<'_>) -> bool {
    matches!(change, Change::Keep(container) if container.is_up())
}

fn not_selected(cx: &Context<'_>, other: &ServiceName, has_to_run: bool) -> Option<NothingToShare> {
    let profiles = cx.project.disabled.get(other).map(|service| service.profiles.clone()).unwrap_or_default();
    let Some(container) = container::left_alone(cx, other).into_iter().next() else {
        return Some(NothingToShare::NotSelected { profiles });
    };
    (has_to_run && !container.is_up()).then(|| NothingToShare::NotRunning {
        container: container.name.clone(),
        state: container.state,
        profiles,
    })
}

/// The running containers that share a namespace, and those they share it with: when each last started tells whether
/// the namespace is still there ([`Observed::started`]).
#[must_use]
pub fn namespace_sharers<'a>(project: &Project, observed: &'a Observed) -> Vec<&'a ContainerId> {
    let mut ids = Vec::new();
    for service in project.services.values() {
        let running = |service: &ServiceName| {
            let all = container::by_reference(project, observed, service);
            all.into_iter().filter(|container| container.is_up()).map(|container| &container.id)
        };
        for (_, other) in namespaces(service) {
            let Some(partner) = running(other).next() else { continue };
            let sharers: Vec<_> = running(&service.name).collect();
            if !sharers.is_empty() {
                ids.extend(sharers.into_iter().chain([partner]));
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What ends a namespace that a container shares.
struct NamespaceEnd {
    when: When,
    /// The step that stops the container which has it; whoever shares it stops before.
    stopped: Option<ActionId>,
    /// The steps that whoever shares it stops after: while they fail it stays as it is.
    after: Vec<ActionId>,
}

impl<'a> Emit<'a, '_> {
    /// Restarts the containers of a service whose namespace ended, because the container that has it starts again.
    pub(super) fn follow_partners(&mut self, fate: &Fate<'a>) {
        for (_, other) in namespaces(fate.service) {
            for slot in &fate.slots {
                let (container, leaves) = match &slot.change {
                    Change::Keep(container) => (*container, When::Never),
                    Change::Recreate { old, when: when @ When::If(_), .. } => (*old, when.clone()),
                    Change::Create | Change::Recreate { .. } | Change::Finish { .. } => continue,
                };
                let Some(NamespaceEnd { when, stopped, after }) = self.namespace_end(other, container) else {
                    continue;
                };
                // Where it is replaced whenever the namespace ends, that is enough.
                if when.is_never() || leaves.or(&when) == leaves {
                    continue;
                }
                let handle = ContainerRef {
                    replica: Some(slot.replica.clone()),
                    name: container.name.clone(),
                    handle: Handle::Existing(container.id.clone()),
                };
                let stop = self.stop(container, handle, &when, Reason::PartnerRestarted(other.clone()), &after);
                if let (Some(stop), Some(stopped)) = (stop, stopped) {
                    self.order_if_possible(stop, stopped);
                }
            }
        }
    }

    /// What ends the namespace that a container shares: in this run, or before it.
    fn namespace_end(&self, other: &ServiceName, container: &Container) -> Option<NamespaceEnd> {
        let started = |id: &ContainerId| self.cx.observed.started.get(id);
        let stale =
            |partner: &Container| started(&partner.id) > started(&container.id) && started(&container.id).is_some();
        let ended = || NamespaceEnd { when: When::Always, stopped: None, after: Vec::new() };
        let Some(end) = self.ends.get(other) else {
            let partner = container::left_alone(&self.cx, other).into_iter().next()?;
            return stale(partner).then(ended);
        };
        let partner = end.replicas.iter().min_by(|a, b| a.container.name.cmp(&b.container.name))?;
        let ReplicaEnd { existing, started: when, .. } = partner;
        if existing.is_some_and(|partner| partner.is_up() && stale(partner)) {
            return Some(ended());
        }
        let stopped = existing.and_then(|partner| self.stops.get(&partner.id)).map(|stop| stop.step);
        let after = if stopped.is_some() { Vec::new() } else { end.starts.clone() };
        Some(NamespaceEnd { when: when.clone(), stopped, after })
    }

    /// Tells of containers that go on running in a namespace that ends: their service is not selected.
    pub(super) fn stranded_sharers(&mut self) {
        let cx = self.cx;
        for service in cx.project.disabled.values() {
            let runs = container::numbered(cx.observed, &service.name).iter().any(|(_, container)| container.is_up());
            let shared = namespaces(service).find(|(_, other)| {
                let replicas = self.ends.get(*other).map_or(&[][..], |end| &end.replicas);
                replicas.iter().any(|replica| !replica.started.is_never())
            });
            if let Some((shared, other)) = shared.filter(|_| runs) {
                let (service, other) = (service.name.clone(), other.clone());
                self.warnings.push(Warning::NamespaceLost { service, shared, other });
            }
        }
    }
}
