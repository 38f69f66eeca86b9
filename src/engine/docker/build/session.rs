//! What the client does for the engine during a build: gives it files, credentials and secrets, and tells that it is alive.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bollard_buildkit_proto::health::health_check_response::ServingStatus;
use bollard_buildkit_proto::health::health_server::{Health, HealthServer};
use bollard_buildkit_proto::health::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::{Secrets, SecretsServer};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use bollard_buildkit_proto::moby::filesync::v1::auth_server::{Auth, AuthServer};
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server::FileSyncServer;
use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse, GetTokenAuthorityRequest,
    GetTokenAuthorityResponse, VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse,
};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::connection::serve;
use super::error::BuildError;
use super::file_sync::{FileSync, Source, Transfers};
use super::tasks::Spawner;
use crate::engine::docker::local_file;
use crate::engine::docker::transport::Transport;
use crate::project::hash::hex;
use crate::source::Reader;

/// Finds the user name and password for a registry's host; for Docker Hub that is `https://index.docker.io/v1/`, as in
/// Docker's configuration. An identity token has the user `<token>`. It may block.
pub(in crate::engine::docker) type Credentials = Arc<dyn Fn(&str) -> Option<(String, String)> + Send + Sync>;

/// The methods the engine may call. SSH agents (`build.ssh`) are one service more, with its lines here and in [`open`].
const METHODS: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/moby.filesync.v1.FileSync/DiffCopy",
    "/moby.filesync.v1.Auth/Credentials",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
];

/// The host that the engine names for Docker Hub, and the one under which Docker's configuration keeps its credentials.
const HUB: (&str, &str) = ("registry-1.docker.io", "https://index.docker.io/v1/");

/// Where the content of a secret is.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum SecretSource {
    /// In a file, which is read when a step asks for it.
    File(PathBuf),
    /// Here.
    Value(String),
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Value(_) => f.write_str("Value(•••)"),
        }
    }
}

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
    /// What steps may mount, by its id.
    pub(super) secrets: BTreeMap<String, SecretSource>,
    /// Where it is noted what was transferred, and what could not be read.
    pub(super) transfers: Arc<Transfers>,
}

/// Opens a session, which lasts until the tasks end.
pub(super) async fn open(transport: &Transport, tasks: &Spawner, offer: Offer) -> Result<(), BuildError> {
    let header = |name: &'static str, value: &str| (name, value.to_owned());
    let mut headers = vec![
        header("X-Docker-Expose-Session-Uuid", &offer.id),
        header("X-Docker-Expose-Session-Name", "hoist"),
        header("X-Docker-Expose-Session-Sharedkey", &short(&offer.shared_key)),
    ];
    headers.extend(METHODS.map(|method| header("X-Docker-Expose-Session-Grpc-Method", method)));
    let services = Routes::new(HealthServer::new(Alive))
        .add_service(FileSyncServer::new(FileSync::new(offer.sources, tasks.clone(), offer.transfers)))
        .add_service(AuthServer::new(Login { credentials: offer.credentials, known: Mutex::default() }))
        .add_service(SecretsServer::new(Safe { secrets: offer.secrets, reader: Reader::default() }))
        .prepare();
    serve(transport, tasks, &headers, services).await
}

/// A key with a length and characters that a header has room for.
fn short(key: &str) -> String {
    hex(&Sha256::digest(key)[..16])
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
struct Login {
    credentials: Credentials,
    /// What was found, by host: the engine asks again and again, and a helper program takes its time.
    known: Mutex<HashMap<String, CredentialsResponse>>,
}

impl Login {
    fn known(&self) -> MutexGuard<'_, HashMap<String, CredentialsResponse>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl Auth for Login {
    async fn credentials(&self, request: Request<CredentialsRequest>) -> Result<Response<CredentialsResponse>, Status> {
        let asked = request.into_inner().host;
        let host = if asked == HUB.0 { HUB.1.to_owned() } else { asked };
        if let Some(known) = self.known().get(&host).cloned() {
            return Ok(Response::new(known));
        }
        let credentials = Arc::clone(&self.credentials);
        let asked = host.clone();
        // Credentials may come from a helper program.
        let found = tokio::task::spawn_blocking(move || credentials(&asked)).await;
        let (username, secret) = found.map_err(|_| Status::internal("no credentials"))?.unwrap_or_default();
        // An identity token is a secret without a user.
        let username = if username == "<token>" { String::new() } else { username };
        let response = CredentialsResponse { username, secret };
        self.known().insert(host, response.clone());
        Ok(Response::new(response))
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

/// Gives the engine secrets.
struct Safe {
    secrets: BTreeMap<String, SecretSource>,
    /// A step may ask again for a secret that comes out of a pipe.
    reader: Reader,
}

#[tonic::async_trait]
impl Secrets for Safe {
    async fn get_secret(&self, request: Request<GetSecretRequest>) -> Result<Response<GetSecretResponse>, Status> {
        let id = request.into_inner().id;
        let data = match self.secrets.get(&id) {
            None => return Err(Status::not_found(format!("secret {id} not found"))),
            Some(SecretSource::Value(value)) => value.clone().into_bytes(),
            Some(SecretSource::File(path)) => local_file::read(&self.reader, path).await.map_err(|cause| {
                Status::failed_precondition(format!("cannot read secret {id} from `{}`: {cause}", path.display()))
            })?,
        };
        Ok(Response::new(GetSecretResponse { data }))
    }
}
