//! A definition in, what the engine reports about the created object out.

use std::collections::BTreeMap;

use crate::engine::CreateContainer;
use crate::observed::{Endpoint, ImageDigest, Mount, MountKind, Network, NetworkId, Volume};
use crate::project::hash::{network_hash, volume_hash};
use crate::project::value::MountKind as DefinedMountKind;
use crate::project::{NetworkKey, Project, Service, VolumeKey};

/// What a created container keeps of its request.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) image: String,
    pub(super) image_digest: Option<ImageDigest>,
    pub(super) networks: BTreeMap<String, Endpoint>,
    pub(super) mounts: Vec<Mount>,
}

impl Made {
    pub(super) fn of(request: &CreateContainer) -> Self {
        let project = &request.spec.project;
        let service = project.services.get(&request.spec.replica.service);
        Self {
            image: request.spec.image.clone(),
            image_digest: request.image_digest.clone(),
            networks: service.map(|service| endpoints(project, service)).unwrap_or_default(),
            mounts: service.map(|service| mounts(project, service)).unwrap_or_default(),
        }
    }
}

/// The id of the network with this name.
pub(super) fn network_id(name: &str) -> NetworkId {
    format!("net-{name}").into()
}

pub(super) fn network(project: &Project, key: &NetworkKey) -> Option<Network> {
    let defined = project.networks.get(key)?;
    Some(Network {
        id: network_id(&defined.name),
        name: defined.name.clone(),
        project: Some(project.name.to_string()),
        key: Some(key.clone()),
        config_hash: Some(network_hash(defined)),
        labels: defined.labels.clone(),
        ..Network::default()
    })
}

pub(super) fn volume(project: &Project, key: &VolumeKey) -> Option<Volume> {
    let defined = project.volumes.get(key)?;
    Some(Volume {
        name: defined.name.clone(),
        project: Some(project.name.to_string()),
        key: Some(key.clone()),
        config_hash: Some(volume_hash(defined)),
        labels: defined.labels.clone(),
        ..Volume::default()
    })
}

fn endpoints(project: &Project, service: &Service) -> BTreeMap<String, Endpoint> {
    let names = service.networks.keys().filter_map(|key| Some(project.networks.get(key)?.name.clone()));
    names.map(|name| (name.clone(), Endpoint { network: Some(network_id(&name)), ..Endpoint::default() })).collect()
}

fn mounts(project: &Project, service: &Service) -> Vec<Mount> {
    let volumes = service.volumes.iter().filter(|mount| mount.kind == DefinedMountKind::Volume);
    let mounts = volumes.filter_map(|mount| {
        let volume = project.volumes.get(mount.source.as_deref()?)?;
        Some(Mount {
            kind: MountKind::Volume,
            name: Some(volume.name.clone()),
            source: format!("/volumes/{}", volume.name),
            target: mount.target.clone(),
            read_only: mount.read_only,
        })
    });
    mounts.collect()
}
