//! The only owner of the process's signals: the first Ctrl-C (or SIGTERM) stops, the second kills, the third leaves
//! everything as it is. What each means to an operation is written at [`Interruption`].

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::operation::Interruption;

/// Turns signals of the process into cancellations while it is polled; it never completes.
///
/// # Errors
///
/// If the signal handlers cannot be installed.
pub(super) async fn listen(interruption: &Interruption) -> std::io::Result<std::convert::Infallible> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        next(&mut interrupt, &mut terminate).await;
        let next = [&interruption.stop, &interruption.kill, &interruption.leave];
        if let Some(next) = next.into_iter().find(|token| !token.is_cancelled()) {
            next.cancel();
        }
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
