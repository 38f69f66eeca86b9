//! The outcome of an executed plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::StepError;
use crate::plan::{ActionId, Plan};

/// Steps that failed, probably because another client is changing the same objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The steps.
    pub steps: Vec<ActionId>,
    /// Whether a retry may succeed although nothing has visibly changed.
    pub may_pass: bool,
}

/// The outcome of a plan.
#[derive(Debug, Clone, Default)]
pub struct RunOutcome {
    /// The steps that failed, and why.
    pub failed: BTreeMap<ActionId, StepError>,
    /// The steps that were skipped, each with the earlier step that is the cause: it failed or was abandoned.
    pub skipped: BTreeMap<ActionId, ActionId>,
    /// The waits that ended without a result because the user detached; what they held up was not done.
    pub abandoned: BTreeSet<ActionId>,
    /// Whether steps were left out because the user interrupted the run.
    pub interrupted: bool,
    /// How long it took.
    pub elapsed: Duration,
    first_failed: Option<ActionId>,
}

impl RunOutcome {
    /// Whether the whole plan was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && !self.interrupted
    }

    /// Whether steps failed, and only because of changes that another client made meanwhile.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        !self.interrupted && !self.failed.is_empty() && self.failed.values().all(StepError::is_conflict)
    }

    /// The failed steps if [`RunOutcome::is_conflict`], else `None`.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        let may_pass = |error: &StepError| matches!(error, StepError::Engine(cause) if cause.may_pass());
        self.is_conflict().then(|| Conflict {
            steps: self.failed.keys().copied().collect(),
            may_pass: self.failed.values().any(may_pass),
        })
    }

    /// The error of the first failed step.
    #[must_use]
    pub fn first_failure(&self) -> Option<&StepError> {
        self.failed.get(&self.first_failed?)
    }

    /// Turns the outcome of `plan` into a result.
    ///
    /// # Errors
    ///
    /// If a step failed or the run was interrupted.
    pub fn into_result(self, plan: &Arc<Plan>) -> Result<(), RunFailure> {
        if self.is_success() { Ok(()) } else { Err(RunFailure::new(plan.clone(), self)) }
    }

    /// Records that step `id` failed.
    pub(crate) fn fail(&mut self, id: ActionId, error: StepError) {
        self.first_failed.get_or_insert(id);
        self.failed.insert(id, error);
    }
}

/// A run that did not complete its plan.
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

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The outcome of the plan.
    #[must_use]
    pub fn outcome(&self) -> &RunOutcome {
        &self.outcome
    }

    /// The steps that failed, and why, in the order of the plan.
    pub fn failures(&self) -> impl Iterator<Item = (ActionId, &StepError)> {
        self.outcome.failed.iter().map(|(id, error)| (*id, error))
    }

    /// The failures with each cause only once: a wait of the command itself is left out if a dependent waited for the
    /// same thing, and repeated failed waits for one thing count as one.
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

    /// Whether the user interrupted the run; steps may have failed before.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        self.outcome.interrupted
    }

    /// Whether all failures come from another client's changes, so that observing and planning again may help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.outcome.is_conflict()
    }

    /// The failed steps if [`RunFailure::is_conflict`], else `None`.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        self.outcome.conflict()
    }
}
