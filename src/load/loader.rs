//! Files in, one merged model out: the state of a load, and the steps that merge layers.

use std::path::{Path, PathBuf};

use crate::diagnostic::Explain;
use crate::load::check::check_resources;
use crate::load::env_file::VariableFiles;
use crate::load::error::{LoadError, LoadWarning};
use crate::load::extends::{self, ExtendsError, ExtendsWarning};
use crate::load::findings::Findings;
use crate::load::include::{self, Included, Item};
use crate::load::layer::{self, Layer};
use crate::load::merge::{Merger, merge_models, merge_resources};
use crate::load::normalize::{Captured, Environment, Level, resolve_environment};
use crate::load::outcome::LoadFailure;
use crate::load::paths::{self, Base};
use crate::load::reset::TaggedPaths;
use crate::load::short_form::{Unreadable, to_long_forms};
use crate::load::{
    LoadOptions, Purpose, consequences, defaults, interpolate, lint, look_alike, own_lint, schema, unique,
};
use crate::project::Project;
use crate::source::{Reader, SourceMap, Span};
use crate::yaml::{Mapping, Node, Value};

/// Which steps the caller wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Whether variables are substituted.
    pub interpolate: bool,
    /// Whether the model is checked against the file format.
    pub validate: bool,
    /// Whether variables that are given by name only get their values, and secrets and configs their content.
    pub fill_values: bool,
}

impl Settings {
    pub(super) fn of(options: &LoadOptions) -> Self {
        Self { interpolate: options.interpolate, validate: true, fill_values: true }
    }
}

/// The files read so far and the problems found in them.
pub(super) struct Loader<'a> {
    pub reader: Reader,
    pub sources: SourceMap,
    pub findings: Findings<LoadError, LoadWarning>,
    pub settings: Settings,
    /// The home folder, for `~`.
    pub home: &'a str,
    /// The process environment.
    pub shell: &'a Environment,
    /// Whether an env file has errors, so that variables that seem unset may be set there.
    pub variables_missing: bool,
    /// Content of secrets from `include`d files.
    pub captured: Captured,
    /// Whether a file could not be read, so that names that seem undefined may be defined there.
    pub incomplete: bool,
}

/// The context that a set of files is read in: the project's own, or that of one `include`.
pub(super) struct Scope<'a> {
    /// The project directory, absolute.
    pub folder: &'a str,
    /// The base for relative paths; `None` leaves them as they are.
    pub resolve_from: Option<&'a str>,
    /// The variables.
    pub environment: &'a Environment,
    /// The chain of main files that led here.
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
            shell: &options.environment,
            home: options.environment.get("HOME").map_or("", String::as_str),
            variables_missing: false,
            captured: Captured::new(),
            incomplete: false,
        }
    }

    /// The result, with the files and warnings; a failure if there were errors.
    pub(super) fn finish<T>(self, result: Option<T>) -> Result<(SourceMap, Vec<LoadWarning>, T), LoadFailure> {
        let Self { reader, sources, findings, .. } = self;
        let (errors, warnings) = findings.into_parts();
        let mut errors = consequences::remove(look_alike::explain(errors, &sources));
        let warnings = caused_by_tags(&mut errors, warnings, &sources);
        for error in &mut errors {
            if let LoadError::Check(error) = error {
                error.look_beside(&sources);
            } else if let LoadError::Extends(error) = error {
                error.look_beside(&sources, &reader);
            }
        }
        match result {
            Some(result) if errors.is_empty() => Ok((sources, warnings, result)),
            _ => Err(LoadFailure { sources, errors, warnings }),
        }
    }
}

