//! The layers' errors become one list of exit statuses, and words on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::diagnostic::conceal;
use crate::diagnostic::visible::{Colors, visible};
use crate::engine::EngineError;
use crate::execute::Conflict;
use crate::plan::SecretValues;

/// Why a command did not do what was asked. [`Failure::status`] is the documented list of exit statuses.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The files are wrong; every problem was told when they were read.
    Load,
    /// What the files ask for cannot be planned for what the engine has: the message with its place.
    Plan(String),
    /// The engine did not answer, or not as hoped.
    Engine(EngineError),
    /// Steps of a plan failed.
    Run {
        /// What failed, why, and what was not done because of it.
        text: String,
        /// The steps, where all of it seems to come from changes that somebody else made meanwhile.
        conflict: Option<Conflict>,
    },
    /// Arguments do not go together; the message is the contract's (cli.md §4).
    Usage(String),
    /// The user said stop.
    Interrupted,
    /// `plan` found something to do.
    ChangesPending,
    /// A container's own status is the answer.
    Status(u8),
    /// Something that none of the layers has a name for.
    Unexpected(anyhow::Error),
}

impl Failure {
    /// The exit status: 1 for errors, 2 for a plan with changes, 130 after an interruption, a container's own where a
    /// command passes it on.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Load | Self::Plan(_) | Self::Engine(_) | Self::Run { .. } | Self::Usage(_) | Self::Unexpected(_) => 1,
            Self::ChangesPending => 2,
            Self::Interrupted => 130,
            Self::Status(status) => *status,
        }
    }

    /// Standard output could not be written to.
    pub(super) fn of_stdout(error: io::Error) -> Self {
        Self::Unexpected(anyhow::Error::new(error).context("cannot write to standard output"))
    }

    /// Tells the user, on `out`; what was shown already is not said again. Much of it is in the words of engines and
    /// programs: it can neither do anything to a terminal nor, unless `values` are shown, give secrets away.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written to.
    pub fn report(&self, values: SecretValues, out: &mut dyn Write) -> io::Result<()> {
        let text = self.text(values)?;
        out.write_all(visible(&text, Colors::Removed).as_bytes())
    }

    /// What is reported, as it is.
    fn text(&self, values: SecretValues) -> io::Result<String> {
        let mut text = Vec::new();
        self.write(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(if values == SecretValues::Shown { text } else { conceal::text(&text) })
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Load | Self::ChangesPending | Self::Status(_) => Ok(()),
            Self::Engine(error) => {
                writeln!(out, "{error}")?;
                if let Some(hint) = engine_hint(error) {
                    writeln!(out, "hint: {hint}")?;
                }
                Ok(())
            }
            Self::Run { text, .. } => write!(out, "{text}"),
            Self::Plan(message) | Self::Usage(message) => writeln!(out, "{message}"),
            // The peer prints an empty line for a status without a message.
            Self::Interrupted => writeln!(out),
            Self::Unexpected(error) => writeln!(out, "{error:#}"),
        }
    }

    /// Tells a program, on `out`: one JSON object, with no message where there is none to add (cli.md §1.2).
    ///
    /// # Errors
    ///
    /// When `out` cannot be written to.
    pub fn report_json(&self, values: SecretValues, out: &mut dyn Write) -> io::Result<()> {
        // The problems of the files were told as objects when they were read.
        if matches!(self, Self::ChangesPending | Self::Load) {
            return Ok(());
        }
        let line = match self.text(values)?.trim_end() {
            "" => serde_json::json!({ "error": true }),
            message => serde_json::json!({ "error": true, "message": message }),
        };
        writeln!(out, "{line}")
    }
}

/// What to do about an engine that does not answer as hoped.
fn engine_hint(error: &EngineError) -> Option<String> {
    let EngineError::Unreachable { cause, address } = error else { return None };
    if let Some(host) = address.strip_prefix("ssh://") {
        let host = host.split('/').next().unwrap_or_default();
        return Some(format!("`ssh ssh://{host} docker version` has to work without asking anything"));
    }
    Some(if cause.to_lowercase().contains("permission denied") {
        "your user may not open the engine's socket: add it to the group `docker`, or use sudo".to_owned()
    } else {
        "is the engine running? start it, or name another with DOCKER_HOST, --host or --context".to_owned()
    })
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
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
