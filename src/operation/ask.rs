//! The questions that only a person can answer.

use std::io;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Whether a volume whose definition changed is made anew, which loses its data.
    RecreateVolume {
        /// Its name in the engine.
        volume: String,
    },
    /// Whether containers that have ended are removed.
    RemoveContainers {
        /// Their names.
        containers: Vec<String>,
    },
}

/// Who answers.
pub trait Ask {
    /// Whether the answer is yes.
    ///
    /// # Errors
    ///
    /// When the question cannot be asked.
    fn confirm(&self, question: &Question) -> io::Result<bool>;
}

/// The same answer to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Always {
    /// Yes.
    Yes,
    /// No.
    No,
}

impl Ask for Always {
    fn confirm(&self, _question: &Question) -> io::Result<bool> {
        Ok(*self == Self::Yes)
    }
}
