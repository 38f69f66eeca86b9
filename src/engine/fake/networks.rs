//! Networks of the fake engine.

use std::sync::Arc;

use super::{Fake, made};
use crate::engine::{AddressHolder, EngineError, Networks};
use crate::observed::{ContainerId, NetworkId};
use crate::plan::ContainerSpec;
use crate::project::{NetworkKey, Project};

impl Networks for Fake {
    async fn create_network(&self, project: Arc<Project>, key: NetworkKey) -> Result<(), EngineError> {
        let name = project.networks.get(&key).map_or(key.as_str(), |network| &network.name);
        self.call(format!("create network {name}")).await?;
        self.change(|state| {
            let is_there = state.networks.iter().any(|network| network.name == name);
            state.networks.extend(made::network(&project, &key).filter(|_| !is_there));
            Ok(())
        })
    }

    async fn remove_network(&self, id: NetworkId) -> Result<(), EngineError> {
        self.call(format!("remove network {id}")).await?;
        self.change(|state| {
            state.networks.retain(|network| network.id != id);
            Ok(())
        })
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
