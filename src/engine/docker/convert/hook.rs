//! The container of a `pre_start` hook.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::container::{CreateRequest, create_request};
use super::facts::Facts;
use super::service::{refused, service_of};
use crate::engine::{CreateContainer, EngineError, HookContainer};
use crate::project::{PreStart, Service, label};

/// The request that creates the container of a hook, as that of `replica` (see [`hook_replica`]), with the volumes of the one that is about to
/// start.
///
/// # Errors
///
/// If the service has no such hook, or its definition is invalid.
pub(in crate::engine::docker) fn hook_request(
    request: &HookContainer,
    replica: &CreateContainer,
    facts: &Facts,
) -> Result<CreateRequest, EngineError> {
    let service = service_of(&request.spec)?;
    let mut made = create_request(replica, facts)?;
    let body = &mut made.body;
    let host = body.host_config.get_or_insert_default();
    host.volumes_from.get_or_insert_default().push(request.volumes_from.to_string());
    let mut labels: HashMap<String, String> = hook_of(request, service)?.container.labels.clone().into_iter().collect();
    let own = [
        (label::PROJECT, request.spec.project.name.to_string()),
        (label::SERVICE, service.name.to_string()),
        (label::VERSION, label::VERSION_VALUE.to_owned()),
        (label::DEPENDS_ON, String::new()),
        (label::HOOK, "pre_start".to_owned()),
        (label::HOOK_INDEX, request.hook.to_string()),
    ];
    labels.extend(own.map(|(name, value)| (name.to_owned(), value)));
    body.labels = Some(labels);
    Ok(made)
}

fn hook_of<'a>(request: &HookContainer, service: &'a Service) -> Result<&'a PreStart, EngineError> {
    let none = || refused(&service.name, &format!("there is no pre_start hook {}", request.hook));
    service.pre_start.get(request.hook).ok_or_else(none)
}

/// The hook's container as replica number 0 of a service that is made from what the hook says; the number gives its
/// name on the networks.
///
/// # Errors
///
/// If the service has no such hook.
pub(in crate::engine::docker) fn hook_replica(request: &HookContainer) -> Result<CreateContainer, EngineError> {
    let service = service_of(&request.spec)?;
    let hook = hook_of(request, service)?;
    let mut spec = request.spec.of_hook(hook);
    spec.replica.number = 0;
    spec.name = spec.project.container_name(service, 0);
    Ok(CreateContainer {
        name: spec.name.clone(),
        spec: Arc::new(spec),
        config_hash: String::new(),
        field_digests: String::new(),
        content_digests: String::new(),
        image_digest: None,
        references: request.references.clone(),
        variables: BTreeMap::new(),
        image_volumes: BTreeMap::new(),
        inherited: Vec::new(),
    })
}
