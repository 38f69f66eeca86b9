//! The output of containers, and what happens to them while they are followed.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::watch::WatchNote;

/// How many pieces may be queued before reading logs waits.
const CAPACITY: usize = 64;

/// Something from containers to be printed. Sources are named as Docker Compose shows them.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// These sources are being attached to, in the order in which they get their colours.
    Attaching(Vec<Arc<str>>),
    /// Lines that a container wrote.
    Lines {
        /// Which one.
        source: Arc<str>,
        /// Whether they were written to standard error.
        stderr: bool,
        /// Whole lines, each with its line end.
        bytes: Vec<u8>,
    },
    /// A container exited; all its output came before.
    Exited {
        /// Which one.
        source: Arc<str>,
        /// Its exit status.
        exit_code: i64,
        /// Whether the engine restarts it.
        restarting: bool,
    },
    /// A container was replaced by another one.
    Recreated {
        /// The name of the old one.
        source: Arc<str>,
    },
    /// The output of a container cannot be read.
    Unreadable {
        /// Which one.
        source: Arc<str>,
        /// Why.
        message: String,
    },
    /// What `watch` does.
    Watch(WatchNote),
}

/// The sender of output. Cheap to clone; sending waits while the reader is behind.
#[derive(Debug, Clone)]
pub struct Outputs(mpsc::Sender<Output>);

/// The receiver of output.
pub type OutputReceiver = mpsc::Receiver<Output>;

impl Outputs {
    /// Creates a channel.
    #[must_use]
    pub fn channel() -> (Self, OutputReceiver) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self(sender), receiver)
    }

    /// Sends output; returns whether the receiver still exists.
    pub async fn send(&self, output: Output) -> bool {
        self.0.send(output).await.is_ok()
    }

    /// Returns when the receiver is gone.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}
