//! Requests in, responses out, over a Unix socket, TCP, TLS, ssh or a program, for bollard and for this crate.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::BollardRequest;
use futures::{Stream, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, LengthLimitError, Limited, StreamBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::io::StreamReader;

use super::address::{Address, TlsFiles};
use super::resolve::Lookup;
use super::{classify, tls};
use crate::engine::EngineError;

/// The user agent in requests.
const AGENT: &str = concat!("hoist/", env!("CARGO_PKG_VERSION"));

/// How long connecting may take; an engine on the same machine takes far less than 1 ms.
const CONNECT: Duration = Duration::from_secs(15);
/// How long connecting over ssh may take, where there may be jump hosts.
const LOGIN: Duration = Duration::from_secs(45);
/// Maximum number of parallel ssh logins: servers begin to refuse further ones at 10.
const LOGINS: usize = 5;

/// Maximum size of a document that is read as a whole: a list of 10,000 containers has about 50 MB.
const LARGEST_ANSWER: usize = 256 << 20;
/// Maximum size of an answer that should be short.
pub(super) const LARGEST_REFUSAL: usize = 1 << 20;
/// Maximum size of a message in a stream: a progress line, or an event with the labels of its container.
const LONGEST_MESSAGE: usize = 16 << 20;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A client for one engine. Clones share its connections.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<Connector, Body>,
    connector: Connector,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transport({})", self.address())
    }
}

/// A request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Path and query, including the API version.
    pub(super) path: &'a str,
    /// Headers in addition to those of every request.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// The body; JSON unless a header says otherwise.
    pub(super) body: Vec<u8>,
    /// Whether the answer ends when the connection closes, and arrives in pieces as large as they are read; otherwise
    /// engines send every log line as a separate chunk. A truncated answer cannot be detected.
    pub(super) to_the_end: bool,
}

impl<'a> Ask<'a> {
    /// A plain GET request.
    pub(super) fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, headers: &[], body: Vec::new(), to_the_end: false }
    }
}

impl Transport {
    pub(super) fn new(address: Address) -> Self {
        let logins = Arc::new(Semaphore::new(LOGINS));
        let connector = Connector { address: Arc::new(address), lookup: Arc::default(), tls: Arc::default(), logins };
        Self { client: Client::builder(TokioExecutor::new()).build(connector.clone()), connector }
    }

    pub(super) fn address(&self) -> &Address {
        &self.connector.address
    }

    /// Opens a dedicated connection.
    pub(super) async fn open(&self) -> io::Result<Socket> {
        self.connector.clone().connect().await
    }

    /// Sends a request for bollard.
    pub(super) async fn send_for_bollard(
        &self,
        request: BollardRequest,
    ) -> Result<Response<Incoming>, bollard::errors::Error> {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        self.client
            .request(Request::from_parts(parts, UnsyncBoxBody::new(body.map_err(io::Error::other))))
            .await
            .map_err(Into::into)
    }

