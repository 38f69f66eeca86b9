//! One service that is watched: bursts of changes in, actions out, one burst after the other.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::OperationError;
use super::super::pipe::on_thread;
use super::burst::{Burst, Dirty};
use super::decide::{Actions, Sync, decide, initial};
use super::files::{Folders, Heard};
use super::replace::{Plans, failure};
use super::rule::{Rule, ServiceRules};
use super::rules;
use super::settings::Prune;
use super::sync::sync;
use super::tree::{Seen, Tree, Trouble};
use crate::engine::{Engine, ExecProgress, ExecSpec, ObserveQuery, OutputStream};
use crate::event::{Output, WatchFailure, WatchNote};
use crate::observed::{Container, ContainerId};
use crate::project::{Hook, ServiceName};

/// How many builds in a row are cancelled for newer changes. The next one goes on to its end, so that continuous changes
/// do not keep all of them from it.
const CANCELLED_IN_A_ROW: usize = 3;

/// A message to the worker of a service.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// Something is heard of files.
    Files(Heard),
    /// A container of it has started.
    Started(ContainerId),
}

/// What is known of the containers of a service, for a watch that goes on with other rules.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// What was copied since the image was built.
    carried: Sync,
    /// What could not be copied.
    left: Sync,
    /// The containers that have it.
    known: BTreeSet<ContainerId>,
}

/// A service that is watched.
pub(super) struct Worker<E> {
    plans: Arc<Plans<E>>,
    service: ServiceName,
    /// Files that say what the rules ignore.
    ignore_files: Vec<std::path::PathBuf>,
    /// Away while a thread looks at the files.
    tree: Option<Tree>,
    burst: Option<Burst>,
    /// What could not be copied.
    left: Sync,
    /// What was copied since the image was built: what a new container of the same image lacks.
    carried: Sync,
    /// The containers that have it.
    known: BTreeSet<ContainerId>,
}

impl<E: Engine> Worker<E> {
    pub(super) fn new(plans: Arc<Plans<E>>, rules: ServiceRules, folders: Arc<dyn Folders>) -> Self {
        Self {
            plans,
            service: rules.service,
            ignore_files: rules.ignore_files,
            tree: Some(Tree::new(rules.rules, folders)),
            burst: None,
            left: Sync::default(),
            carried: Sync::default(),
            known: BTreeSet::new(),
        }
    }

    /// Goes on where a watch with other rules has ended.
    pub(super) fn after(mut self, before: Option<Copied>) -> Self {
        let Copied { carried, left, known } = before.unwrap_or_default();
        (self.carried, self.left, self.known) = (carried, left, known);
        self
    }

    /// Forgets what no rule copies any more: new containers have there what their image has.
    fn forget(&mut self) {
        let Some(tree) = &self.tree else { return };
        let places = tree.places();
        let rules: Vec<_> = tree.rules().iter().filter(|rule| rule.action.syncs()).collect();
        let is_meant = |path: &Path, source: Option<&Path>| {
            rules.iter().any(|rule| {
                let mut real = places.iter().filter(|place| place.path == rule.path).map(|place| &place.real);
                rule.target.as_ref().is_some_and(|target| path.starts_with(target))
                    && source.is_none_or(|source| real.any(|real| source.starts_with(real)))
            })
        };
        self.carried = std::mem::take(&mut self.carried).only(is_meant);
        self.left = std::mem::take(&mut self.left).only(is_meant);
    }

    /// Begins: looks at everything that is there, and copies what is to be copied at once. From then on nothing is missed.
    pub(super) async fn begin(&mut self) {
        self.look(Dirty::All).await;
        let containers = self.containers().await.unwrap_or_default();
        if !self.carried.is_empty() || !self.left.is_empty() {
            self.forget();
            self.renew(&containers).await;
        }
        self.known = containers.iter().map(|container| container.id.clone()).collect();
        let first = self.initial();
        self.sync(&containers, first).await;
    }

    /// Works until there is no more news.
    pub(super) async fn run(mut self, news: mpsc::UnboundedReceiver<News>) -> (ServiceName, Copied) {
        self.work(news).await;
        (self.service, Copied { carried: self.carried, left: self.left, known: self.known })
    }

