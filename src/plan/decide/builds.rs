//! The steps that build: each image once, after the builds whose results it is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build;
use crate::plan::{Action, ActionId, Guard, PlanBuilder, PlanError, Reason, Step};
use crate::project::graph::ServiceGraph;
use crate::project::value::ImageRef;
use crate::project::{Build, Project, Service, ServiceName};

/// An image reference and the platform it is wanted for.
pub(in crate::plan) type ImageKey = (String, Option<String>);

/// Adds builds to a plan.
pub(in crate::plan) struct BuildSteps<'a> {
    project: &'a Arc<Project>,
    default_platform: Option<&'a str>,
    resolve: build::Resolve<'a>,
    /// The builds so far, by image.
    steps: BTreeMap<ImageKey, ActionId>,
    /// The position of each service in an order in which every build comes after those that it uses as contexts; those
    /// in a cycle, and what needs them, have none.
    positions: BTreeMap<&'a ServiceName, usize>,
}

/// Why a build is in a plan, and when it takes place.
pub(in crate::plan) struct Occasion {
    pub(in crate::plan) reason: Reason,
    pub(in crate::plan) guard: Option<Guard>,
    /// What comes before it.
    pub(in crate::plan) after: Option<ActionId>,
}

impl<'a> BuildSteps<'a> {
    /// No builds yet, for a project whose services without `platform` are built for `default_platform`.
    pub(in crate::plan) fn new(
        project: &'a Arc<Project>,
        default_platform: Option<&'a str>,
        resolve: build::Resolve<'a>,
    ) -> Self {
        let mut this = Self { project, default_platform, resolve, steps: BTreeMap::new(), positions: BTreeMap::new() };
        let built = || known(project).filter_map(|service| Some((service, service.build.as_ref()?)));
        if built().any(|(_, build)| needed(build).next().is_some()) {
            let graph = ServiceGraph::new(built().map(|(service, build)| (service.name.clone(), needed(build))));
            let order: Vec<ServiceName> = graph.order().cloned().collect();
            let position = |(at, name): (usize, &ServiceName)| Some((&service(project, name.as_str())?.name, at));
            this.positions = order.iter().enumerate().filter_map(position).collect();
        } else {
            this.positions = built().enumerate().map(|(at, (service, _))| (&service.name, at)).collect();
        }
        this
    }

    /// The build of an image, if it was added.
    pub(in crate::plan) fn of(&self, key: &ImageKey) -> Option<ActionId> {
        self.steps.get(&same(key)).copied()
    }

    /// All builds.
    pub(in crate::plan) fn all(&self) -> impl Iterator<Item = ActionId> {
        self.steps.values().copied()
    }

