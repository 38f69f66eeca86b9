//! Images: which are pulled, which are built, and what is known about their content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::observed::{Image, ImageDigest, Observed};
use crate::plan::decide::base;
use crate::plan::decide::build::Resolve;
use crate::plan::decide::builds::{BuildSteps, ImageKey, Occasion};
use crate::plan::inputs::Inputs;
use crate::plan::{
    Action, ActionId, BuildImages, Deferred, Edge, Guard, ImageMissingCause, Plan, PlanBuilder, PlanError, PullFailure,
    PullSpec, Reason, Step, UpOptions,
};
use crate::project::value::{Mount, MountKind, PullPolicy, PullRule};
use crate::project::{Build, Project, Service};

/// What is known about an image that containers need.
#[derive(Debug, Clone)]
pub(in crate::plan) struct ImageFact {
    /// The reference.
    pub(in crate::plan) reference: String,
    /// Its digest, now or once it exists.
    pub(in crate::plan) digest: Deferred<Option<ImageDigest>>,
    /// The engine's present image for this reference.
    pub(in crate::plan) present: Option<Image>,
    /// The last step that pulls or builds it.
    pub(in crate::plan) producer: Option<ActionId>,
}

/// The images of a run, and the steps that get them.
#[derive(Debug, Default)]
pub(in crate::plan) struct Images {
    facts: BTreeMap<ImageKey, ImageFact>,
    /// Every step that pulls or builds: no running container is touched before all of them have succeeded.
    pub(in crate::plan) steps: Vec<ActionId>,
}

impl Images {
    /// The images that the services have, where nothing is fetched, built or made from them.
    pub(in crate::plan) fn as_they_are(project: &Project, options: &UpOptions) -> Self {
        let fact = |key: ImageKey| {
            let (reference, digest) = (key.0.clone(), Deferred::Known(None));
            (key, ImageFact { reference, digest, present: None, producer: None })
        };
        Self { facts: wanted(project, options).into_keys().map(fact).collect(), steps: Vec::new() }
    }

    /// The image of a service.
    pub(in crate::plan) fn of_service(&self, project: &Project, service: &Service, options: &UpOptions) -> &ImageFact {
        let key = (project.image_name(service), platform(service, options));
        self.facts.get(&key).expect("every service with containers asked for its image")
    }

    /// The images a service mounts, by path in the container.
    pub(in crate::plan) fn mounted(
        &self,
        project: &Project,
        service: &Service,
        options: &UpOptions,
    ) -> BTreeMap<String, &ImageFact> {
        let mounts = service.volumes.iter().filter(|mount| mount.kind == MountKind::Image);
        mounts
            .filter_map(|mount| {
                let key = mounted_key(project, mount.source.as_deref()?, options);
                Some((mount.target.clone(), self.facts.get(&key)?))
            })
            .collect()
    }

    /// The steps that must end before a container of the service can be created and its hooks can run.
    pub(in crate::plan) fn before_create(
        &self,
        project: &Project,
        service: &Service,
        options: &UpOptions,
    ) -> Vec<ActionId> {
        let keys = uses_of(project, service, options).into_iter().map(|(key, _)| key).collect::<BTreeSet<_>>();
        keys.iter().filter_map(|key| self.facts.get(key)?.producer).collect()
    }
}

/// The images that a run of the project needs, with platforms: the snapshot must include them.
#[must_use]
pub fn wanted_images(project: &Project, options: &UpOptions) -> Vec<(String, Option<String>)> {
    wanted(project, options).into_keys().collect()
}

/// Why an image is wanted.
#[derive(Debug, Clone)]
struct Use<'a> {
    service: &'a Service,
    kind: UseKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseKind {
    /// Its containers are created from it.
    Own,
    /// Its containers mount it.
    Mounted,
    /// A hook runs in it.
    Hook,
}

/// The path in the model that refers to an image of a service: its own, one that a hook runs in, or one that it mounts.
#[must_use]
pub fn place_of_image(project: &Project, service: &Service, image: &str) -> Vec<String> {
    let mut place = vec!["services".to_owned(), service.name.to_string()];
    let is_mounted = |mount: &Mount| {
        let source = mount.source.as_deref().filter(|_| mount.kind == MountKind::Image);
        source.is_some_and(|source| mounted_name(project, source) == image)
    };
    if project.image_name(service) == image {
        place.push(if service.image.is_some() { "image" } else { "build" }.to_owned());
    } else if let Some(hook) = service.pre_start.iter().position(|hook| hook.container.image.as_deref() == Some(image))
    {
        place.extend(["pre_start".to_owned(), hook.to_string(), "image".to_owned()]);
    } else if let Some(mount) = service.volumes.iter().position(is_mounted) {
        place.extend(["volumes".to_owned(), mount.to_string(), "source".to_owned()]);
    }
    place
}

