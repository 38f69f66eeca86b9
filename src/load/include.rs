//! `include` (compose-file.md §1.5): a layer with references in, the same layer with the resources of the other files
//! below its own out.

use std::path::{Path, PathBuf};

use crate::diagnostic::Explain;
use crate::load::discover;
use crate::load::environment::is_env_file;
use crate::load::error::{LoadError, LoadWarning};
use crate::load::layer::Layer;
use crate::load::loader::{Loader, Scope};
use crate::load::merge::merge_resources;
use crate::load::normalize::Environment;
use crate::load::paths;
use crate::project::circle::Circle;
use crate::source::{Span, Spanned};
use crate::yaml::{Key, Mapping, Node, Value};

/// The sections whose resources an include brings in.
const SECTIONS: [&str; 6] = ["services", "volumes", "networks", "secrets", "configs", "models"];

/// An `include` that cannot be followed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IncludeError {
    /// Something else than a list, or an item that is neither a path nor a mapping.
    #[error("`{path}` must be {accepted}, not {found}")]
    WrongType {
        /// Dotted path.
        path: String,
        /// What is accepted.
        accepted: &'static str,
        /// What stands there.
        found: &'static str,
        /// Where.
        span: Span,
    },
    /// A file that includes itself, perhaps through others.
    #[error("a file includes itself: {}", Circle(files, "includes"))]
    Cycle {
        /// The files, each once and in backticks; each includes the next, and the last the first.
        files: Vec<String>,
        /// The reference that closes the circle.
        span: Span,
    },
    /// More files that include the next than any project has.
    #[error("includes are nested more than {LONGEST_CHAIN} deep")]
    TooMany {
        /// The reference that is too much.
        span: Span,
    },
}

/// Files that include one another, at most.
const LONGEST_CHAIN: usize = 100;

impl Explain for IncludeError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::WrongType { span, .. } | Self::Cycle { span, .. } | Self::TooMany { span } => Some(*span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::WrongType { .. } => Some("write `include: [other.yaml]`".to_owned()),
            Self::Cycle { .. } => Some("remove one of the includes".to_owned()),
            Self::TooMany { .. } => Some("include them all from one file instead of one from another".to_owned()),
        }
    }
}

/// One item of `include`.
struct Item {
    paths: Vec<Spanned<String>>,
    project_directory: Option<String>,
    env_files: Option<Vec<Spanned<String>>>,
}

impl Loader<'_> {
    /// Follows the `include` of the layer, which goes.
    pub(super) fn include(&mut self, layer: &mut Layer, scope: &Scope<'_>) {
        let Some(include) = layer.node.as_mapping_mut().and_then(|layer| layer.remove("include")) else { return };
        for item in self.include_items(include) {
            if let Some(imported) = self.included_model(&item, scope) {
                self.import(imported, layer);
            }
        }
    }

    fn include_items(&mut self, include: Node) -> Vec<Item> {
        if include.is_null() {
            return Vec::new();
        }
        let Some(items) = self.sequence(include, "include", "a list") else { return Vec::new() };
        let items = items.into_iter().enumerate();
        items.filter_map(|(index, item)| self.include_item(item, &format!("include[{index}]"))).collect()
    }

    fn include_item(&mut self, item: Node, place: &str) -> Option<Item> {
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
        self.ignored_keys(&item, &["path", "project_directory", "env_file"], "include");
        let paths = paths.unwrap_or_default();
        if paths.is_empty() {
            self.findings.warn(LoadWarning::IncludesNothing { span });
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
        self.incomplete = true;
        let found = node.value.kind();
        self.findings.error(IncludeError::WrongType { path, accepted, found, span: node.span });
    }

    /// Warns of keys that mean nothing, since the file format lets them pass.
    pub(super) fn ignored_keys(&mut self, mapping: &Mapping, known: &[&str], place: &'static str) {
        for (key, _) in mapping {
            if !known.contains(&key.name.as_str()) && !key.name.starts_with("x-") {
                let closest = crate::diagnostic::suggest::closest(&key.name, known.iter().copied()).map(str::to_owned);
                self.findings.warn(LoadWarning::IgnoredKey { key: key.name.clone(), place, span: key.span, closest });
            }
        }
    }

    /// The model of the included files, its paths relative to the project directory of `scope`.
    fn included_model(&mut self, item: &Item, scope: &Scope<'_>) -> Option<Node> {
        if let Some(remote) = item.paths.iter().find(|path| discover::remote(&path.value).is_some()) {
            self.incomplete = true;
            let reference = remote.value.clone();
            self.findings.error(LoadError::Remote { reference, span: Some(remote.span) });
            return None;
        }
        let files: Vec<Spanned<PathBuf>> = item
            .paths
            .iter()
            .map(|path| Spanned::new(PathBuf::from(paths::join_unless_absolute(scope.folder, &path.value)), path.span))
            .collect();
        let main = files.first()?;
        let folder = match &item.project_directory {
            Some(folder) => paths::join_unless_absolute(scope.folder, folder),
            None => main.value.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned(),
        };
        let mut included = scope.included.to_vec();
        included.push(main.value.clone());
        if let Some(first) = scope.included.iter().position(|file| *file == main.value) {
            self.incomplete = true;
            let files = scope.included[first..].iter().map(|file| format!("`{}`", file.display())).collect();
            self.findings.error(IncludeError::Cycle { files, span: main.span });
            return None;
        }
        if included.len() > LONGEST_CHAIN {
            self.incomplete = true;
            self.findings.error(IncludeError::TooMany { span: main.span });
            return None;
        }
        let environment = self.included_environment(item, &folder, scope)?;
        let layers: Vec<Layer> = files.iter().flat_map(|file| self.read_layers(&file.value, Some(file.span))).collect();
        let way = if item.project_directory.as_deref().is_some_and(|folder| folder.starts_with('/')) {
            folder.clone()
        } else {
            paths::relative(scope.folder, &folder)
        };
        let inner = Scope { folder: &folder, resolve_from: Some(&way), environment: &environment, included: &included };
        self.build(layers, &inner)
    }

    /// The variables of `scope`, and those of the env files that it does not have.
    fn included_environment(&mut self, item: &Item, folder: &str, scope: &Scope<'_>) -> Option<Environment> {
        let files: Vec<(PathBuf, Option<Span>)> = match &item.env_files {
            None => {
                let file = Path::new(folder).join(".env");
                if is_env_file(&file) { vec![(file, None)] } else { Vec::new() }
            }
            Some(files) => {
                let files = files.iter().filter(|file| file.value != "/dev/null");
                files
                    .map(|file| {
                        (PathBuf::from(paths::join_unless_absolute(scope.folder, &file.value)), Some(file.span))
                    })
                    .collect()
            }
        };
        let mut environment = scope.environment.clone();
        let values = self.read_env_files(&files, scope.environment)?;
        for (name, value) in values {
            environment.entry(name).or_insert(value);
        }
        Some(environment)
    }

    /// Puts what the layer itself says over the resources that come in.
    fn import(&mut self, mut imported: Node, layer: &mut Layer) {
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
                        merge_resources(&mut resource, over, section, &key.name, &mut self.merger());
                        *slot = resource;
                    }
                    None => {
                        own.insert(key, resource);
                    }
                }
            }
        }
    }
}
