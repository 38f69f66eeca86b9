//! The host settings of a container, except resources, mounts and networks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use bollard::models::{HostConfig, HostConfigLogConfig, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum};

use super::absent::{list, map, non_empty, non_zero, text};
use super::facts::Facts;
use super::service::{refused, unsupported};
use crate::engine::{CreateContainer, EngineError};
use crate::plan::OneOffEnd;
use crate::project::value::{NamespaceMode, Port, VolumesFromSource};
use crate::project::{DeployRestartPolicy, Service, ServiceName};

pub(super) fn host_config(
    request: &CreateContainer,
    service: &Service,
    facts: &Facts,
) -> Result<HostConfig, EngineError> {
    let security = security_options(service, facts)?;
    let unconfined = security.unconfined_system_paths.then(Vec::new);
    Ok(HostConfig {
        annotations: map(&service.annotations),
        cap_add: capabilities(&service.cap_add),
        cap_drop: capabilities(&service.cap_drop),
        group_add: list(&service.group_add),
        privileged: Some(service.privileged),
        readonly_rootfs: Some(service.read_only),
        runtime: text(service.runtime.as_ref()),
        isolation: enumerated(service, "isolation", service.isolation.as_deref())?,
        storage_opt: map(&service.storage_opt),
        sysctls: map(&service.sysctls),
        shm_size: non_zero(service.shm_size.as_bytes()),
        oom_score_adj: non_zero(service.oom_score_adj),
        init: service.init,
        ipc_mode: namespace(request, service, "IPC", service.ipc.as_ref())?,
        pid_mode: namespace(request, service, "PID", service.pid.as_ref())?,
        uts_mode: own_namespace(service, "uts", service.uts.as_ref())?,
        cgroupns_mode: {
            let mode = own_namespace(service, "cgroup", service.cgroup.as_ref())?;
            enumerated(service, "cgroup", mode.as_deref())?
        },
        userns_mode: text(service.userns_mode.as_ref()),
        volumes_from: volumes_from(request, service)?,
        dns: dns(service)?,
        dns_search: list(&service.dns_search),
        dns_options: list(&service.dns_opt),
        extra_hosts: non_empty(service.extra_hosts.entries(':')),
        log_config: service
            .logging
            .as_ref()
            .map(|logging| HostConfigLogConfig { typ: text(logging.driver.as_ref()), config: map(&logging.options) }),
        restart_policy: restart_policy(service)?,
        auto_remove: is_removed_at_end(request).then_some(true),
        security_opt: non_empty(security.options),
        masked_paths: unconfined.clone(),
        readonly_paths: unconfined,
        tmpfs: tmpfs(service),
        port_bindings: port_bindings(&service.ports),
        ..HostConfig::default()
    })
}

/// Capabilities by their kernel names, such as `CAP_CHOWN`, or `ALL`; without duplicates.
fn capabilities(names: &[String]) -> Option<Vec<String>> {
    let normal = names.iter().map(|name| name.trim().to_uppercase()).map(|name| match name.as_str() {
        "ALL" => name,
        prefixed if prefixed.starts_with("CAP_") => name,
        _ => format!("CAP_{name}"),
    });
    non_empty(normal.collect::<BTreeSet<_>>().into_iter().collect())
}

/// Parses a word that must be in one of the engine's enums.
fn enumerated<T: std::str::FromStr>(
    service: &Service,
    attribute: &str,
    word: Option<&str>,
) -> Result<Option<T>, EngineError> {
    match word.filter(|word| !word.is_empty()) {
        None => Ok(None),
        Some(word) => match word.parse() {
            Ok(known) => Ok(Some(known)),
            Err(_) => Err(refused(&service.name, &format!("`{word}` is not a valid value of `{attribute}`"))),
        },
    }
}

/// A namespace that can be shared with another container, with the service replaced by its container.
fn namespace(
    request: &CreateContainer,
    service: &Service,
    what: &str,
    mode: Option<&NamespaceMode>,
) -> Result<Option<String>, EngineError> {
    match mode {
        None => Ok(None),
        Some(NamespaceMode::Service(other)) => {
            let missing = || {
                let name = other.as_str();
                refused(&service.name, &format!("cannot share {what} namespace with service {name}: container missing"))
            };
            let id = request.references.get(other).ok_or_else(missing)?;
            Ok(Some(format!("container:{id}")))
        }
        Some(mode @ (NamespaceMode::Container(_) | NamespaceMode::Other(_))) => {
            Ok(Some(mode.to_string()).filter(|mode| !mode.is_empty()))
        }
    }
}

/// The network namespace, for [`super::networking`].
pub(super) fn network_namespace(request: &CreateContainer, service: &Service) -> Result<Option<String>, EngineError> {
    namespace(request, service, "network", service.network_mode.as_ref())
}

/// A namespace that cannot be shared with another container.
fn own_namespace(
    service: &Service,
    attribute: &str,
    mode: Option<&NamespaceMode>,
) -> Result<Option<String>, EngineError> {
    match mode {
        None => Ok(None),
        Some(NamespaceMode::Other(mode)) => Ok(text(Some(mode))),
        Some(mode @ (NamespaceMode::Service(_) | NamespaceMode::Container(_))) => Err(unsupported(
            &service.name,
            &format!("`{attribute}: {mode}` is not supported: engines cannot share that namespace between containers"),
        )),
    }
}

