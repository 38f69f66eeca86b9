//! Resource limits of processes (Compose spec: `05-services.md`, `ulimits`).

/// A limit of `ulimits`.
#[derive(Debug, Clone, PartialEq)]
pub enum Ulimit {
    /// One number for both limits; never 0, which loads as two limits of 0.
    Single(i64),
    /// Both limits.
    Pair {
        /// The soft limit.
        soft: i64,
        /// The hard limit, up to which a process may raise the soft limit.
        hard: i64,
        /// `x-*` keys.
        extensions: crate::project::Extensions,
    },
}

impl Ulimit {
    /// The soft limit.
    #[must_use]
    pub fn soft(&self) -> i64 {
        match self {
            Self::Single(limit) => *limit,
            Self::Pair { soft, .. } => *soft,
        }
    }

    /// The hard limit, up to which a process may raise the soft limit.
    #[must_use]
    pub fn hard(&self) -> i64 {
        match self {
            Self::Single(limit) => *limit,
            Self::Pair { hard, .. } => *hard,
        }
    }
}
