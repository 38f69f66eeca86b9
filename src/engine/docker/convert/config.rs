//! What runs in a container: command, environment, labels, health.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use bollard::models::{ContainerCreateBody, HealthConfig};

use super::absent::{list, map, text};
use super::facts::Facts;
use super::service::refused;
use crate::engine::{CreateContainer, EngineError};
use crate::plan::ContainerSpec;
use crate::project::label;
use crate::project::value::port::parse_exposed;
use crate::project::value::{Duration, NamespaceMode};
use crate::project::{Dependency, Healthcheck, Service, ServiceName};

/// Where a container that uses the engine's socket finds registry credentials.
const API_SOCKET_CONFIG: &str = "/run/secrets/docker";

/// Default grace period in seconds.
const GRACE: i64 = 10;

/// The part of the request that is not about the host or networks.
pub(super) fn config(
    request: &CreateContainer,
    service: &Service,
    facts: &Facts,
) -> Result<ContainerCreateBody, EngineError> {
    Ok(ContainerCreateBody {
        hostname: text(service.hostname.as_ref()),
        domainname: text(service.domainname.as_ref()),
        user: text(service.user.as_ref()),
        working_dir: text(service.working_dir.as_ref()),
        stop_signal: text(service.stop_signal.as_ref()),
        // Without a grace period, Podman gives a container no time at all.
        stop_timeout: service.stop_grace_period.map(Duration::as_secs).or(facts.podman.then_some(GRACE)),
        cmd: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        image: Some(request.spec.image.clone()),
        env: list(&environment(service, request, &facts.proxies)),
        exposed_ports: list(&exposed_ports(service)?),
        tty: Some(service.tty),
        open_stdin: Some(service.stdin_open),
        attach_stdin: Some(false),
        stdin_once: Some(false),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        healthcheck: service.healthcheck.as_ref().map(|check| healthcheck(service, check)).transpose()?,
        network_disabled: is_disabled(service.network_mode.as_ref()).then_some(true),
        labels: Some(labels(request, service)),
        ..ContainerCreateBody::default()
    })
}

fn is_disabled(mode: Option<&NamespaceMode>) -> bool {
    matches!(mode, Some(NamespaceMode::Other(mode)) if mode == "disabled")
}

/// `NAME=value`, or `NAME` for a variable that stays unset. The service's variables override the proxies.
fn environment(service: &Service, request: &CreateContainer, proxies: &BTreeMap<String, String>) -> Vec<String> {
    let mut variables = BTreeMap::new();
    if service.use_api_socket {
        variables.insert("DOCKER_CONFIG".to_owned(), Some(API_SOCKET_CONFIG.to_owned()));
    }
    variables.extend(service.environment.clone());
    variables.extend(request.variables.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    lines(&variables, proxies)
}

/// Variables in the engine's form; they override the proxies.
pub(super) fn lines(environment: &BTreeMap<String, Option<String>>, proxies: &BTreeMap<String, String>) -> Vec<String> {
    let mut variables: BTreeMap<&str, Option<&str>> =
        proxies.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
    variables.extend(environment.iter().map(|(name, value)| (name.as_str(), value.as_deref())));
    let line = |(name, value): (&str, Option<&str>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.to_owned(),
    };
    variables.into_iter().map(line).collect()
}

/// Published targets and exposed ports, as `80/tcp`.
fn exposed_ports(service: &Service) -> Result<Vec<String>, EngineError> {
    let mut ports = BTreeSet::new();
    for port in &service.ports {
        ports.insert(format!("{}/{}", port.target, port.protocol.as_deref().unwrap_or("tcp")));
    }
    for exposed in &service.expose {
        let Ok((range, protocol)) = parse_exposed(exposed) else {
            return Err(refused(&service.name, &format!("`{exposed}` is not a port to expose")));
        };
        ports.extend(range.iter().map(|port| format!("{port}/{protocol}")));
    }
    Ok(ports.into_iter().collect())
}

fn healthcheck(service: &Service, check: &Healthcheck) -> Result<HealthConfig, EngineError> {
    if check.disable {
        return Ok(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() });
    }
    if check.start_interval.is_some() && check.start_period.is_none() {
        return Err(refused(&service.name, "healthcheck.start_interval requires healthcheck.start_period to be set"));
    }
    Ok(HealthConfig {
        test: list(&check.test),
        interval: check.interval.map(Duration::as_nanos),
        timeout: check.timeout.map(Duration::as_nanos),
        start_period: check.start_period.map(Duration::as_nanos),
        start_interval: check.start_interval.map(Duration::as_nanos),
        retries: check.retries.map(|retries| i64::try_from(retries).unwrap_or(i64::MAX)),
    })
}

/// The user's labels, overridden by those that identify containers.
fn labels(request: &CreateContainer, service: &Service) -> HashMap<String, String> {
    let spec = &*request.spec;
    let project = &*spec.project;
    let mut labels = map(&service.labels).unwrap_or_default();
    // These are trusted later, so no file may set them.
    labels.retain(|name, _| !label::OWN.contains(&name.as_str()));
    let mut set = |name: &str, value: String| labels.insert(name.to_owned(), value);
    set(label::PROJECT, project.name.to_string());
    set(label::SERVICE, service.name.to_string());
    set(label::VERSION, label::VERSION_VALUE.to_owned());
    set(label::WORKING_DIRECTORY, project.working_directory.display().to_string());
    set(label::CONFIG_FILES, joined(&project.compose_files));
    if !project.env_files.is_empty() {
        set(label::ENVIRONMENT_FILES, joined(&project.env_files));
    }
    set(label::ONE_OFF, "False".to_owned());
    set(label::NUMBER, spec.replica.number.to_string());
    set(label::CONFIG_HASH, request.config_hash.clone());
    // Services outside this run are not dependencies of this container.
    let dependencies = service.depends_on.iter().filter(|(name, _)| project.services.contains_key(*name));
    set(label::DEPENDS_ON, depends_on(dependencies));
    if let Some(digest) = &request.image_digest {
        set(label::IMAGE, digest.to_string());
    }
    if !request.image_volumes.is_empty() {
        let pairs = request.image_volumes.iter().map(|(target, digest)| format!("{target}={digest}"));
        set(label::IMAGE_VOLUMES, pairs.collect::<Vec<_>>().join(","));
    }
    if spec.replaces.as_ref().is_some_and(|replaced| replaced.inherits) {
        set(label::REPLACE, replaced_name(spec, service));
    }
    if !request.inherited.is_empty() {
        let digits = request.inherited.iter().map(|inherited| inherited.volume.get(..12).unwrap_or(&inherited.volume));
        set(label::INHERITED, digits.collect::<Vec<_>>().join(","));
    }
    if !request.field_digests.is_empty() {
        set(label::FIELDS, request.field_digests.clone());
    }
    if !request.content_digests.is_empty() {
        set(label::CONTENTS, request.content_digests.clone());
    }
    labels
}

/// The name of a replaced container in its successor's label: without the project.
fn replaced_name(spec: &ContainerSpec, service: &Service) -> String {
    let numbered = || format!("{}{}{}", service.name, spec.project.separator, spec.replica.number);
    text(service.container_name.as_ref()).unwrap_or_else(numbered)
}

fn joined(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(",")
}

fn depends_on<'a>(dependencies: impl Iterator<Item = (&'a ServiceName, &'a Dependency)>) -> String {
    dependencies.map(|(name, on)| format!("{name}:{}:{}", on.condition, on.restart)).collect::<Vec<_>>().join(",")
}
