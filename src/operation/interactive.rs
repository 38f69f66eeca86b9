//! A conversation between a terminal and a process in a container: what is typed goes there, what it writes comes back.

use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::io::AsyncWriteExt;

use super::OperationError;
use super::detach_keys::{DetachKeys, Typed, Watcher};
use crate::engine::{Connection, EngineError, Input, LogChunk, WindowSize};

/// Maximum number of attempts to set the initial size of a terminal, since its process may not have started yet.
const RESIZE_TRIES: u32 = 10;
/// How much longer each pause between these tries is than the one before.
const RESIZE_PAUSE: Duration = Duration::from_millis(10);

/// Where the user sits: the streams and signals of this process, or what a test puts in their place.
pub trait Terminal: Send {
    /// Its size, if it is a terminal.
    fn size(&self) -> Option<WindowSize>;

    /// Whether what is typed comes from a terminal.
    fn is_typed(&self) -> bool;

    /// Switches raw mode on or off: each key goes to the program as it is.
    ///
    /// # Errors
    ///
    /// If the terminal refuses.
    fn set_raw(&mut self, raw: bool) -> io::Result<()>;

    /// What is typed or piped in. Nothing is read before the stream is.
    fn input(&mut self) -> BoxStream<'static, io::Result<Vec<u8>>>;

    /// Its size after each change.
    fn resizes(&mut self) -> BoxStream<'static, WindowSize>;

    /// The signals that this process gets from now on.
    fn signals(&mut self) -> BoxStream<'static, Signal>;

    /// Shows what the process writes.
    fn write(&mut self, chunk: LogChunk) -> impl Future<Output = io::Result<()>> + Send;
}

/// A signal of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Its name, such as `SIGINT`.
    pub name: &'static str,
    /// Whether it asks this process to end.
    pub ends: bool,
}

/// How a conversation is held.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Whether the process has a terminal: this one is raw meanwhile, and passes its size on.
    pub terminal: bool,
    /// The keys that leave the process, which work in a terminal.
    pub keys: DetachKeys,
    /// What happens when nothing more comes in.
    pub at_input_end: AtInputEnd,
}

/// What happens when nothing more comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtInputEnd {
    /// The process reads an end.
    Close,
    /// Nothing: the input of the process stays open for others, and the engine would take its end for that of the
    /// conversation.
    Keep,
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parted {
    /// The process writes nothing more: it has ended or is about to.
    Closed,
    /// The user left it with the detach keys.
    Detached,
}

impl Conversation {
    /// Passes on what is typed and shows what is written, until one of the two ends it. `resize` tells the process's
    /// terminal its size.
    ///
    /// # Errors
    ///
    /// If the connection is lost, or the terminal cannot be used.
    pub async fn hold<T: Terminal>(
        &self,
        connection: Connection,
        terminal: &mut T,
        resize: impl AsyncFn(WindowSize) -> Result<(), EngineError>,
    ) -> Result<Parted, OperationError> {
        let Connection { mut output, input } = connection;
        let typed = terminal.input();
        let (size, resizes) = (terminal.size(), terminal.resizes());
        let is_raw = self.terminal && input.is_some() && terminal.is_typed();
        let mut terminal = RawMode::enter(terminal, is_raw).map_err(OperationError::Input)?;
        let show = async {
            while let Some(chunk) = output.next().await {
                terminal.write(chunk?).await.map_err(OperationError::Output)?;
            }
            Ok(Parted::Closed)
        };
        let pass_on = async {
            match input {
                Some(input) => self.pass_on(typed, input).await,
                None => std::future::pending().await,
            }
        };
        let follow_size = async {
            if self.terminal {
                follow_size(size, resizes, resize).await;
            }
            std::future::pending().await
        };
        tokio::select! {
            parted = show => parted,
            parted = pass_on => parted,
            parted = follow_size => parted,
        }
    }

    /// Passes input on; ends with the detach keys only. A process that reads nothing more still writes.
    async fn pass_on(
        &self,
        mut typed: BoxStream<'static, io::Result<Vec<u8>>>,
        mut input: Input,
    ) -> Result<Parted, OperationError> {
        let mut watcher = if self.terminal { Watcher::new(&self.keys) } else { Watcher::default() };
        while let Some(bytes) = typed.next().await {
            let (bytes, parted) = match watcher.watch(bytes.map_err(OperationError::Input)?) {
                Typed::Input(bytes) => (bytes, false),
                Typed::Detached(bytes) => (bytes, true),
            };
            let passed = async {
                input.write_all(&bytes).await?;
                input.flush().await
            };
            if passed.await.is_err() {
                return std::future::pending().await;
            }
            if parted {
                return Ok(Parted::Detached);
            }
        }
        let _ = input.write_all(&watcher.rest()).await;
        if self.at_input_end == AtInputEnd::Close {
            let _ = input.shutdown().await;
        }
        // The other half lives on, and with it the connection.
        std::future::pending().await
    }
}

/// Tells a process's terminal its size, now and after each change.
async fn follow_size(
    now: Option<WindowSize>,
    mut resizes: BoxStream<'static, WindowSize>,
    resize: impl AsyncFn(WindowSize) -> Result<(), EngineError>,
) {
    let patiently = async {
        let Some(size) = now else { return };
        for tries in 1..=RESIZE_TRIES {
            if resize(size).await.is_ok() {
                return;
            }
            tokio::time::sleep(RESIZE_PAUSE * tries).await;
        }
    };
    let mut next = tokio::select! {
        () = patiently => resizes.next().await,
        size = resizes.next() => size,
    };
    while let Some(size) = next {
        // A terminal that is gone has no size.
        let _ = resize(size).await;
        next = resizes.next().await;
    }
}

/// A terminal that is set back when it is let go, whatever happens meanwhile.
struct RawMode<'a, T: Terminal> {
    terminal: &'a mut T,
    is_raw: bool,
}

impl<'a, T: Terminal> RawMode<'a, T> {
    fn enter(terminal: &'a mut T, is_raw: bool) -> io::Result<Self> {
        if is_raw {
            terminal.set_raw(true)?;
        }
        Ok(Self { terminal, is_raw })
    }
}

impl<T: Terminal> Drop for RawMode<'_, T> {
    fn drop(&mut self) {
        if self.is_raw {
            let _ = self.terminal.set_raw(false);
        }
    }
}

impl<T: Terminal> Deref for RawMode<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.terminal
    }
}

impl<T: Terminal> DerefMut for RawMode<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.terminal
    }
}

/// The first signal that asks this process to end.
pub(super) async fn asked_to_end(signals: &mut BoxStream<'static, Signal>) -> Signal {
    while let Some(signal) = signals.next().await {
        if signal.ends {
            return signal;
        }
    }
    std::future::pending().await
}
