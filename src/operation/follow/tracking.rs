//! The followed containers: events in, what to read and when to end out.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bookmark::Bookmark;
use super::reader::{Ending, How, Reader};
use super::settings::{Begin, Exit, FollowSettings};
use super::target::{Target, display_name};
use crate::engine::waiting::{Backoff, until};
use crate::engine::{ContainerEvent, ContainerEventKind, Engine, EngineError, LogQuery, ObserveQuery};
use crate::event::{Output, Outputs};
use crate::execute::Announcement;
use crate::observed::{Container, ContainerId, State};
use crate::project::ServiceName;
use crate::project::label;

/// How long to wait for a container that a client stopped, in case it is being restarted or replaced.
const RESTART: Duration = Duration::from_secs(2);
/// How long after a container exits its stream may end.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the engine may be unreachable: restarting it takes seconds.
const ABSENCE: Duration = Duration::from_secs(30);

/// A followed container.
#[expect(clippy::struct_excessive_bools, reason = "container and stream begin and end independently")]
struct Followed {
    target: Target,
    /// Whether it is up, or about to be.
    alive: bool,
    /// Whether it had been created or stopped before, so that it may be started: it keeps the following alive.
    awaited: bool,
    /// Whether it was created after the following began, and never started.
    is_new: bool,
    /// Whether it was removed.
    gone: bool,
    /// Whether a task is reading its output.
    reading: bool,
    /// Whether it has started since it is followed, or was running before.
    started: bool,
    /// How far its output was read when its last stream ended.
    bookmark: Bookmark,
    /// When it last exited, in nanoseconds since 1970: later output belongs to the next run.
    died: Option<i128>,
    /// It was started again before its old stream ended.
    read_again: bool,
    /// Whether a client sent it a signal since it started.
    killed: bool,
    /// Until when it or a successor may be started: a client that restarts or replaces a container stops it first.
    may_return: Option<Instant>,
    /// Its exit, to be shown once its remaining output has been read.
    exit: Option<(Exit, Instant)>,
    /// Its exit, to be reported once it is certain that it will not come back.
    unsettled: Option<Exit>,
}

pub(super) type Events = Option<BoxStream<'static, Result<ContainerEvent, EngineError>>>;

/// The state of a following in progress.
pub(super) struct Tracking<E> {
    engine: E,
    settings: FollowSettings,
    outputs: Outputs,
    exits: mpsc::UnboundedSender<Exit>,
    reader: Reader<E>,
    readers: JoinSet<(ContainerId, Ending)>,
    containers: BTreeMap<ContainerId, Followed>,
    /// Whether this run is still starting containers.
    starting: bool,
    /// Once cancelled, containers that exit are not expected to come back.
    closing: CancellationToken,
}

impl<E: Engine> Tracking<E> {
    pub(super) fn new(
        engine: E,
        settings: FollowSettings,
        outputs: Outputs,
        exits: mpsc::UnboundedSender<Exit>,
        closing: CancellationToken,
    ) -> Self {
        let reader = Reader { engine: engine.clone(), outputs: outputs.clone(), stderr: settings.stderr };
        let (readers, containers) = (JoinSet::new(), BTreeMap::new());
        Self { engine, settings, outputs, exits, reader, readers, containers, starting: true, closing }
    }

    /// Stops reading.
    pub(super) async fn shut_down(mut self) {
        self.readers.shutdown().await;
    }

