//! The output of many containers: read once to its end (`logs`), or followed across restarts and new replicas
//! (`logs --follow`, an attached `up`).
//!
//! One loop owns the state; one task per stream turns bytes into lines. The channel to the reader is bounded, so a slow
//! terminal slows the engine's streams down.

mod reader;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::{ContainerEvent, ContainerEventKind, Engine, EngineError, LogQuery};
use crate::event::{Output, Outputs};
use crate::observed::{ContainerId, State};
use crate::plan::ContainerRef;
use crate::project::{NameSeparator, ProjectName, Service, ServiceName};

pub use target::{Target, display_name};

use reader::{How, Reader};

/// How many streams are read at once when nothing is followed.
const STREAMS: usize = 16;
/// How long the output of a container that a client stopped is waited for, should it be restarting it.
const RESTART: Duration = Duration::from_secs(2);
/// How long the end of a stream may come behind the end of its container.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The pauses between attempts to listen to the engine again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long an engine may be away: restarting one takes seconds.
const ABSENCE: Duration = Duration::from_secs(30);

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct FollowSettings {
    /// The project.
    pub project: ProjectName,
    /// What stands between the parts of its containers' names.
    pub separator: NameSeparator,
    /// The services whose output is shown; `None` is all of them.
    pub services: Option<BTreeSet<ServiceName>>,
    /// The only replica that is shown of those that start later; all of them where nothing is said.
    pub number: Option<u32>,
    /// The services whose containers keep the following alive, where those are others than the ones shown.
    pub monitored: Option<BTreeSet<ServiceName>>,
    /// Which part of the output is asked for.
    pub query: LogQuery,
    /// Where the output of the first containers begins.
    pub begin: Begin,
    /// What becomes of standard error.
    pub stderr: Stderr,
}

/// Where the output of a container that runs already begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// With what it wrote before, as the query says.
    #[default]
    History,
    /// Now.
    Now,
}

/// What becomes of what containers write to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stderr {
    /// It counts as standard output (`logs`).
    #[default]
    Merged,
    /// It stays apart (an attached `up`).
    Apart,
}

/// A container that ended while it was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Its service.
    pub service: ServiceName,
    /// Its id.
    pub container: ContainerId,
    /// Its exit status.
    pub exit_code: i64,
    /// Whether the engine starts it again.
    pub restarting: bool,
}

/// Reads the output of `targets` to its end. Containers whose output cannot be read are reported as output.
///
/// Ends early when nobody reads any more, or `cancel` is cancelled.
pub async fn logs<E: Engine>(
    engine: &E,
    settings: &FollowSettings,
    targets: Vec<Target>,
    outputs: &Outputs,
    cancel: &CancellationToken,
) {
    let query = LogQuery { follow: false, ..settings.query.clone() };
    let reader = Reader { engine: engine.clone(), outputs: outputs.clone(), stderr: settings.stderr };
    let mut readers = JoinSet::new();
    let read_all = async {
        for target in targets {
            if readers.len() >= STREAMS {
                readers.join_next().await;
            }
            let (reader, query) = (reader.clone(), query.clone());
            readers.spawn(async move { reader.read(&target, How::Logs(query)).await });
        }
        while readers.join_next().await.is_some() {}
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = outputs.closed() => {}
        () = read_all => {}
    }
    readers.shutdown().await;
}

/// Attaches to containers before they start, so that nothing of their output is missed. Cheap to clone; as long as one
/// is there, the following goes on.
#[derive(Debug, Clone)]
pub struct Follower {
    requests: mpsc::Sender<Request>,
    services: Option<Arc<BTreeSet<ServiceName>>>,
}

#[derive(Debug)]
struct Request {
    target: Target,
    attached: oneshot::Sender<()>,
}

impl Follower {
    /// Returns once the output of a container that is about to start is being read, or is not wanted.
    pub(super) async fn before_start(&self, container: &ContainerRef, id: &ContainerId, service: Option<&Service>) {
        let Some(replica) = &container.replica else { return };
        if self.services.as_ref().is_some_and(|services| !services.contains(&replica.service)) {
            return;
        }
        let target = Target {
            id: id.clone(),
            name: container.name.clone(),
            source: Arc::from(""),
            service: replica.service.clone(),
            number: Some(replica.number),
            terminal: service.map(|service| service.tty),
            running: false,
        };
        let (attached, done) = oneshot::channel();
        if self.requests.send(Request { target, attached }).await.is_ok() {
            // An error means that the following has ended, and nobody wants the output any more.
            let _ = done.await;
        }
    }
}

