//! One stream of one container: bytes in, batches of lines out.

use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};

use super::super::lines::{Batch, Lines};
use super::{Stderr, Target};
use crate::engine::{Engine, EngineError, LogChunk, LogQuery, OutputStream};
use crate::event::{Output, Outputs};

/// How the output of a container is read.
pub(super) enum How {
    /// From its log.
    Logs(LogQuery),
    /// From the stream that was attached to it.
    Attached(Chunks),
}

type Chunks = BoxStream<'static, Result<LogChunk, EngineError>>;

/// Reads streams on behalf of one terminal or pipe.
#[derive(Debug, Clone)]
pub(super) struct Reader<E> {
    pub(super) engine: E,
    pub(super) outputs: Outputs,
    pub(super) stderr: Stderr,
}

impl<E: Engine> Reader<E> {
    /// Reads to the end of the stream; a stream that cannot be opened is reported as output.
    pub(super) async fn read(&self, target: &Target, how: How) {
        let opened = match how {
            How::Attached(chunks) => Ok(chunks),
            How::Logs(query) => self.open(target, query).await,
        };
        match opened {
            Ok(chunks) => self.pump(target, chunks).await,
            // It was removed meanwhile: there is nothing to read.
            Err(EngineError::NotFound(_)) => {}
            Err(error) => {
                let (source, message) = (target.source.clone(), error.to_string());
                self.outputs.send(Output::Unreadable { source, message }).await;
            }
        }
    }

    async fn open(&self, target: &Target, query: LogQuery) -> Result<Chunks, EngineError> {
        let terminal = match target.terminal {
            Some(terminal) => terminal,
            None => self.engine.inspect_container(target.id.clone()).await?.terminal,
        };
        let follow = query.follow;
        match self.engine.logs(target.id.clone(), LogQuery { terminal, ..query }).await {
            // A logging driver whose log cannot be read: what it writes from now on can.
            Err(EngineError::Unsupported(_)) if follow => self.engine.attach(target.id.clone(), terminal).await,
            other => other,
        }
    }

    async fn pump(&self, target: &Target, chunks: Chunks) {
        let mut chunks = chunks.fuse();
        let mut lines = Lines::new();
        while let Some(Ok(chunk)) = chunks.next().await {
            if !self.hand_on(target, lines.push(self.place(chunk))).await {
                return;
            }
            // What is there already goes along.
            while !lines.is_full()
                && let Some(Some(Ok(chunk))) = chunks.next().now_or_never()
            {
                if !self.hand_on(target, lines.push(self.place(chunk))).await {
                    return;
                }
            }
            if !self.hand_on(target, lines.take()).await {
                return;
            }
        }
        for batch in lines.finish() {
            self.hand_on(target, Some(batch)).await;
        }
    }

    fn place(&self, chunk: LogChunk) -> LogChunk {
        match self.stderr {
            Stderr::Apart => chunk,
            Stderr::Merged => LogChunk { stream: OutputStream::Stdout, ..chunk },
        }
    }

    /// Says whether anybody still reads.
    async fn hand_on(&self, target: &Target, batch: Option<Batch>) -> bool {
        let Some(Batch { stream, bytes }) = batch else { return true };
        let stderr = stream == OutputStream::Stderr;
        self.outputs.send(Output::Lines { source: target.source.clone(), stderr, bytes }).await
    }
}
