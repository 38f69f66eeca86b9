//! One snapshot of a project: four lists and what is in them, never a call per object.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::client::{Client, query};
use super::{classify, images, port_owner, status};
use crate::engine::{EngineError, ObserveQuery, PortHolder, Scope};
use crate::observed::{
    Container, Endpoint, Health, Mount, MountKind, Network, NetworkId, Observed, PublishedPort, Volume,
};
use crate::project::label;

/// Everything the engine has of a project, by calls made in parallel.
pub(super) async fn observe(client: &Client, query: &ObserveQuery) -> Result<Observed, EngineError> {
    let version = client.version().await?;
    if query.scope == Scope::Containers {
        let containers = looking("containers", containers(client, &query.project)).await?;
        return Ok(Observed { containers, engine: version, ..Observed::default() });
    }
    let (containers, networks, volumes, images) = tokio::try_join!(
        looking("containers", containers(client, &query.project)),
        looking("networks", networks(client, query)),
        looking("volumes", volumes(client, query)),
        looking("images", images::find(client, query)),
    )?;
    Ok(Observed { containers, networks, volumes, images, engine: version, ..Observed::default() })
}

/// A look that says what it was at, should the engine fail at it: its own words do not.
async fn looking<T>(what: &str, look: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    look.await.map_err(|error| classify::failed_to(&format!("look at its {what}"), error))
}

async fn containers(client: &Client, project: &str) -> Result<Vec<Container>, EngineError> {
    let filters = serde_json::json!({ "label": [format!("{}={project}", label::PROJECT)] }).to_string();
    let path = format!("/containers/json?{}", query(&[("all", "true"), ("filters", &filters)]));
    let listed: Vec<ListedContainer> = client.get(&path).await?;
    Ok(listed.into_iter().map(Container::from).collect())
}

/// The running container that publishes a port of the host, else the process that listens there.
pub(super) async fn port_holder(client: &Client, port: u16, protocol: &str) -> Result<Option<PortHolder>, EngineError> {
    // The engine's own filter looks at what was asked for, not at ports that it chose.
    let listed: Vec<ListedContainer> = client.get("/containers/json").await?;
    let holds = |listed: &&ListedContainer| {
        listed.ports.iter().any(|listed| listed.public_port == Some(port) && listed.protocol == protocol)
    };
    if let Some(listed) = listed.iter().find(holds) {
        let name = status::canonical_name(&listed.names, &listed.id).to_owned();
        return Ok(Some(PortHolder::Container { name, project: listed.labels.get(label::PROJECT).cloned() }));
    }
    if !client.transport().address().is_local() {
        return Ok(None);
    }
    let protocol = protocol.to_owned();
    let found = tokio::task::spawn_blocking(move || port_owner::on(port, &protocol)).await.unwrap_or_default();
    Ok(found.map(|port_owner::Process { name, id }| PortHolder::Process { name, id }))
}

/// The running containers outside of a project that are connected to a network.
pub(super) async fn network_visitors(
    client: &Client,
    network: &NetworkId,
    project: &str,
) -> Result<Vec<String>, EngineError> {
    let filters = serde_json::json!({ "network": [network.as_str()] }).to_string();
    others(client, project, &[("filters", &filters)]).await
}

/// The containers outside of a project that mount a volume, those that do not run, too: engines keep it for them.
pub(super) async fn volume_visitors(client: &Client, volume: &str, project: &str) -> Result<Vec<String>, EngineError> {
    let filters = serde_json::json!({ "volume": [volume] }).to_string();
    others(client, project, &[("all", "true"), ("filters", &filters)]).await
}

/// The names of the listed containers that do not belong to a project.
async fn others(client: &Client, project: &str, listing: &[(&str, &str)]) -> Result<Vec<String>, EngineError> {
    let listed: Vec<ListedContainer> = client.get(&format!("/containers/json?{}", query(listing))).await?;
    let others = listed.iter().filter(|listed| listed.labels.get(label::PROJECT).is_none_or(|owner| owner != project));
    Ok(others.map(|listed| status::canonical_name(&listed.names, &listed.id).to_owned()).collect())
}

async fn networks(client: &Client, query: &ObserveQuery) -> Result<Vec<Network>, EngineError> {
    let listed: Vec<ListedNetwork> = client.get("/networks").await?;
    let asked = |network: &ListedNetwork| {
        let of_project = network.labels.get(label::PROJECT).is_some_and(|project| *project == query.project);
        of_project || query.networks.iter().any(|name| network.is_called(name))
    };
    Ok(listed.into_iter().filter(asked).map(Network::from).collect())
}

async fn volumes(client: &Client, query: &ObserveQuery) -> Result<Vec<Volume>, EngineError> {
    let listed: ListedVolumes = client.get("/volumes").await?;
    let asked = |volume: &ListedVolume| {
        let of_project = volume.labels.get(label::PROJECT).is_some_and(|project| *project == query.project);
        of_project || query.volumes.contains(&volume.name)
    };
    Ok(listed.volumes.into_iter().filter(asked).map(Volume::from).collect())
}

/// `null` where a list or object is empty, as Go writes it.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

// bollard's types of the lists refuse words and omissions of other engines, and read ten times as much as is needed.

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedContainer {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(default, rename = "ImageID")]
    image_id: String,
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
    /// From API 1.52 on.
    health: Option<ListedHealth>,
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
        // Podman gives the name again.
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedNetwork {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl ListedNetwork {
    /// Whether a project that does not make it may mean it by `name`: its name, its id, or its id as people see it.
    fn is_called(&self, name: &str) -> bool {
        self.name == name || (name.len() >= 12 && self.id.starts_with(name))
    }
}

impl From<ListedNetwork> for Network {
    fn from(listed: ListedNetwork) -> Self {
        let of = |name: &str| listed.labels.get(name).filter(|value| !value.is_empty());
        Self {
            project: of(label::PROJECT).cloned(),
            key: of(label::NETWORK).map(|key| key.as_str().into()),
            config_hash: of(label::CONFIG_HASH).cloned(),
            id: listed.id.into(),
            name: listed.name,
            labels: listed.labels,
            visitors: Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedVolumes {
    #[serde(default, deserialize_with = "or_default")]
    volumes: Vec<ListedVolume>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedVolume {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl From<ListedVolume> for Volume {
    fn from(listed: ListedVolume) -> Self {
        let of = |name: &str| listed.labels.get(name).filter(|value| !value.is_empty());
        Self {
            project: of(label::PROJECT).cloned(),
            key: of(label::VOLUME).map(|key| key.as_str().into()),
            config_hash: of(label::CONFIG_HASH).cloned(),
            name: listed.name,
            labels: listed.labels,
            visitors: Vec::new(),
        }
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
