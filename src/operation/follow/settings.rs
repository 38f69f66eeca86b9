//! What to follow, and how.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::LogQuery;
use crate::observed::ContainerId;
use crate::project::{NameSeparator, ProjectName, ServiceName};

/// What to show.
#[derive(Debug, Clone, Default)]
pub struct FollowSettings {
    /// The project.
    pub project: ProjectName,
    /// The separator in its containers' names.
    pub separator: NameSeparator,
    /// The services whose output is shown; `None` means all.
    pub services: Option<BTreeSet<ServiceName>>,
    /// Services that came later, whose output is shown too.
    pub added: AddedServices,
    /// Of the containers that start later, show only the replica with this number; `None` means all.
    pub number: Option<u32>,
    /// The services whose containers keep the following alive; `None` means those shown.
    pub monitored: Option<BTreeSet<ServiceName>>,
    /// Which part of the output to read.
    pub query: LogQuery,
    /// Where to begin with containers that are already running.
    pub begin: Begin,
    /// What to do with standard error.
    pub stderr: Stderr,
}

impl FollowSettings {
    /// Whether the output of a service is shown.
    pub(super) fn is_shown(&self, service: &ServiceName) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(service)) || self.added.contains(service)
    }

    /// Whether the containers of a service keep the following alive.
    pub(super) fn is_monitored(&self, service: &ServiceName) -> bool {
        match &self.monitored {
            Some(services) => services.contains(service),
            None => self.is_shown(service),
        }
    }
}

/// Services whose output is shown although the following began without them. All clones share them.
#[derive(Debug, Clone, Default)]
pub struct AddedServices(Arc<Mutex<BTreeSet<ServiceName>>>);

impl AddedServices {
    /// Shows the output of these, too.
    pub fn add(&self, services: impl IntoIterator<Item = ServiceName>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(services);
    }

    fn contains(&self, service: &ServiceName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(service)
    }
}

/// Where to begin with the output of a container that is already running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// With its earlier output, as the query says.
    #[default]
    History,
    /// Now.
    Now,
}

/// What to do with the standard error of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stderr {
    /// Treat it as standard output (`logs`).
    #[default]
    Merged,
    /// Keep it separate (an attached `up`).
    Apart,
}

/// A container that exited while it was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Its service.
    pub service: ServiceName,
    /// Its id.
    pub container: ContainerId,
    /// Its exit status.
    pub exit_code: i64,
    /// Whether the engine restarts it.
    pub restarting: bool,
}
