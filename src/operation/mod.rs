//! What a command does, without a terminal and without arguments: a goal in, events, output and an end out.
//!
//! Everything is generic over the engine's traits, so that each operation has tests on the fake engine.

pub mod ask;
mod choose;
mod commit;
mod converge;
pub mod copy;
mod down;
mod error;
mod existing;
mod export;
pub mod follow;
mod logs;
mod observe;
mod pipe;
mod ps;
pub mod session;
mod up;
mod wait;

use tokio_util::sync::CancellationToken;

pub use ask::{Ask, Question};
pub use commit::Commit;
pub use converge::{Change, Detail, Prepared, RunSettings, converge, prepare};
pub use copy::Copy;
pub use down::Down;
pub use error::OperationError;
pub use existing::{Existing, Rm};
pub use export::Export;
pub use logs::Logs;
pub use ps::{ListedServices, ListedStates, Ps};
pub use up::Up;
pub use wait::{Ended, Wait};

/// What the user asked for while an operation lasts. Each is cancelled from outside, in this order.
#[derive(Debug, Clone, Default)]
pub struct Interruption {
    /// Nothing new is started; an attached run stops what it started.
    pub stop: CancellationToken,
    /// An attached run kills what is stopping; other operations leave what has begun.
    pub kill: CancellationToken,
    /// Nothing is waited for any more, also not for an engine that does not answer.
    pub leave: CancellationToken,
}
