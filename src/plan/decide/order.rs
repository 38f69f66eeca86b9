//! The order in which services are visited: each after its dependencies.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::PlanError;
use crate::plan::decide::shared::{Shared, shared_services};
use crate::project::graph::ServiceGraph;
use crate::project::{Dependency, Project, Service, ServiceName};

/// The services to act on, each after its dependencies, otherwise sorted by name.
///
/// # Errors
///
/// For a required dependency that is disabled or unknown, and for cycles.
pub(in crate::plan) fn services_by_dependency(project: &Project) -> Result<Vec<ServiceName>, PlanError> {
    let mut visit = Visit { project, known: BTreeMap::new(), open: Vec::new(), order: Vec::new() };
    for name in project.services.keys() {
        visit.all_below(name)?;
    }
    Ok(visit.order)
}

/// A walk with an explicit stack: a long chain of services must not cause a stack overflow.
struct Visit<'a> {
    project: &'a Project,
    /// The services seen so far, and whether all their dependencies are in the order.
    known: BTreeMap<&'a ServiceName, Known>,
    /// The path to the current service.
    open: Vec<Open<'a>>,
    order: Vec<ServiceName>,
}

#[derive(PartialEq, Eq)]
enum Known {
    Open,
    Done,
}

/// A service on the path, with the dependencies not visited yet.
struct Open<'a> {
    service: &'a Service,
    needs: std::vec::IntoIter<(&'a ServiceName, Option<&'a Dependency>)>,
}

impl<'a> Visit<'a> {
    /// Visits a service after all its dependencies.
    fn all_below(&mut self, name: &'a ServiceName) -> Result<(), PlanError> {
        self.enter(name)?;
        while let Some(top) = self.open.last_mut() {
            let service = top.service;
            let Some((need, how)) = top.needs.next() else {
                self.open.pop();
                self.known.insert(&service.name, Known::Done);
                self.order.push(service.name.clone());
                continue;
            };
            if let Some(how) = how {
                self.check(service, need, how)?;
            }
            self.enter(need)?;
        }
        Ok(())
    }

    fn enter(&mut self, name: &'a ServiceName) -> Result<(), PlanError> {
        match self.known.get(name) {
            Some(Known::Done) => return Ok(()),
            Some(Known::Open) => return Err(self.cycle(name)),
            None => {}
        }
        let Some(service) = self.project.services.get(name) else { return Ok(()) };
        let dependencies = service.depends_on.iter().map(|(name, how)| (name, Some(how)));
        let shared = references(service).into_iter().chain(service.links.iter().map(|link| &link.service));
        let needs: Vec<_> = dependencies.chain(shared.map(|name| (name, None))).collect();
        self.known.insert(name, Known::Open);
        self.open.push(Open { service, needs: needs.into_iter() });
        Ok(())
    }

    /// The path from `name` back to itself.
    fn cycle(&self, name: &ServiceName) -> PlanError {
        let way = self.open.iter().map(|open| &open.service.name).skip_while(|above| *above != name);
        PlanError::Cycle { services: way.chain([name]).cloned().collect() }
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

/// The services whose namespaces or volumes a service uses: `service:X` in `network_mode`, `ipc`, `pid`, `uts` and
/// `cgroup`, and `X` in `volumes_from`.
pub(in crate::plan) fn references(service: &Service) -> BTreeSet<&ServiceName> {
    shared_services(service).map(|(_, other)| other).collect()
}

/// The services whose mounts a service uses through `volumes_from`.
pub(in crate::plan) fn volume_sources(service: &Service) -> impl Iterator<Item = &ServiceName> {
    shared_services(service).filter(|(shared, _)| *shared == Shared::Volumes).map(|(_, other)| other)
}

/// The dependents of each service, each with its dependency.
pub(in crate::plan) fn dependents(project: &Project) -> BTreeMap<&ServiceName, Vec<(&ServiceName, &Dependency)>> {
    let mut dependents: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, service) in &project.services {
        for (dependency, how) in &service.depends_on {
            dependents.entry(dependency).or_default().push((name, how));
        }
    }
    dependents
}

/// These services and all that they depend on, at any distance.
pub(in crate::plan) fn with_dependencies(project: &Project, services: &[ServiceName]) -> BTreeSet<ServiceName> {
    let mut needed: BTreeSet<ServiceName> = services.iter().cloned().collect();
    let mut left = services.to_vec();
    while let Some(name) = left.pop() {
        let dependencies = project.services.get(&name).into_iter().flat_map(|service| service.depends_on.keys());
        left.extend(dependencies.filter(|dependency| needed.insert((*dependency).clone())).cloned());
    }
    needed
}

/// These services and all that depend on them, at any distance.
pub(in crate::plan) fn with_dependents(project: &Project, services: &[ServiceName]) -> BTreeSet<ServiceName> {
    let graph = ServiceGraph::of(project.services.values());
    let dependents = services.iter().flat_map(|name| graph.dependents(name.as_str()));
    services.iter().chain(dependents).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::down::dependents_first;

    /// Many services, each depending on the next, and the last one perhaps on the first.
    fn chain(length: usize, closed: bool) -> Project {
        let name = |at: usize| ServiceName::from(format!("s{at:05}"));
        let mut project = Project::default();
        for at in 0..length {
            let mut service = Service::new(name(at));
            if at + 1 < length || closed {
                service
                    .depends_on
                    .insert(name((at + 1) % length), Dependency { required: true, ..Dependency::default() });
            }
            project.services.insert(name(at), service);
        }
        project
    }

    #[test]
    fn a_chain_has_an_order_however_long_it_is() {
        let project = chain(60_000, false);
        let order = services_by_dependency(&project).expect("there is no circle");
        assert_eq!((order.len(), order[0].as_str(), order[59_999].as_str()), (60_000, "s59999", "s00000"));
        let order = dependents_first(&project);
        assert_eq!((order.len(), order[0].as_str(), order[59_999].as_str()), (60_000, "s00000", "s59999"));
    }

    #[test]
    fn a_circle_is_told_in_one_line_however_long_it_is() {
        let error = services_by_dependency(&chain(3, true)).expect_err("a circle");
        assert_eq!(error.to_string(), "cycle found: s00000 -> s00001 -> s00002 -> s00000");
        let error = services_by_dependency(&chain(60_000, true)).expect_err("a circle");
        assert_eq!(error.to_string(), "cycle found: s00000 -> s00001 -> s00002 -> … 59996 more … -> s59999 -> s00000");
        assert_eq!(dependents_first(&chain(60_000, true)).len(), 60_000);
    }
}