    /// Sends a request and returns the response once its headers have arrived; any status but success is an error.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Response<Incoming>, EngineError> {
        // The connector knows the address; HTTP merely requires an authority.
        let uri = Uri::builder().scheme("http").authority("localhost").path_and_query(ask.path).build();
        let uri = uri.map_err(|error| EngineError::Refused(format!("cannot request `{}`: {error}", ask.path)))?;
        let mut request = Request::builder().method(ask.method).uri(uri).header(USER_AGENT, AGENT);
        if !ask.body.is_empty() && !ask.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        if ask.to_the_end {
            request = request.version(hyper::Version::HTTP_10);
        }
        let body = http_body_util::Full::new(Bytes::from(ask.body)).map_err(|never| match never {});
        // Boxed to keep the future of every request small.
        Box::pin(self.send(request, UnsyncBoxBody::new(body))).await
    }

    /// Posts a stream, and returns the response once its headers have arrived.
    pub(super) async fn upload(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Response<Incoming>, EngineError> {
        let uri = Uri::builder().scheme("http").authority("localhost").path_and_query(path).build();
        let uri = uri.map_err(|error| EngineError::Refused(format!("cannot request `{path}`: {error}")))?;
        let mut request = Request::builder().method(Method::POST).uri(uri).header(USER_AGENT, AGENT);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = StreamBody::new(body.map_ok(hyper::body::Frame::data));
        // Boxed to keep the future of every request small.
        Box::pin(self.send(request, UnsyncBoxBody::new(body))).await
    }

    /// Any status but success is an error.
    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Body,
    ) -> Result<Response<Incoming>, EngineError> {
        let request =
            request.body(body).map_err(|error| EngineError::Refused(format!("cannot encode the request: {error}")))?;
        let response =
            self.client.request(request).await.map_err(|error| classify::transport(self.address(), &error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS => Ok(response),
            status => {
                // Rare, so boxed to keep the future of every request small.
                let body = Box::pin(whole(response.into_body(), LARGEST_REFUSAL)).await?;
                Err(classify::answer(status.as_u16(), &message_of(&body)))
            }
        }
    }

    /// Requests a JSON document.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, EngineError> {
        let body = self.ask(Ask::get(path)).await?.into_body();
        let body = Box::pin(whole(body, LARGEST_ANSWER)).await?;
        serde_json::from_slice(&body)
            .map_err(|error| EngineError::Failed(format!("cannot read the engine's answer to {path}: {error}")))
    }
}

/// The whole body, unless it is larger than `most`: the other side must not exhaust the memory.
pub(super) async fn whole<B>(body: B, most: usize) -> Result<Bytes, EngineError>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(EngineError::Failed(format!("the engine's answer is larger than {} MiB", most >> 20)))
        }
        Err(error) => Err(classify::lost(&*error)),
    }
}

/// The text of an error response: the `message` of its JSON, or all of it.
pub(super) fn message_of(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Answer {
        message: String,
    }
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => answer.message,
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    }
}

/// The bytes of a response as they arrive.
pub(super) fn bytes(body: Incoming) -> impl Stream<Item = Result<Bytes, EngineError>> + Send + 'static {
    BodyStream::new(body)
        .try_filter_map(async |frame| Ok(frame.into_data().ok()))
        .map_err(|error| classify::lost(&error))
}

/// The JSON documents of a response, one per line, as they arrive.
pub(super) fn json_lines<T: DeserializeOwned>(
    body: Incoming,
) -> impl Stream<Item = Result<T, EngineError>> + Send + Unpin + 'static {
    messages(reader(body))
}

fn messages<T: DeserializeOwned>(
    from: impl AsyncRead + Send + Unpin + 'static,
) -> impl Stream<Item = Result<T, EngineError>> + Send + Unpin + 'static {
    let lines = FramedRead::new(from, LinesCodec::new_with_max_length(LONGEST_MESSAGE));
    Box::pin(lines.filter_map(async |line| {
        match line {
            Ok(line) if line.trim().is_empty() => None,
            Ok(line) => Some(
                serde_json::from_str(&line)
                    .map_err(|error| EngineError::Failed(format!("cannot read a message from the engine: {error}"))),
            ),
            Err(LinesCodecError::MaxLineLengthExceeded) => {
                let limit = LONGEST_MESSAGE >> 20;
                Some(Err(EngineError::Failed(format!("a message from the engine is longer than {limit} MiB"))))
            }
            Err(error) => Some(Err(classify::lost(&error))),
        }
    }))
}

/// A reader of a response's bytes.
pub(super) fn reader(body: Incoming) -> impl AsyncRead + Send + Unpin + 'static {
    let bytes = BodyStream::new(body).filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(error) => Some(Err(io::Error::other(error))),
    });
    StreamReader::new(Box::pin(bytes))
}

/// Connects to one address, whatever the URI is.
#[derive(Clone)]
struct Connector {
    address: Arc<Address>,
    lookup: Arc<Lookup>,
    /// Created from the TLS files at the first connection that needs it.
    tls: Arc<tokio::sync::OnceCell<TlsConnector>>,
    logins: Arc<Semaphore>,
}

