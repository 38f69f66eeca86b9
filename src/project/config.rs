//! Configs of a project.

use std::collections::BTreeMap;

use super::{Extensions, FileSource};

/// An entry of the top-level `configs:` (Compose spec: `08-configs.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Its name in a store.
    pub name: String,
    /// Where the content comes from; `None` for external ones.
    pub source: Option<FileSource>,
    /// Whether it is managed outside the project; refused once a container needs it.
    pub external: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// A template engine for the content; refused once a container needs it.
    pub template_driver: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}
