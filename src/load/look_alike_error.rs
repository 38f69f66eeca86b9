//! The error about a character that looks like another, and typographic quotes turned into straight ones.

use crate::diagnostic::Explain;
use crate::source::Span;

/// A character that looks like one with a meaning in YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookAlike {
    /// A space that is not one for YAML.
    #[error("this is {}, not an ordinary space", space_name(*.character))]
    Space {
        /// The character.
        character: char,
        /// Where it is in the file.
        span: Span,
    },
    /// Typographic quotes, which belong to the value.
    #[error("{message}")]
    Quotes {
        /// What went wrong because of them.
        message: String,
        /// The value with straight quotes.
        instead: Option<String>,
        /// Where the value is in the file.
        span: Span,
    },
}

fn space_name(character: char) -> String {
    let name = match character {
        '\u{a0}' | '\u{202f}' => "a non-breaking space",
        '\u{200b}' => "a zero-width space",
        _ => "a special space",
    };
    format!("{name} (U+{:04X})", u32::from(character))
}

impl Explain for LookAlike {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Space { span, .. } | Self::Quotes { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Space { .. } => "replace it, and any others like it, with an ordinary space".to_owned(),
            Self::Quotes { instead: Some(instead), .. } => {
                format!("typographic quotes are not quotes in YAML: write straight ones, `{instead}`")
            }
            Self::Quotes { instead: None, .. } => {
                "typographic quotes are not quotes in YAML: write straight ones, `\"` or `'`".to_owned()
            }
        })
    }
}

/// The text with straight quotes, if it has typographic ones around it.
pub(super) fn straight_quotes(text: &str) -> Option<String> {
    const DOUBLE: [char; 6] = ['“', '”', '„', '‟', '«', '»'];
    const SINGLE: [char; 4] = ['‘', '’', '‚', '‛'];
    let edge = |character: Option<char>| character.is_some_and(|c| DOUBLE.contains(&c) || SINGLE.contains(&c));
    let is_quoted = edge(text.chars().next()) || edge(text.chars().next_back()) || text.contains(['“', '”', '„']);
    is_quoted.then(|| text.replace(DOUBLE, "\"").replace(SINGLE, "'"))
}

#[cfg(test)]
mod tests {
    use super::straight_quotes;

    #[test]
    fn quotes_around_a_text_are_straightened() {
        assert_eq!(straight_quotes("“8080:80”").as_deref(), Some("\"8080:80\""));
        assert_eq!(straight_quotes("‘a’").as_deref(), Some("'a'"));
        assert_eq!(straight_quotes("it’s"), None, "an apostrophe");
    }
}
