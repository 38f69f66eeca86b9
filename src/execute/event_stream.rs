//! One stream of engine events for all waits of a run; a lost one is opened again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::engine::{ContainerEvent, Engine, EngineError};

/// How many events a wait may be behind before it looks at its containers instead.
const CAPACITY: usize = 1024;
/// How long after a lost stream the first attempt to open it again is made; doubled with each that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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
