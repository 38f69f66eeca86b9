//! Secrets and configs: refuses those that cannot be provided before anything is touched; warns of those that a
//! container will not see, or that changed since it was created.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::observed::Container;
use crate::plan::decide::container::{Change, Decision};
use crate::plan::decide::cover::{self, Cover, Effect};
use crate::plan::{Action, BuildSpec, ContainerSpec, CopyObstacle, Plan, PlanError, UpOptions, Warning};
use crate::project::fingerprint::Fingerprint;
use crate::project::label;
use crate::project::{CONFIGS_FOLDER, FileSource, Project, SECRETS_FOLDER, Service, ServiceName};

/// The digests of the secrets and configs of one service.
pub(in crate::plan) fn of_service(contents: &Fingerprint, service: &Service) -> Fingerprint {
    contents.only(|name| match name.split_once('.') {
        Some(("secret", name)) => service.secrets.iter().any(|secret| secret.source.as_str() == name),
        Some(("config", name)) => service.configs.iter().any(|config| config.source.as_str() == name),
        _ => false,
    })
}

/// Warns of secrets and configs that changed since the running containers that stay were created. Docker Compose does
/// not recreate containers for them either; a container that was stopped and started since then has the new content
/// anyway.
pub(in crate::plan) fn changes(
    contents: &Fingerprint,
    decisions: &BTreeMap<&ServiceName, Decision<'_>>,
    warnings: &mut Vec<Warning>,
) {
    for decision in decisions.values() {
        let now = of_service(contents, decision.service);
        let mut changed: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for slot in &decision.slots {
            let Change::Keep(container) = slot.change else { continue };
            for name in changed_in(container, &now) {
                changed.entry(name).or_default().push(slot.replica.clone());
            }
        }
        warnings.extend(changed.into_iter().filter_map(|(name, replicas)| {
            let (kind, name) = match name.split_once('.')? {
                ("secret", name) => ("secret", name.to_owned()),
                (_, name) => ("config", name.to_owned()),
            };
            Some(Warning::ContentChanged { kind, name, replicas, service: decision.service.name.clone() })
        }));
    }
}

/// The names whose digest in the label of a running container differs from the current one.
fn changed_in(container: &Container, now: &Fingerprint) -> Vec<String> {
    let label = container.labels.get(label::CONTENTS).filter(|_| container.is_up());
    let Some(kept) = label.and_then(|label| label.parse::<Fingerprint>().ok()) else { return Vec::new() };
    let both = |name: &str| kept.names().any(|kept| kept == name) && now.names().any(|now| now == name);
    kept.changed(now).into_iter().filter(|name| both(name)).collect()
}

/// A secret or config that a service gets.
struct Item<'a> {
    /// `secret` or `config`.
    kind: &'static str,
    name: &'a str,
    source: Option<&'a FileSource>,
    /// Its index among those of its kind, from 0.
    index: usize,
    /// Its path in containers.
    target: String,
}

fn items<'a>(project: &'a Project, service: &'a Service) -> impl Iterator<Item = Item<'a>> {
    let secrets = service.secrets.iter().enumerate().map(|(index, reference)| {
        let (name, target) = (reference.source.as_str(), reference.path_in(SECRETS_FOLDER));
        let source = project.secrets.get(name).and_then(|secret| secret.source.as_ref());
        Item { kind: "secret", name, source, index, target }
    });
    let configs = service.configs.iter().enumerate().map(|(index, reference)| {
        let (name, target) = (reference.source.as_str(), reference.path_in(CONFIGS_FOLDER));
        let source = project.configs.get(name).and_then(|config| config.source.as_ref());
        Item { kind: "config", name, source, index, target }
    });
    secrets.chain(configs)
}

