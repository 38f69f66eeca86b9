//! A regular expression that a line of a container's log may match.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// The most memory that a compiled pattern may take.
const LARGEST: usize = 1 << 20;

/// A regular expression for lines of a log. Classes such as `\w` and `(?i)` cover ASCII only.
///
/// ```
/// use hoist::project::value::LogPattern;
/// let ready: LogPattern = "ready to accept|listening on .*:80$".parse().unwrap();
/// assert!(ready.matches(b"2024 listening on 0.0.0.0:80"));
/// assert!("(ready".parse::<LogPattern>().is_err());
/// ```
#[derive(Debug, Clone)]
pub struct LogPattern(Regex);

impl LogPattern {
    /// Whether a line matches it somewhere.
    #[must_use]
    pub fn matches(&self, line: &[u8]) -> bool {
        self.0.is_match(line)
    }
}

impl std::str::FromStr for LogPattern {
    type Err = LogPatternError;

    fn from_str(text: &str) -> Result<Self, LogPatternError> {
        let pattern = RegexBuilder::new(text).unicode(false).size_limit(LARGEST).build();
        pattern.map(Self).map_err(|error| LogPatternError(reason(&error)))
    }
}

impl PartialEq for LogPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for LogPattern {}

impl fmt::Display for LogPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A text that is no regular expression, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LogPatternError(String);

/// What is wrong with a pattern, in one line: the pattern itself stands in the file.
fn reason(error: &regex::Error) -> String {
    if matches!(error, regex::Error::CompiledTooBig(_)) {
        return "the expression takes too much memory".to_owned();
    }
    let words = error.to_string();
    let last = words.lines().next_back().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::LogPattern;

    #[test]
    fn an_error_says_what_is_wrong() {
        let error = |text: &str| text.parse::<LogPattern>().unwrap_err().to_string();
        assert_eq!(error("(ready"), "unclosed group");
        assert_eq!(error("(?=ready)"), "look-around, including look-ahead and look-behind, is not supported");
    }
}
