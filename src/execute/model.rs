//! Models: queries Docker's `model` plugin before planning, and calls it in steps.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use super::plugin;
use super::step::StepContext;
use crate::engine::line_buffer::lossy_line;
use crate::event::{Fact, ModelFault, ModelVerb, Outcome, StepError};
use crate::observed::ModelRunner;
use crate::plan::{ActionId, ModelSpec};
use crate::project::Project;

/// How long the plugin may take to answer a query.
const LOOK: Duration = Duration::from_mins(1);
/// Number of last lines of the plugin's output that are shown for a failure.
const LAST_LINES: usize = 10;

/// The output of `docker-cli-plugin-metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "Version")]
    version: String,
}

/// A model in the output of `ls --json`.
#[derive(Debug, Deserialize)]
struct Listed {
    tags: Option<Vec<String>>,
}

/// The output of `status --json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    endpoint: String,
}

/// Queries the model runner, without changing anything. `None` if no service uses a model, or if the plugin is not
/// installed.
///
/// # Errors
///
/// [`StepError::ModelStatus`] if the plugin cannot be run, or does not report its endpoint.
pub async fn look(project: &Project) -> Result<Option<ModelRunner>, StepError> {
    let used: BTreeSet<_> = project.services.values().flat_map(|service| service.models.keys()).collect();
    if used.is_empty() {
        return Ok(None);
    }
    let Some(plugin) = plugin::find(project, "model") else { return Ok(None) };
    let has_flags = |key| project.models.get(key).is_some_and(|model| !model.runtime_flags.is_empty());
    let version =
        async { if used.into_iter().any(has_flags) { version(project, &plugin).await } else { String::new() } };
    // Boxed, because most projects use no model.
    let looks = Box::pin(async { tokio::join!(version, tags(project, &plugin), endpoint(project, &plugin)) });
    let Ok((version, tags, endpoint)) = tokio::time::timeout(LOOK, looks).await else {
        return Err(unknown(ModelFault::NoResponse { seconds: LOOK.as_secs() }, Vec::new()));
    };
    let endpoint = endpoint?;
    Ok(Some(ModelRunner { plugin, version, endpoint, tags }))
}

/// The plugin's version; empty if unknown.
async fn version(project: &Project, plugin: &Path) -> String {
    let output = ask(project, plugin, &["docker-cli-plugin-metadata"]).await;
    let said = output.ok().filter(|output| output.status.success());
    said.and_then(|output| serde_json::from_slice::<Metadata>(&output.stdout).ok()).unwrap_or_default().version
}

/// The references of the pulled models. As in Docker Compose, if the plugin cannot list them there are none, and the
/// pulls report what is wrong.
async fn tags(project: &Project, plugin: &Path) -> BTreeSet<String> {
    let output = ask(project, plugin, &["ls", "--json"]).await;
    let said = output.ok().filter(|output| output.status.success());
    let listed = said.and_then(|output| serde_json::from_slice::<Option<Vec<Listed>>>(&output.stdout).ok()).flatten();
    listed.into_iter().flatten().filter_map(|model| model.tags).flatten().collect()
}

/// The endpoint that serves models.
async fn endpoint(project: &Project, plugin: &Path) -> Result<String, StepError> {
    let output =
        ask(project, plugin, &["status", "--json"]).await.map_err(|error| unknown(system(&error), Vec::new()))?;
    if !output.status.success() {
        return Err(unknown(ModelFault::Ended(output.status), last_lines(&output)));
    }
    match serde_json::from_slice(&output.stdout) {
        Ok(Status { endpoint }) if !endpoint.is_empty() => Ok(endpoint),
        Ok(_) | Err(_) => Err(unknown(ModelFault::NoEndpoint, last_lines(&output))),
    }
}

fn unknown(fault: ModelFault, output: Vec<String>) -> StepError {
    StepError::ModelStatus { fault, output }
}

fn system(error: &std::io::Error) -> ModelFault {
    ModelFault::System(error.to_string())
}

/// Refuses a value that the plugin would mistake for a flag.
fn check(spec: &ModelSpec, verb: ModelVerb) -> Result<(), StepError> {
    if spec.reference.starts_with('-') {
        return Err(failure(spec, verb, ModelFault::InvalidName, Vec::new()));
    }
    Ok(())
}

/// Pulls a model.
pub(super) async fn pull<E>(context: &StepContext<E>, id: ActionId, spec: &ModelSpec) -> Result<Outcome, StepError> {
    check(spec, ModelVerb::Pull)?;
    let work = async {
        let failed = |error: std::io::Error| failure(spec, ModelVerb::Pull, system(&error), Vec::new());
        let mut command = command(&spec.project, &spec.plugin);
        command.arg("pull").arg(&spec.reference).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let said = |line: &str| {
            let (part, status) = (spec.name.clone(), line.to_owned());
            context.events.send(Fact::Progress { id, part, status, current: None, total: None });
        };
        let (written, complained) = tokio::join!(read(stdout, said), read(stderr, |_| {}));
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            return Ok(Outcome::Done);
        }
        // Its error output explains more than its progress.
        let lines = if complained.is_empty() { written } else { complained };
        Err(failure(spec, ModelVerb::Pull, ModelFault::Ended(status), lines))
    };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(StepError::Interrupted),
        done = work => done,
    }
}

