//! A project in the engine that is there for a job and gone after it.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveVolumeOptionsBuilder,
};
use futures::future::join_all;

/// The label by which Docker Compose and hoist know what is theirs.
pub(crate) const LABEL: &str = "com.docker.compose.project";

/// A folder with a Compose file, and what the engine has of it.
pub(crate) struct Project {
    /// The engine.
    pub(crate) docker: Docker,
    /// Its name.
    pub(crate) name: String,
    folder: tempfile::TempDir,
}

impl Project {
    /// Writes the file, which needs no `name`, and removes what an earlier run left.
    pub(crate) async fn new(docker: &Docker, job: &str, services: &str) -> anyhow::Result<Self> {
        let name = format!("hoist-bench-{job}");
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("compose.yaml"), format!("name: {name}\n{services}"))?;
        let project = Self { docker: docker.clone(), name, folder };
        project.clear().await?;
        Ok(project)
    }

    /// Where the file is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a plugin of `docker` known to who runs in the folder, which is the home folder, too.
    pub(crate) fn offer_plugin(&self, name: &str, program: &Path) -> anyhow::Result<()> {
        let folder = self.folder().join(".docker/cli-plugins");
        std::fs::create_dir_all(&folder)?;
        std::os::unix::fs::symlink(program, folder.join(name))?;
        Ok(())
    }

    /// Filter of the engine's lists for what belongs to the project.
    pub(crate) fn filter(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![format!("{LABEL}={}", self.name)])])
    }

    /// Its containers, also those that have ended.
    pub(crate) async fn containers(&self) -> anyhow::Result<Vec<ContainerSummary>> {
        let query = ListContainersOptionsBuilder::default().all(true).filters(&self.filter()).build();
        Ok(self.docker.list_containers(Some(query)).await?)
    }

    /// The id of its only container.
    pub(crate) async fn only(&self) -> anyhow::Result<String> {
        let found = self.containers().await?;
        found.into_iter().next().and_then(|container| container.id).context("the project has no container")
    }

    /// Removes everything of it from the engine.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let removals = self.containers().await?.into_iter().map(|container| async move {
            let force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            self.docker.remove_container(&container.id.unwrap_or_default(), Some(force)).await
        });
        join_all(removals).await.into_iter().collect::<Result<(), _>>()?;
        let query = ListNetworksOptionsBuilder::default().filters(&self.filter()).build();
        for network in self.docker.list_networks(Some(query)).await? {
            self.docker.remove_network(&network.name.unwrap_or_default()).await?;
        }
        let query = ListVolumesOptionsBuilder::default().filters(&self.filter()).build();
        for volume in self.docker.list_volumes(Some(query)).await?.volumes.unwrap_or_default() {
            let force = RemoveVolumeOptionsBuilder::default().force(true).build();
            self.docker.remove_volume(&volume.name, Some(force)).await?;
        }
        Ok(())
    }
}
