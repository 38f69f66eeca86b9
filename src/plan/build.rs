//! `build`: the images of services, and of those whose results their builds use.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::decide::base;
use super::decide::build::{Resolve, for_platforms, overridden};
use super::decide::builds::{BuildSteps, Occasion, with_contexts};
use super::{BuildDependencies, BuildOptions, Plan, PlanBuilder, PlanError, Reason};
use crate::project::{Project, Service, ServiceName};

/// The project with the `build` sections that `build` uses: those of the files, changed as the options say, for all
/// platforms that they list.
///
/// # Errors
///
/// If a service is to be built for a platform that its `build` does not list.
pub fn project_to_build(project: &Project, options: &BuildOptions) -> Result<Project, PlanError> {
    let mut changed = project.clone();
    for service in changed.services.values_mut().chain(changed.disabled.values_mut()) {
        let Some(build) = service.build.take() else { continue };
        service.build = Some(overridden(build, options));
    }
    for name in with_contexts(project, project.services.values()) {
        let service = changed.services.get_mut(name).or_else(|| changed.disabled.get_mut(name));
        let Some(service) = service else { continue };
        let Some(build) = service.build.take() else { continue };
        service.build = Some(for_platforms(service, build, options.default_platform.as_deref())?);
    }
    Ok(changed)
}

/// The services whose images `build` builds, and those whose results their builds use: the named ones, or all with a
/// `build`.
#[must_use]
pub fn services_to_build<'a>(project: &'a Project, options: &BuildOptions) -> BTreeSet<&'a ServiceName> {
    let built = asked_for(project, options);
    with_contexts(project, built)
}

/// The plan to build images. The project is that of [`project_to_build`].
///
/// # Errors
///
/// If a build needs its own result.
pub fn build(project: &Arc<Project>, options: &BuildOptions) -> Result<Plan, PlanError> {
    let mut builder = PlanBuilder::default();
    let mut builds = BuildSteps::new(project, options.default_platform.as_deref(), Resolve::AllPlatforms(options));
    for service in builds.in_order(asked_for(project, options)) {
        let Some(build) = &service.build else { continue };
        let occasion = Occasion { reason: Reason::BuildAsked, guard: None, after: None };
        builds.add(&mut builder, (service, build), occasion)?;
    }
    base::link(&builds, &options.base_images, &mut builder);
    Ok(builder.build())
}

/// The services with a `build` that the user asked for.
fn asked_for<'a>(project: &'a Project, options: &BuildOptions) -> Vec<&'a Service> {
    let dependencies = options.dependencies == BuildDependencies::Include;
    let services = project.services.values();
    let asked = services.filter(|service| dependencies || project.is_targeted(service.name.as_str()));
    asked.filter(|service| service.build.is_some()).collect()
}