/// Refuses a plan that creates a container, or runs a hook, from an image that does not exist and that no step pulls or
/// builds.
///
/// # Errors
///
/// [`PlanError::ImageMissing`] for the first of them.
pub(in crate::plan) fn check(cx: &Inputs<'_>, plan: &Plan, images: &Images) -> Result<(), PlanError> {
    let Inputs { project, options, .. } = *cx;
    for (_, step) in plan.steps() {
        let hook = matches!(step.action, Action::RunPreStart { .. });
        let (Action::CreateContainer(spec) | Action::RunPreStart { spec, .. }) = &step.action else { continue };
        let Some(service) = project.services.get(&spec.replica.service) else { continue };
        for (key, kind) in uses_of(project, service, options) {
            let missing = images.facts.get(&key).is_none_or(|fact| fact.producer.is_none() && fact.present.is_none());
            if missing && hook == (kind == UseKind::Hook) {
                let used = Use { service, kind };
                let cause = match used.rule(options) {
                    PullRule::Build if service.build.is_none() => ImageMissingCause::NothingToBuild,
                    PullRule::Never => ImageMissingCause::NeverPulled,
                    PullRule::Build | PullRule::Always | PullRule::Missing | PullRule::Refresh(_) => {
                        ImageMissingCause::NotBuilt
                    }
                };
                let place = place_of_image(project, service, &key.0);
                return Err(PlanError::ImageMissing { image: key.0, place, cause });
            }
        }
    }
    Ok(())
}

fn wanted<'a>(project: &'a Project, options: &UpOptions) -> BTreeMap<ImageKey, Vec<Use<'a>>> {
    let mut wanted: BTreeMap<ImageKey, Vec<Use<'a>>> = BTreeMap::new();
    for service in project.services.values() {
        for (key, kind) in uses_of(project, service, options) {
            wanted.entry(key).or_default().push(Use { service, kind });
        }
    }
    wanted
}

fn uses_of(project: &Project, service: &Service, options: &UpOptions) -> Vec<(ImageKey, UseKind)> {
    if service.provider.is_some() {
        return Vec::new();
    }
    let platform = platform(service, options);
    let mut uses = vec![((project.image_name(service), platform.clone()), UseKind::Own)];
    for hook in &service.pre_start {
        if let Some(image) = hook.container.image.as_ref().filter(|image| **image != uses[0].0.0) {
            uses.push(((image.clone(), platform.clone()), UseKind::Hook));
        }
    }
    for mount in service.volumes.iter().filter(|mount| mount.kind == MountKind::Image) {
        if let Some(source) = &mount.source {
            uses.push((mounted_key(project, source, options), UseKind::Mounted));
        }
    }
    uses
}

/// The image of a mount: given by reference, or by the service that builds or runs it.
fn mounted_name(project: &Project, source: &str) -> String {
    let service = project.services.get(source).or_else(|| project.disabled.get(source));
    service.map_or_else(|| source.to_owned(), |service| project.image_name(service))
}

fn mounted_key(project: &Project, source: &str, options: &UpOptions) -> ImageKey {
    let service = project.services.get(source).or_else(|| project.disabled.get(source));
    let platform = service.map_or_else(|| options.default_platform.clone(), |service| platform(service, options));
    (mounted_name(project, source), platform)
}

fn platform(service: &Service, options: &UpOptions) -> Option<String> {
    service.platform.clone().or_else(|| options.default_platform.clone())
}

/// Adds the pulls and builds, each image only once even if several services need it.
///
/// # Errors
///
/// If a build needs its own result, or does not list the platform of its service.
pub(in crate::plan) fn plan(
    project: &Arc<Project>,
    observed: &Observed,
    options: &UpOptions,
    builder: &mut PlanBuilder,
) -> Result<Images, PlanError> {
    let wanted = wanted(project, options);
    let builds = BuildSteps::new(project, options.default_platform.as_deref(), Resolve::OnePlatform);
    let mut steps = ImageSteps { builder, images: Images::default(), builds };
    for (key, uses) in &wanted {
        let decision = decide(uses, observed.images.get(key), options);
        steps.emit(key, uses, observed.images.get(key), &decision)?;
    }
    steps.add_builds();
    let pulls = base::link(&steps.builds, &options.base_images, steps.builder);
    steps.images.steps.extend(pulls);
    Ok(steps.images)
}

/// How to get an image.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    /// Use the existing one; if it is missing, the engine reports that.
    Use,
    /// Pull it.
    Pull { reason: Reason, on_failure: PullFailure },
    /// Pull it; if that fails, build it.
    PullElseBuild { reason: Reason },
    /// Build it.
    Build { reason: Reason },
}

