//! What containers write, and what becomes of them while they are followed.

use std::sync::Arc;

use tokio::sync::mpsc;

/// How many pieces may wait to be written before the reading of logs waits too.
const CAPACITY: usize = 64;

/// Something for the terminal or a pipe that comes from containers. Sources are named as Docker Compose shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Those sources are being attached to, in the order in which they get their colours.
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
    /// A container ended; everything it wrote came before.
    Exited {
        /// Which one.
        source: Arc<str>,
        /// Its exit status.
        exit_code: i64,
        /// Whether the engine starts it again.
        restarting: bool,
    },
    /// A container was replaced by another one.
    Recreated {
        /// The name of the one that is gone.
        source: Arc<str>,
    },
    /// The output of a container cannot be read.
    Unreadable {
        /// Which one.
        source: Arc<str>,
        /// Why.
        message: String,
    },
}

/// Where output is sent. Cheap to clone; sending waits while the reader is behind.
#[derive(Debug, Clone)]
pub struct Outputs(mpsc::Sender<Output>);

/// Where output arrives.
pub type OutputReceiver = mpsc::Receiver<Output>;

impl Outputs {
    /// A channel and its receiving end.
    #[must_use]
    pub fn channel() -> (Self, OutputReceiver) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self(sender), receiver)
    }

    /// Hands over output; says whether anybody still reads.
    pub async fn send(&self, output: Output) -> bool {
        self.0.send(output).await.is_ok()
    }

    /// Returns when nobody reads any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}
