//! The only owner of the process's signals: the first Ctrl-C (or SIGTERM, or the end of the `docker` that called hoist)
//! stops, the second kills, the third leaves everything as it is. What each means to an operation is written at
//! [`Interruption`].

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::signal::unix::{SignalKind, signal};

use super::plugin::socket;
use crate::operation::Interruption;

/// Signals that follow each other faster are one interruption: some programs send theirs to hoist and to its process group,
/// as `timeout` does, and nobody presses Ctrl-C twice so quickly.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Turns signals of the process into cancellations while it is polled; it never completes.
///
/// # Errors
///
/// If the signal handlers cannot be installed.
pub(super) async fn listen(interruption: &Interruption) -> std::io::Result<std::convert::Infallible> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut docker = pin!(socket::heed().fuse());
    let mut last: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = &mut docker => {
                // It never forces anything: nobody can tell whether it came with a signal that was late.
                interruption.stop.cancel();
                continue;
            }
        }
        socket::note_signal();
        if last.is_none_or(|last| last.elapsed() > AT_ONCE) {
            last = Some(Instant::now());
            escalate(interruption);
        }
    }
}

/// Does what the next interruption means.
pub(super) fn escalate(interruption: &Interruption) {
    let next = [&interruption.stop, &interruption.kill, &interruption.leave];
    if let Some(next) = next.into_iter().find(|token| !token.is_cancelled()) {
        next.cancel();
    }
}
