//! Questions for the user.

use std::io;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Whether to recreate a volume whose definition changed, which loses its data.
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

/// Something that answers questions.
pub trait Ask {
    /// Asks a question; returns whether the answer is yes.
    ///
    /// # Errors
    ///
    /// If the question cannot be asked.
    fn confirm(&self, question: &Question) -> io::Result<bool>;
}

/// Gives the same answer to every question.
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
