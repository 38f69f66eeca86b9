//! One stream of one container: bytes in, batches of lines out.

use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};

use super::bookmark::{Bookmark, Marker, Resumption, Stamps};
use super::settings::Stderr;
use super::target::Target;
use crate::engine::line_buffer::{Batch, Lines};
use crate::engine::{Engine, EngineError, LogChunk, LogQuery, OutputStream};
use crate::event::{Output, Outputs};

/// How to read the output of a container.
pub(super) enum How {
    /// From its log.
    Logs(LogQuery),
    /// From its log, resuming where an earlier reading ended.
    Resumed(Resumption, LogQuery),
    /// From an attached stream, opened before it started or while it was running.
    Attached(Chunks, Bookmark),
}

/// How a reading ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// How far it got; `None` if nothing could be read.
    pub(super) bookmark: Option<Bookmark>,
    /// Whether the connection was lost.
    pub(super) lost: bool,
}

type Chunks = BoxStream<'static, Result<LogChunk, EngineError>>;

/// Reads streams for one terminal or pipe.
#[derive(Debug, Clone)]
pub(super) struct Reader<E> {
    pub(super) engine: E,
    pub(super) outputs: Outputs,
    pub(super) stderr: Stderr,
}

impl<E: Engine> Reader<E> {
    /// Reads to the end of the stream; if it cannot be opened, that is reported as output.
    pub(super) async fn read(&self, target: &Target, how: How) -> Ending {
        let resumed = matches!(how, How::Resumed(..));
        let opened = match how {
            How::Attached(chunks, bookmark) => Ok((chunks, Some(Marker::untimed(bookmark)))),
            How::Logs(query) if query.follow => self.follow(target, query, None).await,
            How::Resumed(resumption, query) => self.follow(target, query, Some(resumption)).await,
            How::Logs(query) => self.open(target, query).await.map(|chunks| (chunks, None)),
        };
        match opened {
            Ok((chunks, marker)) => Reading { reader: self, target, marker }.pump(chunks).await,
            // Removed meanwhile: there is nothing to read.
            Err(EngineError::NotFound(_)) => Ending::default(),
            Err(EngineError::Unreachable { .. } | EngineError::Disconnected(_)) if resumed => {
                Ending { bookmark: None, lost: true }
            }
            Err(error) => {
                let (source, message) = (target.source.clone(), error.to_string());
                self.outputs.send(Output::Unreadable { source, message }).await;
                Ending::default()
            }
        }
    }

    /// Opens a log with timestamps, so that reading can resume after a lost connection.
    async fn follow(
        &self,
        target: &Target,
        query: LogQuery,
        resumption: Option<Resumption>,
    ) -> Result<(Chunks, Option<Marker>), EngineError> {
        let stamps = if query.timestamps { Stamps::Shown } else { Stamps::Hidden };
        let query = match &resumption {
            Some(resumption) => resumption.query(&query),
            None => query,
        };
        match self.open(target, LogQuery { timestamps: true, ..query }).await {
            // With some logging drivers the log cannot be read, but output from now on can.
            Err(EngineError::Unsupported(_)) => {
                let terminal = self.terminal(target).await?;
                let chunks = self.engine.attach(target.id.clone(), terminal).await?;
                Ok((chunks, Some(Marker::untimed(Bookmark::attached(true)))))
            }
            other => Ok((other?, Some(Marker::timed(stamps, resumption)))),
        }
    }

    async fn open(&self, target: &Target, query: LogQuery) -> Result<Chunks, EngineError> {
        let terminal = self.terminal(target).await?;
        self.engine.logs(target.id.clone(), LogQuery { terminal, ..query }).await
    }

    async fn terminal(&self, target: &Target) -> Result<bool, EngineError> {
        match target.terminal {
            Some(terminal) => Ok(terminal),
            None => Ok(self.engine.inspect_container(target.id.clone()).await?.terminal),
        }
    }

    fn place(&self, chunk: LogChunk) -> LogChunk {
        match self.stderr {
            Stderr::Apart => chunk,
            Stderr::Merged => LogChunk { stream: OutputStream::Stdout, ..chunk },
        }
    }
}

/// The reading of one stream.
struct Reading<'a, E> {
    reader: &'a Reader<E>,
    target: &'a Target,
    /// Tracks the position, if it is followed.
    marker: Option<Marker>,
}

impl<E: Engine> Reading<'_, E> {
    async fn pump(mut self, chunks: Chunks) -> Ending {
        let mut lines = Lines::new();
        let lost = self.pump_lines(chunks, &mut lines).await;
        // A lost connection may have cut a line in two: the next reading gets the whole line.
        let begun = if lost && self.marker.is_some() { None } else { Some(lines.finish()) };
        for batch in begun.into_iter().flatten() {
            let batch = match &mut self.marker {
                Some(marker) => marker.take_unfinished(batch),
                None => batch,
            };
            self.send(batch).await;
        }
        Ending { bookmark: self.marker.map(Marker::into_bookmark), lost }
    }

    /// Passes whole lines on until the stream ends or the receiver is gone. Returns whether the connection was lost.
    async fn pump_lines(&mut self, chunks: Chunks, lines: &mut Lines) -> bool {
        let mut chunks = chunks.fuse();
        loop {
            let mut next = chunks.next().await;
            // Include what is already available.
            while let Some(Ok(chunk)) = next {
                if !self.hand_on(lines.push(self.reader.place(chunk))).await {
                    return false;
                }
                next = if lines.is_full() { None } else { chunks.next().now_or_never().flatten() };
            }
            if !self.hand_on(lines.take()).await {
                return false;
            }
            if matches!(next, Some(Err(_))) {
                return true;
            }
            if chunks.is_done() {
                return false;
            }
        }
    }

    /// Returns whether the receiver still exists.
    async fn hand_on(&mut self, batch: Option<Batch>) -> bool {
        let Some(batch) = batch else { return true };
        let batch = match &mut self.marker {
            Some(marker) => marker.take(batch),
            None => batch,
        };
        self.send(batch).await
    }

    async fn send(&self, Batch { stream, bytes }: Batch) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let stderr = stream == OutputStream::Stderr;
        self.reader.outputs.send(Output::Lines { source: self.target.source.clone(), stderr, bytes }).await
    }
}
