//! How a container is attached to networks, and the networks themselves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bollard::models::{
    EndpointIpamConfig, EndpointSettings, Ipam as EngineIpam, IpamConfig, NetworkCreateRequest, NetworkingConfig,
};

use super::absent::{list, map, non_empty, non_zero, text};
use super::facts::{ALL_NETWORKS, Facts};
use super::host_config;
use super::service::{refused, service_of, unsupported};
use crate::engine::{CreateContainer, EngineError};
use crate::observed::ApiVersion;
use crate::plan::{ContainerSpec, OneOffAliases};
use crate::project::hash::network_hash;
use crate::project::label;
use crate::project::{Ipam, IpamPool, Network, NetworkKey, Project, Service, ServiceNetwork};

/// From this version on, the name of an interface can be set.
const INTERFACE_NAMES: ApiVersion = ApiVersion::new(1, 49);

/// The driver option with the name of an interface.
const INTERFACE_NAME: &str = "com.docker.network.endpoint.ifname";

/// The networks of a container.
#[derive(Debug, Default)]
pub(super) struct Networking {
    /// The primary network's name, or a network mode.
    pub(super) mode: Option<String>,
    /// The networks it is created with.
    pub(super) config: Option<NetworkingConfig>,
    /// The networks to connect afterwards, in this order.
    pub(super) connect: Vec<(String, EndpointSettings)>,
}

pub(super) fn networking(
    request: &CreateContainer,
    service: &Service,
    facts: &Facts,
    warnings: &mut Vec<String>,
) -> Result<Networking, EngineError> {
    if let Some(mode) = host_config::network_namespace(request, service)? {
        // `disabled` means a container without network, which the engine has a separate flag for.
        return Ok(Networking { mode: Some(mode).filter(|mode| mode != "disabled"), ..Networking::default() });
    }
    let links = links(&request.spec, service);
    let mut endpoints = Vec::new();
    for (place, (key, attachment)) in by_priority(service).into_iter().enumerate() {
        let endpoint = Endpoint { spec: &request.spec, service, key, attachment, primary: place == 0 };
        endpoints.push((network_name(&request.spec, key)?, endpoint.settings(&links, facts, warnings)?));
    }
    let Some((primary, _)) = endpoints.first() else {
        return Ok(Networking { mode: Some("none".to_owned()), ..Networking::default() });
    };
    let mode = Some(primary.clone());
    let connect = if facts.engine.api < ALL_NETWORKS { endpoints.split_off(1) } else { Vec::new() };
    let config = NetworkingConfig { endpoints_config: Some(endpoints.into_iter().collect()) };
    Ok(Networking { mode, config: Some(config), connect })
}

/// The name of a network in the engine, and the settings for connecting an existing container to it. All settings of
/// its service are kept except MAC addresses, which engines choose themselves when they connect.
pub(in crate::engine::docker) fn endpoint_to_connect(
    spec: &ContainerSpec,
    key: &NetworkKey,
    facts: &Facts,
) -> Result<(String, EndpointSettings), EngineError> {
    let service = service_of(spec)?;
    let primary = by_priority(service).first().is_some_and(|(first, _)| *first == key);
    let attachment = service.networks.get(key).and_then(Option::as_ref);
    let links = links(spec, service);
    let endpoint = Endpoint { spec, service, key, attachment, primary };
    Ok((network_name(spec, key)?, endpoint.settings(&links, facts, &mut Vec::new())?))
}

fn network_name(spec: &ContainerSpec, key: &NetworkKey) -> Result<String, EngineError> {
    match spec.project.networks.get(key) {
        Some(network) => Ok(network.name.clone()),
        None => Err(EngineError::NotFound(format!("the project has no network `{key}`"))),
    }
}

/// The service's networks, the primary first: from the highest priority to the lowest, then by key.
fn by_priority(service: &Service) -> Vec<(&NetworkKey, Option<&ServiceNetwork>)> {
    let mut networks: Vec<_> = service.networks.iter().map(|(key, network)| (key, network.as_ref())).collect();
    // The sort is stable and the map is sorted by key.
    networks.sort_by_key(|(_, network)| std::cmp::Reverse(network.map_or(0, |network| network.priority)));
    networks
}

