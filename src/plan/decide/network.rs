//! Networks: which are created, kept or recreated, and what that means for connected containers.

use std::collections::{BTreeMap, BTreeSet};

use crate::observed::{self, Container, ContainerId, NetworkId, Observed};
use crate::plan::decide::definition;
use crate::plan::inputs::Inputs;
use crate::plan::{PlanError, Warning};
use crate::project::{Network, NetworkKey, Project};

/// A network of the project and what happens to it.
#[derive(Debug)]
pub(in crate::plan) struct NetworkDecision<'a> {
    /// Its name in the engine, according to the project.
    pub(in crate::plan) name: &'a str,
    /// The existing network.
    pub(in crate::plan) live: Option<&'a observed::Network>,
    /// What happens to it.
    pub(in crate::plan) change: NetworkChange,
    /// Unused networks with the same name, which older engines create for concurrent or interrupted runs. They are
    /// removed, since a name must be unambiguous.
    pub(in crate::plan) duplicates: Vec<&'a observed::Network>,
}

/// What happens to a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum NetworkChange {
    /// Nothing.
    Keep,
    /// It is created.
    Create,
    /// It is removed and created again: its definition changed.
    Recreate,
    /// One with another name replaces it.
    Rename,
}

impl NetworkDecision<'_> {
    /// The id that connected containers have; `None` if the network does not exist or will not stay.
    pub(in crate::plan) fn kept_id(&self) -> Option<&NetworkId> {
        match self.change {
            NetworkChange::Keep => self.live.map(|network| &network.id),
            NetworkChange::Create | NetworkChange::Recreate | NetworkChange::Rename => None,
        }
    }

    /// The network to remove.
    pub(in crate::plan) fn leaving(&self) -> Option<&observed::Network> {
        match self.change {
            NetworkChange::Recreate | NetworkChange::Rename => self.live,
            NetworkChange::Keep | NetworkChange::Create => None,
        }
    }
}

/// The networks of the project that must be recreated because their definition changed. Their other connected
/// containers ([`observed::Network::visitors`]) must be known before planning.
#[must_use]
pub fn changed_networks<'a>(project: &Project, observed: &'a Observed) -> Vec<&'a observed::Network> {
    let own = project.networks.iter().filter(|(_, network)| !network.external);
    own.filter_map(|(key, network)| {
        let live = observed.networks.iter().find(|live| live.key.as_ref() == Some(key) && live.name == network.name)?;
        let ours = live.project.as_deref() == Some(project.name.as_str());
        (ours && !definition::network_matches(network, live)).then_some(live)
    })
    .collect()
}

/// Decides about every network.
///
/// # Errors
///
/// For external networks that are missing or ambiguous.
pub(in crate::plan) fn decide<'a>(
    cx: &Inputs<'a>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<&'a NetworkKey, NetworkDecision<'a>>, PlanError> {
    let networks = cx.project.networks.iter();
    networks
        .map(|(key, network)| {
            let decision =
                if network.external { external(cx, key, network)? } else { internal(cx, key, network, warnings) };
            Ok((key, decision))
        })
        .collect()
}

fn external<'a>(cx: &Inputs<'a>, key: &'a NetworkKey, network: &'a Network) -> Result<NetworkDecision<'a>, PlanError> {
    let name = &network.name;
    let all = &cx.observed.networks;
    let mut found: Vec<_> = all.iter().filter(|live| live.name == *name || live.id.as_str() == name).collect();
    if found.is_empty() {
        // The beginning of an id, as engines show it to users.
        found.extend(all.iter().filter(|live| name.len() >= 12 && live.id.as_str().starts_with(name)));
    }
    match (found.first().copied(), found.get(1)) {
        (Some(live), None) => {
            Ok(NetworkDecision { name, live: Some(live), change: NetworkChange::Keep, duplicates: Vec::new() })
        }
        (Some(_), Some(_)) => Err(PlanError::ExternalNetworkAmbiguous { key: key.clone(), name: network.name.clone() }),
        (None, _) => Err(PlanError::ExternalNetworkMissing { key: key.clone(), name: network.name.clone() }),
    }
}

fn internal<'a>(
    cx: &Inputs<'a>,
    key: &'a NetworkKey,
    network: &'a Network,
    warnings: &mut Vec<Warning>,
) -> NetworkDecision<'a> {
    let name = &network.name;
    let project = cx.project.name.as_str();
    let mut ours: Vec<_> =
        cx.observed.networks_of(key).filter(|live| live.project.as_deref() == Some(project)).collect();
    let used = |live: &observed::Network| {
        let mut containers = cx.observed.containers.iter();
        containers.any(|container| container.networks.values().any(|at| at.network.as_ref() == Some(&live.id)))
    };
    ours.sort_by_key(|live| (live.name != *name, !used(live), &live.name, &live.id));
    let (duplicates, ours): (Vec<_>, Vec<_>) = {
        let mut first = true;
        ours.into_iter().partition(|live| live.name == *name && !std::mem::take(&mut first) && !used(live))
    };
    let live = ours.first().copied().or_else(|| unmanaged(cx, name, warnings));
    for other in ours.iter().skip(1) {
        warnings.push(Warning::OtherNetwork { name: other.name.clone(), key: key.clone() });
    }
    let Some(live) = live else {
        return NetworkDecision { name, live: None, change: NetworkChange::Create, duplicates };
    };
    let change = if live.name != *name {
        NetworkChange::Rename
    } else if live.project.as_deref() != Some(project) || definition::network_matches(network, live) {
        NetworkChange::Keep
    } else {
        NetworkChange::Recreate
    };
    NetworkDecision { name, live: Some(live), change, duplicates }
}

/// A network with this name but without this project's labels.
fn unmanaged<'a>(cx: &Inputs<'a>, name: &str, warnings: &mut Vec<Warning>) -> Option<&'a observed::Network> {
    let live = cx.observed.network_named(name)?;
    if live.project.as_deref() != Some(cx.project.name.as_str()) {
        warnings.push(Warning::UnmanagedNetwork {
            name: name.to_owned(),
            owned: live.project.is_some(),
            project: cx.project.name.clone(),
        });
    }
    Some(live)
}

/// Whether a container is connected to a network.
pub(in crate::plan) fn is_connected(container: &Container, network: &observed::Network) -> bool {
    container.networks.contains_key(&network.name)
        || container.networks.values().any(|endpoint| endpoint.network.as_ref() == Some(&network.id))
}

/// Refuses to recreate networks that containers outside of `touched` are connected to, since these would lose the
/// connection.
pub(in crate::plan) fn check_users(
    cx: &Inputs<'_>,
    networks: &BTreeMap<&NetworkKey, NetworkDecision<'_>>,
    touched: &BTreeSet<&ContainerId>,
) -> Result<(), PlanError> {
    for (key, decision) in networks {
        let Some(live) = decision.live.filter(|_| decision.change == NetworkChange::Recreate) else { continue };
        let users = cx.observed.containers.iter().filter(|container| is_connected(container, live));
        let staying = users.filter(|container| !touched.contains(&container.id));
        let visitors = live.visitors.iter().cloned();
        let containers: Vec<_> = staying.map(|container| container.name.clone()).chain(visitors).collect();
        if !containers.is_empty() {
            return Err(PlanError::NetworkInUse { key: (*key).clone(), name: live.name.clone(), containers });
        }
    }
    Ok(())
}
