//! An in-memory engine for the tests of the executor, and of programs that use hoist as a library.
//!
//! It keeps time by tokio's clock, so a test with a paused clock passes minutes in no time. What containers do after
//! their start is a [`Script`]; calls take no time and succeed unless the test says otherwise. A call is named by a
//! text such as `start demo-web-1`, `create network demo_default`, `pull nginx`; a look at the project is `observe`.

mod made;
mod script;
mod state;
mod streams;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{
    AddressHolder, ContainerDetails, ContainerEvent, ContainerEventKind, CreateContainer, CreatedContainer, Engine,
    EngineError, ExecProgress, ExecSpec, HookContainer, ImageProgress, LogChunk, LogQuery, ObserveQuery, PortHolder,
};
use crate::observed::{ContainerId, EngineVersion, Image, NetworkId, Observed};
use crate::plan::{AnonymousVolumes, BuildSpec, ContainerSpec, PullSpec};
use crate::project::label;
use crate::project::{NetworkKey, Project, VolumeKey};

pub use script::{Run, Script};

use state::State;

/// The engine. Clones share everything.
#[derive(Debug, Clone)]
pub struct Fake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Told whenever something happened.
    changed: Notify,
}

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl Fake {
    /// An engine without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared { state: Mutex::new(State::new(Instant::now())), changed: Notify::new() }))
    }

    /// What the container of that name does each time it runs.
    pub fn script(&self, container: &str, script: Script) {
        self.state().scripts.insert(container.to_owned(), script);
    }

    /// The next call of that name fails.
    pub fn fail(&self, call: &str, error: EngineError) {
        self.state().failures.entry(call.to_owned()).or_default().push(error);
    }

    /// Calls of that name take so long. A slow look shows what there was when it began.
    pub fn delay(&self, call: &str, delay: Duration) {
        self.state().delays.insert(call.to_owned(), delay);
    }

    /// Calls without a delay of their own take so long.
    pub fn delay_all(&self, delay: Duration) {
        self.state().default_delay = delay;
    }

    /// The image that a pull or build of `image` brings, or that is there already.
    pub fn image_of(&self, image: &str, digest: &str) {
        let image_there = Image { digest: digest.into(), id: digest.into(), tagged_at: None };
        self.state().images.insert(image.to_owned(), image_there);
    }

    /// Somebody else's container that publishes `port`.
    pub fn holds_port(&self, port: u16, holder: PortHolder) {
        self.state().ports.insert(port, holder);
    }

    /// What has an address of a network.
    pub fn holds_address(&self, network: &str, address: &str, holder: AddressHolder) {
        self.state().addresses.insert((network.to_owned(), address.to_owned()), holder);
    }

    /// A container of `project` that was there before, made now and not started.
    #[expect(clippy::must_use_candidate, reason = "adding is what it is called for")]
    pub fn add_container(&self, project: &str, name: &str, service: &str, number: u32) -> ContainerId {
        let id = self.state().add(project, name, service, number);
        self.0.changed.notify_waiters();
        id
    }

    /// A container that was there before, and runs.
    #[expect(clippy::must_use_candidate, reason = "adding is what it is called for")]
    pub fn add_running(&self, project: &str, name: &str, service: &str, number: u32) -> ContainerId {
        let id = self.add_container(project, name, service, number);
        self.state().start(&id);
        id
    }

    /// A container gets a label: that of a one-off or of a hook makes it one.
    pub fn label(&self, id: &ContainerId, key: &str, value: &str) {
        if let Some(container) = self.state().containers.get_mut(id) {
            container.labels.insert(key.to_owned(), value.to_owned());
        }
    }

    /// A container is removed, as somebody else would.
    pub fn remove_now(&self, id: &ContainerId) {
        self.state().remove(id);
        self.0.changed.notify_waiters();
    }

    /// The names of the networks, then those of the volumes.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        let state = self.state();
        let networks = state.networks.iter().map(|network| network.name.clone());
        networks.chain(state.volumes.iter().map(|volume| volume.name.clone())).collect()
    }

    /// Starts a container as somebody else would.
    pub fn start_now(&self, id: &ContainerId) {
        self.state().start(id);
        self.0.changed.notify_waiters();
    }

    /// A container that waits for its restart is stopped: the engine tells nothing but that.
    pub fn stop_silently(&self, id: &ContainerId) {
        self.state().end_restarts(id);
        self.0.changed.notify_waiters();
    }

    /// A container is paused, as somebody else would.
    pub fn pause_now(&self, id: &ContainerId) {
        self.state().pause(id);
        self.0.changed.notify_waiters();
    }

    /// Something happens to a container now, in the eyes of those who listen only.
    pub fn emit(&self, id: &ContainerId, kind: ContainerEventKind) {
        self.state().emit(id, kind);
        self.0.changed.notify_waiters();
    }

    /// The event streams that are open then are lost after `after`.
    pub fn lose_events_after(&self, after: Duration) {
        let at = Instant::now() + after;
        self.state().cuts.push(at);
    }

    /// The streams of output that are open then are lost after `after`.
    pub fn lose_output_after(&self, after: Duration) {
        let at = Instant::now() + after;
        self.state().output_cuts.push(at);
    }

    /// The calls so far that change something, in the order in which they began.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.iter().map(|(_, call)| call.clone()).collect()
    }

    /// When the calls of that name began, since the engine was made.
    #[must_use]
    pub fn times_of(&self, call: &str) -> Vec<Duration> {
        let state = self.state();
        let named = state.calls.iter().filter(|(_, name)| name == call);
        named.map(|(at, _)| at.saturating_duration_since(state.began)).collect()
    }

    /// How many inspections there were.
    #[must_use]
    pub fn inspections(&self) -> usize {
        self.state().inspections
    }

    /// The most calls that were made at once, of those that change something.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state().most_busy
    }

    /// What a container was made from.
    #[must_use]
    pub fn made_from(&self, name: &str) -> Option<CreateContainer> {
        self.state().requests.get(name).cloned()
    }

    /// The id of the container that bears that name.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<ContainerId> {
        self.state().id_of(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(Instant::now());
        state
    }

    /// A call that changes something: noted, delayed, and failed where the test says so.
    async fn call(&self, call: String) -> Result<(), EngineError> {
        let delay = self.state().begin(&call);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let ended = self.state().end(&call);
        self.0.changed.notify_waiters();
        ended
    }

    /// The same about a container.
    async fn call_on(&self, verb: &str, id: &ContainerId) -> Result<(), EngineError> {
        let name = self.state().name_of(id)?;
        self.call(format!("{verb} {name}")).await
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T, EngineError>) -> Result<T, EngineError> {
        let changed = change(&mut self.state());
        self.0.changed.notify_waiters();
        changed
    }

    /// A pull or build: one layer, then the image.
    fn fetch(&self, call: String, image: String) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        let engine = self.clone();
        let layer = |status: &str, current| ImageProgress::Layer {
            id: "a1b2c3".to_owned(),
            status: status.to_owned(),
            current,
            total: Some(100),
        };
        let begin = stream::iter([Ok(layer("Downloading", Some(50)))]);
        let end = layer("Pull complete", None);
        let rest = stream::once(async move {
            match engine.call(call).await {
                Ok(()) => vec![Ok(end), Ok(ImageProgress::Done(engine.state().fetched(&image)))],
                Err(error) => vec![Err(error)],
            }
        });
        begin.chain(rest.flat_map(stream::iter)).boxed()
    }
}

