//! Observing the engine: its version, and one snapshot of a project.

use std::future::Future;

use super::error::EngineError;
use crate::observed::{Container, EngineVersion, Observed};

/// Calls that observe the engine and its objects of a project.
pub trait Observe {
    /// The engine and its version. The first call negotiates the API version.
    fn version(&self) -> impl Future<Output = Result<EngineVersion, EngineError>> + Send;

    /// Whether the engine is on this machine, judging by its address: then it has the same files.
    fn is_local(&self) -> bool;

    /// One snapshot of a project, with as few calls as possible, in parallel.
    fn observe(&self, query: ObserveQuery) -> impl Future<Output = Result<Observed, EngineError>> + Send;

    /// The containers of all projects: one call.
    fn containers_of_all_projects(
        &self,
        states: ContainerStates,
    ) -> impl Future<Output = Result<Vec<Container>, EngineError>> + Send;
}

/// The states of the containers to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContainerStates {
    /// Those that are up.
    #[default]
    Up,
    /// All.
    All,
}

/// What a snapshot must contain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObserveQuery {
    /// The project's name.
    pub project: String,
    /// Which kinds of objects to include.
    pub scope: Scope,
    /// Real names of networks to find even without the project's labels.
    pub networks: Vec<String>,
    /// Real names of volumes to find even without the project's labels.
    pub volumes: Vec<String>,
    /// Image references as written, each with its platform; if empty, images are not queried.
    pub images: Vec<(String, Option<String>)>,
    /// Those of `images` whose last tag time the pull policy needs (`daily`, `weekly`, `every_…`); each costs a call.
    pub tag_times: Vec<String>,
}

impl ObserveQuery {
    /// All objects of a project, and nothing else.
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

/// Which objects of a project a snapshot contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Containers, networks and volumes.
    #[default]
    All,
    /// Containers only: one call.
    Containers,
    /// None: only the images of the query.
    Images,
}
