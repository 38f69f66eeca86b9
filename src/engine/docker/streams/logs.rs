//! What containers wrote, and what they write.

use std::time::{Duration, Instant};

use futures::stream::{Stream, StreamExt};
use hyper::body::Bytes;

use super::connection::{self, SMALL};
use super::output::{Chunks, Format, decode};
use crate::engine::docker::client::{Client, QUESTION, query};
use crate::engine::docker::transport::{self, Ask};
use crate::engine::{EngineError, LogQuery};
use crate::observed::ContainerId;

/// A piece of output that is worth a read of its own.
const LARGE: usize = 64 * 1024;
/// How long the engine's next lines gather on the connection. A unix socket holds some 260 of them, however short, which an
/// engine sends in a little over a millisecond: after that it waits for the reader.
const GATHERING: Duration = Duration::from_micros(400);

/// What a container wrote, and writes.
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

/// The same bytes in fewer pieces: engines send a line at a time, and reading each alone costs more than all the rest.
fn in_large_pieces(
    bytes: impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static {
    bytes.scan((0, Instant::now()), |(read, last), piece| {
        let length = piece.as_ref().map_or(0, Bytes::len);
        *read += length;
        // What is short is there at once; what waited while other containers were read has gathered already.
        if *read > LARGE && length < LARGE {
            gather_more(GATHERING.saturating_sub(last.elapsed()));
        }
        *last = Instant::now();
        futures::future::ready(Some(piece))
    })
}

/// Sleeps with the runtime's thread: it would be woken for each line that arrives, though nobody reads it yet, and tokio's
/// clock has whole milliseconds only.
#[expect(clippy::disallowed_methods, reason = "less than a millisecond, and only while the engine has more to send")]
fn gather_more(pause: Duration) {
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
}

/// What a container writes from now on.
pub(super) async fn attach(client: &Client, id: &ContainerId, terminal: bool) -> Result<Chunks, EngineError> {
    let path = format!("/containers/{id}/attach?stream=true&stdout=true&stderr=true");
    let connection = connection::take_over(client, &path, Vec::new(), terminal, SMALL).await?;
    Ok(connection.output)
}

/// A time in seconds since 1970 with its fraction, as the engine takes it.
fn seconds(nanoseconds: i128) -> String {
    let second = 1_000_000_000;
    format!("{}.{:09}", nanoseconds.div_euclid(second), nanoseconds.rem_euclid(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_the_engine() {
        assert_eq!(seconds(1_500_000_000), "1.500000000");
        assert_eq!(seconds(0), "0.000000000");
    }
}