    /// Services in an order in which their builds can be added; those in a cycle first.
    pub(in crate::plan) fn in_order(&self, mut services: Vec<&'a Service>) -> Vec<&'a Service> {
        services.sort_by_key(|service| self.positions.get(&service.name));
        services
    }

    /// Adds the build of a service, after those whose results it uses as contexts, unless it was added before. The
    /// latter may be of services that no profile enables.
    ///
    /// # Errors
    ///
    /// If a build needs its own result, or does not list the platform of its service, or `DOCKER_BUILDKIT` is not a
    /// boolean.
    pub(in crate::plan) fn add(
        &mut self,
        builder: &mut PlanBuilder,
        (service, build): (&'a Service, &'a Build),
        occasion: Occasion,
    ) -> Result<ActionId, PlanError> {
        let Occasion { reason, guard, after } = occasion;
        let key = self.key(service);
        if let Some(known) = self.of(&key) {
            if guard.is_none() {
                // It may have been added only in case a pull fails.
                builder.step_mut(known).guard = None;
            }
            return Ok(known);
        }
        self.check_platform(service, build)?;
        for (needed, build, by) in self.missing(service, build)? {
            self.check_platform(needed, build)?;
            let reason = Reason::NeededBy(vec![by.name.clone()]);
            self.push(builder, (needed, build), Occasion { reason, guard: None, after: None })?;
        }
        self.push(builder, (service, build), Occasion { reason, guard, after })
    }

    /// `build` has checked all services, and has a list of platforms of its own.
    fn check_platform(&self, service: &Service, build: &Build) -> Result<(), PlanError> {
        match self.resolve {
            build::Resolve::OnePlatform => {
                let default = self.default_platform.filter(|_| service.platform.is_none());
                build::check_platform(service, build, default)
            }
            build::Resolve::AllPlatforms(_) => Ok(()),
        }
    }

    fn push(
        &mut self,
        builder: &mut PlanBuilder,
        (service, build): (&Service, &Build),
        occasion: Occasion,
    ) -> Result<ActionId, PlanError> {
        let key = self.key(service);
        // Services that share an image have one build.
        if let Some(known) = self.of(&key) {
            return Ok(known);
        }
        let Occasion { reason, guard, after } = occasion;
        let contexts: Vec<_> = self.contexts(build).filter_map(|(other, _)| self.of(&self.key(other))).collect();
        let spec = build::resolve(self.project, (service, build), &key.0, key.1.as_deref(), self.resolve)?;
        let action = Action::BuildImage { project: self.project.clone(), spec: Arc::new(spec) };
        let id = builder.add(Step { action, reason, guard }, after.into_iter().chain(contexts));
        self.steps.insert(same(&key), id);
        Ok(id)
    }

    /// The services whose builds must come before that of `service` and were not added yet, in order, each with one
    /// that needs it.
    fn missing(
        &self,
        service: &'a Service,
        build: &'a Build,
    ) -> Result<Vec<(&'a Service, &'a Build, &'a Service)>, PlanError> {
        let mut found = BTreeMap::new();
        let mut left = vec![(service, build)];
        while let Some((user, build)) = left.pop() {
            if !self.positions.contains_key(&user.name) {
                return Err(self.cycle(service));
            }
            for (needed, build) in self.contexts(build) {
                let position = self.positions.get(&needed.name).copied();
                if self.of(&self.key(needed)).is_none() && !found.contains_key(&position) {
                    found.insert(position, (needed, build, user));
                    left.push((needed, build));
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// The services whose results a build uses as contexts.
    fn contexts(&self, build: &'a Build) -> impl Iterator<Item = (&'a Service, &'a Build)> + use<'a> {
        let project = self.project;
        needed(build).filter_map(|name| service(project, name)).filter_map(|other| Some((other, other.build.as_ref()?)))
    }

    fn key(&self, service: &Service) -> ImageKey {
        let platform = service.platform.as_deref().or(self.default_platform);
        (self.project.image_name(service), platform.map(str::to_owned))
    }

    /// A cycle among the builds that `service` needs.
    fn cycle(&self, needing: &Service) -> PlanError {
        let within = with_contexts(self.project, [needing]);
        let needs = within.into_iter().filter_map(|name| {
            let build = service(self.project, name.as_str())?.build.as_ref()?;
            Some((name.clone(), needed(build)))
        });
        let cycles = ServiceGraph::new(needs).cycles();
        let cycle = cycles.first().expect("a service without a position is in a cycle or needs one that is");
        let (first, second) = cycle.edges().next().expect("a cycle has a first service");
        let contexts = service(self.project, first.as_str()).and_then(|user| user.build.as_ref());
        let contexts = contexts.into_iter().flat_map(|build| &build.additional_contexts);
        let is_second = |text: &str| text.strip_prefix("service:") == Some(second.as_str());
        let context = contexts.filter(|(_, text)| is_second(text)).map(|(name, _)| name.clone()).next();
        let services = cycle.edges().map(|(user, _)| user).chain([first]).cloned().collect();
        PlanError::ContextCycle { services, context: context.unwrap_or_default() }
    }
}

/// The key under which all names of an image are the same.
fn same((image, platform): &ImageKey) -> ImageKey {
    (ImageRef::full(image), platform.clone())
}

/// All services of the files, enabled or not.
fn known(project: &Project) -> impl Iterator<Item = &Service> {
    project.services.values().chain(project.disabled.values())
}

/// A service of the files, enabled or not.
pub(in crate::plan) fn service<'a>(project: &'a Project, name: &str) -> Option<&'a Service> {
    project.services.get(name).or_else(|| project.disabled.get(name))
}

/// The names of the services whose results a build uses as contexts.
fn needed(build: &Build) -> impl Iterator<Item = &str> {
    build.additional_contexts.values().filter_map(|context| context.strip_prefix("service:"))
}

/// These services and all whose results their builds use as contexts, at any distance.
pub(in crate::plan) fn with_contexts<'a>(
    project: &'a Project,
    services: impl IntoIterator<Item = &'a Service>,
) -> BTreeSet<&'a ServiceName> {
    let mut left: Vec<&Service> = services.into_iter().collect();
    let mut found: BTreeSet<&ServiceName> = left.iter().map(|service| &service.name).collect();
    while let Some(user) = left.pop() {
        let names = user.build.iter().flat_map(needed);
        left.extend(names.filter_map(|name| service(project, name)).filter(|other| found.insert(&other.name)));
    }
    found
}
