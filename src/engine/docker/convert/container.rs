//! The request that creates a container, assembled from the other files.

use bollard::models::{ContainerCreateBody, EndpointSettings};

use super::absent::non_empty;
use super::facts::Facts;
use super::service::{service_of, unsupported};
use super::{config, feature_gates, files, host_config, mounts, networking, resources};
use crate::engine::{CreateContainer, EngineError};
use crate::project::Service;

/// Everything needed to create a container.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine::docker) struct CreateRequest {
    /// The body of the create request.
    pub(in crate::engine::docker) body: ContainerCreateBody,
    /// The networks to connect afterwards, for engines that accept only one network when creating.
    pub(in crate::engine::docker) connect: Vec<(String, EndpointSettings)>,
    /// Warnings for the user.
    pub(in crate::engine::docker) warnings: Vec<String>,
}

/// The request that creates a container.
///
/// # Errors
///
/// If the engine does not support what the service asks for, or the definition is invalid; the message names it.
pub(in crate::engine::docker) fn create_request(
    request: &CreateContainer,
    facts: &Facts,
) -> Result<CreateRequest, EngineError> {
    let service = service_of(&request.spec)?;
    refuse_what_is_not_there(service, facts)?;
    // Report problems of injected files now rather than when the container is about to start.
    files::check(&request.spec)?;
    let mut warnings = Vec::new();
    feature_gates::check(service, facts, &mut warnings)?;
    files::ignored_attributes(&request.spec, &mut warnings)?;
    let mounts = mounts::mounts(request, service, facts, &mut warnings)?;
    let networking = networking::networking(request, service, facts, &mut warnings)?;
    let mut host = host_config::host_config(request, service, facts)?;
    host.binds = non_empty(mounts.binds);
    host.mounts = non_empty(mounts.mounts);
    host.network_mode = networking.mode;
    resources::apply(service, &mut host);
    let mut body = config::config(request, service, facts)?;
    body.host_config = Some(host);
    body.networking_config = networking.config;
    Ok(CreateRequest { body, connect: networking.connect, warnings })
}

/// Refuses features whose absence would be noticed too late or not at all.
fn refuse_what_is_not_there(service: &Service, facts: &Facts) -> Result<(), EngineError> {
    if service.use_api_socket && facts.engine.os == "windows" {
        return Err(unsupported(&service.name, "`use_api_socket` can't be used with a Windows engine"));
    }
    Ok(())
}
