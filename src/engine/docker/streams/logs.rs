//! Container output: bytes from the engine in, chunks per stream out.

use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream, Stream, StreamExt};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio_util::io::ReaderStream;

use crate::engine::docker::classify;
use crate::engine::docker::client::{Client, QUESTION, query};
use crate::engine::docker::transport::{self, Ask};
use crate::engine::{EngineError, LogChunk, LogQuery, OutputStream};
use crate::observed::ContainerId;

/// A piece of output large enough to be worth a separate read.
const LARGE: usize = 64 * 1024;
/// How long to let lines from the engine accumulate on the connection. A unix socket holds about 260 of them, however
/// short, which an engine sends in a little over a millisecond; then it waits for the reader.
const GATHERING: Duration = Duration::from_micros(400);

type Chunks = BoxStream<'static, Result<LogChunk, EngineError>>;

/// The past and, if requested, the future output of a container.
pub(super) async fn logs(client: &Client, id: &ContainerId, asked: &LogQuery) -> Result<Chunks, EngineError> {
    let mut pairs = vec![("stdout", "true".to_owned()), ("stderr", "true".to_owned())];
    if asked.follow {
        pairs.push(("follow", "true".to_owned()));
    }
    if asked.timestamps {
        pairs.push(("timestamps", "true".to_owned()));
    }
    pairs.extend(asked.tail.map(|lines| ("tail", lines.to_string())));
    pairs.extend(asked.since.map(|time| ("since", seconds(time))));
    pairs.extend(asked.until.map(|time| ("until", seconds(time))));
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("/containers/{id}/logs?{}", query(&pairs));
    let ask = Ask { to_the_end: !asked.follow, ..Ask::get(&path) };
    let response = client.ask(QUESTION, ask).await?;
    let format = Format::of(&response, asked.terminal);
    let bytes = transport::bytes(response.into_body());
    Ok(if asked.follow { decode(bytes, format) } else { decode(in_large_pieces(bytes), format) })
}

/// The same bytes in fewer pieces: engines send one line at a time, and reading each separately costs more than
/// everything else.
fn in_large_pieces(
    bytes: impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static {
    bytes.scan((0, Instant::now()), |(read, last), piece| {
        let length = piece.as_ref().map_or(0, Bytes::len);
        *read += length;
        // Short output is available at once; output that waited while other containers were read has already
        // accumulated.
        if *read > LARGE && length < LARGE {
            gather_more(GATHERING.saturating_sub(last.elapsed()));
        }
        *last = Instant::now();
        futures::future::ready(Some(piece))
    })
}

/// Blocks the runtime's thread: otherwise every arriving line would wake it, though nobody reads it yet. tokio's timer
/// only has a resolution of one millisecond.
#[expect(clippy::disallowed_methods, reason = "less than a millisecond, and only while the engine has more to send")]
fn gather_more(pause: Duration) {
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
}

/// The output of a container from now on.
pub(super) async fn attach(client: &Client, id: &ContainerId, terminal: bool) -> Result<Chunks, EngineError> {
    let path = format!("/containers/{id}/attach?stream=true&stdout=true&stderr=true");
    take_over(client, &path, Vec::new(), terminal).await
}

/// Starts a command that has been created, and returns its output.
pub(super) async fn run_exec(client: &Client, exec: &str) -> Result<Chunks, EngineError> {
    take_over(client, &format!("/exec/{exec}/start"), br#"{"Detach":false,"Tty":false}"#.to_vec(), false).await
}

/// Requests output that takes over the connection.
async fn take_over(client: &Client, path: &str, body: Vec<u8>, terminal: bool) -> Result<Chunks, EngineError> {
    let headers = [("Connection", "Upgrade"), ("Upgrade", "tcp"), ("Content-Type", "application/json")];
    let headers = if body.is_empty() { &headers[..2] } else { &headers[..] };
    let ask = Ask { method: Method::POST, headers, body, ..Ask::get(path) };
    let response = client.ask(QUESTION, ask).await?;
    let format = Format::of(&response, terminal);
    if response.status() != hyper::StatusCode::SWITCHING_PROTOCOLS {
        return Ok(decode(transport::bytes(response.into_body()), format));
    }
    let connection = hyper::upgrade::on(response).await.map_err(|error| classify::lost(&error))?;
    let bytes = ReaderStream::with_capacity(TokioIo::new(connection), 32 * 1024);
    Ok(decode(bytes.map(|bytes| bytes.map_err(|error| classify::lost(&error))), format))
}

/// A time in seconds since 1970 with a fraction, in the engine's format.
fn seconds(nanoseconds: i128) -> String {
    let second = 1_000_000_000;
    format!("{}.{:09}", nanoseconds.div_euclid(second), nanoseconds.rem_euclid(second))
}

/// How the two output streams share one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// The bytes of a terminal.
    Raw,
    /// Frames: the stream, three zeroes, the length in four bytes, the bytes.
    Frames,
}

impl Format {
    /// The format given in the response; older engines omit it, then the terminal decides.
    fn of<B>(response: &Response<B>, terminal: bool) -> Self {
        match response.headers().get(CONTENT_TYPE).map(hyper::header::HeaderValue::as_bytes) {
            Some(b"application/vnd.docker.multiplexed-stream") => Self::Frames,
            _ if terminal => Self::Raw,
            _ => Self::Frames,
        }
    }
}

fn decode(bytes: impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static, format: Format) -> Chunks {
    match format {
        Format::Raw => bytes.map(|bytes| bytes.map(|bytes| stdout(bytes.to_vec()))).boxed(),
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
                (Some(stream), _) => chunks.push(LogChunk { stream, bytes: payload.to_vec() }),
            }
        }
        Ok(chunks)
    }

    fn read_header<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], EngineError> {
        let (part, rest) = bytes.split_at((HEADER - self.header.len()).min(bytes.len()));
        self.header.extend_from_slice(part);
        if let [kind, 0, 0, 0, a, b, c, d] = self.header[..] {
            self.stream = match kind {
                // Standard input.
                0 => None,
                1 => Some(OutputStream::Stdout),
                // 3 is an error of the engine itself, in the middle of the stream.
                2 | 3 => Some(OutputStream::Stderr),
                _ => return Err(bad_frame()),
            };
            self.remaining = u32::from_be_bytes([a, b, c, d]) as usize;
            self.header.clear();
        } else if self.header.len() == HEADER {
            return Err(bad_frame());
        }
        Ok(rest)
    }
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

    #[test]
    fn times_for_the_engine() {
        assert_eq!(seconds(1_500_000_000), "1.500000000");
        assert_eq!(seconds(0), "0.000000000");
    }
}
