//! Networks of the fake engine: calls are noted, nothing is kept.

use std::sync::Arc;

use super::Fake;
use crate::engine::{AddressHolder, EngineError, Networks};
use crate::observed::{ContainerId, NetworkId};
use crate::plan::ContainerSpec;
use crate::project::{NetworkKey, Project};

impl Networks for Fake {
    async fn create_network(&self, project: Arc<Project>, key: NetworkKey) -> Result<(), EngineError> {
        let name = project.networks.get(&key).map_or(key.as_str(), |network| &network.name);
        self.call(format!("create network {name}")).await
    }

    async fn remove_network(&self, id: NetworkId) -> Result<(), EngineError> {
        self.call(format!("remove network {id}")).await
    }

    async fn connect_network(
        &self,
        container: ContainerId,
        _spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> Result<(), EngineError> {
        self.call_on(&format!("connect {key}"), &container).await
    }

    async fn disconnect_network(&self, container: ContainerId, network: String) -> Result<(), EngineError> {
        self.call_on(&format!("disconnect {network}"), &container).await
    }

    async fn address_holder(&self, network: String, address: String) -> Result<Option<AddressHolder>, EngineError> {
        Ok(self.state().addresses.get(&(network, address)).cloned())
    }
}