/// Link entries `container:alias`: three for each container of a linked service, and those for containers of other
/// projects.
fn links(spec: &ContainerSpec, service: &Service) -> Vec<String> {
    let mut entries = Vec::new();
    let separator = spec.project.separator;
    let number = spec.replica.number;
    for link in &service.links {
        let name = &link.service;
        let alias = link.alias.as_deref().unwrap_or(name.as_str());
        for container in spec.linked.get(name).into_iter().flatten().map(|container| &container.name) {
            entries.push(format!("{container}:{alias}"));
            entries.push(format!("{container}:{name}{separator}{number}"));
            entries.push(format!("{container}:{}{separator}{name}{separator}{number}", spec.project.name));
        }
    }
    for link in &service.external_links {
        let (container, alias) = link.split_once(':').unwrap_or((link, link));
        entries.push(format!("{container}:{alias}"));
    }
    entries
}

/// The connection of a container to a network.
struct Endpoint<'a> {
    spec: &'a ContainerSpec,
    service: &'a Service,
    key: &'a NetworkKey,
    attachment: Option<&'a ServiceNetwork>,
    primary: bool,
}

impl Endpoint<'_> {
    fn settings(
        &self,
        links: &[String],
        facts: &Facts,
        warnings: &mut Vec<String>,
    ) -> Result<EndpointSettings, EngineError> {
        let driver_opts = match self.attachment {
            Some(attachment) => self.driver_options(attachment, facts, warnings)?,
            None => None,
        };
        Ok(EndpointSettings {
            aliases: Some(self.aliases()),
            links: list(links),
            ipam_config: self.attachment.map(|attachment| self.addresses(attachment)).transpose()?,
            mac_address: self.mac_address()?,
            driver_opts,
            gw_priority: self.attachment.and_then(|attachment| non_zero(attachment.gw_priority)),
            ..EndpointSettings::default()
        })
    }

    /// The container's final name, the service, and the aliases from the file.
    fn aliases(&self) -> Vec<String> {
        let mut aliases = vec![self.spec.name.clone()];
        if self.spec.one_off.as_ref().is_some_and(|one_off| one_off.aliases == OneOffAliases::Name) {
            return aliases;
        }
        aliases.push(self.service.name.to_string());
        aliases.extend(self.attachment.into_iter().flat_map(|attachment| attachment.aliases.iter().cloned()));
        aliases
    }

    fn addresses(&self, attachment: &ServiceNetwork) -> Result<EndpointIpamConfig, EngineError> {
        let (ipv4, ipv6) = (text(attachment.ipv4_address.as_ref()), text(attachment.ipv6_address.as_ref()));
        if let Some(address) = ipv4.as_ref().filter(|address| address.parse::<Ipv4Addr>().is_err()) {
            return Err(refused(&self.service.name, &format!("invalid IPv4 address: {address}")));
        }
        if let Some(address) = ipv6.as_ref().filter(|address| address.parse::<Ipv6Addr>().is_err()) {
            return Err(refused(&self.service.name, &format!("invalid IPv6 address: {address}")));
        }
        let link_local = &attachment.link_local_ips;
        if let Some(address) = link_local.iter().find(|address| address.parse::<IpAddr>().is_err()) {
            return Err(refused(&self.service.name, &format!("invalid link-local IP: {address}")));
        }
        Ok(EndpointIpamConfig { ipv4_address: ipv4, ipv6_address: ipv6, link_local_ips: list(link_local) })
    }

    fn mac_address(&self) -> Result<Option<String>, EngineError> {
        let own = text(self.attachment.and_then(|attachment| attachment.mac_address.as_ref()));
        if !self.primary {
            return Ok(own);
        }
        let of_service = text(self.service.mac_address.as_ref());
        match (&own, &of_service) {
            (Some(own), Some(of_service)) if own != of_service => Err(refused(
                &self.service.name,
                &format!("the service-level mac_address should have the same value as network {}", self.key),
            )),
            _ => Ok(own.or(of_service)),
        }
    }

    fn driver_options(
        &self,
        attachment: &ServiceNetwork,
        facts: &Facts,
        warnings: &mut Vec<String>,
    ) -> Result<Option<std::collections::HashMap<String, String>>, EngineError> {
        let mut options = map(&attachment.driver_opts).unwrap_or_default();
        if let Some(name) = text(attachment.interface_name.as_ref()) {
            if facts.engine.api < INTERFACE_NAMES {
                return Err(unsupported(&self.service.name, "interface_name requires Docker Engine v28.1 or later"));
            }
            let old = options.insert(INTERFACE_NAME.to_owned(), name.clone());
            if let Some(old) = old.filter(|old| *old != name) {
                warnings.push(format!(
                    "service `{}`, network `{}`: interface_name `{name}` overrides the driver option `{old}`",
                    self.service.name, self.key
                ));
            }
        }
        Ok((!options.is_empty()).then_some(options))
    }
}

