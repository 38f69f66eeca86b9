//! Why a build failed: the message, the instruction, the log.

use std::path::PathBuf;

/// What is known about a build that failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildFailure {
    /// What went wrong, in one line.
    pub message: String,
    /// The instruction that failed, if it was one.
    pub place: Option<BuildPlace>,
    /// The step that failed: `[2/3] RUN make`.
    pub step: Option<String>,
    /// Everything that the step wrote, by line.
    pub log: Vec<String>,
}

/// A place in a Dockerfile or its ignore file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPlace {
    /// The file: its path, or its name alone if it is not a local file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The text of the whole file.
    pub text: String,
}

impl BuildPlace {
    /// The line itself, without blanks around it.
    #[must_use]
    pub fn instruction(&self) -> &str {
        let line = self.line.checked_sub(1).and_then(|before| self.text.lines().nth(before));
        line.unwrap_or_default().trim()
    }
}

impl From<String> for BuildFailure {
    fn from(message: String) -> Self {
        Self { message, ..Self::default() }
    }
}
