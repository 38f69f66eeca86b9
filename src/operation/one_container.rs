//! The one container of a service that a command is about.

use super::OperationError;
use crate::engine::{Engine, ObserveQuery};
use crate::observed::Container;
use crate::project::{ProjectName, ServiceName};

/// A container of a service: that of a replica, or the first one, replicas before one-offs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneContainer {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The number of the replica; `None` for the first container.
    pub number: Option<u32>,
}

impl OneContainer {
    /// The container, if it is up.
    ///
    /// # Errors
    ///
    /// If there is none, or the engine does not answer.
    pub async fn find_up<E: Engine>(&self, engine: &E) -> Result<Container, OperationError> {
        self.find(engine, Container::is_up).await
    }

    /// The container, if `suits` takes it.
    ///
    /// # Errors
    ///
    /// As [`Self::find_up`].
    pub async fn find<E: Engine>(
        &self,
        engine: &E,
        suits: impl Fn(&Container) -> bool,
    ) -> Result<Container, OperationError> {
        let containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        let ours = containers.into_iter().filter(|container| {
            container.service.as_ref() == Some(&self.service)
                && !container.hook
                && self.number.is_none_or(|number| container.number == Some(number) && !container.one_off)
                && suits(container)
        });
        // Of several one-offs the newest.
        let first =
            ours.min_by_key(|container| (container.one_off, container.number, std::cmp::Reverse(container.created)));
        let service = self.service.clone();
        first.ok_or_else(|| match self.number {
            Some(number) => OperationError::NoReplica { service, number },
            None => OperationError::NotRunning { service },
        })
    }
}
