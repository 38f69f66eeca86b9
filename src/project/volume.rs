//! Volumes of a project.

use std::collections::BTreeMap;

use super::Extensions;

/// An entry of the top-level `volumes:` (Compose spec: `07-volumes.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Volume {
    /// Its name in the engine.
    pub name: String,
    /// The driver; `local` if absent.
    pub driver: Option<String>,
    /// Options for the driver.
    pub driver_opts: BTreeMap<String, String>,
    /// Whether it is managed outside the project: neither created nor removed.
    pub external: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
