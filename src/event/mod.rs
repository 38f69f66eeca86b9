//! Facts about a run, and the channels they travel on.
//!
//! An [`Event`] is a time and a [`Fact`] made of ids, numbers, enums and names; words, colours and rounding belong to the
//! renderer. A plan that begins is a fact too, so the stream alone says what an [`ActionId`] is. What containers write is [`Output`] and travels on a channel of
//! its own, which is bounded: whoever reads slowly slows the reading down instead of filling the memory.

mod evidence;
mod failure;
mod fault;
mod outcome;
mod output;
mod task;
mod warning;

pub use crate::engine::{AddressHolder, NameHolder, PortHolder};
pub use crate::plan::Subject;
pub use evidence::Evidence;
pub use failure::{AddressTaken, HookRef, ModelVerb, Refusal, StepError};
pub use fault::{ModelFault, ProviderFault};
pub use outcome::{Conflict, RunFailure, RunOutcome};
pub use output::{Output, OutputReceiver, Outputs};
pub use task::{Task, TaskStatus};
pub use warning::StepWarning;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::observed::State;
use crate::plan::{ActionId, Plan, UnusedVolume};
use crate::project::ServiceName;

/// Something that happened during a run, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The time since the channel was made, which is when the run began.
    pub at: Duration,
    /// What happened.
    pub fact: Fact,
}

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A plan begins: ids that follow are those of its steps.
    PlanStarted {
        /// The plan.
        plan: Arc<Plan>,
        /// What it is for, in the word of the command line: `up`, `down`, `stop`.
        operation: &'static str,
        /// Whether it replaces a plan that failed because somebody else changed the project meanwhile: those failures no
        /// longer count.
        replaces_failed: bool,
    },
    /// A command without a plan begins: tasks that follow are its.
    TasksStarted {
        /// What it is for, in the word of the display: `copy`.
        operation: &'static str,
    },
    /// A command without a plan got on with one container.
    Task {
        /// The container's name.
        container: String,
        /// What it does.
        task: Task,
        /// How far that is.
        status: TaskStatus,
    },
    /// A step began.
    Started {
        /// The step.
        id: ActionId,
    },
    /// A step ended well.
    Finished {
        /// The step.
        id: ActionId,
        /// How long it took.
        elapsed: Duration,
        /// What came of it, where there is more to say than that it is done.
        outcome: Outcome,
    },
    /// A step failed.
    Failed {
        /// The step.
        id: ActionId,
        /// How long it took.
        elapsed: Duration,
        /// Why.
        error: Box<StepError>,
    },
    /// A step was not done because one before it failed.
    Skipped {
        /// The step.
        id: ActionId,
        /// The step that failed.
        cause: ActionId,
    },
    /// A step was not needed: what its guard asks does not hold.
    NotNeeded {
        /// The step.
        id: ActionId,
    },
    /// A wait still lasts: what it sees now.
    Waiting {
        /// The step.
        id: ActionId,
        /// The container it waits for now.
        container: String,
    },
    /// A container is as the files ask already, and is up; no step is about it.
    UpToDate {
        /// Its name.
        container: String,
        /// Whether it runs, or the engine is about to start it again.
        state: State,
    },
    /// A layer of a pull got on.
    Progress {
        /// The step.
        id: ActionId,
        /// The layer's short id.
        part: String,
        /// Words for it, as the engine has them.
        status: String,
        /// Bytes done.
        current: Option<u64>,
        /// Bytes in all.
        total: Option<u64>,
    },
    /// A step of a build began, or ended.
    BuildStep {
        /// The step of the plan.
        id: ActionId,
        /// Its number in the build.
        part: String,
        /// What it does: `[2/3] RUN make`.
        name: String,
        /// How far it is.
        status: BuildProgress,
    },
    /// A line of a build's log.
    BuildLog {
        /// The step of the plan.
        id: ActionId,
        /// The number of the build's step.
        part: String,
        /// The text.
        line: String,
    },
    /// Something the user should know, that stops nothing.
    Warning {
        /// The step it comes from.
        id: Option<ActionId>,
        /// What it is.
        warning: StepWarning,
    },
    /// Containers that the plan removed left volumes behind, which no container uses any more. Their data is still there.
    VolumesLeft(Vec<UnusedVolume>),
    /// What runs is being stopped.
    Stopping(Stopping),
    /// A plan is through: nothing of it runs any more, nor will.
    Ended,
}

/// Why a run comes to an end before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// The user asked to.
    Interrupted,
    /// The user asked again, so that it is killed.
    Forced,
    /// A container ended, and the command asked to stop all then.
    ContainerExited,
    /// The user asked to; nothing new is begun, and what has begun is finished. Nothing is stopped for it.
    Finishing,
}

/// How far a step of a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildProgress {
    /// It runs.
    Started,
    /// It is done.
    Done,
    /// Its result was there from an earlier build.
    Cached,
    /// It failed; the message comes with the failure of the whole build.
    Failed,
}

/// What came of a step that ended well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// It was left, because it is still in use.
    StillInUse,
    /// It was gone already.
    NothingThere,
    /// A pull failed, which the plan can do without.
    PullTolerated(Box<StepError>),
    /// A wait ended without its condition, which its dependents can do without.
    OptionalNotMet {
        /// The service that was waited for.
        service: ServiceName,
        /// Why; nothing, where a step before the wait failed.
        error: Option<Box<StepError>>,
    },
}

/// Where facts are sent. Cheap to clone; sending never waits and never fails: without a receiver they are dropped.
#[derive(Debug, Clone)]
pub struct Events {
    sender: mpsc::UnboundedSender<Event>,
    began: Instant,
}

/// Where events arrive, in the order in which they happened.
pub type EventReceiver = mpsc::UnboundedReceiver<Event>;

impl Events {
    /// A channel and its receiving end. The time of its events counts from now.
    #[must_use]
    pub fn channel() -> (Self, EventReceiver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, began: Instant::now() }, receiver)
    }

    /// Tells whoever listens.
    pub fn send(&self, fact: Fact) {
        // A receiver that went away has seen enough.
        let _ = self.sender.send(Event { at: self.began.elapsed(), fact });
    }
}
