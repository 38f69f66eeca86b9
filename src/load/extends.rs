//! `extends` (Compose spec: `05-services.md`, `extends`): a layer whose services extend others in, the services with
//! everything they inherit out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Explain, suggest};
use crate::load::file::RemoteFile;
use crate::load::file_name::is_yaml;
use crate::load::ignored_key::{IgnoredKey, ignored_keys};
use crate::load::layer::Layer;
use crate::load::paths;
use crate::load::reset::TaggedPaths;
use crate::project::circle::{Circle, is_shown};
use crate::source::{Reader, Remote, SourceMap, Span, Spanned, list_folder};
use crate::yaml::{self, Key, Mapping, Node, Value};

/// An `extends` that cannot be followed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ExtendsError {
    /// The base service does not exist.
    #[error("{what} `{service}` extends `{}`, which {} does not define", base.value, place(file.as_ref()))]
    UnknownBase {
        /// `service` or `job`.
        what: &'static str,
        /// The service that extends.
        service: String,
        /// The name as written.
        base: Spanned<String>,
        /// The other file, if one is named.
        file: Option<PathBuf>,
        /// The closest name that is defined there.
        closest: Option<String>,
        /// Another file of the project, or next to this one, that defines it.
        elsewhere: Option<PathBuf>,
        /// Whether the file that extends defines it.
        here: bool,
    },
    /// `extends` is not the name of a single service.
    #[error("`extends` of {what} `{service}` takes one service, not {found}")]
    NotOne {
        /// `service` or `job`.
        what: &'static str,
        /// The service that extends.
        service: String,
        /// What was found there.
        found: &'static str,
        /// Where it is in the file.
        span: Span,
    },
    /// `extends` has no `service`.
    #[error("`extends` of {what} `{service}` does not name a service")]
    NoService {
        /// `service` or `job`.
        what: &'static str,
        /// The service that extends.
        service: String,
        /// Where it is in the file.
        span: Span,
    },
    /// The other file has no services.
    #[error("`{}` has no `services` to extend", file.display())]
    NoServices {
        /// The file.
        file: PathBuf,
        /// Where it was named.
        span: Span,
    },
    /// A remote file.
    #[error(transparent)]
    Remote(#[from] RemoteFile),
    /// The chain of services that extend each other is too long, or too many values are copied.
    #[error("`extends` of {what} `{service}` exceeds a limit: {limit}")]
    TooMuch {
        /// `service` or `job`.
        what: &'static str,
        /// The service that extends.
        service: String,
        /// The exceeded limit.
        limit: &'static str,
        /// Where it is in the file.
        span: Span,
    },
    /// Services that extend each other.
    #[error("services extend each other in a cycle: {}", Circle(chain, "->"))]
    Circular {
        /// The services from the first one to where it is repeated, with their `extends`.
        chain: Vec<Spanned<String>>,
    },
}

/// What to do if several services were meant.
const ONE_SERVICE: &str = "extend one service, which may itself extend another";

fn place(file: Option<&PathBuf>) -> String {
    file.map_or_else(|| "the same file".to_owned(), |file| format!("`{}`", file.display()))
}

impl ExtendsError {
    /// Looks for a file next to this one that defines the missing base.
    pub(super) fn look_beside(&mut self, sources: &SourceMap, reader: &Reader) {
        if let Self::UnknownBase { base, file: None, elsewhere: elsewhere @ None, here: false, .. } = self {
            let path = sources.file(base.span.file).path();
            *elsewhere = files_beside(path)
                .find(|file| defines(file, &base.value, reader))
                .and_then(|file| Some(PathBuf::from(file.file_name()?)));
        }
    }
}

/// Maximum number of files next to one that are searched for a service.
const MOST_FILES: usize = 20;

/// The other Compose files in the folder of `path`.
fn files_beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let names = list_folder(&folder).into_iter().filter(|entry| !entry.is_folder && is_yaml(&entry.name));
    let path = path.to_owned();
    names.map(move |entry| folder.join(entry.name)).filter(move |file| *file != path).take(MOST_FILES)
}

