//! Commands in running containers.

use bollard::models::ExecConfig;
use futures::stream::{self, BoxStream, StreamExt};
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::connection::{self, LARGE, SMALL};
use crate::engine::docker::client::{CHANGE, Client, QUESTION, query};
use crate::engine::docker::transport::Ask;
use crate::engine::{Connection, EngineError, ExecDetails, ExecId, ExecProgress, ExecSpec, WindowSize};
use crate::observed::{ApiVersion, ContainerId};

/// The first version of the API that gives a terminal its size before the command starts.
const CONSOLE_SIZE: ApiVersion = ApiVersion::new(1, 42);

/// Runs a command; returns its output, then its exit status.
pub(super) async fn exec(
    client: &Client,
    id: &ContainerId,
    spec: ExecSpec,
) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
    let terminal = spec.terminal;
    let exec = create(client, id, spec).await?;
    let path = format!("/exec/{exec}/start");
    let connection = connection::take_over(client, &path, start_body(terminal, None), terminal, SMALL).await?;
    let client = client.clone();
    let end = stream::once(async move {
        let status = inspect(&client, &exec).await?.exit_code;
        let none = || EngineError::Failed("the command has no exit status".to_owned());
        Ok(ExecProgress::Exited(status.ok_or_else(none)?))
    });
    Ok(connection.output.map(|chunk| chunk.map(ExecProgress::Output)).chain(end).boxed())
}

/// Makes a command ready.
pub(super) async fn create(client: &Client, id: &ContainerId, spec: ExecSpec) -> Result<ExecId, EngineError> {
    let size = console_size(client, &spec).await?;
    let config = ExecConfig {
        attach_stdin: Some(spec.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        console_size: size.map(|size| vec![usize::from(size.rows), usize::from(size.columns)]),
        detach_keys: spec.detach_keys,
        tty: Some(spec.terminal),
        cmd: Some(spec.command),
        user: spec.user,
        privileged: Some(spec.privileged),
        working_dir: spec.working_dir,
        env: Some(spec.environment),
    };
    let call = client.api().await?.create_exec(id.as_str(), config);
    let created = client.wait(QUESTION, || format!("run a command in container {}", id.short()), call).await?;
    Ok(ExecId::from(created.id))
}

/// Starts a command that was made ready of `spec`, with its streams.
pub(super) async fn start(client: &Client, exec: &ExecId, spec: &ExecSpec) -> Result<Connection, EngineError> {
    let body = start_body(spec.terminal, console_size(client, spec).await?);
    let path = format!("/exec/{exec}/start");
    connection::with_input(connection::take_over(client, &path, body, spec.terminal, LARGE).await?, spec.stdin)
}

/// Starts a command that was made ready of `spec`, and leaves it alone.
pub(super) async fn start_detached(client: &Client, exec: &ExecId, spec: &ExecSpec) -> Result<(), EngineError> {
    let body = json!({ "Detach": true, "Tty": spec.terminal }).to_string().into_bytes();
    let path = format!("/exec/{exec}/start");
    client.ask(CHANGE, Ask { method: Method::POST, body, ..Ask::get(&path) }).await?;
    Ok(())
}

/// Tells the terminal of a command its size.
pub(super) async fn resize(client: &Client, exec: &ExecId, size: WindowSize) -> Result<(), EngineError> {
    let path = format!("/exec/{exec}/resize?{}", size_query(size));
    client.ask(QUESTION, Ask { method: Method::POST, ..Ask::get(&path) }).await?;
    Ok(())
}

/// The size of a terminal as the API takes it.
pub(super) fn size_query(size: WindowSize) -> String {
    query(&[("h", &size.rows.to_string()), ("w", &size.columns.to_string())])
}

/// What became of a command.
pub(super) async fn inspect(client: &Client, exec: &ExecId) -> Result<ExecDetails, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inspected {
        #[serde(default)]
        running: bool,
        exit_code: Option<i64>,
    }
    let inspected: Inspected = client.get(&format!("/exec/{exec}/json")).await?;
    // Engines give a running command no status, or 0.
    Ok(ExecDetails { exit_code: inspected.exit_code.filter(|_| !inspected.running), running: inspected.running })
}

fn start_body(terminal: bool, size: Option<WindowSize>) -> Vec<u8> {
    let mut body = json!({ "Detach": false, "Tty": terminal });
    if let Some(size) = size {
        body["ConsoleSize"] = json!([size.rows, size.columns]);
    }
    body.to_string().into_bytes()
}

/// The size that the terminal of a command begins with, where the engine knows what to do with it.
async fn console_size(client: &Client, spec: &ExecSpec) -> Result<Option<WindowSize>, EngineError> {
    let Some(size) = spec.size.filter(|_| spec.terminal) else { return Ok(None) };
    Ok((client.version().await?.api >= CONSOLE_SIZE).then_some(size))
}
