//! One load in progress: the files read so far, what was found, and the steps that turn layers into one model
//! (compose-file.md §1.0, steps 1–15).

use std::path::{Path, PathBuf};

use crate::load::check::check_resources;
use crate::load::error::{LoadError, LoadWarning};
use crate::load::file::{FileError, FileRole};
use crate::load::findings::Findings;
use crate::load::interpolate;
use crate::load::layer::Layer;
use crate::load::merge::{Merger, merge_models};
use crate::load::normalize::{Captured, Environment, Level, resolve_environment};
use crate::load::paths::{self, Base};
use crate::load::reset::TaggedPaths;
use crate::load::short_form::{Unreadable, to_long_forms};
use crate::load::{LoadOptions, defaults, schema, surprise, unique};
use crate::source::{ReadError, Reader, SourceMap, Span};
use crate::yaml::{self, Mapping, Node, Value};

/// What the caller wants done or left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Whether variables are substituted.
    pub interpolate: bool,
    /// Whether the model is held against the file format.
    pub validate: bool,
}

impl Settings {
    pub(super) fn of(options: &LoadOptions) -> Self {
        Self { interpolate: options.interpolate, validate: true }
    }
}

/// The files read so far and what was found in them.
pub(super) struct Loader<'a> {
    pub reader: Reader,
    pub sources: SourceMap,
    pub findings: Findings,
    pub settings: Settings,
    /// What `~` stands for.
    pub home: &'a str,
    /// Whether an env file has errors, so that what seems unset may be set there.
    pub variables_missing: bool,
    /// Content of secrets that come in by `include`.
    pub captured: Captured,
    /// Whether something could not be read, so that what seems undefined may be defined there.
    pub incomplete: bool,
}

/// What a set of files is read with: the project's own, or those of one `include`.
pub(super) struct Scope<'a> {
    /// The project directory, absolute.
    pub folder: &'a str,
    /// What relative paths are put below; `None` leaves them as they are.
    pub resolve_from: Option<&'a str>,
    /// The variables.
    pub environment: &'a Environment,
    /// The main files on the way here.
    pub included: &'a [PathBuf],
}

impl<'a> Loader<'a> {
    /// A load that has read nothing yet.
    pub(super) fn new(options: &'a LoadOptions, settings: Settings) -> Self {
        Self {
            reader: options.reader.clone(),
            sources: SourceMap::default(),
            findings: Findings::default(),
            settings,
            home: options.environment.get("HOME").map_or("", String::as_str),
            variables_missing: false,
            captured: Captured::new(),
            incomplete: false,
        }
    }
}

impl Loader<'_> {
    /// The documents of a file; what is wrong with it is reported. `span` is where another file names it.
    pub(super) fn read_layers(&mut self, path: &Path, span: Option<Span>) -> Vec<Layer> {
        // A file on the command line may be a pipe, which somebody writes to.
        let read = if span.is_some() { self.reader.read_named(path) } else { self.reader.read(path) };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.incomplete = true;
                self.unreadable(path, error, span, FileRole::Compose);
                return Vec::new();
            }
        };
        let file = self.sources.add_bytes(path, bytes);
        let parsed = yaml::parse(&self.sources, file);
        self.incomplete |= !parsed.errors.is_empty();
        self.findings.errors(parsed.errors);
        let mut layers = Vec::with_capacity(parsed.documents.len());
        for mut node in parsed.documents {
            if node.as_mapping().is_none() {
                self.incomplete = true;
                self.findings.error(LoadError::NotAMapping { found: node.value.kind(), span: node.span });
                continue;
            }
            let tagged = TaggedPaths::take(&mut node);
            layers.push(Layer { node, tagged });
        }
        layers
    }

    /// Reports a file that cannot be read.
    pub(super) fn unreadable(&mut self, path: &Path, error: ReadError, span: Option<Span>, role: FileRole) {
        self.findings.error(FileError { path: path.to_owned(), error, role, span });
    }

    /// What merges report to.
    pub(super) fn merger(&mut self) -> Merger<'_> {
        Merger { sources: &self.sources, findings: &mut self.findings }
    }

    /// Expands the variables of a layer.
    pub(super) fn substitute(&mut self, node: &mut Node, environment: &Environment) {
        if !self.settings.interpolate {
            return;
        }
        let lookup = |name: &str| environment.get(name).cloned();
        let mut found = interpolate::Findings::default();
        interpolate::interpolate(node, &lookup, &self.sources, &mut found);
        self.findings.errors(found.errors);
        // A variable may be set in an env file that could not be read.
        if !self.variables_missing {
            self.findings.warnings(found.warnings);
        }
    }

    /// Puts the layers of one set of files over each other. `None` where there are none.
    pub(super) fn build(&mut self, layers: Vec<Layer>, scope: &Scope<'_>) -> Option<Node> {
        let span = layers.first()?.node.span;
        let mut model = Node::new(Value::Mapping(Mapping::new()), span);
        for layer in layers {
            self.add_layer(layer, &mut model, scope);
        }
        defaults::fill(&mut model);
        if self.settings.validate {
            check_resources(&model, &mut self.findings);
        }
        if let Some(folder) = scope.resolve_from {
            paths::resolve(&mut model, Base { folder, home: self.home }, &mut self.findings);
        }
        let level = if scope.included.len() > 1 { Level::Included } else { Level::Project };
        resolve_environment(&mut model, scope.environment, level, &mut self.captured);
        Some(model)
    }

    fn add_layer(&mut self, mut layer: Layer, model: &mut Node, scope: &Scope<'_>) {
        self.substitute(&mut layer.node, scope.environment);
        surprise::look(&layer.node, &self.sources, &mut self.findings);
        self.include(&mut layer, scope);
        layer.tagged.apply(model);
        self.extend(&mut layer, model, scope);
        merge_models(model, layer.node, &mut self.merger());
        unique::enforce(model, &mut self.findings);
        if self.settings.validate {
            schema::validate(model, &self.sources, &mut self.findings);
        }
        self.drop_version(model);
        let unreadable = if self.settings.interpolate { Unreadable::Refused } else { Unreadable::Kept };
        to_long_forms(model, unreadable, &self.sources, &mut self.findings);
        unique::enforce(model, &mut self.findings);
    }

    fn drop_version(&mut self, model: &mut Node) {
        let Some(model) = model.as_mapping_mut() else { return };
        let Some(span) = model.entry("version").map(|(key, _)| key.span) else { return };
        model.remove("version");
        self.findings.warn(LoadWarning::Version { span });
    }
}
