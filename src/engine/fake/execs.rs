//! Commands in containers of the fake engine. It knows four: `echo WORDS` writes them, `cat` writes what it reads, `exit N`
//! ends with that status, and whatever else goes on until the test ends it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use super::Fake;
use crate::engine::{
    Connection, EngineError, ExecDetails, ExecId, ExecSpec, Execs, Input, LogChunk, OutputStream, WindowSize,
};
use crate::observed::{self, ContainerId};

/// A command in the fake engine.
#[derive(Debug)]
pub(super) struct Exec {
    spec: ExecSpec,
    exit_code: Option<i64>,
    typed: Arc<Mutex<Typed>>,
    sizes: Vec<WindowSize>,
}

/// What was written to a process.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) bytes: Vec<u8>,
    /// How much of it was read.
    read: usize,
    /// Whether nothing more will come.
    ended: bool,
    /// Told of each change.
    changed: Arc<Notify>,
}

/// The writing end of a process's standard input.
pub(super) struct Keyboard(pub(super) Arc<Mutex<Typed>>);

impl Keyboard {
    fn typed(&self) -> MutexGuard<'_, Typed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncWrite for Keyboard {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut typed = self.typed();
        typed.bytes.extend_from_slice(bytes);
        typed.changed.notify_one();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut typed = self.typed();
        typed.ended = true;
        typed.changed.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl Execs for Fake {
    async fn create_exec(&self, id: ContainerId, spec: ExecSpec) -> Result<ExecId, EngineError> {
        self.call_on(&format!("exec {} in", spec.command.join(" ")), &id).await?;
        self.change(|state| {
            if state.containers.get(&id).is_none_or(|container| container.state != observed::State::Running) {
                return Err(EngineError::Conflict(format!("container {id} is not running")));
            }
            state.execs.push(Exec { spec, exit_code: None, typed: Arc::default(), sizes: Vec::new() });
            Ok(ExecId::from((state.execs.len() - 1).to_string()))
        })
    }

    async fn start_exec(&self, exec: ExecId, spec: ExecSpec) -> Result<Connection, EngineError> {
        let typed = self.exec(&exec, |exec| exec.typed.clone())?;
        let input = spec.stdin.then(|| Box::new(Keyboard(typed.clone())) as Input);
        Ok(Connection { output: self.output_of(exec, &spec, typed), input })
    }

    async fn start_exec_detached(&self, _exec: ExecId, _spec: ExecSpec) -> Result<(), EngineError> {
        self.call("start exec".to_owned()).await
    }

    async fn resize_exec(&self, exec: ExecId, size: WindowSize) -> Result<(), EngineError> {
        self.exec(&exec, |exec| exec.sizes.push(size))
    }

    async fn inspect_exec(&self, exec: ExecId) -> Result<ExecDetails, EngineError> {
        self.state().take_failure("inspect exec")?;
        self.exec(&exec, |exec| ExecDetails { running: exec.exit_code.is_none(), exit_code: exec.exit_code })
    }
}

impl Fake {
    /// What the commands in containers were asked to be, in the order in which they were made.
    #[must_use]
    pub fn execs(&self) -> Vec<ExecSpec> {
        self.state().execs.iter().map(|exec| exec.spec.clone()).collect()
    }

    /// What was written to the standard input of the commands, and the sizes their terminals were told.
    #[must_use]
    pub fn exec_inputs(&self) -> Vec<(Vec<u8>, Vec<WindowSize>)> {
        let state = self.state();
        state.execs.iter().map(|exec| (typed_bytes(&exec.typed), exec.sizes.clone())).collect()
    }

    fn exec<T>(&self, exec: &ExecId, look: impl FnOnce(&mut Exec) -> T) -> Result<T, EngineError> {
        let mut state = self.state();
        let found = exec.to_string().parse::<usize>().ok().and_then(|at| state.execs.get_mut(at));
        found.map(look).ok_or_else(|| EngineError::NotFound(format!("No such exec instance: {exec}")))
    }

    fn output_of(
        &self,
        exec: ExecId,
        spec: &ExecSpec,
        typed: Arc<Mutex<Typed>>,
    ) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        let stdout = |bytes| Ok(LogChunk { stream: OutputStream::Stdout, bytes });
        let words: Vec<_> = spec.command.iter().map(String::as_str).collect();
        let (status, output) = match words[..] {
            ["echo", ref words @ ..] => {
                (0, stream::iter([stdout(format!("{}\n", words.join(" ")).into_bytes())]).boxed())
            }
            ["cat"] => (0, typed_later(typed).map(stdout).boxed()),
            ["exit", status] => (status.parse().unwrap_or(1), stream::empty().boxed()),
            _ => (0, stream::pending().boxed()),
        };
        let engine = self.clone();
        let end = stream::once(async move { drop(engine.exec(&exec, |exec| exec.exit_code = Some(status))) });
        output.chain(end.filter_map(async |()| None)).boxed()
    }
}

/// All that was written to a process so far.
pub(super) fn typed_bytes(typed: &Mutex<Typed>) -> Vec<u8> {
    typed.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
}

/// What is written to a process, as it comes, until its end.
fn typed_later(typed: Arc<Mutex<Typed>>) -> BoxStream<'static, Vec<u8>> {
    stream::unfold(typed, |typed| async move {
        loop {
            let changed = {
                let mut now = typed.lock().unwrap_or_else(PoisonError::into_inner);
                if now.read < now.bytes.len() {
                    let new = now.bytes[now.read..].to_vec();
                    now.read = now.bytes.len();
                    drop(now);
                    return Some((new, typed));
                }
                if now.ended {
                    return None;
                }
                now.changed.clone()
            };
            changed.notified().await;
        }
    })
    .boxed()
}
