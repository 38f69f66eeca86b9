//! Errors and warnings about a single value.

use crate::diagnostic::Explain;
use crate::load::changed_text::ChangedText;
use crate::project::value::bytes::ByteSizeError;
use crate::project::value::command::CommandError;
use crate::project::value::device::DeviceCountError;
use crate::project::value::duration::DurationError;
use crate::project::value::extra_host::ExtraHostError;
use crate::project::value::file_mode::FileModeError;
use crate::source::Span;

/// A value that is invalid at its place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{path}`: {problem}")]
pub struct DecodeError {
    /// Dotted path of the value.
    pub path: String,
    /// Where it is in the file.
    pub span: Span,
    /// What is wrong with it.
    pub problem: DecodeProblem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// Not a size.
    #[error(transparent)]
    Size(#[from] ByteSizeError),
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Not a file mode.
    #[error(transparent)]
    FileMode(#[from] FileModeError),
    /// Not a number of devices.
    #[error(transparent)]
    DeviceCount(#[from] DeviceCountError),
    /// Not a command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Not an entry of a hosts file.
    #[error(transparent)]
    ExtraHost(#[from] ExtraHostError),
    /// A variable whose name ends with a space.
    #[error("the variable name `{name}` ends with a space")]
    BlankInName {
        /// The name as written.
        name: String,
    },
    /// Not a boolean.
    #[error("`{text}` is not a boolean")]
    Boolean {
        /// The text as written.
        text: String,
    },
    /// Not a number.
    #[error("`{text}` is not {expected}")]
    Number {
        /// The text as written.
        text: String,
        /// What is expected: `a whole number`, `a number`.
        expected: &'static str,
    },
    /// A number in quotes where quotes are not allowed.
    #[error("expected a number, found the text \"{text}\"")]
    NumberAsText {
        /// The text as written.
        text: String,
    },
    /// A number that is too small or too large.
    #[error("{number} is not between {least} and {most}")]
    Range {
        /// The number.
        number: String,
        /// The smallest accepted number.
        least: i64,
        /// The largest accepted number.
        most: u64,
    },
    /// A word that is not one of the accepted ones.
    #[error("`{text}` is not one of {}", accepted.join(", "))]
    Word {
        /// The text as written.
        text: String,
        /// The accepted words, in backticks.
        accepted: &'static [&'static str],
    },
    /// The wrong kind of value.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// What is expected: `a mapping`.
        expected: &'static str,
        /// What it is: `a list`.
        found: &'static str,
    },
}

impl Explain for DecodeError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        match &self.problem {
            DecodeProblem::Size(error) => Some(error.hint()),
            DecodeProblem::Duration(error) => Some(error.hint()),
            DecodeProblem::FileMode(error) => Some(error.hint().to_owned()),
            DecodeProblem::DeviceCount(error) => Some(error.hint().to_owned()),
            DecodeProblem::Command(error) => Some(error.hint().to_owned()),
            DecodeProblem::ExtraHost(error) => Some(error.hint()),
            DecodeProblem::BlankInName { name } => Some(format!("write `{}=` without the space", name.trim_end())),
            DecodeProblem::Boolean { .. } => Some("write `true` or `false`".to_owned()),
            DecodeProblem::NumberAsText { .. } => Some("remove the quotes".to_owned()),
            DecodeProblem::Number { .. }
            | DecodeProblem::Range { .. }
            | DecodeProblem::Word { .. }
            | DecodeProblem::Kind { .. } => None,
        }
    }
}

/// A value that Docker Compose, and so hoist, does not take as written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeWarning {
    /// A command ends at a shell operator.
    #[error("`{path}` ends before the unquoted `{operator}`; the rest is dropped")]
    CutCommand {
        /// Dotted path of the command.
        path: String,
        /// The operator.
        operator: char,
        /// Where the operator is, or else the command.
        span: Span,
    },
    /// A size must not be a number with decimals.
    #[error("`{path}`: {written} is not a whole number of bytes and is treated as 0")]
    FractionOfBytes {
        /// Dotted path of the size.
        path: String,
        /// The number.
        written: String,
        /// Where it is in the file.
        span: Span,
    },
    /// The decimals of a number are cut off.
    #[error("`{path}` must be a whole number: {written} becomes {becomes}")]
    CutDecimals {
        /// Dotted path of the number.
        path: String,
        /// As written in the file.
        written: String,
        /// What it becomes.
        becomes: i64,
        /// Where it is in the file.
        span: Span,
    },
    /// A number or date where text is expected does not come out as written.
    #[error(transparent)]
    ChangedText(#[from] ChangedText),
}

impl Explain for DecodeWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::CutCommand { span, .. } | Self::FractionOfBytes { span, .. } | Self::CutDecimals { span, .. } => {
                Some(*span)
            }
            Self::ChangedText(changed) => changed.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CutCommand { .. } => {
                Some("no shell runs a command: write `sh -c \"…\"`, or quote the operator".to_owned())
            }
            Self::FractionOfBytes { .. } => Some("write a size with a unit, as in `\"1.5g\"`".to_owned()),
            Self::CutDecimals { becomes, .. } => Some(format!("write {becomes}")),
            Self::ChangedText(changed) => changed.hint(),
        }
    }
}
