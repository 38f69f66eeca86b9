//! One owner of the signals: the first Ctrl-C (or SIGTERM) asks to stop, the second not to wait for that.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the user asked for so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Interruption {
    /// Cancelled by the first signal: nothing new is started.
    pub stop: CancellationToken,
    /// Cancelled by the second: an attached `up` kills what is stopping, other commands leave what has begun.
    pub kill: CancellationToken,
}

impl Interruption {
    /// Whether the user asked to stop.
    #[must_use]
    pub(super) fn is_asked(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Turns signals of the process into cancellations, as long as it is polled; it never ends.
    ///
    /// # Errors
    ///
    /// When the system refuses to hand over the signals.
    pub(super) async fn listen(&self) -> std::io::Result<std::convert::Infallible> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        loop {
            next(&mut interrupt, &mut terminate).await;
            if self.stop.is_cancelled() {
                self.kill.cancel();
            } else {
                self.stop.cancel();
            }
        }
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
