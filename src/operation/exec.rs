//! `exec`: runs a command in a running container.

use std::time::Duration;

use super::interactive::{AtInputEnd, Conversation, Parted, Terminal, asked_to_end};
use super::{DetachKeys, OneContainer, OperationError};
use crate::engine::{Engine, ExecId, ExecSpec};

/// The pauses between looks at a command that writes nothing more but has not ended: at first, and at most.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// Runs a command in a running container of a service.
#[derive(Debug, Clone, Default)]
pub struct Exec {
    /// The container.
    pub container: OneContainer,
    /// The command. Its terminal gets the size of the user's.
    pub spec: ExecSpec,
    /// The keys that leave a command with a terminal.
    pub keys: DetachKeys,
}

impl Exec {
    /// Starts the command, and leaves it alone.
    ///
    /// # Errors
    ///
    /// If the container does not run, or the command cannot be started.
    pub async fn start<E: Engine>(&self, engine: &E) -> Result<(), OperationError> {
        let container = self.container.find_up(engine).await?;
        let exec = engine.create_exec(container.id, self.spec.clone()).await?;
        Ok(engine.start_exec_detached(exec, self.spec.clone()).await?)
    }

    /// Runs the command to its end, and gives back its exit status.
    ///
    /// # Errors
    ///
    /// If the container does not run, the connection is lost, the terminal cannot be used, the user leaves it, or a
    /// signal ends it.
    pub async fn run<E: Engine, T: Terminal>(&self, engine: &E, terminal: &mut T) -> Result<i64, OperationError> {
        let mut signals = terminal.signals();
        tokio::select! {
            status = self.run_to_its_end(engine, terminal) => status,
            () = asked_to_end(&mut signals) => Err(OperationError::Interrupted),
        }
    }

    async fn run_to_its_end<E: Engine, T: Terminal>(
        &self,
        engine: &E,
        terminal: &mut T,
    ) -> Result<i64, OperationError> {
        let container = self.container.find_up(engine).await?;
        let mut spec = self.spec.clone();
        if spec.terminal && spec.stdin && !terminal.is_typed() {
            return Err(OperationError::NotATerminal);
        }
        if spec.terminal {
            spec.size = terminal.size();
            spec.detach_keys = Some(self.keys.to_string());
        }
        let exec = engine.create_exec(container.id, spec.clone()).await?;
        let connection = engine.start_exec(exec.clone(), spec.clone()).await?;
        let conversation =
            Conversation { terminal: spec.terminal, keys: self.keys.clone(), at_input_end: AtInputEnd::Close };
        let resize = async |size| engine.resize_exec(exec.clone(), size).await;
        match conversation.hold(connection, terminal, resize).await? {
            Parted::Detached => Err(OperationError::Detached),
            Parted::Closed => status(engine, exec).await,
        }
    }
}

/// The exit status of a command that writes nothing more. It may still run: then its end is waited for.
async fn status<E: Engine>(engine: &E, exec: ExecId) -> Result<i64, OperationError> {
    let (mut pause, longest) = LOOK_AGAIN;
    loop {
        let details = engine.inspect_exec(exec.clone()).await.map_err(OperationError::NoExitStatus)?;
        match details.exit_code {
            Some(status) => return Ok(status),
            None if details.running => tokio::time::sleep(pause).await,
            None => return Ok(0),
        }
        pause = (pause * 2).min(longest);
    }
}
