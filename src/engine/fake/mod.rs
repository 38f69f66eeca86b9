//! An in-memory engine for tests of the executor and of programs that use hoist as a library.
//!
//! It uses tokio's clock, so with a paused clock a test passes minutes in no time. A [`Script`] says what a container
//! does after its start; calls take no time and succeed unless the test says otherwise. Calls are named by texts such
//! as `start demo-web-1`, `create network demo_default` or `pull nginx`; observing the project is `observe`.

mod archives;
mod builds;
mod containers;
mod execs;
mod images;
mod made;
mod networks;
mod observe;
mod script;
mod state;
mod streams;
mod typed;
mod volumes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{AddressHolder, ContainerEventKind, CreateContainer, EngineError, PortHolder, WindowSize};
use crate::observed::{ContainerId, Image, ImageDetails, Processes, Usage};

pub use script::{Run, Script};

use state::State;

/// The in-memory engine. Clones share everything.
#[derive(Debug, Clone)]
pub struct Fake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Notified whenever something happens.
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

    /// Sets what the container with this name does each time it runs.
    pub fn script(&self, container: &str, script: Script) {
        self.state().scripts.insert(container.to_owned(), script);
    }

    /// Makes the next call with this name fail.
    pub fn fail(&self, call: &str, error: EngineError) {
        self.state().failures.entry(call.to_owned()).or_default().push(error);
    }

    /// Makes calls with this name take `delay`. A slow `observe` shows the state at its beginning.
    pub fn delay(&self, call: &str, delay: Duration) {
        self.state().delays.insert(call.to_owned(), delay);
    }

    /// Makes calls without a delay of their own take `delay`.
    pub fn delay_all(&self, delay: Duration) {
        self.state().default_delay = delay;
    }

    /// Sets the digest of `image`, whether it exists already or is pulled or built later.
    pub fn image_of(&self, image: &str, digest: &str) {
        let image_there = Image { digest: digest.into(), id: digest.into(), tagged_at: None };
        self.state().images.insert(image.to_owned(), image_there);
    }

    /// Sets the details of `image`.
    pub fn details_of(&self, image: &str, details: ImageDetails) {
        self.state().image_details.insert(image.to_owned(), details);
    }

    /// Sets the processes of the container with this name.
    pub fn processes_of(&self, container: &str, processes: Processes) {
        self.state().processes.insert(container.to_owned(), processes);
    }

    /// Sets what the container with this name uses from now on.
    pub fn usage_of(&self, container: &str, usage: Usage) {
        self.state().usage.insert(container.to_owned(), usage);
    }

    /// Sets a foreign holder of `port`.
    pub fn holds_port(&self, port: u16, holder: PortHolder) {
        self.state().ports.insert(port, holder);
    }

    /// Sets the holder of an address of a network.
    pub fn holds_address(&self, network: &str, address: &str, holder: AddressHolder) {
        self.state().addresses.insert((network.to_owned(), address.to_owned()), holder);
    }

    /// Adds a container of `project` that existed before, created now and not started.
    #[expect(clippy::must_use_candidate, reason = "adding is what it is called for")]
    pub fn add_container(&self, project: &str, name: &str, service: &str, number: u32) -> ContainerId {
        let id = self.state().add(project, name, service, number);
        self.0.changed.notify_waiters();
        id
    }

    /// Adds a running container that existed before.
    #[expect(clippy::must_use_candidate, reason = "adding is what it is called for")]
    pub fn add_running(&self, project: &str, name: &str, service: &str, number: u32) -> ContainerId {
        let id = self.add_container(project, name, service, number);
        self.state().start(&id);
        id
    }

    /// Adds a label to a container; the label of a one-off or of a hook makes it one.
    pub fn label(&self, id: &ContainerId, key: &str, value: &str) {
        if let Some(container) = self.state().containers.get_mut(id) {
            container.labels.insert(key.to_owned(), value.to_owned());
        }
    }

    /// Removes a container, as another client would.
    pub fn remove_now(&self, id: &ContainerId) {
        self.state().remove(id);
        self.0.changed.notify_waiters();
    }

    /// What was written to the standard input of a container.
    #[must_use]
    pub fn typed_into(&self, id: &ContainerId) -> Vec<u8> {
        self.state().keyboards.get(id).map(|typed| typed::typed_bytes(typed)).unwrap_or_default()
    }

    /// The sizes that the terminals of containers were told, in this order.
    #[must_use]
    pub fn sizes(&self) -> Vec<WindowSize> {
        self.state().sizes.clone()
    }

    /// The names of the networks, then those of the volumes.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        let state = self.state();
        let networks = state.networks.iter().map(|network| network.name.clone());
        networks.chain(state.volumes.iter().map(|volume| volume.name.clone())).collect()
    }

    /// Starts a container, as another client would.
    pub fn start_now(&self, id: &ContainerId) {
        self.state().start(id);
        self.0.changed.notify_waiters();
    }

    /// Stops a container that waits for its restart: the engine reports only the stop.
    pub fn stop_silently(&self, id: &ContainerId) {
        self.state().end_restarts(id);
        self.0.changed.notify_waiters();
    }

    /// Pauses a container, as another client would.
    pub fn pause_now(&self, id: &ContainerId) {
        self.state().pause(id);
        self.0.changed.notify_waiters();
    }

    /// Sends an event about a container without changing its state.
    pub fn emit(&self, id: &ContainerId, kind: ContainerEventKind) {
        self.state().emit(id, kind);
        self.0.changed.notify_waiters();
    }

    /// Cuts, after `after`, all event streams that are open then.
    pub fn lose_events_after(&self, after: Duration) {
        let at = Instant::now() + after;
        self.state().cuts.push(at);
    }

    /// Cuts, after `after`, all output streams that are open then.
    pub fn lose_output_after(&self, after: Duration) {
        let at = Instant::now() + after;
        self.state().output_cuts.push(at);
    }

    /// The calls so far that change something, in the order in which they started.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.iter().map(|(_, call)| call.clone()).collect()
    }

    /// When the calls with this name started, relative to the creation of the engine.
    #[must_use]
    pub fn times_of(&self, call: &str) -> Vec<Duration> {
        let state = self.state();
        let named = state.calls.iter().filter(|(_, name)| name == call);
        named.map(|(at, _)| at.saturating_duration_since(state.began)).collect()
    }

    /// The number of inspections so far.
    #[must_use]
    pub fn inspections(&self) -> usize {
        self.state().inspections
    }

    /// The maximum number of parallel calls that change something.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state().most_busy
    }

    /// The request that a container was created from.
    #[must_use]
    pub fn made_from(&self, name: &str) -> Option<CreateContainer> {
        self.state().requests.get(name).cloned()
    }

    /// The id of the container with this name.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<ContainerId> {
        self.state().id_of(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(Instant::now());
        state
    }

    /// Handles a call that changes something: records it, delays it, and fails if the test says so.
    async fn call(&self, call: String) -> Result<(), EngineError> {
        let delay = self.state().begin(&call);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let ended = self.state().end(&call);
        self.0.changed.notify_waiters();
        ended
    }

    /// The same for a call about a container.
    async fn call_on(&self, verb: &str, id: &ContainerId) -> Result<(), EngineError> {
        let name = self.state().name_of(id)?;
        self.call(format!("{verb} {name}")).await
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T, EngineError>) -> Result<T, EngineError> {
        let changed = change(&mut self.state());
        self.0.changed.notify_waiters();
        changed
    }
}
