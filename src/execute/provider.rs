//! Runs programs that provide services: called with `compose up` or `compose down`, they answer with one JSON object
//! per line.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::plugin;
use super::step::StepContext;
use crate::diagnostic::redact;
use crate::engine::Engine;
use crate::event::{Fact, Outcome, ProviderFault, StepError, StepWarning};
use crate::plan::{ActionId, ProviderVerb};
use crate::project::{Project, Provider, ServiceName};

/// How many characters of an invalid answer are shown.
const LONGEST_EXCERPT: usize = 200;

/// A message of a program.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// The options that a program declares.
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    up: Parameters,
    #[serde(default)]
    down: Parameters,
    stop: Option<Parameters>,
}

#[derive(Debug, Default, Clone, Deserialize)]
struct Parameters {
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Debug, Clone, Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    required: bool,
}

/// Runs the program of a service.
pub(super) async fn run<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    project: &Project,
    service: &ServiceName,
    verb: ProviderVerb,
) -> Result<Outcome, StepError> {
    let Some(provider) = project.services.get(service).and_then(|service| service.provider.as_ref()) else {
        return Ok(Outcome::NothingThere);
    };
    let call = Call { project, service, provider, verb };
    let work = call.run(context, id);
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(StepError::Interrupted),
        done = work => done,
    }
}

/// One call of a program.
struct Call<'a> {
    project: &'a Project,
    service: &'a ServiceName,
    provider: &'a Provider,
    verb: ProviderVerb,
}

