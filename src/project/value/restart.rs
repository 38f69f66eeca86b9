//! When the engine starts a container again (Compose spec: `05-services.md`, `restart`; Docker's API: `RestartPolicy`).

/// What the engine is asked to do when a container ends.
///
/// Words are not checked when loading; what is no word of the list goes to the engine as it is.
///
/// ```
/// use hoist::project::value::{RestartCondition, RestartPolicy};
/// let policy = RestartPolicy::parse("on-failure:3");
/// assert_eq!((policy.condition, policy.max_retries), (RestartCondition::OnFailure, 3));
/// assert_eq!(RestartPolicy::parse("sometimes").condition, RestartCondition::Other("sometimes".into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestartPolicy {
    /// What makes it start again.
    pub condition: RestartCondition,
    /// How often it starts again in a row; 0 is without end.
    pub max_retries: u64,
}

/// What makes a container start again.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RestartCondition {
    /// Nothing: `no`, `none`.
    #[default]
    No,
    /// An exit status other than 0: `on-failure`.
    OnFailure,
    /// Any end: `always`, `any`.
    Always,
    /// Any end but a stop by the user: `unless-stopped`.
    UnlessStopped,
    /// A word for the engine to judge; empty where `deploy.restart_policy` names no condition.
    Other(String),
}

impl RestartCondition {
    /// The word the engine knows.
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
    /// Reads `condition[:retries]`. Retries that are no number count as 0, as in Docker Compose.
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
