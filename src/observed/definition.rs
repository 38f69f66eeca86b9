//! What a container was made with, as a look at it alone shows: what the reasons of a plan tell old values from.

use std::collections::BTreeMap;

use crate::project::Tree;

/// What a container was made with, and what of it its image brought along.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definition {
    /// What it has, by whatever way.
    pub settings: Settings,
    /// What it has where its service says nothing.
    pub image: Settings,
}

/// Settings of a container or of an image, in the words of the Compose file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The variables that have a value.
    pub environment: BTreeMap<String, String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// Other attributes of a service by their names, in the form that `config` prints. Only those that the engine keeps
    /// as they were written, null where there is nothing.
    pub attributes: BTreeMap<String, Tree>,
}
