//! What a command does, without a terminal and arguments: a goal in; events, output and a result out.
//!
//! Everything is generic over the engine's traits, so that each operation can be tested with the fake engine.

pub mod ask;
mod attach;
mod commit;
mod converge;
pub mod copy;
mod detach_keys;
mod down;
mod error;
mod events;
mod exec;
mod existing;
mod export;
pub mod follow;
mod images;
pub mod interactive;
mod logs;
mod ls;
mod observe;
mod on_images;
mod one_container;
mod pipe;
mod port;
mod ps;
mod rehearse;
pub mod run;
pub mod session;
mod stats;
mod top;
mod up;
mod volumes;
mod wait;
pub mod watch;
mod why;

use tokio_util::sync::CancellationToken;

pub use ask::{Ask, Question};
pub use attach::{Attach, Signals};
pub use commit::Commit;
pub use converge::{Change, Detail, Known, Prepared, RunSettings, converge, prepare};
pub use copy::Copy;
pub use detach_keys::{DetachKeys, DetachKeysError};
pub use down::Down;
pub use error::OperationError;
pub use events::WatchEvents;
pub use exec::Exec;
pub use existing::{Existing, Rm};
pub use export::Export;
pub use images::Images;
pub use logs::Logs;
pub use ls::{Ls, NameFilter};
pub use on_images::{OnImages, build, pull, push};
pub use one_container::OneContainer;
pub use port::{Port, WantedPorts};
pub use ps::{ListedServices, ListedStates, Ps};
pub use rehearse::{look_for_files, rehearse};
pub use stats::Stats;
pub use top::Top;
pub use up::Up;
pub use volumes::Volumes;
pub use wait::{Ended, Wait};
pub use why::Why;

/// Interruptions by the user during an operation. The tokens are cancelled from outside, in this order.
#[derive(Debug, Clone, Default)]
pub struct Interruption {
    /// Nothing new is started; an attached run stops what it started.
    pub stop: CancellationToken,
    /// An attached run kills what is stopping; other operations abandon what has started.
    pub kill: CancellationToken,
    /// Nothing is waited for any more, not even an engine that does not answer.
    pub leave: CancellationToken,
}
