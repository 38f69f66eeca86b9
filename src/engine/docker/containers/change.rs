//! Calls that change one container.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, RenameContainerOptions, RestartContainerOptions,
    StartContainerOptions, StopContainerOptions,
};
use futures::future::{self, Either};
use futures::{StreamExt, TryStreamExt};
use hyper::Method;
use serde::Deserialize;

use crate::engine::docker::classify;
use crate::engine::docker::client::{CHANGE, Client, QUESTION, check_segment, query};
use crate::engine::docker::convert::{self, files};
use crate::engine::docker::transport::{self, Ask};
use crate::engine::{ContainerEnd, EngineError, WaitFor, WindowSize};
use crate::observed::ContainerId;
use crate::plan::{AnonymousVolumes, ContainerSpec};

/// The default grace period of containers.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// How long the engine may take in addition to a grace period: for the kill, unmounting, networks.
const MARGIN: Duration = Duration::from_mins(1);
/// An infinite grace period, as far as a timer allows.
const FOREVER: Duration = Duration::from_hours(10 * 365 * 24);

/// Starts a container.
pub(super) async fn start(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    check_segment(id.as_str())?;
    let call = client.api().await?.start_container(id.as_str(), None::<StartContainerOptions>);
    client.wait(CHANGE, || format!("start container {}", id.short()), call).await
}

/// Copies files into a container in a single archive.
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
    // With `copyUIDGID` the engine would give all files to the container's user, regardless of the owners in the
    // archive. A file must not replace a folder and its content.
    let path = format!("/containers/{id}/archive?{}", query(&[("path", "/"), ("noOverwriteDirNonDir", "true")]));
    let headers = [("Content-Type", "application/x-tar")];
    client.ask(CHANGE, Ask { method: Method::PUT, headers: &headers, body, ..Ask::get(&path) }).await?;
    Ok(())
}

/// Suspends a container.
pub(super) async fn pause(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    check_segment(id.as_str())?;
    let call = client.api().await?.pause_container(id.as_str());
    match client.wait(CHANGE, || format!("pause container {}", id.short()), call).await {
        // Somebody else was faster.
        Err(EngineError::Conflict(words) | EngineError::Refused(words) | EngineError::Failed(words))
            if words.contains("already paused") =>
        {
            Ok(())
        }
        answer => answer,
    }
}

/// Resumes a paused container.
pub(super) async fn unpause(client: &Client, id: &ContainerId) -> Result<(), EngineError> {
    let call = client.api().await?.unpause_container(id.as_str());
    match client.wait(CHANGE, || format!("unpause container {}", id.short()), call).await {
        // Another client was faster, or the container was stopped; Docker and Podman use different statuses for that.
        Err(EngineError::Conflict(words) | EngineError::Refused(words) | EngineError::Failed(words))
            if words.contains("is not paused") =>
        {
            Ok(())
        }
        answer => answer,
    }
}

/// Stops a container and waits for its grace period plus a margin. Its own grace period is looked up only if stopping
/// takes longer than the default one.
pub(super) async fn stop(client: &Client, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
    let options = StopContainerOptions { t: seconds(grace), ..StopContainerOptions::default() };
    let what = || format!("stop container {}", id.short());
    check_segment(id.as_str())?;
    let call = client.wait(FOREVER, what, client.api().await?.stop_container(id.as_str(), Some(options)));
    within_grace(client, id, grace, what, call).await
}

/// Stops a container and starts it again, waiting as long for the stop as [`stop`] does.
pub(super) async fn restart(client: &Client, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
    let options = RestartContainerOptions { t: seconds(grace), ..RestartContainerOptions::default() };
    let what = || format!("restart container {}", id.short());
    check_segment(id.as_str())?;
    let call = client.wait(FOREVER, what, client.api().await?.restart_container(id.as_str(), Some(options)));
    within_grace(client, id, grace, what, call).await
}

