//! One snapshot of a project from four lists, never with a call per object.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::{Client, query};
use super::json::or_default;
use super::listed::ListedContainer;
use super::{Docker, classify, image_lookup};
use crate::engine::{ContainerStates, EngineError, Observe, ObserveQuery, Scope};
use crate::observed::{Container, EngineVersion, Network, Observed, Volume, VolumeDetails};
use crate::project::label;

impl Observe for Docker {
    async fn version(&self) -> Result<EngineVersion, EngineError> {
        self.client.version().await
    }

    fn is_local(&self) -> bool {
        self.client.transport().address().is_local()
    }

    async fn observe(&self, query: ObserveQuery) -> Result<Observed, EngineError> {
        observe(&self.client, &query).await
    }

    async fn containers_of_all_projects(&self, states: ContainerStates) -> Result<Vec<Container>, EngineError> {
        let labels = serde_json::json!({ "label": [label::PROJECT, label::CONFIG_HASH] });
        looking("containers", containers(&self.client, states, &labels)).await
    }
}

impl Docker {
    /// The names of the projects that have containers.
    ///
    /// # Errors
    ///
    /// If the engine fails.
    pub async fn project_names(&self) -> Result<BTreeSet<String>, EngineError> {
        let filters = serde_json::json!({ "label": [label::PROJECT] }).to_string();
        let path = format!("/containers/json?{}", query(&[("all", "true"), ("filters", &filters)]));
        let listed: Vec<ListedContainer> = self.client.get(&path).await?;
        Ok(listed.iter().filter_map(ListedContainer::project).map(str::to_owned).collect())
    }
}

/// Everything the engine has of a project, from parallel calls.
async fn observe(client: &Client, query: &ObserveQuery) -> Result<Observed, EngineError> {
    let version = client.version().await?;
    if query.scope == Scope::Containers {
        let containers = looking("containers", containers_of(client, &query.project)).await?;
        return Ok(Observed { containers, engine: version, ..Observed::default() });
    }
    if query.scope == Scope::Images {
        let images = looking("images", image_lookup::find(client, query)).await?;
        return Ok(Observed { images, engine: version, ..Observed::default() });
    }
    let (containers, networks, volumes, images) = tokio::try_join!(
        looking("containers", containers_of(client, &query.project)),
        looking("networks", networks(client, query)),
        looking("volumes", volumes(client, query)),
        looking("images", image_lookup::find(client, query)),
    )?;
    Ok(Observed { containers, networks, volumes, images, engine: version, ..Observed::default() })
}

/// A query whose errors say what was queried, which the engine's messages do not.
async fn looking<T>(what: &str, look: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    look.await.map_err(|error| classify::failed_to(&format!("list its {what}"), error))
}

async fn containers_of(client: &Client, project: &str) -> Result<Vec<Container>, EngineError> {
    let of_project = serde_json::json!({ "label": [format!("{}={project}", label::PROJECT)] });
    containers(client, ContainerStates::All, &of_project).await
}

async fn containers(
    client: &Client,
    states: ContainerStates,
    filters: &serde_json::Value,
) -> Result<Vec<Container>, EngineError> {
    let all = if states == ContainerStates::All { "true" } else { "false" };
    let path = format!("/containers/json?{}", query(&[("all", all), ("filters", &filters.to_string())]));
    let listed: Vec<ListedContainer> = client.get(&path).await?;
    Ok(listed.into_iter().map(Container::from).collect())
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

/// The volumes labelled with a project.
pub(super) async fn volume_details(client: &Client, project: &str) -> Result<Vec<VolumeDetails>, EngineError> {
    let filters = serde_json::json!({ "label": [format!("{}={project}", label::PROJECT)] }).to_string();
    let list = async { client.get(&format!("/volumes?{}", query(&[("filters", &filters)]))).await };
    let listed: ListedVolumes = looking("volumes", list).await?;
    Ok(listed.volumes.into_iter().map(VolumeDetails::from).collect())
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
    /// Whether `name` means this network: its name, its id or its short id, as an external network may be written.
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
    #[serde(default)]
    driver: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    mountpoint: String,
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

impl From<ListedVolume> for VolumeDetails {
    fn from(listed: ListedVolume) -> Self {
        let ListedVolume { name, driver, scope, mountpoint, labels } = listed;
        Self { name, driver, scope, mountpoint, labels }
    }
}