impl Loader<'_> {
    /// The documents of a file; reports its errors. `span` is where another file refers to it.
    pub(super) fn read_layers(&mut self, path: &Path, span: Option<Span>) -> Vec<Layer> {
        let Self { reader, sources, findings, .. } = self;
        let before = findings.error_count();
        let layers = findings.phase(|found| layer::read(path, span, reader, sources, found));
        self.incomplete |= self.findings.error_count() > before;
        layers
    }

    /// Merges the layers of one set of files. `None` if there are none.
    pub(super) fn build(&mut self, layers: Vec<Layer>, scope: &Scope<'_>) -> Option<Node> {
        let mut model = empty_model(layers.first()?.node.span);
        for layer in layers {
            self.add_layer(layer, &mut model, scope);
        }
        defaults::fill(&mut model);
        if self.settings.validate {
            self.findings.phase(|found| check_resources(&model, found));
        }
        if let Some(folder) = scope.resolve_from {
            self.resolve_paths(&mut model, folder);
        }
        let level = if scope.included.len() > 1 { Level::Included } else { Level::Project };
        if self.settings.fill_values {
            resolve_environment(&mut model, scope.environment, level, &mut self.captured);
        }
        Some(model)
    }

    fn add_layer(&mut self, mut layer: Layer, model: &mut Node, scope: &Scope<'_>) {
        self.substitute(&mut layer.node, scope.environment);
        self.findings.phase(|found| lint::look(&layer.node, &self.sources, found));
        self.findings.phase(|found| own_lint::look_at_layer(&layer.node, &self.sources, found));
        self.include(&mut layer, scope);
        layer.tagged.apply(model);
        self.extend(&mut layer, model, scope);
        self.merge(model, layer.node);
        self.drop_repetitions(model);
        if self.settings.validate {
            self.findings.phase(|found| schema::validate(model, &self.sources, found));
        }
        self.drop_version(model);
        self.expand_short_forms(model);
        self.drop_repetitions(model);
    }

    /// Expands the variables of a layer.
    fn substitute(&mut self, node: &mut Node, environment: &Environment) {
        if !self.settings.interpolate {
            return;
        }
        let lookup = |name: &str| environment.get(name).cloned();
        let mut found = interpolate::Findings::default();
        interpolate::interpolate(node, &lookup, &self.sources, &mut found);
        // What a variable without a value leaves behind is no error of its own.
        for error in &mut found.errors {
            error.suggest(environment, self.shell);
            if let Some((section, name)) = error.resource_without_value() {
                self.findings.mark_broken(section, name);
            }
        }
        self.findings.errors(found.errors);
        // A variable may be set in an env file that could not be read.
        if !self.variables_missing {
            self.findings.warnings(found.warnings);
        }
    }

    fn merge(&mut self, model: &mut Node, over: Node) {
        let Self { sources, findings, .. } = self;
        findings.phase(|findings| merge_models(model, over, &mut Merger { sources, findings }));
    }

    fn drop_repetitions(&mut self, model: &mut Node) {
        self.findings.phase(|found| unique::enforce(model, found));
    }

    fn drop_version(&mut self, model: &mut Node) {
        let Some(model) = model.as_mapping_mut() else { return };
        let Some(span) = model.entry("version").map(|(key, _)| key.span) else { return };
        model.remove("version");
        self.findings.warn(LoadWarning::Version { span });
    }

    fn expand_short_forms(&mut self, model: &mut Node) {
        let unreadable = if self.settings.interpolate { Unreadable::Refused } else { Unreadable::Kept };
        self.findings.phase(|found| to_long_forms(model, unreadable, &self.sources, found));
    }

    fn resolve_paths(&mut self, model: &mut Node, folder: &str) {
        let base = Base { folder, home: self.home };
        self.findings.phase(|found| paths::resolve(model, base, found));
    }
}

/// `include`: each item adds the model of other files.
impl Loader<'_> {
    /// Resolves and removes the `include` of the layer.
    fn include(&mut self, layer: &mut Layer, scope: &Scope<'_>) {
        let before = self.findings.error_count();
        let items = self.findings.phase(|found| include::take_items(layer, found));
        self.incomplete |= self.findings.error_count() > before;
        for item in items {
            if let Some(imported) = self.included_model(&item, scope) {
                let Self { sources, findings, .. } = self;
                findings.phase(|findings| include::import(imported, layer, &mut Merger { sources, findings }));
            }
        }
    }

    /// The model of the included files, with paths relative to the project directory of `scope`.
    fn included_model(&mut self, item: &Item, scope: &Scope<'_>) -> Option<Node> {
        let included = match item.locate(scope.folder, scope.included) {
            Ok(included) => included,
            Err(error) => {
                self.incomplete = true;
                self.findings.error(error);
                return None;
            }
        };
        let environment = self.included_environment(&included, scope)?;
        let Included { files, folder, way, chain, .. } = &included;
        let layers: Vec<Layer> = files.iter().flat_map(|file| self.read_layers(&file.value, Some(file.span))).collect();
        let inner = Scope { folder, resolve_from: Some(way), environment: &environment, included: chain };
        self.build(layers, &inner)
    }

    /// The variables of `scope`, and those from the env files of the `include` that it lacks.
    fn included_environment(&mut self, included: &Included, scope: &Scope<'_>) -> Option<Environment> {
        let values = self.variable_files(|files| files.of_include(&included.env_files, scope.environment));
        self.incomplete |= values.is_none();
        let mut environment = scope.environment.clone();
        for (name, value) in values? {
            environment.entry(name).or_insert(value);
        }
        Some(environment)
    }
}

