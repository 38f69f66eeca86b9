//! Networks of a project.

use std::collections::BTreeMap;

use super::Extensions;

/// An entry of the top-level `networks:` (Compose spec: `06-networks.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Network {
    /// Its name in the engine.
    pub name: String,
    /// The driver; the engine's default if absent.
    pub driver: Option<String>,
    /// Options for the driver.
    pub driver_opts: BTreeMap<String, String>,
    /// Address ranges.
    pub ipam: Ipam,
    /// Whether it is managed outside the project: neither created nor removed.
    pub external: bool,
    /// Whether it is isolated from external networks.
    pub internal: bool,
    /// Whether containers from outside the project may be attached (overlay networks).
    pub attachable: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Whether to assign IPv4 addresses; the engine's default if absent.
    pub enable_ipv4: Option<bool>,
    /// Whether to assign IPv6 addresses; the engine's default if absent.
    pub enable_ipv6: Option<bool>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `ipam` block of a [`Network`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ipam {
    /// The driver; the engine's default if absent.
    pub driver: Option<String>,
    /// Address pools.
    pub config: Vec<IpamPool>,
    /// Options for the driver.
    pub options: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Ipam {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An address pool of [`Ipam`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IpamPool {
    /// The subnet, such as `172.28.0.0/16`.
    pub subnet: Option<String>,
    /// The gateway's address.
    pub gateway: Option<String>,
    /// The part of the subnet that addresses are assigned from.
    pub ip_range: Option<String>,
    /// Addresses the driver uses, by host name.
    pub aux_addresses: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
