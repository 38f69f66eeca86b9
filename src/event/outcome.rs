//! What became of a plan that was carried out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::StepError;
use crate::plan::{ActionId, Plan};

/// Steps that failed because somebody else seems to change the same things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The steps.
    pub steps: Vec<ActionId>,
    /// Whether a retry may succeed, though nothing has changed that can be seen.
    pub may_pass: bool,
}

/// What became of a plan.
#[derive(Debug, Clone, Default)]
pub struct RunOutcome {
    /// The steps that failed, and why.
    pub failed: BTreeMap<ActionId, StepError>,
    /// The steps that were not done because an earlier one failed: that one.
    pub skipped: BTreeMap<ActionId, ActionId>,
    /// Whether steps were left out because the user asked to stop.
    pub interrupted: bool,
    /// How long it took.
    pub elapsed: Duration,
    first_failed: Option<ActionId>,
}

impl RunOutcome {
    /// Whether all of the plan was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && !self.interrupted
    }

    /// Whether steps failed, and nothing but changes that somebody else made meanwhile let them.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        !self.interrupted && !self.failed.is_empty() && self.failed.values().all(StepError::is_conflict)
    }

    /// What failed, where [`RunOutcome::is_conflict`] holds.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        let may_pass = |error: &StepError| matches!(error, StepError::Engine(cause) if cause.may_pass());
        self.is_conflict().then(|| Conflict {
            steps: self.failed.keys().copied().collect(),
            may_pass: self.failed.values().any(may_pass),
        })
    }

    /// Why the step failed that failed first.
    #[must_use]
    pub fn first_failure(&self) -> Option<&StepError> {
        self.failed.get(&self.first_failed?)
    }

    /// Success, or all that is to be said about the failure of `plan`.
    ///
    /// # Errors
    ///
    /// When a step failed or the run was interrupted.
    pub fn into_result(self, plan: &Arc<Plan>) -> Result<(), RunFailure> {
        if self.is_success() { Ok(()) } else { Err(RunFailure::new(plan.clone(), self)) }
    }

    /// Notes that step `id` failed.
    pub(crate) fn fail(&mut self, id: ActionId, error: StepError) {
        self.first_failed.get_or_insert(id);
        self.failed.insert(id, error);
    }
}

/// A run that did not do all of its plan.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the plan was not carried out: {} of {} steps failed", .outcome.failed.len(), .plan.steps().count())]
pub struct RunFailure {
    plan: Arc<Plan>,
    outcome: RunOutcome,
}

impl RunFailure {
    fn new(plan: Arc<Plan>, outcome: RunOutcome) -> Self {
        Self { plan, outcome }
    }

    /// The plan that was to be carried out.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What became of it.
    #[must_use]
    pub fn outcome(&self) -> &RunOutcome {
        &self.outcome
    }

    /// The steps that failed, and why, in the order of the plan.
    pub fn failures(&self) -> impl Iterator<Item = (ActionId, &StepError)> {
        self.outcome.failed.iter().map(|(id, error)| (*id, error))
    }

    /// The same with each cause once: what the command waits for at its end is left out where a dependent waited for it
    /// too, and what it waited for in vain is one failure.
    #[must_use]
    pub fn causes(&self) -> Vec<(ActionId, StepError)> {
        let mut causes: Vec<(ActionId, StepError)> = Vec::new();
        for (id, error) in self.failures() {
            let at_end = error.is_at_end();
            if at_end && causes.iter().any(|(_, other)| error.has_cause_of(other)) {
                continue;
            }
            match (causes.iter_mut().find(|(_, other)| other.is_at_end()), error) {
                (Some((_, StepError::TimedOut { evidence, .. })), StepError::TimedOut { evidence: more, .. })
                    if at_end =>
                {
                    evidence.extend_from_slice(more);
                }
                _ => causes.push((id, error.clone())),
            }
        }
        causes
    }

    /// Whether the user stopped the run; steps may have failed before.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        self.outcome.interrupted
    }

    /// Whether all that went wrong comes from somebody else's changes, so that a new look and a new plan may do.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.outcome.is_conflict()
    }

    /// What failed, where [`RunFailure::is_conflict`] holds.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        self.outcome.conflict()
    }
}
