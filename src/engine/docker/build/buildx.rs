//! Builds with another builder than the engine's, through Docker's buildx plugin: a specification in, progress and the
//! result out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::v1::{StatusResponse, Vertex, VertexLog, VertexStatus};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::bake::{TARGET, bake};
use super::error::BuildError;
use super::progress::{BuildProgress, Built, Steps};
use super::session::SecretSource;
use super::unique::unique_id;
use crate::engine::BuildFailure;
use crate::engine::docker::local_file;
use crate::plan::{BuildPurpose, BuildSpec};
use crate::registry::plugin_folders;
use crate::source::Reader;

/// Where progress goes.
type Progress = mpsc::Sender<Result<BuildProgress, BuildError>>;

/// The engine, and the folders that the program uses.
#[derive(Debug)]
pub(in crate::engine::docker) struct Surroundings {
    /// The engine's address.
    pub(in crate::engine::docker) address: String,
    /// The folder of Docker's configuration.
    pub(in crate::engine::docker) config_folder: Option<PathBuf>,
    /// The folder for temporary files.
    pub(in crate::engine::docker) temporary_folder: PathBuf,
}

/// Builds with the builder called `name`.
pub(super) async fn run(
    name: &str,
    spec: &BuildSpec,
    secrets: &BTreeMap<String, SecretSource>,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Built, BuildError> {
    let program = plugin_folders(surroundings.config_folder.as_deref()).map(|folder| folder.join("docker-buildx"));
    let program = program.into_iter().find(|program| program.is_file()).ok_or_else(|| {
        BuildError::Unsupported(format!("the builder `{name}` needs Docker's buildx plugin, which is not installed"))
    })?;
    let bake = bake(spec, secrets);
    let metadata = Metadata(surroundings.temporary_folder.join(format!("hoist-build-{}.json", unique_id())));
    let mut command = Command::new(program);
    command.args(["bake", "--file", "-", "--progress", "rawjson", "--builder", name, "--metadata-file"]);
    command.arg(&metadata.0);
    command.args(bake.allowed.iter().flat_map(|allowed| ["--allow", allowed]));
    command.arg(TARGET);
    command.env("DOCKER_HOST", &surroundings.address).env_remove("DOCKER_CONTEXT").envs(bake.environment);
    if let Some(folder) = &surroundings.config_folder {
        command.env("DOCKER_CONFIG", folder);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // A Ctrl-C at the terminal is for hoist, which ends it.
    command.process_group(0);
    let failed = |cause: &dyn std::fmt::Display| BuildError::Unsupported(format!("cannot run buildx: {cause}"));
    let mut process = command.spawn().map_err(|cause| failed(&cause))?;
    if let Some(mut input) = process.stdin.take() {
        // A program that does not read it to the end says why.
        let _ = input.write_all(bake.file.as_bytes()).await;
    }
    let mut steps = Steps::default();
    let (said, output) = follow(&mut process, &mut steps, progress).await;
    let status = process.wait().await.map_err(|cause| failed(&cause))?;
    if spec.purpose == BuildPurpose::Check {
        for line in output.lines().map(str::to_owned) {
            let _ = progress.send(Ok(BuildProgress::Log { id: String::new(), line })).await;
        }
    }
    if !status.success() {
        let (step, log) = steps.failure();
        let message = said.last().map_or("buildx failed", String::as_str);
        let message = message.strip_prefix("ERROR: ").unwrap_or(message).to_owned();
        let failure = BuildFailure { message, step, log, ..BuildFailure::default() };
        return Err(BuildError::Failed(Box::new(failure)));
    }
    Ok(metadata.built().await)
}

/// Passes progress on until the program ends. Returns what it said besides, and its output.
async fn follow(process: &mut Child, steps: &mut Steps, progress: &Progress) -> (Vec<String>, String) {
    let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
    let output = async {
        let mut output = Vec::new();
        if let Some(mut stdout) = stdout {
            let _ = stdout.read_to_end(&mut output).await;
        }
        String::from_utf8_lossy(&output).into_owned()
    };
    let words = async {
        let mut said = Vec::new();
        let Some(stderr) = stderr else { return said };
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str::<News>(&line) {
                Ok(news) => {
                    for item in steps.take(news.into()) {
                        let _ = progress.send(Ok(item)).await;
                    }
                }
                Err(_) if line.trim().is_empty() => {}
                Err(_) => said.push(line),
            }
        }
        said
    };
    tokio::join!(words, output)
}

/// The file in which the program says what it built. Removed in the end.
struct Metadata(PathBuf);

impl Drop for Metadata {
    fn drop(&mut self) {
        // It does not exist after a failure.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Metadata {
    async fn built(&self) -> Built {
        let path: &Path = &self.0;
        let text = local_file::read(&Reader::default(), path).await.unwrap_or_default();
        let metadata: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        let digest = |key: &str| metadata[TARGET][key].as_str().map(str::to_owned);
        Built {
            digest: digest("containerimage.digest"),
            config_digest: digest("containerimage.config.digest"),
            pushed: true,
            ..Built::default()
        }
    }
}

/// A line of the program: the protocol's message as JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct News {
    vertexes: Vec<NewsVertex>,
    statuses: Vec<NewsStatus>,
    logs: Vec<NewsLog>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewsVertex {
    digest: String,
    name: String,
    started: Option<String>,
    completed: Option<String>,
    cached: bool,
    error: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewsStatus {
    id: String,
    vertex: String,
    name: String,
    current: i64,
    total: i64,
    completed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewsLog {
    vertex: String,
    stream: i64,
    data: String,
}

/// A time, as the protocol has it.
fn happened(time: Option<&String>) -> Option<Timestamp> {
    let time = time?.parse::<jiff::Timestamp>().unwrap_or_default();
    Some(Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() })
}

impl From<News> for StatusResponse {
    fn from(news: News) -> Self {
        let vertex = |vertex: NewsVertex| Vertex {
            digest: vertex.digest,
            name: vertex.name,
            started: happened(vertex.started.as_ref()),
            completed: happened(vertex.completed.as_ref()),
            cached: vertex.cached,
            error: vertex.error,
            ..Vertex::default()
        };
        let status = |status: NewsStatus| VertexStatus {
            id: status.id,
            vertex: status.vertex,
            name: status.name,
            current: status.current,
            total: status.total,
            completed: happened(status.completed.as_ref()),
            ..VertexStatus::default()
        };
        let log = |log: NewsLog| VertexLog {
            vertex: log.vertex,
            stream: log.stream,
            msg: BASE64.decode(log.data).unwrap_or_default(),
            ..VertexLog::default()
        };
        Self {
            vertexes: news.vertexes.into_iter().map(vertex).collect(),
            statuses: news.statuses.into_iter().map(status).collect(),
            logs: news.logs.into_iter().map(log).collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_builder_needs_the_plugin() {
        let spec = BuildSpec::new("web", "app", crate::project::value::BuildContext::Folder("/shop".into()));
        let folder = tempfile::tempdir().expect("folder");
        let plugins = folder.path().join("cli-plugins");
        std::fs::create_dir(&plugins).expect("folder");
        let program = plugins.join("docker-buildx");
        let script = "#!/bin/sh\ncat >/dev/null\necho '{\"vertexes\":[{\"digest\":\"d\",\"name\":\"RUN x\",\"started\":\"now\"}]}' >&2\necho 'ERROR: no builder' >&2\nexit 1\n";
        std::fs::write(&program, script).expect("file");
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
        let surroundings = Surroundings {
            address: "unix:///none".to_owned(),
            config_folder: Some(folder.path().to_owned()),
            temporary_folder: folder.path().to_owned(),
        };
        let (progress, mut received) = mpsc::channel(8);
        let error = run("other", &spec, &BTreeMap::new(), &surroundings, &progress).await.expect_err("it failed");
        assert_eq!(error.to_string(), "no builder");
        let step = received.try_recv().expect("a step").expect("no error");
        assert!(matches!(step, BuildProgress::Step { name, .. } if name == "RUN x"));
    }
}
