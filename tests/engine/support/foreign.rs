//! What other people have in the engine beside a scenario's project.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListImagesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptions,
    RemoveImageOptionsBuilder, RemoveVolumeOptions, StartContainerOptions, TagImageOptionsBuilder,
};

use super::Scenario;

/// A resource to remove when the scenario is over.
#[derive(Debug, Clone)]
pub(super) enum Foreign {
    Container(String),
    Network(String),
    Volume(String),
    Tag(String),
}

fn labels(labels: &[(&str, &str)]) -> HashMap<String, String> {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Scenario {
    async fn register(&self, foreign: Foreign) {
        self.remove_foreign(&foreign).await;
        self.foreign.lock().expect("no step panicked with the lock").push(foreign);
    }

    /// Makes a network that the project does not own.
    pub(crate) async fn foreign_network(&self, name: &str, label: &[(&str, &str)]) -> String {
        self.register(Foreign::Network(name.to_owned())).await;
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            labels: Some(labels(label)),
            ..NetworkCreateRequest::default()
        };
        self.docker.create_network(request).await.expect("a network can be made").id
    }

    /// Makes a volume that the project does not own.
    pub(crate) async fn foreign_volume(&self, name: &str, label: &[(&str, &str)]) {
        self.register(Foreign::Volume(name.to_owned())).await;
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels(label)),
            ..VolumeCreateRequest::default()
        };
        self.docker.create_volume(request).await.expect("a volume can be made");
    }

    /// Gives `busybox:latest` one more name.
    pub(crate) async fn foreign_tag(&self, repository: &str) {
        self.register(Foreign::Tag(repository.to_owned())).await;
        let options = TagImageOptionsBuilder::default().repo(repository).tag("latest").build();
        self.docker.tag_image("busybox:latest", Some(options)).await.expect("an image can be tagged");
    }

    /// Runs a container of nobody's on a network.
    pub(crate) async fn foreign_container(&self, name: &str, network: &str, label: &[(&str, &str)]) -> String {
        self.foreign_container_of("busybox:latest", name, network, label).await
    }

    /// Runs a container of nobody's, made from that image.
    pub(crate) async fn foreign_container_of(
        &self,
        image: &str,
        name: &str,
        network: &str,
        label: &[(&str, &str)],
    ) -> String {
        let host_config = HostConfig { network_mode: Some(network.to_owned()), ..HostConfig::default() };
        self.run_foreign(image, name, host_config, label).await
    }

    /// Runs a container of nobody's that mounts a volume.
    pub(crate) async fn foreign_mounting(&self, name: &str, volume: &str, label: &[(&str, &str)]) -> String {
        let host_config = HostConfig { binds: Some(vec![format!("{volume}:/mounted")]), ..HostConfig::default() };
        self.run_foreign("busybox:latest", name, host_config, label).await
    }

    /// Runs a container that the engine removes when it ends, with the volumes of another one.
    pub(crate) async fn foreign_auto_removed(&self, name: &str, other: &str, label: &[(&str, &str)]) -> String {
        let host_config =
            HostConfig { auto_remove: Some(true), volumes_from: Some(vec![other.to_owned()]), ..HostConfig::default() };
        self.run_foreign("busybox:latest", name, host_config, label).await
    }

    async fn run_foreign(&self, image: &str, name: &str, host_config: HostConfig, label: &[(&str, &str)]) -> String {
        self.register(Foreign::Container(name.to_owned())).await;
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(vec!["sleep".to_owned(), "600".to_owned()]),
            labels: Some(labels(label)),
            host_config: Some(host_config),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let id = self.docker.create_container(Some(options), body).await.expect("a container can be made").id;
        self.docker.start_container(&id, None::<StartContainerOptions>).await.expect("it can be started");
        id
    }

    async fn remove_foreign(&self, foreign: &Foreign) {
        // What is not there need not be removed.
        match foreign {
            Foreign::Container(name) => {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
                let _ = self.docker.remove_container(name, Some(options)).await;
            }
            Foreign::Network(name) => {
                let _ = self.docker.remove_network(name).await;
            }
            Foreign::Volume(name) => {
                let _ = self.docker.remove_volume(name, None::<RemoveVolumeOptions>).await;
            }
            Foreign::Tag(name) => {
                let _ = self.docker.remove_image(name, None::<RemoveImageOptions>, None).await;
            }
        }
    }

    /// Removes the images that the pattern names.
    pub(crate) async fn remove_images(&self, names: &str) {
        let only = HashMap::from([("reference", vec![names])]);
        let query = ListImagesOptionsBuilder::default().filters(&only).build();
        for image in self.docker.list_images(Some(query)).await.expect("a list") {
            let force = RemoveImageOptionsBuilder::default().force(true).build();
            self.docker.remove_image(&image.id, Some(force), None).await.expect("nothing uses it any more");
        }
    }

    /// Removes what other people had, the last first.
    pub(crate) async fn remove_all_foreign(&self) {
        let foreign = std::mem::take(&mut *self.foreign.lock().expect("no step panicked with the lock"));
        for foreign in foreign.iter().rev() {
            self.remove_foreign(foreign).await;
        }
    }
}