/// The request that creates a network of the project.
///
/// # Errors
///
/// If it is not defined, or an address range is invalid.
pub(in crate::engine::docker) fn network_request(
    project: &Project,
    key: &NetworkKey,
) -> Result<NetworkCreateRequest, EngineError> {
    let Some(network) = project.networks.get(key) else {
        return Err(EngineError::NotFound(format!("the project has no network `{key}`")));
    };
    let mut labels = map(&network.labels).unwrap_or_default();
    for (name, value) in [
        (label::NETWORK, key.to_string()),
        (label::PROJECT, project.name.to_string()),
        (label::VERSION, label::VERSION_VALUE.to_owned()),
        (label::CONFIG_HASH, network_hash(network)),
    ] {
        labels.insert(name.to_owned(), value);
    }
    Ok(NetworkCreateRequest {
        name: network.name.clone(),
        driver: text(network.driver.as_ref()),
        options: map(&network.driver_opts),
        internal: Some(network.internal),
        attachable: Some(network.attachable),
        enable_ipv4: network.enable_ipv4,
        enable_ipv6: network.enable_ipv6,
        ipam: ipam(key, network)?,
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    })
}

fn ipam(key: &NetworkKey, network: &Network) -> Result<Option<EngineIpam>, EngineError> {
    let Ipam { driver, config, options, .. } = &network.ipam;
    if driver.is_none() && config.is_empty() && options.is_empty() {
        return Ok(None);
    }
    let pools = config.iter().map(|config| pool(key, config)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(EngineIpam { driver: text(driver.as_ref()), config: non_empty(pools), options: map(options) }))
}

fn pool(key: &NetworkKey, pool: &IpamPool) -> Result<IpamConfig, EngineError> {
    let wrong = |what: &str, value: &str| EngineError::Refused(format!("network `{key}`: invalid {what}: {value}"));
    let checked = |what: &str, value: &Option<String>, is_valid: fn(&str) -> bool| match text(value.as_ref()) {
        Some(value) if !is_valid(&value) => Err(wrong(what, &value)),
        value => Ok(value),
    };
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    if let Some(address) = pool.aux_addresses.values().find(|address| !is_address(address)) {
        return Err(wrong("auxiliary address", address));
    }
    Ok(IpamConfig {
        subnet: checked("subnet", &pool.subnet, is_subnet)?,
        ip_range: checked("ip-range", &pool.ip_range, is_subnet)?,
        gateway: checked("gateway address", &pool.gateway, is_address)?,
        auxiliary_addresses: map(&pool.aux_addresses),
    })
}

/// Whether a text is an address with a prefix length.
fn is_subnet(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets() {
        for valid in ["172.28.0.0/16", "2001:db8::/64", "10.0.0.0/0"] {
            assert!(is_subnet(valid), "{valid}");
        }
        for wrong in ["172.28.0.0", "172.28.0.0/33", "x/8", "2001:db8::/129", ""] {
            assert!(!is_subnet(wrong), "{wrong}");
        }
    }
}
