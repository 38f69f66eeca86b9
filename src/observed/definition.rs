//! The definition a container was created with, found by inspecting it: the source of old values in the reasons of a
//! plan.

use std::collections::BTreeMap;

use crate::project::Tree;

/// The settings of a container, and those that come from its image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definition {
    /// Its settings, from any source.
    pub settings: Settings,
    /// The settings of its image, which apply if its service does not set them.
    pub image: Settings,
}

/// Settings of a container or of an image, in the terms of the Compose file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The variables that have a value.
    pub environment: BTreeMap<String, String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// Other attributes of a service by name, in the form that `config` prints. Only those that the engine keeps
    /// unchanged; null if not set.
    pub attributes: BTreeMap<String, Tree>,
}
