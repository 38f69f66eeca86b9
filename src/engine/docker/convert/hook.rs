//! The container of a `pre_start` hook.

use std::sync::Arc;

use bollard::models::{ContainerCreateBody, HostConfig};

use super::absent::{list, text};
use super::container::CreateRequest;
use super::facts::Facts;
use super::service::{refused, service_of};
use super::{config, networking};
use crate::engine::{CreateContainer, EngineError, HookContainer};
use crate::project::label;

/// The request that creates the container of a hook, with the volumes of the replica that is about to start and the
/// networks of its service.
///
/// # Errors
///
/// If the service has no such hook, or its networks are invalid.
pub(in crate::engine::docker) fn hook_request(
    request: &HookContainer,
    facts: &Facts,
) -> Result<CreateRequest, EngineError> {
    let service = service_of(&request.spec)?;
    let hook = service
        .pre_start
        .get(request.hook)
        .ok_or_else(|| refused(&service.name, &format!("there is no pre_start hook {}", request.hook)))?;
    let mut warnings = Vec::new();
    let networking = networking::networking(&as_replica(request), service, facts, &mut warnings)?;
    let mut environment = service.environment.clone();
    environment.extend(hook.environment.clone());
    let labels = [
        (label::PROJECT, request.spec.project.name.to_string()),
        (label::SERVICE, service.name.to_string()),
        (label::VERSION, label::VERSION_VALUE.to_owned()),
        (label::HOOK, "pre_start".to_owned()),
    ];
    let body = ContainerCreateBody {
        image: Some(hook.image.clone().unwrap_or_else(|| request.spec.image.clone())),
        cmd: hook.command.clone(),
        user: text(hook.user.as_ref()),
        working_dir: text(hook.working_dir.as_ref()),
        env: list(&config::lines(&environment, &facts.proxies)),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        labels: Some(labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        host_config: Some(HostConfig {
            network_mode: networking.mode,
            privileged: Some(hook.privileged),
            volumes_from: Some(vec![request.volumes_from.to_string()]),
            ..HostConfig::default()
        }),
        networking_config: networking.config,
        ..ContainerCreateBody::default()
    };
    Ok(CreateRequest { body, connect: networking.connect, warnings })
}

/// The hook's container as replica number 0, which gives its name on the networks.
fn as_replica(request: &HookContainer) -> CreateContainer {
    let mut spec = (*request.spec).clone();
    spec.replica.number = 0;
    if let Ok(service) = service_of(&request.spec) {
        spec.name = spec.project.container_name(service, 0);
    }
    CreateContainer {
        name: spec.name.clone(),
        spec: Arc::new(spec),
        config_hash: String::new(),
        field_digests: String::new(),
        content_digests: String::new(),
        image_digest: None,
        references: request.references.clone(),
        variables: std::collections::BTreeMap::new(),
        image_volumes: std::collections::BTreeMap::new(),
        inherited: Vec::new(),
    }
}
