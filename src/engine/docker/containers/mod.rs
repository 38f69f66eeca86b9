//! Containers: created, started, stopped, removed, inspected.

mod change;
mod create;
mod definition;
mod inspect;
mod port_owner;

use std::sync::Arc;
use std::time::Duration;

use super::Docker;
use super::client::Client;
use super::listed::ListedContainer;
use crate::engine::{
    ContainerDetails, ContainerEnd, Containers, CreateContainer, CreatedContainer, EngineError, HookContainer,
    NameHolder, PortHolder, WaitFor, WindowSize,
};
use crate::observed::{ContainerId, Definition, Processes};
use crate::plan::{AnonymousVolumes, ContainerSpec};

impl Containers for Docker {
    async fn create_container(&self, request: CreateContainer) -> Result<CreatedContainer, EngineError> {
        Box::pin(create::create(&self.client, &request)).await
    }

    async fn create_hook_container(&self, request: HookContainer) -> Result<CreatedContainer, EngineError> {
        Box::pin(create::create_hook(&self.client, &request)).await
    }

    async fn inject_files(&self, id: ContainerId, spec: Arc<ContainerSpec>) -> Result<(), EngineError> {
        change::inject(&self.client, &id, &spec).await
    }

    async fn start_container(&self, id: ContainerId) -> Result<(), EngineError> {
        change::start(&self.client, &id).await
    }

    async fn stop_container(&self, id: ContainerId, timeout: Option<Duration>) -> Result<(), EngineError> {
        change::stop(&self.client, &id, timeout).await
    }

    async fn kill_container(&self, id: ContainerId, signal: String) -> Result<(), EngineError> {
        change::kill(&self.client, &id, &signal).await
    }

    async fn restart_container(&self, id: ContainerId, timeout: Option<Duration>) -> Result<(), EngineError> {
        change::restart(&self.client, &id, timeout).await
    }

    async fn pause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        change::pause(&self.client, &id).await
    }

    async fn unpause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        change::unpause(&self.client, &id).await
    }

    async fn remove_container(&self, id: ContainerId, volumes: AnonymousVolumes) -> Result<(), EngineError> {
        change::remove(&self.client, &id, volumes).await
    }

    async fn rename_container(&self, id: ContainerId, name: String) -> Result<(), EngineError> {
        change::rename(&self.client, &id, &name).await
    }

    async fn resize_container(&self, id: ContainerId, size: WindowSize) -> Result<(), EngineError> {
        change::resize(&self.client, &id, size).await
    }

    async fn wait_container(&self, id: ContainerId, until: WaitFor) -> Result<ContainerEnd, EngineError> {
        change::wait(&self.client, &id, until).await
    }

    async fn inspect_container(&self, id: ContainerId) -> Result<ContainerDetails, EngineError> {
        inspect::inspect(&self.client, &id).await
    }

    async fn processes(&self, id: ContainerId) -> Result<Processes, EngineError> {
        inspect::processes(&self.client, &id).await
    }

    async fn definition(&self, id: ContainerId) -> Result<Option<Definition>, EngineError> {
        definition::look(&self.client, &id).await
    }

    async fn name_holder(&self, name: String) -> Result<Option<NameHolder>, EngineError> {
        inspect::name_holder(&self.client, &name).await
    }

    async fn port_holder(&self, port: u16, protocol: String) -> Result<Option<PortHolder>, EngineError> {
        port_holder(&self.client, port, &protocol).await
    }
}

/// The running container that publishes a port of the host, else the process that listens on it.
async fn port_holder(client: &Client, port: u16, protocol: &str) -> Result<Option<PortHolder>, EngineError> {
    // The engine's own filter matches requested ports only, not those that it chose.
    let listed: Vec<ListedContainer> = client.get("/containers/json").await?;
    if let Some(holder) = listed.iter().find(|listed| listed.publishes(port, protocol)) {
        let project = holder.project().map(str::to_owned);
        return Ok(Some(PortHolder::Container { name: holder.name().to_owned(), project }));
    }
    if !client.transport().address().is_local() {
        return Ok(None);
    }
    let protocol = protocol.to_owned();
    let found = tokio::task::spawn_blocking(move || port_owner::on(port, &protocol)).await.unwrap_or_default();
    Ok(found.map(|port_owner::Process { name, id }| PortHolder::Process { name, id }))
}
