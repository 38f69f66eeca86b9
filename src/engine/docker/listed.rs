//! Containers as the engine lists them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::{Client, query};
use super::json::or_default;
use super::status;
use crate::engine::EngineError;
use crate::observed::{Container, Endpoint, Health, ImagePlatform, Mount, MountKind, PublishedPort};
use crate::project::label;

/// The names of the listed containers that do not belong to a project.
pub(super) async fn others(
    client: &Client,
    project: &str,
    listing: &[(&str, &str)],
) -> Result<Vec<String>, EngineError> {
    let listed: Vec<ListedContainer> = client.get(&format!("/containers/json?{}", query(listing))).await?;
    let others = listed.iter().filter(|listed| listed.project() != Some(project));
    Ok(others.map(|listed| listed.name().to_owned()).collect())
}

// bollard's types for lists reject the values and omissions of other engines, and read ten times as much as needed.

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedContainer {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(default, rename = "ImageID")]
    image_id: String,
    /// Since API 1.48, with containerd's image store.
    image_manifest_descriptor: Option<ListedDescriptor>,
    #[serde(default)]
    command: String,
    #[serde(default)]
    created: i64,
    #[serde(default, deserialize_with = "or_default")]
    ports: Vec<ListedPort>,
    #[serde(default, deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    status: String,
    #[serde(default, deserialize_with = "or_default")]
    network_settings: ListedNetworkSettings,
    #[serde(default, deserialize_with = "or_default")]
    mounts: Vec<ListedMount>,
    /// Since API 1.52.
    health: Option<ListedHealth>,
}

#[derive(Debug, Deserialize)]
struct ListedDescriptor {
    platform: Option<ListedPlatform>,
}

#[derive(Debug, Deserialize)]
struct ListedPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, rename = "os.version")]
    os_version: String,
}