fn decide(uses: &[Use<'_>], present: Option<&Image>, options: &UpOptions) -> Decision {
    let can_build = options.build != BuildImages::Never && uses.iter().any(Use::builds);
    if can_build && uses.iter().any(|used| used.builds() && used.rule(options) == PullRule::Build) {
        return Decision::Build { reason: Reason::BuildAsked };
    }
    let pull = uses.iter().find_map(|used| used.pull_reason(present, options));
    match pull {
        Some(reason) if can_build && present.is_none() => Decision::PullElseBuild { reason },
        Some(reason) => {
            let on_failure = if can_build { PullFailure::Tolerate } else { PullFailure::Fail };
            Decision::Pull { reason, on_failure }
        }
        None if can_build && present.is_none() => Decision::Build { reason: Reason::Missing },
        None => Decision::Use,
    }
}

impl Use<'_> {
    fn builds(&self) -> bool {
        self.kind == UseKind::Own && self.service.build.is_some()
    }

    /// The effective pull policy: `--build`, else `--pull`, else the service's.
    fn rule(&self, options: &UpOptions) -> PullRule {
        if options.build == BuildImages::Always && self.builds() {
            return PullRule::Build;
        }
        let rule = options.pull.as_ref().map_or_else(|| self.service.pull_rule(), PullPolicy::rule);
        match (self.kind, rule) {
            (UseKind::Mounted, _) | (UseKind::Hook, PullRule::Build) => PullRule::Missing,
            (UseKind::Own | UseKind::Hook, rule) => rule,
        }
    }

    /// Why this use requires a pull; `None` if it does not.
    fn pull_reason(&self, present: Option<&Image>, options: &UpOptions) -> Option<Reason> {
        if self.kind == UseKind::Own && self.service.image.is_none() {
            return None;
        }
        let missing = present.is_none().then_some(Reason::Missing);
        match self.rule(options) {
            PullRule::Always => Some(self.by_policy(options)),
            PullRule::Missing => missing,
            PullRule::Never | PullRule::Build => None,
            PullRule::Refresh(every) => missing.or_else(|| {
                let tagged = present?.tagged_at;
                let due = options.now > 0 && tagged.is_none_or(|at| options.now > at.saturating_add(every.as_secs()));
                due.then(|| self.by_policy(options))
            }),
        }
    }

    fn by_policy(&self, options: &UpOptions) -> Reason {
        let policy = options.pull.as_ref().or(self.service.pull_policy.as_ref());
        Reason::PullPolicy(policy.map_or_else(String::new, ToString::to_string))
    }
}

struct ImageSteps<'a> {
    builder: &'a mut PlanBuilder,
    images: Images,
    builds: BuildSteps<'a>,
}

impl<'a> ImageSteps<'a> {
    fn emit(
        &mut self,
        key: &ImageKey,
        uses: &[Use<'a>],
        present: Option<&Image>,
        decision: &Decision,
    ) -> Result<(), PlanError> {
        let producer = match decision {
            Decision::Use => None,
            Decision::Pull { reason, on_failure } => Some(self.pull(key, uses, reason, *on_failure)),
            Decision::PullElseBuild { reason } => {
                let pull = self.pull(key, uses, reason, PullFailure::Tolerate);
                let guard = Some(Guard::ImageMissing { producer: pull, image: key.0.clone() });
                self.build(uses, Occasion { reason: Reason::Missing, guard, after: Some(pull) })?.or(Some(pull))
            }
            Decision::Build { reason } => {
                self.build(uses, Occasion { reason: reason.clone(), guard: None, after: None })?
            }
        };
        let digest = match producer {
            Some(step) => Deferred::From(step),
            None => Deferred::Known(present.map(|image| image.digest.clone())),
        };
        let fact = ImageFact { reference: key.0.clone(), digest, present: present.cloned(), producer };
        self.images.facts.insert(key.clone(), fact);
        Ok(())
    }

    fn pull(&mut self, key: &ImageKey, uses: &[Use<'_>], reason: &Reason, on_failure: PullFailure) -> ActionId {
        let services = uses.iter().map(|used| used.service.name.clone()).collect::<BTreeSet<_>>();
        let spec = PullSpec {
            image: key.0.clone(),
            platform: key.1.clone(),
            services: services.into_iter().collect(),
            built_by: uses.iter().filter(|used| used.builds()).map(|used| used.service.name.clone()).collect(),
            on_failure,
        };
        let action = Action::PullImage(Arc::new(spec));
        let id = self.builder.add(Step { action, reason: reason.clone(), guard: None }, []);
        self.images.steps.push(id);
        id
    }

    fn build(&mut self, uses: &[Use<'a>], occasion: Occasion) -> Result<Option<ActionId>, PlanError> {
        buildable(uses).map(|built| self.builds.add(self.builder, built, occasion)).transpose()
    }

    /// Tells of the builds. Some are there because another build uses their result: then what they build counts, also
    /// for an image that would only be pulled or used.
    fn add_builds(&mut self) {
        self.images.steps.extend(self.builds.all());
        for (key, fact) in &mut self.images.facts {
            let Some(build) = self.builds.of(key) else { continue };
            if let Some(pull) = fact.producer.filter(|producer| *producer != build) {
                self.builder.order(pull, build, Edge::Follows);
            }
            fact.producer = Some(build);
            fact.digest = Deferred::From(build);
        }
    }
}

/// The first service with a `build` section.
fn buildable<'a>(uses: &[Use<'a>]) -> Option<(&'a Service, &'a Build)> {
    let built = uses.iter().filter(|used| used.builds());
    built.map(|used| used.service).find_map(|service| Some((service, service.build.as_ref()?)))
}
