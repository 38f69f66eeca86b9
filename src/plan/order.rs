//! In which order services are visited: each after all it depends on.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanError;
use super::shared::{Shared, shared_services};
use crate::project::{Dependency, Project, Service, ServiceName};

/// The services to act on, each after its dependencies, in the order of their names otherwise.
///
/// # Errors
///
/// For a required dependency that is disabled or unknown, and for cycles.
pub(super) fn services_by_dependency(project: &Project) -> Result<Vec<ServiceName>, PlanError> {
    let mut visit = Visit { project, done: BTreeSet::new(), path: Vec::new(), order: Vec::new() };
    for name in project.services.keys() {
        visit.service(name)?;
    }
    Ok(visit.order)
}

struct Visit<'a> {
    project: &'a Project,
    done: BTreeSet<&'a ServiceName>,
    path: Vec<&'a ServiceName>,
    order: Vec<ServiceName>,
}

impl<'a> Visit<'a> {
    fn service(&mut self, name: &'a ServiceName) -> Result<(), PlanError> {
        if let Some(start) = self.path.iter().position(|above| *above == name) {
            let services = self.path[start..].iter().copied().chain([name]).cloned().collect();
            return Err(PlanError::Cycle { services });
        }
        if self.done.contains(name) {
            return Ok(());
        }
        let Some(service) = self.project.services.get(name) else { return Ok(()) };
        self.path.push(name);
        for (dependency, how) in &service.depends_on {
            self.check(service, dependency, how)?;
            self.service(dependency)?;
        }
        for reference in references(service).into_iter().chain(service.links.iter().map(|link| &link.service)) {
            self.service(reference)?;
        }
        self.path.pop();
        self.done.insert(name);
        self.order.push(name.clone());
        Ok(())
    }

    fn check(&self, service: &Service, dependency: &ServiceName, how: &Dependency) -> Result<(), PlanError> {
        if !how.required || self.project.services.contains_key(dependency) {
            return Ok(());
        }
        let (service, dependency) = (service.name.clone(), dependency.clone());
        match self.project.disabled.get(&dependency) {
            Some(disabled) => {
                Err(PlanError::DependencyDisabled { service, dependency, profiles: disabled.profiles.clone() })
            }
            None => Err(PlanError::DependencyUnknown { service, dependency }),
        }
    }
}

/// The services whose namespaces or volumes a service shares: `service:X` in `network_mode`, `ipc`, `pid`, `uts` and
/// `cgroup`, and `X` in `volumes_from`.
pub(super) fn references(service: &Service) -> BTreeSet<&ServiceName> {
    shared_services(service).map(|(_, other)| other).collect()
}

/// The services whose mounts a service takes over.
pub(super) fn volume_sources(service: &Service) -> impl Iterator<Item = &ServiceName> {
    shared_services(service).filter(|(shared, _)| *shared == Shared::Volumes).map(|(_, other)| other)
}

/// The services that depend on each service, with how they do.
pub(super) fn dependents(project: &Project) -> BTreeMap<&ServiceName, Vec<(&ServiceName, &Dependency)>> {
    let mut dependents: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, service) in &project.services {
        for (dependency, how) in &service.depends_on {
            dependents.entry(dependency).or_default().push((name, how));
        }
    }
    dependents
}
