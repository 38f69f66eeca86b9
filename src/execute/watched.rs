//! A container being waited for: what the engine reported about it, and what the wait itself found out.

use tokio::time::Instant;

use super::readiness::NotReady;
use super::trial::{self, Trial};
use super::verdict::{SETTLING, has_settled};
use crate::engine::{ContainerDetails, Engine};
use crate::observed::ContainerId;
use crate::plan::WaitSpec;
use crate::project::ReadyCheck;

/// A container being waited for.
#[expect(clippy::struct_excessive_bools, reason = "what was told and what was done before are independent")]
pub(super) struct Watched {
    pub(super) id: ContainerId,
    pub(super) name: String,
    /// Its details; `None` until it is first inspected.
    pub(super) details: Option<ContainerDetails>,
    /// How often the engine had restarted it when the wait started.
    pub(super) restarts_before: i64,
    pub(super) warned: bool,
    /// Whether the user was warned that it is paused.
    pub(super) pause_told: bool,
    /// Its exit status when it last exited during the wait.
    pub(super) last_exit: Option<i64>,
    /// Whether this run has just started it.
    is_new: bool,
    /// Whether this run has just resumed it.
    pub(super) goes_on: bool,
    /// When the last probe before it was resumed started: while a container is paused, its probes fail.
    pub(super) stale_probe: Option<i128>,
    /// Which start of it counts as running, and from when on.
    settles: Option<(Option<i128>, Instant)>,
    /// Its health test, if the wait runs it itself.
    pub(super) trial: Option<Trial>,
    /// When the time of `x-hoist.ready` is over.
    pub(super) ready_by: Option<Instant>,
}

impl Watched {
    /// One that was not inspected yet. `is_new` if this run has just started it, `goes_on` if it has resumed it.
    pub(super) fn new(id: ContainerId, name: String, is_new: bool, goes_on: bool) -> Self {
        Self {
            id,
            name,
            details: None,
            restarts_before: 0,
            warned: false,
            pause_told: false,
            last_exit: None,
            is_new,
            goes_on,
            stale_probe: None,
            settles: None,
            trial: None,
            ready_by: None,
        }
    }

    /// Starts its check if it is running and not known to be ready, and ends one that is not valid any more.
    /// `tell` is called after each try, with its beginning and whether it passed.
    pub(super) fn keep_trial<E: Engine>(
        &mut self,
        engine: &E,
        spec: &WaitSpec,
        tell: impl Fn(Instant, bool) + Send + Sync + 'static,
    ) {
        let current = self.trial.take();
        let Some(details) = &self.details else { return };
        self.trial = Trial::of(current, engine, details, spec, self.is_new, tell);
        let deadline = trial::deadline(self.ready_by, details, spec);
        self.ready_by = deadline.filter(|_| !self.passed());
    }

    /// Whether its health test has passed since it last started.
    pub(super) fn passed(&self) -> bool {
        self.trial.as_ref().is_some_and(Trial::has_passed)
    }

    /// What `x-hoist.ready` found out, if that is the end of it.
    pub(super) fn check_failure(&self, check: Option<&ReadyCheck>) -> Option<NotReady> {
        let found = self.trial.as_ref().and_then(Trial::error).filter(|error| error.is_final);
        let late = || {
            let (check, _) = check.zip(self.ready_by.filter(|by| *by <= Instant::now()))?;
            let state = self.details.as_ref()?.state;
            Some(NotReady { last: trial::why_late(self.trial.as_ref(), state, check), is_final: false })
        };
        found.cloned().or_else(late)
    }

    /// When its latest start will count as running, if that is in the future.
    pub(super) fn settles_at(&mut self) -> Option<Instant> {
        let details = self.details.as_ref()?;
        let at = match self.settles {
            Some((start, at)) if start == details.started_at => at,
            None if has_settled(self.is_new, details) => Instant::now(),
            Some(_) | None => Instant::now() + SETTLING,
        };
        self.settles = Some((details.started_at, at));
        (at > Instant::now()).then_some(at)
    }
}