/// Follows the containers of a project: listening to the engine already, not reading yet.
pub struct Following<E> {
    engine: E,
    settings: FollowSettings,
    events: Option<BoxStream<'static, Result<ContainerEvent, EngineError>>>,
    requests: mpsc::Receiver<Request>,
    outputs: Outputs,
    exits: mpsc::UnboundedSender<Exit>,
}

/// A container that is followed.
#[expect(clippy::struct_excessive_bools, reason = "container and stream begin and end independently")]
struct Followed {
    target: Target,
    /// Whether it runs, or is about to.
    alive: bool,
    /// Whether a task reads its output.
    reading: bool,
    /// Whether it was seen to start since it is followed, or ran before.
    started: bool,
    /// When it last ended, in nanoseconds since 1970: what it writes later belongs to the next run.
    died: Option<i128>,
    /// It was started again while its old stream had not ended.
    read_again: bool,
    /// Whether a client sent it a signal since it started.
    killed: bool,
    /// Until when it may be started again: whoever restarts a container stops it first.
    may_return: Option<Instant>,
    /// Its end, to be told once its last words are through.
    exit: Option<(Exit, Instant)>,
}

impl<E: Engine> Following<E> {
    /// Listens to the engine from now on: look at the project's containers after this, and hand them to
    /// [`Following::run`], and none is missed.
    ///
    /// # Errors
    ///
    /// When the engine does not let itself be listened to.
    pub async fn open(
        engine: &E,
        settings: FollowSettings,
        outputs: &Outputs,
    ) -> Result<(Self, Follower, mpsc::UnboundedReceiver<Exit>), EngineError> {
        let events = engine.container_events(settings.project.to_string()).await?;
        let (sender, requests) = mpsc::channel(1);
        let (exits, exited) = mpsc::unbounded_channel();
        let follower = Follower { requests: sender, services: settings.services.clone().map(Arc::new) };
        let following =
            Self { engine: engine.clone(), settings, events: Some(events), requests, outputs: outputs.clone(), exits };
        Ok((following, follower, exited))
    }

    /// Follows `targets` and every container of the shown services that starts later, until there is no
    /// [`Follower`] any more and none of the monitored containers runs, nobody reads any more, or `cancel` is cancelled.
    ///
    /// # Errors
    ///
    /// When the engine went away and did not come back for half a minute.
    pub async fn run(self, targets: Vec<Target>, cancel: &CancellationToken) -> Result<(), EngineError> {
        let reader =
            Reader { engine: self.engine.clone(), outputs: self.outputs.clone(), stderr: self.settings.stderr };
        let mut state = Running {
            reader,
            readers: JoinSet::new(),
            containers: BTreeMap::new(),
            starting: true,
            engine: self.engine,
            settings: self.settings,
            outputs: self.outputs,
            exits: self.exits,
        };
        let outputs = state.outputs.clone();
        let ended = tokio::select! {
            () = cancel.cancelled() => Ok(()),
            () = outputs.closed() => Ok(()),
            ended = state.run(targets, self.events, self.requests) => ended,
        };
        state.readers.shutdown().await;
        ended
    }
}

/// The state of a following on its way.
struct Running<E> {
    engine: E,
    settings: FollowSettings,
    outputs: Outputs,
    exits: mpsc::UnboundedSender<Exit>,
    reader: Reader<E>,
    readers: JoinSet<ContainerId>,
    containers: BTreeMap<ContainerId, Followed>,
    /// Whether containers are still being started by this run.
    starting: bool,
}

type Events = Option<BoxStream<'static, Result<ContainerEvent, EngineError>>>;

