//! Errors in a YAML document, regardless of its meaning.

use crate::diagnostic::Explain;
use crate::source::{Encoding, Span, Spanned};

/// Why a document is invalid or ambiguous.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The text is not valid YAML; the rest of the document is unknown.
    #[error("{message}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where it was detected.
        span: Span,
        /// What to do about it.
        hint: Option<String>,
        /// Where it began, with a short description.
        began: Option<(Span, String)>,
    },
    /// The file has bytes that are invalid in its encoding.
    #[error("the file is not {} text", if *.encoding == Encoding::Utf8 { "UTF-8" } else { "valid UTF-16" })]
    NotText {
        /// The encoding.
        encoding: Encoding,
        /// The first character that replaces such bytes.
        span: Span,
    },
    /// The file is UTF-16 without a byte order mark.
    #[error("the file is UTF-16 without a byte order mark")]
    Unmarked {
        /// Its first character.
        span: Span,
    },
    /// A character that YAML does not allow.
    #[error("control character U+{:04X} is not allowed", u32::from(*character))]
    ControlCharacter {
        /// The character.
        character: char,
        /// Where it is in the file.
        span: Span,
    },
    /// A line like `%YAML 1.2`.
    #[error("the directive `{directive}` is not supported")]
    Directive {
        /// The line.
        directive: String,
        /// Where it is in the file.
        span: Span,
    },
    /// A duplicate key in a mapping.
    #[error("the key `{key}` is defined twice{}", Within(.within))]
    DuplicateKey {
        /// The key, and its second place.
        key: Spanned<String>,
        /// Its first place.
        first: Span,
        /// The path of the mapping; empty at the top level.
        within: String,
        /// The values of all these keys, if the key is `<<`.
        merged: Vec<String>,
    },
    /// A key that is a number, a boolean, a date, null or a collection.
    #[error("the key `{key}`{} is {kind}, but keys must be strings", Within(.within))]
    NonStringKey {
        /// The key as written.
        key: Spanned<String>,
        /// What it is.
        kind: &'static str,
        /// The path of the mapping; empty at the top level.
        within: String,
        /// The text that was meant, if two numbers with a colon and a space are the item of a list: `8080:80`.
        item: Option<String>,
    },
    /// `<<` with a value that is not a mapping.
    #[error("`<<` needs a mapping or a list of mappings, not {kind}")]
    MergeTarget {
        /// What it is.
        kind: String,
        /// The value as written, if it is an alias.
        alias: Option<String>,
        /// Whether it is a list of `NAME=value`.
        assignments: bool,
        /// Where it is in the file.
        span: Span,
    },
    /// `*name` inside the value of `&name`.
    #[error("`{alias}` is inside the value that it refers to")]
    AliasCycle {
        /// The alias as written.
        alias: Spanned<String>,
        /// Where the anchor is.
        anchor: Span,
    },
    /// Aliases that make a small file huge.
    #[error("excessive aliasing: the aliases up to here expand to {nodes} values")]
    ExcessiveAliasing {
        /// The number of values that the aliases expand to, as far as counted.
        nodes: usize,
        /// The alias that exceeds the limit.
        span: Span,
    },
    /// Aliases that copy more than [`Limits::copied_text`](super::Limits::copied_text).
    #[error("excessive aliasing: the aliases up to here copy more than {limit} bytes of text")]
    ExcessiveText {
        /// The limit.
        limit: usize,
        /// The alias that exceeds the limit.
        span: Span,
    },
    /// More values than [`Limits::nodes`](super::Limits::nodes).
    #[error("the document has more than {limit} values")]
    TooManyNodes {
        /// The limit.
        limit: usize,
        /// The value that exceeds the limit.
        span: Span,
    },
    /// Deeper than [`Limits::depth`](super::Limits::depth).
    #[error("nested more than {limit} levels deep")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// The value that is too deep.
        span: Span,
    },
    /// `!!int x` or the like.
    #[error("`{text}` does not match its tag `!!{tag}`")]
    TagMismatch {
        /// The tag, without its marks.
        tag: String,
        /// The text as written.
        text: String,
        /// Where it is in the file.
        span: Span,
    },
}

