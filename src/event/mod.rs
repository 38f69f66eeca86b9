//! Facts about a run, and the channel they travel on.
//!
//! An [`Event`] is made of ids, numbers, enums and names; words, colours and rounding belong to the renderer, which
//! has the plan at hand to say what an [`ActionId`] is.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::plan::ActionId;

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
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
        /// The message.
        message: String,
        /// What explains it, a line each: the last probe, the last log lines, who holds the port.
        context: Vec<String>,
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
    /// A layer of a pull, or a step of a build, got on.
    Progress {
        /// The step.
        id: ActionId,
        /// The layer or build step.
        part: String,
        /// Words for it, as the engine has them.
        status: String,
        /// Bytes done.
        current: Option<u64>,
        /// Bytes in all.
        total: Option<u64>,
    },
    /// A line of a build's log.
    BuildLog {
        /// The step.
        id: ActionId,
        /// The text.
        line: String,
    },
    /// Something the user should know, that stops nothing.
    Warning {
        /// The step it comes from.
        id: Option<ActionId>,
        /// The message.
        message: String,
    },
    /// A container wrote something.
    Log(LogLine),
    /// A container that is followed ended.
    ContainerExited {
        /// Its display name.
        container: String,
        /// Its exit status.
        exit_code: i64,
        /// Whether the engine starts it again.
        restarting: bool,
    },
    /// The user asked to stop; what runs is being stopped.
    Stopping {
        /// Whether the user asked again, so that it is killed.
        forced: bool,
    },
}

/// What came of a step that ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// It was left, because it is still in use.
    StillInUse,
    /// It was gone already.
    NothingThere,
    /// A wait ended without its condition, which its dependents can do without.
    OptionalNotMet,
}

/// A line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The display name of the container (engine.md §1.3).
    pub container: String,
    /// Whether it was written to standard error.
    pub stderr: bool,
    /// The bytes, without the line end.
    pub bytes: Vec<u8>,
}

/// Where facts are sent. Cheap to clone; sending never waits and never fails: without a receiver they are dropped.
#[derive(Debug, Clone)]
pub struct Events(mpsc::UnboundedSender<Event>);

impl Events {
    /// A channel and its receiving end.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Tells whoever listens.
    pub fn send(&self, event: Event) {
        // A receiver that went away has seen enough.
        let _ = self.0.send(event);
    }
}
