//! Models: the variables of services that use them, and what is pulled and configured.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::observed::{ModelRunner, Observed};
use crate::plan::{Action, ActionId, ModelSpec, PlanBuilder, PlanError, Reason, Step, Warning};
use crate::project::{Model, ModelKey, Project, Service, ServiceModel, ServiceName};

/// The models of a run, each with the last step that prepares it.
#[derive(Debug, Default)]
pub(in crate::plan) struct Models(BTreeMap<ModelKey, ActionId>);

impl Models {
    /// The steps that prepare the models of a service.
    pub(in crate::plan) fn of_service(&self, service: &Service) -> impl Iterator<Item = ActionId> {
        service.models.keys().filter_map(|key| self.0.get(key)).copied()
    }

    /// The steps that prepare models.
    pub(in crate::plan) fn steps(&self) -> impl Iterator<Item = ActionId> {
        self.0.values().copied()
    }
}

/// The project with variables that tell its services the references and endpoints of their models. They are part of the
/// definition and override the service's own, as in Docker Compose.
///
/// # Errors
///
/// [`PlanError::NoModelPlugin`] if a service uses a model and there is no model runner.
pub(in crate::plan) fn with_variables(project: &Arc<Project>, observed: &Observed) -> Result<Arc<Project>, PlanError> {
    let Some(first) = project.services.values().find(|service| !service.models.is_empty()) else {
        return Ok(project.clone());
    };
    let Some(runner) = &observed.models else {
        return Err(PlanError::NoModelPlugin { service: first.name.clone() });
    };
    let mut project = Project::clone(project);
    for service in project.services.values_mut() {
        for (key, reference) in &service.models {
            let Some(model) = project.models.get(key) else { continue };
            let names = VariableNames::of(key, reference.as_ref());
            service.environment.insert(names.model, Some(model.model.clone()));
            service.environment.insert(names.endpoint, Some(runner.endpoint.clone()));
        }
    }
    Ok(Arc::new(project))
}

/// The variables that tell a service about a model.
#[derive(Debug, PartialEq, Eq)]
struct VariableNames {
    /// The variable for its reference.
    model: String,
    /// The variable for its endpoint.
    endpoint: String,
}

impl VariableNames {
    fn of(key: &ModelKey, reference: Option<&ServiceModel>) -> Self {
        let prefix = key.as_str().to_uppercase().replace('-', "_");
        let given = |name: Option<&String>| name.filter(|name| !name.is_empty()).cloned();
        let model = given(reference.and_then(|own| own.model_var.as_ref()));
        let endpoint = given(reference.and_then(|own| own.endpoint_var.as_ref()));
        Self {
            model: model.unwrap_or_else(|| format!("{prefix}_MODEL")),
            endpoint: endpoint.unwrap_or_else(|| format!("{prefix}_URL")),
        }
    }
}

/// Adds the pulls and configurations, each model only once even if several services use it.
pub(in crate::plan) fn plan(
    project: &Arc<Project>,
    observed: &Observed,
    builder: &mut PlanBuilder,
    warnings: &mut Vec<Warning>,
) -> Models {
    let Some(runner) = &observed.models else { return Models::default() };
    let users = users(project);
    let specs = users.iter().filter_map(|(key, services)| {
        let model = project.models.get(*key)?;
        Some((*key, spec(project, runner, key, model, services)))
    });
    let mut models = Models::default();
    // Two keys may refer to the same model: it is pulled once, and configured in their order.
    let mut last: BTreeMap<String, ActionId> = BTreeMap::new();
    for (key, spec) in specs {
        let flags = project.models.get(key).map_or(0, |model| model.runtime_flags.len());
        if flags > spec.runtime_flags.len() {
            warnings.push(Warning::RuntimeFlagsLeftOut { model: key.clone(), version: runner.version.clone() });
        }
        let spec = Arc::new(spec);
        let full = ModelRunner::full_reference(&spec.reference);
        let before = last.get(&full).copied().or_else(|| {
            let missing = !runner.has(&spec.reference);
            missing.then(|| add(builder, Action::PullModel(spec.clone()), Reason::Missing, None))
        });
        let step = add(builder, Action::ConfigureModel(spec), Reason::EveryRun, before);
        last.insert(full, step);
        models.0.insert(key.clone(), step);
    }
    models
}

fn add(builder: &mut PlanBuilder, action: Action, reason: Reason, after: Option<ActionId>) -> ActionId {
    builder.add(Step { action, reason, guard: None }, after)
}

/// The models in use, and the services that use them.
fn users(project: &Project) -> BTreeMap<&ModelKey, BTreeSet<&ServiceName>> {
    let mut users: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for service in project.services.values() {
        for key in service.models.keys() {
            users.entry(key).or_default().insert(&service.name);
        }
    }
    users
}

fn spec(
    project: &Arc<Project>,
    runner: &ModelRunner,
    key: &ModelKey,
    model: &Model,
    services: &BTreeSet<&ServiceName>,
) -> ModelSpec {
    let flags = if runner.takes_runtime_flags() { model.runtime_flags.clone() } else { Vec::new() };
    ModelSpec {
        project: project.clone(),
        key: key.clone(),
        name: model.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| key.to_string()),
        reference: model.model.clone(),
        context_size: Some(model.context_size).filter(|size| *size > 0),
        runtime_flags: flags,
        services: services.iter().map(|service| (*service).clone()).collect(),
        plugin: runner.plugin.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_the_key_unless_the_service_says_so() {
        let names = |key: &str, own: Option<&ServiceModel>| {
            let VariableNames { model, endpoint } = VariableNames::of(&key.into(), own);
            (model, endpoint)
        };
        let pair = |model: &str, endpoint: &str| (model.to_owned(), endpoint.to_owned());
        assert_eq!(names("llm", None), pair("LLM_MODEL", "LLM_URL"));
        assert_eq!(names("my-big_llm", None), pair("MY_BIG_LLM_MODEL", "MY_BIG_LLM_URL"));
        let own = ServiceModel { model_var: Some("NAME".to_owned()), ..ServiceModel::default() };
        assert_eq!(names("llm", Some(&own)), pair("NAME", "LLM_URL"));
        let own = ServiceModel { endpoint_var: Some("AT".to_owned()), model_var: Some(String::new()), ..own };
        assert_eq!(names("llm", Some(&own)), pair("LLM_MODEL", "AT"));
    }
}
