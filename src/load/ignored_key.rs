//! Keys in `extends` and `include` that have no meaning but are allowed by the file format.

use crate::diagnostic::{Explain, suggest};
use crate::source::Span;
use crate::yaml::Mapping;

/// A key in `extends` or `include` that has no meaning.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown key `{key}` in `{place}` is ignored")]
pub struct IgnoredKey {
    /// The key.
    pub key: String,
    /// `extends` or `include`.
    pub place: &'static str,
    /// Where it is in the file.
    pub span: Span,
    /// The closest known key.
    pub closest: Option<String>,
}

impl Explain for IgnoredKey {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<String> {
        Some(match &self.closest {
            Some(name) => format!("did you mean `{name}`?"),
            None => "remove it".to_owned(),
        })
    }
}

/// The keys of `mapping` that are neither known nor `x-*`.
pub(super) fn ignored_keys(mapping: &Mapping, known: &[&str], place: &'static str) -> Vec<IgnoredKey> {
    let keys = mapping.iter().map(|(key, _)| key);
    let ignored = keys.filter(|key| !known.contains(&key.name.as_str()) && !key.name.starts_with("x-"));
    ignored
        .map(|key| {
            let closest = suggest::closest(&key.name, known.iter().copied()).map(str::to_owned);
            IgnoredKey { key: key.name.clone(), place, span: key.span, closest }
        })
        .collect()
}
