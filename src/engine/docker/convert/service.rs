//! The service that a request is about, and errors in it.

use crate::engine::EngineError;
use crate::plan::ContainerSpec;
use crate::project::{Service, ServiceName};

/// The service that a container is created for.
pub(in crate::engine::docker) fn service_of(spec: &ContainerSpec) -> Result<&Service, EngineError> {
    let name = &spec.replica.service;
    spec.project
        .services
        .get(name)
        .or_else(|| spec.project.disabled.get(name))
        .ok_or_else(|| EngineError::NotFound(format!("the project has no service `{name}`")))
}

/// The error for an invalid service definition.
pub(super) fn refused(service: &ServiceName, problem: &str) -> EngineError {
    EngineError::Refused(format!("service `{service}`: {problem}"))
}

/// The error for a service that uses something that the engine or hoist does not support.
pub(super) fn unsupported(service: &ServiceName, problem: &str) -> EngineError {
    EngineError::Unsupported(format!("service `{service}`: {problem}"))
}