    async fn work(&mut self, mut news: mpsc::UnboundedReceiver<News>) {
        let cancel = self.plans.interruption.stop.clone();
        loop {
            let ends = self.burst.as_ref().map(Burst::ends);
            if ends.is_some_and(|ends| ends <= Instant::now())
                && let Some(burst) = self.burst.take()
            {
                self.act(burst.dirty, &mut news).await;
                continue;
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                told = news.recv() => match told {
                    None => return,
                    Some(News::Files(heard)) => self.hear(heard),
                    Some(News::Started(id)) => self.started(&id).await,
                },
                () = sleep_until(ends), if ends.is_some() => {}
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        let concerns = |path: &Path| {
            self.ignore_files.iter().any(|file| file == path)
                || self.tree.as_ref().is_none_or(|tree| tree.concerns(path))
        };
        if let Heard::Changed(path) = &heard
            && !concerns(path)
        {
            return;
        }
        let now = Instant::now();
        match &mut self.burst {
            Some(burst) => burst.add(heard, now),
            None => self.burst = Some(Burst::new(heard, now)),
        }
    }

    /// Does what a burst of changes means.
    async fn act(&mut self, dirty: Dirty, news: &mut mpsc::UnboundedReceiver<News>) {
        let mut actions = self.meaning(dirty).await;
        if actions.is_empty() {
            return;
        }
        if actions.rebuild {
            actions = self.rebuild(actions, news).await;
        }
        let Actions { sync, restart, commands, .. } = actions;
        let Some(containers) = self.containers().await else {
            self.left = std::mem::take(&mut self.left).followed_by(sync);
            return;
        };
        self.renew(&containers).await;
        self.sync(&containers, sync).await;
        if restart {
            self.restart().await;
        }
        let hooks = self.tree.as_ref().map(|tree| hooks(tree.rules(), &commands)).unwrap_or_default();
        if !hooks.is_empty() {
            let this = &*self;
            let running = containers.iter().filter(|container| container.is_running());
            join_all(running.map(async |container| {
                for hook in &hooks {
                    this.exec(container, hook).await;
                }
            }))
            .await;
        }
    }

    /// What a burst of changes means.
    async fn meaning(&mut self, mut dirty: Dirty) -> Actions {
        if let Dirty::Some(paths) = &dirty
            && self.ignore_files.iter().any(|file| paths.contains(file))
        {
            self.read_rules();
            dirty = Dirty::All;
        }
        let changes = self.look(dirty).await.changes;
        self.tree.as_ref().map(|tree| decide(tree.rules(), &tree.places(), &changes)).unwrap_or_default()
    }

    /// Reads what the build ignores now. A mistake in that is for the build to tell.
    fn read_rules(&mut self) {
        let Ok((all, _)) = rules::of_project(&self.plans.project) else { return };
        if let Some(rules) = all.into_iter().find(|rules| rules.service == self.service)
            && let Some(tree) = &mut self.tree
        {
            tree.set_rules(rules.rules);
        }
    }

    /// Looks at the files, on a thread.
    async fn look(&mut self, dirty: Dirty) -> Seen {
        let Some(mut tree) = self.tree.take() else { return Seen::default() };
        let (tree, seen) = on_thread(move || {
            let seen = tree.look(&dirty);
            (tree, seen)
        })
        .await;
        self.tree = Some(tree);
        for Trouble { path, reason } in &seen.troubles {
            let (service, path) = (self.service.clone(), path.clone());
            self.tell(match reason {
                None => WatchNote::Missing { service, path },
                Some(reason) => WatchNote::Unwatched { service, path, reason: reason.clone() },
            })
            .await;
        }
        seen
    }

    /// A container has started. If it is not one that has what was copied, it gets it.
    async fn started(&mut self, id: &ContainerId) {
        if self.known.contains(id) && self.left.is_empty() {
            return;
        }
        let Some(containers) = self.containers().await else { return };
        self.renew(&containers).await;
        self.sync(&containers, Sync::default()).await;
    }

    /// Copies into containers that somebody else has made what they lack.
    async fn renew(&mut self, containers: &[Container]) {
        let new: Vec<_> = containers.iter().filter(|container| !self.known.contains(&container.id)).cloned().collect();
        if new.is_empty() {
            return;
        }
        let lacks = self.initial().followed_by(self.carried.clone());
        let (carried, left) = (std::mem::take(&mut self.carried), std::mem::take(&mut self.left));
        self.sync(&new, lacks.followed_by(left.clone())).await;
        // The other containers still lack what they lacked.
        self.left = left.followed_by(std::mem::take(&mut self.left));
        self.carried = carried;
        self.known.extend(new.into_iter().map(|container| container.id));
    }

    async fn sync(&mut self, containers: &[Container], more: Sync) {
        let all = std::mem::take(&mut self.left).followed_by(more);
        if all.is_empty() {
            return;
        }
        if containers.is_empty() {
            // The next container gets it.
            self.carried = std::mem::take(&mut self.carried).followed_by(all);
            return;
        }
        let service = self.service.clone();
        self.tell(WatchNote::Syncing { service: service.clone(), changes: all.len() }).await;
        let done = tokio::select! {
            biased;
            () = self.plans.interruption.stop.cancelled() => return,
            done = sync(&self.plans.engine, containers, &all) => done,
        };
        self.left = done.sync;
        self.carried = std::mem::take(&mut self.carried).followed_by(all);
        if let Some(cause) = done.cause {
            self.tell(WatchNote::SyncFailed { service, cause }).await;
        }
    }

    /// Builds the image, and replaces the containers. A build is cancelled for a newer change, but not again and again.
    /// Returns what is to be done then, with what later changes mean.
    async fn rebuild(&mut self, mut actions: Actions, news: &mut mpsc::UnboundedReceiver<News>) -> Actions {
        let mut cancelled = 0;
        let built = loop {
            self.tell(WatchNote::Rebuilding { service: self.service.clone() }).await;
            let may_cancel = cancelled < CANCELLED_IN_A_ROW;
            let Some(built) = self.build(may_cancel.then_some(&mut *news), &mut actions).await else {
                cancelled += 1;
                self.tell(WatchNote::BuildCancelled { service: self.service.clone() }).await;
                continue;
            };
            break built;
        };
        self.built(built).await;
        actions
    }

    /// Builds the image. With news it is cancelled for a change that needs another build, which returns `None`; what other
    /// changes mean is added to `actions`.
    async fn build(
        &mut self,
        mut news: Option<&mut mpsc::UnboundedReceiver<News>>,
        actions: &mut Actions,
    ) -> Option<Result<(), OperationError>> {
        let (plans, service) = (self.plans.clone(), self.service.clone());
        let cancel_build = plans.interruption.stop.child_token();
        let mut build = std::pin::pin!(plans.build(&service, &cancel_build));
        loop {
            let ends = self.burst.as_ref().map(Burst::ends).filter(|_| news.is_some());
            tokio::select! {
                biased;
                ended = &mut build => return Some(ended),
                told = next(&mut news) => match told {
                    Some(News::Files(heard)) => self.hear(heard),
                    // All containers are looked at after the build.
                    Some(News::Started(_)) => {}
                    None => news = None,
                },
                () = sleep_until(ends), if ends.is_some() => {
                    let Some(burst) = self.burst.take() else { continue };
                    // The files are looked at while the build goes on.
                    let later = self.meaning(burst.dirty).await;
                    let is_stale = later.rebuild;
                    *actions = std::mem::take(actions).followed_by(later);
                    if is_stale {
                        cancel_build.cancel();
                        // What has come of it is out of date.
                        let _ = build.await;
                        return None;
                    }
                }
            }
        }
    }

    /// Goes on after a build.
    async fn built(&mut self, built: Result<(), OperationError>) {
        if self.plans.interruption.stop.is_cancelled() {
            return;
        }
        let service = || self.service.clone();
        if let Err(error) = built {
            self.tell(WatchNote::BuildFailed { service: service(), cause: failure(error) }).await;
            return;
        }
        self.tell(WatchNote::Built { service: service() }).await;
        if let Err(error) = self.plans.replace(&self.service).await {
            self.tell(WatchNote::Failed { service: service(), cause: failure(error) }).await;
        }
        if self.plans.settings.prune == Prune::Yes {
            self.plans.prune().await;
        }
        // The image has what was copied before.
        (self.carried, self.left) = (Sync::default(), Sync::default());
        if self.initial().is_empty() {
            let containers = self.containers().await.unwrap_or_default();
            self.known = containers.into_iter().map(|container| container.id).collect();
        }
    }

    async fn restart(&self) {
        let service = self.service.clone();
        let note = match self.plans.restart(&self.service).await {
            Ok(()) => WatchNote::Restarted { service },
            Err(error) => WatchNote::Failed { service, cause: failure(error) },
        };
        self.tell(note).await;
    }

    /// Runs the command of a rule; what it writes is shown as that of other hooks.
    async fn exec(&self, container: &Container, hook: &Hook) {
        let variable = |(name, value): (&String, &Option<String>)| Some(format!("{name}={}", value.as_ref()?));
        let spec = ExecSpec {
            command: hook.command.clone().unwrap_or_default(),
            user: hook.user.clone(),
            privileged: hook.privileged,
            working_dir: hook.working_dir.clone(),
            environment: hook.environment.iter().filter_map(variable).collect(),
            ..ExecSpec::default()
        };
        let project = &self.plans.project;
        let short = container.number.and_then(|number| {
            project.separator.short_name(&container.name, project.name.as_str(), &self.service, number)
        });
        let source: Arc<str> = format!("{} ->", short.as_deref().unwrap_or(&container.name)).into();
        let service = self.service.clone();
        let run = async {
            let mut progress = self.plans.engine.exec(container.id.clone(), spec).await?;
            while let Some(next) = progress.next().await {
                match next? {
                    ExecProgress::Output(chunk) => {
                        let (source, stderr) = (source.clone(), chunk.stream == OutputStream::Stderr);
                        self.plans.outputs.send(Output::Lines { source, stderr, bytes: chunk.bytes }).await;
                    }
                    ExecProgress::Exited(status) => return Ok(status),
                }
            }
            Ok(0)
        };
        let ended = tokio::select! {
            biased;
            () = self.plans.interruption.stop.cancelled() => return,
            ended = run => ended,
        };
        match ended {
            Ok(0) => {}
            Ok(exit_code) => self.tell(WatchNote::CommandFailed { service, exit_code }).await,
            Err(error) => {
                self.tell(WatchNote::Failed { service, cause: WatchFailure::Engine(error) }).await;
            }
        }
    }

    /// What is copied into every new container.
    fn initial(&self) -> Sync {
        let of = |tree: &Tree| initial(tree.rules(), &tree.places(), &tree.present());
        self.tree.as_ref().map(of).unwrap_or_default()
    }

    /// The replicas of the service in any state; `None` if the engine does not answer, which is reported.
    async fn containers(&self) -> Option<Vec<Container>> {
        let query = ObserveQuery::containers_of(self.plans.project.name.as_str());
        match self.plans.engine.observe(query).await {
            Ok(observed) => {
                let is_ours =
                    |container: &Container| container.is_replica() && container.service.as_ref() == Some(&self.service);
                Some(observed.containers.into_iter().filter(is_ours).collect())
            }
            Err(error) => {
                self.tell(WatchNote::SyncFailed { service: self.service.clone(), cause: error.into() }).await;
                None
            }
        }
    }

    async fn tell(&self, note: WatchNote) {
        self.plans.outputs.send(Output::Watch(note)).await;
    }
}

fn hooks(rules: &[Rule], commands: &BTreeSet<usize>) -> Vec<Hook> {
    commands.iter().filter_map(|index| rules.get(*index)).map(|rule| rule.exec.clone()).collect()
}

/// The next news, or nothing for ever if nobody listens.
async fn next(news: &mut Option<&mut mpsc::UnboundedReceiver<News>>) -> Option<News> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(ends: Option<Instant>) {
    if let Some(ends) = ends {
        tokio::time::sleep_until(ends).await;
    }
}
