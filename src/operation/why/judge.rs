//! What the plan, the snapshot and the inspected containers come to. Pure: no engine, no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::engine::{ContainerDetails, EngineError};
use crate::event::{Finding, ImageSource, Need, Obstacle, StepError, Trouble};
use crate::execute::diagnosis;
use crate::observed::{Container, ContainerId, Health, State};
use crate::operation::Prepared;
use crate::plan::{Action, Reason};
use crate::project::value::{PullRule, RestartCondition};
use crate::project::{Condition, FileSource, Project, Service, ServiceName, label};

/// The engine's delay before it starts a container again: it doubles with each restart, from 100 ms up to a minute.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// What is known of a project before its containers are inspected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The project.
    pub project: &'a Project,
    /// What `up` would do to it, and what the engine has.
    pub prepared: &'a Prepared,
    /// The files that are not there.
    pub missing_files: &'a BTreeSet<String>,
}

impl<'a> Case<'a> {
    /// The replicas of services, whether the files define them or not.
    pub(super) fn replicas(&self) -> impl Iterator<Item = (&'a ServiceName, &'a Container)> + use<'a> {
        let containers = self.prepared.observed.containers.iter().filter(|container| container.is_replica());
        containers.filter_map(|container| Some((container.service.as_ref()?, container)))
    }

    /// The containers of `pre_start` hooks that failed.
    pub(super) fn failed_hooks(&self) -> impl Iterator<Item = &'a Container> + use<'a> {
        let hooks = self.prepared.observed.containers.iter().filter(|container| container.hook);
        hooks.filter(|container| container.state == State::Exited && container.exit_code.is_some_and(|code| code != 0))
    }
}

/// The containers that `x-hoist.ready` does not find ready: what was checked, and what came of it.
pub(super) type Unready = BTreeMap<ContainerId, (String, String)>;

/// What is wrong with each service and with containers of none, causes first.
pub(super) fn judge(
    case: &Case<'_>,
    details: &BTreeMap<ContainerId, ContainerDetails>,
    unready: &Unready,
) -> Vec<Finding> {
    let project = case.project;
    let mut replicas: BTreeMap<&ServiceName, Vec<&Container>> = BTreeMap::new();
    for (service, container) in case.replicas() {
        replicas.entry(service).or_default().push(container);
    }
    let none = Vec::new();
    let of = |name: &ServiceName| replicas.get(name).unwrap_or(&none).as_slice();
    let mut findings: Vec<Finding> = project
        .services
        .values()
        .filter_map(|service| of_service(case, service, of(&service.name), details, unready))
        .collect();
    let wrong: BTreeSet<ServiceName> = findings.iter().filter_map(|finding| finding.service.clone()).collect();
    for finding in &mut findings {
        if let Some(service) = finding.service.as_ref().and_then(|name| project.services.get(name)) {
            let needs = needs(project, service, &replicas, &wrong);
            if !needs.is_empty() && is_held_up(&finding.trouble) {
                finding.trouble = Trouble::Waiting { needs };
            }
        }
    }
    let waiting = findings.iter().filter(|finding| !finding.trouble.needs().is_empty());
    let held_up: Vec<(ServiceName, Vec<ServiceName>)> = waiting
        .filter_map(|finding| {
            let needs = finding.trouble.needs().iter().map(|need| need.dependency.clone());
            Some((finding.service.clone()?, needs.collect()))
        })
        .collect();
    for finding in &mut findings {
        let is_behind = |needs: &[ServiceName]| finding.service.as_ref().is_some_and(|name| needs.contains(name));
        let waiting = held_up.iter().filter(|(_, needs)| is_behind(needs)).map(|(service, _)| service.clone());
        finding.holds_up = waiting.collect();
    }
    findings.extend(orphans(case));
    findings.sort_by_key(|finding| finding.trouble.rank());
    findings
}

