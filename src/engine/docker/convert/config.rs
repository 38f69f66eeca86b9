//! What runs in a container: command, environment, labels, health.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerCreateBody, HealthConfig};

use super::absent::{list, text};
use super::facts::Facts;
use super::service::refused;
use crate::engine::{CreateContainer, EngineError, labels};
use crate::project::value::port::parse_exposed;
use crate::project::value::{Duration, NamespaceMode};
use crate::project::{Healthcheck, Service};

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
    // Whoever runs a command is the only one it reads from.
    let one_off = request.spec.one_off.is_some();
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
        attach_stdin: Some(one_off && service.stdin_open),
        stdin_once: Some(one_off && service.stdin_open),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        healthcheck: service.healthcheck.as_ref().map(|check| healthcheck(service, check)).transpose()?,
        network_disabled: is_disabled(service.network_mode.as_ref()).then_some(true),
        labels: Some(labels::of_container(request).into_iter().collect()),
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
