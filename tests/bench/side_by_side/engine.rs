//! What the engine itself takes: the floor under the measurements.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use futures::StreamExt;

fn on_engine<T>(work: impl AsyncFnOnce(Docker) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { work(Docker::connect_with_defaults().expect("an engine")).await })
}

/// How long it takes to create and start that many containers with nothing but the engine's calls, so many at once.
pub(crate) fn bare_loop(containers: usize, at_once: usize) -> Duration {
    on_engine(async |docker| {
        let began = Instant::now();
        let made: Vec<String> = futures::stream::iter(0..containers)
            .map(|_| async {
                let body = ContainerCreateBody {
                    image: Some("busybox:latest".to_owned()),
                    cmd: Some(vec!["sleep".to_owned(), "3600".to_owned()]),
                    ..ContainerCreateBody::default()
                };
                let id = docker.create_container(None, body).await.expect("a container").id;
                docker.start_container(&id, None).await.expect("it starts");
                id
            })
            .buffer_unordered(at_once)
            .collect()
            .await;
        let elapsed = began.elapsed();
        let remove = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let removals = made.iter().map(|id| docker.remove_container(id, Some(remove.clone())));
        for removed in futures::future::join_all(removals).await {
            removed.expect("it can be removed");
        }
        elapsed
    })
}

/// How long each container of a project took from its start to the end of the probe that made it healthy.
pub(crate) fn times_to_healthy(project: &str) -> Vec<Duration> {
    on_engine(async |docker| {
        let filters = [("label".to_owned(), vec![format!("com.docker.compose.project={project}")])].into();
        let options = ListContainersOptionsBuilder::default().filters(&filters).build();
        let mut listed = docker.list_containers(Some(options)).await.expect("a list");
        listed.sort_by(|one, other| one.names.cmp(&other.names));
        let mut times = Vec::new();
        for container in listed {
            let id = container.id.expect("it has an id");
            let state = docker.inspect_container(&id, None).await.expect("it is there").state.expect("a state");
            let probes = state.health.and_then(|health| health.log).unwrap_or_default();
            let passed = probes.into_iter().find(|probe| probe.exit_code == Some(0)).and_then(|probe| probe.end);
            let started = state.started_at.and_then(|started| started.parse::<jiff::Timestamp>().ok());
            let passed = passed.and_then(|passed| jiff::Timestamp::from_nanosecond(passed.unix_timestamp_nanos()).ok());
            times.push(match (started, passed) {
                (Some(started), Some(passed)) => passed.duration_since(started).try_into().unwrap_or_default(),
                _ => Duration::ZERO,
            });
        }
        times
    })
}

/// How long it takes to read all that a container wrote, as the engine sends it.
pub(crate) fn bare_logs(container: &str) -> Duration {
    let began = Instant::now();
    let mut stream = UnixStream::connect(super::socket()).expect("the engine answers");
    let request = format!(
        "GET /containers/{container}/logs?stdout=1&stderr=1 HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the engine listens");
    let mut buffer = vec![0; 64 * 1024];
    while stream.read(&mut buffer).expect("the engine sends") > 0 {}
    began.elapsed()
}
