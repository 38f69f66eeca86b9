//! The level of Docker Compose that hoist is compatible with.

/// The version of Docker Compose whose file format, flags and messages hoist follows. Scripts compare it.
pub(super) const COMPOSE_LEVEL: &str = "5.6.1";
