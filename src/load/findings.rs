//! Collects the errors and warnings of a load's phases.
//!
//! Each phase has its own errors and warnings and knows no others; [`Findings::phase`] converts them into the sum
//! types.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Display;

use crate::diagnostic::Explain;
use crate::source::{FileId, Span};

/// The errors `E` and warnings `W` so far, and what they concern.
#[derive(Debug)]
pub(super) struct Findings<E, W = Infallible> {
    errors: Vec<E>,
    warnings: Vec<W>,
    reported: Reported,
}

/// What has been reported, so that mere consequences are not reported too.
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
    /// Records an error.
    pub(super) fn error(&mut self, error: impl Into<E>) {
        let error = error.into();
        self.reported.places.extend(error.span());
        self.errors.push(error);
    }

    /// Records errors.
    pub(super) fn errors(&mut self, errors: impl IntoIterator<Item = impl Into<E>>) {
        for error in errors {
            self.error(error);
        }
    }

    /// Everything; errors in file order, at most one per place.
    pub(super) fn into_parts(mut self) -> (Vec<E>, Vec<W>)
    where
        W: Explain + Display,
    {
        let mut warnings = std::mem::take(&mut self.warnings);
        let mut shown = HashSet::new();
        warnings.retain(|warning| shown.insert((warning.span(), warning.to_string())));
        (self.into_errors(), warnings)
    }

    /// The errors in file order, at most one per place.
    pub(super) fn into_errors(mut self) -> Vec<E> {
        self.errors.sort_by_key(|error| order(error.span()));
        let mut seen = HashSet::new();
        self.errors.retain(|error| error.span().is_none_or(|span| seen.insert(span)));
        self.errors
    }
}

impl<E, W> Findings<E, W> {
    /// Runs a phase that has its own errors and warnings, and converts and records them.
    pub(super) fn phase<F: Into<E>, V: Into<W>, R>(&mut self, run: impl FnOnce(&mut Findings<F, V>) -> R) -> R {
        let reported = std::mem::take(&mut self.reported);
        let mut found = Findings { errors: Vec::new(), warnings: Vec::new(), reported };
        let result = run(&mut found);
        self.reported = found.reported;
        self.errors.extend(found.errors.into_iter().map(Into::into));
        self.warnings.extend(found.warnings.into_iter().map(Into::into));
        result
    }

    /// Records a warning.
    pub(super) fn warn(&mut self, warning: impl Into<W>) {
        self.warnings.push(warning.into());
    }

    /// Records warnings.
    pub(super) fn warnings(&mut self, warnings: impl IntoIterator<Item = impl Into<W>>) {
        self.warnings.extend(warnings.into_iter().map(Into::into));
    }

    /// Whether there are errors.
    pub(super) fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The number of errors.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Whether there is an error at exactly this place.
    pub(super) fn reported_at(&self, span: Span) -> bool {
        self.reported.places.contains(&span)
    }

    /// Marks a resource from which something invalid was removed.
    pub(super) fn mark_broken(&mut self, section: &str, name: &str) {
        self.reported.resources.insert((section.to_owned(), name.to_owned()));
    }

    /// Marks a section that was removed because it is invalid.
    pub(super) fn mark_section_broken(&mut self, section: &str) {
        self.reported.sections.insert(section.to_owned());
    }

    /// Whether the resource or its whole section is marked.
    pub(super) fn is_broken(&self, section: &str, name: &str) -> bool {
        let Reported { resources, sections, .. } = &self.reported;
        sections.contains(section)
            || !resources.is_empty() && resources.contains(&(section.to_owned(), name.to_owned()))
    }
}

/// Sort key; errors without a place come first: they concern a flag, a variable or a file.
fn order(span: Option<Span>) -> Option<(FileId, u32)> {
    span.map(|span| (span.file, span.start))
}
