//! Files in, layers out: each is one YAML document of one file, without its tags.

use std::path::Path;

use crate::diagnostic::{Explain, suggest};
use crate::load::file::{FileError, FileRole};
use crate::load::findings::Findings;
use crate::load::reset::TaggedPaths;
use crate::source::{Reader, SourceMap, Span};
use crate::yaml::{self, IgnoredTag, Node, YamlError};

/// One document of one file.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// The document, which is a mapping.
    pub node: Node,
    /// Where it has `!reset` and `!override`.
    pub tagged: TaggedPaths,
}

/// A Compose file without usable content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// A file that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not valid YAML, or is ambiguous.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A document that is not a mapping.
    #[error("a Compose file must be a mapping, but this is {}", if *found == "nothing" { "empty" } else { found })]
    NotAMapping {
        /// What it is.
        found: &'static str,
        /// Where it is in the file.
        span: Span,
    },
}

impl Explain for LayerError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::File(error) => error.span(),
            Self::Yaml(error) => error.span(),
            Self::NotAMapping { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Yaml(error) => error.hint(),
            Self::NotAMapping { found: "nothing", .. } => {
                Some("remove the `---` that begins an empty document".to_owned())
            }
            Self::NotAMapping { .. } => Some("begin with `services:`".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        match self {
            Self::File(error) => error.related(),
            Self::Yaml(error) => error.related(),
            Self::NotAMapping { .. } => Vec::new(),
        }
    }
}

/// A tag that Compose ignores, so that the value is taken as if it were not there.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the tag `{}` has no meaning in a Compose file", .0.tag)]
pub struct IgnoredTagWarning(pub IgnoredTag);

impl Explain for IgnoredTagWarning {
    fn span(&self) -> Option<Span> {
        Some(self.0.span)
    }

    fn hint(&self) -> Option<String> {
        let IgnoredTag { tag, value, .. } = &self.0;
        let word = tag.trim_start_matches('!');
        if let Some(known) = suggest::closest(word, ["reset", "override"]) {
            return Some(format!("did you mean `!{known}`?"));
        }
        let lower = word.to_lowercase();
        let is = |part: &str| lower.contains(part);
        Some(if is("secret") || is("vault") {
            "define it under the top-level `secrets` and list it in the service's `secrets`, or use a variable: `${NAME}`"
                .to_owned()
        } else if is("env") || lower == "var" {
            let name = value.as_deref().and_then(|value| value.split_whitespace().next()).unwrap_or("NAME");
            format!("use a variable: `${{{name}}}`")
        } else if is("include") || is("import") || is("file") || lower == "extend" || lower == "extends" {
            "use the top-level `include` for a whole file, `extends` for a service, or `env_file` for variables"
                .to_owned()
        } else {
            "remove it, or write the value that it stands for".to_owned()
        })
    }
}

/// Reads the documents of a file. `span` is where another file refers to it.
pub(super) fn read(
    path: &Path,
    span: Option<Span>,
    reader: &Reader,
    sources: &mut SourceMap,
    findings: &mut Findings<LayerError, IgnoredTagWarning>,
) -> Vec<Layer> {
    // A file on the command line may be a pipe.
    let read = if span.is_some() { reader.read_named(path) } else { reader.read(path) };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.error(FileError::new(path, error, FileRole::Compose, span, sources));
            return Vec::new();
        }
    };
    let file = sources.add_bytes(path, bytes);
    let parsed = yaml::parse(sources, file);
    findings.errors(parsed.errors);
    findings.warnings(parsed.ignored_tags.into_iter().map(IgnoredTagWarning));
    let mut layers = Vec::with_capacity(parsed.documents.len());
    for mut node in parsed.documents {
        if node.as_mapping().is_none() {
            let span = if node.is_null() { marker(sources, node.span) } else { node.span };
            findings.error(LayerError::NotAMapping { found: node.value.kind(), span });
            continue;
        }
        let tagged = TaggedPaths::take(&mut node);
        layers.push(Layer { node, tagged });
    }
    layers
}

/// The `---` that begins the empty document at `span`.
fn marker(sources: &SourceMap, span: Span) -> Span {
    let text = sources.file(span.file).text();
    let line_end = text[span.start as usize..].find('\n').map_or(text.len(), |end| span.start as usize + end);
    let at = text[..line_end].rmatch_indices("---").find(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    at.map_or(span, |(at, marker)| Span::new(span.file, at, at + marker.len()))
}