/// What is wrong with a service itself; the worst of its replicas counts.
fn of_service(
    case: &Case<'_>,
    service: &Service,
    replicas: &[&Container],
    details: &BTreeMap<ContainerId, ContainerDetails>,
    unready: &Unready,
) -> Option<Finding> {
    let finding = |container: Option<&Container>, trouble, since| Finding {
        service: Some(service.name.clone()),
        container: container.map(|container| container.name.clone()),
        trouble,
        since,
        holds_up: Vec::new(),
    };
    let of_replicas = replicas.iter().filter_map(|container| {
        let details = details.get(&container.id)?;
        let (trouble, since) = of_replica(case, service, container, details, unready)?;
        Some(finding(Some(container), trouble, since))
    });
    let worst = of_replicas.min_by_key(|finding| finding.trouble.rank());
    let was_started = worst.as_ref().is_some_and(|worst| !matches!(worst.trouble, Trouble::NotStarted));
    let of_service = |hook: &&Container| hook.service.as_ref() == Some(&service.name);
    if let Some(hook) = case.failed_hooks().find(of_service).filter(|_| !was_started) {
        let trouble = Trouble::HookFailed {
            hook: hook.labels.get(label::HOOK_INDEX).and_then(|index| index.parse().ok()),
            exit_code: hook.exit_code.unwrap_or_default(),
            evidence: Vec::new(),
        };
        return Some(finding(Some(hook), trouble, details.get(&hook.id).and_then(|details| details.finished_at)));
    }
    let wanted = service.replicas();
    let is_short = replicas.len() < wanted && service.provider.is_none();
    // That there are too few is worse than that one of them is outdated.
    if !is_short || worst.as_ref().is_some_and(|worst| !matches!(worst.trouble, Trouble::Outdated { .. })) {
        return worst;
    }
    let trouble = if let Some(path) = missing_file(case, service) {
        Trouble::FileMissing { path }
    } else if let Some(image) = missing_image(case, service).filter(|_| replicas.is_empty()) {
        let source = match service.pull_rule() {
            _ if service.build.is_some() => ImageSource::Build,
            PullRule::Never => ImageSource::Nowhere,
            PullRule::Always | PullRule::Missing | PullRule::Build | PullRule::Refresh(_) => ImageSource::Registry,
        };
        Trouble::ImageMissing { image, source }
    } else if replicas.is_empty() {
        Trouble::Missing
    } else {
        Trouble::TooFew { there: replicas.len(), wanted }
    };
    Some(finding(None, trouble, None))
}

/// What is wrong with one container, and since when.
fn of_replica(
    case: &Case<'_>,
    service: &Service,
    container: &Container,
    details: &ContainerDetails,
    unready: &Unready,
) -> Option<(Trouble, Option<i128>)> {
    let exit_code = details.exit_code.unwrap_or_default();
    let trouble = match (details.state, details.health) {
        _ if was_refused(details) => {
            let words = details.error.clone().unwrap_or_default();
            let error = StepError::Engine(EngineError::Failed(words));
            return Some((Trouble::CannotStart(Box::new(error)), None));
        }
        (State::Created, _) => match missing_file(case, service) {
            Some(path) => (Trouble::FileMissing { path }, None),
            None => (Trouble::NotStarted, None),
        },
        (State::Paused, _) => (Trouble::Paused, None),
        (State::Restarting, _) => {
            let trouble = Trouble::Restarting { exit_code, next_try: next_try(details), evidence: Vec::new() };
            (trouble, details.finished_at)
        }
        (State::Exited | State::Dead, _) if exit_code != 0 => {
            (Trouble::Exited { exit_code, evidence: Vec::new() }, details.finished_at)
        }
        (State::Exited | State::Dead, _) if is_meant_to_run(case, service) => (Trouble::Ended, details.finished_at),
        (State::Running, Health::Unhealthy) => {
            let failed = details.probes.iter().filter(|probe| probe.exit_code != 0).count();
            let trouble = Trouble::Unhealthy {
                failed,
                of: details.probes.len(),
                interval: service.healthcheck.as_ref().and_then(|check| check.interval?.to_std()),
                evidence: diagnosis::of_health(details),
            };
            (trouble, first_failure(details))
        }
        (State::Running | State::Exited | State::Dead, _) if let Some(path) = missing_file(case, service) => {
            (Trouble::FileMissing { path }, None)
        }
        (State::Running, Health::Starting) => {
            (Trouble::NotHealthyYet { evidence: diagnosis::of_health(details) }, details.started_at)
        }
        (State::Running, _) if unready.contains_key(&details.id) => {
            let (check, last) = unready[&details.id].clone();
            (Trouble::NotReady { check, last }, details.started_at)
        }
        (State::Running | State::Exited | State::Dead | State::Removing, _) => {
            let reasons = outdated(case, container);
            if reasons.is_empty() {
                return None;
            }
            (Trouble::Outdated { reasons }, None)
        }
    };
    Some(trouble)
}

