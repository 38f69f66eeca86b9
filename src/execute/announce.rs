//! Announces containers that are about to start to the reader of their output, and waits until it is listening.

use tokio::sync::{mpsc, oneshot};

use crate::observed::ContainerId;
use crate::plan::{ContainerRef, Replica};
use crate::project::Service;

/// Announces containers before they start, so that none of their output is missed. Cheap to clone; as long as one
/// exists, more containers may start.
#[derive(Debug, Clone)]
pub struct Announcer {
    announcements: mpsc::Sender<Announcement>,
}

/// A replica that is about to start, or to be unpaused.
#[derive(Debug)]
pub struct Announcement {
    /// The container's id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// Which replica it is.
    pub replica: Replica,
    /// Whether it has a terminal, so that its output is one raw stream; `None` if unknown: ask the engine.
    pub terminal: Option<bool>,
    /// Whether it is already up, because it was paused.
    pub running: bool,
    listening: oneshot::Sender<()>,
}

impl Announcement {
    /// Confirms that its output is being read, or not wanted, so that it can start.
    pub fn listened(self) {
        // The sender may have gone on without an answer.
        let _ = self.listening.send(());
    }
}

impl Announcer {
    /// Creates an announcer and the receiver of its announcements.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<Announcement>) {
        let (announcements, receiver) = mpsc::channel(1);
        (Self { announcements }, receiver)
    }

    /// Returns once the output of a container that is about to start is being read, or if it is not wanted.
    pub(super) async fn before_start(&self, container: &ContainerRef, id: &ContainerId, service: Option<&Service>) {
        self.announce(container, id, service.map(|service| service.tty), false).await;
    }

    /// The same for a paused container that is about to be resumed.
    pub(super) async fn before_unpause(&self, container: &ContainerRef, id: &ContainerId) {
        self.announce(container, id, None, true).await;
    }

    async fn announce(&self, container: &ContainerRef, id: &ContainerId, terminal: Option<bool>, running: bool) {
        let Some(replica) = container.replica.clone() else { return };
        let (listening, done) = oneshot::channel();
        let (id, name) = (id.clone(), container.name.clone());
        let announcement = Announcement { id, name, replica, terminal, running, listening };
        if self.announcements.send(announcement).await.is_ok() {
            // An error means that the reader is gone and the output is not wanted any more.
            let _ = done.await;
        }
    }
}
