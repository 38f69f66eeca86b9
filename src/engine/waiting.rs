//! How long something waits: until a moment, or before another attempt to connect.

use std::time::Duration;

use tokio::time::Instant;

/// How long after a lost connection the first attempt to open it again is made.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);
/// The longest time between attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Waits until a moment; without one, for ever.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The time before the next attempt to connect again: short at first, and doubled with each that fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    delay: Duration,
}

impl Backoff {
    /// The first attempt is made soon.
    pub(crate) fn new() -> Self {
        Self { delay: SHORTEST_DELAY }
    }

    /// Waits for the time of the next attempt.
    pub(crate) async fn wait(self) {
        tokio::time::sleep(self.delay).await;
    }

    /// Lets the attempt after the next one wait longer.
    pub(crate) fn lengthen(&mut self) {
        self.delay = (self.delay * 2).min(LONGEST_DELAY);
    }
}
