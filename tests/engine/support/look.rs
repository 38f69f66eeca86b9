//! What the engine has of a scenario's project.

use std::collections::HashMap;

use bollard::exec::StartExecResults;
use bollard::models::{
    ContainerInspectResponse, ContainerSummary, EndpointSettings, ExecConfig, HealthStatusEnum, NetworkInspect, Volume,
};
use bollard::query_parameters::{
    InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveImageOptionsBuilder, RemoveVolumeOptions, RemoveVolumeOptionsBuilder, StopContainerOptionsBuilder,
};
use futures::StreamExt;

use super::Scenario;

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const NUMBER: &str = "com.docker.compose.container-number";

/// A replica of a service as the engine shows it.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its service.
    pub(crate) service: String,
    /// Its number.
    pub(crate) number: u32,
    /// `running`, `exited`, `created` …
    pub(crate) state: String,
    /// Its labels.
    pub(crate) labels: HashMap<String, String>,
}

/// Looks until bollard knows every word of the answer: Podman calls a container `stopped` for a moment before it is `exited`.
async fn patiently<T, L: Future<Output = Result<T, bollard::errors::Error>>>(what: &str, look: impl Fn() -> L) -> T {
    for _ in 0..50 {
        match look().await {
            Err(error) if error.to_string().contains("unknown variant") => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            answer => return answer.expect(what),
        }
    }
    panic!("{what}: the words of the engine stay unknown")
}

