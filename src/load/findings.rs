//! What the phases of a load find wrong or worth a word, gathered in one place.
//!
//! Each phase has its own errors and warnings and knows no others; [`Findings::phase`] takes them over into the sum.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Display;

use crate::diagnostic::Explain;
use crate::source::{FileId, Span};

/// Errors `E` and warnings `W` so far, and what they concern.
#[derive(Debug)]
pub(super) struct Findings<E, W = Infallible> {
    errors: Vec<E>,
    warnings: Vec<W>,
    reported: Reported,
}

/// What has been complained about, so that nobody complains about what merely follows.
#[derive(Debug, Default)]
struct Reported {
    places: HashSet<Span>,
    resources: HashSet<(String, String)>,
    sections: HashSet<String>,
}

impl<E, W> Default for Findings<E, W> {
    fn default() -> Self {
        Self { errors: Vec::new(), warnings: Vec::new(), reported: Reported::default() }
    }
}

impl<E: Explain, W> Findings<E, W> {
    /// Keeps an error.
    pub(super) fn error(&mut self, error: impl Into<E>) {
        let error = error.into();
        self.reported.places.extend(error.span());
        self.errors.push(error);
    }

    /// Keeps errors.
    pub(super) fn errors(&mut self, errors: impl IntoIterator<Item = impl Into<E>>) {
        for error in errors {
            self.error(error);
        }
    }

    /// Everything, errors in file order and each place once.
    pub(super) fn into_parts(mut self) -> (Vec<E>, Vec<W>)
    where
        W: Explain + Display,
    {
        let mut warnings = std::mem::take(&mut self.warnings);
        let mut shown = HashSet::new();
        warnings.retain(|warning| shown.insert((warning.span(), warning.to_string())));
        (self.into_errors(), warnings)
    }

    /// The errors in file order, each place once.
    pub(super) fn into_errors(mut self) -> Vec<E> {
        self.errors.sort_by_key(|error| order(error.span()));
        let mut seen = HashSet::new();
        self.errors.retain(|error| error.span().is_none_or(|span| seen.insert(span)));
        self.errors
    }
}

impl<E, W> Findings<E, W> {
    /// Runs a phase with errors and warnings of its own, and takes over what it finds.
    pub(super) fn phase<F: Into<E>, V: Into<W>, R>(&mut self, run: impl FnOnce(&mut Findings<F, V>) -> R) -> R {
        let reported = std::mem::take(&mut self.reported);
        let mut found = Findings { errors: Vec::new(), warnings: Vec::new(), reported };
        let result = run(&mut found);
        self.reported = found.reported;
        self.errors.extend(found.errors.into_iter().map(Into::into));
        self.warnings.extend(found.warnings.into_iter().map(Into::into));
        result
    }

    /// Keeps a warning.
    pub(super) fn warn(&mut self, warning: impl Into<W>) {
        self.warnings.push(warning.into());
    }

    /// Keeps warnings.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl Into<W>>) {
        self.warnings.extend(warnings.into_iter().map(Into::into));
    }

    /// Whether there are errors.
    pub(super) fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// How many errors there are.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Whether there is an error at this very place.
    pub(super) fn reported_at(&self, span: Span) -> bool {
        self.reported.places.contains(&span)
    }

    /// Remembers that something in the resource was taken out as wrong.
    pub(super) fn mark_broken(&mut self, section: &str, name: &str) {
        self.reported.resources.insert((section.to_owned(), name.to_owned()));
    }

    /// Remembers that a whole section was taken out as wrong.
    pub(super) fn mark_section_broken(&mut self, section: &str) {
        self.reported.sections.insert(section.to_owned());
    }

    /// Whether the resource, or its whole section, has been complained about.
    pub(super) fn is_broken(&self, section: &str, name: &str) -> bool {
        let Reported { resources, sections, .. } = &self.reported;
        sections.contains(section)
            || !resources.is_empty() && resources.contains(&(section.to_owned(), name.to_owned()))
    }
}

/// Errors without a place come first: they name a flag, a variable or a file.
fn order(span: Option<Span>) -> Option<(FileId, u32)> {
    span.map(|span| (span.file, span.start))
}
