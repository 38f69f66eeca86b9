//! Fixed addresses: an engine assigns any free address, so containers with a fixed one start first.

use std::net::IpAddr;

use crate::observed::{Container, ContainerId};
use crate::plan::arrange::writer::PlanWriter;
use crate::plan::{ActionId, Edge, PlanError};
use crate::project::{Network, NetworkKey, Service, ServiceNetwork};

/// The address families, which an engine assigns independently.
const FAMILIES: [fn(&ServiceNetwork) -> Option<&String>; 2] =
    [|network| network.ipv4_address.as_ref(), |network| network.ipv6_address.as_ref()];

/// The start of a container of a service, with the container that it replaces.
type Start<'a> = (ActionId, &'a Service, Option<&'a ContainerId>);

impl PlanWriter<'_, '_> {
    /// Refuses a fixed address that another container of the project keeps.
    pub(in crate::plan) fn check_addresses(&self) -> Result<(), PlanError> {
        let keeps = |container: &Container, service: &Service| {
            container.is_up()
                && !self.stops.contains_key(&container.id)
                && container.service.as_ref() != Some(&service.name)
        };
        for (_, service, _) in &self.new_starts {
            for (key, written) in &service.networks {
                let Some(name) = self.resources.networks.get(key).map(|decision| decision.name) else { continue };
                let Some(address) = written.as_ref().and_then(|written| written.ipv4_address.as_ref()) else {
                    continue;
                };
                let has_it = |container: &Container| {
                    container.networks.get(name).is_some_and(|at| at.ipv4.as_ref() == Some(address))
                };
                let mut holders = self.cx.observed.containers.iter();
                if let Some(holder) = holders.find(|container| keeps(container, service) && has_it(container)) {
                    return Err(PlanError::AddressTaken {
                        service: service.name.clone(),
                        network: key.clone(),
                        address: address.clone(),
                        container: holder.name.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Orders the starts of containers with fixed addresses before the others on the same network, unless the others
    /// must come first. If one fails, the others start anyway.
    pub(in crate::plan) fn fixed_addresses_first(&mut self) {
        let starts = std::mem::take(&mut self.new_starts);
        for (key, network) in &self.cx.project.networks {
            let on_it = |service: &Service| service.network_mode.is_none() && service.networks.contains_key(key);
            let on_it: Vec<_> = starts.iter().copied().filter(|(_, service, _)| on_it(service)).collect();
            for family in FAMILIES {
                let has_one = |(_, service, _): &Start<'_>| fixed_address(service, key, family).is_some();
                let (fixed, others): (Vec<_>, Vec<_>) = on_it.iter().copied().partition(has_one);
                for (start, service, _) in fixed {
                    if fixed_address(service, key, family).is_some_and(|address| may_be_handed_out(network, address)) {
                        self.start_before(start, &others);
                    }
                }
            }
        }
    }

    /// Orders the starts of others, and the stops that belong to them, after one start: once stopped, a container must
    /// not wait.
    fn start_before(&mut self, first: ActionId, others: &[Start<'_>]) {
        let before = self.builder.all_before(first);
        for (start, _, own) in others {
            let stop = own.and_then(|own| self.stops.get(own)).map(|stop| stop.step);
            for later in [Some(*start), stop].into_iter().flatten().filter(|later| !before.contains(later)) {
                self.builder.order(first, later, Edge::Follows);
            }
        }
    }
}

fn fixed_address<'a>(
    service: &'a Service,
    key: &NetworkKey,
    family: fn(&ServiceNetwork) -> Option<&String>,
) -> Option<&'a str> {
    let address = family(service.networks.get(key)?.as_ref()?)?;
    Some(address.as_str()).filter(|address| !address.is_empty())
}

/// Whether the engine may assign an address of the network by itself: not if the `ip_range` of its pool is elsewhere.
fn may_be_handed_out(network: &Network, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return true };
    let contains = |range: &Option<String>| range.as_deref().and_then(|range| is_within(address, range));
    let pool = network.ipam.config.iter().find(|pool| contains(&pool.subnet) == Some(true));
    pool.is_none_or(|pool| contains(&pool.ip_range) != Some(false))
}

/// Whether an address is in a range such as `172.28.5.0/24`; `None` if the range is invalid.
fn is_within(address: IpAddr, range: &str) -> Option<bool> {
    let (base, length) = range.split_once('/')?;
    let (base, length) = (base.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    let same = |one: u128, other: u128, bits: u32| {
        let rest = bits.checked_sub(length)?;
        Some(one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0))
    };
    match (address, base) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Ipam, IpamPool};

    #[test]
    fn ranges_contain_addresses() {
        let cases = [
            ("10.0.0.2", "10.0.0.0/29", Some(true)),
            ("10.0.0.8", "10.0.0.0/29", Some(false)),
            ("10.0.0.8", "0.0.0.0/0", Some(true)),
            ("fd00::9", "fd00::/64", Some(true)),
            ("fd00:0:0:1::9", "fd00::/64", Some(false)),
            ("fd00::9", "::/0", Some(true)),
            ("fd00::9", "10.0.0.0/8", Some(false)),
            ("10.0.0.2", "10.0.0.0/33", None),
            ("10.0.0.2", "10.0.0.0", None),
        ];
        for (address, range, expected) in cases {
            assert_eq!(is_within(address.parse().unwrap(), range), expected, "{address} {range}");
        }
    }

    #[test]
    fn an_ip_range_keeps_the_rest_of_the_subnet_for_fixed_addresses() {
        let pool = |ip_range: Option<&str>| {
            let (subnet, ip_range) = (Some("10.0.0.0/16".to_owned()), ip_range.map(str::to_owned));
            let config = vec![IpamPool { subnet, ip_range, ..IpamPool::default() }];
            Network { ipam: Ipam { config, ..Ipam::default() }, ..Network::default() }
        };
        assert!(may_be_handed_out(&pool(None), "10.0.0.5"));
        assert!(!may_be_handed_out(&pool(Some("10.0.128.0/17")), "10.0.0.5"));
        assert!(may_be_handed_out(&pool(Some("10.0.128.0/17")), "10.0.128.5"));
        assert!(may_be_handed_out(&Network::default(), "10.0.0.5"));
    }
}