fn seconds(grace: Option<Duration>) -> Option<i32> {
    grace.map(|grace| i32::try_from(grace.as_secs()).unwrap_or(i32::MAX))
}

/// Waits for a call that stops a container, as long as its grace period and a margin.
async fn within_grace(
    client: &Client,
    id: &ContainerId,
    grace: Option<Duration>,
    what: impl Fn() -> String,
    call: impl Future<Output = Result<(), EngineError>>,
) -> Result<(), EngineError> {
    let call = Box::pin(call);
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

/// The grace period that a container was created with.
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
        // Negative means infinite.
        Some(seconds) => u64::try_from(seconds).map_or(FOREVER, Duration::from_secs),
    })
}

/// Sends a signal.
pub(super) async fn kill(client: &Client, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
    let options = KillContainerOptions { signal: signal.to_owned() };
    check_segment(id.as_str())?;
    let call = client.api().await?.kill_container(id.as_str(), Some(options));
    client.wait(QUESTION, || format!("send {signal} to container {}", id.short()), call).await
}

/// Removes a container by force.
pub(super) async fn remove(client: &Client, id: &ContainerId, volumes: AnonymousVolumes) -> Result<(), EngineError> {
    let options = RemoveContainerOptions { force: true, v: volumes == AnonymousVolumes::Remove, ..Default::default() };
    check_segment(id.as_str())?;
    let call = client.api().await?.remove_container(id.as_str(), Some(options));
    let answer = client.wait(CHANGE, || format!("remove container {}", id.short()), call).await;
    if matches!(answer, Err(EngineError::Conflict(_))) {
        // The engine is already removing it: what it mounts is in use until it is gone.
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

/// Waits for a container's end, from when the engine listens.
pub(super) async fn wait(client: &Client, id: &ContainerId, until: WaitFor) -> Result<ContainerEnd, EngineError> {
    let condition = match until {
        WaitFor::NextExit => "next-exit",
        WaitFor::Removed => "removed",
    };
    let path = format!("/containers/{id}/wait?condition={condition}");
    let response = client.ask(QUESTION, Ask { method: Method::POST, ..Ask::get(&path) }).await?;
    Ok(Box::pin(async move {
        let mut answers = transport::json_lines::<Ended>(response.into_body());
        match answers.next().await {
            Some(ended) => ended?.status(),
            None => Err(EngineError::Disconnected("while waiting for the end of a container".to_owned())),
        }
    }))
}

/// The engine's word about the end of a container.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ended {
    status_code: i64,
    error: Option<WaitProblem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitProblem {
    #[serde(default)]
    message: String,
}

impl Ended {
    fn status(self) -> Result<i64, EngineError> {
        match self.error.filter(|problem| !problem.message.is_empty()) {
            None => Ok(self.status_code),
            Some(problem) => Err(EngineError::Failed(problem.message)),
        }
    }
}

/// Tells the terminal of a container its size.
pub(super) async fn resize(client: &Client, id: &ContainerId, size: WindowSize) -> Result<(), EngineError> {
    let size = query(&[("h", &size.rows.to_string()), ("w", &size.columns.to_string())]);
    let path = format!("/containers/{id}/resize?{size}");
    client.ask(QUESTION, Ask { method: Method::POST, ..Ask::get(&path) }).await?;
    Ok(())
}

/// Renames a container.
pub(super) async fn rename(client: &Client, id: &ContainerId, name: &str) -> Result<(), EngineError> {
    let options = RenameContainerOptions { name: name.to_owned() };
    check_segment(id.as_str())?;
    let call = client.api().await?.rename_container(id.as_str(), options);
    match client.wait(QUESTION, || format!("rename container {} to {name}", id.short()), call).await {
        // A request of an interrupted run was completed after this run looked.
        Err(EngineError::Refused(words)) if classify::says_it_has_that_name(&words) => Ok(()),
        answer => answer,
    }
}
