//! One owner of the signals: the first Ctrl-C (or SIGTERM, or the end of the `docker` that called hoist) asks to stop, the second to kill, the third to leave everything
//! as it is.

use std::pin::pin;

use futures::FutureExt;
use tokio::signal::unix::{SignalKind, signal};

use super::plugin::socket;
use crate::operation::Interruption;

/// Turns signals of the process into cancellations, as long as it is polled; it never ends.
///
/// # Errors
///
/// When the system refuses to hand over the signals.
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
        let next = [&interruption.stop, &interruption.kill, &interruption.leave];
        if let Some(next) = next.into_iter().find(|token| !token.is_cancelled()) {
            next.cancel();
        }
    }
}
