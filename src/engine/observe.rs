//! Looking at the engine: its version, and one snapshot of a project.

use std::future::Future;

use super::error::EngineError;
use crate::observed::{EngineVersion, Observed};

/// Which engine it is, and what it has of a project.
pub trait Observe {
    /// Which engine answers. The first call negotiates the API version.
    fn version(&self) -> impl Future<Output = Result<EngineVersion, EngineError>> + Send;

    /// Whether the engine is on this machine, as far as its address tells: then it has the same files.
    fn is_local(&self) -> bool;

    /// One snapshot of a project, with the fewest calls, in parallel.
    fn observe(&self, query: ObserveQuery) -> impl Future<Output = Result<Observed, EngineError>> + Send;
}

/// What a snapshot has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObserveQuery {
    /// The project's name.
    pub project: String,
    /// What of the project is looked at.
    pub scope: Scope,
    /// Real names of networks to find even without the project's labels.
    pub networks: Vec<String>,
    /// Real names of volumes to find even without the project's labels.
    pub volumes: Vec<String>,
    /// Image references, as written, and the platform each is wanted for; without any, images are not looked at.
    pub images: Vec<(String, Option<String>)>,
    /// Those of `images` whose last tag time the pull policy needs (`daily`, `weekly`, `every_…`): a call each.
    pub tag_times: Vec<String>,
}

impl ObserveQuery {
    /// All that a project has, and nothing beside it.
    #[must_use]
    pub fn of_project(project: impl Into<String>) -> Self {
        Self { project: project.into(), ..Self::default() }
    }

    /// The containers of a project.
    #[must_use]
    pub fn containers_of(project: impl Into<String>) -> Self {
        Self { project: project.into(), scope: Scope::Containers, ..Self::default() }
    }
}

/// What a snapshot holds of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Containers, networks and volumes.
    #[default]
    All,
    /// Containers alone: one call.
    Containers,
}
