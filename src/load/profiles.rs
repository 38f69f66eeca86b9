//! Which services the active profiles enable (Compose spec: `15-profiles.md`).

use crate::yaml::{Mapping, Node};

/// The active profiles; `*` means all.
#[derive(Debug, Clone, Default)]
pub(super) struct Profiles(Vec<String>);

impl Profiles {
    /// The given profiles; if there are none, those in `COMPOSE_PROFILES`, separated by commas. An empty variable
    /// yields one empty item, so a profile without a name is active by default.
    pub(super) fn new(given: &[String], variable: Option<&str>) -> Self {
        if !given.is_empty() {
            return Self(given.to_vec());
        }
        let variable = variable.unwrap_or_default();
        Self(variable.split(',').map(|name| name.trim().to_owned()).collect())
    }

    /// Whether they enable a service.
    pub(super) fn enable(&self, service: &Mapping) -> bool {
        self.enable_any(written(service))
    }

    /// Whether they enable a service with these profiles.
    pub(super) fn enable_any<'a>(&self, profiles: impl Iterator<Item = &'a str>) -> bool {
        let mut none = true;
        for profile in profiles {
            none = false;
            if self.0.iter().any(|active| active == "*" || active == profile) {
                return true;
            }
        }
        none
    }

    /// Activates these profiles too.
    pub(super) fn extend(&mut self, profiles: impl IntoIterator<Item = String>) {
        self.0.extend(profiles);
    }
}

/// The profiles of a service as written.
pub(super) fn written(service: &Mapping) -> impl Iterator<Item = &str> {
    let profiles = service.get("profiles").and_then(Node::as_sequence).unwrap_or_default();
    profiles.iter().filter_map(Node::as_str)
}
