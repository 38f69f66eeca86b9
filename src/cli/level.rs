//! Which Docker Compose hoist follows.

/// The version of Docker Compose whose files, flags and messages hoist follows. Scripts compare it.
pub(super) const COMPOSE_LEVEL: &str = "5.6.1";
