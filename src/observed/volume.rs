//! Volumes in detail.

use std::collections::BTreeMap;

/// A volume in detail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeDetails {
    /// Its name.
    pub name: String,
    /// The driver that manages it.
    pub driver: String,
    /// Where it exists: `local` or `global`.
    pub scope: String,
    /// Its path on the engine's machine.
    pub mountpoint: String,
    /// All its labels.
    pub labels: BTreeMap<String, String>,
}
