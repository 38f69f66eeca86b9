//! Resource limits of processes (Compose spec: `05-services.md`, `ulimits`).

/// A limit of `ulimits`.
#[derive(Debug, Clone, PartialEq)]
pub enum Ulimit {
    /// One number for both limits; never 0, which reads as two limits of 0.
    Single(i64),
    /// Both limits.
    Pair {
        /// The limit in force.
        soft: i64,
        /// How far a process may raise it.
        hard: i64,
        /// `x-*` keys.
        extensions: crate::project::Extensions,
    },
}

impl Ulimit {
    /// The limit in force.
    #[must_use]
    pub fn soft(&self) -> i64 {
        match self {
            Self::Single(limit) => *limit,
            Self::Pair { soft, .. } => *soft,
        }
    }

    /// How far a process may raise it.
    #[must_use]
    pub fn hard(&self) -> i64 {
        match self {
            Self::Single(limit) => *limit,
            Self::Pair { hard, .. } => *hard,
        }
    }
}