/// Containers whose mounts to use, each with its mode.
fn volumes_from(request: &CreateContainer, service: &Service) -> Result<Option<Vec<String>>, EngineError> {
    let missing = |name: &ServiceName| {
        refused(&service.name, &format!("cannot share volume with service {name}: container missing"))
    };
    let mut containers = Vec::with_capacity(service.volumes_from.len());
    for from in &service.volumes_from {
        let container = match &from.source {
            VolumesFromSource::Service(name) => request.references.get(name).ok_or_else(|| missing(name))?.as_str(),
            VolumesFromSource::Container(name) => name,
        };
        // `rw` is the engine's default.
        let mode = from.mode.as_deref().filter(|mode| !matches!(*mode, "" | "rw"));
        containers.push(mode.map_or_else(|| container.to_owned(), |mode| format!("{container}:{mode}")));
    }
    Ok(non_empty(containers))
}

fn dns(service: &Service) -> Result<Option<Vec<String>>, EngineError> {
    match service.dns.iter().find(|address| address.parse::<IpAddr>().is_err()) {
        Some(address) => Err(refused(&service.name, &format!("invalid DNS address: {address}"))),
        None => Ok(list(&service.dns)),
    }
}

/// Whether the engine removes it when it exits.
fn is_removed_at_end(request: &CreateContainer) -> bool {
    request.spec.one_off.as_ref().is_some_and(|one_off| one_off.at_end == OneOffEnd::Remove)
}

/// `deploy.restart_policy`, else `restart`.
fn restart_policy(service: &Service) -> Result<Option<RestartPolicy>, EngineError> {
    if let Some(policy) = service.deploy.as_ref().and_then(|deploy| deploy.restart_policy.as_ref()) {
        return deployed_restart_policy(service, policy).map(Some);
    }
    let Some(text) = text(service.restart.as_ref()) else { return Ok(None) };
    let (name, count) = match text.split_once(':') {
        Some((name, count)) => (name, Some(count)),
        None => (text.as_str(), None),
    };
    let count = match count.map(str::parse::<i64>) {
        None => None,
        Some(Ok(count)) => Some(count),
        Some(Err(_)) => return Err(refused(&service.name, &format!("`restart: {text}` does not end with a number"))),
    };
    Ok(Some(RestartPolicy { name: Some(restart_word(service, name)?), maximum_retry_count: count }))
}

/// Without a condition containers are always restarted, as the specification says. A maximum number of attempts applies
/// to failures only; engines refuse it otherwise.
fn deployed_restart_policy(service: &Service, policy: &DeployRestartPolicy) -> Result<RestartPolicy, EngineError> {
    let name = restart_word(service, policy.condition.as_deref().filter(|word| !word.is_empty()).unwrap_or("any"))?;
    let attempts = policy.max_attempts.and_then(|attempts| i64::try_from(attempts).ok());
    let counted = name == RestartPolicyNameEnum::ON_FAILURE;
    Ok(RestartPolicy { name: Some(name), maximum_retry_count: attempts.filter(|_| counted) })
}

fn restart_word(service: &Service, word: &str) -> Result<RestartPolicyNameEnum, EngineError> {
    match word {
        "no" | "none" => Ok(RestartPolicyNameEnum::NO),
        "on-failure" => Ok(RestartPolicyNameEnum::ON_FAILURE),
        "unless-stopped" => Ok(RestartPolicyNameEnum::UNLESS_STOPPED),
        "always" | "any" => Ok(RestartPolicyNameEnum::ALWAYS),
        other => Err(refused(&service.name, &format!("invalid restart policy: unknown policy `{other}`"))),
    }
}

struct SecurityOptions {
    options: Vec<String>,
    /// Whether the engine's lists of masked and read-only paths are cleared.
    unconfined_system_paths: bool,
}

fn security_options(service: &Service, facts: &Facts) -> Result<SecurityOptions, EngineError> {
    let mut result = SecurityOptions { options: Vec::new(), unconfined_system_paths: false };
    for option in &service.security_opt {
        if option == "systempaths=unconfined" {
            result.unconfined_system_paths = true;
        } else if let Some(file) = seccomp_file(option) {
            let profile = facts.seccomp.get(file);
            let missing = || refused(&service.name, &format!("the seccomp profile `{file}` was not read"));
            result.options.push(format!("seccomp={}", profile.ok_or_else(missing)?));
        } else if option.contains(['=', ':']) || option == "no-new-privileges" {
            result.options.push(option.clone());
        } else {
            return Err(refused(&service.name, &format!("invalid security-opt: \"{option}\"")));
        }
    }
    Ok(result)
}

/// The seccomp profile files of the service, which are read before the conversion.
pub(in crate::engine::docker) fn seccomp_files(service: &Service) -> impl Iterator<Item = &str> {
    service.security_opt.iter().filter_map(|option| seccomp_file(option))
}

fn seccomp_file(option: &str) -> Option<&str> {
    let file = option.strip_prefix("seccomp=").or_else(|| option.strip_prefix("seccomp:"))?;
    (!matches!(file, "unconfined" | "builtin")).then_some(file)
}

fn tmpfs(service: &Service) -> Option<HashMap<String, String>> {
    let entry =
        |tmpfs: &crate::project::value::Tmpfs| (tmpfs.target.clone(), tmpfs.options.clone().unwrap_or_default());
    (!service.tmpfs.is_empty()).then(|| service.tmpfs.iter().map(entry).collect())
}

/// Published ports, by port in the container.
fn port_bindings(ports: &[Port]) -> Option<PortMap> {
    let mut bindings: BTreeMap<String, Vec<PortBinding>> = BTreeMap::new();
    for port in ports {
        let target = format!("{}/{}", port.target, port.protocol.as_deref().unwrap_or("tcp"));
        let binding = PortBinding {
            host_ip: text(port.host_ip.as_ref()),
            host_port: Some(port.published.clone().unwrap_or_default()),
        };
        bindings.entry(target).or_default().push(binding);
    }
    (!bindings.is_empty()).then(|| bindings.into_iter().map(|(port, bindings)| (port, Some(bindings))).collect())
}