/// ` in services.web`, or empty at the top level.
struct Within<'a>(&'a str);

impl std::fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str(" at the top level") } else { write!(f, " in `{}`", self.0) }
    }
}

impl Explain for YamlError {
    fn span(&self) -> Option<Span> {
        Some(match self {
            Self::Syntax { span, .. }
            | Self::NotText { span, .. }
            | Self::Unmarked { span }
            | Self::ControlCharacter { span, .. }
            | Self::Directive { span, .. }
            | Self::MergeTarget { span, .. }
            | Self::ExcessiveAliasing { span, .. }
            | Self::ExcessiveText { span, .. }
            | Self::TooManyNodes { span, .. }
            | Self::TooDeep { span, .. }
            | Self::TagMismatch { span, .. } => *span,
            Self::DuplicateKey { key, .. } | Self::NonStringKey { key, .. } => key.span,
            Self::AliasCycle { alias, .. } => alias.span,
        })
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { hint, .. } => hint.clone(),
            Self::NotText { .. } | Self::Unmarked { .. } => Some("save the file as UTF-8".to_owned()),
            Self::ControlCharacter { character, .. } => Some(format!(
                "remove it, or write it as `\\x{:02X}` in double quotes if it is intentional",
                u32::from(*character)
            )),
            Self::Directive { .. } => Some("remove the line; Compose files are read as YAML 1.1".to_owned()),
            Self::DuplicateKey { merged, .. } if merged.len() > 1 => {
                Some(format!("merge them with one key: `<<: [{}]`", merged.join(", ")))
            }
            Self::DuplicateKey { .. } => Some("keep one of the two".to_owned()),
            Self::NonStringKey { item: Some(item), .. } => {
                Some(format!("a colon and a space begin a mapping: write `\"{item}\"`"))
            }
            Self::NonStringKey { key, kind, .. } => match *kind {
                "a mapping" if key.value.starts_with('{') => {
                    Some("put the whole value in quotes if the braces are part of the text".to_owned())
                }
                "a list" | "a mapping" => None,
                "nothing" if key.value.is_empty() => Some("write the name of the key before the colon".to_owned()),
                _ => Some(format!("put it in quotes: `\"{}\"`", key.value)),
            },
            Self::MergeTarget { assignments: true, .. } => {
                Some("only mappings can be merged: write the list as `NAME: value` lines".to_owned())
            }
            Self::MergeTarget { alias: Some(alias), kind, .. } if kind.starts_with("a list") => {
                Some(format!("only mappings can be merged; to use a list, make it the value of a key: `KEY: {alias}`"))
            }
            Self::MergeTarget { .. } => Some("refer to a mapping, as in `<<: *defaults`".to_owned()),
            Self::AliasCycle { .. } => None,
            Self::ExcessiveAliasing { .. } | Self::ExcessiveText { .. } => {
                Some("every use of an alias counts as a copy; use fewer of them, or split the file".to_owned())
            }
            Self::TooManyNodes { .. } | Self::TooDeep { .. } => Some("split the file".to_owned()),
            Self::TagMismatch { .. } => Some("remove the tag or change the value".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        match self {
            Self::DuplicateKey { first, .. } => vec![(*first, "first defined here".to_owned())],
            Self::AliasCycle { anchor, .. } => vec![(*anchor, "the anchor is here".to_owned())],
            Self::Syntax { began: Some(began), .. } => vec![began.clone()],
            Self::Syntax { .. }
            | Self::NotText { .. }
            | Self::Unmarked { .. }
            | Self::ControlCharacter { .. }
            | Self::Directive { .. }
            | Self::NonStringKey { .. }
            | Self::MergeTarget { .. }
            | Self::ExcessiveAliasing { .. }
            | Self::ExcessiveText { .. }
            | Self::TooManyNodes { .. }
            | Self::TooDeep { .. }
            | Self::TagMismatch { .. } => Vec::new(),
        }
    }
}