/// When the engine will start a container again that is between two tries.
fn next_try(details: &ContainerDetails) -> Option<i128> {
    let restarts = u32::try_from(details.restart_count).unwrap_or(u32::MAX).min(16);
    let delay = (FIRST_DELAY * 2_u32.pow(restarts)).min(LONGEST_DELAY);
    Some(details.finished_at? + i128::try_from(delay.as_nanos()).ok()?)
}

/// When the failures began that made a container unhealthy, as far back as the engine remembers.
fn first_failure(details: &ContainerDetails) -> Option<i128> {
    details.probes.iter().rev().take_while(|probe| probe.exit_code != 0).last()?.started_at
}

/// Why `up` would recreate a container, or change it otherwise.
fn outdated(case: &Case<'_>, container: &Container) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for (_, step) in case.prepared.plan.steps() {
        let description = step.action.describe();
        let is_it = description.container.is_some_and(|reference| reference.name == container.name);
        let is_new =
            matches!(step.action, Action::CreateContainer(_)) && description.service == container.service.as_ref();
        if (is_it || is_new) && is_about_the_files(&step.reason) && !reasons.contains(&step.reason) {
            reasons.push(step.reason.clone());
        }
    }
    reasons
}

/// Whether a step is there because the files, an image or another resource changed.
fn is_about_the_files(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::ConfigChanged(_)
            | Reason::ImageChanged { .. }
            | Reason::ImageVolumeChanged(_)
            | Reason::NotConnected(_)
            | Reason::NotMounted(_)
            | Reason::SharesWith(_)
            | Reason::PartnerRestarted(_)
            | Reason::DependencyRecreated(_)
            | Reason::ScaledDown
            | Reason::Interrupted
            | Reason::ResourceRecreated(_)
    )
}

/// A file that the service mounts and that is not there.
fn missing_file(case: &Case<'_>, service: &Service) -> Option<String> {
    let project = &case.project;
    let secrets = service.secrets.iter().filter_map(|used| project.secrets.get(used.source.as_str()));
    let configs = service.configs.iter().filter_map(|used| project.configs.get(used.source.as_str()));
    let sources = secrets.map(|secret| &secret.source).chain(configs.map(|config| &config.source));
    let mut files = sources.filter_map(|source| match source {
        Some(FileSource::File(path)) => Some(path),
        Some(FileSource::Environment { .. } | FileSource::Content(_)) | None => None,
    });
    files.find(|file| case.missing_files.contains(*file)).cloned()
}

/// The image of a service if the engine does not have it: `up` would pull or build it.
fn missing_image(case: &Case<'_>, service: &Service) -> Option<String> {
    let image = case.project.image_name(service);
    let is_there = case.prepared.observed.images.keys().any(|(reference, _)| *reference == image);
    (!is_there).then_some(image)
}

