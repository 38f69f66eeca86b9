//! `include` (Compose spec: `14-include.md`): a layer with references in, the same layer merged over the resources of
//! the included files out.

use std::path::{Path, PathBuf};

use crate::diagnostic::Explain;
use crate::load::environment::is_env_file;
use crate::load::file::RemoteFile;
use crate::load::findings::Findings;
use crate::load::ignored_key::{IgnoredKey, ignored_keys};
use crate::load::layer::Layer;
use crate::load::merge::{Merger, merge_resources};
use crate::load::paths;
use crate::project::circle::Circle;
use crate::source::{Remote, Span, Spanned};
use crate::yaml::{Key, Mapping, Node, Value};

/// The sections whose resources are included.
const SECTIONS: [&str; 7] = ["services", "jobs", "volumes", "networks", "secrets", "configs", "models"];

/// An `include` that cannot be followed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IncludeError {
    /// `include` is not a list, or an item is neither a path nor a mapping.
    #[error("`{path}` must be {accepted}, not {found}")]
    WrongType {
        /// Dotted path.
        path: String,
        /// What is accepted.
        accepted: &'static str,
        /// What was found there.
        found: &'static str,
        /// Where.
        span: Span,
    },
    /// A remote file.
    #[error(transparent)]
    Remote(#[from] RemoteFile),
    /// A file that includes itself, perhaps through others.
    #[error("a file includes itself: {}", Circle(files, "includes"))]
    Cycle {
        /// The files, each once and in backticks; each includes the next, and the last the first.
        files: Vec<String>,
        /// The reference that closes the cycle.
        span: Span,
    },
    /// The chain of files that include each other is too long.
    #[error("includes are nested more than {LONGEST_CHAIN} deep")]
    TooMany {
        /// The reference that exceeds the limit.
        span: Span,
    },
}

/// Maximum length of a chain of files that include the next one.
const LONGEST_CHAIN: usize = 100;

impl Explain for IncludeError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Remote(error) => error.span(),
            Self::WrongType { span, .. } | Self::Cycle { span, .. } | Self::TooMany { span } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Remote(error) => error.hint(),
            Self::WrongType { .. } => Some("write `include: [other.yaml]`".to_owned()),
            Self::Cycle { .. } => Some("remove one of the includes".to_owned()),
            Self::TooMany { .. } => Some("include all of them from one file instead of nesting them".to_owned()),
        }
    }
}

/// An `include` that works, but perhaps not as intended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IncludeWarning {
    /// An item that names no file.
    #[error("this item of `include` names no file, so it includes nothing")]
    IncludesNothing {
        /// Where it is in the file.
        span: Span,
    },
    /// A key without meaning.
    #[error(transparent)]
    IgnoredKey(#[from] IgnoredKey),
}

impl Explain for IncludeWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::IncludesNothing { span } => Some(*span),
            Self::IgnoredKey(warning) => warning.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::IncludesNothing { .. } => Some("give it a `path`".to_owned()),
            Self::IgnoredKey(warning) => warning.hint(),
        }
    }
}

/// One item of `include`.
pub(super) struct Item {
    paths: Vec<Spanned<String>>,
    project_directory: Option<String>,
    env_files: Option<Vec<Spanned<String>>>,
}

/// The files of one item, and the context they are read in.
pub(super) struct Included {
    /// The main file and those that are merged over it, absolute.
    pub files: Vec<Spanned<PathBuf>>,
    /// The project directory, absolute.
    pub folder: String,
    /// The path to it from the project directory of the including file.
    pub way: String,
    /// The env files, absolute.
    pub env_files: Vec<(PathBuf, Option<Span>)>,
    /// The chain of main files that led here, this one last.
    pub chain: Vec<PathBuf>,
}

/// Removes the `include` from a layer and returns its items.
pub(super) fn take_items(layer: &mut Layer, findings: &mut Findings<IncludeError, IncludeWarning>) -> Vec<Item> {
    let Some(include) = layer.node.as_mapping_mut().and_then(|layer| layer.remove("include")) else {
        return Vec::new();
    };
    Items { findings }.all(include)
}

/// Reads the items of one `include`.
struct Items<'a> {
    findings: &'a mut Findings<IncludeError, IncludeWarning>,
}

