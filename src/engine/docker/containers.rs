//! Containers: made, started, stopped, removed, looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, EndpointSettings, NetworkConnectRequest};
use bollard::query_parameters::{
    CreateContainerOptions, KillContainerOptions, RemoveContainerOptions, RenameContainerOptions,
    StartContainerOptions, StopContainerOptions,
};
use futures::TryStreamExt;
use futures::future::{self, Either};
use hyper::Method;
use serde::Deserialize;

use super::client::{CHANGE, Client, QUESTION, check_segment, percent_encoded, query};
use super::convert::{self, Facts, files};
use super::observe::or_default;
use super::transport::{self, Ask};
use super::{classify, images, read_file, status};
use crate::engine::{
    AtEnd, ContainerDetails, CreateContainer, CreatedContainer, EngineError, HealthTest, HookContainer, NameHolder,
    Probe,
};
use crate::observed::{ContainerId, Health, State};
use crate::plan::{AnonymousVolumes, ContainerSpec};
use crate::project::label;
use crate::project::value::MountKind;
use crate::source::Reader;

/// The grace period of containers that say nothing else.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// How long the engine may take around a grace period: the kill, unmounting, networks.
const MARGIN: Duration = Duration::from_mins(1);
/// How long the test of a healthcheck may take that says nothing else.
const DEFAULT_TEST_TIMEOUT: Duration = Duration::from_secs(30);
/// What runs the text of a `CMD-SHELL` test in containers that say nothing else.
const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];
/// A grace period without end, as far as a timer can tell.
const FOREVER: Duration = Duration::from_hours(10 * 365 * 24);

/// Makes a container. One whose networks can't all be connected is removed again.
pub(super) async fn create(client: &Client, request: &CreateContainer) -> Result<CreatedContainer, EngineError> {
    let whole = request;
    let request = &without_strays(client, whole).await?;
    let facts = facts(client, request).await?;
    let made = convert::create_request(request, &facts)?;
    let platform = convert::service_of(&request.spec)?
        .platform
        .clone()
        .or_else(|| request.spec.project.environment.get("DOCKER_DEFAULT_PLATFORM").cloned());
    let mut created = Box::pin(ask_to_create(client, Some(&request.name), platform, made.body)).await?;
    created.warnings.splice(..0, made.warnings);
    let strays = whole.inherited.iter().filter(|volume| !request.inherited.contains(volume));
    created.left_out = strays.map(|volume| volume.volume.clone()).collect();
    connect_all(client, &created.id, made.connect).await?;
    Ok(created)
}

/// Makes the container of a hook, which gets no name.
pub(super) async fn create_hook(client: &Client, request: &HookContainer) -> Result<CreatedContainer, EngineError> {
    let facts = Facts {
        engine: client.version().await?,
        podman: client.is_podman().await?,
        proxies: client.config().await.proxy_variables(&client.address()),
        ..Facts::default()
    };
    let made = convert::hook_request(request, &facts)?;
    let mut created = Box::pin(ask_to_create(client, None, None, made.body)).await?;
    created.warnings.splice(..0, made.warnings);
    connect_all(client, &created.id, made.connect).await?;
    Ok(created)
}

/// Connects a new container to further networks; one that cannot be is removed.
async fn connect_all(
    client: &Client,
    id: &ContainerId,
    networks: Vec<(String, EndpointSettings)>,
) -> Result<(), EngineError> {
    for (network, endpoint) in networks {
        if let Err(error) = connect(client, &network, id, endpoint).await {
            // The error that made it useless is the one to tell.
            let _ = remove(client, id, AnonymousVolumes::Remove).await;
            return Err(error);
        }
    }
    Ok(())
}

/// The request without those volumes of the predecessor for which there is no place any more: neither does the image
/// declare a volume there, nor does the service ask for one without a name (engine.md §2.7). They stay in the engine.
async fn without_strays(client: &Client, request: &CreateContainer) -> Result<CreateContainer, EngineError> {
    let mut request = request.clone();
    if request.inherited.is_empty() {
        return Ok(request);
    }
    // An image that is not there is reported by the engine.
    let Some(declared) = images::declared_volumes(client, &request.spec.image).await? else { return Ok(request) };
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
    name: Option<&str>,
    platform: Option<String>,
    body: ContainerCreateBody,
) -> Result<CreatedContainer, EngineError> {
    let options = CreateContainerOptions { name: name.map(ToOwned::to_owned), platform: platform.unwrap_or_default() };
    // The body is large, and would make every future around it as large.
    let call = Box::pin(client.api().await?.create_container(Some(options), body));
    let created = client
        .wait(CHANGE, || format!("create container {}", name.unwrap_or("of a hook")), call)
        .await
        .map_err(without_image)?;
    Ok(CreatedContainer { id: created.id.into(), left_out: Vec::new(), warnings: created.warnings })
}