/// Whether a service should be running all the time: the engine is to start it again whatever its end, and nothing
/// waits for its end.
fn is_meant_to_run(case: &Case<'_>, service: &Service) -> bool {
    let restarts = service
        .restart_policy()
        .is_some_and(|policy| matches!(policy.condition, RestartCondition::Always | RestartCondition::UnlessStopped));
    let is_awaited = case.project.services.values().any(|dependent| {
        let dependency = dependent.depends_on.get(&service.name);
        dependency.is_some_and(|dependency| dependency.condition == Condition::CompletedSuccessfully)
    });
    restarts && !is_awaited && !service.x_hoist().job
}

/// Whether a service in this trouble may be waiting for another: it was never started.
const fn is_held_up(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Missing | Trouble::NotStarted | Trouble::ImageMissing { .. })
}

/// The conditions that keep a service from starting, from its own dependency to the one at the bottom. Of several
/// dependencies, the first by name counts.
fn needs(
    project: &Project,
    service: &Service,
    replicas: &BTreeMap<&ServiceName, Vec<&Container>>,
    wrong: &BTreeSet<ServiceName>,
) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let mut current = service;
    loop {
        let unmet = current.depends_on.iter().find_map(|(name, dependency)| {
            let containers = replicas.get(name).map_or(&[][..], Vec::as_slice);
            if !dependency.required || holds(dependency.condition, containers) {
                return None;
            }
            let service = project.services.get(name).filter(|_| !wrong.contains(name));
            let obstacle = service.and_then(|service| obstacle(dependency.condition, service, containers));
            (wrong.contains(name) || obstacle.is_some()).then_some((name, dependency, obstacle))
        });
        let Some((name, dependency, obstacle)) = unmet else { return needs };
        if needs.iter().any(|need| need.dependency == *name) {
            return needs;
        }
        needs.push(Need { dependency: name.clone(), condition: dependency.condition, obstacle });
        if obstacle.is_some() {
            return needs;
        }
        let Some(next) = project.services.get(name) else { return needs };
        // A container that runs waits for nothing any more.
        if replicas.get(name).is_some_and(|containers| containers.iter().any(|container| container.is_up())) {
            return needs;
        }
        current = next;
    }
}

/// Whether the containers of a dependency are as a condition wants them.
fn holds(condition: Condition, containers: &[&Container]) -> bool {
    !containers.is_empty()
        && containers.iter().all(|container| match condition {
            Condition::Started => container.state != State::Created,
            Condition::Healthy => container.state == State::Running && container.health == Health::Healthy,
            Condition::CompletedSuccessfully => container.state == State::Exited && container.exit_code == Some(0),
        })
}

/// Why containers with which nothing is wrong cannot become healthy.
fn obstacle(condition: Condition, service: &Service, containers: &[&Container]) -> Option<Obstacle> {
    if condition != Condition::Healthy {
        return None;
    }
    containers.iter().find_map(|container| {
        let is_unchecked = container.health == Health::None && service.ready().is_none();
        if container.state == State::Exited {
            Some(Obstacle::Exited(container.exit_code.unwrap_or_default()))
        } else if container.state == State::Running && is_unchecked {
            Some(Obstacle::NoHealthcheck)
        } else {
            None
        }
    })
}

/// The containers that belong to no service of the files.
fn orphans(case: &Case<'_>) -> impl Iterator<Item = Finding> {
    let unknown = case.replicas().filter(|(service, _)| !case.project.is_known(service.as_str()));
    unknown.map(|(service, container)| Finding {
        service: Some(service.clone()),
        container: Some(container.name.clone()),
        trouble: Trouble::Orphan,
        since: None,
        holds_up: Vec::new(),
    })
}

/// Whether the engine refused the latest start of a container; a start that succeeds clears the error.
fn was_refused(details: &ContainerDetails) -> bool {
    details.error.is_some() && matches!(details.state, State::Created | State::Exited | State::Dead)
}
