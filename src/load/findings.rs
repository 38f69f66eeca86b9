//! What the phases of a load find wrong or worth a word, gathered in one place.

use std::collections::HashSet;

use crate::diagnostic::Explain;
use crate::load::error::{LoadError, LoadWarning};
use crate::source::Span;

/// Errors and warnings so far, and which resources they concern, so that nobody complains about what merely follows.
#[derive(Debug, Default)]
pub(super) struct Findings {
    errors: Vec<LoadError>,
    warnings: Vec<LoadWarning>,
    broken: HashSet<(String, String)>,
    broken_sections: HashSet<String>,
}

impl Findings {
    /// Keeps an error.
    pub(super) fn error(&mut self, error: impl Into<LoadError>) {
        self.errors.push(error.into());
    }

    /// Keeps errors.
    pub(super) fn errors(&mut self, errors: impl IntoIterator<Item = impl Into<LoadError>>) {
        self.errors.extend(errors.into_iter().map(Into::into));
    }

    /// Keeps a warning.
    pub(super) fn warn(&mut self, warning: LoadWarning) {
        self.warnings.push(warning);
    }

    /// Keeps warnings.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl Into<LoadWarning>>) {
        self.warnings.extend(warnings.into_iter().map(Into::into));
    }

    /// Whether there are errors.
    pub(super) fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether there is an error at this very place.
    pub(super) fn reported_at(&self, span: Span) -> bool {
        self.errors.iter().any(|error| error.span() == Some(span))
    }

    /// How many errors there are.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Remembers that something in the resource was taken out as wrong.
    pub(super) fn mark_broken(&mut self, section: &str, name: &str) {
        self.broken.insert((section.to_owned(), name.to_owned()));
    }

    /// Remembers that a whole section was taken out as wrong.
    pub(super) fn mark_section_broken(&mut self, section: &str) {
        self.broken_sections.insert(section.to_owned());
    }

    /// Whether the resource, or its whole section, has been complained about.
    pub(super) fn is_broken(&self, section: &str, name: &str) -> bool {
        self.broken_sections.contains(section)
            || !self.broken.is_empty() && self.broken.contains(&(section.to_owned(), name.to_owned()))
    }

    /// Everything, errors in file order and each place once.
    pub(super) fn into_parts(mut self) -> (Vec<LoadError>, Vec<LoadWarning>) {
        self.errors.sort_by_key(|error| order(error.span()));
        let mut seen = HashSet::new();
        self.errors.retain(|error| error.span().is_none_or(|span| seen.insert(span)));
        let mut shown = HashSet::new();
        self.warnings.retain(|warning| shown.insert((warning.span(), warning.to_string())));
        (self.errors, self.warnings)
    }
}

/// Errors without a place come first: they name a flag, a variable or a file.
fn order(span: Option<Span>) -> Option<(crate::source::FileId, u32)> {
    span.map(|span| (span.file, span.start))
}
