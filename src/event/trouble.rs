//! What is wrong with the services of a project, as data: `why` finds it, `render::why` tells it.

use std::time::Duration;

use super::{Evidence, StepError};
use crate::plan::Reason;
use crate::project::{Condition, ServiceName};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The service; `None` for a container without one.
    pub service: Option<ServiceName>,
    /// The container, if there is one.
    pub container: Option<String>,
    /// What is wrong.
    pub trouble: Trouble,
    /// Since when, in nanoseconds since 1970, if known.
    pub since: Option<i128>,
    /// The services that wait for this one, directly or through others, because of it.
    pub holds_up: Vec<ServiceName>,
}

/// What is wrong, worst first.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The engine refused to start the container.
    CannotStart(Box<StepError>),
    /// A `pre_start` hook of the service failed, so its containers were not started.
    HookFailed {
        /// Which item of `pre_start`, from 0, if known.
        hook: Option<usize>,
        /// The exit status of the hook.
        exit_code: i64,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// The container exited, and the engine leaves it so.
    Exited {
        /// Its exit status, not 0.
        exit_code: i64,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// The container keeps exiting, and the engine keeps starting it.
    Restarting {
        /// Its latest exit status.
        exit_code: i64,
        /// When the engine will try again, in nanoseconds since 1970, if known.
        next_try: Option<i128>,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// The probes of the container fail.
    Unhealthy {
        /// How many of the latest probes failed.
        failed: usize,
        /// How many probes the engine remembers.
        of: usize,
        /// How often there is a probe.
        interval: Option<Duration>,
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// The container is paused.
    Paused,
    /// A file that the service mounts is not there.
    FileMissing {
        /// The file.
        path: String,
    },
    /// There is no container, and no image to create one from.
    ImageMissing {
        /// The image.
        image: String,
        /// Where it would come from.
        source: ImageSource,
    },
    /// There are containers of the project, but none of this service.
    Missing,
    /// The container was created, but never started.
    NotStarted,
    /// The container exited with status 0, though the service is meant to run all the time.
    Ended,
    /// It is not started because of others.
    Waiting {
        /// What it waits for: first its own dependency, then what that one waits for, down to the cause.
        needs: Vec<Need>,
    },
    /// The container runs, and no probe has succeeded yet.
    NotHealthyYet {
        /// What explains it.
        evidence: Vec<Evidence>,
    },
    /// The container runs, but `x-hoist.ready` does not find it ready.
    NotReady {
        /// What was checked.
        check: String,
        /// What came of it just now.
        last: String,
    },
    /// The container runs, but `up` would recreate it.
    Outdated {
        /// Why.
        reasons: Vec<Reason>,
    },
    /// There are fewer replicas than the files ask for.
    TooFew {
        /// Number of replicas that are there.
        there: usize,
        /// Number of replicas in the files.
        wanted: usize,
    },
    /// The container belongs to no service of the files.
    Orphan,
}

impl Trouble {
    /// How bad it is: 0 is worst.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::CannotStart(_) => 0,
            Self::HookFailed { .. } => 1,
            Self::Exited { .. } => 2,
            Self::Restarting { .. } => 3,
            Self::Unhealthy { .. } => 4,
            Self::FileMissing { .. } => 5,
            Self::ImageMissing { .. } => 6,
            Self::Missing => 7,
            Self::NotStarted => 8,
            Self::Ended => 9,
            Self::Paused => 10,
            Self::NotHealthyYet { .. } | Self::NotReady { .. } => 11,
            Self::Waiting { .. } => 12,
            Self::TooFew { .. } => 13,
            Self::Outdated { .. } => 14,
            Self::Orphan => 15,
        }
    }

    /// The exit status, if it is about one.
    #[must_use]
    pub const fn exit_code(&self) -> Option<i64> {
        if let Self::HookFailed { exit_code, .. }
        | Self::Exited { exit_code, .. }
        | Self::Restarting { exit_code, .. } = self
        {
            Some(*exit_code)
        } else {
            None
        }
    }

    /// What the service waits for, if it waits.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        if let Self::Waiting { needs } = self { needs } else { &[] }
    }

    /// Why `up` would recreate the container, if that is it.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        if let Self::Outdated { reasons } = self { reasons } else { &[] }
    }

    /// Its name for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CannotStart(_) => "cannot-start",
            Self::HookFailed { .. } => "hook-failed",
            Self::Exited { .. } => "exited",
            Self::Restarting { .. } => "restarting",
            Self::Unhealthy { .. } => "unhealthy",
            Self::FileMissing { .. } => "file-missing",
            Self::ImageMissing { .. } => "image-missing",
            Self::Missing => "missing",
            Self::NotStarted => "not-started",
            Self::Ended => "ended",
            Self::Paused => "paused",
            Self::Waiting { .. } => "waiting",
            Self::NotHealthyYet { .. } => "not-healthy-yet",
            Self::NotReady { .. } => "not-ready",
            Self::TooFew { .. } => "too-few",
            Self::Outdated { .. } => "outdated",
            Self::Orphan => "orphan",
        }
    }
}

/// Where an image would come from that the engine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSource {
    /// A registry.
    Registry,
    /// The service's `build`.
    Build,
    /// Nowhere: `pull_policy: never`.
    Nowhere,
}

/// A condition of `depends_on` that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The dependency.
    pub dependency: ServiceName,
    /// What must hold of it.
    pub condition: Condition,
    /// Why it cannot come to hold, if nothing else is wrong with the dependency.
    pub obstacle: Option<Obstacle>,
}

/// Why a condition of `depends_on` cannot come to hold although nothing is wrong with the dependency itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has ended with this status.
    Exited(i64),
    /// Nothing says when it is healthy.
    NoHealthcheck,
}
