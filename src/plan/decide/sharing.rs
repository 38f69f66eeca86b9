//! Checks what containers share with, and finds containers that must restart because their namespace ended.

use std::collections::BTreeMap;

use crate::observed::{ContainerId, Observed};
use crate::plan::PlanError;
use crate::plan::decide::container::{self, Change, Decision};
use crate::plan::decide::shared::{NothingToShare, Shared, namespaces, shared_services};
use crate::plan::inputs::Inputs;
use crate::project::{Project, ServiceName};

/// Refuses containers that would share with a missing or stopped one.
pub(in crate::plan) fn check(
    cx: &Inputs<'_>,
    decisions: &BTreeMap<&ServiceName, Decision<'_>>,
) -> Result<(), PlanError> {
    for decision in decisions.values() {
        let makes = decision.slots.iter().any(|slot| matches!(slot.change, Change::Create | Change::Recreate { .. }));
        let starts = cx.starts() && decision.slots.iter().any(|slot| !is_kept_up(&slot.change));
        if !makes && !starts {
            continue;
        }
        for (shared, other) in shared_services(decision.service) {
            let problem = match decisions.get(other) {
                Some(other) => other.slots.is_empty().then_some(NothingToShare::NoReplicas),
                None if cx.project.services.contains_key(other) => None,
                None => not_selected(cx, other, starts && shared != Shared::Volumes),
            };
            if let Some(problem) = problem {
                let (service, other) = (decision.service.name.clone(), other.clone());
                return Err(PlanError::NothingToShare { service, shared, other, problem });
            }
        }
    }
    Ok(())
}

fn is_kept_up(change: &Change<'_>) -> bool {
    matches!(change, Change::Keep(container) if container.is_up())
}

fn not_selected(cx: &Inputs<'_>, other: &ServiceName, has_to_run: bool) -> Option<NothingToShare> {
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

/// The running containers that use a namespace of another one, and those others: their start times
/// ([`Observed::started`]) tell whether the namespace still exists.
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
