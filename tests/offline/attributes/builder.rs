//! The part of the recording engine that builds: it asks for what a build offers, says yes, and writes all of it down.

use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use bollard_buildkit_proto::moby::buildkit::v1::BytesMessage;
use bollard_buildkit_proto::moby::buildkit::v1::control_server::{Control, ControlServer};
use bollard_buildkit_proto::moby::buildkit::v1::types::WorkerRecord;
use bollard_buildkit_proto::moby::buildkit::v1::{
    BuildHistoryEvent, BuildHistoryRequest, DiskUsageRequest, DiskUsageResponse, InfoRequest, InfoResponse,
    ListWorkersRequest, ListWorkersResponse, PruneRequest, SolveRequest, SolveResponse, StatusRequest, StatusResponse,
    UpdateBuildHistoryRequest, UpdateBuildHistoryResponse, UsageRecord,
};
use bollard_buildkit_proto::moby::filesync::v1::file_sync_client::FileSyncClient;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::watch;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use tower_service::Service;

/// A connection on which the builder calls hoist.
#[derive(Debug, Clone)]
pub(super) struct Session(hyper::client::conn::http2::SendRequest<Body>);

impl Service<hyper::Request<Body>> for Session {
    type Response = hyper::Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: hyper::Request<Body>) -> Self::Future {
        self.0.send_request(request).boxed()
    }
}

/// What the two connections of a build share. Builds are told apart by the ids of their sessions.
#[derive(Debug, Default)]
pub(super) struct Builder {
    sessions: watch::Sender<Vec<(String, Session)>>,
    requests: Mutex<Vec<String>>,
}

impl Builder {
    /// What was asked for since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().expect("no thread panics"))
    }

    /// Keeps a session for the builds that name it, until its connection ends.
    pub(super) fn keep_session(&self, id: String, connection: UnixStream) {
        block_on(async {
            let stream = TokioIo::new(tokio_stream(connection));
            let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
            let (sender, connection) = handshake.await.expect("hoist serves HTTP/2");
            self.sessions.send_modify(|sessions| sessions.push((id, Session(sender))));
            let _ = connection.await;
        });
    }

    async fn session(&self, id: &str) -> Session {
        let mut sessions = self.sessions.subscribe();
        let known = |sessions: &Vec<(String, Session)>| sessions.iter().any(|(known, _)| known == id);
        let sessions = sessions.wait_for(known).await.expect("the builder is still there");
        let (_, session) = sessions.iter().find(|(known, _)| known == id).expect("it was waited for");
        session.clone()
    }
}

/// Answers the calls of one connection.
pub(super) fn serve(builder: &'static Builder, connection: UnixStream) {
    block_on(async {
        let routes = Routes::new(ControlServer::new(Answers(builder))).prepare();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| routes.clone().call(request));
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(tokio_stream(connection)), service).await;
    });
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work);
}

fn tokio_stream(connection: UnixStream) -> tokio::net::UnixStream {
    connection.set_nonblocking(true).expect("a socket");
    tokio::net::UnixStream::from_std(connection).expect("a runtime")
}

struct Answers(&'static Builder);

impl Answers {
    /// What a build offers over its session: the names and sizes of its files, and its secrets.
    async fn offered(&self, request: &SolveRequest) -> Vec<String> {
        let session = self.0.session(&request.session).await;
        let contexts = request.frontend_attrs.values().filter_map(|value| value.strip_prefix("local:"));
        let mut offered = Vec::new();
        for folder in ["context", "dockerfile"].into_iter().chain(contexts) {
            offered.push(format!("{folder}: {}", files(session.clone(), folder).await));
        }
        let mut secrets = SecretsClient::with_origin(session, hyper::Uri::from_static("http://hoist"));
        for id in ["secret", "token"] {
            let request = GetSecretRequest { id: id.to_owned(), ..GetSecretRequest::default() };
            let content = secrets.get_secret(request).await.map(|response| response.into_inner().data);
            offered.push(format!("{id}: {:?}", content.map_err(|status| status.code())));
        }
        offered
    }
}

/// The names and sizes of the files that are offered under a name.
async fn files(session: Session, folder: &str) -> String {
    let mut client = FileSyncClient::with_origin(session, hyper::Uri::from_static("http://hoist"));
    let mut request = Request::new(stream::pending::<Packet>());
    request.metadata_mut().insert("dir-name", folder.parse().expect("a word"));
    let mut packets = match client.diff_copy(request).await {
        Ok(response) => response.into_inner(),
        Err(status) => return status.message().to_owned(),
    };
    let mut files = Vec::new();
    while let Ok(Some(packet)) = packets.message().await {
        match packet.stat {
            Some(stat) => files.push(format!("{} {}", stat.path, stat.size)),
            // The last one is empty.
            None if packet.r#type == i32::from(PacketType::PacketStat) => break,
            None => {}
        }
    }
    files.join(", ")
}

#[tonic::async_trait]
impl Control for Answers {
    type StatusStream = BoxStream<'static, Result<StatusResponse, Status>>;
    type PruneStream = BoxStream<'static, Result<UsageRecord, Status>>;
    type SessionStream = BoxStream<'static, Result<BytesMessage, Status>>;
    type ListenBuildHistoryStream = BoxStream<'static, Result<BuildHistoryEvent, Status>>;

    async fn solve(&self, request: Request<SolveRequest>) -> Result<Response<SolveResponse>, Status> {
        let mut request = request.into_inner();
        let offered = self.offered(&request).await;
        // These are new for each build.
        (request.r#ref, request.session) = (String::new(), String::new());
        // What is in no order is sorted.
        let mut attributes: Vec<_> = request.frontend_attrs.drain().collect();
        attributes.extend(request.exporters.iter_mut().flat_map(|exporter| exporter.attrs.drain()));
        attributes.sort();
        request.exporter_attrs_deprecated.clear();
        self.0.requests.lock().expect("no thread panics").push(format!("{attributes:?} {request:?} {offered:?}"));
        let digest = format!("sha256:{}", "b".repeat(64));
        Ok(Response::new(SolveResponse { exporter_response: [("containerimage.digest".to_owned(), digest)].into() }))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<Self::StatusStream>, Status> {
        Ok(Response::new(stream::empty().boxed()))
    }

    async fn disk_usage(&self, _: Request<DiskUsageRequest>) -> Result<Response<DiskUsageResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn prune(&self, _: Request<PruneRequest>) -> Result<Response<Self::PruneStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn session(&self, _: Request<Streaming<BytesMessage>>) -> Result<Response<Self::SessionStream>, Status> {
        Err(Status::unimplemented(""))
    }

    /// That of an engine with the containerd image store, which can do most.
    async fn list_workers(&self, _: Request<ListWorkersRequest>) -> Result<Response<ListWorkersResponse>, Status> {
        let labels = [("org.mobyproject.buildkit.worker.snapshotter".to_owned(), "overlayfs".to_owned())].into();
        let record = vec![WorkerRecord { labels, ..WorkerRecord::default() }];
        Ok(Response::new(ListWorkersResponse { record }))
    }

    async fn info(&self, _: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn listen_build_history(
        &self,
        _: Request<BuildHistoryRequest>,
    ) -> Result<Response<Self::ListenBuildHistoryStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn update_build_history(
        &self,
        _: Request<UpdateBuildHistoryRequest>,
    ) -> Result<Response<UpdateBuildHistoryResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
