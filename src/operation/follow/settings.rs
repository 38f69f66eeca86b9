//! What is followed and how.

use std::collections::BTreeSet;

use crate::engine::LogQuery;
use crate::observed::ContainerId;
use crate::project::{NameSeparator, ProjectName, ServiceName};

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct FollowSettings {
    /// The project.
    pub project: ProjectName,
    /// What stands between the parts of its containers' names.
    pub separator: NameSeparator,
    /// The services whose output is shown; `None` is all of them.
    pub services: Option<BTreeSet<ServiceName>>,
    /// The only replica that is shown of those that start later; all of them where nothing is said.
    pub number: Option<u32>,
    /// The services whose containers keep the following alive, where those are others than the ones shown.
    pub monitored: Option<BTreeSet<ServiceName>>,
    /// Which part of the output is asked for.
    pub query: LogQuery,
    /// Where the output of the first containers begins.
    pub begin: Begin,
    /// What becomes of standard error.
    pub stderr: Stderr,
}

/// Where the output of a container that runs already begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// With what it wrote before, as the query says.
    #[default]
    History,
    /// Now.
    Now,
}

/// What becomes of what containers write to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stderr {
    /// It counts as standard output (`logs`).
    #[default]
    Merged,
    /// It stays apart (an attached `up`).
    Apart,
}

/// A container that ended while it was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Its service.
    pub service: ServiceName,
    /// Its id.
    pub container: ContainerId,
    /// Its exit status.
    pub exit_code: i64,
    /// Whether the engine starts it again.
    pub restarting: bool,
}