impl Connector {
    async fn connect(self) -> io::Result<Socket> {
        let limit = if matches!(*self.address, Address::Ssh(_) | Address::Program(_)) { LOGIN } else { CONNECT };
        let connecting = tokio::time::timeout(limit, self.connect_patiently());
        let late =
            |_| Err(io::Error::new(io::ErrorKind::TimedOut, format!("no response within {} s", limit.as_secs())));
        connecting.await.unwrap_or_else(late)
    }

    async fn connect_patiently(&self) -> io::Result<Socket> {
        match &*self.address {
            Address::Unix(path) => Ok(Socket::new(UnixStream::connect(path).await?)),
            Address::Ssh(address) => {
                let _login = self.logins.acquire().await.map_err(io::Error::other)?;
                Ok(Socket::new(address.connect().await?))
            }
            Address::Program(command) => {
                let _login = self.logins.acquire().await.map_err(io::Error::other)?;
                Ok(Socket::new(command.connect().await?))
            }
            Address::Tcp { host, port, tls } => {
                let stream = self.lookup.connect(host, *port).await?;
                stream.set_nodelay(true)?;
                match tls {
                    None => Ok(Socket::new(stream)),
                    Some(files) => self.secure(stream, host, files).await,
                }
            }
        }
    }

    async fn secure(&self, stream: TcpStream, host: &str, files: &TlsFiles) -> io::Result<Socket> {
        let connector = self.tls.get_or_try_init(async || tls::connector(files)).await?;
        let name = tls::server_name(host)?;
        Ok(Socket::new(connector.connect(name, stream).await?))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Socket;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of any kind.
pub(super) struct Socket(TokioIo<Box<dyn Duplex>>);

impl Socket {
    fn new(stream: impl Duplex + 'static) -> Self {
        Self(TokioIo::new(Box::new(stream)))
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer).map(|read| match read {
            // The other side of TLS closed without saying so first, as many programs do. What an answer lacks then is
            // known from its length.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Ok(()) | Err(_) => read,
        })
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_does_not_fill_the_memory() {
        let body = || http_body_util::Full::new(Bytes::from_static(b"0123456789"));
        assert_eq!(whole(body(), 10).await.unwrap(), "0123456789");
        let refused = whole(body(), 9).await.unwrap_err().to_string();
        assert_eq!(refused, "the engine's answer is larger than 0 MiB");
    }

    /// A connection over TLS whose other side closes without a word.
    struct Cut(Option<&'static [u8]>);

    impl AsyncRead for Cut {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            match self.0.take() {
                Some(bytes) => buffer.put_slice(bytes),
                None => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Cut {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_connection_may_end_without_a_word() {
        let mut read = String::new();
        let mut socket = TokioIo::new(Socket::new(Cut(Some(b"all of it"))));
        tokio::io::AsyncReadExt::read_to_string(&mut socket, &mut read).await.expect("it is the end");
        assert_eq!(read, "all of it");
    }

    #[tokio::test]
    async fn a_message_without_end_is_refused() {
        let mut endless = messages::<serde_json::Value>(tokio::io::repeat(b'x'));
        let refused = endless.next().await.unwrap().unwrap_err().to_string();
        assert_eq!(refused, "a message from the engine is longer than 16 MiB");
    }

    #[tokio::test]
    async fn a_message_too_deep_is_refused() {
        let deep = std::io::Cursor::new("[".repeat(1 << 20) + "\n");
        let refused = messages::<serde_json::Value>(deep).next().await.unwrap().unwrap_err().to_string();
        assert!(refused.contains("recursion limit"), "{refused}");
    }

    #[test]
    fn the_engines_words_are_taken_out_of_its_answer() {
        assert_eq!(message_of(br#"{"message":"No such image: x"}"#), "No such image: x");
        assert_eq!(message_of(b"page not found\n"), "page not found");
        assert_eq!(message_of(b""), "");
    }
}
