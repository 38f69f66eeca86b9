//! Pipes of a few pieces between the engine's streams and threads that read and write files: whoever is slow slows the
//! other down, and nothing is as a whole in memory.
//!
//! A pipe whose other end went away is an error to its reader, never an end: half an archive is not taken for a whole.

use std::io::{self, Read, Write};

use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::engine::{Bytes, Download, EngineError, Upload};

/// Pieces that are under way at a time.
const PIECES: usize = 4;
/// Batches of arrived pieces that are under way at a time.
const BATCHES: usize = 2;
/// How many bytes are handed over together: engines send small pieces, and each time wakes a thread.
const BATCH: usize = 256 << 10;
/// The largest piece of memory that is asked for: all batches that are under way, with one at either end.
const KEPT: usize = (BATCHES + 2) * BATCH;
/// How large a written piece is.
const PIECE: usize = 256 << 10;

/// What travels in a pipe; nothing is its end.
type Piece<T> = io::Result<Option<T>>;

/// The end of a pipe that a thread writes to.
#[derive(Debug)]
pub(super) struct PipeWriter {
    sender: mpsc::Sender<Piece<Bytes>>,
    pending: Vec<u8>,
}

/// The end of a pipe that a thread reads from.
#[derive(Debug)]
pub(super) struct PipeReader {
    receiver: mpsc::Receiver<Piece<Vec<Bytes>>>,
    /// What arrived together with `piece`, and comes after it.
    pieces: std::vec::IntoIter<Bytes>,
    piece: Bytes,
    ended: bool,
}

/// A pipe from a thread to the engine.
pub(super) fn to_engine() -> (PipeWriter, Upload) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let pieces = stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await.unwrap_or_else(|| Err(broken())) {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(receiver))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    (PipeWriter { sender, pending: Vec::with_capacity(PIECE) }, pieces.boxed())
}

/// Hands what the engine sends to `work`, which runs on a thread of its own.
///
/// # Errors
///
/// The engine's where the stream broke off.
pub(super) async fn from_engine<T: Send + 'static>(
    mut download: Download,
    work: impl FnOnce(PipeReader) -> T + Send + 'static,
) -> Result<T, EngineError> {
    // The memory that the C library keeps for the next batch, instead of giving it back to the system each time, grows
    // with the largest piece that was ever freed. This one is never written to, so it costs nothing.
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT)));
    let (sender, receiver) = mpsc::channel(BATCHES);
    let reader = PipeReader { receiver, pieces: Vec::new().into_iter(), piece: Bytes::new(), ended: false };
    let working = on_thread(move || work(reader));
    let sending = async move {
        loop {
            let batch = batch(&mut download).await;
            let (ended, lost) = (matches!(&batch, Ok(pieces) if pieces.is_empty()), batch.as_ref().err().cloned());
            let piece = batch.map(|pieces| Some(pieces).filter(|_| !ended)).map_err(io::Error::other);
            // Who does not read any more has said why.
            if sender.send(piece).await.is_err() || ended || lost.is_some() {
                return lost;
            }
        }
    };
    // As a task it takes turns with that of the connection: each turn of this one would ask the system for news.
    let mut tasks = JoinSet::new();
    tasks.spawn(sending);
    let (done, sent) = tokio::join!(working, tasks.join_next());
    match sent.transpose() {
        Ok(Some(Some(error))) => Err(error),
        Ok(Some(None) | None) => Ok(done),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The next pieces, about [`BATCH`] bytes unless they are the last ones; none at the end.
async fn batch(download: &mut Download) -> Result<Vec<Bytes>, EngineError> {
    let (mut pieces, mut length) = (Vec::new(), 0);
    while length < BATCH
        && let Some(piece) = download.next().await
    {
        let piece = piece?;
        length += piece.len();
        pieces.push(piece);
    }
    Ok(pieces)
}

/// Runs `work` on a thread where it may wait; its panic goes on.
pub(super) async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Copies to all writers at once what can be read. Those whose readers went away are left out.
pub(super) fn copy_to_all(mut input: impl Read, mut writers: Vec<PipeWriter>) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    while !writers.is_empty() {
        let read = match input.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                for writer in writers {
                    writer.fail(io::Error::new(error.kind(), error.to_string()));
                }
                return Err(error);
            }
        };
        if read == 0 {
            break;
        }
        writers.retain_mut(|writer| writer.write_all(&buffer[..read]).and_then(|()| writer.flush()).is_ok());
    }
    for writer in writers {
        let _ = writer.finish();
    }
    Ok(())
}

