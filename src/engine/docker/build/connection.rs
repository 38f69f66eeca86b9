//! Connections to the engine: from an address to a stream of bytes, and from there, by an HTTP upgrade, to gRPC in one
//! direction or the other.

use std::io;
use std::path::PathBuf;
use std::task::{Context, Poll};

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use futures::FutureExt;
use futures::future::BoxFuture;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::body::Body;
use tonic::service::Routes;
use tower_service::Service;

use super::error::BuildError;
use super::tasks::Spawner;

/// How large one message may be in either direction; the engine's own limit.
const LARGEST_MESSAGE: usize = 16 << 20;

/// How long the headers of a call may be: a request for files has all patterns of the ignore file in them.
const LONGEST_HEADERS: u32 = 16 << 20;

/// Where the engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP port, without TLS.
    Tcp {
        /// Name or address of the host; an IPv6 address without brackets.
        host: String,
        /// Port.
        port: u16,
    },
}

/// Bytes to and from the engine.
pub(in crate::engine::docker) trait ByteStream:
    AsyncRead + AsyncWrite + Send + Unpin
{
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

impl Address {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// The system's, when nothing listens there.
    pub(in crate::engine::docker) async fn open(&self) -> io::Result<Box<dyn ByteStream>> {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
            #[cfg(not(unix))]
            Self::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Tcp { host, port } => {
                let stream = tokio::net::TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

/// The engine's build service.
pub(super) type Control = ControlClient<Channel>;

/// Connects to the engine's build service.
pub(super) async fn control(address: &Address, tasks: &Spawner) -> Result<Control, BuildError> {
    let upgraded = upgrade(address, tasks, "/grpc", &[]).await?;
    let lost = |cause: hyper::Error| BuildError::Disconnected(cause.to_string());
    let handshake = hyper::client::conn::http2::handshake(tasks.clone(), upgraded);
    let (sender, connection) = handshake.await.map_err(lost)?;
    tasks.spawn(async {
        // The calls on it tell of its end.
        let _ = connection.await;
    });
    let client = ControlClient::with_origin(Channel(sender), Uri::from_static("http://engine"));
    Ok(client.max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE))
}

/// Serves the engine over a connection of its own, until that or the build ends.
pub(super) async fn serve(
    address: &Address,
    tasks: &Spawner,
    headers: &[(&str, String)],
    services: Routes,
) -> Result<(), BuildError> {
    let upgraded = upgrade(address, tasks, "/session", headers).await?;
    let answer = hyper::service::service_fn(move |request: Request<Incoming>| services.clone().call(request));
    let mut server = hyper::server::conn::http2::Builder::new(tasks.clone());
    let connection = server.max_header_list_size(LONGEST_HEADERS).serve_connection(upgraded, answer);
    tasks.spawn(async {
        // The engine gives up a build whose session is gone, and says so.
        let _ = connection.await;
    });
    Ok(())
}

/// Opens a connection and has the engine change it from HTTP/1.1 to HTTP/2.
async fn upgrade(
    address: &Address,
    tasks: &Spawner,
    path: &'static str,
    headers: &[(&str, String)],
) -> Result<Upgraded, BuildError> {
    let unreachable = |cause: String| BuildError::Unreachable { address: address.to_string(), cause };
    let stream = address.open().await.map_err(|cause| unreachable(cause.to_string()))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|cause| unreachable(cause.to_string()))?;
    tasks.spawn(async {
        // The one request on it tells of its end.
        let _ = connection.with_upgrades().await;
    });
    let mut request = Request::builder().method(Method::POST).uri(path);
    request = request.header(HOST, "engine").header(CONNECTION, "Upgrade").header(UPGRADE, "h2c");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::empty()).map_err(|cause| BuildError::Request(cause.to_string()))?;
    let response = sender.send_request(request).await.map_err(|cause| unreachable(cause.to_string()))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(BuildError::NoBuildKit { address: address.to_string() });
    }
    hyper::upgrade::on(response).await.map_err(|cause| unreachable(cause.to_string()))
}

/// A connection on which gRPC calls can be made.
#[derive(Debug, Clone)]
pub(super) struct Channel(hyper::client::conn::http2::SendRequest<Body>);

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.send_request(request).boxed()
    }
}
