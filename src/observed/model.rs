//! The model runner next to the engine, as reported by Docker's `model` plugin.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Docker's model runner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelRunner {
    /// The plugin: the program that pulls and configures models.
    pub plugin: PathBuf,
    /// The plugin's version, such as `v1.0.6`; empty if not requested or unknown.
    pub version: String,
    /// The endpoint where containers reach the runner.
    pub endpoint: String,
    /// The references of the pulled models, as the plugin lists them.
    pub tags: BTreeSet<String>,
}

/// The first version of the plugin whose `configure` takes flags for the runner.
const RUNTIME_FLAGS_SINCE: [u32; 3] = [1, 0, 6];

impl ModelRunner {
    /// Whether a model is pulled. `ai/x` is listed as `ai/x:latest`; Docker Compose compares the texts verbatim, and so
    /// pulls such a model again on every run.
    ///
    /// ```
    /// use hoist::observed::ModelRunner;
    /// let runner = ModelRunner { tags: ["ai/smollm2:latest".into()].into(), ..ModelRunner::default() };
    /// assert!(runner.has("ai/smollm2") && runner.has("docker.io/ai/smollm2:latest"));
    /// assert!(!runner.has("ai/smollm2:360M"));
    /// ```
    #[must_use]
    pub fn has(&self, reference: &str) -> bool {
        let wanted = Self::full_reference(reference);
        self.tags.iter().any(|tag| Self::full_reference(tag) == wanted)
    }

    /// A reference with its defaults filled in: Docker's registry and the tag `latest`.
    #[must_use]
    pub fn full_reference(reference: &str) -> String {
        let reference = reference.strip_prefix("docker.io/").unwrap_or(reference);
        let name = reference.rsplit('/').next().unwrap_or(reference);
        if name.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") }
    }

    /// Whether `configure` takes flags for the runner: since 1.0.6. An unreadable version counts as older.
    #[must_use]
    pub fn takes_runtime_flags(&self) -> bool {
        let mut parts = self.version.strip_prefix('v').unwrap_or(&self.version).split('.');
        let version = [(); 3].map(|()| {
            let part = parts.next().unwrap_or_default();
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse::<u32>().unwrap_or(0)
        });
        version >= RUNTIME_FLAGS_SINCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_take_flags() {
        let cases = [
            ("v1.0.6", true),
            ("1.0.6", true),
            ("v1.0.10-rc1", true),
            ("v1.1", true),
            ("2", true),
            ("v1.0.5", false),
            ("v0.1.46", false),
            ("dev", false),
            ("", false),
        ];
        for (version, takes) in cases {
            let runner = ModelRunner { version: version.to_owned(), ..ModelRunner::default() };
            assert_eq!(runner.takes_runtime_flags(), takes, "{version}");
        }
    }

    #[test]
    fn references_in_full() {
        let cases = [
            ("ai/smollm2", "ai/smollm2:latest"),
            ("docker.io/ai/smollm2:360M", "ai/smollm2:360M"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
            ("ai/x@sha256:00", "ai/x@sha256:00"),
        ];
        for (reference, full) in cases {
            assert_eq!(ModelRunner::full_reference(reference), full);
        }
    }
}
