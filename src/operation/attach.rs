//! `attach`: connects the terminal to a running container.

use futures::StreamExt;
use futures::future;
use futures::stream::{BoxStream, FuturesUnordered};

use super::interactive::{AtInputEnd, Conversation, Parted, Signal, Terminal, asked_to_end};
use super::{DetachKeys, OneContainer, OperationError};
use crate::engine::{AttachSpec, ContainerDetails, ContainerEnd, Engine, WaitFor, WindowSize};
use crate::observed::{ContainerId, State};

/// So many signals may wait for the engine's answer; the next one ends the connection.
const UNANSWERED: usize = 2;

/// Connects the terminal to a running container of a service.
#[derive(Debug, Clone)]
pub struct Attach {
    /// The container.
    pub container: OneContainer,
    /// Whether what is typed goes to the container, if it reads anything.
    pub stdin: bool,
    /// Where the signals of this process go, unless the container has a terminal, whose keys do the same.
    pub signals: Signals,
    /// The keys that leave a container with a terminal.
    pub keys: DetachKeys,
}

/// What becomes of the signals of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signals {
    /// The container gets them.
    Forwarded,
    /// They are for this process.
    Kept,
}

impl Attach {
    /// Shows what the container writes until it ends, and gives back its exit status.
    ///
    /// # Errors
    ///
    /// If the container does not run, or needs a terminal and there is none; if the connection is lost, the terminal
    /// cannot be used, the user leaves it, or a signal ends it.
    pub async fn run<E: Engine, T: Terminal>(&self, engine: &E, terminal: &mut T) -> Result<i64, OperationError> {
        let mut signals = terminal.signals();
        let found = tokio::select! {
            found = self.look(engine, terminal) => found?,
            () = asked_to_end(&mut signals) => return Err(OperationError::Interrupted),
        };
        let forwarded = self.signals == Signals::Forwarded && !found.terminal;
        let id = found.id.clone();
        let attached = self.attached(engine, terminal, &found);
        tokio::select! {
            status = attached => status,
            () = pass_signals(engine, &id, signals, forwarded) => Err(OperationError::Interrupted),
        }
    }

    /// The container, in a state in which it can be attached to.
    async fn look<E: Engine, T: Terminal>(&self, engine: &E, terminal: &T) -> Result<ContainerDetails, OperationError> {
        let container = self.container.find_up(engine).await?;
        let found = engine.inspect_container(container.id).await?;
        match found.state {
            State::Paused => return Err(OperationError::CannotAttach("paused container, unpause it first")),
            State::Restarting => {
                return Err(OperationError::CannotAttach("restarting container, wait until it is running"));
            }
            State::Created | State::Removing | State::Exited | State::Dead => {
                return Err(OperationError::CannotAttach("stopped container, start it first"));
            }
            State::Running => {}
        }
        if found.terminal && self.reads(&found) && !terminal.is_typed() {
            return Err(OperationError::NotATerminal);
        }
        Ok(found)
    }

    fn reads(&self, found: &ContainerDetails) -> bool {
        self.stdin && found.stdin_open
    }

    async fn attached<E: Engine, T: Terminal>(
        &self,
        engine: &E,
        terminal: &mut T,
        found: &ContainerDetails,
    ) -> Result<i64, OperationError> {
        let spec = AttachSpec {
            terminal: found.terminal,
            stdin: self.reads(found),
            detach_keys: found.terminal.then(|| self.keys.to_string()),
        };
        let end: ContainerEnd = engine.wait_container(found.id.clone(), WaitFor::NextExit).await?;
        let connection = engine.connect(found.id.clone(), spec).await?;
        if let Some(size) = terminal.size().filter(|_| found.terminal) {
            // A program draws anew when its terminal changes.
            let other = WindowSize { rows: size.rows.saturating_add(1), ..size };
            let _ = engine.resize_container(found.id.clone(), other).await;
        }
        let conversation =
            Conversation { terminal: found.terminal, keys: self.keys.clone(), at_input_end: AtInputEnd::Keep };
        let resize = async |size| engine.resize_container(found.id.clone(), size).await;
        match conversation.hold(connection, terminal, resize).await? {
            Parted::Detached => Err(OperationError::Detached),
            Parted::Closed => Ok(end.await?),
        }
    }
}

/// Sends a container the signals of this process, or keeps them; ready when one of them is to end this process.
pub(super) async fn pass_signals<E: Engine>(
    engine: &E,
    id: &ContainerId,
    mut signals: BoxStream<'static, Signal>,
    forwarded: bool,
) {
    if !forwarded {
        return asked_to_end(&mut signals).await;
    }
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                None => return future::pending().await,
                Some(signal) if signal.ends && under_way.len() >= UNANSWERED => return,
                // A container that has ended needs no signal: what becomes of the call is not looked at.
                Some(signal) => under_way.push(engine.kill_container(id.clone(), signal.name.to_owned())),
            },
            Some(_) = under_way.next() => {}
        }
    }
}