/// Configures how a model is served.
pub(super) async fn configure<E>(context: &StepContext<E>, spec: &ModelSpec) -> Result<Outcome, StepError> {
    check(spec, ModelVerb::Configure)?;
    let arguments = configure_arguments(spec);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let work = async {
        let output = ask(&spec.project, &spec.plugin, &arguments).await;
        let output = output.map_err(|error| failure(spec, ModelVerb::Configure, system(&error), Vec::new()))?;
        if output.status.success() {
            return Ok(Outcome::Done);
        }
        Err(failure(spec, ModelVerb::Configure, ModelFault::Ended(output.status), last_lines(&output)))
    };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(StepError::Interrupted),
        done = work => done,
    }
}

fn configure_arguments(spec: &ModelSpec) -> Vec<String> {
    let size = spec.context_size.map(|size| ["--context-size".to_owned(), size.to_string()]);
    let flags = (!spec.runtime_flags.is_empty()).then(|| "--".to_owned());
    let flags = flags.into_iter().chain(spec.runtime_flags.iter().cloned());
    let words = ["configure".to_owned()].into_iter().chain(size.into_iter().flatten());
    words.chain([spec.reference.clone()]).chain(flags).collect()
}

fn failure(spec: &ModelSpec, verb: ModelVerb, fault: ModelFault, output: Vec<String>) -> StepError {
    StepError::Model { key: spec.key.clone(), reference: spec.reference.clone(), verb, fault, output }
}

/// A command for the plugin, with the variables of the project, as in Docker Compose.
fn command(project: &Project, plugin: &Path) -> Command {
    let mut command = Command::new(plugin);
    command.env_clear().envs(plugin::variables(project)).env("COMPOSE_PROJECT_NAME", project.name.as_str());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the plugin and returns its whole output.
async fn ask(project: &Project, plugin: &Path, arguments: &[&str]) -> std::io::Result<Output> {
    command(project, plugin).args(arguments).output().await
}

/// Reads to the end, reporting each line as it comes; returns the last ones.
async fn read(from: Option<impl AsyncRead + Unpin>, mut said: impl FnMut(&str)) -> Vec<String> {
    let mut last = Vec::new();
    let Some(from) = from else { return last };
    let mut lines = BufReader::new(from).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = shown(&line);
        if line.is_empty() {
            continue;
        }
        said(&line);
        if last.len() == LAST_LINES {
            last.remove(0);
        }
        last.push(line);
    }
    last
}

/// The last lines that a program wrote to standard error or, if none, to standard output.
fn last_lines(output: &Output) -> Vec<String> {
    let lines = |bytes: &[u8]| {
        let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(shown).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
    };
    let complained = lines(&output.stderr);
    if complained.is_empty() { lines(&output.stdout) } else { complained }
}

/// A line as a terminal would finally show it: after a carriage return, later text wins.
fn shown(line: &[u8]) -> String {
    let line = lossy_line(line);
    let last = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
    last.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_configured_with_what_the_file_says() {
        let plain = ModelSpec {
            project: Project::default().into(),
            key: "llm".into(),
            name: "llm".to_owned(),
            reference: "ai/x".to_owned(),
            context_size: None,
            runtime_flags: Vec::new(),
            services: Vec::new(),
            plugin: "/docker-model".into(),
        };
        assert_eq!(configure_arguments(&plain), ["configure", "ai/x"]);
        let flags = vec!["--temp".to_owned(), "0.1".to_owned()];
        let all = ModelSpec { context_size: Some(4096), runtime_flags: flags, ..plain };
        assert_eq!(configure_arguments(&all), ["configure", "--context-size", "4096", "ai/x", "--", "--temp", "0.1"]);
    }

    #[test]
    fn a_flag_is_no_model() {
        let spec = |reference: &str| ModelSpec {
            project: Project::default().into(),
            key: "llm".into(),
            name: "llm".to_owned(),
            reference: reference.to_owned(),
            context_size: None,
            runtime_flags: Vec::new(),
            services: Vec::new(),
            plugin: "/docker-model".into(),
        };
        assert_eq!(check(&spec("ai/x"), ModelVerb::Pull), Ok(()));
        let error = check(&spec("--help"), ModelVerb::Pull).unwrap_err();
        assert!(matches!(error, StepError::Model { fault: ModelFault::InvalidName, .. }), "{error:?}");
    }

    #[test]
    fn lines_are_shown_as_a_terminal_leaves_them() {
        let cases = [("done\r", "done"), ("1 MB\r2 MB\r", "2 MB"), ("  a  ", "  a"), ("\r", ""), ("", "")];
        for (line, text) in cases {
            assert_eq!(shown(line.as_bytes()), text, "{line:?}");
        }
    }
}