impl Item<'_> {
    /// Why it has no content.
    fn absence(&self, missing_files: &BTreeSet<String>) -> Option<PlanError> {
        let Self { kind, name, .. } = *self;
        match self.source? {
            FileSource::Environment { variable, value: None } => {
                Some(PlanError::VariableUnset { variable: variable.clone(), kind, name: name.to_owned() })
            }
            FileSource::File(path) if missing_files.contains(path) => {
                Some(PlanError::FileMissing { kind, name: name.to_owned(), path: path.clone() })
            }
            FileSource::Environment { .. } | FileSource::File(_) | FileSource::Content(_) => None,
        }
    }

    /// Whether it is copied into containers; files are mounted instead.
    fn is_copied(&self) -> bool {
        matches!(self.source, Some(FileSource::Environment { .. } | FileSource::Content(_)))
    }

    /// What prevents copying it into a container.
    fn obstacle(&self, service: &Service) -> Option<CopyObstacle> {
        if !self.is_copied() {
            return None;
        }
        if service.read_only {
            return Some(CopyObstacle::ReadOnlyService);
        }
        let Cover { mount, effect } = cover::of(service, &self.target)?;
        match effect {
            Effect::ReadOnly => Some(CopyObstacle::ReadOnlyMount { path: self.target.clone(), mount }),
            Effect::Taken => Some(CopyObstacle::Mounted { path: self.target.clone() }),
            Effect::Kept | Effect::Hidden => None,
        }
    }

    fn error(&self, service: &Service, missing_files: &BTreeSet<String>) -> Option<PlanError> {
        self.absence(missing_files).or_else(|| {
            Some(PlanError::NotWritable {
                kind: self.kind,
                name: self.name.to_owned(),
                service: service.name.clone(),
                item: self.index.to_string(),
                obstacle: Box::new(self.obstacle(service)?),
            })
        })
    }

    /// The warning that a container will not see it.
    fn hidden(&self, service: &Service) -> Option<Warning> {
        let Cover { mount, effect: Effect::Hidden } = cover::of(service, &self.target)? else { return None };
        let (kind, name) = (self.kind, self.name.to_owned());
        let (service, item, path) = (service.name.clone(), self.index.to_string(), self.target.clone());
        self.is_copied().then_some(Warning::ContentHidden { kind, name, service, item, path, mount })
    }
}

/// Refuses a plan with a container or a build whose secrets and configs cannot be provided. A container that is only
/// created does not need a variable.
///
/// # Errors
///
/// For the first problem found.
pub(in crate::plan) fn check(plan: &Plan, options: &UpOptions) -> Result<(), PlanError> {
    let missing = &options.missing_files;
    let mut seen = BTreeSet::new();
    for (_, step) in plan.steps() {
        if let Action::BuildImage { spec, .. } = &step.action
            && let Some(error) = build_error(spec, missing)
        {
            return Err(error);
        }
        let starts = matches!(step.action, Action::StartContainer { .. });
        let Some(spec) = gets_files(&step.action) else { continue };
        let Some(service) = spec.project.services.get(&spec.replica.service) else { continue };
        if !seen.insert((&service.name, starts)) {
            continue;
        }
        let mut errors = items(&spec.project, service).filter_map(|item| item.error(service, missing));
        if let Some(error) = errors.find(|error| starts || !matches!(error, PlanError::VariableUnset { .. })) {
            return Err(error);
        }
    }
    Ok(())
}

/// The container that a step creates or starts.
fn gets_files(action: &Action) -> Option<&Arc<ContainerSpec>> {
    let (Action::StartContainer { spec: Some(spec), .. } | Action::CreateContainer(spec)) = action else { return None };
    Some(spec)
}

/// Why the secrets of a build cannot be provided.
fn build_error(spec: &BuildSpec, missing_files: &BTreeSet<String>) -> Option<PlanError> {
    spec.secrets.values().find_map(|secret| {
        let (name, source) = (secret.key.as_str(), secret.definition.as_ref()?.source.as_ref());
        Item { kind: "secret", name, source, index: 0, target: String::new() }.absence(missing_files)
    })
}

/// Warns of secrets and configs that the containers which a plan creates or starts will not see.
pub(in crate::plan) fn hidden(plan: &Plan) -> Vec<Warning> {
    let services = services_with_new_containers(plan).into_iter();
    services.flat_map(|(project, service)| items(project, service).filter_map(|item| item.hidden(service))).collect()
}

/// The services of the containers that a plan creates or starts, without duplicates, with their project.
pub(in crate::plan) fn services_with_new_containers(plan: &Plan) -> Vec<(&Project, &Service)> {
    let mut seen = BTreeSet::new();
    let specs = plan.steps().filter_map(|(_, step)| gets_files(&step.action));
    specs
        .filter(|spec| seen.insert(&spec.replica.service))
        .filter_map(|spec| Some((&*spec.project, spec.project.services.get(&spec.replica.service)?)))
        .collect()
}