impl Engine for Fake {
    async fn version(&self) -> Result<EngineVersion, EngineError> {
        Ok(EngineVersion::default())
    }

    async fn observe(&self, query: ObserveQuery) -> Result<Observed, EngineError> {
        let (observed, delay) = {
            let mut state = self.state();
            (state.observe(&query)?, state.delays.get("observe").copied())
        };
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        Ok(observed)
    }

    async fn create_network(&self, project: Arc<Project>, key: NetworkKey) -> Result<(), EngineError> {
        let name = project.networks.get(&key).map_or(key.as_str(), |network| &network.name);
        self.call(format!("create network {name}")).await?;
        self.change(|state| {
            let is_there = state.networks.iter().any(|network| network.name == name);
            state.networks.extend(made::network(&project, &key).filter(|_| !is_there));
            Ok(())
        })
    }

    async fn remove_network(&self, id: NetworkId) -> Result<(), EngineError> {
        self.call(format!("remove network {id}")).await?;
        self.change(|state| {
            state.networks.retain(|network| network.id != id);
            Ok(())
        })
    }

    async fn connect_network(
        &self,
        container: ContainerId,
        _spec: Arc<ContainerSpec>,
        key: NetworkKey,
    ) -> Result<(), EngineError> {
        self.call_on(&format!("connect {key}"), &container).await
    }

    async fn disconnect_network(&self, container: ContainerId, network: String) -> Result<(), EngineError> {
        self.call_on(&format!("disconnect {network}"), &container).await
    }

    async fn create_volume(&self, project: Arc<Project>, key: VolumeKey) -> Result<(), EngineError> {
        let name = project.volumes.get(&key).map_or(key.as_str(), |volume| &volume.name);
        self.call(format!("create volume {name}")).await?;
        self.change(|state| {
            let is_there = state.volumes.iter().any(|volume| volume.name == name);
            state.volumes.extend(made::volume(&project, &key).filter(|_| !is_there));
            Ok(())
        })
    }

    async fn remove_volume(&self, name: String) -> Result<(), EngineError> {
        self.call(format!("remove volume {name}")).await?;
        self.change(|state| {
            state.volumes.retain(|volume| volume.name != name);
            Ok(())
        })
    }

