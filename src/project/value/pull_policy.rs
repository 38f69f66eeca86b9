//! When to pull an image (Compose spec: `05-services.md`, `pull_policy`).

use std::fmt;

use super::Duration;

/// The text of `pull_policy`. Shown as written.
///
/// ```
/// use hoist::project::value::pull_policy::PullRule;
/// use hoist::project::value::{Duration, PullPolicy};
/// assert_eq!(PullPolicy::from("every_2d").rule(), PullRule::Refresh(Duration::from_secs(172_800)));
/// assert_eq!(PullPolicy::from("whatever_missing").rule(), PullRule::Missing);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullPolicy(String);

/// The meaning of a [`PullPolicy`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PullRule {
    /// `always`, `refresh`.
    Always,
    /// `never`.
    Never,
    /// `missing`, `if_not_present`, and any other text.
    #[default]
    Missing,
    /// `build`.
    Build,
    /// `daily`, `weekly`, `every_<duration>`: if the image was last pulled or tagged longer ago than this.
    Refresh(Duration),
}

const DAY: i64 = 86_400;

impl PullPolicy {
    /// Its meaning. An unknown text that the file format accepts behaves like `missing`.
    #[must_use]
    pub fn rule(&self) -> PullRule {
        match self.as_str() {
            "always" | "refresh" => PullRule::Always,
            "never" => PullRule::Never,
            "build" => PullRule::Build,
            "daily" => PullRule::Refresh(Duration::from_secs(DAY)),
            "weekly" => PullRule::Refresh(Duration::from_secs(7 * DAY)),
            other => other
                .strip_prefix("every_")
                .and_then(|every| every.parse().ok())
                .map_or(PullRule::Missing, PullRule::Refresh),
        }
    }

    /// Whether it has a meaning of its own.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.rule() != PullRule::Missing || matches!(self.as_str(), "missing" | "if_not_present")
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PullPolicy {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for PullPolicy {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for PullPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let cases = [
            ("always", PullRule::Always),
            ("never", PullRule::Never),
            ("build", PullRule::Build),
            ("missing", PullRule::Missing),
            ("if_not_present", PullRule::Missing),
            ("refresh", PullRule::Always),
            ("daily", PullRule::Refresh(Duration::from_secs(86_400))),
            ("weekly", PullRule::Refresh(Duration::from_secs(604_800))),
            ("every_12h", PullRule::Refresh(Duration::from_secs(43_200))),
            ("every_5dx", PullRule::Missing),
        ];
        for (text, rule) in cases {
            assert_eq!(PullPolicy::from(text).rule(), rule, "{text}");
        }
    }
}
