//! Names, host ports and fixed addresses that move from one container of the project to another.

use std::collections::{BTreeMap, BTreeSet};

use crate::observed::{Container, ContainerId, PublishedPort};
use crate::plan::decide::container::{Change, Decision, Slot};
use crate::plan::decide::orphan;
use crate::plan::inputs::Inputs;
use crate::plan::{NameOwner, PlanError};
use crate::project::value::{Port, port};
use crate::project::{Dependency, Service, ServiceName};

/// Old containers to stop as early as possible: a replica of another slot needs what they hold, so they must not wait
/// for what their own successor waits for.
pub(in crate::plan) type Early<'a> = BTreeSet<&'a ContainerId>;

/// The containers to stop early.
pub(in crate::plan) fn early<'a>(
    decisions: &BTreeMap<&'a ServiceName, Decision<'a>>,
    dependents: &BTreeMap<&ServiceName, Vec<(&ServiceName, &Dependency)>>,
) -> Early<'a> {
    let mut early = needed_elsewhere(decisions);
    // Dependents with `restart: true` stop before what they depend on.
    loop {
        let before = early.len();
        for (name, decision) in decisions.iter().filter(|(_, decision)| !decision.recreated.is_never()) {
            let mut olds = decision.slots.iter().filter_map(|slot| slot.change.old());
            if !olds.any(|old| early.contains(&old.id)) {
                continue;
            }
            let restarting = dependents.get(name).into_iter().flatten().filter(|(_, how)| how.restart);
            for dependent in restarting.filter_map(|(name, _)| decisions.get(name)) {
                early.extend(dependent.slots.iter().filter_map(|slot| slot.change.old()).map(|old| &old.id));
            }
        }
        if early.len() == before {
            return early;
        }
    }
}

fn needed_elsewhere<'a>(decisions: &BTreeMap<&'a ServiceName, Decision<'a>>) -> Early<'a> {
    let mut early = BTreeSet::new();
    for (at, decision) in decisions {
        for (number, slot) in decision.slots.iter().enumerate() {
            let Some(old) = slot.change.old().filter(|_| !slot.change.leaves().is_never()) else { continue };
            let needed_elsewhere = decisions.iter().any(|(other, needing)| {
                needing.slots.iter().enumerate().any(|(index, needs)| {
                    let itself = other == at && index == number;
                    // In a rolling update, a free port of the range is available.
                    let in_turn = other == at && decision.rolling.is_some() && needs.name != old.name;
                    !itself && !in_turn && takes(needs) && (needs.name == old.name || needs_of(needing.service, old))
                })
            });
            if needed_elsewhere {
                early.insert(&old.id);
            }
        }
    }
    early
}

/// Whether a slot's container needs a name, ports and addresses in this run.
fn takes(slot: &Slot<'_>) -> bool {
    !matches!(&slot.change, Change::Keep(container) if container.is_up() && container.name == slot.name)
}

/// Refuses a name that another container of the project keeps.
pub(in crate::plan) fn check_names(
    cx: &Inputs<'_>,
    decisions: &BTreeMap<&ServiceName, Decision<'_>>,
    gone: &BTreeSet<&ContainerId>,
) -> Result<(), PlanError> {
    let slots = || decisions.values().flat_map(|decision| &decision.slots);
    let leaving = slots().filter(|slot| slot.change.leaves().is_always());
    let leaving: BTreeSet<_> = leaving.filter_map(|slot| slot.change.old()).map(|old| &old.id).collect();
    for slot in slots() {
        let own: Vec<_> = match &slot.change {
            Change::Create => Vec::new(),
            Change::Keep(container) | Change::Recreate { old: container, .. } => vec![&container.id],
            Change::Finish { old, new } => vec![&old.id, &new.id],
        };
        // Only the run finds out whether it will be replaced at all.
        let unsure = matches!(&slot.change, Change::Recreate { when, .. } if !when.is_always());
        let holder = cx.observed.containers.iter().find(|container| container.name == slot.name);
        let stays = |holder: &&Container| {
            !own.contains(&&holder.id) && !gone.contains(&holder.id) && !leaving.contains(&holder.id)
        };
        if let Some(holder) = holder.filter(|_| !unsure).filter(stays) {
            let (service, name) = (slot.replica.service.clone(), slot.name.clone());
            return Err(PlanError::NameTaken { service, name, owner: owner(cx, holder) });
        }
    }
    Ok(())
}

fn owner(cx: &Inputs<'_>, container: &Container) -> NameOwner {
    if container.one_off || container.hook {
        let ended = orphan::is_orphan(cx.project, container);
        return if ended { NameOwner::EndedOneOff } else { NameOwner::Running };
    }
    match &container.service {
        Some(service) if cx.project.services.contains_key(service) => NameOwner::Kept(service.clone()),
        Some(service) if cx.project.disabled.contains_key(service) => NameOwner::LeftAlone(service.clone()),
        other => NameOwner::Orphan(other.clone()),
    }
}

/// Whether containers of a service need something that this container holds.
pub(in crate::plan) fn needs_of(service: &Service, holder: &Container) -> bool {
    service.ports.iter().any(|port| holder.ports.iter().any(|held| collides(port, held)))
        || needs_address(service, holder)
}

fn collides(wanted: &Port, held: &PublishedPort) -> bool {
    let Some(published) = held.published else { return false };
    let Some(range) = wanted.published.as_deref().and_then(port::parse_range) else { return false };
    let same_protocol = wanted.protocol.as_deref().unwrap_or("tcp") == held.protocol;
    same_protocol
        && (range.first..=range.last).contains(&published)
        && addresses_overlap(wanted.host_ip.as_deref(), held.host_ip.as_deref())
}

fn addresses_overlap(one: Option<&str>, other: Option<&str>) -> bool {
    let any = |address: Option<&str>| matches!(address, None | Some("" | "0.0.0.0" | "::"));
    any(one) || any(other) || one == other
}

fn needs_address(service: &Service, holder: &Container) -> bool {
    let fixed = service.networks.values().flatten().filter_map(|network| network.ipv4_address.as_deref());
    let mut fixed = fixed.filter(|address| !address.is_empty());
    fixed.any(|address| holder.networks.values().any(|endpoint| endpoint.ipv4.as_deref() == Some(address)))
}