    async fn remove_image(&self, reference: String) -> Result<(), EngineError> {
        self.call(format!("remove image {reference}")).await?;
        self.change(|state| {
            state.images.remove(&reference);
            Ok(())
        })
    }

    async fn create_container(&self, request: CreateContainer) -> Result<CreatedContainer, EngineError> {
        self.call(format!("create {}", request.name)).await?;
        let id = self.change(|state| state.create(request))?;
        Ok(CreatedContainer { id, left_out: Vec::new(), warnings: Vec::new() })
    }

    async fn start_container(&self, id: ContainerId) -> Result<(), EngineError> {
        self.call_on("start", &id).await?;
        self.change(|state| {
            // Somebody may have removed it meanwhile.
            state.name_of(&id)?;
            state.start(&id);
            Ok(())
        })
    }

    async fn unpause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        self.call_on("unpause", &id).await?;
        self.change(|state| {
            state.unpause(&id);
            Ok(())
        })
    }

    async fn inject_files(&self, id: ContainerId, _spec: Arc<ContainerSpec>) -> Result<(), EngineError> {
        self.call_on("inject", &id).await
    }

    async fn stop_container(&self, id: ContainerId, _timeout: Option<Duration>) -> Result<(), EngineError> {
        self.call_on("stop", &id).await?;
        self.change(|state| {
            state.end_process(&id, 143);
            Ok(())
        })
    }

    async fn kill_container(&self, id: ContainerId, _signal: String) -> Result<(), EngineError> {
        self.call_on("kill", &id).await?;
        self.change(|state| {
            state.end_process(&id, 137);
            Ok(())
        })
    }

    async fn remove_container(&self, id: ContainerId, _volumes: AnonymousVolumes) -> Result<(), EngineError> {
        self.call_on("remove", &id).await?;
        self.change(|state| {
            state.remove(&id);
            Ok(())
        })
    }

    async fn rename_container(&self, id: ContainerId, name: String) -> Result<(), EngineError> {
        self.call_on(&format!("rename {name}"), &id).await?;
        self.change(|state| state.rename(&id, name))
    }

    async fn inspect_container(&self, id: ContainerId) -> Result<ContainerDetails, EngineError> {
        self.state().inspect(&id)
    }

    async fn container_events(
        &self,
        _project: String,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        self.state().take_failure("events")?;
        Ok(streams::events(self.clone()))
    }

    async fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        let name = self.state().name_of(&id)?;
        self.state().take_failure(&format!("logs {name}"))?;
        Ok(streams::logs(self.clone(), id, &query))
    }

    async fn attach(
        &self,
        id: ContainerId,
        _terminal: bool,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        let name = self.state().name_of(&id)?;
        self.state().take_failure(&format!("attach {name}"))?;
        Ok(streams::attached(self.clone(), id))
    }

    async fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
        self.call_on(&format!("exec {} in", spec.command.join(" ")), &id).await?;
        let status = i64::from(spec.command == Script::health_test().command && !self.state().is_ready(&id));
        Ok(stream::iter([Ok(ExecProgress::Exited(status))]).boxed())
    }

    async fn create_hook_container(&self, request: HookContainer) -> Result<CreatedContainer, EngineError> {
        let (project, service) = (&request.spec.project.name, &request.spec.replica.service);
        let name = format!("{service}-hook-{}", request.hook);
        self.call(format!("create {name}")).await?;
        let id = self.state().add(project.as_str(), &name, service.as_str(), 0);
        self.label(&id, label::HOOK, "pre_start");
        Ok(CreatedContainer { id, left_out: Vec::new(), warnings: Vec::new() })
    }

    fn pull_image(&self, spec: Arc<PullSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        self.fetch(format!("pull {}", spec.image), spec.image.clone())
    }

    fn build_image(&self, spec: Arc<BuildSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        self.fetch(format!("build {}", spec.image), spec.image.clone())
    }

    async fn port_holder(&self, port: u16, _protocol: String) -> Result<Option<PortHolder>, EngineError> {
        Ok(self.state().ports.get(&port).cloned())
    }

    async fn address_holder(&self, network: String, address: String) -> Result<Option<AddressHolder>, EngineError> {
        Ok(self.state().addresses.get(&(network, address)).cloned())
    }

    async fn image(&self, reference: String, _platform: Option<String>) -> Result<Option<Image>, EngineError> {
        Ok(self.state().images.get(&reference).cloned())
    }
}

/// The labels of a container by which its events are recognised.
fn labels(project: &str, service: &str, number: u32) -> BTreeMap<String, String> {
    [
        (label::PROJECT, project.to_owned()),
        (label::SERVICE, service.to_owned()),
        (label::NUMBER, number.to_string()),
        (label::ONE_OFF, "False".to_owned()),
        (label::CONFIG_HASH, "0".repeat(64)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