/// Whether the file defines a service.
fn defines(file: &Path, service: &str, reader: &Reader) -> bool {
    let Ok(content) = reader.read(file) else { return false };
    let mut sources = SourceMap::default();
    let file = sources.add_bytes(file, content);
    let documents = yaml::parse(&sources, file).documents;
    documents.iter().any(|document| document.get("services").is_some_and(|services| services.get(service).is_some()))
}

impl Explain for ExtendsError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::UnknownBase { base, .. } => Some(base.span),
            Self::Remote(error) => error.span(),
            Self::NotOne { span, .. }
            | Self::NoService { span, .. }
            | Self::NoServices { span, .. }
            | Self::TooMuch { span, .. } => Some(*span),
            Self::Circular { chain } => chain.first().map(|service| service.span),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownBase { elsewhere: Some(file), base, .. } => {
                Some(format!("name the file that defines it: `extends: {{service: {base}, file: {}}}`", file.display()))
            }
            Self::UnknownBase { here: true, base, .. } => {
                Some(format!("this file itself defines `{base}`: write `extends: {base}`, without `file`"))
            }
            Self::UnknownBase { closest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::UnknownBase { base, .. } if base.value.contains([' ', ',']) => Some(ONE_SERVICE.to_owned()),
            Self::NotOne { .. } => Some(ONE_SERVICE.to_owned()),
            Self::UnknownBase { file: None, .. } => {
                Some("a service in another file needs `file:` next to `service:`".to_owned())
            }
            Self::UnknownBase { .. } => {
                Some("name a service that the file itself defines; included services cannot be extended".to_owned())
            }
            Self::NoService { .. } => Some("write `extends: {service: NAME, file: FILE}`".to_owned()),
            Self::NoServices { .. } => Some("give the path of a Compose file".to_owned()),
            Self::Remote(error) => error.hint(),
            Self::TooMuch { .. } => Some("extend a smaller service".to_owned()),
            Self::Circular { .. } => Some("remove one of the `extends`".to_owned()),
        }
    }

    fn related(&self) -> Vec<(Span, String)> {
        match self {
            Self::Circular { chain } => {
                let shown = chain.iter().enumerate().skip(1).filter(|(at, _)| is_shown(*at, chain.len()));
                shown.map(|(_, service)| (service.span, format!("of `{service}` here"))).collect()
            }
            Self::UnknownBase { .. }
            | Self::NotOne { .. }
            | Self::NoService { .. }
            | Self::NoServices { .. }
            | Self::Remote(_)
            | Self::TooMuch { .. } => Vec::new(),
        }
    }
}

/// An `extends` that works, but perhaps not as intended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ExtendsWarning {
    /// A service extends one without content, which has no effect.
    #[error("service `{base}` is empty, so extending it does nothing")]
    BlankBase {
        /// The service that is extended.
        base: String,
        /// Where `extends` is in the file.
        span: Span,
    },
    /// A key without meaning.
    #[error(transparent)]
    IgnoredKey(#[from] IgnoredKey),
}

