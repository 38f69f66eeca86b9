//! One owner of the signals: the first Ctrl-C (or SIGTERM) asks to stop, the second not to wait for that.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::operation::Interruption;

/// Turns signals of the process into cancellations, as long as it is polled; it never ends.
///
/// # Errors
///
/// When the system refuses to hand over the signals.
pub(super) async fn listen(interruption: &Interruption) -> std::io::Result<std::convert::Infallible> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        next(&mut interrupt, &mut terminate).await;
        if interruption.stop.is_cancelled() {
            interruption.kill.cancel();
        } else {
            interruption.stop.cancel();
        }
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