/// `env_file` and `label_file`.
impl Loader<'_> {
    /// Reads the `label_file`s of every enabled service, selected or not.
    pub(super) fn read_label_files(&mut self, project: &mut Project) {
        self.variable_files(|files| files.labels(project));
    }

    /// Reads the `env_file`s of the selected services into their `environment`.
    pub(super) fn read_service_env_files(&mut self, project: &mut Project, purpose: Purpose) {
        self.variable_files(|files| files.of_services(project, purpose));
    }

    fn variable_files<R>(&mut self, read: impl FnOnce(&mut VariableFiles<'_>) -> R) -> R {
        let Self { reader, sources, findings, .. } = self;
        findings.phase(|findings| read(&mut VariableFiles { reader, sources, findings }))
    }
}

/// `extends`: services inherit from other services, jobs from jobs of their file or services of another.
impl Loader<'_> {
    fn extend(&mut self, layer: &mut Layer, below: &Node, scope: &Scope<'_>) {
        for section in ["services", "jobs"] {
            if extends::is_used_in(layer, section) {
                let below = extends::files_of_services(below, section, &self.sources);
                extends::extend(layer, section, below, scope.folder, &mut ExtendedFiles { loader: self, scope });
            }
        }
    }
}

/// The loader as seen while resolving the `extends` of a layer.
struct ExtendedFiles<'a, 'b> {
    loader: &'a mut Loader<'b>,
    scope: &'a Scope<'a>,
}

impl extends::Files for ExtendedFiles<'_, '_> {
    fn read(&mut self, path: &Path, span: Span) -> Option<extends::Services> {
        let loader = &mut *self.loader;
        let errors = loader.findings.error_count();
        let layers = loader.read_layers(path, Some(span));
        if layers.is_empty() && loader.findings.error_count() > errors {
            return None;
        }
        let mut tagged = TaggedPaths::default();
        let mut model = empty_model(span);
        for mut layer in layers {
            loader.substitute(&mut layer.node, self.scope.environment);
            layer.tagged.apply(&mut model);
            tagged.extend(layer.tagged);
            loader.merge(&mut model, layer.node);
        }
        loader.drop_repetitions(&mut model);
        loader.expand_short_forms(&mut model);
        loader.drop_repetitions(&mut model);
        let folder = path.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
        loader.resolve_paths(&mut model, &paths::relative(self.scope.folder, &folder));
        let services = extends::Services::of_file(path, &mut model, tagged);
        if services.is_none() {
            self.error(ExtendsError::NoServices { file: path.to_owned(), span });
        }
        services
    }

    fn merge_service(&mut self, base: &mut Node, over: Node, name: &str) {
        let Loader { sources, findings, .. } = &mut *self.loader;
        findings.phase(|findings| merge_resources(base, over, "services", name, &mut Merger { sources, findings }));
    }

    fn error(&mut self, error: ExtendsError) {
        self.loader.findings.error(error);
    }

    fn warn(&mut self, warning: ExtendsWarning) {
        self.loader.findings.warn(warning);
    }

    fn mark_broken(&mut self, section: &str, service: &str) {
        self.loader.findings.mark_broken(section, service);
    }

    fn is_broken(&self, section: &str, service: &str) -> bool {
        self.loader.findings.is_broken(section, service)
    }
}

/// Replaces the errors about values that have an ignored tag, such as `web: !include web.yaml`, by those about the tag.
/// Returns the other warnings.
fn caused_by_tags(errors: &mut [LoadError], warnings: Vec<LoadWarning>, sources: &SourceMap) -> Vec<LoadWarning> {
    let follows = |tag: Span, error: &LoadError| {
        error.span().is_some_and(|span| {
            let text = sources.file(tag.file).text().get(tag.end as usize..span.start as usize);
            span.file == tag.file && text.is_some_and(|between| between.trim().is_empty())
        })
    };
    let mut kept = Vec::with_capacity(warnings.len());
    for warning in warnings {
        let LoadWarning::Tag(tag) = warning else {
            kept.push(warning);
            continue;
        };
        match errors.iter_mut().find(|error| follows(tag.0.span, error)) {
            Some(error) => *error = LoadError::Tag(tag),
            None => kept.push(LoadWarning::Tag(tag)),
        }
    }
    kept
}

fn empty_model(span: Span) -> Node {
    Node::new(Value::Mapping(Mapping::new()), span)
}