    pub(super) async fn run(
        &mut self,
        targets: Vec<Target>,
        mut events: Events,
        mut announcements: mpsc::Receiver<Announcement>,
    ) -> Result<(), EngineError> {
        for target in targets {
            self.begin(target).await;
        }
        if self.settings.begin == Begin::Now {
            // A container listed as running may have exited before events were received.
            self.look_again(&Looked::AtKnown).await;
        }
        let mut backoff = Backoff::new();
        // Since when the event stream has been lost.
        let mut away: Option<Instant> = None;
        let closing = self.closing.clone();
        let mut closed = false;
        while !self.is_over() {
            let next_deadline = self.containers.values().filter_map(Followed::next_deadline).min();
            tokio::select! {
                announcement = announcements.recv(), if self.starting => match announcement {
                    Some(announcement) => {
                        if self.settings.is_shown(&announcement.replica.service) {
                            self.attach(Target::of_announcement(&announcement)).await;
                        }
                        announcement.listened();
                    }
                    None => self.starting = false,
                },
                event = next_event(&mut events) => match event {
                    Some(Ok(event)) => {
                        backoff = Backoff::new();
                        self.apply(event).await;
                    }
                    Some(Err(_)) | None => events = None,
                },
                () = backoff.wait(), if events.is_none() => {
                    backoff.lengthen();
                    let since = *away.get_or_insert_with(Instant::now);
                    match self.engine.container_events(self.settings.project.to_string()).await {
                        Ok(stream) => {
                            events = Some(stream);
                            away = None;
                            self.look_again(&Looked::AtAll).await;
                        }
                        Err(error) if since.elapsed() >= ABSENCE => return Err(error),
                        Err(_) => {}
                    }
                }
                Some(ended) = self.readers.join_next() => {
                    let (id, ending) = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                    if ending.lost {
                        // The check after reconnecting continues with it.
                        events = None;
                    }
                    self.stream_ended(&id, ending.bookmark).await;
                }
                () = closing.cancelled(), if !closed => {
                    closed = true;
                    self.settle_all();
                }
                () = until(next_deadline) => self.tell_what_is_due().await,
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let closing = self.closing.is_cancelled();
        let waits_for = |container: &Followed| {
            container.reading || container.exit.is_some() || (container.may_return.is_some() && !closing)
        };
        let may_write = |container: &Followed| container.alive || (container.awaited && !closing);
        !self.starting
            && !self
                .containers
                .values()
                .any(|container| may_write(container) && self.is_monitored(&container.target.service))
            && !self.containers.values().any(|container| !container.alive && waits_for(container))
    }

    fn is_shown(&self, service: &ServiceName) -> bool {
        self.settings.is_shown(service)
    }

    fn is_monitored(&self, service: &ServiceName) -> bool {
        self.settings.is_monitored(service)
    }

    /// Whether to follow a container that appears later.
    fn is_wanted(&self, target: &Target) -> bool {
        (self.settings.number.is_none() || self.settings.number == target.number)
            && (self.is_shown(&target.service) || self.is_monitored(&target.service))
    }

    /// Follows an existing container.
    async fn begin(&mut self, target: Target) {
        let id = target.id.clone();
        let shown = self.is_shown(&target.service);
        let (alive, begin) = (target.running, self.settings.begin);
        self.follow(target, alive).awaited = !alive && begin == Begin::History;
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

    /// Follows a container that is about to start or to be unpaused.
    async fn attach(&mut self, mut target: Target) {
        target.source = display_name(&self.settings, &target);
        let id = target.id.clone();
        if self.containers.get(&id).is_some_and(|container| container.reading && !container.started) {
            // An earlier attempt to start it got this far.
            return;
        }
        let runs = target.running;
        self.follow(target, true).started = runs;
        self.open(&id).await;
    }

    fn follow(&mut self, target: Target, alive: bool) -> &mut Followed {
        let id = target.id.clone();
        let followed = Followed {
            alive,
            awaited: false,
            is_new: false,
            gone: false,
            reading: false,
            bookmark: Bookmark::default(),
            started: true,
            died: None,
            read_again: false,
            killed: false,
            may_return: None,
            exit: None,
            unsettled: None,
            target,
        };
        self.containers.entry(id).insert_entry(followed).into_mut()
    }

    /// Attaches, and returns when the stream is open. If the engine refuses, the log is read instead.
    async fn open(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let running = container.target.running;
        let terminal = match container.target.terminal {
            Some(terminal) => terminal,
            None => self.engine.inspect_container(id.clone()).await.is_ok_and(|details| details.terminal),
        };
        let how = match self.engine.attach(id.clone(), terminal).await {
            Ok(stream) => How::Attached(stream, Bookmark::attached(running)),
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
            let ending = reader.read(&target, how).await;
            (target.id, ending)
        });
    }

    async fn apply(&mut self, event: ContainerEvent) {
        match event.kind {
            ContainerEventKind::Create => self.created(&event).await,
            ContainerEventKind::Start => {
                let target = Target::of_event(&self.settings, &event);
                self.started(&event.id, target).await;
            }
            ContainerEventKind::Kill => {
                if let Some(container) = self.containers.get_mut(&event.id) {
                    container.killed = true;
                }
            }
            ContainerEventKind::Die(exit_code) => self.died(&event.id, exit_code, event.time).await,
            ContainerEventKind::Stop => self.stopped(&event).await,
            ContainerEventKind::Destroy => self.destroyed(&event.id).await,
            ContainerEventKind::Restart
            | ContainerEventKind::Rename
            | ContainerEventKind::Pause
            | ContainerEventKind::Unpause
            | ContainerEventKind::Health(_)
            | ContainerEventKind::OutOfMemory => {}
        }
    }

    /// A container was created, and will probably start soon: often as a replacement.
    async fn created(&mut self, event: &ContainerEvent) {
        let Some(target) = Target::of_event(&self.settings, event).filter(|target| self.is_wanted(target)) else {
            return;
        };
        let replaced = event.attributes.get(label::REPLACE);
        if let Some(replaced) = replaced.filter(|_| !self.starting && self.is_shown(&target.service)) {
            self.outputs.send(Output::Recreated { source: Arc::from(replaced.as_str()) }).await;
        }
        if !self.containers.contains_key(&event.id) {
            self.wait_for_start(target);
        }
    }

    fn wait_for_start(&mut self, target: Target) {
        let container = self.follow(target, false);
        container.awaited = true;
        container.is_new = true;
    }

    /// `target` is what is known of the container now; it may have been renamed since its creation.
    async fn started(&mut self, id: &ContainerId, target: Option<Target>) {
        let Some(container) = self.containers.get_mut(id) else {
            if let Some(target) = target.filter(|target| self.is_wanted(target)) {
                self.appeared(target);
            }
            return;
        };
        container.alive = true;
        container.awaited = false;
        container.killed = false;
        container.may_return = None;
        if let Some((exit, _)) = &mut container.exit {
            exit.restarting = true;
        }
        let settled = container.unsettled.take();
        let started_before = std::mem::replace(&mut container.started, true);
        if let Some(exit) = settled {
            self.tell(Exit { restarting: true, ..exit });
        }
        let Some(container) = self.containers.get_mut(id).filter(|_| started_before) else { return };
        if container.is_new {
            if let Some(target) = target {
                self.appeared(target);
            }
        } else if container.reading {
            container.read_again = true;
        } else {
            self.read_on(id).await;
        }
    }

    /// Follows a container that has started and is new.
    fn appeared(&mut self, target: Target) {
        let (id, shown) = (target.id.clone(), self.is_shown(&target.service));
        self.follow(target, true);
        if shown {
            self.read(&id, How::Logs(LogQuery { follow: true, ..self.settings.query.clone() }));
        }
    }

    /// Reads the output of the new run of a restarted container.
    async fn read_on(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get(id) else { return };
        if !self.is_shown(&container.target.service) {
            return;
        }
        let since = match container.died {
            Some(died) => Some(died),
            // It was already stopped when the following began: everything before its start was shown.
            None => self.engine.inspect_container(id.clone()).await.ok().and_then(|details| details.started_at),
        };
        let query = LogQuery { follow: true, tail: None, since, ..self.settings.query.clone() };
        self.read(id, How::Logs(query));
    }

    /// Resumes reading where the last stream of a container ended, possibly because its connection was lost.
    async fn resume(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get(id) else { return };
        if !self.is_shown(&container.target.service) {
            return;
        }
        let started_at = if container.bookmark.needs_start() {
            self.engine.inspect_container(id.clone()).await.ok().and_then(|details| details.started_at)
        } else {
            None
        };
        let Some(container) = self.containers.get(id) else { return };
        let query = LogQuery { follow: true, ..self.settings.query.clone() };
        match container.bookmark.resumption(started_at) {
            Some(resumption) => self.read(id, How::Resumed(resumption, query)),
            // Nothing has been read yet.
            None if container.died.is_none() => self.read(id, How::Logs(query)),
            None => self.read_on(id).await,
        }
    }

    async fn died(&mut self, id: &ContainerId, exit_code: i64, time: i128) {
        if self.containers.get(id).is_none_or(Followed::has_ended) {
            return;
        }
        let look = self.engine.inspect_container(id.clone()).await;
        let restarting = look.is_ok_and(|details| details.state.is_up());
        let closing = self.closing.is_cancelled();
        let Some(container) = self.containers.get_mut(id) else { return };
        container.alive = restarting;
        container.awaited = false;
        container.died = Some(time);
        container.started = true;
        let service = container.target.service.clone();
        let exit = Exit { service, container: id.clone(), exit_code, restarting };
        if container.killed && !restarting && !closing {
            container.may_return = Some(Instant::now() + RESTART);
        }
        container.exit = Some((exit, Instant::now() + LAST_WORDS));
        if !container.reading {
            self.show_exit(id).await;
        }
    }

    /// When a container that waits for its restart is stopped, there is no `die` event.
    async fn stopped(&mut self, event: &ContainerEvent) {
        if !self.containers.get(&event.id).is_some_and(|container| container.alive) {
            return;
        }
        if let Ok(details) = self.engine.inspect_container(event.id.clone()).await
            && matches!(details.state, State::Exited | State::Dead)
        {
            self.died(&event.id, details.exit_code.unwrap_or_default(), event.time).await;
        }
    }

    async fn destroyed(&mut self, id: &ContainerId) {
        if let Some(container) = self.containers.get_mut(id) {
            container.alive = false;
            container.awaited = false;
            container.read_again = false;
            container.gone = true;
        }
        self.show_exit(id).await;
        self.settle(id);
        self.forget(id);
    }

    /// Forgets a removed container that is not being read and will not get a successor.
    fn forget(&mut self, id: &ContainerId) {
        if self.containers.get(id).is_some_and(|one| one.gone && !one.reading && one.may_return.is_none()) {
            self.containers.remove(id);
        }
    }

    async fn stream_ended(&mut self, id: &ContainerId, bookmark: Option<Bookmark>) {
        if let Some(container) = self.containers.get_mut(id) {
            container.reading = false;
            if let Some(bookmark) = bookmark {
                container.bookmark = bookmark;
            }
        }
        self.show_exit(id).await;
        if self.containers.get(id).is_some_and(|container| container.read_again) {
            self.read_on(id).await;
        }
        self.forget(id);
    }

    async fn tell_what_is_due(&mut self) {
        let now = Instant::now();
        let due: Vec<ContainerId> = self
            .containers
            .iter()
            .filter(|(_, container)| container.next_deadline().is_some_and(|deadline| deadline <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            let Some(container) = self.containers.get_mut(&id) else { continue };
            let returns = container.may_return.is_some_and(|deadline| deadline > now);
            if container.exit.as_ref().is_some_and(|(_, deadline)| *deadline <= now) {
                self.show_exit(&id).await;
                if let Some(container) = self.containers.get_mut(&id).filter(|container| !container.alive) {
                    // Its stream should have ended with it; stop waiting.
                    container.reading = false;
                }
            }
            if !returns {
                self.settle(&id);
                if let Some(container) = self.containers.get_mut(&id) {
                    container.may_return = None;
                }
            }
            self.forget(&id);
        }
    }

    async fn show_exit(&mut self, id: &ContainerId) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let Some((exit, _)) = container.exit.take() else { return };
        let source = container.target.source.clone();
        let settled = container.gone || container.may_return.is_none() || self.closing.is_cancelled();
        if !settled {
            container.unsettled = Some(exit.clone());
        }
        if self.is_shown(&exit.service) {
            let (exit_code, restarting) = (exit.exit_code, exit.restarting);
            self.outputs.send(Output::Exited { source, exit_code, restarting }).await;
        }
        if settled {
            self.tell(exit);
        }
    }

    /// Settles that a container will not come back.
    fn settle(&mut self, id: &ContainerId) {
        if let Some(exit) = self.containers.get_mut(id).and_then(|container| container.unsettled.take()) {
            self.tell(exit);
        }
    }

    fn settle_all(&mut self) {
        let ids: Vec<ContainerId> = self.containers.keys().cloned().collect();
        for id in &ids {
            self.settle(id);
        }
    }

    fn tell(&self, exit: Exit) {
        if self.is_monitored(&exit.service) {
            // The receiver may be gone.
            let _ = self.exits.send(exit);
        }
    }

    /// Events may have been missed: containers thought to be running may have exited, and new ones may exist.
    async fn look_again(&mut self, looked: &Looked) {
        let query = ObserveQuery::containers_of(self.settings.project.as_str());
        let Ok(observed) = self.engine.observe(query).await else { return };
        let known: Vec<ContainerId> = self.containers.keys().cloned().collect();
        for id in &known {
            match observed.container(id) {
                Some(container) => self.seen(container).await,
                None => self.destroyed(id).await,
            }
        }
        if matches!(looked, Looked::AtKnown) {
            return;
        }
        for container in observed.containers.iter().filter(|one| one.is_replica() && !known.contains(&one.id)) {
            match Target::of(&self.settings, container).filter(|target| self.is_wanted(target)) {
                Some(target) if container.is_up() => self.appeared(target),
                Some(target) if container.state == State::Created => self.wait_for_start(target),
                Some(_) | None => {}
            }
        }
    }

    async fn seen(&mut self, container: &Container) {
        let Some(followed) = self.containers.get(&container.id) else { return };
        match container.state {
            State::Exited | State::Dead if followed.alive => {
                if followed.started && !followed.reading {
                    // Its last output.
                    self.resume(&container.id).await;
                }
                let Some(followed) = self.containers.get(&container.id) else { return };
                let died = followed.died.unwrap_or_default();
                self.died(&container.id, container.exit_code.unwrap_or_default(), died).await;
            }
            State::Running if !followed.alive => {
                let target = Target::of(&self.settings, container);
                self.started(&container.id, target).await;
            }
            State::Running if followed.started && !followed.reading => self.resume(&container.id).await,
            State::Created
            | State::Running
            | State::Paused
            | State::Restarting
            | State::Removing
            | State::Exited
            | State::Dead => {}
        }
    }
}

/// Which containers to check.
enum Looked {
    /// The followed ones.
    AtKnown,
    /// All of the project.
    AtAll,
}

impl Followed {
    fn next_deadline(&self) -> Option<Instant> {
        [self.exit.as_ref().map(|(_, deadline)| *deadline), self.may_return].into_iter().flatten().min()
    }

    /// Whether it has exited and not started since.
    fn has_ended(&self) -> bool {
        !self.alive && !self.awaited && self.died.is_some()
    }
}

async fn next_event(events: &mut Events) -> Option<Result<ContainerEvent, EngineError>> {
    match events {
        Some(events) => events.next().await,
        None => pending().await,
    }
}