/// A container's image that is not there is not missing because somebody else changes the project.
fn without_image(error: EngineError) -> EngineError {
    if let EngineError::NotFound(words) = &error
        && words.to_lowercase().contains("no such image")
    {
        return EngineError::Refused(words.clone());
    }
    error
}

/// What the conversion has to know beside the plan.
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

/// The text of a seccomp profile, without what JSON does not need.
async fn seccomp_profile(spec: &ContainerSpec, file: &str) -> Result<String, EngineError> {
    let service = &spec.replica.service;
    let problem = |why: String| EngineError::Refused(format!("service `{service}`: seccomp profile `{file}`: {why}"));
    let home = spec.project.environment.get("HOME");
    let path = match (file.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => std::path::Path::new(home).join(rest),
        _ => spec.project.working_directory.join(file),
    };
    let text = read_file(&Reader::default(), &path).await.map_err(|error| problem(error.to_string()))?;
    let profile: serde_json::Value = serde_json::from_slice(&text).map_err(|error| problem(error.to_string()))?;
    Ok(profile.to_string())
}

/// Connects a container to a network.
pub(super) async fn connect(
    client: &Client,
    network: &str,
    id: &ContainerId,
    endpoint: EndpointSettings,
) -> Result<(), EngineError> {
    check_segment(network)?;
    let request = NetworkConnectRequest { container: id.to_string(), endpoint_config: Some(endpoint) };
    let call = client.api().await?.connect_network(network, request);
    client.wait(CHANGE, || format!("connect container {} to network {network}", id.short()), call).await
}

pub(super) async fn start(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    check_segment(id.as_str())?;
    let call = client.api().await?.start_container(id.as_str(), None::<StartContainerOptions>);
    client.wait(CHANGE, || format!("start container {}", id.short()), call).await
}

/// Copies files into a container: all in one archive.
pub(super) async fn inject(client: &Client, id: &ContainerId, spec: &Arc<ContainerSpec>) -> Result<(), EngineError> {
    let credentials = if convert::service_of(spec)?.use_api_socket {
        Some(client.credentials().as_config_file().await)
    } else {
        None
    };
    let injected = files::injected(spec, credentials)?;
    if injected.is_empty() {
        return Ok(());
    }
    let body = files::archive(&injected).map_err(|error| EngineError::Failed(format!("cannot pack files: {error}")))?;
    // With `copyUIDGID` the engine would give all files to the container's user, whoever the archive says owns them.
    // A file must not take the place of a folder and all that is in it.
    let path = format!("/containers/{id}/archive?{}", query(&[("path", "/"), ("noOverwriteDirNonDir", "true")]));
    let headers = [("Content-Type", "application/x-tar")];
    client.ask(CHANGE, Ask { method: Method::PUT, headers: &headers, body, ..Ask::get(&path) }).await?;
    Ok(())
}

pub(super) async fn unpause(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    let call = client.api().await?.unpause_container(id.as_str());
    match client.wait(CHANGE, || format!("unpause container {}", id.short()), call).await {
        // Somebody else was faster, or it was stopped; engines and Podman have different statuses for that.
        Err(EngineError::Conflict(words) | EngineError::Refused(words) | EngineError::Failed(words))
            if words.contains("is not paused") =>
        {
            Ok(())
        }
        answer => answer,
    }
}

/// Stops a container and waits as long as its grace period and a margin. How long its own grace period is is asked for
/// only when it takes longer than the usual one.
pub(super) async fn stop(client: &Client, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
    let seconds = grace.map(|grace| i32::try_from(grace.as_secs()).unwrap_or(i32::MAX));
    let options = StopContainerOptions { t: seconds, ..StopContainerOptions::default() };
    let what = || format!("stop container {}", id.short());
    check_segment(id.as_str())?;
    let call = Box::pin(client.wait(FOREVER, what, client.api().await?.stop_container(id.as_str(), Some(options))));
    let first = grace.unwrap_or(DEFAULT_GRACE).saturating_add(MARGIN);
    let call = match future::select(call, Box::pin(tokio::time::sleep(first))).await {
        Either::Left((result, _)) => return result,
        Either::Right(((), call)) => call,
    };
    let longer = match grace {
        Some(_) => Duration::ZERO,
        None => own_grace(client, id).await?.saturating_sub(DEFAULT_GRACE),
    };
    match tokio::time::timeout(longer, call).await {
        Ok(result) => result,
        Err(_) => Err(EngineError::Timeout { call: what(), seconds: first.saturating_add(longer).as_secs() }),
    }
}