impl Call<'_> {
    async fn run<E: Engine>(&self, context: &StepContext<E>, id: ActionId) -> Result<Outcome, StepError> {
        let program = self.program()?;
        let metadata = self.metadata(&program).await;
        if self.verb == ProviderVerb::Stop && metadata.as_ref().is_none_or(|metadata| metadata.stop.is_none()) {
            return Ok(Outcome::Done);
        }
        let options = self.options(metadata.as_ref())?;
        let mut command = self.command(&program);
        command.arg(format!("--project-name={}", self.project.name)).arg(self.word()).args(options);
        command.arg(self.service.as_str()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.failed_system(&error))?;
        let stdout = child.stdout.take().ok_or_else(|| self.failed(ProviderFault::NoOutput))?;
        let mut lines = BufReader::new(stdout).lines();
        let mut refused = None;
        while let Some(line) = lines.next_line().await.map_err(|error| self.failed_system(&error))? {
            if !line.trim().is_empty()
                && let Err(error) = self.hear(context, id, &line)
            {
                refused.get_or_insert(error);
            }
        }
        let status = child.wait().await.map_err(|error| self.failed_system(&error))?;
        match refused {
            Some(error) => Err(error),
            None if !status.success() => Err(self.failed(ProviderFault::Ended(status))),
            None => Ok(Outcome::Done),
        }
    }

    /// Handles one line of a program's output.
    fn hear<E: Engine>(&self, context: &StepContext<E>, id: ActionId, line: &str) -> Result<(), StepError> {
        let invalid = || self.failed(ProviderFault::InvalidResponse(excerpt(line)));
        let Message { kind, message } = serde_json::from_str(line).map_err(|_| invalid())?;
        // The rest may be a secret.
        let pair = || {
            let without = || self.failed(ProviderFault::NoAssignment(kind.clone()));
            message.split_once('=').ok_or_else(without)
        };
        match kind.as_str() {
            "info" => {
                let status = message.lines().next().unwrap_or_default().to_owned();
                let part = self.service.to_string();
                context.events.send(Fact::Progress { id, part, status, current: None, total: None });
            }
            "debug" => {}
            "error" => return Err(self.failed(ProviderFault::Said(message))),
            "setenv" => {
                let (name, value) = pair()?;
                let prefix = self.service.as_str().to_uppercase().replace(['-', '.'], "_");
                context.facts.provided(self.service, format!("{prefix}_{name}"), value.to_owned());
            }
            "rawsetenv" => {
                let (name, value) = pair()?;
                self.warn_of_override(context, id, name, value);
                context.facts.provided(self.service, name.to_owned(), value.to_owned());
            }
            _ => return Err(invalid()),
        }
        Ok(())
    }

    /// A variable without the service's prefix may clash with one that a dependent defines itself, with another value
    /// or as a name that is only passed through.
    fn warn_of_override<E: Engine>(&self, context: &StepContext<E>, id: ActionId, name: &str, value: &str) {
        let dependents = self.project.services.values().filter(|other| other.depends_on.contains_key(self.service));
        for dependent in dependents {
            if dependent.environment.get(name).is_some_and(|own| own.as_deref() != Some(value)) {
                let warning = StepWarning::OverriddenVariable {
                    provider: self.service.clone(),
                    variable: name.to_owned(),
                    service: dependent.name.clone(),
                };
                context.events.send(Fact::Warning { id: Some(id), warning });
            }
        }
    }

    /// The plugin of the Docker command line, else the program with this name.
    fn program(&self) -> Result<PathBuf, StepError> {
        let kind = &self.provider.kind;
        if kind == "compose" {
            return Err(self.failed(ProviderFault::IsCompose));
        }
        if !plugin::is_name(kind) {
            return Err(self.failed(ProviderFault::InvalidName(kind.clone())));
        }
        if self.service.as_str().starts_with('-') {
            return Err(self.failed(ProviderFault::ServiceIsFlag));
        }
        let on_path = || {
            let path = self.project.programs.path.as_ref().map(std::env::split_paths);
            let program = format!("{kind}{}", std::env::consts::EXE_SUFFIX);
            // A folder relative to the current one belongs to the project, not to the user's path.
            let folders = path.into_iter().flatten().filter(|folder| folder.is_absolute());
            folders.map(|folder| folder.join(&program)).find(|program| program.is_file())
        };
        plugin::find(self.project, kind)
            .or_else(on_path)
            .ok_or_else(|| self.failed(ProviderFault::NotFound(kind.clone())))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg("compose").env_clear().envs(plugin::variables(self.project));
        command.current_dir(&self.project.working_directory);
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command
    }

    /// The options that the program declares; `None` if it does not.
    async fn metadata(&self, program: &Path) -> Option<Metadata> {
        let output = self.command(program).arg("metadata").output().await.ok()?;
        serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())
    }

    /// The options as flags, restricted to those the program knows.
    fn options(&self, metadata: Option<&Metadata>) -> Result<Vec<String>, StepError> {
        let known = metadata.map(|metadata| match self.verb {
            ProviderVerb::Up => metadata.up.parameters.clone(),
            ProviderVerb::Down => metadata.down.parameters.clone(),
            ProviderVerb::Stop => metadata.stop.clone().unwrap_or_default().parameters,
        });
        for parameter in known.iter().flatten().filter(|parameter| parameter.required) {
            if !self.provider.options.contains_key(&parameter.name) {
                let (option, provider) = (parameter.name.clone(), self.provider.kind.clone());
                return Err(self.failed(ProviderFault::MissingOption { option, provider }));
            }
        }
        let understood =
            |name: &String| known.as_ref().is_none_or(|known| known.iter().any(|parameter| parameter.name == *name));
        let options = self.provider.options.iter().filter(|(name, _)| understood(name));
        Ok(options.flat_map(|(name, values)| values.iter().map(move |value| format!("--{name}={value}"))).collect())
    }

    fn word(&self) -> &'static str {
        match self.verb {
            ProviderVerb::Up => "up",
            ProviderVerb::Down => "down",
            ProviderVerb::Stop => "stop",
        }
    }

    fn failed(&self, fault: ProviderFault) -> StepError {
        StepError::Provider { service: self.service.clone(), verb: self.verb, fault }
    }

    fn failed_system(&self, error: &std::io::Error) -> StepError {
        self.failed(ProviderFault::System(error.to_string()))
    }
}

/// The beginning of a line with its secrets hidden: a line that is not a message may contain anything and be of any
/// length.
fn excerpt(line: &str) -> String {
    let shown = redact::text(line);
    match shown.char_indices().nth(LONGEST_EXCERPT) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_has_no_secrets() {
        assert_eq!(excerpt("nonsense"), "nonsense");
        assert_eq!(excerpt("é".repeat(200).as_str()), "é".repeat(200));
        assert_eq!(excerpt("é".repeat(1_000_000).as_str()), format!("{}…", "é".repeat(200)));
        assert_eq!(excerpt("export DB_PASSWORD=hunter2 x"), "export DB_PASSWORD=••• x");
        // A secret cut in two by the end of the excerpt could not be recognised any more.
        let url = format!("{}http://me:{}@host", " ".repeat(180), "hunter2".repeat(10));
        assert_eq!(excerpt(&url), format!("{}http://me:•••@host", " ".repeat(180)));
    }
}