impl<E: Engine> Running<E> {
    async fn run(
        &mut self,
        targets: Vec<Target>,
        mut events: Events,
        mut requests: mpsc::Receiver<Request>,
    ) -> Result<(), EngineError> {
        for target in targets {
            self.begin(target).await;
        }
        if self.settings.begin == Begin::Now {
            // Who was seen to run may have ended before anybody listened.
            self.look_again().await;
        }
        let mut pause = SHORTEST_PAUSE;
        // Since when nobody listens.
        let mut away: Option<Instant> = None;
        while !self.is_over() {
            let deadlines = |container: &Followed| {
                [container.exit.as_ref().map(|(_, deadline)| *deadline), container.may_return]
                    .into_iter()
                    .flatten()
                    .min()
            };
            let next_deadline = self.containers.values().filter_map(deadlines).min();
            tokio::select! {
                request = requests.recv(), if self.starting => match request {
                    Some(request) => {
                        self.attach(request.target).await;
                        let _ = request.attached.send(());
                    }
                    None => self.starting = false,
                },
                event = next_event(&mut events) => match event {
                    Some(Ok(event)) => {
                        pause = SHORTEST_PAUSE;
                        self.apply(event).await;
                    }
                    Some(Err(_)) | None => events = None,
                },
                () = tokio::time::sleep(pause), if events.is_none() => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    let since = *away.get_or_insert_with(Instant::now);
                    match self.engine.container_events(self.settings.project.to_string()).await {
                        Ok(stream) => {
                            events = Some(stream);
                            away = None;
                            self.look_again().await;
                        }
                        Err(error) if since.elapsed() >= ABSENCE => return Err(error),
                        Err(_) => {}
                    }
                }
                Some(ended) = self.readers.join_next() => {
                    let id = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                    self.stream_ended(&id).await;
                }
                () = until(next_deadline) => self.tell_overdue_exits().await,
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let waits_for =
            |container: &Followed| container.reading || container.exit.is_some() || container.may_return.is_some();
        !self.starting
            && !self
                .containers
                .values()
                .any(|container| container.alive && self.is_monitored(&container.target.service))
            && !self.containers.values().any(|container| !container.alive && waits_for(container))
    }

    fn is_shown(&self, service: &ServiceName) -> bool {
        self.settings.services.as_ref().is_none_or(|services| services.contains(service))
    }

    fn is_monitored(&self, service: &ServiceName) -> bool {
        let monitored = self.settings.monitored.as_ref().or(self.settings.services.as_ref());
        monitored.is_none_or(|services| services.contains(service))
    }

    /// Follows a container that was there before.
    async fn begin(&mut self, target: Target) {
        let id = target.id.clone();
        let shown = self.is_shown(&target.service);
        let (alive, begin) = (target.running, self.settings.begin);
        self.follow(target, alive);
        match begin {
            _ if !shown => {}
            Begin::History => {
                let query = LogQuery { follow: true, ..self.settings.query.clone() };
                self.read(&id, How::Logs(query));
            }
            Begin::Now if alive => self.open(&id).await,
            Begin::Now => {}
        }
    }

    /// Follows a container that is about to start.
    async fn attach(&mut self, mut target: Target) {
        target.source = display_name(&self.settings, &target);
        let id = target.id.clone();
        if self.containers.get(&id).is_some_and(|container| container.reading && !container.started) {
            // An earlier attempt to start it got as far as here.
            return;
        }
        self.follow(target, true);
        if let Some(container) = self.containers.get_mut(&id) {
            container.started = false;
        }
        self.open(&id).await;
    }

    fn follow(&mut self, target: Target, alive: bool) {
        let followed = Followed {
            alive,
            reading: false,
            started: true,
            died: None,
            read_again: false,
            killed: false,
            may_return: None,
            exit: None,
            target,
        };
        self.containers.insert(followed.target.id.clone(), followed);
    }

    /// Attaches, and returns when the stream is open. An engine that refuses gives the log instead.
    async fn open(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let how = match self.engine.attach(id.clone(), container.target.terminal.unwrap_or_default()).await {
            Ok(stream) => How::Attached(stream),
            Err(_) => How::Logs(LogQuery { follow: true, tail: Some(0), ..LogQuery::default() }),
        };
        self.read(id, how);
    }

    fn read(&mut self, id: &ContainerId, how: How) {
        let Some(container) = self.containers.get_mut(id) else { return };
        container.reading = true;
        container.read_again = false;
        let (reader, target) = (self.reader.clone(), container.target.clone());
        self.readers.spawn(async move {
            reader.read(&target, how).await;
            target.id
        });
    }

    async fn apply(&mut self, event: ContainerEvent) {
        match event.kind {
            ContainerEventKind::Create => self.created(&event).await,
            ContainerEventKind::Start => self.started(&event),
            ContainerEventKind::Kill => {
                if let Some(container) = self.containers.get_mut(&event.id) {
                    container.killed = true;
                }
            }
            ContainerEventKind::Die(exit_code) => self.died(&event.id, exit_code, event.time).await,
            ContainerEventKind::Destroy => self.destroyed(&event.id).await,
            ContainerEventKind::Restart
            | ContainerEventKind::Stop
            | ContainerEventKind::Rename
            | ContainerEventKind::Pause
            | ContainerEventKind::Unpause
            | ContainerEventKind::Health(_)
            | ContainerEventKind::OutOfMemory => {}
        }
    }

    /// Somebody else replaced a container.
    async fn created(&mut self, event: &ContainerEvent) {
        if self.starting {
            return;
        }
        let Some(target) = Target::of_event(&self.settings, event) else { return };
        let replaced = event.attributes.get("com.docker.compose.replace");
        if let Some(replaced) = replaced.filter(|_| self.is_shown(&target.service)) {
            self.outputs.send(Output::Recreated { source: Arc::from(replaced.as_str()) }).await;
        }
    }

    fn started(&mut self, event: &ContainerEvent) {
        if let Some(container) = self.containers.get_mut(&event.id) {
            container.alive = true;
            container.killed = false;
            container.may_return = None;
            if !std::mem::replace(&mut container.started, true) {
                return;
            }
            if container.reading {
                container.read_again = true;
            } else {
                self.read_on(&event.id);
            }
            return;
        }
        let Some(target) = Target::of_event(&self.settings, event) else { return };
        if self.settings.number.is_some() && self.settings.number != target.number {
            return;
        }
        if self.is_shown(&target.service) || self.is_monitored(&target.service) {
            let (id, shown) = (target.id.clone(), self.is_shown(&target.service));
            self.follow(target, true);
            if shown {
                self.read(&id, How::Logs(LogQuery { follow: true, ..self.settings.query.clone() }));
            }
        }
    }

    /// Reads what a container that was started again writes in its new run.
    fn read_on(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get(id) else { return };
        if !self.is_shown(&container.target.service) {
            return;
        }
        let query = LogQuery { follow: true, tail: None, since: container.died, ..self.settings.query.clone() };
        self.read(id, How::Logs(query));
    }

    async fn died(&mut self, id: &ContainerId, exit_code: i64, time: i128) {
        if !self.containers.contains_key(id) {
            return;
        }
        let look = self.engine.inspect_container(id.clone()).await;
        let restarting = look.is_ok_and(|details| matches!(details.state, State::Restarting | State::Running));
        let Some(container) = self.containers.get_mut(id) else { return };
        container.alive = restarting;
        container.died = Some(time);
        container.started = true;
        if container.killed && !restarting && self.settings.begin == Begin::History {
            container.may_return = Some(Instant::now() + RESTART);
        }
        let service = container.target.service.clone();
        let exit = Exit { service, container: id.clone(), exit_code, restarting };
        container.exit = Some((exit, Instant::now() + LAST_WORDS));
        if !container.reading {
            self.tell_exit(id).await;
        }
    }

    async fn destroyed(&mut self, id: &ContainerId) {
        self.tell_exit(id).await;
        if let Some(container) = self.containers.get_mut(id) {
            container.alive = false;
            container.may_return = None;
            container.read_again = false;
            if !container.reading {
                self.containers.remove(id);
            }
        }
    }

    async fn stream_ended(&mut self, id: &ContainerId) {
        if let Some(container) = self.containers.get_mut(id) {
            container.reading = false;
        }
        self.tell_exit(id).await;
        if self.containers.get(id).is_some_and(|container| container.read_again) {
            self.read_on(id);
        }
    }

    async fn tell_overdue_exits(&mut self) {
        let now = Instant::now();
        for container in self.containers.values_mut() {
            container.may_return = container.may_return.filter(|deadline| *deadline > now);
        }
        let overdue: Vec<ContainerId> = self
            .containers
            .iter()
            .filter(|(_, container)| container.exit.as_ref().is_some_and(|(_, deadline)| *deadline <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in overdue {
            self.tell_exit(&id).await;
            if let Some(container) = self.containers.get_mut(&id).filter(|container| !container.alive) {
                // Its stream should have ended with it; nobody waits for it any longer.
                container.reading = false;
            }
        }
    }

    async fn tell_exit(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let Some((exit, _)) = container.exit.take() else { return };
        let (service, source) = (container.target.service.clone(), container.target.source.clone());
        if self.is_shown(&service) {
            let (exit_code, restarting) = (exit.exit_code, exit.restarting);
            self.outputs.send(Output::Exited { source, exit_code, restarting }).await;
        }
        if self.is_monitored(&service) {
            // Nobody may be interested.
            let _ = self.exits.send(exit);
        }
    }

    /// Events may have been missed: whoever is said to run and does not has ended.
    async fn look_again(&mut self) {
        let alive: Vec<ContainerId> =
            self.containers.values().filter(|container| container.alive).map(|one| one.target.id.clone()).collect();
        for id in alive {
            match self.engine.inspect_container(id.clone()).await {
                Ok(details) if matches!(details.state, State::Exited | State::Dead) => {
                    let died = self.containers.get(&id).and_then(|container| container.died).unwrap_or_default();
                    self.died(&id, details.exit_code.unwrap_or_default(), died).await;
                }
                Ok(details) if details.state == State::Running => {
                    let idle = |container: &Followed| container.started && !container.reading;
                    if self.containers.get(&id).is_some_and(idle) {
                        self.read_on(&id);
                    }
                }
                Err(EngineError::NotFound(_)) => self.destroyed(&id).await,
                Ok(_) | Err(_) => {}
            }
        }
    }
}

async fn next_event(events: &mut Events) -> Option<Result<ContainerEvent, EngineError>> {
    match events {
        Some(events) => events.next().await,
        None => pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => pending().await,
    }
}
