//! Waiting: until a deadline, or before another attempt to connect.

use std::time::Duration;

use tokio::time::Instant;

/// The delay before the first attempt to reconnect.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);
/// The longest delay between attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Waits until `deadline`; forever if there is none.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The delay before the next attempt to reconnect: short at first, doubled after each failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    delay: Duration,
}

impl Backoff {
    /// Starts with the shortest delay.
    pub(crate) fn new() -> Self {
        Self { delay: SHORTEST_DELAY }
    }

    /// Waits until the next attempt.
    pub(crate) async fn wait(self) {
        tokio::time::sleep(self.delay).await;
    }

    /// Doubles the delay, up to the longest.
    pub(crate) fn lengthen(&mut self) {
        self.delay = (self.delay * 2).min(LONGEST_DELAY);
    }
}
