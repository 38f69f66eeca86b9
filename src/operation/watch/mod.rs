//! `watch`: does what `develop.watch` says when files change.
//!
//! Each service has a worker of its own, so that a slow build of one delays nothing of another. What a burst of changes
//! means is decided by pure functions (`decide`); files are removed and copied here (`sync`), and everything else is a
//! plan (`replace`).

mod burst;
mod decide;
mod definitions;
mod files;
mod live;
mod replace;
mod rule;
mod rules;
mod settings;
mod sync;
mod tree;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::{self, BoxStream, FuturesUnordered};
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

use super::ask::Always;
use super::converge::{Detail, converge_with, prepare};
use super::follow::AddedServices;
use super::{Interruption, Up};
use crate::engine::{ContainerEvent, ContainerEventKind, Engine, EngineError};
use crate::event::{Events, Output, Outputs, Redefined, WatchNote};
use crate::execute::{Announcer, ExecuteSettings};
use crate::plan::Orphans;
use crate::project::{Project, Service, ServiceName, label};

pub use definitions::{Definitions, Reload, Reloaded};
pub use files::{Files, Folders, Heard, Told};
pub(super) use live::Live;
pub use live::Watching;
pub use rules::WatchError;
pub use settings::{Prune, WatchSettings};

use definitions::Definition;
use replace::{Plans, failure};
use rule::ServiceRules;
use worker::{Copied, News, Worker};

/// The delay before the engine's events are asked for again after they were lost.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A project whose files are to be watched. All clones share what is known of it: if other definitions are applied, the
/// next watch begins with them.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Mutex<Watched>>);

/// What is watched.
#[derive(Debug, Clone)]
struct Watched {
    project: Arc<Project>,
    settings: WatchSettings,
    rules: Vec<ServiceRules>,
    notes: Vec<WatchNote>,
    definitions: Option<Definitions>,
    /// Services that were part of it, and are no longer in the files.
    left: BTreeMap<ServiceName, Service>,
}

/// The channels of a watch.
#[derive(Debug)]
pub struct WatchContext<E> {
    /// The engine.
    pub engine: E,
    /// Receives the events of plans.
    pub events: Events,
    /// Receives what is done, and the output of commands.
    pub outputs: Outputs,
    /// Ends it: what is being replaced or restarted is finished after the first one.
    pub interruption: Interruption,
    /// Announces containers that start to whoever shows their output.
    pub announcer: Option<Announcer>,
    /// Told which services were added by other definitions and are to be shown.
    pub added: AddedServices,
}

impl<E> WatchContext<E> {
    async fn tell(&self, note: WatchNote) {
        self.outputs.send(Output::Watch(note)).await;
    }
}

impl Watch {
    /// Watches what the selected services of `project` say.
    ///
    /// # Errors
    ///
    /// If none of them has rules, or a rule has a mistake.
    pub fn new(project: Arc<Project>, settings: WatchSettings) -> Result<Self, WatchError> {
        let (rules, notes) = rules::of_project(&project)?;
        let left = BTreeMap::new();
        Ok(Self(Arc::new(Mutex::new(Watched { project, settings, rules, notes, definitions: None, left }))))
    }

    /// The project, as it was last applied.
    #[must_use]
    pub fn project(&self) -> Arc<Project> {
        self.current().project
    }

    /// The project with the services that were part of it when it was watched, and are no longer in the files: their
    /// containers may still be there.
    #[must_use]
    pub fn project_with_left(&self) -> Arc<Project> {
        let Watched { mut project, left, .. } = self.current();
        if !left.is_empty() {
            Arc::make_mut(&mut project).services.extend(left);
        }
        project
    }

    /// The services that are watched.
    #[must_use]
    pub fn services(&self) -> BTreeSet<ServiceName> {
        self.current().rules.into_iter().map(|rules| rules.service).collect()
    }

    /// Watches the files that define the project, too.
    #[must_use]
    pub fn with_definitions(self, definitions: Definitions) -> Self {
        self.go_on_with(Watched { definitions: Some(definitions), ..self.current() });
        self
    }

    /// Watches until it is interrupted.
    pub async fn run<E: Engine>(&self, cx: WatchContext<E>, mut files: Files) {
        let mut copied = BTreeMap::new();
        loop {
            let watched = self.current();
            let Some(next) = watched.until_redefined(&cx, &mut files, &mut copied).await else { break };
            let (up, shown) = (next.up.clone(), next.shown.clone());
            let next = watched.redefined(next);
            // Whatever is started from now on is part of it, even if not all of it can be.
            cx.added.add(shown.into_iter().filter(|name| !watched.project.services.contains_key(name)));
            self.go_on_with(next.clone());
            watched.apply(&cx, up, &next).await;
        }
        cx.tell(WatchNote::Disabled).await;
    }

    fn current(&self) -> Watched {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn go_on_with(&self, watched: Watched) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = watched;
    }
}