/// The grace period that a container was made with.
async fn own_grace(client: &Client, id: &ContainerId) -> Result<Duration, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inspected {
        config: Config,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        stop_timeout: Option<i64>,
    }
    let inspected: Inspected = client.get(&format!("/containers/{id}/json")).await?;
    Ok(match inspected.config.stop_timeout {
        None => DEFAULT_GRACE,
        // A negative one has no end.
        Some(seconds) => u64::try_from(seconds).map_or(FOREVER, Duration::from_secs),
    })
}

pub(super) async fn kill(client: &Client, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
    let options = KillContainerOptions { signal: signal.to_owned() };
    check_segment(id.as_str())?;
    let call = client.api().await?.kill_container(id.as_str(), Some(options));
    client.wait(QUESTION, || format!("send {signal} to container {}", id.short()), call).await
}

pub(super) async fn remove(client: &Client, id: &ContainerId, volumes: AnonymousVolumes) -> Result<(), EngineError> {
    let options = RemoveContainerOptions { force: true, v: volumes == AnonymousVolumes::Remove, ..Default::default() };
    check_segment(id.as_str())?;
    let call = client.api().await?.remove_container(id.as_str(), Some(options));
    let answer = client.wait(CHANGE, || format!("remove container {}", id.short()), call).await;
    if matches!(answer, Err(EngineError::Conflict(_))) {
        // The engine is about to remove it: what it still mounts is not free before it is gone.
        let _ = until_removed(client, id).await;
    }
    answer
}

/// Waits until a container that is being removed is gone.
async fn until_removed(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    let path = format!("/containers/{id}/wait?condition=removed");
    let response = client.ask(QUESTION, Ask { method: Method::POST, ..Ask::get(&path) }).await?;
    let body = transport::bytes(response.into_body());
    let ended = async { body.try_for_each(|_| future::ready(Ok(()))).await };
    classify::within(CHANGE, || format!("wait for the removal of container {}", id.short()), ended).await
}

pub(super) async fn rename(client: &Client, id: &ContainerId, name: &str) -> Result<(), EngineError> {
    let options = RenameContainerOptions { name: name.to_owned() };
    check_segment(id.as_str())?;
    let call = client.api().await?.rename_container(id.as_str(), options);
    match client.wait(QUESTION, || format!("rename container {} to {name}", id.short()), call).await {
        // The engine did what a run had asked that was cut short, after this one looked.
        Err(EngineError::Refused(words)) if classify::says_it_has_that_name(&words) => Ok(()),
        answer => answer,
    }
}

pub(super) async fn inspect(client: &Client, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
    let inspected: Inspected = client.get(&format!("/containers/{id}/json")).await?;
    Ok(inspected.into())
}

