//! Networks: created (one per name, even in engines that allow several), removed, connected.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bollard::models::{EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest};
use hyper::Method;
use serde::Deserialize;

use super::client::{CHANGE, Client, check_segment, percent_encoded};
use super::convert::{self, Facts};
use super::json::or_default;
use super::transport::{self, Ask};
use super::{Docker, listed};
use crate::engine::{AddressHolder, EngineError, Networks};
use crate::observed::{ApiVersion, ContainerId, NetworkId};
use crate::plan::ContainerSpec;
use crate::project::{NetworkKey, Project};

/// From this version on, network names are unique.
const UNIQUE_NAMES: ApiVersion = ApiVersion::new(1, 44);

impl Networks for Docker {
    async fn create_network(&self, project: Arc<Project>, key: NetworkKey) -> Result<(), EngineError> {
        create(&self.client, &project, &key).await
    }

    async fn remove_network(&self, id: NetworkId) -> Result<(), EngineError> {
        remove(&self.client, &id).await
    }

    async fn connect_network(
        &self,
        container: ContainerId,
        spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> Result<(), EngineError> {
        let facts = Facts { engine: self.client.version().await?, ..Facts::default() };
        let (network, endpoint) = convert::endpoint_to_connect(&spec, &key, &facts)?;
        connect(&self.client, &network, &container, endpoint).await
    }

    async fn disconnect_network(&self, container: ContainerId, network: String) -> Result<(), EngineError> {
        check_segment(&network)?;
        let request = NetworkDisconnectRequest { container: container.to_string(), force: Some(true) };
        let call = self.client.api().await?.disconnect_network(&network, request);
        let what = || format!("disconnect container {} from network {network}", container.short());
        self.client.wait(CHANGE, what, call).await
    }

    async fn address_holder(&self, network: String, address: String) -> Result<Option<AddressHolder>, EngineError> {
        address_holder(&self.client, &network, &address).await
    }

    async fn network_visitors(&self, network: NetworkId, project: String) -> Result<Vec<String>, EngineError> {
        // Only running containers: stopped ones do not keep the network in use.
        let filters = serde_json::json!({ "network": [network.as_str()] }).to_string();
        listed::others(&self.client, &project, &[("filters", &filters)]).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    /// First, so that the oldest sorts first.
    created: String,
    id: String,
    name: String,
}

/// Creates a network of the project; one of the same name that a concurrent run creates counts as success.
async fn create(client: &Client, project: &Project, key: &NetworkKey) -> Result<(), EngineError> {
    let request = convert::network_request(project, key)?;
    let name = request.name.clone();
    let mut body = serde_json::to_value(request)
        .map_err(|error| EngineError::Failed(format!("cannot encode the request: {error}")))?;
    let unique = client.version().await?.api >= UNIQUE_NAMES;
    if !unique {
        body["CheckDuplicate"] = true.into();
    }
    let body = body.to_string().into_bytes();
    let ask = Ask { method: Method::POST, body, ..Ask::get("/networks/create") };
    let answer = match client.ask(CHANGE, ask).await {
        Ok(answer) => answer,
        // A concurrent run made it.
        Err(EngineError::Conflict(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if unique {
        return Ok(());
    }
    let answer = transport::whole(answer.into_body(), transport::LARGEST_REFUSAL).await?;
    let made: Created = serde_json::from_slice(&answer)
        .map_err(|error| EngineError::Failed(format!("cannot read the engine's answer: {error}")))?;
    give_way(client, &name, &made.id).await
}

/// Older engines check the name before they create, so two concurrent runs may both find it free. The oldest network of
/// the name stays; if that is not the one just created, the latter is removed.
async fn give_way(client: &Client, name: &str, made: &str) -> Result<(), EngineError> {
    let all: Vec<Listed> = client.get("/networks").await?;
    if !is_surplus(all, name, made) {
        return Ok(());
    }
    match remove(client, &NetworkId::from(made)).await {
        Ok(()) | Err(EngineError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_surplus(all: Vec<Listed>, name: &str, made: &str) -> bool {
    let oldest = all.into_iter().filter(|network| network.name == name).min();
    oldest.is_some_and(|oldest| oldest.id != made)
}

/// Removes a network.
async fn remove(client: &Client, id: &NetworkId) -> Result<(), EngineError> {
    check_segment(id.as_str())?;
    let call = client.api().await?.remove_network(id.as_str());
    client.wait(CHANGE, || format!("remove network {}", id.short()), call).await
}

/// Connects a container to a network.
pub(super) async fn connect(
    client: &Client,
    network: &str,
    id: &ContainerId,
    endpoint: EndpointSettings,
) -> Result<(), EngineError> {
    check_segment(network)?;
    let request = NetworkConnectRequest { container: id.to_string(), endpoint_config: Some(endpoint) };
    let call = client.api().await?.connect_network(network, request);
    client.wait(CHANGE, || format!("connect container {} to network {network}", id.short()), call).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    #[serde(default, rename = "IPAM")]
    ipam: InspectedIpam,
    #[serde(default, deserialize_with = "or_default")]
    containers: BTreeMap<String, Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedIpam {
    #[serde(default, deserialize_with = "or_default")]
    config: Vec<Pool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pool {
    #[serde(default)]
    gateway: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "IPv4Address")]
    ipv4_address: String,
    #[serde(default, rename = "IPv6Address")]
    ipv6_address: String,
}

/// What has an address of a network: a running container or the network itself.
async fn address_holder(client: &Client, network: &str, address: &str) -> Result<Option<AddressHolder>, EngineError> {
    let inspected: Inspected = client.get(&format!("/networks/{}", percent_encoded(network))).await?;
    Ok(holder(&inspected, address))
}

fn holder(network: &Inspected, address: &str) -> Option<AddressHolder> {
    // Written in different ways, with or without a prefix length.
    let parsed = |text: &str| text.split('/').next().and_then(|text| text.parse::<IpAddr>().ok());
    let wanted = parsed(address)?;
    let is_it = |text: &str| parsed(text) == Some(wanted);
    let mut containers = network.containers.values();
    if let Some(found) = containers.find(|found| is_it(&found.ipv4_address) || is_it(&found.ipv6_address)) {
        return Some(AddressHolder::Container { name: found.name.clone() });
    }
    network.ipam.config.iter().any(|pool| is_it(&pool.gateway)).then_some(AddressHolder::Gateway)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_holder() {
        let network = r#"{"IPAM":{"Config":[{"Subnet":"10.0.0.0/24","Gateway":"10.0.0.1"},{"Gateway":"fd00::1"}]},
            "Containers":{"c1":{"Name":"db","IPv4Address":"10.0.0.5/24","IPv6Address":"fd00::5/64"}}}"#;
        let network: Inspected = serde_json::from_str(network).expect("a network");
        let db = Some(AddressHolder::Container { name: "db".to_owned() });
        assert_eq!(holder(&network, "10.0.0.5"), db);
        assert_eq!(holder(&network, "fd00:0::5"), db);
        assert_eq!(holder(&network, "10.0.0.1"), Some(AddressHolder::Gateway));
        assert_eq!(holder(&network, "10.0.0.6"), None);
        assert_eq!(holder(&network, "no address"), None);
    }

    #[test]
    fn the_oldest_of_a_name_stays() {
        let listed = |created: &str, id: &str, name: &str| Listed {
            created: created.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let all = || {
            vec![
                listed("2026-01-01T00:00:00.2Z", "b", "shop_default"),
                listed("2026-01-01T00:00:00.1Z", "c", "shop_default"),
                listed("2025-01-01T00:00:00Z", "a", "other_default"),
            ]
        };
        assert!(is_surplus(all(), "shop_default", "b"));
        assert!(!is_surplus(all(), "shop_default", "c"));
        assert!(!is_surplus(all(), "gone", "x"), "somebody removed it again");
    }
}
