//! `restart`: containers stop and start again as they are, each after what it depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decide::{container, order};
use super::down::{container_ref, existing_spec};
use super::stop::replica_of;
use super::{
    Action, ActionId, Plan, PlanBuilder, PlanError, ProjectSource, Reason, RestartDependents, RestartOptions, Step,
    WaitCondition, WaitSpec, Waiter, Warning,
};
use crate::observed::{Container, Observed};
use crate::project::{Project, Service, ServiceName};

/// What it takes to restart services, and those that depend on them with `restart: true`: a dependent restarts once its
/// dependency is again as `depends_on` asks. Containers that do not run are started; none is made or changed.
///
/// # Errors
///
/// When a service is not there, or depends on itself.
pub fn restart(source: &ProjectSource, observed: &Observed, options: &RestartOptions) -> Result<Plan, PlanError> {
    let project = &with_restarting_edges(&source.project(observed));
    if let Some(unknown) = options.services.iter().find(|name| !project.services.contains_key(*name)) {
        return Err(PlanError::NoSuchService { service: unknown.clone() });
    }
    let chosen = chosen(project, options);
    let mut restart = Restart { project, observed, options, builder: PlanBuilder::default(), done: BTreeMap::new() };
    for name in order::services_by_dependency(project)? {
        if chosen.contains(&name) {
            restart.service(&name);
        }
    }
    let mut warnings = Vec::new();
    if let ProjectSource::Files(project) = source {
        let changed = chosen.iter().filter(|name| container::is_redefined(project, observed, name));
        let services: Vec<_> = changed.cloned().collect();
        if !services.is_empty() {
            warnings.push(Warning::RestartKeepsDefinition { services });
        }
    }
    Ok(restart.builder.build().with_warnings(warnings))
}

/// The project with none of the dependencies that a restart does not care about.
fn with_restarting_edges(project: &Project) -> Arc<Project> {
    let mut project = project.clone();
    for service in project.services.values_mut() {
        service.depends_on.retain(|_, how| how.restart);
    }
    Arc::new(project)
}

fn chosen(project: &Project, options: &RestartOptions) -> BTreeSet<ServiceName> {
    if options.services.is_empty() {
        return project.services.keys().cloned().collect();
    }
    match options.dependents {
        RestartDependents::Yes => order::with_dependents(project, &options.services),
        RestartDependents::No => options.services.iter().cloned().collect(),
    }
}

struct Restart<'a> {
    project: &'a Arc<Project>,
    observed: &'a Observed,
    options: &'a RestartOptions,
    builder: PlanBuilder,
    /// The services so far: their containers, and the steps that restart them.
    done: BTreeMap<ServiceName, Vec<(&'a Container, ActionId)>>,
}

impl Restart<'_> {
    fn service(&mut self, name: &ServiceName) {
        let dependencies = self.project.services.get(name).map(|service| &service.depends_on);
        let mut before = Vec::new();
        let mut reason = Reason::Requested;
        for (dependency, how) in dependencies.into_iter().flatten() {
            let Some(restarted) = self.done.get(dependency).filter(|restarted| !restarted.is_empty()) else { continue };
            if !self.options.services.is_empty() && !self.options.services.contains(name) {
                reason = Reason::DependencyRestarted(dependency.clone());
            }
            let steps: Vec<_> = restarted.iter().map(|(_, step)| *step).collect();
            match WaitCondition::of(how.condition) {
                None => before.extend(steps),
                Some(condition) => {
                    let waiter = if how.required { Waiter::Dependents } else { Waiter::OptionalDependents };
                    let containers = restarted
                        .iter()
                        .map(|(container, _)| container_ref(container, replica_of(container, dependency)));
                    let ready = self.project.services.get(dependency).and_then(Service::ready);
                    let spec = WaitSpec {
                        service: dependency.clone(),
                        condition,
                        containers: containers.collect(),
                        waiter,
                        probing: super::Probing::default(),
                        ready: ready.filter(|_| condition != WaitCondition::CompletedSuccessfully),
                        monitor: std::time::Duration::ZERO,
                        timeout: None,
                    };
                    let action = Action::Wait(Arc::new(spec));
                    let needed = Reason::NeededBy(vec![name.clone()]);
                    before.push(self.builder.add(Step { action, reason: needed, guard: None }, steps));
                }
            }
        }
        let replicas = self.observed.containers.iter();
        let mut replicas: Vec<_> = replicas.filter(|it| it.is_replica() && it.service.as_ref() == Some(name)).collect();
        replicas.sort_by_key(|container| (container.number, &container.name));
        let restarted = replicas.into_iter().map(|container| {
            let replica = replica_of(container, name);
            let spec = replica.as_ref().and_then(|replica| existing_spec(self.project, container, replica));
            let container_ref = container_ref(container, replica);
            let action = Action::RestartContainer { container: container_ref, spec, timeout: self.options.timeout };
            let step = self.builder.add(Step { action, reason: reason.clone(), guard: None }, before.iter().copied());
            (container, step)
        });
        let restarted = restarted.collect();
        self.done.insert(name.clone(), restarted);
    }
}
