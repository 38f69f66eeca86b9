//! Requests whose connection becomes the streams of a process.

use futures::StreamExt;
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_util::io::ReaderStream;

use super::output::{Format, decode};
use crate::engine::docker::classify;
use crate::engine::docker::client::{Client, QUESTION, query};
use crate::engine::docker::transport::{self, Ask};
use crate::engine::{AttachSpec, Connection, EngineError, Input};
use crate::observed::ContainerId;

/// How much is read at a time of one of many streams, each of which keeps that room.
pub(super) const SMALL: usize = 32 * 1024;
/// How much is read at a time of a stream that somebody waits for.
pub(super) const LARGE: usize = 256 * 1024;

/// Connects to the streams of a container.
pub(super) async fn connect(client: &Client, id: &ContainerId, spec: &AttachSpec) -> Result<Connection, EngineError> {
    let mut pairs = vec![("stream", "true"), ("stdout", "true"), ("stderr", "true")];
    if spec.stdin {
        pairs.push(("stdin", "true"));
    }
    pairs.extend(spec.detach_keys.as_deref().map(|keys| ("detachKeys", keys)));
    let path = format!("/containers/{id}/attach?{}", query(&pairs));
    with_input(take_over(client, &path, Vec::new(), spec.terminal, LARGE).await?, spec.stdin)
}

/// Takes care that there is an input if one was asked for, and none otherwise.
pub(super) fn with_input(connection: Connection, wanted: bool) -> Result<Connection, EngineError> {
    match (wanted, connection.input) {
        (true, None) => Err(EngineError::Unsupported("the engine's answer leaves no way for input".to_owned())),
        (_, input) => Ok(Connection { input: input.filter(|_| wanted), ..connection }),
    }
}

/// Asks for streams that take the connection over. `capacity` is how much is read at a time.
pub(super) async fn take_over(
    client: &Client,
    path: &str,
    body: Vec<u8>,
    terminal: bool,
    capacity: usize,
) -> Result<Connection, EngineError> {
    let headers = [("Connection", "Upgrade"), ("Upgrade", "tcp"), ("Content-Type", "application/json")];
    let headers = if body.is_empty() { &headers[..2] } else { &headers[..] };
    let ask = Ask { method: Method::POST, headers, body, ..Ask::get(path) };
    let response = client.ask(QUESTION, ask).await?;
    let format = Format::of(&response, terminal);
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Connection { output: decode(transport::bytes(response.into_body()), format), input: None });
    }
    let connection = hyper::upgrade::on(response).await.map_err(|error| classify::lost(&error))?;
    let (output, input) = tokio::io::split(TokioIo::new(connection));
    let bytes = ReaderStream::with_capacity(output, capacity);
    let output = decode(bytes.map(|bytes| bytes.map_err(|error| classify::lost(&error))), format);
    Ok(Connection { output, input: Some(Box::new(input) as Input) })
}
