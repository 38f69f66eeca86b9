//! The service that a request is about, and what is wrong with it.

use crate::engine::EngineError;
use crate::plan::ContainerSpec;
use crate::project::{Service, ServiceName};

/// The service that a container is made for.
pub(in crate::engine::docker) fn service_of(spec: &ContainerSpec) -> Result<&Service, EngineError> {
    let name = &spec.replica.service;
    spec.project
        .services
        .get(name)
        .or_else(|| spec.project.disabled.get(name))
        .ok_or_else(|| EngineError::NotFound(format!("the project has no service `{name}`")))
}

/// A service that asks for what does not go.
pub(super) fn refused(service: &ServiceName, problem: &str) -> EngineError {
    EngineError::Refused(format!("service `{service}`: {problem}"))
}

/// A service that asks for what the engine, or hoist, does not have.
pub(super) fn unsupported(service: &ServiceName, problem: &str) -> EngineError {
    EngineError::Unsupported(format!("service `{service}`: {problem}"))
}
