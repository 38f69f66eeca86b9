//! The state of the fake engine, and how time passes in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::made::Made;
use super::script::{Run, Script};
use super::typed::{Exec, Typed};
use crate::engine::labels;
use crate::engine::{
    AddressHolder, AtEnd, Bytes, ContainerDetails, ContainerEvent, ContainerEventKind, CreateContainer, EngineError,
    ObserveQuery, OutputStream, PathStat, PortHolder, Probe, Reach, Scope, WindowSize,
};
use crate::observed::{self, ContainerId, Health, Image, ImageDetails, Network, Observed, Processes, Usage, Volume};
use crate::project::label;

/// The creation time of every fake engine, in nanoseconds since 1970.
const EPOCH: i128 = 1_700_000_000_000_000_000;

#[derive(Debug)]
pub(super) struct State {
    pub(super) began: Instant,
    pub(super) containers: BTreeMap<ContainerId, Container>,
    pub(super) scripts: BTreeMap<String, Script>,
    pub(super) requests: BTreeMap<String, CreateContainer>,
    pub(super) images: BTreeMap<String, Image>,
    pub(super) image_details: BTreeMap<String, ImageDetails>,
    pub(super) processes: BTreeMap<String, Processes>,
    pub(super) usage: BTreeMap<String, Usage>,
    pub(super) networks: Vec<Network>,
    pub(super) volumes: Vec<Volume>,
    pub(super) ports: BTreeMap<u16, PortHolder>,
    pub(super) addresses: BTreeMap<(String, String), AddressHolder>,
    /// What containers have, by their name and the path.
    pub(super) paths: BTreeMap<(String, String), Content>,
    /// Archives that were unpacked in containers, by their name, with the folder.
    pub(super) unpacked: BTreeMap<String, Vec<(String, Vec<u8>)>>,
    pub(super) failures: BTreeMap<String, Vec<EngineError>>,
    pub(super) delays: BTreeMap<String, Duration>,
    pub(super) default_delay: Duration,
    pub(super) calls: Vec<(Instant, String)>,
    pub(super) inspections: usize,
    busy: usize,
    pub(super) most_busy: usize,
    /// When event streams are cut.
    pub(super) cuts: Vec<Instant>,
    /// When output streams are cut.
    pub(super) output_cuts: Vec<Instant>,
    /// The commands that were made ready in containers.
    pub(super) execs: Vec<Exec>,
    /// What was written to containers.
    pub(super) keyboards: BTreeMap<ContainerId, Arc<Mutex<Typed>>>,
    /// The sizes that the terminals of containers were told.
    pub(super) sizes: Vec<WindowSize>,
    /// Everything that happened so far; event streams read it from where they started.
    pub(super) happened: Vec<ContainerEvent>,
    /// What is going to happen.
    scheduled: Vec<Scheduled>,
    made: u32,
}

#[derive(Debug)]
struct Scheduled {
    at: Instant,
    container: ContainerId,
    what: What,
}

#[derive(Debug)]
enum What {
    Health(Health),
    Write(OutputStream, Vec<u8>),
    Exit(i64, Option<Duration>),
    Restart,
}

/// What a container has at a path, and the archive that the engine makes of it.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) stat: PathStat,
    pub(super) archive: Bytes,
}

/// A container in the fake engine.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) state: observed::State,
    pub(super) log: Vec<(i128, OutputStream, Vec<u8>)>,
    /// How often its process has exited.
    pub(super) deaths: usize,
    made: Made,
    script: Script,
    exit_code: Option<i64>,
    health: Health,
    probes: Vec<Probe>,
    started_at: Option<i128>,
    starts: usize,
    restarts: i64,
}

impl State {
    pub(super) fn new(began: Instant) -> Self {
        Self {
            began,
            containers: BTreeMap::new(),
            scripts: BTreeMap::new(),
            requests: BTreeMap::new(),
            images: BTreeMap::new(),
            image_details: BTreeMap::new(),
            processes: BTreeMap::new(),
            usage: BTreeMap::new(),
            networks: Vec::new(),
            volumes: Vec::new(),
            ports: BTreeMap::new(),
            addresses: BTreeMap::new(),
            paths: BTreeMap::new(),
            unpacked: BTreeMap::new(),
            failures: BTreeMap::new(),
            delays: BTreeMap::new(),
            default_delay: Duration::ZERO,
            calls: Vec::new(),
            inspections: 0,
            busy: 0,
            most_busy: 0,
            cuts: Vec::new(),
            output_cuts: Vec::new(),
            execs: Vec::new(),
            keyboards: BTreeMap::new(),
            sizes: Vec::new(),
            happened: Vec::new(),
            scheduled: Vec::new(),
            made: 0,
        }
    }