impl From<ListedPlatform> for ImagePlatform {
    fn from(listed: ListedPlatform) -> Self {
        let ListedPlatform { os, architecture, variant, os_version } = listed;
        Self { os, architecture, variant, os_version }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedNetworkSettings {
    #[serde(default, deserialize_with = "or_default")]
    networks: BTreeMap<String, Option<ListedEndpoint>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedEndpoint {
    #[serde(default, rename = "NetworkID")]
    network_id: String,
    #[serde(default, rename = "IPAddress")]
    ip_address: String,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPort {
    #[serde(default, rename = "IP")]
    ip: String,
    private_port: u16,
    public_port: Option<u16>,
    #[serde(rename = "Type")]
    protocol: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedMount {
    #[serde(default, rename = "Type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    destination: String,
    #[serde(default, rename = "RW")]
    writable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedHealth {
    #[serde(default)]
    status: String,
}

impl From<ListedContainer> for Container {
    fn from(listed: ListedContainer) -> Self {
        let ListedContainer { labels, .. } = &listed;
        let of = |name: &str| labels.get(name).filter(|value| !value.is_empty());
        let health = match &listed.health {
            Some(health) => status::health(&health.status),
            None => status::health_in(&listed.status),
        };
        Self {
            name: status::canonical_name(&listed.names, &listed.id).to_owned(),
            service: of(label::SERVICE).map(|name| name.as_str().into()),
            number: of(label::NUMBER).and_then(|number| number.parse().ok()),
            one_off: of(label::ONE_OFF).is_some_and(|value| value == "True"),
            hook: of(label::HOOK).is_some(),
            state: status::state(&listed.state),
            health: if listed.state == "running" { health } else { Health::None },
            exit_code: status::exit_code_in(&listed.status),
            config_hash: of(label::CONFIG_HASH).cloned(),
            image_digest: of(label::IMAGE).map(|digest| digest.as_str().into()),
            image_id: Some(listed.image_id).filter(|id| !id.is_empty()).map(Into::into),
            image_platform: listed.image_manifest_descriptor.and_then(|descriptor| descriptor.platform).map(Into::into),
            networks: endpoints(listed.network_settings),
            mounts: listed.mounts.into_iter().map(Into::into).collect(),
            ports: listed.ports.into_iter().map(Into::into).collect(),
            id: listed.id.into(),
            status: listed.status,
            image: listed.image,
            command: listed.command,
            created: listed.created,
            labels: listed.labels,
        }
    }
}

fn endpoints(settings: ListedNetworkSettings) -> BTreeMap<String, Endpoint> {
    let endpoint = |name: &str, listed: ListedEndpoint| Endpoint {
        // Podman repeats the name here.
        network: Some(listed.network_id).filter(|id| !id.is_empty() && id != name).map(Into::into),
        ipv4: Some(listed.ip_address).filter(|address| !address.is_empty()),
        aliases: listed.aliases,
    };
    settings
        .networks
        .into_iter()
        .map(|(name, listed)| {
            let endpoint = endpoint(&name, listed.unwrap_or_default());
            (name, endpoint)
        })
        .collect()
}

impl From<ListedMount> for Mount {
    fn from(listed: ListedMount) -> Self {
        Self {
            kind: match listed.kind.as_str() {
                "bind" => MountKind::Bind,
                "volume" => MountKind::Volume,
                "tmpfs" => MountKind::Tmpfs,
                _ => MountKind::Other(listed.kind),
            },
            name: Some(listed.name).filter(|name| !name.is_empty()),
            source: listed.source,
            target: listed.destination,
            read_only: !listed.writable,
        }
    }
}

impl From<ListedPort> for PublishedPort {
    fn from(listed: ListedPort) -> Self {
        Self {
            host_ip: Some(listed.ip).filter(|ip| !ip.is_empty()),
            published: listed.public_port.filter(|port| *port != 0),
            target: listed.private_port,
            protocol: listed.protocol,
        }
    }
}

impl ListedContainer {
    /// Its own name, as opposed to the names that links from other containers add.
    pub(super) fn name(&self) -> &str {
        status::canonical_name(&self.names, &self.id)
    }

    /// The project it belongs to, if any.
    pub(super) fn project(&self) -> Option<&str> {
        self.labels.get(label::PROJECT).map(String::as_str)
    }

    /// Whether it publishes this port of the host.
    pub(super) fn publishes(&self, port: u16, protocol: &str) -> bool {
        self.ports.iter().any(|listed| listed.public_port == Some(port) && listed.protocol == protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::State;

    fn container(json: &str) -> Container {
        serde_json::from_str::<ListedContainer>(json).unwrap().into()
    }

    #[test]
    fn a_replica() {
        let replica = container(
            r#"{"Id":"0123456789abcdef","Names":["/web/db","/shop-db-2"],"Image":"mysql:8","ImageID":"sha256:aa",
                "Command":"mysqld","Created":7,"State":"running","Status":"Up 5 seconds (healthy)",
                "Ports":[{"IP":"0.0.0.0","PrivatePort":3306,"PublicPort":33060,"Type":"tcp"},
                         {"PrivatePort":33060,"Type":"tcp"}],
                "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"db",
                          "com.docker.compose.container-number":"2","com.docker.compose.oneoff":"False",
                          "com.docker.compose.config-hash":"cc","com.docker.compose.image":"sha256:aa"},
                "NetworkSettings":{"Networks":{"shop_default":{"NetworkID":"n1","IPAddress":"172.18.0.2","Aliases":null}}},
                "Mounts":[{"Type":"volume","Name":"shop_data","Source":"/v","Destination":"/var/lib/mysql","RW":true},
                          {"Type":"npipe","Source":"x","Destination":"y","RW":false}]}"#,
        );
        assert_eq!(replica.name, "shop-db-2");
        assert_eq!(replica.number, Some(2));
        assert!(replica.is_replica());
        assert_eq!((replica.state, replica.health, replica.exit_code), (State::Running, Health::Healthy, None));
        assert_eq!(replica.networks["shop_default"].network, Some("n1".into()));
        assert_eq!(replica.mounts[0].name.as_deref(), Some("shop_data"));
        assert!(!replica.mounts[0].read_only);
        assert_eq!(replica.mounts[1].kind, MountKind::Other("npipe".to_owned()));
        assert_eq!(replica.ports[0].published, Some(33060));
        assert_eq!(replica.ports[1].published, None);
    }

    #[test]
    fn a_name_in_the_place_of_an_id_is_none() {
        let replica = container(
            r#"{"Id":"1","Names":["/a"],"NetworkSettings":{"Networks":{"shop_default":{"NetworkID":"shop_default"}}}}"#,
        );
        assert_eq!(replica.networks["shop_default"].network, None);
    }

    #[test]
    fn little_is_enough() {
        let bare = container(r#"{"Id":"0123456789abcdef","Labels":null,"Names":null}"#);
        assert_eq!(bare.name, "0123456789ab");
        assert_eq!(bare.service, None);
        assert!(!bare.is_replica());
    }

    #[test]
    fn health_of_newer_engines_and_of_containers_that_ended() {
        let running = r#"{"Id":"1","State":"running","Status":"Up","Health":{"Status":"starting","FailingStreak":0}}"#;
        assert_eq!(container(running).health, Health::Starting);
        let exited = r#"{"Id":"1","State":"exited","Status":"Exited (3) now","Health":{"Status":"unhealthy"}}"#;
        assert_eq!((container(exited).health, container(exited).exit_code), (Health::None, Some(3)));
    }
}
