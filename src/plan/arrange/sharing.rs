//! Containers that use the namespace of another one: they are restarted after it.

use crate::observed::{Container, ContainerId};
use crate::plan::arrange::writer::{PlanWriter, ReplicaEnd};
use crate::plan::decide::container::{self, Change, Decision};
use crate::plan::decide::shared::namespaces;
use crate::plan::decide::when::When;
use crate::plan::{ActionId, ContainerRef, Handle, Reason, Warning};
use crate::project::ServiceName;

/// The end of a namespace that a container uses.
struct NamespaceEnd {
    when: When,
    /// The step that stops its owner; the containers that use it stop before.
    stopped: Option<ActionId>,
    /// The steps that must succeed before the containers that use it stop: if one fails, they are left alone.
    after: Vec<ActionId>,
}

impl<'a> PlanWriter<'a, '_> {
    /// Restarts the containers of a service whose namespace ends because its owner restarts.
    pub(in crate::plan) fn follow_partners(&mut self, decision: &Decision<'a>) {
        for (_, other) in namespaces(decision.service) {
            for slot in &decision.slots {
                let (container, leaves) = match &slot.change {
                    Change::Keep(container) => (*container, When::Never),
                    Change::Recreate { old, when: when @ When::If(_), .. } => (*old, when.clone()),
                    Change::Create | Change::Recreate { .. } | Change::Finish { .. } => continue,
                };
                let Some(NamespaceEnd { when, stopped, after }) = self.namespace_end(other, container) else {
                    continue;
                };
                // If it is replaced whenever the namespace ends, that is enough.
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

    /// The end of the namespace that a container uses, in this run or before.
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

    /// Warns of containers that stay in a namespace that ends because their service is not selected.
    pub(in crate::plan) fn stranded_sharers(&mut self) {
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