    /// Applies everything scheduled up to `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        while let Some(next) = self.next_at().filter(|at| *at <= now) {
            let due = self.scheduled.iter().position(|scheduled| scheduled.at == next);
            let Some(due) = due else { return };
            let Scheduled { at, container, what } = self.scheduled.remove(due);
            self.happen(at, &container, what);
        }
    }

    /// When the next scheduled event is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.scheduled.iter().map(|scheduled| scheduled.at).min()
    }

    fn happen(&mut self, at: Instant, id: &ContainerId, what: What) {
        let time = self.time(at);
        let Some(container) = self.containers.get_mut(id) else { return };
        match what {
            What::Health(health) => {
                container.health = health;
                let (exit_code, output) = match health {
                    Health::Unhealthy => (1, "connection refused\n".to_owned()),
                    Health::None | Health::Starting | Health::Healthy => (0, String::new()),
                };
                container.probes.push(Probe { started_at: Some(time), ended_at: Some(time), exit_code, output });
                self.emit_at(at, id, ContainerEventKind::Health(health));
            }
            What::Write(stream, bytes) => container.log.push((time, stream, bytes)),
            What::Exit(status, restart) => {
                self.die(at, id, status, restart.is_some());
                if let Some(after) = restart {
                    self.scheduled.push(Scheduled { at: at + after, container: id.clone(), what: What::Restart });
                }
            }
            What::Restart => {
                container.restarts += 1;
                self.start_at(at, id);
            }
        }
    }

    fn die(&mut self, at: Instant, id: &ContainerId, status: i64, restarts: bool) {
        let Some(container) = self.containers.get_mut(id) else { return };
        container.state = if restarts { observed::State::Restarting } else { observed::State::Exited };
        container.exit_code = Some(status);
        container.deaths += 1;
        self.scheduled.retain(|scheduled| scheduled.container != *id);
        self.emit_at(at, id, ContainerEventKind::Die(status));
    }

    pub(super) fn start(&mut self, id: &ContainerId) {
        self.start_at(Instant::now(), id);
    }

    /// Whether the health test of a container passes now.
    pub(super) fn is_ready(&self, id: &ContainerId) -> bool {
        let now = self.time(Instant::now());
        let ready_at = || {
            let container = self.containers.get(id)?;
            let runs = &container.script.runs;
            let ready = runs.get(container.starts.checked_sub(1)?).or(runs.last())?.ready?;
            Some(container.started_at? + i128::try_from(ready.as_nanos()).ok()?)
        };
        ready_at().is_some_and(|ready| ready <= now)
    }

    fn start_at(&mut self, at: Instant, id: &ContainerId) {
        let time = self.time(at);
        let Some(container) = self.containers.get_mut(id) else { return };
        if container.state == observed::State::Running {
            return;
        }
        container.state = observed::State::Running;
        container.started_at = Some(time);
        // The result of the previous run stays until the first probe of this one, as in real engines.
        if container.script.healthcheck && container.starts == 0 {
            container.health = Health::Starting;
        }
        let run = container.script.runs.get(container.starts).or(container.script.runs.last()).cloned();
        container.starts += 1;
        self.schedule(at, id, run.unwrap_or_default());
        self.emit_at(at, id, ContainerEventKind::Start);
        self.advance(at);
    }

    fn schedule(&mut self, at: Instant, id: &ContainerId, run: Run) {
        let mut push = |after: Duration, what| {
            self.scheduled.push(Scheduled { at: at + after, container: id.clone(), what });
        };
        for (after, stream, bytes) in run.output {
            push(after, What::Write(stream, bytes));
        }
        for (after, health) in run.health {
            push(after, What::Health(health));
        }
        if let Some((after, status)) = run.exit {
            push(after, What::Exit(status, run.restart));
        }
    }

    pub(super) fn end_process(&mut self, id: &ContainerId, status: i64) {
        let runs =
            |container: &Container| matches!(container.state, observed::State::Running | observed::State::Restarting);
        if self.containers.get(id).is_some_and(runs) {
            self.die(Instant::now(), id, status, false);
        }
    }

    pub(super) fn end_restarts(&mut self, id: &ContainerId) {
        if let Some(container) = self.containers.get_mut(id) {
            container.state = observed::State::Exited;
        }
        self.scheduled.retain(|scheduled| scheduled.container != *id);
        self.emit(id, ContainerEventKind::Stop);
    }

    /// How often the process of a container ended so far.
    pub(super) fn deaths_of(&self, id: &ContainerId) -> Result<usize, EngineError> {
        self.name_of(id)?;
        Ok(self.containers.get(id).map_or(0, |container| container.deaths))
    }

    /// The exit status of a container whose process ended since it had ended `deaths` times.
    pub(super) fn end_of(&self, id: &ContainerId, deaths: usize) -> Option<i64> {
        let container = self.containers.get(id)?;
        container.exit_code.filter(|_| container.deaths > deaths)
    }

    pub(super) fn pause(&mut self, id: &ContainerId) {
        if let Some(container) = self.containers.get_mut(id) {
            container.state = observed::State::Paused;
        }
        self.emit(id, ContainerEventKind::Pause);
    }

    pub(super) fn unpause(&mut self, id: &ContainerId) {
        if let Some(container) = self.containers.get_mut(id) {
            container.state = observed::State::Running;
        }
        self.emit(id, ContainerEventKind::Unpause);
    }

    pub(super) fn remove(&mut self, id: &ContainerId) {
        self.end_process(id, 137);
        self.emit(id, ContainerEventKind::Destroy);
        self.containers.remove(id);
    }

    pub(super) fn rename(&mut self, id: &ContainerId, name: String) -> Result<(), EngineError> {
        if self.id_of(&name).is_some() {
            return Err(EngineError::Conflict(format!("the name {name} is taken")));
        }
        if let Some(container) = self.containers.get_mut(id) {
            container.name = name;
        }
        Ok(())
    }

    pub(super) fn create(&mut self, request: CreateContainer) -> Result<ContainerId, EngineError> {
        if self.id_of(&request.name).is_some() {
            return Err(EngineError::Conflict(format!("the name {} is taken", request.name)));
        }
        let (spec, name) = (request.spec.clone(), request.name.clone());
        let id = self.add(spec.project.name.as_str(), &name, spec.replica.service.as_str(), spec.replica.number);
        let script = self.scripts.get(&spec.name).cloned();
        if let (Some(container), Some(script)) = (self.containers.get_mut(&id), script) {
            container.script = script;
        }
        if let Some(container) = self.containers.get_mut(&id) {
            container.labels.extend(labels::of_container(&request));
            container.made = Made::of(&request);
        }
        self.requests.insert(name, request);
        Ok(id)
    }

    pub(super) fn add(&mut self, project: &str, name: &str, service: &str, number: u32) -> ContainerId {
        self.made += 1;
        let id = ContainerId::from(format!("{:064x}", self.made));
        let container = Container {
            name: name.to_owned(),
            labels: labels(project, service, number),
            state: observed::State::Created,
            log: Vec::new(),
            deaths: 0,
            made: Made::default(),
            script: self.scripts.get(name).cloned().unwrap_or_default(),
            exit_code: None,
            health: Health::None,
            probes: Vec::new(),
            started_at: None,
            starts: 0,
            restarts: 0,
        };
        self.containers.insert(id.clone(), container);
        self.emit(&id, ContainerEventKind::Create);
        id
    }

    pub(super) fn emit(&mut self, id: &ContainerId, kind: ContainerEventKind) {
        self.emit_at(Instant::now(), id, kind);
    }

    fn emit_at(&mut self, at: Instant, id: &ContainerId, kind: ContainerEventKind) {
        let mut attributes = BTreeMap::new();
        if let Some(container) = self.containers.get(id) {
            attributes.clone_from(&container.labels);
            attributes.insert("name".to_owned(), container.name.clone());
        }
        let time = self.time(at);
        self.happened.push(ContainerEvent { id: id.clone(), kind, time, attributes });
    }

    fn time(&self, at: Instant) -> i128 {
        EPOCH + i128::try_from(at.saturating_duration_since(self.began).as_nanos()).unwrap_or_default()
    }

    pub(super) fn begin(&mut self, call: &str) -> Duration {
        self.calls.push((Instant::now(), call.to_owned()));
        self.busy += 1;
        self.most_busy = self.most_busy.max(self.busy);
        self.delays.get(call).copied().unwrap_or(self.default_delay)
    }

    pub(super) fn end(&mut self, call: &str) -> Result<(), EngineError> {
        self.busy -= 1;
        self.take_failure(call)
    }

    pub(super) fn take_failure(&mut self, call: &str) -> Result<(), EngineError> {
        match self.failures.get_mut(call) {
            Some(failures) if !failures.is_empty() => Err(failures.remove(0)),
            _ => Ok(()),
        }
    }

    pub(super) fn name_of(&self, id: &ContainerId) -> Result<String, EngineError> {
        let found = self.containers.get(id).map(|container| container.name.clone());
        found.ok_or_else(|| EngineError::NotFound(format!("No such container: {id}")))
    }

    pub(super) fn id_of(&self, name: &str) -> Option<ContainerId> {
        self.containers.iter().find(|(_, container)| container.name == name).map(|(id, _)| id.clone())
    }

    pub(super) fn fetched(&mut self, image: &str) -> Image {
        let digest = format!("sha256:{image}");
        let made = || Image { digest: digest.as_str().into(), id: digest.as_str().into(), tagged_at: None };
        self.images.entry(image.to_owned()).or_insert_with(made).clone()
    }

    pub(super) fn inspect(&mut self, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
        self.inspections += 1;
        let name = self.name_of(id)?;
        self.take_failure(&format!("inspect {name}"))?;
        let container = self.containers.get(id).ok_or_else(|| EngineError::NotFound(name.clone()))?;
        Ok(ContainerDetails {
            id: id.clone(),
            name,
            state: container.state,
            exit_code: container.exit_code,
            out_of_memory: false,
            error: None,
            health: container.health,
            has_healthcheck: container.script.healthcheck,
            health_test: container.script.healthcheck.then(Script::health_test),
            probes: container.probes.clone(),
            started_at: container.started_at,
            finished_at: None,
            terminal: container.script.terminal,
            stdin_open: container.script.stdin_open,
            restart_count: container.restarts,
            at_end: AtEnd::Keep,
            reach: Reach::default(),
            secrets: Vec::new(),
        })
    }

    pub(super) fn all_containers(&self) -> Vec<observed::Container> {
        self.containers.iter().map(|(id, container)| container.observed(id)).collect()
    }

    pub(super) fn observe(&mut self, query: &ObserveQuery) -> Result<Observed, EngineError> {
        self.take_failure("observe")?;
        let ours = |labelled: Option<&String>| labelled == Some(&query.project);
        let of_project = self.containers.iter().filter(|(_, container)| ours(container.labels.get(label::PROJECT)));
        let containers = of_project.map(|(id, container)| container.observed(id)).collect();
        if query.scope == Scope::Containers {
            return Ok(Observed { containers, ..Observed::default() });
        }
        let networks = self.networks.iter();
        let networks =
            networks.filter(|network| ours(network.project.as_ref()) || query.networks.contains(&network.name));
        let volumes = self.volumes.iter();
        let volumes = volumes.filter(|volume| ours(volume.project.as_ref()) || query.volumes.contains(&volume.name));
        let images = query.images.iter();
        let images = images.filter_map(|wanted| Some((wanted.clone(), self.images.get(&wanted.0)?.clone())));
        Ok(Observed {
            containers,
            networks: networks.cloned().collect(),
            volumes: volumes.cloned().collect(),
            images: images.collect(),
            ..Observed::default()
        })
    }
}

impl Container {
    fn observed(&self, id: &ContainerId) -> observed::Container {
        let label = |key: &str| self.labels.get(key).cloned();
        observed::Container {
            id: id.clone(),
            name: self.name.clone(),
            service: label(label::SERVICE).map(Into::into),
            number: label(label::NUMBER).and_then(|number| number.parse().ok()),
            one_off: label(label::ONE_OFF).is_some_and(|value| value == "True"),
            hook: self.labels.contains_key(label::HOOK),
            state: self.state,
            health: self.health,
            exit_code: self.exit_code,
            status: self.state.as_str().to_owned(),
            image: self.made.image.clone(),
            image_id: None,
            image_platform: None,
            command: String::new(),
            created: 0,
            config_hash: label(label::CONFIG_HASH),
            image_digest: self.made.image_digest.clone(),
            networks: self.made.networks.clone(),
            mounts: self.made.mounts.clone(),
            ports: Vec::new(),
            labels: self.labels.clone(),
        }
    }
}

/// The labels that identify a container in its events.
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
