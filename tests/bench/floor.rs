//! What bare calls to the engine take for the same work: nobody who does it can be faster.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bollard::models::{ContainerCreateBody, HealthConfig, HostConfig, NetworkCreateRequest};
use bollard::query_parameters::{CreateContainerOptionsBuilder, EventsOptionsBuilder, StartContainerOptions};
use futures::{StreamExt, TryStreamExt, stream};

use crate::project::{LABEL, Project};

/// A network, and that many containers created and started, so many at a time.
pub(crate) async fn start(project: &Project, containers: usize, at_a_time: usize) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let network = network(project).await?;
    stream::iter((0..containers).map(Ok))
        .try_for_each_concurrent(at_a_time, |number| {
            let network = &network;
            async move {
                let id = create(project, network, number, None).await?;
                anyhow::Ok(project.docker.start_container(&id, None::<StartContainerOptions>).await?)
            }
        })
        .await?;
    Ok(began.elapsed())
}

/// Containers created at once, then started each when the one before is healthy, as the engine's events say.
pub(crate) async fn chain(project: &Project, containers: usize, interval: Duration) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let network = network(project).await?;
    let health = HealthConfig {
        test: Some(vec!["CMD".to_owned(), "true".to_owned()]),
        interval: Some(i64::try_from(interval.as_nanos())?),
        ..HealthConfig::default()
    };
    let created = (0..containers).map(|number| create(project, &network, number, Some(health.clone())));
    let ids: Vec<_> = stream::iter(created).buffered(containers).try_collect().await?;
    let mut filter = project.filter();
    filter.insert("type".to_owned(), vec!["container".to_owned()]);
    let mut ids = ids.iter();
    while let Some(id) = ids.next() {
        // Opened before the start: what happens after the request is in it, however late it is read.
        let since = jiff::Timestamp::now().as_second().to_string();
        project.docker.start_container(id, None::<StartContainerOptions>).await?;
        if ids.len() == 0 {
            break;
        }
        let query = EventsOptionsBuilder::default().filters(&filter).since(&since).build();
        let mut events = project.docker.events(Some(query));
        loop {
            let event = events.next().await.context("the engine ends its events")??;
            let is_of = event.actor.and_then(|actor| actor.id).is_some_and(|actor| &actor == id);
            if is_of && event.action.is_some_and(|action| action == "health_status: healthy") {
                break;
            }
        }
    }
    Ok(began.elapsed())
}

async fn network(project: &Project) -> anyhow::Result<String> {
    let name = format!("{}_bare", project.name);
    let labels = Some(labels(project));
    let request = NetworkCreateRequest { name: name.clone(), labels, ..NetworkCreateRequest::default() };
    project.docker.create_network(request).await?;
    Ok(name)
}

fn labels(project: &Project) -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), project.name.clone())])
}

async fn create(
    project: &Project,
    network: &str,
    number: usize,
    healthcheck: Option<HealthConfig>,
) -> anyhow::Result<String> {
    let body = ContainerCreateBody {
        image: Some("busybox:latest".to_owned()),
        cmd: Some(vec!["sleep".to_owned(), "600".to_owned()]),
        labels: Some(labels(project)),
        healthcheck,
        host_config: Some(HostConfig { network_mode: Some(network.to_owned()), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let name = format!("{}-bare-{number}", project.name);
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    Ok(project.docker.create_container(Some(options), body).await?.id)
}

/// Everything a container has written, read from the engine's socket and thrown away.
pub(crate) fn logs(container: &str) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut socket = connect()?;
    let path = format!("/containers/{container}/logs?stdout=1&stderr=1&follow=0");
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut buffer = vec![0; 64 * 1024];
    let first = socket.read(&mut buffer)?;
    ensure!(buffer[..first].starts_with(b"HTTP/1.1 200"), "the engine refuses {path}");
    while socket.read(&mut buffer)? > 0 {}
    Ok(began.elapsed())
}

trait Socket: Read + Write {}
impl<T: Read + Write> Socket for T {}

fn connect() -> anyhow::Result<Box<dyn Socket>> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    match host.split_once("://") {
        Some(("unix", path)) => Ok(Box::new(UnixStream::connect(path)?)),
        Some(("tcp", address)) => Ok(Box::new(TcpStream::connect(address)?)),
        _ => bail!("the benchmark reads `unix://` and `tcp://` only, not `{host}`"),
    }
}
