//! Which container of a service a command means.

use super::OperationError;
use crate::engine::{Engine, ObserveQuery};
use crate::observed::Container;
use crate::project::{ProjectName, ServiceName};

/// The containers of a service, running or not: replicas by number, then one-offs.
pub(super) async fn containers_of<E: Engine>(
    engine: &E,
    project: &ProjectName,
    service: &ServiceName,
) -> Result<Vec<Container>, OperationError> {
    let mut containers = engine.observe(ObserveQuery::containers_of(project.as_str())).await?.containers;
    containers.retain(|container| {
        container.service.as_ref() == Some(service) && !container.hook && container.config_hash.is_some()
    });
    containers
        .sort_by(|one, other| (one.one_off, one.number, &one.name).cmp(&(other.one_off, other.number, &other.name)));
    Ok(containers)
}

/// The container of a service that runs: the replica of that number, else the first of [`containers_of`].
pub(super) async fn running<E: Engine>(
    engine: &E,
    project: &ProjectName,
    service: &ServiceName,
    number: Option<u32>,
) -> Result<Container, OperationError> {
    let containers = containers_of(engine, project, service).await?;
    let is_meant = |container: &Container| number.is_none_or(|number| container.number == Some(number));
    let found = containers.into_iter().find(|container| container.is_up() && is_meant(container));
    found.ok_or_else(|| match number {
        Some(number) => OperationError::NoReplica { service: service.clone(), number },
        None => OperationError::NotRunning { service: service.clone() },
    })
}
