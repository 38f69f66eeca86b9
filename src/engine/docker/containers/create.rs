//! Creates containers and connects them to all their networks.

use std::collections::BTreeSet;

use bollard::models::{ContainerCreateBody, EndpointSettings};
use bollard::query_parameters::CreateContainerOptions;

use super::change::remove;
use crate::engine::docker::client::{CHANGE, Client};
use crate::engine::docker::convert::{self, Facts};
use crate::engine::docker::{image_lookup, local_file, networks};
use crate::engine::{CreateContainer, CreatedContainer, EngineError, HookContainer};
use crate::observed::ContainerId;
use crate::plan::{AnonymousVolumes, ContainerSpec};
use crate::project::value::MountKind;
use crate::source::Reader;

/// Creates a container. If it cannot be connected to all its networks, it is removed again.
pub(super) async fn create(client: &Client, request: &CreateContainer) -> Result<CreatedContainer, EngineError> {
    let whole = request;
    let request = &without_strays(client, whole).await?;
    let facts = facts(client, request).await?;
    let made = convert::create_request(request, &facts)?;
    let platform = platform(&request.spec)?;
    let mut created = Box::pin(ask_to_create(client, &request.name, platform, made.body)).await?;
    created.warnings.splice(..0, made.warnings);
    let strays = whole.inherited.iter().filter(|volume| !request.inherited.contains(volume));
    created.left_out = strays.map(|volume| volume.volume.clone()).collect();
    connect_all(client, &created.id, made.connect).await?;
    Ok(created)
}

/// Creates the container of a hook.
pub(super) async fn create_hook(client: &Client, request: &HookContainer) -> Result<CreatedContainer, EngineError> {
    let replica = convert::hook_replica(request)?;
    let made = convert::hook_request(request, &replica, &facts(client, &replica).await?)?;
    let platform = platform(&replica.spec)?;
    let mut created = Box::pin(ask_to_create(client, &request.name, platform, made.body)).await?;
    created.warnings.splice(..0, made.warnings);
    connect_all(client, &created.id, made.connect).await?;
    Ok(created)
}

/// The platform that a container is asked for.
fn platform(spec: &ContainerSpec) -> Result<Option<String>, EngineError> {
    let default = || spec.project.environment.get("DOCKER_DEFAULT_PLATFORM").cloned();
    Ok(convert::service_of(spec)?.platform.clone().or_else(default))
}

/// Connects a new container to further networks; if that fails, removes it.
async fn connect_all(
    client: &Client,
    id: &ContainerId,
    networks: Vec<(String, EndpointSettings)>,
) -> Result<(), EngineError> {
    for (network, endpoint) in networks {
        if let Err(error) = networks::connect(client, &network, id, endpoint).await {
            // The error to report is the one from connecting.
            let _ = remove(client, id, AnonymousVolumes::Remove).await;
            return Err(error);
        }
    }
    Ok(())
}

/// The request without those volumes of the predecessor that have no place any more: the image does not declare a
/// volume there, nor does the service define an anonymous one. They stay in the engine.
async fn without_strays(client: &Client, request: &CreateContainer) -> Result<CreateContainer, EngineError> {
    let mut request = request.clone();
    if request.inherited.is_empty() {
        return Ok(request);
    }
    // A missing image is reported by the engine.
    let Some(declared) = image_lookup::declared_volumes(client, &request.spec.image).await? else { return Ok(request) };
    let service = convert::service_of(&request.spec)?;
    let asked = service.volumes.iter().filter(|mount| mount.kind == MountKind::Volume).map(|mount| &mount.target);
    let places: BTreeSet<&str> = declared.iter().chain(asked).map(|path| without_slash(path)).collect();
    request.inherited.retain(|volume| places.contains(without_slash(&volume.target)));
    Ok(request)
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

async fn ask_to_create(
    client: &Client,
    name: &str,
    platform: Option<String>,
    body: ContainerCreateBody,
) -> Result<CreatedContainer, EngineError> {
    let options = CreateContainerOptions { name: Some(name.to_owned()), platform: platform.unwrap_or_default() };
    // The body is large; unboxed, it would make every enclosing future as large.
    let call = Box::pin(client.api().await?.create_container(Some(options), body));
    let created = client.wait(CHANGE, || format!("create container {name}"), call).await.map_err(without_image)?;
    Ok(CreatedContainer { id: created.id.into(), left_out: Vec::new(), warnings: created.warnings })
}

/// A missing image is not a sign that another client is changing the project.
fn without_image(error: EngineError) -> EngineError {
    if let EngineError::NotFound(words) = &error
        && words.to_lowercase().contains("no such image")
    {
        return EngineError::Refused(words.clone());
    }
    error
}

/// What the conversion needs to know besides the plan.
async fn facts(client: &Client, request: &CreateContainer) -> Result<Facts, EngineError> {
    let service = convert::service_of(&request.spec)?;
    let mut facts = Facts {
        engine: client.version().await?,
        podman: client.is_podman().await?,
        proxies: client.config().await.proxy_variables(&client.address()),
        ..Facts::default()
    };
    for file in convert::seccomp_files(service) {
        facts.seccomp.insert(file.to_owned(), seccomp_profile(&request.spec, file).await?);
    }
    Ok(facts)
}

/// The text of a seccomp profile as compact JSON.
async fn seccomp_profile(spec: &ContainerSpec, file: &str) -> Result<String, EngineError> {
    let service = &spec.replica.service;
    let problem = |why: String| EngineError::Refused(format!("service `{service}`: seccomp profile `{file}`: {why}"));
    let home = spec.project.environment.get("HOME");
    let path = match (file.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => std::path::Path::new(home).join(rest),
        _ => spec.project.working_directory.join(file),
    };
    let text = local_file::read(&Reader::default(), &path).await.map_err(|error| problem(error.to_string()))?;
    let profile: serde_json::Value = serde_json::from_slice(&text).map_err(|error| problem(error.to_string()))?;
    Ok(profile.to_string())
}
