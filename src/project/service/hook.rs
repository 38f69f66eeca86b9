//! Commands that run around a service's lifecycle.

use std::collections::BTreeMap;

use super::Service;
use crate::project::Extensions;

/// An item of `post_start`, `pre_stop`, or a watch rule's `exec` (Compose spec: `05-services.md`, `develop.md`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hook {
    /// The command and its arguments; only a `pre_start` hook may lack them.
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

/// An item of `pre_start`: a container of its own that runs before the service starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreStart {
    /// What its container is made from: what the hook says, completed by its service, whose name it has. It never has
    /// the attributes of services that no bare container has, such as `ports`.
    pub container: Service,
    /// Variables from env files, its own and those of its service; `environment` takes precedence.
    pub variables: BTreeMap<String, Option<String>>,
    /// The hook as written, with at least the image of its service: all that Docker Compose 5.5 knew of it.
    pub written: Hook,
}

impl PreStart {
    /// Whether it runs once for every replica.
    #[must_use]
    pub fn per_replica(&self) -> bool {
        self.written.per_replica
    }
}