impl Items<'_> {
    fn all(&mut self, include: Node) -> Vec<Item> {
        if include.is_null() {
            return Vec::new();
        }
        let Some(items) = self.sequence(include, "include", "a list") else { return Vec::new() };
        let items = items.into_iter().enumerate();
        items.filter_map(|(index, item)| self.one(item, &format!("include[{index}]"))).collect()
    }

    fn one(&mut self, item: Node, place: &str) -> Option<Item> {
        let span = item.span;
        if let Value::String(path) = item.value {
            return Some(Item { paths: vec![Spanned::new(path, span)], project_directory: None, env_files: None });
        }
        let Value::Mapping(mut item) = item.value else {
            self.wrong_type(place.to_owned(), "a path or a mapping", &item);
            return None;
        };
        let paths = item.remove("path").map(|node| self.texts(node, &format!("{place}.path")));
        let folder = item.remove("project_directory");
        let folder = folder.and_then(|node| self.text(node, &format!("{place}.project_directory")));
        let env_files = item.remove("env_file").map(|node| self.texts(node, &format!("{place}.env_file")));
        let ignored = ignored_keys(&item, &["path", "project_directory", "env_file"], "include");
        let misspelt = ignored.iter().any(|key| key.closest.as_deref() == Some("path"));
        self.findings.warnings(ignored);
        let paths = paths.unwrap_or_default();
        if paths.is_empty() {
            if !misspelt {
                self.findings.warn(IncludeWarning::IncludesNothing { span });
            }
            return None;
        }
        Some(Item {
            paths,
            project_directory: folder.map(|folder| folder.value).filter(|folder| !folder.is_empty()),
            env_files: env_files.filter(|files| !files.is_empty()),
        })
    }

    /// A string or a list of strings.
    fn texts(&mut self, node: Node, place: &str) -> Vec<Spanned<String>> {
        if let Value::String(text) = node.value {
            return vec![Spanned::new(text, node.span)];
        }
        let items = self.sequence(node, place, "a string or a list of strings").unwrap_or_default();
        items.into_iter().filter_map(|item| self.text(item, place)).collect()
    }

    fn text(&mut self, node: Node, place: &str) -> Option<Spanned<String>> {
        if let Value::String(text) = node.value {
            return Some(Spanned::new(text, node.span));
        }
        self.wrong_type(place.to_owned(), "a string", &node);
        None
    }

    fn sequence(&mut self, node: Node, place: &str, accepted: &'static str) -> Option<Vec<Node>> {
        if let Value::Sequence(items) = node.value {
            return Some(items);
        }
        self.wrong_type(place.to_owned(), accepted, &node);
        None
    }

    fn wrong_type(&mut self, path: String, accepted: &'static str, node: &Node) {
        let found = node.value.kind();
        self.findings.error(IncludeError::WrongType { path, accepted, found, span: node.span });
    }
}

impl Item {
    /// Resolves the item relative to the project directory `folder` of the including file, which was reached through
    /// the main files in `chain`.
    pub(super) fn locate(&self, folder: &str, chain: &[PathBuf]) -> Result<Included, IncludeError> {
        if let Some(remote) = self.paths.iter().find(|path| Remote::of(&path.value).is_some()) {
            return Err(RemoteFile { reference: remote.value.clone(), span: remote.span }.into());
        }
        let absolute = |path: &str| PathBuf::from(paths::join_unless_absolute(folder, path));
        let files: Vec<Spanned<PathBuf>> =
            self.paths.iter().map(|path| Spanned::new(absolute(&path.value), path.span)).collect();
        let main = files.first().expect("an item without paths is left out");
        let chain = lengthened(chain, main)?;
        let included_folder = match &self.project_directory {
            Some(own) => paths::join_unless_absolute(folder, own),
            None => main.value.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned(),
        };
        let way = if self.project_directory.as_deref().is_some_and(|folder| folder.starts_with('/')) {
            included_folder.clone()
        } else {
            paths::relative(folder, &included_folder)
        };
        let env_files = self.env_files(folder, &included_folder);
        Ok(Included { files, folder: included_folder, way, env_files, chain })
    }

    fn env_files(&self, folder: &str, included_folder: &str) -> Vec<(PathBuf, Option<Span>)> {
        let Some(files) = &self.env_files else {
            let file = Path::new(included_folder).join(".env");
            return if is_env_file(&file) { vec![(file, None)] } else { Vec::new() };
        };
        let files = files.iter().filter(|file| file.value != "/dev/null");
        files.map(|file| (PathBuf::from(paths::join_unless_absolute(folder, &file.value)), Some(file.span))).collect()
    }
}

/// The chain with one more main file, which must not be in it already.
fn lengthened(chain: &[PathBuf], main: &Spanned<PathBuf>) -> Result<Vec<PathBuf>, IncludeError> {
    if let Some(first) = chain.iter().position(|file| *file == main.value) {
        let files = chain[first..].iter().map(|file| format!("`{}`", file.display())).collect();
        return Err(IncludeError::Cycle { files, span: main.span });
    }
    if chain.len() >= LONGEST_CHAIN {
        return Err(IncludeError::TooMany { span: main.span });
    }
    Ok(chain.iter().chain([&main.value]).cloned().collect())
}

/// Merges the layer over the included resources.
pub(super) fn import(mut imported: Node, layer: &mut Layer, merger: &mut Merger<'_>) {
    layer.tagged.apply(&mut imported);
    let Some(imported) = imported.as_mapping_mut() else { return };
    for section in SECTIONS {
        let Some(Node { value: Value::Mapping(resources), span, .. }) = imported.remove(section) else { continue };
        let Some(model) = layer.node.as_mapping_mut() else { return };
        if !model.contains(section) {
            let key = Key { name: section.to_owned(), span };
            model.insert(key, Node::new(Value::Mapping(Mapping::new()), span));
        }
        let Some(own) = model.get_mut(section).and_then(Node::as_mapping_mut) else { continue };
        for (key, mut resource) in resources {
            match own.get_mut(&key.name) {
                Some(slot) => {
                    let over = std::mem::replace(slot, Node::new(Value::Null, span));
                    merge_resources(&mut resource, over, section, &key.name, merger);
                    *slot = resource;
                }
                None => {
                    own.insert(key, resource);
                }
            }
        }
    }
}
