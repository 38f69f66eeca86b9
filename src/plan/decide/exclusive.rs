//! What containers of one service cannot share: names, host ports, addresses.

use crate::plan::inputs::Inputs;
use crate::plan::{Exclusive, PlanError};
use crate::project::Service;
use crate::project::value::{NamespaceMode, port};

/// The first thing that this many containers of a service cannot all have at the same time.
pub(in crate::plan) fn of(service: &Service, containers: usize) -> Option<Exclusive> {
    let name = service.container_name.clone().filter(|_| containers > 1);
    name.map(Exclusive::ContainerName)
        .or_else(|| host_port(service, containers))
        .or_else(|| address(service, &["ipv4_address", "ipv6_address", "mac_address", "link_local_ips"]))
}

/// Refuses replicas that could not all start: the engine would only report the second, when the first one is already
/// running.
pub(in crate::plan) fn check_replicas(cx: &Inputs<'_>, service: &Service) -> Result<(), PlanError> {
    let replicas = cx.replicas(service) as usize;
    if replicas < 2 || !cx.starts() || service.provider.is_some() {
        return Ok(());
    }
    let port = if publishes(cx, service) { host_port(service, replicas) } else { None };
    // Engines accept duplicate MAC addresses.
    match port.or_else(|| address(service, &["ipv4_address", "ipv6_address"])) {
        Some(obstacle) => Err(PlanError::NotShared { service: service.name.clone(), replicas, obstacle }),
        None => Ok(()),
    }
}

fn host_port(service: &Service, containers: usize) -> Option<Exclusive> {
    service.ports.iter().enumerate().find_map(|(item, port)| {
        let published = port.published.as_deref()?;
        let range = port::parse_range(published).filter(|range| range.last != 0 && range.len() < containers)?;
        let item = item.to_string();
        Some(if range.len() == 1 {
            Exclusive::HostPort { port: range.first, target: port.target, item }
        } else {
            Exclusive::HostPorts { range: published.to_owned(), containers, item }
        })
    })
}

/// Whether the engine certainly publishes ports of the service: not in the host's network, on internal networks, or
/// with drivers other than `bridge`. For external networks it is unknown.
fn publishes(cx: &Inputs<'_>, service: &Service) -> bool {
    if let Some(mode) = &service.network_mode {
        return matches!(mode, NamespaceMode::Other(mode) if matches!(mode.as_str(), "bridge" | "default"));
    }
    service.networks.is_empty()
        || service.networks.keys().filter_map(|key| cx.project.networks.get(key)).any(|network| {
            let bridge = network.driver.as_deref().is_none_or(|driver| driver.is_empty() || driver == "bridge");
            bridge && !network.internal && !network.external
        })
}

/// The first fixed address among these fields.
fn address(service: &Service, fields: &[&'static str]) -> Option<Exclusive> {
    service.networks.iter().find_map(|(key, network)| {
        let network = network.as_ref()?;
        let value = |field: &str| match field {
            "ipv4_address" => network.ipv4_address.clone(),
            "ipv6_address" => network.ipv6_address.clone(),
            "mac_address" => network.mac_address.clone(),
            _ => network.link_local_ips.first().cloned(),
        };
        fields.iter().find_map(|field| {
            let address = value(field).filter(|value| !value.is_empty())?;
            Some(Exclusive::Address { network: key.clone(), field, address })
        })
    })
}
