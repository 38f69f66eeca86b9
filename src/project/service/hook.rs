//! Commands that run around a service's lifecycle.

use std::collections::BTreeMap;

use crate::project::Extensions;

/// An item of `pre_start`, `post_start`, `pre_stop`, or a watch rule's `exec` (Compose spec: `05-services.md`,
/// `develop.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hook {
    /// The command and its arguments; optional only for `pre_start` hooks.
    pub command: Option<Vec<String>>,
    /// The image of a `pre_start` hook; after normalising, the service's by default.
    pub image: Option<String>,
    /// The user; the container's if absent.
    pub user: Option<String>,
    /// Whether it runs with extended privileges.
    pub privileged: bool,
    /// The working directory; the container's if absent.
    pub working_dir: Option<String>,
    /// Additional variables; `None` means a name that stays unset.
    pub environment: BTreeMap<String, Option<String>>,
    /// Whether a `pre_start` hook runs once for every replica.
    pub per_replica: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Hook {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
