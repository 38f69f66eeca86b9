//! What the client does for the engine during a build: gives it files and credentials, and tells that it is alive.

use std::collections::BTreeMap;
use std::sync::Arc;

use bollard_buildkit_proto::health::health_check_response::ServingStatus;
use bollard_buildkit_proto::health::health_server::{Health, HealthServer};
use bollard_buildkit_proto::health::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse};
use bollard_buildkit_proto::moby::filesync::v1::auth_server::{Auth, AuthServer};
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server::FileSyncServer;
use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse, GetTokenAuthorityRequest,
    GetTokenAuthorityResponse, VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse,
};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::Credentials;
use super::connection::serve;
use super::error::BuildError;
use super::file_sync::{FileSync, Source, Transfers};
use super::tasks::Spawner;
use crate::engine::docker::transport::Transport;

/// The methods the engine may call. Secrets and SSH agents (`build.secrets`, `build.ssh`) are two services more, each
/// with its line here and in [`open`].
const METHODS: [&str; 3] =
    ["/grpc.health.v1.Health/Check", "/moby.filesync.v1.FileSync/DiffCopy", "/moby.filesync.v1.Auth/Credentials"];

/// The host that the engine names for Docker Hub, and the one under which Docker's configuration keeps its credentials.
const HUB: (&str, &str) = ("registry-1.docker.io", "https://index.docker.io/v1/");

/// What a session offers.
pub(super) struct Offer {
    /// Names the session in the request to build.
    pub(super) id: String,
    /// Under what the engine keeps the files it got, so that the next build sends only what changed.
    pub(super) shared_key: String,
    /// The folders, by the name under which the engine asks for them.
    pub(super) sources: BTreeMap<String, Source>,
    /// What to log in to registries with.
    pub(super) credentials: Credentials,
    /// Where it is noted what was transferred, and what could not be read.
    pub(super) transfers: Arc<Transfers>,
}

/// Opens a session, which lasts until the tasks end.
pub(super) async fn open(transport: &Transport, tasks: &Spawner, offer: Offer) -> Result<(), BuildError> {
    let header = |name: &'static str, value: &str| (name, value.to_owned());
    let mut headers = vec![
        header("X-Docker-Expose-Session-Uuid", &offer.id),
        header("X-Docker-Expose-Session-Name", "hoist"),
        header("X-Docker-Expose-Session-Sharedkey", &offer.shared_key),
    ];
    headers.extend(METHODS.map(|method| header("X-Docker-Expose-Session-Grpc-Method", method)));
    let services = Routes::new(HealthServer::new(Alive))
        .add_service(FileSyncServer::new(FileSync::new(offer.sources, tasks.clone(), offer.transfers)))
        .add_service(AuthServer::new(Login(offer.credentials)))
        .prepare();
    serve(transport, tasks, &headers, services).await
}

struct Alive;

impl Alive {
    const SERVING: HealthCheckResponse = HealthCheckResponse { status: ServingStatus::Serving as i32 };
}

#[tonic::async_trait]
impl Health for Alive {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(Self::SERVING))
    }

    async fn list(&self, _: Request<HealthListRequest>) -> Result<Response<HealthListResponse>, Status> {
        let statuses = [(String::new(), Self::SERVING)].into_iter().collect();
        Ok(Response::new(HealthListResponse { statuses }))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(stream::iter([Ok(Self::SERVING)]).chain(stream::pending()).boxed()))
    }
}

/// Gives the engine user names and passwords; tokens it fetches itself.
struct Login(Credentials);

#[tonic::async_trait]
impl Auth for Login {
    async fn credentials(&self, request: Request<CredentialsRequest>) -> Result<Response<CredentialsResponse>, Status> {
        let asked = request.into_inner().host;
        let host = if asked == HUB.0 { HUB.1.to_owned() } else { asked };
        let credentials = Arc::clone(&self.0);
        // Credentials may come from a helper program.
        let found = tokio::task::spawn_blocking(move || credentials(&host)).await;
        let (username, secret) = found.map_err(|_| Status::internal("no credentials"))?.unwrap_or_default();
        // An identity token is a secret without a user.
        let username = if username == "<token>" { String::new() } else { username };
        Ok(Response::new(CredentialsResponse { username, secret }))
    }

    async fn fetch_token(&self, _: Request<FetchTokenRequest>) -> Result<Response<FetchTokenResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the engine"))
    }

    async fn get_token_authority(
        &self,
        _: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the engine"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the engine"))
    }
}
