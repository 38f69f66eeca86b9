//! Engines that speak Docker's API. The only folder that names bollard.
//!
//! ```text
//! connect.rs  contexts.rs  credentials.rs    settings -> an address, TLS files, credentials
//! transport.rs  tls.rs  client.rs            an address -> requests and answers, in the version agreed on
//! classify.rs                                answers and failures -> EngineError
//! observe.rs  definition.rs  status.rs  images.rs  reference.rs  platform.rs    what the engine has
//! convert/  containers.rs  networks.rs       what it is asked to make
//! build/  builds.rs                          the BuildKit client, and what it is asked to build
//! events.rs  logs.rs                         what it tells as it happens
//! ```

mod build;
mod builds;
mod classify;
mod client;
mod connect;
mod containers;
mod contexts;
mod convert;
mod credentials;
mod definition;
mod events;
mod exec;
mod images;
mod logs;
mod networks;
mod observe;
mod platform;
mod port_owner;
mod reference;
mod ssh;
mod status;
mod tls;
mod transport;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::models::NetworkDisconnectRequest;
use bollard::query_parameters::{RemoveImageOptions, RemoveVolumeOptions};
use futures::stream::BoxStream;

use self::client::{CHANGE, Client, check_segment};
pub use self::connect::{ConnectSettings, TlsRequest};
use self::convert::Facts;
use super::{
    AddressHolder, ContainerDetails, ContainerEvent, CreateContainer, CreatedContainer, Engine, EngineError,
    ExecProgress, ExecSpec, HookContainer, ImageProgress, LogChunk, LogQuery, NameHolder, ObserveQuery, PortHolder,
};
use crate::observed::{ContainerId, Definition, EngineVersion, Image, NetworkId, Observed};
use crate::plan::{AnonymousVolumes, BuildSpec, ContainerSpec, PullSpec};
use crate::project::{NetworkKey, Project, VolumeKey};
use crate::source::{ReadError, Reader};

/// The content of a file of this machine, read while others go on.
async fn read_file(reader: &Reader, path: &Path) -> Result<Vec<u8>, ReadError> {
    let (reader, path) = (reader.clone(), path.to_owned());
    let read = tokio::task::spawn_blocking(move || reader.read(&path)).await;
    read.unwrap_or_else(|stopped| Err(ReadError::System(std::io::Error::other(stopped))))
}

/// What the label `com.docker.compose.version` says.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An engine that speaks Docker's API: Docker Engine from 20.10 on, or Podman.
#[derive(Debug, Clone)]
pub struct Docker {
    client: Client,
}

impl Docker {
    /// The engine that the settings name. Nothing is sent: the first call finds out whether one answers.
    ///
    /// # Errors
    ///
    /// [`EngineError::Configuration`] if the settings name no address that can be used, [`EngineError::Unsupported`]
    /// for kinds of addresses that hoist has no connection for.
    pub fn connect(settings: ConnectSettings) -> Result<Self, EngineError> {
        Ok(Self { client: Client::new(settings)? })
    }

    /// Where the engine listens: `unix:///var/run/docker.sock`, `tcp://host:2376`.
    #[must_use]
    pub fn address(&self) -> String {
        self.client.address()
    }

    /// Whether the engine is on this machine, as far as its address tells.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.client.transport().address().is_local()
    }
}

impl Engine for Docker {
    async fn version(&self) -> Result<EngineVersion, EngineError> {
        self.client.version().await
    }

    async fn observe(&self, query: ObserveQuery) -> Result<Observed, EngineError> {
        observe::observe(&self.client, &query).await
    }

    async fn create_network(&self, project: Arc<Project>, key: NetworkKey) -> Result<(), EngineError> {
        networks::create(&self.client, &project, &key).await
    }

    async fn remove_network(&self, id: NetworkId) -> Result<(), EngineError> {
        networks::remove(&self.client, &id).await
    }

