//! What the engine has of a service, in one word.

use std::fmt;

use crate::observed::{Container, Health, State};

/// What the engine has of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The state of the replica that is worst off.
    pub state: NodeState,
    /// Number of replicas that are up.
    pub up: usize,
    /// Number of replicas that the files ask for.
    pub wanted: usize,
}

/// The state of a replica, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeState {
    /// It exited with this status, which is not 0, or could not be removed.
    Failed(i64),
    /// Its probes fail.
    Unhealthy,
    /// It has exited, and the engine is about to start it again.
    Restarting,
    /// It is paused.
    Paused,
    /// There is no container.
    Missing,
    /// It was never started.
    Created,
    /// It runs; there is no result of a probe yet.
    Starting,
    /// It exited with status 0.
    Completed,
    /// It runs, and has no healthcheck.
    Running,
    /// It runs, and its last probe succeeded.
    Healthy,
}

impl NodeState {
    fn of(container: &Container) -> Self {
        match (container.state, container.health) {
            (State::Created, _) => Self::Created,
            (State::Paused, _) => Self::Paused,
            (State::Restarting, _) => Self::Restarting,
            (State::Running, Health::None) => Self::Running,
            (State::Running, Health::Starting) => Self::Starting,
            (State::Running, Health::Healthy) => Self::Healthy,
            (State::Running, Health::Unhealthy) => Self::Unhealthy,
            (State::Removing, _) => Self::Missing,
            (State::Exited | State::Dead, _) => match container.exit_code {
                Some(0) | None => Self::Completed,
                Some(code) => Self::Failed(code),
            },
        }
    }

    /// How it is to be taken.
    #[must_use]
    pub const fn mood(self) -> Mood {
        match self {
            Self::Failed(_) | Self::Unhealthy | Self::Restarting => Mood::Bad,
            Self::Paused | Self::Starting => Mood::Waiting,
            Self::Missing | Self::Created => Mood::Absent,
            Self::Completed => Mood::Done,
            Self::Running | Self::Healthy => Mood::Good,
        }
    }
}

/// What a colour says about a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    /// Something is wrong.
    Bad,
    /// It is not ready, and nothing is wrong yet.
    Waiting,
    /// It has not begun.
    Absent,
    /// It has done its work.
    Done,
    /// It works.
    Good,
}

impl Live {
    /// From the replicas of a service and how many it should have.
    #[must_use]
    pub fn new(replicas: &[&Container], wanted: usize) -> Self {
        let states = replicas.iter().map(|container| NodeState::of(container));
        let missing = (replicas.len() < wanted).then_some(NodeState::Missing);
        let up = replicas.iter().filter(|container| container.is_up()).count();
        Self { state: states.chain(missing).min().unwrap_or(NodeState::Missing), up, wanted }
    }
}

impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            NodeState::Failed(code) => write!(f, "exited ({code})")?,
            NodeState::Unhealthy => f.write_str("unhealthy")?,
            NodeState::Restarting => f.write_str("restarting")?,
            NodeState::Paused => f.write_str("paused")?,
            NodeState::Missing => f.write_str("not created")?,
            NodeState::Created => f.write_str("created")?,
            NodeState::Starting => f.write_str("starting")?,
            NodeState::Completed => f.write_str("exited (0)")?,
            NodeState::Running => f.write_str("running")?,
            NodeState::Healthy => f.write_str("healthy")?,
        }
        if self.wanted > 1 || self.up > 1 { write!(f, ", {} of {} up", self.up, self.wanted) } else { Ok(()) }
    }
}
