//! Connections to the engine: a byte stream, upgraded from HTTP to gRPC in one direction or the other.

use std::task::{Context, Poll};

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use bollard_buildkit_proto::moby::buildkit::v1::frontend::llb_bridge_client::LlbBridgeClient;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, Uri};
use tonic::body::Body;
use tonic::service::Routes;
use tower_service::Service;

use super::error::BuildError;
use super::tasks::Spawner;
use crate::engine::docker::classify;
use crate::engine::docker::client::QUESTION;
use crate::engine::docker::transport::{self, Transport};

/// Maximum size of a message in either direction; the same as the engine's limit.
const LARGEST_MESSAGE: usize = 16 << 20;

/// Maximum size of the headers of a call: a request for files contains all patterns of the ignore file.
const LONGEST_HEADERS: u32 = 16 << 20;

/// The engine's build service.
pub(super) type Control = ControlClient<Channel>;

/// The service of a build that the client leads itself.
pub(super) type Bridge = LlbBridgeClient<Channel>;

/// Connects to the engine's build services.
pub(super) async fn connect(transport: &Transport, tasks: &Spawner) -> Result<Channel, BuildError> {
    let upgraded = upgrade(transport, tasks, "/grpc", &[]).await?;
    let lost = |cause: hyper::Error| BuildError::Disconnected(cause.to_string());
    let handshake = hyper::client::conn::http2::handshake(tasks.clone(), upgraded);
    let (sender, connection) = handshake.await.map_err(lost)?;
    tasks.spawn(async {
        // Calls on the connection report its end.
        let _ = connection.await;
    });
    Ok(Channel(sender))
}

impl Channel {
    /// The build service.
    pub(super) fn control(&self) -> Control {
        let client = ControlClient::with_origin(self.clone(), Uri::from_static("http://engine"));
        client.max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE)
    }

    /// The service of a build that the client leads itself.
    pub(super) fn bridge(&self) -> Bridge {
        let client = LlbBridgeClient::with_origin(self.clone(), Uri::from_static("http://engine"));
        client.max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE)
    }
}

/// Serves the engine over a dedicated connection, until that or the build ends.
pub(super) async fn serve(
    transport: &Transport,
    tasks: &Spawner,
    headers: &[(&str, String)],
    services: Routes,
) -> Result<(), BuildError> {
    let upgraded = upgrade(transport, tasks, "/session", headers).await?;
    let answer = hyper::service::service_fn(move |request: Request<Incoming>| services.clone().call(request));
    let mut server = hyper::server::conn::http2::Builder::new(tasks.clone());
    let connection = server.max_header_list_size(LONGEST_HEADERS).serve_connection(upgraded, answer);
    tasks.spawn(async {
        // If the session is gone, the engine aborts the build and reports that.
        let _ = connection.await;
    });
    Ok(())
}

/// Opens a connection and upgrades it from HTTP/1.1 to HTTP/2, which the engine does immediately.
async fn upgrade(
    transport: &Transport,
    tasks: &Spawner,
    path: &'static str,
    headers: &[(&str, String)],
) -> Result<Upgraded, BuildError> {
    match tokio::time::timeout(QUESTION, upgrade_patiently(transport, tasks, path, headers)).await {
        Ok(result) => result,
        Err(_) => Err(BuildError::Unreachable {
            address: transport.address().to_string(),
            cause: format!("no response within {} s", QUESTION.as_secs()),
        }),
    }
}

async fn upgrade_patiently(
    transport: &Transport,
    tasks: &Spawner,
    path: &'static str,
    headers: &[(&str, String)],
) -> Result<Upgraded, BuildError> {
    let unreachable = |cause: String| BuildError::Unreachable { address: transport.address().to_string(), cause };
    let stream = transport.open().await.map_err(|cause| unreachable(classify::root_cause(&cause)))?;
    let lost = |cause: hyper::Error| BuildError::Disconnected(classify::root_cause(&cause));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(lost)?;
    tasks.spawn(async {
        // The only request on it reports its end.
        let _ = connection.with_upgrades().await;
    });
    let mut request = Request::builder().method(Method::POST).uri(path);
    request = request.header(HOST, "engine").header(CONNECTION, "Upgrade").header(UPGRADE, "h2c");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::empty()).map_err(|cause| BuildError::Request(cause.to_string()))?;
    let response = sender.send_request(request).await.map_err(lost)?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        let words = response.into_body().collect().await.map_err(lost)?.to_bytes();
        return Err(refusal(transport.address().to_string(), status, &transport::message_of(&words)));
    }
    hyper::upgrade::on(response).await.map_err(lost)
}

/// Why an engine refuses the upgrade: it does not support it, or it cannot do it right now.
fn refusal(address: String, status: StatusCode, words: &str) -> BuildError {
    if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
        let message = format!("the engine at {address} refused to start a build: {words}");
        return BuildError::Failed(Box::new(message.into()));
    }
    BuildError::NoBuildKit { address }
}

/// A connection for gRPC calls.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_fails_may_well_have_buildkit() {
        let told = |status| refusal("unix:///e.sock".to_owned(), status, "no space left on device").to_string();
        let without = "the engine at unix:///e.sock has no BuildKit";
        for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST, StatusCode::NOT_IMPLEMENTED, StatusCode::OK] {
            assert_eq!(told(status), without, "{status}");
        }
        let failed = "the engine at unix:///e.sock refused to start a build: no space left on device";
        assert_eq!(told(StatusCode::INTERNAL_SERVER_ERROR), failed);
    }
}
