//! Characters that look like others: typographic quotes and non-breaking spaces, which come along when text is copied
//! from a web page or a word processor. Errors in, the same errors out, with those that such a character causes
//! replaced by one about the character.

use std::collections::HashSet;

use crate::diagnostic::Explain;
use crate::load::error::LoadError;
use crate::load::layer::LayerError;
use crate::load::look_alike_error::{LookAlike, straight_quotes};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::YamlError;

/// Replaces the errors that a look-alike character causes.
pub(super) fn explain(errors: Vec<LoadError>, sources: &SourceMap) -> Vec<LoadError> {
    let mut spaces: HashSet<FileId> = HashSet::new();
    let mut explained = Vec::with_capacity(errors.len());
    for error in errors {
        let Some(span) = error.span().filter(|span| !sources.file(span.file).text().is_ascii()) else {
            explained.push(error);
            continue;
        };
        if let Some(space) = odd_space(span, is_syntax_error(&error), sources) {
            // One message for each file: who pasted one such space has pasted many.
            if spaces.insert(span.file) {
                explained.push(space.into());
            }
            continue;
        }
        match odd_quotes(&error, span, sources) {
            Some(quotes) => explained.push(quotes.into()),
            None => explained.push(error),
        }
    }
    explained
}

fn is_syntax_error(error: &LoadError) -> bool {
    matches!(error, LoadError::Layer(LayerError::Yaml(YamlError::Syntax { .. })))
}

fn is_odd_space(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// The space that causes an error at `span`: where the structure of the file needs an ordinary one.
fn odd_space(span: Span, is_syntax_error: bool, sources: &SourceMap) -> Option<LookAlike> {
    let text = sources.file(span.file).text();
    let line = sources.line(span);
    let (start, end) = (line.start as usize, line.end as usize);
    let own = structural_space(&text[start..end]).map(|at| start + at);
    let in_value = || {
        let value = sources.text(span);
        let value = value.lines().next().unwrap_or_default();
        value.find(is_odd_space).map(|at| span.start as usize + at).filter(|_| !value.contains(['"', '\'']))
    };
    // A key without a value has one that is not indented by spaces.
    let below = || {
        let mut at = end;
        for line in text[end..].split_inclusive('\n') {
            if !line.trim().is_empty() {
                return indentation_space(line).map(|odd| at + odd);
            }
            at += line.len();
        }
        None
    };
    // The parser notices an item that is not indented by spaces in the line below it.
    let above = || {
        let before = text[..start].trim_end_matches(['\n', '\r', ' ']);
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        indentation_space(&before[line..]).filter(|_| is_syntax_error).map(|odd| line + odd)
    };
    let at = own.or_else(in_value).or_else(below).or_else(above)?;
    let character = text[at..].chars().next()?;
    Some(LookAlike::Space { character, span: Span::new(span.file, at, at + character.len_utf8()) })
}

/// The first odd space in the indentation of `line`.
fn indentation_space(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    let zero_width = line[indent..].starts_with('\u{200b}').then_some(indent);
    line[..indent].find(is_odd_space).or(zero_width)
}

/// The first odd space of `line` in its indentation, or after a colon or a dash.
fn structural_space(line: &str) -> Option<usize> {
    let behind_mark = || {
        let mut places = line.char_indices().filter(|(_, character)| is_odd_space(*character));
        places.find(|(at, _)| line[..*at].trim_end().ends_with([':', '-'])).map(|(at, _)| at)
    };
    indentation_space(line).or_else(behind_mark)
}

/// The typographic quotes that cause `error`.
fn odd_quotes(error: &LoadError, span: Span, sources: &SourceMap) -> Option<LookAlike> {
    let is_syntax = is_syntax_error(error);
    let text = if is_syntax { sources.text(sources.line(span)) } else { sources.text(span) };
    let text = text.lines().next()?.trim();
    let straight = straight_quotes(text)?;
    let instead = if is_syntax || straight.len() > 80 { None } else { Some(straight) };
    Some(LookAlike::Quotes { message: error.to_string(), instead, span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_count_where_the_structure_needs_them() {
        assert_eq!(structural_space("  \u{a0}image: x"), Some(2));
        assert_eq!(structural_space("image:\u{a0}x"), Some(6));
        assert_eq!(structural_space("-\u{a0}x"), Some(1));
        assert_eq!(structural_space("image: a\u{a0}b"), None);
    }
}
