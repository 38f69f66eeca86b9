//! The layers' errors in, one list of exit statuses and messages on standard error out.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::MORE_FILES;
use crate::diagnostic::redact;
use crate::diagnostic::render::Style;
use crate::diagnostic::visible::{Colors, visible};
use crate::engine::EngineError;
use crate::event::RunFailure;
use crate::operation::OperationError;
use crate::project::Project;
use crate::render::failure::{FailedStep, Files, engine_hints};
use crate::render::listing::ListingError;
use crate::source::{SourceMap, is_too_many_open};

/// Why a command failed. [`Failure::status`] documents the exit statuses.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The files are invalid; every problem was already reported when they were read.
    Load,
    /// The engine did not answer, or answered with an error.
    Engine(EngineError),
    /// An operation on a project failed.
    Operation(Box<FailedOperation>),
    /// The arguments are invalid or conflict; the message is that of Docker Compose.
    Usage(String),
    /// The user interrupted the command.
    Interrupted,
    /// `plan` found something to do.
    ChangesPending,
    /// The exit status of a container, passed on.
    Status(u8),
    /// An error that no layer has a variant for.
    Unexpected(anyhow::Error),
}

/// Why an operation failed, with the project and its files for source lines.
#[derive(Debug)]
pub struct FailedOperation {
    error: OperationError,
    project: Arc<Project>,
    sources: SourceMap,
}

impl FailedOperation {
    fn files<'a>(&'a self, style: &'a Style) -> Files<'a> {
        Files { project: &self.project, sources: &self.sources, style }
    }

    fn write(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let files = self.files(style);
        match &self.error {
            OperationError::Engine(error) | OperationError::NoExitStatus(error) => write_engine_error(error, out),
            OperationError::Models(error) => writeln!(out, "{}", files.models_error(error)),
            OperationError::Plan(error) => writeln!(out, "{}", files.plan_error(error)),
            OperationError::Run(failure) => write!(out, "{}", files.run_failure(failure)),
            error @ (OperationError::Ask(_)
            | OperationError::Input(_)
            | OperationError::Output(_)
            | OperationError::NotRunning { .. }
            | OperationError::CannotAttach(_)
            | OperationError::NotATerminal
            | OperationError::NoPort { .. }
            | OperationError::NoReplica { .. }
            | OperationError::Copy(_)
            | OperationError::NoContainers { .. }
            | OperationError::Detached) => writeln!(out, "{error}"),
            OperationError::Interrupted => writeln!(out),
        }
    }

    /// The failed steps, if it failed while executing its plan.
    fn run(&self) -> Option<&RunFailure> {
        if let OperationError::Run(failure) = &self.error { Some(failure) } else { None }
    }
}

/// A failed step as JSON.
#[derive(Serialize)]
struct FailedStepLine {
    error: bool,
    #[serde(flatten)]
    step: FailedStep,
}

impl Failure {
    /// A usage error with Docker Compose's message.
    pub(super) fn usage<T>(message: &str) -> Result<T, Self> {
        Err(Self::Usage(message.to_owned()))
    }

    /// The failure of an operation on `project`, which was read from `sources`.
    #[must_use]
    pub fn operation(error: OperationError, project: Arc<Project>, sources: SourceMap) -> Self {
        Self::Operation(Box::new(FailedOperation { error, project, sources }))
    }

    /// The failure of an operation without any files.
    pub(super) fn without_files(error: OperationError) -> Self {
        if let OperationError::Output(error) = error {
            return Self::of_stdout(error);
        }
        Self::operation(error, Arc::default(), SourceMap::default())
    }

    /// The exit status: 1 for errors, 2 for a plan with changes, 130 after an interruption, 255 where the engine does not
    /// tell that of a command in a container, a container's own where a
    /// command passes it on.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Operation(failed) if matches!(failed.error, OperationError::Interrupted) => 130,
            Self::Operation(failed) if matches!(failed.error, OperationError::NoExitStatus(_)) => 255,
            Self::Load | Self::Engine(_) | Self::Operation(_) | Self::Usage(_) | Self::Unexpected(_) => 1,
            Self::ChangesPending => 2,
            Self::Interrupted => 130,
            Self::Status(status) => *status,
        }
    }

    /// The failure to write to standard output.
    pub(super) fn of_stdout(error: io::Error) -> Self {
        Self::Unexpected(anyhow::Error::new(error).context("cannot write to standard output"))
    }

    /// Reports the failure to the user on `out`; what was shown already is not repeated. Since much of the text comes
    /// from engines and programs, control characters are replaced and, unless `style` shows them, secrets are hidden.
    ///
    /// # Errors
    ///
    /// If writing to `out` fails.
    pub fn report(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let text = self.text(style)?;
        out.write_all(visible(&text, Colors::Removed).as_bytes())
    }

    /// The report, unfiltered.
    fn text(&self, style: &Style) -> io::Result<String> {
        let mut text = Vec::new();
        self.write(style, &mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(if style.show_values { text } else { redact::text(&text) })
    }

    fn write(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Load | Self::ChangesPending | Self::Status(_) => Ok(()),
            Self::Engine(error) => write_engine_error(error, out),
            Self::Operation(failed) => failed.write(style, out),
            Self::Usage(message) => writeln!(out, "{message}"),
            // Docker Compose prints an empty line for a status without a message.
            Self::Interrupted => writeln!(out),
            Self::Unexpected(error) => {
                writeln!(out, "{error:#}")?;
                match error.downcast_ref().filter(|error| is_too_many_open(error)) {
                    Some(_) => writeln!(out, "hint: {MORE_FILES}"),
                    None => Ok(()),
                }
            }
        }
    }

    /// Reports the failure as JSON on `out`: one object, without a message if there is nothing to add, and one for each
    /// failed step, with its place in the files.
    ///
    /// # Errors
    ///
    /// If writing to `out` fails.
    pub fn report_json(&self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        // Problems of the files were already reported as objects when they were read.
        if matches!(self, Self::ChangesPending | Self::Load) {
            return Ok(());
        }
        if let Self::Operation(failed) = self
            && let Some(run) = failed.run()
        {
            let steps = failed.files(style).failed_steps(run);
            return steps.into_iter().try_for_each(|mut step| {
                if !style.show_values {
                    step.context.iter_mut().for_each(|line| *line = redact::text(line));
                }
                writeln!(out, "{}", serde_json::to_string(&FailedStepLine { error: true, step })?)
            });
        }
        let line = match self.text(style)?.trim_end() {
            "" => serde_json::json!({ "error": true }),
            message => serde_json::json!({ "error": true, "message": message }),
        };
        writeln!(out, "{line}")
    }
}

fn write_engine_error(error: &EngineError, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{error}")?;
    match engine_hints::hint(error) {
        Some(hint) => writeln!(out, "hint: {hint}"),
        None => Ok(()),
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<ListingError> for Failure {
    fn from(error: ListingError) -> Self {
        match error {
            ListingError::Template(error) => Self::Usage(error.to_string()),
            ListingError::Write(error) => Self::of_stdout(error),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Unexpected(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unexpected(error.into())
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(failure.status())
    }
}
