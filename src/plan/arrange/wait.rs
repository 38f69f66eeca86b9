//! What a service waits for: its dependencies and their conditions.

use std::sync::Arc;
use std::time::Duration;

use crate::observed::{Container, Health, State};
use crate::plan::arrange::writer::{PlanWriter, ReplicaEnd};
use crate::plan::decide::when::When;
use crate::plan::{Action, ActionId, Edge, Jobs, Probing, Reason, WaitCondition, WaitSpec, Waiter};
use crate::project::value::RestartCondition;
use crate::project::{Condition, Ready, Service, ServiceName};

impl<'a> PlanWriter<'a, '_> {
    /// The steps that must be done before a service starts.
    pub(in crate::plan) fn ready(&mut self, service: &'a Service) -> Vec<(ActionId, Edge)> {
        let mut ready = Vec::new();
        for (dependency, how) in &service.depends_on {
            let edge = if how.required { Edge::Requires } else { Edge::Follows };
            if let Some(wait) = self.dependency_wait(dependency, how.condition) {
                ready.push((wait, edge));
            }
            let Some(end) = self.ends.get(dependency) else { continue };
            ready.extend(end.starts.iter().map(|start| (*start, edge)));
            if end.starts.is_empty() {
                let weaker = |inherited: Edge| if edge == Edge::Follows { edge } else { inherited };
                ready.extend(end.inherited.iter().map(|(step, inherited)| (*step, weaker(*inherited))));
            }
        }
        ready
    }

    /// The wait for a dependency on behalf of all its dependents with this condition; `None` if it already holds, or if
    /// there is nothing to wait for.
    fn dependency_wait(&mut self, dependency: &'a ServiceName, condition: Condition) -> Option<ActionId> {
        let wanted = WaitCondition::of(condition)?;
        if let Some(known) = self.waits.get(&(dependency, wanted)) {
            return *known;
        }
        let asking = self.dependents.get(dependency).cloned().unwrap_or_default();
        let asking: Vec<_> = asking.into_iter().filter(|(_, how)| how.condition == condition).collect();
        let waiter =
            if asking.iter().any(|(_, how)| how.required) { Waiter::Dependents } else { Waiter::OptionalDependents };
        let reason = Reason::NeededBy(asking.into_iter().map(|(name, _)| name.clone()).collect());
        let wait = self.wait(dependency, wanted, waiter, reason);
        self.waits.insert((dependency, wanted), wait);
        wait
    }

    fn wait(
        &mut self,
        service: &ServiceName,
        condition: WaitCondition,
        waiter: Waiter,
        reason: Reason,
    ) -> Option<ActionId> {
        let when = self.when_to_wait(service, condition);
        self.wait_when(service, condition, waiter, reason, &when)
    }

    /// When a wait for a service is needed.
    fn when_to_wait(&self, service: &ServiceName, condition: WaitCondition) -> When {
        let Some(end) = self.ends.get(service) else { return When::Never };
        let checked = self.cx.project.services.get(service).is_some_and(is_checked);
        when_to_wait(&end.replicas, condition, checked)
    }

    fn wait_when(
        &mut self,
        service: &ServiceName,
        condition: WaitCondition,
        waiter: Waiter,
        reason: Reason,
        when: &When,
    ) -> Option<ActionId> {
        let end = self.ends.get(service).filter(|end| !end.replicas.is_empty() && !when.is_never())?;
        let spec = WaitSpec {
            service: service.clone(),
            condition,
            containers: end.replicas.iter().map(|replica| replica.container.clone()).collect(),
            waiter,
            probing: self.probing(service, condition),
            ready: self.readiness(service, condition),
            monitor: Duration::ZERO,
            timeout: self.cx.options.wait.and_then(|wait| wait.timeout),
        };
        let mut after: Vec<_> = end.starts.iter().map(|start| (*start, Edge::Requires)).collect();
        if after.is_empty() {
            after.clone_from(&end.inherited);
        }
        let step = self.add(Action::Wait(Arc::new(spec)), reason, when, []);
        self.after_all(step, &after);
        Some(step)
    }

    /// What shows that containers of a service are ready if they have no healthcheck.
    pub(in crate::plan) fn readiness(&self, service: &ServiceName, condition: WaitCondition) -> Option<Ready> {
        let service = self.cx.project.services.get(service)?;
        service.ready().filter(|_| condition != WaitCondition::CompletedSuccessfully)
    }

    /// Who checks the health of a service.
    pub(in crate::plan) fn probing(&self, service: &ServiceName, condition: WaitCondition) -> Probing {
        let service = self.cx.project.services.get(service);
        let asked = service.is_some_and(|service| service.x_hoist().eager_health);
        let never = service.and_then(|service| service.healthcheck.as_ref()).is_some_and(|check| check.disable);
        match condition {
            WaitCondition::CompletedSuccessfully => Probing::Engine,
            WaitCondition::Healthy | WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted if never => {
                Probing::Engine
            }
            WaitCondition::Healthy | WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted if asked => {
                Probing::Eager
            }
            WaitCondition::Healthy | WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted => {
                self.cx.options.probing
            }
        }
    }

    /// The waits of `--wait`: for every service if any needs a wait, since a condition that holds now may have failed
    /// by then.
    pub(in crate::plan) fn command_waits(&mut self, order: &[ServiceName]) {
        let Some(asked) = self.cx.options.wait.filter(|_| self.cx.starts()) else { return };
        let mut waits = Vec::new();
        for name in order {
            let condition = self.end_of_wait(name, asked.jobs);
            waits.push((name, condition, self.when_to_wait(name, condition)));
        }
        let any = waits.iter().fold(When::Never, |any, (_, _, when)| any.or(when));
        for (name, condition, _) in waits {
            self.wait_when(name, condition, Waiter::Command, Reason::WaitAsked, &any);
        }
    }

    /// What `--wait` waits for: a job must end with status 0, everything else must be running or healthy.
    fn end_of_wait(&self, name: &ServiceName, jobs: Jobs) -> WaitCondition {
        let dependents = self.dependents.get(name).map_or(&[][..], Vec::as_slice);
        let is_awaited = dependents.iter().any(|(_, how)| how.condition == Condition::CompletedSuccessfully);
        let service = self.cx.project.services.get(name);
        if is_awaited || service.is_some_and(|service| service.x_hoist().job) {
            return WaitCondition::CompletedSuccessfully;
        }
        let by_restart = service.filter(|_| jobs == Jobs::ByRestart).and_then(without_restarts);
        by_restart.unwrap_or(WaitCondition::RunningOrHealthy)
    }
}

