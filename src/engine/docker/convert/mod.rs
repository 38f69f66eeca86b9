//! The project's terms in, the engine's requests out. Pure: what has to be read or asked for is in [`Facts`].

pub(super) mod build;
mod config;
mod feature_gates;
pub(super) mod files;
mod hook;
mod host_config;
mod mounts;
mod networking;
mod resources;
mod storage;

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerCreateBody, EndpointSettings};

pub(super) use hook::hook_request;
pub(super) use host_config::seccomp_files;
pub(super) use networking::{endpoint_to_connect, network_request};
pub(super) use storage::volume_request;

use crate::engine::{CreateContainer, EngineError};
use crate::observed::{ApiVersion, EngineVersion};
use crate::plan::ContainerSpec;
use crate::project::Service;

/// What the label `com.docker.compose.version` says.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// From here on a container is created with all its networks.
const ALL_NETWORKS: ApiVersion = ApiVersion::new(1, 44);

/// What a conversion needs to know that the plan does not.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The engine's version and operating system.
    pub(super) engine: EngineVersion,
    /// Whether it is Podman that speaks the API.
    pub(super) podman: bool,
    /// Proxy variables of the Docker configuration.
    pub(super) proxies: BTreeMap<String, String>,
    /// The text of seccomp profiles, by the path that the project writes.
    pub(super) seccomp: BTreeMap<String, String>,
}

/// What it takes to make a container.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CreateRequest {
    /// What the engine is asked to create.
    pub(super) body: ContainerCreateBody,
    /// The networks it is connected to afterwards, on engines that create with one network only.
    pub(super) connect: Vec<(String, EndpointSettings)>,
    /// What the user should know.
    pub(super) warnings: Vec<String>,
}

/// The request that makes a container (engine.md §3).
///
/// # Errors
///
/// If the engine cannot do what the service asks, or the service asks for what makes no sense; the message names it.
pub(super) fn create_request(request: &CreateContainer, facts: &Facts) -> Result<CreateRequest, EngineError> {
    let service = service_of(&request.spec)?;
    refuse_what_is_not_there(service, facts)?;
    // Injected files fail here rather than when the container is about to start.
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

/// The service that a container is made for.
pub(super) fn service_of(spec: &ContainerSpec) -> Result<&Service, EngineError> {
    let name = &spec.replica.service;
    spec.project
        .services
        .get(name)
        .or_else(|| spec.project.disabled.get(name))
        .ok_or_else(|| EngineError::NotFound(format!("the project has no service `{name}`")))
}

/// Features whose absence would be found out too late, or not at all.
fn refuse_what_is_not_there(service: &Service, facts: &Facts) -> Result<(), EngineError> {
    if service.use_api_socket && facts.engine.os == "windows" {
        return Err(unsupported(service, "`use_api_socket` can't be used with a Windows engine"));
    }
    Ok(())
}

/// A service that asks for what does not go.
fn refused(service: &Service, problem: &str) -> EngineError {
    EngineError::Refused(format!("service `{}`: {problem}", service.name))
}

/// A service that asks for what the engine, or hoist, does not have.
fn unsupported(service: &Service, problem: &str) -> EngineError {
    EngineError::Unsupported(format!("service `{}`: {problem}", service.name))
}

/// A list, or nothing if it is empty.
fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A copy of a list, or nothing if it is empty.
fn list<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    non_empty(list.to_vec())
}

/// A copy of a map, or nothing if it is empty.
fn map(map: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!map.is_empty()).then(|| map.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A number, or nothing if it is 0.
fn non_zero(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}

/// A copy of a text, or nothing if it is empty.
fn text(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

#[cfg(test)]
mod tests;
