//! `ps`: lists containers of a project.

use std::collections::BTreeSet;

use super::OperationError;
use crate::engine::{Engine, ObserveQuery};
use crate::observed::Container;
use crate::project::{Project, ProjectName, ServiceName};

/// Lists the containers of a project, never those of hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ps {
    /// The project.
    pub project: ProjectName,
    /// The states they are in.
    pub states: ListedStates,
    /// The services they belong to.
    pub services: ListedServices,
}

/// The states of the listed containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListedStates {
    /// Those that are up, except those of `run`.
    #[default]
    Up,
    /// All.
    All,
    /// Those in one of these states, such as `exited`, in any letter case.
    In(Vec<String>),
}

/// The services of the listed containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListedServices {
    /// All, including those that the files do not define.
    #[default]
    All,
    /// These, whether the files define them or not.
    Named(BTreeSet<ServiceName>),
    /// These, which the files define. Containers without a service are listed too.
    Defined(BTreeSet<ServiceName>),
}

impl ListedServices {
    /// The services of the project that are enabled.
    #[must_use]
    pub fn defined_by(project: &Project) -> Self {
        Self::Defined(project.services.keys().cloned().collect())
    }

    fn contain(&self, container: &Container) -> bool {
        match (self, &container.service) {
            (Self::All, _) | (Self::Defined(_), None) => true,
            (Self::Named(services) | Self::Defined(services), Some(service)) => services.contains(service),
            (Self::Named(_), None) => false,
        }
    }
}

impl ListedStates {
    fn contain(&self, container: &Container) -> bool {
        match self {
            Self::Up => container.is_up() && !container.one_off,
            Self::All => true,
            Self::In(states) => states.iter().any(|state| state.eq_ignore_ascii_case(container.state.as_str())),
        }
    }
}

impl Ps {
    /// The containers, in the engine's order.
    ///
    /// # Errors
    ///
    /// If the engine does not answer.
    pub async fn list<E: Engine>(&self, engine: &E) -> Result<Vec<Container>, OperationError> {
        let mut containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        containers.retain(|container| self.lists(container));
        Ok(containers)
    }

    fn lists(&self, container: &Container) -> bool {
        !container.hook && self.states.contain(container) && self.services.contain(container)
    }
}