    async fn connect_network(
        &self,
        container: ContainerId,
        spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> Result<(), EngineError> {
        let facts = Facts { engine: self.client.version().await?, ..Facts::default() };
        let (network, endpoint) = convert::endpoint_to_connect(&spec, &key, &facts)?;
        containers::connect(&self.client, &network, &container, endpoint).await
    }

    async fn disconnect_network(&self, container: ContainerId, network: String) -> Result<(), EngineError> {
        check_segment(&network)?;
        let request = NetworkDisconnectRequest { container: container.to_string(), force: Some(true) };
        let call = self.client.api().await?.disconnect_network(&network, request);
        let what = || format!("disconnect container {} from network {network}", container.short());
        self.client.wait(CHANGE, what, call).await
    }

    async fn create_volume(&self, project: Arc<Project>, key: VolumeKey) -> Result<(), EngineError> {
        let request = convert::volume_request(&project, &key)?;
        let call = self.client.api().await?.create_volume(request);
        match self.client.wait(CHANGE, || format!("create volume {key}"), call).await {
            Ok(_) | Err(EngineError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        check_segment(&name)?;
        let options = RemoveVolumeOptions { force: true };
        let call = self.client.api().await?.remove_volume(&name, Some(options));
        match self.client.wait(CHANGE, || format!("remove volume {name}"), call).await {
            // Nothing else about a volume can be in the way.
            Err(EngineError::Conflict(words)) => Err(EngineError::InUse(words)),
            result => result,
        }
    }

    async fn remove_image(&self, reference: String) -> Result<(), EngineError> {
        check_segment(&reference)?;
        let call = self.client.api().await?.remove_image(&reference, None::<RemoveImageOptions>, None);
        match self.client.wait(CHANGE, || format!("remove image {reference}"), call).await {
            Ok(_) => Ok(()),
            // Nothing else about an image can be in the way.
            Err(EngineError::Conflict(words)) => Err(EngineError::InUse(words)),
            Err(error) => Err(error),
        }
    }

    async fn create_container(&self, request: CreateContainer) -> Result<CreatedContainer, EngineError> {
        Box::pin(containers::create(&self.client, &request)).await
    }

    async fn start_container(&self, id: ContainerId) -> Result<(), EngineError> {
        containers::start(&self.client, &id).await
    }

    async fn unpause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        containers::unpause(&self.client, &id).await
    }

    async fn inject_files(&self, id: ContainerId, spec: Arc<ContainerSpec>) -> Result<(), EngineError> {
        containers::inject(&self.client, &id, &spec).await
    }

    async fn stop_container(&self, id: ContainerId, timeout: Option<Duration>) -> Result<(), EngineError> {
        containers::stop(&self.client, &id, timeout).await
    }

    async fn kill_container(&self, id: ContainerId, signal: String) -> Result<(), EngineError> {
        containers::kill(&self.client, &id, &signal).await
    }

    async fn remove_container(&self, id: ContainerId, volumes: AnonymousVolumes) -> Result<(), EngineError> {
        containers::remove(&self.client, &id, volumes).await
    }

    async fn rename_container(&self, id: ContainerId, name: String) -> Result<(), EngineError> {
        containers::rename(&self.client, &id, &name).await
    }

    async fn inspect_container(&self, id: ContainerId) -> Result<ContainerDetails, EngineError> {
        containers::inspect(&self.client, &id).await
    }

    async fn container_events(
        &self,
        project: String,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        events::container_events(&self.client, &project).await
    }

    async fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        logs::logs(&self.client, &id, &query).await
    }

    async fn attach(
        &self,
        id: ContainerId,
        terminal: bool,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        logs::attach(&self.client, &id, terminal).await
    }

    async fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
        exec::exec(&self.client, &id, spec).await
    }

    async fn create_hook_container(&self, request: HookContainer) -> Result<CreatedContainer, EngineError> {
        Box::pin(containers::create_hook(&self.client, &request)).await
    }

    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        images::pull(self.client.clone(), spec)
    }

    fn build_image(&self, spec: Arc<BuildSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        builds::build_image(self.client.clone(), spec)
    }

    async fn name_holder(&self, name: String) -> Result<Option<NameHolder>, EngineError> {
        containers::name_holder(&self.client, &name).await
    }

    async fn address_holder(&self, network: String, address: String) -> Result<Option<AddressHolder>, EngineError> {
        networks::address_holder(&self.client, &network, &address).await
    }

    async fn port_holder(&self, port: u16, protocol: String) -> Result<Option<PortHolder>, EngineError> {
        observe::port_holder(&self.client, port, &protocol).await
    }

    async fn definition(&self, id: ContainerId) -> Result<Option<Definition>, EngineError> {
        definition::look(&self.client, &id).await
    }

    async fn network_visitors(&self, network: NetworkId, project: String) -> Result<Vec<String>, EngineError> {
        observe::network_visitors(&self.client, &network, &project).await
    }

    async fn volume_visitors(&self, volume: String, project: String) -> Result<Vec<String>, EngineError> {
        observe::volume_visitors(&self.client, &volume, &project).await
    }

    async fn image(&self, reference: String, platform: Option<String>) -> Result<Option<Image>, EngineError> {
        images::look(&self.client, &reference, platform.as_deref()).await
    }
}