impl Explain for ExtendsWarning {
    fn span(&self) -> Option<Span> {
        match self {
            Self::BlankBase { span, .. } => Some(*span),
            Self::IgnoredKey(warning) => warning.span(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::BlankBase { .. } => Some("give that service some content, or remove `extends`".to_owned()),
            Self::IgnoredKey(warning) => warning.hint(),
        }
    }
}

/// What resolving `extends` needs from the loader: reading and merging files, and collecting errors and warnings.
pub(super) trait Files {
    /// The services of another file in long form, with paths relative to the project directory. Reports and returns
    /// `None` if it has none.
    fn read(&mut self, path: &Path, span: Span) -> Option<Services>;
    /// Merges the service or job `over` over `base`; both are called `name`.
    fn merge_service(&mut self, base: &mut Node, over: Node, name: &str);
    /// Records an error.
    fn error(&mut self, error: ExtendsError);
    /// Records a warning.
    fn warn(&mut self, warning: ExtendsWarning);
    /// Marks a service as incomplete because of an error.
    fn mark_broken(&mut self, section: &str, service: &str);
    /// Whether an error in the service was reported.
    fn is_broken(&self, section: &str, service: &str) -> bool;
}

/// One of the files that a layer extends from, or the layer itself.
type FileIndex = usize;

/// The layer itself.
const OWN: FileIndex = 0;

/// The services of one file, or the services or jobs of the layer, resolved one by one.
pub(super) struct Services {
    section: &'static str,
    /// `None` for the layer itself.
    file: Option<PathBuf>,
    entries: Mapping,
    tagged: TaggedPaths,
}

impl Services {
    /// The services of a merged file, with the tags of its documents. `None` if it has none.
    pub(super) fn of_file(path: &Path, model: &mut Node, tagged: TaggedPaths) -> Option<Self> {
        let services = model.as_mapping_mut().and_then(|model| model.remove("services"))?;
        let Value::Mapping(entries) = services.value else { return None };
        Some(Self { section: "services", file: Some(path.to_owned()), entries, tagged })
    }
}

/// The `extends` of a service.
struct Reference {
    base: Spanned<String>,
    file: Option<Spanned<String>>,
    span: Span,
}

/// A service whose base is being resolved.
struct Link {
    file: FileIndex,
    service: Spanned<String>,
}

/// Resolves `extends` through the files for one layer.
struct Resolver<'a, F> {
    /// Where the services of the layers below are defined.
    below: HashMap<String, PathBuf>,
    load: &'a mut F,
    /// The project directory, absolute.
    folder: &'a str,
    /// The layer, and the other files in the order they were read.
    files: Vec<Services>,
    /// The index of each file.
    indices: HashMap<PathBuf, FileIndex>,
    chain: Vec<Link>,
    /// Values copied from bases so far.
    copied: usize,
    /// Whether exceeding a limit was reported, which is done once.
    refused: bool,
}

/// Maximum length of a chain of services that extend the next one.
const LONGEST_CHAIN: usize = 500;

/// Maximum number of values copied from bases in one layer; the same as for aliases in a document.
const MOST_COPIED: usize = 400_000;

/// Whether a service or job of the layer extends another.
pub(super) fn is_used_in(layer: &Layer, section: &str) -> bool {
    let services = layer.node.get(section).and_then(Node::as_mapping);
    services.into_iter().flatten().any(|(_, service)| service.get("extends").is_some())
}

/// The file of each service or job of a model.
pub(super) fn files_of_services(model: &Node, section: &str, sources: &SourceMap) -> HashMap<String, PathBuf> {
    let services = model.get(section).and_then(Node::as_mapping);
    let file = |key: &Key| sources.file(key.span.file).path().to_owned();
    services.into_iter().flatten().map(|(key, _)| (key.name.clone(), file(key))).collect()
}

/// Merges into every service or job of the layer, as `section` says, what it inherits. `below` has the files of the services in lower layers,
/// `folder` is the project directory.
pub(super) fn extend(
    layer: &mut Layer,
    section: &'static str,
    below: HashMap<String, PathBuf>,
    folder: &str,
    load: &mut impl Files,
) {
    let Some(services) = layer.node.as_mapping_mut().and_then(|layer| layer.get_mut(section)) else { return };
    let Some(entries) = services.as_mapping_mut() else { return };
    let extending = extending(entries);
    let entries = std::mem::take(entries);
    let own = Services { section, file: None, entries, tagged: std::mem::take(&mut layer.tagged) };
    let mut resolver = Resolver {
        below,
        load,
        folder,
        files: vec![own],
        indices: HashMap::new(),
        chain: Vec::new(),
        copied: 0,
        refused: false,
    };
    for name in extending {
        resolver.resolve(OWN, &name);
    }
    let own = resolver.files.swap_remove(OWN);
    layer.tagged = own.tagged;
    services.value = Value::Mapping(own.entries);
}

/// The services that extend another.
fn extending(services: &Mapping) -> Vec<String> {
    let extending = services.iter().filter(|(_, service)| service.get("extends").is_some());
    extending.map(|(key, _)| key.name.clone()).collect()
}

