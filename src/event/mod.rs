//! Facts about a run, and the channels they travel on.
//!
//! An [`Event`] is a time and a [`Fact`] made of ids, numbers, enums and names; words, colours and rounding belong to
//! the renderer. The start of a plan is a fact too, so the stream alone tells what an [`ActionId`] is. The output of
//! containers is [`Output`] and travels on a separate, bounded channel: a slow reader slows the producer down instead
//! of filling the memory.

mod evidence;
mod failure;
mod fault;
mod outcome;
mod output;
mod task;
pub mod timeline;
mod trouble;
mod warning;
mod watch;

pub use crate::engine::{
    AddressHolder, BuildFailure, BuildPlace, BuildStatus, EngineError, NameHolder, PortHolder, ProbeTiming,
};
pub use crate::plan::{LeftAlone, LeftAloneReason, Subject};
pub use evidence::Evidence;
pub use failure::{AddressTaken, HookRef, ModelVerb, PullAlternative, Refusal, StepError, UnreadyContainer};
pub use fault::{ModelFault, ProviderFault};
pub use outcome::{Conflict, RunFailure, RunOutcome};
pub use output::{Output, OutputReceiver, Outputs};
pub use task::{Task, TaskStatus};
pub use trouble::{Finding, ImageSource, Need, Obstacle, Trouble};
pub use warning::StepWarning;
pub use watch::{Redefined, WatchFailure, WatchNote};

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
    /// The time since the channel was created, which is when the run started.
    pub at: Duration,
    /// What happened.
    pub fact: Fact,
}

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A plan starts: the ids in later facts are those of its steps.
    PlanStarted {
        /// The plan.
        plan: Arc<Plan>,
        /// The command it belongs to: `up`, `down`, `stop`.
        operation: &'static str,
        /// Whether it replaces a plan that failed because another client changed the project: those failures no longer
        /// count.
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
    /// A step started.
    Started {
        /// The step.
        id: ActionId,
    },
    /// The container of a start is running; its `post_start` hooks run now, which is the rest of the step.
    HooksStarted {
        /// The step.
        id: ActionId,
    },
    /// A step succeeded.
    Finished {
        /// The step.
        id: ActionId,
        /// How long it took.
        elapsed: Duration,
        /// Its outcome.
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
    /// A step was not done because one before it failed, or was not waited for any longer.
    Skipped {
        /// The step.
        id: ActionId,
        /// The step before it.
        cause: ActionId,
    },
    /// A step was not needed: the condition of its guard does not hold.
    NotNeeded {
        /// The step.
        id: ActionId,
    },
    /// A wait goes on: what it is waiting for now.
    Waiting {
        /// The step.
        id: ActionId,
        /// The container it is waiting for.
        container: String,
    },
    /// When the engine ran the health test of a container that was waited for. It comes some time after the end of the
    /// wait, and only after waits that took a while.
    Probed {
        /// The wait.
        id: ActionId,
        /// The container.
        container: String,
        /// The latest runs, oldest first.
        runs: Vec<ProbeRun>,
        /// When the engine runs the test.
        timing: ProbeTiming,
    },
    /// hoist itself has checked a container that is waited for: a try of `x-hoist.ready`, or a run of the health test with
    /// eager health.
    Tried {
        /// The wait.
        id: ActionId,
        /// The container.
        container: String,
        /// How long it took.
        elapsed: Duration,
        /// Whether it passed.
        passed: bool,
    },
    /// A container is up and already matches the files, so the plan has no step for it.
    UpToDate {
        /// Its name.
        container: String,
        /// Its state: running, or about to be restarted by the engine.
        state: State,
    },
    /// Something is left alone that the command could have been expected to act on.
    LeftAlone(LeftAlone),
    /// A pull or push failed in a way that may pass, and is tried again.
    Retrying {
        /// The step.
        id: ActionId,
        /// The delay before the next attempt.
        delay: Duration,
        /// Why the last one failed.
        cause: EngineError,
    },
    /// A layer of a pull or push made progress.
    Progress {
        /// The step.
        id: ActionId,
        /// The layer's short id.
        part: String,
        /// The engine's words for its status.
        status: String,
        /// Bytes done.
        current: Option<u64>,
        /// Total bytes.
        total: Option<u64>,
    },
    /// A build step started or ended.
    BuildStep {
        /// The step of the plan.
        id: ActionId,
        /// Its number in the build.
        part: String,
        /// What it does: `[2/3] RUN make`.
        name: String,
        /// Its state.
        status: BuildStatus,
        /// How long it took, once it has ended.
        elapsed: Option<Duration>,
    },
    /// A line of a build's log.
    BuildLog {
        /// The step of the plan.
        id: ActionId,
        /// The number of the build step.
        part: String,
        /// The text.
        line: String,
    },
    /// How the line stands that a build step is still writing; it may overwrite it, as progress bars do. It becomes a
    /// line of the log when it ends.
    BuildOpenLine {
        /// The step of the plan.
        id: ActionId,
        /// The number of the build step.
        part: String,
        /// The text.
        line: String,
    },
    /// Something the user should know that does not stop the run.
    Warning {
        /// The step it comes from.
        id: Option<ActionId>,
        /// The warning.
        warning: StepWarning,
    },
    /// Containers that the plan removed left these volumes behind, unused by any container. Their data is still there.
    VolumesLeft(Vec<UnusedVolume>),
    /// The run is being stopped.
    Stopping(Stopping),
    /// A plan has ended: none of its steps is running or will run.
    Ended,
}

/// A run of a health test; times count from the start of its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeRun {
    /// When it began.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
    /// Whether it passed.
    pub passed: bool,
}

/// Why a run ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// The user interrupted it.
    Interrupted,
    /// The user interrupted it again, so it is killed.
    Forced,
    /// A container exited, and the command says to stop all containers then.
    ContainerExited,
    /// The user interrupted it: nothing new is started, and what has started is finished. No container is stopped.
    Finishing,
}

/// The outcome of a step that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// The object was kept, because it is still in use.
    StillInUse {
        /// The containers that use it: names, or IDs in short; empty if the engine does not tell.
        by: Vec<String>,
    },
    /// The object was already gone.
    NothingThere,
    /// A pull that the plan can do without failed.
    PullTolerated(Box<StepError>),
    /// A pull or push failed that the user does not mind: `--ignore-pull-failures`, `--ignore-push-failures`.
    FailureIgnored(Box<StepError>),
    /// It was interrupted because another step failed.
    Interrupted,
    /// A wait ended without its condition, which its dependents do not require.
    OptionalNotMet {
        /// The service being waited for.
        service: ServiceName,
        /// Why; `None` if a step before the wait failed.
        error: Option<Box<StepError>>,
    },
}

/// The sender of facts. Cheap to clone; sending never waits or fails: without a receiver, facts are dropped.
#[derive(Debug, Clone)]
pub struct Events {
    sender: mpsc::UnboundedSender<Event>,
    began: Instant,
}

/// The receiver of events, in the order in which they happened.
pub type EventReceiver = mpsc::UnboundedReceiver<Event>;

impl Events {
    /// Creates a channel. The times of its events are relative to now.
    #[must_use]
    pub fn channel() -> (Self, EventReceiver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, began: Instant::now() }, receiver)
    }

    /// Sends a fact.
    pub fn send(&self, fact: Fact) {
        // It does not matter if the receiver is gone.
        let _ = self.sender.send(Event { at: self.began.elapsed(), fact });
    }
}
