//! `start`: the containers that are there start, each after what it depends on; none is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrange::writer::PlanWriter;
use super::decide::container::{self, Resources};
use super::decide::image::Images;
use super::decide::order;
use super::inputs::Inputs;
use super::{Plan, PlanBuilder, PlanError, ProjectSource, Recreate, StartOptions, UpOptions};
use crate::observed::{Container, Observed};
use crate::project::{Project, ServiceName};

/// What it takes to start the containers of a project that do not run.
///
/// # Errors
///
/// When there is no container, or a service has one name too many: what it depends on is not there.
pub fn start(source: &ProjectSource, observed: &Observed, options: &StartOptions) -> Result<Plan, PlanError> {
    let project = Arc::new(narrowed(&source.project(observed), &options.services)?);
    if !observed.containers.iter().any(Container::is_replica) {
        return nothing_to_start(source, &project);
    }
    let options = UpOptions { recreate: Recreate::Never, wait: options.wait, ..UpOptions::default() };
    let cx = Inputs { project: &project, observed, options: &options };
    let order = order::services_by_dependency(&project)?;
    let resources = Resources {
        images: Images::as_they_are(&project, &options),
        models: super::decide::model::Models::default(),
        networks: BTreeMap::new(),
        volumes: BTreeMap::new(),
        emptied: std::collections::BTreeSet::new(),
    };
    let decisions = container::keep(&cx);
    let mut writer = PlanWriter::new(cx, &resources, &decisions, PlanBuilder::default());
    for name in &order {
        writer.creations(name);
    }
    for name in &order {
        writer.service(name);
    }
    writer.command_waits(&order);
    Ok(writer.into_plan(Vec::new()))
}

/// The project with nothing to act on but the services named, and what they depend on. Programs that provide services
/// are not asked: `start` makes nothing.
fn narrowed(project: &Project, services: &[ServiceName]) -> Result<Project, PlanError> {
    let mut narrowed = project.clone();
    if let Some(unknown) = services.iter().find(|name| !project.services.contains_key(*name)) {
        return Err(PlanError::UnknownService { service: unknown.clone() });
    }
    narrowed.selected = services.to_vec();
    let needed = if services.is_empty() {
        project.services.keys().cloned().collect()
    } else {
        order::with_dependencies(project, services)
    };
    for (name, service) in &project.services {
        if !needed.contains(name) || service.provider.is_some() {
            narrowed.services.remove(name);
            narrowed.disabled.insert(name.clone(), service.clone());
        }
    }
    for service in narrowed.services.values_mut() {
        service.depends_on.retain(|name, _| narrowed.disabled.get(name).is_none_or(|it| it.provider.is_none()));
    }
    Ok(narrowed)
}

/// Why nothing can be started where there is no container at all.
fn nothing_to_start(source: &ProjectSource, project: &Project) -> Result<Plan, PlanError> {
    match source {
        ProjectSource::Labels(name) => Err(PlanError::NoContainers { project: name.clone() }),
        ProjectSource::Files(_) => {
            let order = order::services_by_dependency(project)?;
            let wanted = order.into_iter().find(|name| project.services.get(name).is_some_and(|it| it.replicas() > 0));
            match wanted {
                Some(service) => Err(PlanError::NoContainerToStart { service }),
                None => Ok(PlanBuilder::default().build()),
            }
        }
    }
}
