//! One stream of engine events for all waits of a run, reopened if it is lost.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::engine::waiting::Backoff;
use crate::engine::{ContainerEvent, Engine, EngineError};

/// How many events a wait may lag behind before it inspects its containers instead.
const CAPACITY: usize = 1024;

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
    let mut backoff = Backoff::new();
    loop {
        if let Some(events) = &mut stream {
            while let Some(Ok(event)) = events.next().await {
                backoff = Backoff::new();
                tell(Notice::Happened(Arc::new(event)));
            }
        }
        backoff.wait().await;
        backoff.lengthen();
        stream = engine.container_events(project.clone()).await.ok();
        if stream.is_some() {
            tell(Notice::LookAgain);
        }
    }
}
