//! Bytes of the engine in, chunks of output by stream out.

use futures::stream::{self, BoxStream, Stream, StreamExt};
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;

use crate::engine::{EngineError, LogChunk, OutputStream};

/// What containers write.
pub(super) type Chunks = BoxStream<'static, Result<LogChunk, EngineError>>;

/// How the two output streams share one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The bytes of a terminal.
    Raw,
    /// Frames: the stream, three zeroes, the length in four bytes, the bytes.
    Frames,
}

impl Format {
    /// The format given in the response; older engines omit it, then the terminal decides.
    pub(super) fn of<B>(response: &Response<B>, terminal: bool) -> Self {
        match response.headers().get(CONTENT_TYPE).map(hyper::header::HeaderValue::as_bytes) {
            Some(b"application/vnd.docker.multiplexed-stream") => Self::Frames,
            _ if terminal => Self::Raw,
            _ => Self::Frames,
        }
    }
}

/// The output in a stream of bytes.
pub(super) fn decode(bytes: impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static, format: Format) -> Chunks {
    match format {
        Format::Raw => bytes.map(|bytes| bytes.map(|bytes| stdout(bytes.into()))).boxed(),
        Format::Frames => {
            let frames = bytes.scan(Demultiplexer::default(), |decoder, bytes| {
                let chunks = match bytes.map(|bytes| decoder.push(&bytes)) {
                    Ok(Ok(chunks)) => chunks.into_iter().map(Ok).collect(),
                    Ok(Err(error)) | Err(error) => vec![Err(error)],
                };
                futures::future::ready(Some(stream::iter(chunks)))
            });
            frames.flatten().boxed()
        }
    }
}

fn stdout(bytes: Vec<u8>) -> LogChunk {
    LogChunk { stream: OutputStream::Stdout, bytes }
}

/// Splits the stream into frames, wherever the connection breaks it.
#[derive(Debug, Default)]
struct Demultiplexer {
    /// The beginning of a header whose rest has not arrived.
    header: Vec<u8>,
    /// Remaining bytes of the current frame.
    remaining: usize,
    stream: Option<OutputStream>,
}

const HEADER: usize = 8;

impl Demultiplexer {
    /// The output in `bytes`: one chunk for each run of frames of one stream.
    fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<LogChunk>, EngineError> {
        let mut chunks: Vec<LogChunk> = Vec::new();
        while !bytes.is_empty() {
            if self.remaining == 0 {
                bytes = self.read_header(bytes)?;
                continue;
            }
            let (payload, rest) = bytes.split_at(self.remaining.min(bytes.len()));
            self.remaining -= payload.len();
            bytes = rest;
            match (self.stream, chunks.last_mut()) {
                (None, _) => {}
                (Some(stream), Some(last)) if last.stream == stream => last.bytes.extend_from_slice(payload),
                (Some(stream), _) => {
                    let mut run = Vec::with_capacity(payload.len() + following(bytes, stream));
                    run.extend_from_slice(payload);
                    chunks.push(LogChunk { stream, bytes: run });
                }
            }
        }
        Ok(chunks)
    }

    fn read_header<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], EngineError> {
        let (part, rest) = bytes.split_at((HEADER - self.header.len()).min(bytes.len()));
        self.header.extend_from_slice(part);
        if let [kind, 0, 0, 0, a, b, c, d] = self.header[..] {
            self.stream = stream_of(kind)?;
            self.remaining = u32::from_be_bytes([a, b, c, d]) as usize;
            self.header.clear();
        } else if self.header.len() == HEADER {
            return Err(bad_frame());
        }
        Ok(rest)
    }
}

/// The stream that the first byte of a header stands for.
fn stream_of(kind: u8) -> Result<Option<OutputStream>, EngineError> {
    match kind {
        // Standard input.
        0 => Ok(None),
        1 => Ok(Some(OutputStream::Stdout)),
        // 3 is an error of the engine itself, in the middle of the stream.
        2 | 3 => Ok(Some(OutputStream::Stderr)),
        _ => Err(bad_frame()),
    }
}

/// How many bytes of `stream` the frames at the beginning of `bytes` have, before one of another stream.
fn following(mut bytes: &[u8], stream: OutputStream) -> usize {
    let mut length = 0;
    while let Some((&[kind, _, _, _, a, b, c, d], rest)) = bytes.split_first_chunk()
        && stream_of(kind) == Ok(Some(stream))
    {
        let payload = rest.len().min(u32::from_be_bytes([a, b, c, d]) as usize);
        length += payload;
        bytes = &rest[payload..];
    }
    length
}

fn bad_frame() -> EngineError {
    EngineError::Failed("the engine's output stream is not framed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, text: &str) -> Vec<u8> {
        let mut bytes = vec![kind, 0, 0, 0];
        bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }

    fn text(chunks: &[LogChunk], stream: OutputStream) -> String {
        let of_stream = chunks.iter().filter(|chunk| chunk.stream == stream).flat_map(|chunk| chunk.bytes.clone());
        String::from_utf8(of_stream.collect()).unwrap()
    }

    #[test]
    fn frames_survive_every_cut() {
        let whole = [frame(1, "one\n"), frame(2, "oops\n"), frame(1, ""), frame(1, "two")].concat();
        for cut in 0..=whole.len() {
            let mut decoder = Demultiplexer::default();
            let (head, tail) = whole.split_at(cut);
            let mut chunks = decoder.push(head).unwrap();
            chunks.extend(decoder.push(tail).unwrap());
            assert_eq!(text(&chunks, OutputStream::Stdout), "one\ntwo", "cut at {cut}");
            assert_eq!(text(&chunks, OutputStream::Stderr), "oops\n", "cut at {cut}");
        }
    }

    #[test]
    fn frames_of_one_stream_become_one_chunk() {
        let bytes = [frame(1, "a\n"), frame(1, "b\n"), frame(2, "c\n")].concat();
        let chunks = Demultiplexer::default().push(&bytes).unwrap();
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks[0].bytes, b"a\nb\n");
        assert_eq!(chunks[0].bytes.capacity(), 4, "its room is made at once, and no more than that");
    }

    #[test]
    fn what_is_not_in_frames_is_an_error() {
        assert!(Demultiplexer::default().push(b"hello, world").is_err());
    }

    #[test]
    fn the_answer_says_its_format() {
        let of = |kind: Option<&str>, terminal| {
            let mut response = Response::builder();
            if let Some(kind) = kind {
                response = response.header(CONTENT_TYPE, kind);
            }
            Format::of(&response.body(()).unwrap(), terminal)
        };
        assert_eq!(of(Some("application/vnd.docker.multiplexed-stream"), true), Format::Frames);
        assert_eq!(of(Some("application/vnd.docker.raw-stream"), true), Format::Raw);
        assert_eq!(of(Some("application/vnd.docker.raw-stream"), false), Format::Frames);
        assert_eq!(of(None, false), Format::Frames);
    }
}