/// What a service that is never restarted comes to under `--wait-for-jobs`. One that says so itself, and has no
/// healthcheck, is a job: it must end. One that says nothing may be a server or a job.
fn without_restarts(service: &Service) -> Option<WaitCondition> {
    match service.restart_policy() {
        None => Some(WaitCondition::RunningOrCompleted),
        Some(policy) if policy.condition != RestartCondition::No => None,
        Some(_) if is_checked(service) => Some(WaitCondition::RunningOrCompleted),
        Some(_) => Some(WaitCondition::CompletedSuccessfully),
    }
}

/// Whether a wait is needed: not if the condition already holds and the containers are not touched.
fn when_to_wait(replicas: &[ReplicaEnd<'_>], condition: WaitCondition, checked: bool) -> When {
    let mut needed = When::Never;
    for replica in replicas {
        let holds = replica.existing.is_some_and(|container| holds(container, condition, checked));
        needed = needed.or(if holds { &replica.started } else { &When::Always });
    }
    needed
}

/// Whether the condition holds for a container, according to the engine's list.
fn holds(container: &Container, condition: WaitCondition, checked: bool) -> bool {
    match condition {
        WaitCondition::Healthy => container.is_running() && container.health == Health::Healthy,
        WaitCondition::CompletedSuccessfully => container.state == State::Exited && container.exit_code == Some(0),
        WaitCondition::RunningOrHealthy => is_ready(container, checked),
        WaitCondition::RunningOrCompleted => {
            is_ready(container, checked) || holds(container, WaitCondition::CompletedSuccessfully, checked)
        }
    }
}

fn is_ready(container: &Container, checked: bool) -> bool {
    container.is_running()
        && match container.health {
            Health::Healthy => true,
            Health::None => !checked,
            Health::Starting | Health::Unhealthy => false,
        }
}

/// Whether more than running shows that it is ready.
fn is_checked(service: &Service) -> bool {
    service.has_healthcheck() || service.ready().is_some()
}
