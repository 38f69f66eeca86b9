//! Networks: created, removed, connected, and who is connected to them.

use std::future::Future;
use std::sync::Arc;

use super::error::EngineError;
use crate::observed::{ContainerId, NetworkId};
use crate::plan::ContainerSpec;
use crate::project::{NetworkKey, Project};

/// Calls about networks.
pub trait Networks {
    /// Creates a network of the project; one of the same name that a concurrent run created counts as success.
    fn create_network(
        &self,
        project: Arc<Project>,
        key: NetworkKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Removes a network; [`EngineError::InUse`] if containers are connected to it.
    fn remove_network(&self, id: NetworkId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Connects a container, with its service's endpoint settings for that network.
    fn connect_network(
        &self,
        container: ContainerId,
        spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Disconnects a container from a network by force.
    fn disconnect_network(
        &self,
        container: ContainerId,
        network: String,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// What has an address of a network; `None` if nothing has it or the engine cannot tell.
    fn address_holder(
        &self,
        network: String,
        address: String,
    ) -> impl Future<Output = Result<Option<AddressHolder>, EngineError>> + Send {
        let _ = (network, address);
        async { Ok(None) }
    }

    /// The names of running containers outside the project that are connected to a network; empty if the engine cannot
    /// tell.
    fn network_visitors(
        &self,
        network: NetworkId,
        project: String,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send {
        let _ = (network, project);
        async { Ok(Vec::new()) }
    }
}

/// What has an address of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressHolder {
    /// A container.
    Container {
        /// Its name.
        name: String,
    },
    /// The network itself, as the gateway of its containers.
    Gateway,
}
