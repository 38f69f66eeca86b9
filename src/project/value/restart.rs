//! When the engine restarts a container (Compose spec: `05-services.md`, `restart`; Docker's API: `RestartPolicy`).

/// What the engine should do when a container exits.
///
/// Words are not checked when loading; unknown ones are passed to the engine unchanged.
///
/// ```
/// use hoist::project::value::{RestartCondition, RestartPolicy};
/// let policy = RestartPolicy::parse("on-failure:3");
/// assert_eq!((policy.condition, policy.max_retries), (RestartCondition::OnFailure, 3));
/// assert_eq!(RestartPolicy::parse("sometimes").condition, RestartCondition::Other("sometimes".into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestartPolicy {
    /// When to restart it.
    pub condition: RestartCondition,
    /// Maximum number of consecutive restarts; 0 means no limit.
    pub max_retries: u64,
}

/// When to restart a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RestartCondition {
    /// Never: `no`, `none`.
    #[default]
    No,
    /// On an exit status other than 0: `on-failure`.
    OnFailure,
    /// On any exit: `always`, `any`.
    Always,
    /// On any exit except a stop by the user: `unless-stopped`.
    UnlessStopped,
    /// Any other word, for the engine to check; empty if `deploy.restart_policy` has no condition.
    Other(String),
}

impl RestartCondition {
    /// The engine's word for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::No => "no",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for RestartCondition {
    fn from(word: &str) -> Self {
        match word {
            "no" | "none" => Self::No,
            "on-failure" => Self::OnFailure,
            "always" | "any" => Self::Always,
            "unless-stopped" => Self::UnlessStopped,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl RestartPolicy {
    /// Parses `condition[:retries]`. As in Docker Compose, retries that are not a number count as 0.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(':');
        let condition = parts.next().unwrap_or_default().into();
        let max_retries = parts.next().and_then(|retries| retries.parse().ok()).unwrap_or_default();
        Self { condition, max_retries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        let cases = [
            ("no", "no", 0),
            ("none", "no", 0),
            ("always", "always", 0),
            ("any", "always", 0),
            ("unless-stopped", "unless-stopped", 0),
            ("on-failure", "on-failure", 0),
            ("on-failure:5", "on-failure", 5),
            ("on-failure:x", "on-failure", 0),
            ("sometimes:2", "sometimes", 2),
        ];
        for (text, condition, max_retries) in cases {
            let policy = RestartPolicy::parse(text);
            assert_eq!((policy.condition.as_str(), policy.max_retries), (condition, max_retries), "{text}");
        }
    }
}
