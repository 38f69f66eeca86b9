//! The output of many containers, read once to its end (`logs`) or followed across restarts and new replicas (`logs
//! --follow`, an attached `up`).
//!
//! One loop owns the state; one task per stream turns bytes into lines. The channel to the reader is bounded, so a slow
//! terminal slows the engine's streams down.

mod bookmark;
mod reader;
mod settings;
mod target;
mod tracking;

use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{ContainerEvent, Engine, EngineError, LogQuery};
use crate::event::Outputs;
use crate::execute::{Announcement, Announcer};

pub use settings::{AddedServices, Begin, Exit, FollowSettings, Stderr};
pub use target::{Target, display_name};

use reader::{How, Reader};
use tracking::Tracking;

/// Maximum number of streams read in parallel when nothing is followed.
const STREAMS: usize = 16;

/// Reads the output of `targets` to its end. If the output of a container cannot be read, that is reported as output.
///
/// Ends early if the receiver is gone or `cancel` is cancelled.
pub async fn logs<E: Engine>(
    engine: &E,
    settings: &FollowSettings,
    targets: Vec<Target>,
    outputs: &Outputs,
    cancel: &CancellationToken,
) {
    let query = LogQuery { follow: false, ..settings.query.clone() };
    let reader = Reader { engine: engine.clone(), outputs: outputs.clone(), stderr: settings.stderr };
    let mut readers = JoinSet::new();
    let read_all = async {
        for target in targets {
            if readers.len() >= STREAMS {
                readers.join_next().await;
            }
            let (reader, query) = (reader.clone(), query.clone());
            readers.spawn(async move { reader.read(&target, How::Logs(query)).await });
        }
        while readers.join_next().await.is_some() {}
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = outputs.closed() => {}
        () = read_all => {}
    }
    readers.shutdown().await;
}

/// Follows the containers of a project: already listening to events, not reading output yet.
pub struct Following<E> {
    engine: E,
    settings: FollowSettings,
    events: Option<BoxStream<'static, Result<ContainerEvent, EngineError>>>,
    announcements: mpsc::Receiver<Announcement>,
    outputs: Outputs,
    exits: mpsc::UnboundedSender<Exit>,
    closing: CancellationToken,
}

impl<E: Engine> Following<E> {
    /// Starts listening to events: list the project's containers after this and pass them to [`Following::run`], and
    /// none is missed.
    ///
    /// # Errors
    ///
    /// If the engine's event stream cannot be opened.
    pub async fn open(
        engine: &E,
        settings: FollowSettings,
        outputs: &Outputs,
    ) -> Result<(Self, Announcer, mpsc::UnboundedReceiver<Exit>), EngineError> {
        let events = engine.container_events(settings.project.to_string()).await?;
        let (announcer, announcements) = Announcer::channel();
        let (exits, exited) = mpsc::unbounded_channel();
        let (engine, outputs, closing) = (engine.clone(), outputs.clone(), CancellationToken::new());
        let following = Self { engine, settings, events: Some(events), announcements, outputs, exits, closing };
        Ok((following, announcer, exited))
    }

    /// Once `closing` is cancelled, containers that exit are not expected to come back.
    #[must_use]
    pub fn closing(self, closing: &CancellationToken) -> Self {
        Self { closing: closing.clone(), ..self }
    }

    /// Follows `targets` and every container of the shown services that starts later. Ends when there is no
    /// [`Announcer`] left and no monitored container is running or may start, when the receiver is gone, or when
    /// `cancel` is cancelled. A container may start if it was created but never started, or was already stopped when
    /// reading its log began; one that a client stops may be about to be restarted or replaced.
    ///
    /// # Errors
    ///
    /// If the engine is unreachable for half a minute.
    pub async fn run(self, targets: Vec<Target>, cancel: &CancellationToken) -> Result<(), EngineError> {
        let (engine, outputs) = (self.engine, self.outputs);
        let mut tracking = Tracking::new(engine, self.settings, outputs.clone(), self.exits, self.closing);
        let ended = tokio::select! {
            () = cancel.cancelled() => Ok(()),
            () = outputs.closed() => Ok(()),
            ended = tracking.run(targets, self.events, self.announcements) => ended,
        };
        tracking.shut_down().await;
        ended
    }
}