/// The number of values in `node`, including itself; long text counts as more than one.
fn size(node: &Node) -> usize {
    const TEXT: usize = 64;
    1 + match &node.value {
        Value::Sequence(items) => items.iter().map(size).sum(),
        Value::Mapping(entries) => entries.iter().map(|(_, node)| size(node)).sum(),
        Value::Timestamp(text) | Value::String(text) => text.len() / TEXT,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
    }
}

impl<F: Files> Resolver<'_, F> {
    /// Merges the service `name` with its base. A failure is reported and leaves the service unchanged.
    fn resolve(&mut self, at: FileIndex, name: &str) {
        if self.files[at].entries.get(name).and_then(|service| service.get("extends")).is_none() {
            return;
        }
        let Some(reference) = self.reference(at, name) else { return self.give_up(at, name) };
        if self.closes_circle(at, name) {
            return;
        }
        if self.chain.len() >= LONGEST_CHAIN {
            return self.too_much(at, name, reference.span, "the chain of services is too long");
        }
        self.chain.push(Link { file: at, service: Spanned::new(name.to_owned(), reference.span) });
        let base = match &reference.file {
            Some(file) => self.base_in_file(name, file, &reference.base),
            None => self.base_in_layer(at, name, &reference.base),
        };
        self.chain.pop();
        match base {
            Some(base) if base.is_null() => {
                // Extending a blank service leaves the service unchanged, including its `extends`.
                let base = reference.base.value;
                self.load.warn(ExtendsWarning::BlankBase { base, span: reference.span });
            }
            Some(base) if self.exceeds_budget(&base) => {
                self.too_much(at, name, reference.span, "too many values are copied");
            }
            Some(mut base) => {
                let Services { section, tagged, .. } = &self.files[at];
                tagged.apply_to(section, name, &mut base);
                self.put_over(at, name, base);
            }
            None => self.give_up(at, name),
        }
    }

    fn exceeds_budget(&mut self, base: &Node) -> bool {
        self.copied += size(base);
        self.copied > MOST_COPIED
    }

    fn too_much(&mut self, at: FileIndex, name: &str, span: Span, limit: &'static str) {
        if !std::mem::replace(&mut self.refused, true) {
            let what = self.what(at);
            self.load.error(ExtendsError::TooMuch { what, service: name.to_owned(), limit, span });
        }
        self.give_up(at, name);
    }

    fn put_over(&mut self, at: FileIndex, name: &str, mut base: Node) {
        let Some(slot) = self.files[at].entries.get_mut(name) else { return };
        if base.as_mapping().is_none() {
            // Left in place for the schema, which refuses it.
            return;
        }
        let over = std::mem::replace(slot, Node::new(Value::Null, base.span));
        base.span = over.span;
        self.load.merge_service(&mut base, over, name);
        if let Some(merged) = base.as_mapping_mut() {
            merged.remove("extends");
        }
        *slot = base;
    }

    /// Removes the reference, so that the service is not tried again.
    fn give_up(&mut self, at: FileIndex, name: &str) {
        self.load.mark_broken(self.files[at].section, name);
        for link in &self.chain {
            self.load.mark_broken(self.files[link.file].section, &link.service.value);
        }
        if let Some(service) = self.files[at].entries.get_mut(name).and_then(Node::as_mapping_mut) {
            service.remove("extends");
        }
    }

    /// The reference of a service to its base; `None` if it has no usable one.
    fn reference(&mut self, at: FileIndex, name: &str) -> Option<Reference> {
        let (key, extends) = self.files[at].entries.get(name)?.as_mapping()?.entry("extends")?;
        let (key, extends) = (key.clone(), extends.clone());
        let span = if extends.is_null() { key.span } else { extends.span };
        let mapping = match &extends.value {
            Value::String(base) => {
                return Some(Reference { base: Spanned::new(base.clone(), span), file: None, span: key.span });
            }
            Value::Mapping(mapping) => mapping,
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Timestamp(_) | Value::Sequence(_) => {
                self.not_one(at, name, &extends);
                return None;
            }
            Value::Null => {
                return Some(Reference { base: Spanned::new(String::new(), span), file: None, span: key.span });
            }
        };
        for ignored in ignored_keys(mapping, &["service", "file"], "extends") {
            self.load.warn(ignored.into());
        }
        let text = |key: &str| {
            let node = mapping.get(key)?;
            Some(Spanned::new(node.as_str()?.to_owned(), node.span))
        };
        if let Some(several) = mapping.get("service").filter(|node| !node.is_null() && node.as_str().is_none()) {
            self.not_one(at, name, several);
            return None;
        }
        let file = text("file");
        let base = text("service").unwrap_or_else(|| Spanned::new(String::new(), key.span));
        Some(Reference { base, file, span: key.span })
    }

    /// What is extended in a file.
    fn what(&self, at: FileIndex) -> &'static str {
        if self.files[at].section == "jobs" { "job" } else { "service" }
    }

    fn not_one(&mut self, at: FileIndex, name: &str, node: &Node) {
        let what = self.what(at);
        let found = node.value.kind();
        self.load.error(ExtendsError::NotOne { what, service: name.to_owned(), found, span: node.span });
    }

    fn closes_circle(&mut self, at: FileIndex, name: &str) -> bool {
        let repeated = self.chain.iter().position(|link| link.file == at && link.service.value == name);
        let Some(start) = repeated else { return false };
        let chain = self.chain[start..].iter().map(|link| link.service.clone()).collect();
        self.load.error(ExtendsError::Circular { chain });
        self.give_up(at, name);
        true
    }

    fn base_in_layer(&mut self, at: FileIndex, name: &str, base: &Spanned<String>) -> Option<Node> {
        if !self.files[at].entries.contains(&base.value) {
            self.unknown_base(at, self.files[at].file.clone(), name, base);
            return None;
        }
        self.resolve(at, &base.value);
        self.files[at].entries.get(&base.value).cloned()
    }

    fn base_in_file(&mut self, name: &str, file: &Spanned<String>, base: &Spanned<String>) -> Option<Node> {
        if Remote::of(&file.value).is_some() {
            self.load.error(RemoteFile { reference: file.value.clone(), span: file.span }.into());
            return None;
        }
        let path = PathBuf::from(paths::join_unless_absolute(self.folder, &file.value));
        let at = self.index_of(path, file.span)?;
        if !self.files[at].entries.contains(&base.value) {
            self.unknown_base(at, Some(PathBuf::from(&file.value)), name, base);
            return None;
        }
        self.resolve(at, &base.value);
        self.files[at].entries.get(&base.value).cloned()
    }

    /// The index of the file at `path`, which is read only once.
    fn index_of(&mut self, path: PathBuf, span: Span) -> Option<FileIndex> {
        if let Some(known) = self.indices.get(&path) {
            return Some(*known);
        }
        let services = self.load.read(&path, span)?;
        self.files.push(services);
        let index = self.files.len() - 1;
        self.indices.insert(path, index);
        Some(index)
    }

    fn unknown_base(&mut self, at: FileIndex, file: Option<PathBuf>, name: &str, base: &Spanned<String>) {
        let service = name.to_owned();
        let extending = self.chain.last().map_or(OWN, |link| link.file);
        let what = self.what(extending);
        if base.value.is_empty() {
            self.load.error(ExtendsError::NoService { what, service, span: base.span });
            return;
        }
        if file.is_none() && self.load.is_broken(self.files[at].section, &base.value) {
            return;
        }
        let closest = suggest::closest(&base.value, self.files[at].entries.keys()).map(str::to_owned);
        let here = file.is_some() && self.files[extending].entries.contains(&base.value) && base.value != name;
        let elsewhere = if file.is_none() { self.below.get(&base.value) } else { None };
        let folder = self.folder;
        let elsewhere = elsewhere.map(|path| path.strip_prefix(folder).unwrap_or(path).to_owned());
        self.load.error(ExtendsError::UnknownBase {
            what,
            service,
            base: base.clone(),
            file,
            closest,
            elsewhere,
            here,
        });
    }
}
