//! Errors in, the same errors out without those that another one causes: a mistake is reported once.

use crate::load::error::LoadError;
use crate::load::layer::LayerError;
use crate::load::schema::{ShapeError, ShapeProblem};
use crate::source::Span;
use crate::yaml::YamlError;

/// Removes the errors that only follow from another one.
pub(super) fn remove(mut errors: Vec<LoadError>) -> Vec<LoadError> {
    let templates: Vec<Span> = errors.iter().filter_map(template_key).collect();
    let unknown: Vec<Span> = errors.iter().filter_map(unknown_key).collect();
    errors.retain(|error| !is_template(error, &templates) && !is_renamed_source(error, &unknown));
    errors
}

/// Whether it is about the type of `{{ x }}`, a mapping whose only key is a mapping, too.
fn is_template(error: &LoadError, keys: &[Span]) -> bool {
    let LoadError::Shape(ShapeError { problem: ShapeProblem::WrongType { .. }, span, .. }) = error else {
        return false;
    };
    keys.iter().any(|key| key.file == span.file && key.start == span.start + 1)
}

/// Whether it is about a missing source of a mount that may be there under a wrong name.
fn is_renamed_source(error: &LoadError, unknown: &[Span]) -> bool {
    let LoadError::Mount(mount) = error else { return false };
    let outer = mount.span;
    unknown.iter().any(|key| key.file == outer.file && outer.start <= key.start && key.end <= outer.end)
}

fn template_key(error: &LoadError) -> Option<Span> {
    let LoadError::Layer(LayerError::Yaml(YamlError::NonStringKey { key, .. })) = error else { return None };
    key.value.starts_with('{').then_some(key.span)
}

fn unknown_key(error: &LoadError) -> Option<Span> {
    let LoadError::Shape(ShapeError { problem: ShapeProblem::UnknownKey { .. }, span, .. }) = error else {
        return None;
    };
    Some(*span)
}
