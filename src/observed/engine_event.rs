//! Events as the engine reports them.

use std::collections::BTreeMap;

use super::ContainerId;
use crate::project::{ServiceName, label};

/// Something that happened to a container, in the engine's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// The container.
    pub id: ContainerId,
    /// What happened, with details after a colon: `start`, `health_status: healthy`, `exec_start: sh -c true`.
    pub action: String,
    /// When, in nanoseconds since 1970.
    pub time: i128,
    /// The container's image, name and labels, and what the engine adds for the action.
    pub attributes: BTreeMap<String, String>,
}

impl EngineEvent {
    /// The service of the container.
    #[must_use]
    pub fn service(&self) -> Option<ServiceName> {
        self.attributes.get(label::SERVICE).filter(|name| !name.is_empty()).map(|name| name.as_str().into())
    }

    /// Whether `run` created the container.
    #[must_use]
    pub fn is_of_one_off(&self) -> bool {
        self.attributes.get(label::ONE_OFF).is_some_and(|value| value == "True")
    }
}