impl Watched {
    /// Watches until it is interrupted, or other definitions are to be applied. `copied` is what the containers have got.
    async fn until_redefined<E: Engine>(
        &self,
        cx: &WatchContext<E>,
        files: &mut Files,
        copied: &mut BTreeMap<ServiceName, Copied>,
    ) -> Option<Reloaded> {
        let interruption = Interruption { stop: cx.interruption.stop.child_token(), ..cx.interruption.clone() };
        let stop = interruption.stop.clone();
        // The events come first, so that no container that starts is missed.
        let mut engine_events = events_of(&cx.engine, &self.project).await;
        let plans = Arc::new(Plans {
            engine: cx.engine.clone(),
            project: self.project.clone(),
            settings: self.settings.clone(),
            events: cx.events.clone(),
            outputs: cx.outputs.clone(),
            interruption,
            announcer: cx.announcer.clone(),
            turn: Arc::default(),
        });
        for note in self.notes.iter().cloned().chain(self.overview()) {
            cx.tell(note).await;
        }
        let folders = files.folders.clone();
        let mut definition = Definition::new(self.definitions.clone(), &*folders);
        let worker = |rules: &ServiceRules| {
            Worker::new(plans.clone(), rules.clone(), folders.clone()).after(copied.remove(&rules.service))
        };
        let mut workers: Vec<_> = self.rules.iter().map(worker).collect();
        drop(plans);
        tokio::select! {
            () = stop.cancelled() => return None,
            _ = join_all(workers.iter_mut().map(Worker::begin)) => {}
        }
        cx.tell(WatchNote::Enabled).await;
        let mut running = FuturesUnordered::new();
        let mut news = BTreeMap::new();
        for (rules, worker) in self.rules.iter().zip(workers) {
            let (sender, receiver) = mpsc::unbounded_channel();
            news.insert(rules.service.clone(), sender);
            running.push(worker.run(receiver));
        }
        let next = loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break None,
                () = definition.is_wanted() => break definition.next.take(),
                Some(heard) = files.heard.recv() => {
                    definition.hear(&heard);
                    for sender in news.values() {
                        // A worker ends only with all of this.
                        let _ = sender.send(News::Files(heard.clone()));
                    }
                }
                event = engine_events.next() => match event {
                    Some(Ok(event)) => {
                        let service = event.attributes.get(label::SERVICE).map(|name| ServiceName::from(name.as_str()));
                        if event.kind == ContainerEventKind::Start
                            && let Some(sender) = service.and_then(|service| news.get(&service))
                        {
                            let _ = sender.send(News::Started(event.id));
                        }
                    }
                    Some(Err(_)) | None => engine_events = events_again(cx.engine.clone(), self.project.clone()),
                },
                () = definition.is_quiet() => {
                    if let Some(redefined) = definition.look(&self.project, &cx.engine).await {
                        cx.tell(WatchNote::Redefined(redefined)).await;
                    }
                }
                Some((service, of_service)) = running.next() => drop(copied.insert(service, of_service)),
            }
        };
        stop.cancel();
        drop(news);
        copied.extend(running.collect::<Vec<_>>().await);
        next
    }

    /// The same with other definitions.
    fn redefined(&self, next: Reloaded) -> Self {
        let project = next.up.project;
        let (rules, notes) = rules::of_project(&project).unwrap_or_else(|error| {
            // The files are still watched: they may say something else soon.
            (Vec::new(), vec![WatchNote::Redefined(Redefined::Invalid(error.to_string()))])
        });
        let definitions = self.definitions.clone().map(|mut definitions| {
            definitions.files = next.files;
            definitions
        });
        let mut left = self.left.clone();
        left.extend(self.project.services.iter().map(|(name, service)| (name.clone(), service.clone())));
        left.retain(|name, _| !project.services.contains_key(name));
        let settings = WatchSettings { up: next.up.options, ..self.settings.clone() };
        Self { project, settings, rules, notes, definitions, left }
    }

    /// Applies other definitions, which are watched `next`.
    async fn apply<E: Engine>(&self, cx: &WatchContext<E>, mut up: Up, next: &Self) {
        cx.tell(WatchNote::Redefined(Redefined::Applying)).await;
        let applied = async {
            let up = &mut up;
            let prepared = prepare(up, &cx.engine, &Always::No, Detail::Enough).await?;
            let settings = ExecuteSettings {
                announcer: cx.announcer.clone(),
                outputs: Some(cx.outputs.clone()),
                ..self.settings.run.of(&up.project)
            };
            converge_with(up, &cx.engine, &prepared, &cx.events, &cx.interruption, &settings).await
        };
        cx.tell(match applied.await {
            Ok(()) => WatchNote::Redefined(Redefined::Applied),
            Err(error) => WatchNote::NotApplied { cause: failure(error) },
        })
        .await;
        let left = self.project.services.keys().filter(|name| !next.project.is_known(name.as_str()));
        let services: Vec<_> = left.cloned().collect();
        if !services.is_empty() && next.settings.up.orphans != Orphans::Remove {
            cx.tell(WatchNote::Left { services }).await;
        }
    }

    /// What is watched.
    fn overview(&self) -> impl Iterator<Item = WatchNote> + '_ {
        let folder = &self.project.working_directory;
        self.rules.iter().flat_map(move |of_service| {
            of_service.rules.iter().map(move |rule| {
                let path = rule.path.strip_prefix(folder).map_or(rule.path.as_path(), |inside| {
                    if inside.as_os_str().is_empty() { Path::new(".") } else { inside }
                });
                WatchNote::Rule {
                    service: of_service.service.clone(),
                    path: path.to_owned(),
                    action: rule.action,
                    target: rule.target.clone().filter(|_| rule.action.syncs()),
                }
            })
        })
    }
}

/// The events of the project's containers; an error if the engine does not answer.
async fn events_of<E: Engine>(
    engine: &E,
    project: &Project,
) -> BoxStream<'static, Result<ContainerEvent, EngineError>> {
    match engine.container_events(project.name.to_string()).await {
        Ok(events) => events,
        Err(error) => stream::iter([Err(error)]).boxed(),
    }
}

/// The same after a while.
fn events_again<E: Engine>(
    engine: E,
    project: Arc<Project>,
) -> BoxStream<'static, Result<ContainerEvent, EngineError>> {
    let later = async move {
        sleep(ASK_AGAIN).await;
        events_of(&engine, &project).await
    };
    stream::once(later).flatten().boxed()
}
