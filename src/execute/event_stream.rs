//! One stream of engine events for all waits of a run; a lost one is opened again.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::engine::waiting::Backoff;
use crate::engine::{ContainerEvent, Engine, EngineError};

/// How many events a wait may be behind before it looks at its containers instead.
const CAPACITY: usize = 1024;

type Stream = BoxStream<'static, Result<ContainerEvent, EngineError>>;

/// What a wait is told.
#[derive(Debug, Clone)]
pub(super) enum Notice {
    /// Something happened to a container.
    Happened(Arc<ContainerEvent>),
    /// Things may have happened unseen.
    LookAgain,
}

/// Reads the events of a project and hands them to whoever subscribes.
pub(super) struct EventStream {
    notices: broadcast::Sender<Notice>,
    reader: JoinSet<()>,
}

impl EventStream {
    /// Listens from now on: what happens after this returns reaches every subscriber there is by then. Without a
    /// stream it goes on trying; waits then rely on looking now and again.
    pub(super) async fn open<E: Engine>(engine: E, project: String) -> Self {
        let (notices, _) = broadcast::channel(CAPACITY);
        let stream = engine.container_events(project.clone()).await.ok();
        let mut reader = JoinSet::new();
        reader.spawn(read(engine, project, stream, notices.clone()));
        Self { notices, reader }
    }

    /// Where to subscribe.
    pub(super) fn notices(&self) -> broadcast::Sender<Notice> {
        self.notices.clone()
    }

    /// Stops listening.
    pub(super) async fn close(mut self) {
        self.reader.shutdown().await;
    }
}

async fn read<E: Engine>(engine: E, project: String, first: Option<Stream>, notices: broadcast::Sender<Notice>) {
    // Without a subscriber nobody needs to know.
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
