//! Files in, layers out: each is one YAML document of one file, without its tags.

use std::path::Path;

use crate::diagnostic::Explain;
use crate::load::file::{FileError, FileRole};
use crate::load::findings::Findings;
use crate::load::reset::TaggedPaths;
use crate::source::{Reader, SourceMap, Span};
use crate::yaml::{self, Node, YamlError};

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

/// Reads the documents of a file. `span` is where another file refers to it.
pub(super) fn read(
    path: &Path,
    span: Option<Span>,
    reader: &Reader,
    sources: &mut SourceMap,
    findings: &mut Findings<LayerError>,
) -> Vec<Layer> {
    // A file on the command line may be a pipe.
    let read = if span.is_some() { reader.read_named(path) } else { reader.read(path) };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.error(FileError { path: path.to_owned(), error, role: FileRole::Compose, span });
            return Vec::new();
        }
    };
    let file = sources.add_bytes(path, bytes);
    let parsed = yaml::parse(sources, file);
    findings.errors(parsed.errors);
    let mut layers = Vec::with_capacity(parsed.documents.len());
    for mut node in parsed.documents {
        if node.as_mapping().is_none() {
            findings.error(LayerError::NotAMapping { found: node.value.kind(), span: node.span });
            continue;
        }
        let tagged = TaggedPaths::take(&mut node);
        layers.push(Layer { node, tagged });
    }
    layers
}
