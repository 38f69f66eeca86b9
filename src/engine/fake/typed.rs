//! Commands in containers of the fake engine, and what is written to processes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use crate::engine::{ExecSpec, WindowSize};

/// A command in the fake engine.
#[derive(Debug)]
pub(super) struct Exec {
    pub(super) spec: ExecSpec,
    pub(super) exit_code: Option<i64>,
    pub(super) typed: Arc<Mutex<Typed>>,
    pub(super) sizes: Vec<WindowSize>,
}

/// What was written to a process.
#[derive(Debug, Default)]
pub(super) struct Typed {
    bytes: Vec<u8>,
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

/// All that was written to a process so far.
pub(super) fn typed_bytes(typed: &Mutex<Typed>) -> Vec<u8> {
    typed.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
}

/// What is written to a process, as it comes, until its end.
pub(super) fn typed_later(typed: Arc<Mutex<Typed>>) -> BoxStream<'static, Vec<u8>> {
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