/// The container that has a name.
pub(super) async fn name_holder(client: &Client, name: &str) -> Result<Option<NameHolder>, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Held {
        id: String,
        config: Config,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        #[serde(default, deserialize_with = "or_default")]
        labels: BTreeMap<String, String>,
    }
    match client.get::<Held>(&format!("/containers/{}/json", percent_encoded(name))).await {
        Ok(mut held) => {
            let project = held.config.labels.remove(label::PROJECT);
            Ok(Some(NameHolder { id: held.id.as_str().into(), project }))
        }
        Err(EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    restart_count: i64,
    #[serde(default)]
    state: InspectedState,
    #[serde(default)]
    config: InspectedConfig,
    #[serde(default, deserialize_with = "or_default")]
    host_config: InspectedHostConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHostConfig {
    #[serde(default)]
    auto_remove: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedState {
    #[serde(default)]
    status: String,
    #[serde(default, rename = "OOMKilled")]
    out_of_memory: bool,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    error: String,
    #[serde(default)]
    started_at: String,
    #[serde(default, deserialize_with = "or_default")]
    health: InspectedHealth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHealth {
    #[serde(default)]
    status: String,
    #[serde(default, deserialize_with = "or_default")]
    log: Vec<InspectedProbe>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedProbe {
    #[serde(default)]
    start: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    output: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedConfig {
    #[serde(default)]
    tty: bool,
    healthcheck: Option<InspectedHealthcheck>,
    #[serde(default, deserialize_with = "or_default")]
    shell: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHealthcheck {
    #[serde(default, deserialize_with = "or_default")]
    test: Vec<String>,
    /// Nanoseconds; 0 is the engine's default.
    #[serde(default)]
    timeout: i64,
}

impl InspectedHealthcheck {
    /// What the engine runs (engine.md §4.3): the words behind `CMD`, or the text behind `CMD-SHELL` in the shell of the
    /// container. Without a test the definition changes details of a check that is not there.
    fn test(&self, shell: &[String]) -> Option<HealthTest> {
        let command = match self.test.split_first() {
            Some((kind, words)) if kind == "CMD" => words.to_vec(),
            Some((kind, text)) if kind == "CMD-SHELL" => {
                let shell = if shell.is_empty() { &DEFAULT_SHELL.map(str::to_owned)[..] } else { shell };
                [shell, text].concat()
            }
            Some(_) | None => return None,
        };
        let timeout = u64::try_from(self.timeout).ok().filter(|nanoseconds| *nanoseconds > 0);
        Some(HealthTest { command, timeout: timeout.map_or(DEFAULT_TEST_TIMEOUT, Duration::from_nanos) })
    }
}

impl From<Inspected> for ContainerDetails {
    fn from(inspected: Inspected) -> Self {
        let Inspected { state, config, .. } = inspected;
        let health = status::health(&state.health.status);
        let health_test = config.healthcheck.and_then(|check| check.test(&config.shell));
        let status = status::state(&state.status);
        let ended = matches!(status, State::Exited | State::Dead | State::Restarting);
        Self {
            id: inspected.id.into(),
            name: inspected.name.trim_start_matches('/').to_owned(),
            state: status,
            exit_code: ended.then_some(state.exit_code),
            out_of_memory: state.out_of_memory,
            error: Some(state.error).filter(|error| !error.is_empty()),
            health,
            has_healthcheck: health_test.is_some() || health != Health::None,
            health_test,
            probes: state.health.log.into_iter().map(Into::into).collect(),
            started_at: status::nanoseconds(&state.started_at),
            terminal: config.tty,
            restart_count: inspected.restart_count,
            at_end: if inspected.host_config.auto_remove { AtEnd::Remove } else { AtEnd::Keep },
        }
    }
}

impl From<InspectedProbe> for Probe {
    fn from(probe: InspectedProbe) -> Self {
        Self { started_at: status::nanoseconds(&probe.start), exit_code: probe.exit_code, output: probe.output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(json: &str) -> ContainerDetails {
        serde_json::from_str::<Inspected>(json).unwrap().into()
    }

    #[test]
    fn a_container_with_probes() {
        let details = details(
            r#"{"Id":"c1","Name":"/shop-db-1","RestartCount":2,
                "State":{"Status":"running","ExitCode":0,"Error":"","StartedAt":"1970-01-01T00:00:02Z",
                         "Health":{"Status":"unhealthy","FailingStreak":1,"Log":[
                             {"Start":"1970-01-01T01:00:03+01:00","End":"x","ExitCode":1,"Output":"no"}]}},
                "Config":{"Tty":true,"Healthcheck":{"Test":["CMD","true"]}}}"#,
        );
        assert_eq!((details.name.as_str(), details.restart_count), ("shop-db-1", 2));
        assert_eq!((details.health, details.has_healthcheck), (Health::Unhealthy, true));
        assert_eq!(details.exit_code, None);
        assert_eq!(details.started_at, Some(2_000_000_000));
        assert_eq!(details.probes[0].started_at, Some(3_000_000_000));
        assert_eq!((details.probes[0].exit_code, details.probes[0].output.as_str()), (1, "no"));
    }

    #[test]
    fn what_a_healthcheck_runs() {
        let test = |config: &str| {
            let details = details(&format!(r#"{{"Id":"c1","Config":{{{config}}}}}"#));
            details.health_test.map(|test| (test.command.join("|"), test.timeout.as_millis()))
        };
        let found = |command: &str, timeout| Some((command.to_owned(), timeout));
        assert_eq!(test(r#""Healthcheck":{"Test":["CMD","pg_isready","-q"]}"#), found("pg_isready|-q", 30_000));
        assert_eq!(
            test(r#""Healthcheck":{"Test":["CMD-SHELL","a && b"],"Timeout":200000000}"#),
            found("/bin/sh|-c|a && b", 200)
        );
        let shell = r#""Shell":["/bin/bash","-ec"],"Healthcheck":{"Test":["CMD-SHELL","a"]}"#;
        assert_eq!(test(shell), found("/bin/bash|-ec|a", 30_000));
        for none in
            [r#""Healthcheck":{"Test":["NONE"]}"#, r#""Healthcheck":{"Interval":1}"#, r#""Healthcheck":null"#, ""]
        {
            assert_eq!(test(none), None, "{none}");
        }
    }

    #[test]
    fn a_container_that_ended() {
        let details = details(
            r#"{"Id":"c1","State":{"Status":"exited","ExitCode":137,"OOMKilled":true,"Health":null},
                "Config":{"Healthcheck":{"Test":["NONE"]}}}"#,
        );
        assert_eq!((details.state, details.exit_code, details.out_of_memory), (State::Exited, Some(137), true));
        assert_eq!((details.health, details.has_healthcheck), (Health::None, false));
        assert_eq!(details.error, None);
    }

    #[test]
    fn what_ended_has_its_exit_code_before_podman_has_cleared_up() {
        let details = details(r#"{"Id":"c1","State":{"Status":"stopped","ExitCode":3}}"#);
        assert_eq!((details.state, details.exit_code), (State::Exited, Some(3)));
    }
}
