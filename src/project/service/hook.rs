//! Commands that run around a service's life.

use std::collections::BTreeMap;

use crate::project::Extensions;

/// An item of `pre_start`, `post_start`, `pre_stop`, or a watch rule's `exec` (Compose spec: `05-services.md`,
/// `develop.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hook {
    /// The command, in words; only a `pre_start` hook may go without one.
    pub command: Option<Vec<String>>,
    /// The image of a `pre_start` hook; normalising fills in the service's.
    pub image: Option<String>,
    /// The user; the container's when absent.
    pub user: Option<String>,
    /// Whether it runs with all rights.
    pub privileged: bool,
    /// The working folder; the container's when absent.
    pub working_dir: Option<String>,
    /// Further variables; `None` is a name that stays unset.
    pub environment: BTreeMap<String, Option<String>>,
    /// Whether a `pre_start` hook runs once for every replica.
    pub per_replica: bool,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Hook {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
