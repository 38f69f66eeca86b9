//! The only owner of the process's signals: the first Ctrl-C (or SIGTERM, or the end of the `docker` that called hoist)
//! stops, the second kills, the third leaves everything as it is. What each means to an operation is written at
//! [`Interruption`].

use std::pin::pin;

use futures::FutureExt;
use tokio::signal::unix::{SignalKind, signal};

use super::plugin::socket;
use crate::operation::Interruption;

/// Turns signals of the process into cancellations while it is polled; it never completes.
///
/// # Errors
///
/// If the signal handlers cannot be installed.
pub(super) async fn listen(interruption: &Interruption) -> std::io::Result<std::convert::Infallible> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut docker = pin!(socket::heed().fuse());
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = &mut docker => {}
        }
        escalate(interruption);
    }
}

/// Does what the next interruption means.
pub(super) fn escalate(interruption: &Interruption) {
    let next = [&interruption.stop, &interruption.kill, &interruption.leave];
    if let Some(next) = next.into_iter().find(|token| !token.is_cancelled()) {
        next.cancel();
    }
}
