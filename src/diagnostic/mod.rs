//! How a problem in the user's files is shown: `file:line:col`, the line, a caret, a hint.

pub mod redact;
pub mod render;
pub mod suggest;
pub mod visible;

pub use render::{Style, render, render_all};

use crate::source::Span;

/// What to do when this process may not open any more files.
pub const MORE_FILES: &str = "allow more open files, with `ulimit -n 1024`";

/// What an error adds to its message: where it is, what else is involved, what to do.
pub trait Explain: std::error::Error {
    /// The place of the invalid value; `None` if it has no place in a file.
    fn span(&self) -> Option<Span>;

    /// What to do about it, if the cause is known: a sentence without a period.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Other places that belong to the problem, each with a few words ("first defined here").
    fn related(&self) -> Vec<(Span, String)> {
        Vec::new()
    }
}

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It prevents the command.
    Error,
    /// The command goes on.
    Warning,
}
