//! One stream of engine events for all waits of a run, reopened if it is lost.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::engine::{ContainerEvent, Engine, EngineError};

/// How many events a wait may lag behind before it inspects its containers instead.
const CAPACITY: usize = 1024;
/// The delay before the first attempt to reopen a lost stream; doubled after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest delay between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type Stream = BoxStream<'static, Result<ContainerEvent, EngineError>>;

/// A message to a wait.
#[derive(Debug, Clone)]
pub(super) enum Notice {
    /// Something happened to a container.
    Happened(Arc<ContainerEvent>),
    /// Events may have been missed.
    LookAgain,
}

/// Reads the events of a project and passes them to subscribers.
pub(super) struct EventStream {
    notices: broadcast::Sender<Notice>,
    reader: JoinSet<()>,
}

impl EventStream {
    /// Starts listening: events that happen after this returns reach every subscriber at that time. If the stream
    /// cannot be opened, it keeps trying; waits then rely on inspecting periodically.
    pub(super) async fn open<E: Engine>(engine: E, project: String) -> Self {
        let (notices, _) = broadcast::channel(CAPACITY);
        let stream = engine.container_events(project.clone()).await.ok();
        let mut reader = JoinSet::new();
        reader.spawn(read(engine, project, stream, notices.clone()));
        Self { notices, reader }
    }

    /// The channel to subscribe to.
    pub(super) fn notices(&self) -> broadcast::Sender<Notice> {
        self.notices.clone()
    }

    /// Stops listening.
    pub(super) async fn close(mut self) {
        self.reader.shutdown().await;
    }
}

async fn read<E: Engine>(engine: E, project: String, first: Option<Stream>, notices: broadcast::Sender<Notice>) {
    // It does not matter if there is no subscriber.
    let tell = |notice| drop(notices.send(notice));
    let mut stream = first;
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(events) = &mut stream {
            while let Some(Ok(event)) = events.next().await {
                pause = FIRST_PAUSE;
                tell(Notice::Happened(Arc::new(event)));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        stream = engine.container_events(project.clone()).await.ok();
        if stream.is_some() {
            tell(Notice::LookAgain);
        }
    }
}
