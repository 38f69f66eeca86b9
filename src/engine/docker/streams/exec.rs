//! Commands in running containers.

use bollard::models::ExecConfig;
use futures::stream::{self, BoxStream, StreamExt};
use serde::Deserialize;

use super::logs;
use crate::engine::docker::client::{Client, QUESTION};
use crate::engine::{EngineError, ExecProgress, ExecSpec};
use crate::observed::ContainerId;

/// Runs a command; returns its output, then its exit status.
pub(super) async fn exec(
    client: &Client,
    id: &ContainerId,
    spec: ExecSpec,
) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
    let config = ExecConfig {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(spec.command),
        user: spec.user,
        privileged: Some(spec.privileged),
        working_dir: spec.working_dir,
        env: Some(spec.environment),
        ..ExecConfig::default()
    };
    let call = client.api().await?.create_exec(id.as_str(), config);
    let exec = client.wait(QUESTION, || format!("run a command in container {}", id.short()), call).await?.id;
    let output = logs::run_exec(client, &exec).await?;
    let client = client.clone();
    let end = stream::once(async move { Ok(ExecProgress::Exited(exit_code(&client, &exec).await?)) });
    Ok(output.map(|chunk| chunk.map(ExecProgress::Output)).chain(end).boxed())
}

async fn exit_code(client: &Client, exec: &str) -> Result<i64, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inspected {
        exit_code: Option<i64>,
    }
    let inspected: Inspected = client.get(&format!("/exec/{exec}/json")).await?;
    inspected.exit_code.ok_or_else(|| EngineError::Failed("the command has no exit status".to_owned()))
}
