//! What the client does for the engine during a build: provides files, credentials, secrets and SSH agents, and answers
//! health checks.

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
use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::SshServer;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::connection::serve;
use super::error::BuildError;
use super::file_sync::{FileSync, Source, Transfers};
use super::hidden::Hidden;
use super::ssh::Agents;
use super::tasks::Spawner;
use crate::engine::docker::local_file;
use crate::engine::docker::transport::Transport;
use crate::project::hash::hex;
use crate::source::Reader;

/// Returns the user name and password for a registry host; for Docker Hub the host is `https://index.docker.io/v1/`, as
/// in Docker's configuration. An identity token has the user `<token>`. May block.
pub(in crate::engine::docker) type Credentials = Arc<dyn Fn(&str) -> Option<(String, String)> + Send + Sync>;

/// The methods the engine may call.
const METHODS: [&str; 6] = [
    "/grpc.health.v1.Health/Check",
    "/moby.filesync.v1.FileSync/DiffCopy",
    "/moby.filesync.v1.Auth/Credentials",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/moby.sshforward.v1.SSH/CheckAgent",
    "/moby.sshforward.v1.SSH/ForwardAgent",
];

/// The engine's host name for Docker Hub, and the one in Docker's configuration.
const HUB: (&str, &str) = ("registry-1.docker.io", "https://index.docker.io/v1/");

/// The source of a secret.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum SecretSource {
    /// A file, which is read when a step requests it.
    File(PathBuf),
    /// The value itself.
    Value(String),
}

impl SecretSource {
    /// The value, if it is known already.
    pub(in crate::engine::docker) fn value(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Value(_) => f.write_str("Value(•••)"),
        }
    }
}

/// What a session offers to the engine.
pub(super) struct Offer<'a> {
    /// The session's id in the build request.
    pub(super) id: String,
    /// The key under which the engine keeps the files, so that the next build sends only what changed.
    pub(super) shared_key: String,
    /// The folders, by the name with which the engine requests them.
    pub(super) sources: BTreeMap<String, Source>,
    /// Credentials for registries.
    pub(super) credentials: Credentials,
    /// Secrets that build steps may mount, by id.
    pub(super) secrets: BTreeMap<String, SecretSource>,
    /// What must not be shown; the secrets that steps read are added.
    pub(super) hidden: Hidden,
    /// SSH agents for build steps.
    pub(super) agents: &'a Agents,
    /// Records what was transferred, and what could not be read.
    pub(super) transfers: Arc<Transfers>,
}

/// Opens a session, which lasts until the tasks end.
pub(super) async fn open(transport: &Transport, tasks: &Spawner, offer: Offer<'_>) -> Result<(), BuildError> {
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
        .add_service(SecretsServer::new(Safe {
            secrets: offer.secrets,
            hidden: offer.hidden,
            reader: Reader::default(),
        }))
        .add_service(SshServer::new(offer.agents.service(tasks.clone())))
        .prepare();
    serve(transport, tasks, &headers, services).await
}

/// A key whose length and characters are valid in a header.
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

/// Provides user names and passwords; the engine fetches tokens itself.
struct Login {
    credentials: Credentials,
    /// Cache by host: the engine asks repeatedly, and helper programs are slow.
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

/// Provides secrets.
struct Safe {
    secrets: BTreeMap<String, SecretSource>,
    hidden: Hidden,
    /// Keeps the content of pipes, since steps may request the same secret again.
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
        if let Ok(text) = std::str::from_utf8(&data) {
            self.hidden.add(text);
        }
        Ok(Response::new(GetSecretResponse { data }))
    }
}