impl PipeWriter {
    /// All was written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.sender.blocking_send(Ok(None)).map_err(|_| broken())
    }

    /// No more will be written, for that reason.
    pub(super) fn fail(self, error: io::Error) {
        let _ = self.sender.blocking_send(Err(error));
    }
}

/// Writes the same to several pipes. Those whose readers went away are left out.
pub(super) struct FanOut(pub(super) Vec<PipeWriter>);

impl FanOut {
    /// All was written.
    pub(super) fn finish(self) {
        for writer in self.0 {
            let _ = writer.finish();
        }
    }

    /// No more will be written, for that reason.
    pub(super) fn fail(self, reason: &str) {
        for writer in self.0 {
            writer.fail(io::Error::other(reason.to_owned()));
        }
    }
}

impl Write for FanOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.retain_mut(|writer| writer.write_all(bytes).is_ok());
        if self.0.is_empty() { Err(broken()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.retain_mut(|writer| writer.flush().is_ok());
        Ok(())
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.pending, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(Some(piece.into()))).map_err(|_| broken())
    }
}

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            if let Some(piece) = self.pieces.next() {
                self.piece = piece;
                continue;
            }
            match self.receiver.blocking_recv().unwrap_or_else(|| Err(broken()))? {
                Some(pieces) => self.pieces = pieces.into_iter(),
                None => self.ended = true,
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the copy was broken off")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn collected(upload: Upload) -> io::Result<Vec<u8>> {
        let pieces: Vec<_> = upload.collect().await;
        let pieces: io::Result<Vec<Bytes>> = pieces.into_iter().collect();
        Ok(pieces?.concat())
    }

    #[tokio::test]
    async fn what_is_written_arrives_at_the_engine_and_half_of_it_is_an_error() {
        let data: Vec<u8> = (0..=u8::MAX).cycle().take(3 * PIECE + 7).collect();
        for finishes in [true, false] {
            let (mut writer, upload) = to_engine();
            let written = data.clone();
            let writing = on_thread(move || {
                writer.write_all(&written).expect("it is read");
                if finishes {
                    writer.finish().expect("it is read");
                }
            });
            let ((), arrived) = tokio::join!(writing, collected(upload));
            assert_eq!(arrived.ok(), finishes.then(|| data.clone()));
        }
    }

    #[tokio::test]
    async fn small_pieces_are_handed_over_together() {
        const SMALL: usize = 32 << 10;
        let piece = Bytes::from(vec![0; SMALL]);
        let count = BATCH / SMALL + 3;
        let mut download: Download = stream::iter(std::iter::repeat_n(Ok(piece), count)).boxed();
        for expected in [BATCH / SMALL, 3, 0] {
            assert_eq!(batch(&mut download).await.map(|pieces| pieces.len()), Ok(expected));
        }
    }

    #[tokio::test]
    async fn what_the_engine_sends_arrives_and_a_lost_connection_is_no_end() {
        let read = |mut reader: PipeReader| {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        };
        let pieces = [Ok(Bytes::from_static(b"one ")), Ok(Bytes::from_static(b"two"))];
        let whole = from_engine(stream::iter(pieces.clone()).boxed(), read).await;
        assert_eq!(whole.expect("nothing was lost").expect("all is read"), b"one two");
        let lost = EngineError::Disconnected("reset".to_owned());
        let broken = pieces.into_iter().chain([Err(lost.clone())]);
        assert_eq!(from_engine(stream::iter(broken).boxed(), read).await.expect_err("it was lost"), lost);
    }
}
