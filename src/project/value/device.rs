//! Devices of the host: mappings and requests (compose-file.md §1.9, §3.4).

use std::collections::BTreeMap;

use crate::project::Extensions;

/// A device of the host that the container sees, or a CDI name (`vendor/class=name`) in [`Device::source`].
///
/// Compose spec: `05-services.md`, `devices`; compose-file.md §1.9.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Device {
    /// Path on the host, or a CDI name.
    pub source: String,
    /// Path in the container.
    pub target: Option<String>,
    /// What the container may do: any of `r`, `w`, `m`. The short form gives `rwm`; the long form has no default.
    pub permissions: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// Devices asked of a driver: an item of `gpus` or of `deploy.resources.reservations.devices`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceRequest {
    /// What the devices must be able to do, as in `gpu`, `compute`.
    pub capabilities: Vec<String>,
    /// The driver; any that fits when absent.
    pub driver: Option<String>,
    /// How many; loading fills in all when neither this nor `device_ids` is written.
    pub count: DeviceCount,
    /// Which ones.
    pub device_ids: Vec<String>,
    /// Options for the driver.
    pub options: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A number of devices; 0 is none given, -1 is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceCount(pub i64);

impl DeviceCount {
    /// All devices there are.
    pub const ALL: Self = Self(-1);
}