impl Scenario {
    fn label_filter(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![format!("{PROJECT}={}", self.project)])])
    }

    async fn list(&self) -> Vec<ContainerSummary> {
        let options = ListContainersOptionsBuilder::default().all(true).filters(&self.label_filter()).build();
        patiently("containers are listed", || self.docker.list_containers(Some(options.clone()))).await
    }

    /// All containers of the project, by service and number.
    pub(crate) async fn replicas(&self) -> Vec<Replica> {
        let mut replicas: Vec<_> = self.list().await.into_iter().map(replica).collect();
        replicas.sort_by(|a, b| (&a.service, a.number, &a.name).cmp(&(&b.service, b.number, &b.name)));
        replicas
    }

    /// The containers as `service/number state`, sorted.
    pub(crate) async fn states(&self) -> Vec<String> {
        let replicas = self.replicas().await;
        replicas.iter().map(|r| format!("{}/{} {}", r.service, r.number, r.state)).collect()
    }

    /// The names of the containers of `run`, sorted.
    pub(crate) async fn one_offs(&self) -> Vec<String> {
        let is_one_off = |it: &Replica| it.labels.get("com.docker.compose.oneoff").is_some_and(|value| value == "True");
        let found = self.replicas().await.into_iter().filter(is_one_off);
        found.map(|it| it.name).collect()
    }

    /// The only container of a service.
    pub(crate) async fn only(&self, service: &str) -> Replica {
        let mut found: Vec<_> = self.replicas().await.into_iter().filter(|r| r.service == service).collect();
        assert_eq!(found.len(), 1, "containers of {service}: {found:?}");
        found.remove(0)
    }

    /// Everything the engine knows of a service's only container.
    pub(crate) async fn inspect(&self, service: &str) -> ContainerInspectResponse {
        let id = self.only(service).await.id;
        self.inspect_id(&id).await
    }

    /// Ends a container, until the engine lists it so: its answer to the stop may come a moment before that.
    pub(crate) async fn stop(&self, id: &str) {
        let at_once = StopContainerOptionsBuilder::default().t(0).build();
        self.docker.stop_container(id, Some(at_once)).await.expect("it runs");
        let only = HashMap::from([("id".to_owned(), vec![id.to_owned()])]);
        let query = ListContainersOptionsBuilder::default().all(true).filters(&only).build();
        self.eventually("the container has ended", 10, || async {
            let listed = patiently("a list", || self.docker.list_containers(Some(query.clone()))).await;
            let ended = listed.iter().all(|one| format!("{:?}", one.state) == "Some(EXITED)");
            ended.then_some(())
        })
        .await;
    }

    /// Pauses a container, until the engine lists it so.
    pub(crate) async fn pause(&self, id: &str) {
        self.docker.pause_container(id).await.expect("it runs");
        self.eventually("the container is paused", 10, || async {
            self.replicas().await.iter().any(|one| one.id == id && one.state == "paused").then_some(())
        })
        .await;
    }

    /// The ids of all containers, to see that nothing was made anew.
    pub(crate) async fn ids(&self) -> Vec<String> {
        self.replicas().await.into_iter().map(|replica| replica.id).collect()
    }

    /// The names of the volumes that the containers have at that path.
    pub(crate) async fn volumes_at(&self, path: &str) -> Vec<String> {
        let mounts = self.list().await.into_iter().flat_map(|container| container.mounts.unwrap_or_default());
        let there = mounts.filter(|mount| mount.destination.as_deref() == Some(path));
        there.filter_map(|mount| mount.name).collect()
    }

    /// Whether the engine has a volume of that name.
    pub(crate) async fn has_volume(&self, name: &str) -> bool {
        self.docker.inspect_volume(name).await.is_ok()
    }

    /// The names of the project's networks.
    pub(crate) async fn networks(&self) -> Vec<String> {
        let options = ListNetworksOptionsBuilder::default().filters(&self.label_filter()).build();
        let listed = self.docker.list_networks(Some(options)).await.expect("networks are listed");
        let mut names: Vec<_> = listed.into_iter().filter_map(|network| network.name).collect();
        names.sort();
        names
    }

    /// The names of the project's volumes.
    pub(crate) async fn volumes(&self) -> Vec<String> {
        let options = ListVolumesOptionsBuilder::default().filters(&self.label_filter()).build();
        let listed: Vec<Volume> =
            self.docker.list_volumes(Some(options)).await.expect("volumes are listed").volumes.unwrap_or_default();
        let mut names: Vec<_> = listed.into_iter().map(|volume| volume.name).collect();
        names.sort();
        names
    }

    /// All that a container has written.
    pub(crate) async fn output_of(&self, service: &str) -> String {
        let id = self.only(service).await.id;
        self.tail(&id, "all").await
    }

    async fn tail(&self, id: &str, lines: &str) -> String {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(lines).build();
        let mut stream = self.docker.logs(id, Some(options));
        let mut text = String::new();
        while let Some(Ok(chunk)) = stream.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk.into_bytes()));
        }
        text
    }

    /// Whether the project has nothing in the engine.
    pub(crate) async fn is_gone(&self) -> bool {
        self.list().await.is_empty() && self.networks().await.is_empty() && self.volumes().await.is_empty()
    }

    /// Runs a command in a container and gives back what it wrote.
    pub(crate) async fn exec(&self, id: &str, command: &[&str]) -> String {
        self.try_exec(id, command).await.expect("an exec can be made and started")
    }

    /// As [`Scenario::exec`], in a container that may have ended.
    pub(crate) async fn try_exec(&self, id: &str, command: &[&str]) -> Result<String, bollard::errors::Error> {
        let config = ExecConfig {
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let exec = self.docker.create_exec(id, config).await?.id;
        let started = self.docker.start_exec(&exec, None).await?;
        let StartExecResults::Attached { mut output, .. } = started else { panic!("it was asked to attach") };
        let mut text = String::new();
        while let Some(Ok(chunk)) = output.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk.into_bytes()));
        }
        Ok(text)
    }

    /// Everything the engine knows of a container.
    pub(crate) async fn inspect_id(&self, id: &str) -> ContainerInspectResponse {
        patiently("the container is there", || self.docker.inspect_container(id, None::<InspectContainerOptions>)).await
    }

    /// Everything the engine knows of a container, unless it has just been removed.
    pub(crate) async fn inspect_if_there(&self, id: &str) -> Option<ContainerInspectResponse> {
        match self.docker.inspect_container(id, None::<InspectContainerOptions>).await {
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => None,
            shown => Some(shown.expect("the container can be inspected")),
        }
    }

    /// How a service's only container is connected, by network.
    pub(crate) async fn endpoints(&self, service: &str) -> HashMap<String, EndpointSettings> {
        self.inspect(service).await.network_settings.and_then(|settings| settings.networks).unwrap_or_default()
    }

    /// A network as the engine shows it.
    pub(crate) async fn network(&self, name: &str) -> NetworkInspect {
        self.docker.inspect_network(name, None::<InspectNetworkOptions>).await.expect("the network is there")
    }

    /// A volume as the engine shows it.
    pub(crate) async fn volume(&self, name: &str) -> Volume {
        self.docker.inspect_volume(name).await.expect("the volume is there")
    }

    /// Waits until a service's only container has written `text`, and gives back all it has written.
    pub(crate) async fn writes(&self, service: &str, text: &str) -> String {
        self.eventually(text, 20, || async {
            let output = self.output_of(service).await;
            output.contains(text).then_some(output)
        })
        .await
    }

    /// Waits until the containers are in those states.
    pub(crate) async fn reach(&self, states: &[&str]) {
        let what = states.join(", ");
        self.eventually(&what, 20, || async { (self.states().await == states).then_some(()) }).await;
    }

    /// Waits until a container is healthy.
    pub(crate) async fn is_healthy(&self, id: &str) {
        self.eventually("the container is healthy", 20, || async {
            let health = self.inspect_id(id).await.state?.health?.status?;
            (health == HealthStatusEnum::HEALTHY).then_some(())
        })
        .await;
    }

    /// Keeps the names of the anonymous volumes that the project's containers have now, to be removed in the end.
    pub(crate) async fn remember_volumes(&self) {
        let mounts = self.list().await.into_iter().flat_map(|container| container.mounts.unwrap_or_default());
        let names = mounts.filter_map(|mount| mount.name).filter(|name| name.len() == 64);
        self.anonymous.lock().expect("no step panicked with the lock").extend(names);
    }

    /// Removes all that the project has, whatever made it.
    pub(crate) async fn take_down(&self) {
        let options = ListImagesOptionsBuilder::default().all(false).filters(&self.label_filter()).build();
        let images = self.docker.list_images(Some(options)).await.unwrap_or_default();
        self.remember_volumes().await;
        for container in self.list().await {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            let _ = self.docker.remove_container(&container.id.unwrap_or_default(), Some(options)).await;
        }
        let anonymous = std::mem::take(&mut *self.anonymous.lock().expect("no step panicked with the lock"));
        for volume in anonymous {
            let _ = self.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await;
        }
        // Other people's containers are on the project's networks, the project's on theirs.
        self.remove_all_foreign().await;
        for network in self.networks().await {
            let _ = self.docker.remove_network(&network).await;
        }
        for volume in self.volumes().await {
            let options = RemoveVolumeOptionsBuilder::default().force(true).build();
            let _ = self.docker.remove_volume(&volume, Some(options)).await;
        }
        for image in images {
            let options = RemoveImageOptionsBuilder::default().force(true).build();
            let _ = self.docker.remove_image(&image.id, Some(options), None).await;
        }
    }

    /// Prints the steps, the containers and their last words, for a scenario that failed.
    pub(crate) async fn print_what_helps(&self) {
        for step in self.steps.lock().expect("no step panicked with the lock").iter() {
            println!("{step}");
        }
        for container in self.list().await {
            let id = container.id.clone().unwrap_or_default();
            println!("--- {:?} {:?} {:?}", container.names, container.state, container.status);
            print!("{}", self.tail(&id, "20").await);
        }
        println!("--- networks {:?}, volumes {:?}", self.networks().await, self.volumes().await);
    }
}

fn replica(container: ContainerSummary) -> Replica {
    let labels = container.labels.unwrap_or_default();
    let names = container.names.unwrap_or_default();
    Replica {
        id: container.id.unwrap_or_default(),
        name: names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
        service: labels.get(SERVICE).cloned().unwrap_or_default(),
        number: labels.get(NUMBER).and_then(|number| number.parse().ok()).unwrap_or_default(),
        state: container.state.map(|state| state.to_string()).unwrap_or_default(),
        labels,
    }
}
