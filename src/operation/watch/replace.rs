//! Rebuilds and restarts: plans, carried out as those of any other command.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::super::ask::Always;
use super::super::converge::{Change, Detail, converge_with, prepare};
use super::super::{Existing, Interruption, OperationError, Up, build};
use super::settings::WatchSettings;
use crate::engine::Engine;
use crate::event::{Events, Fact, Outputs, WatchFailure};
use crate::execute::{Announcer, ExecuteSettings};
use crate::plan::{self, BuildImages, ProjectSource, Recreate, RestartOptions, UpOptions};
use crate::project::value::PullPolicy;
use crate::project::{Project, ServiceName};

/// Carries out the plans of several services at once; they are shown one after the other.
pub(super) struct Plans<E> {
    pub(super) engine: E,
    pub(super) project: Arc<Project>,
    pub(super) settings: WatchSettings,
    pub(super) events: Events,
    pub(super) outputs: Outputs,
    pub(super) interruption: Interruption,
    /// Announces containers that start to whoever shows their output.
    pub(super) announcer: Option<Announcer>,
    /// Whose plan is shown.
    pub(super) turn: Arc<Mutex<()>>,
}

impl<E: Engine> Plans<E> {
    /// Builds the image of a service, and nothing that it depends on, until `stop` is cancelled.
    pub(super) async fn build(&self, service: &ServiceName, stop: &CancellationToken) -> Result<(), OperationError> {
        let options = self.settings.build.clone();
        let mut project = plan::project_to_build(&self.project, &options)?;
        project.selected = vec![service.clone()];
        self.carry_out(build(Arc::new(project), options), stop).await
    }

    /// Replaces the containers of a service, and what has to follow.
    pub(super) async fn replace(&self, service: &ServiceName) -> Result<(), OperationError> {
        let project = with_followers(&self.project, service);
        let options = UpOptions {
            recreate: Recreate::Always,
            recreate_dependencies: Recreate::Never,
            build: BuildImages::Never,
            // What was just built is not overwritten by what a registry has.
            pull: Some(PullPolicy::from("missing")),
            wait: None,
            one_off: None,
            ..self.settings.up.clone()
        };
        self.carry_out(Up::new(Arc::new(project), options), &self.interruption.stop).await
    }

    /// Restarts the containers of a service, and those of dependents that ask for it.
    pub(super) async fn restart(&self, service: &ServiceName) -> Result<(), OperationError> {
        let options = RestartOptions { services: vec![service.clone()], ..RestartOptions::default() };
        let source = ProjectSource::Files(self.project.clone());
        let restart =
            Existing::new("restart", source, move |source, observed| plan::restart(source, observed, &options));
        self.carry_out(restart, &self.interruption.stop).await
    }

    /// Removes images of the project that have lost their name to a newer one.
    pub(super) async fn prune(&self) {
        // Those that something still uses stay; nothing depends on the others.
        let Ok(images) = self.engine.nameless_images(self.project.name.to_string()).await else { return };
        for image in images {
            let _ = self.engine.remove_image(image.to_string()).await;
        }
    }

    /// Carries out a plan, until `stop` is cancelled.
    async fn carry_out(&self, mut change: impl Change, stop: &CancellationToken) -> Result<(), OperationError> {
        let interruption = Interruption { stop: stop.clone(), ..self.interruption.clone() };
        let prepared = prepare(&mut change, &self.engine, &Always::No, Detail::Enough).await?;
        let settings = ExecuteSettings {
            announcer: self.announcer.clone(),
            outputs: Some(self.outputs.clone()),
            ..self.settings.run.of(change.project())
        };
        let (events, mut received) = Events::channel();
        let run = async {
            let events = events;
            converge_with(&change, &self.engine, &prepared, &events, &interruption, &settings).await
        };
        // What happens is collected until it is this plan's turn to be shown.
        let show = async {
            let _turn = self.turn.lock().await;
            while let Some(event) = received.recv().await {
                let is_of_user = self.interruption.stop.is_cancelled();
                if is_of_user || !matches!(event.fact, Fact::Stopping(_)) {
                    self.events.send(event.fact);
                }
            }
        };
        tokio::join!(run, show).0
    }
}

/// The project with a service, and with what has to follow when its containers are replaced: dependents that are to be
/// restarted, and services that share its namespaces or volumes.
fn with_followers(project: &Project, service: &ServiceName) -> Project {
    let mut kept = BTreeSet::from([service.clone()]);
    loop {
        let follows = |name: &ServiceName| {
            let Some(other) = project.services.get(name) else { return false };
            let restarts = other.depends_on.iter().any(|(on, how)| how.restart && kept.contains(on));
            restarts || plan::shared_services(other).any(|(_, shared)| kept.contains(shared))
        };
        let more: Vec<_> =
            project.services.keys().filter(|name| !kept.contains(*name) && follows(name)).cloned().collect();
        if more.is_empty() {
            break;
        }
        kept.extend(more);
    }
    let mut project = project.clone();
    let (services, others) =
        std::mem::take(&mut project.services).into_iter().partition(|(name, _)| kept.contains(name));
    project.services = services;
    project.disabled.extend::<std::collections::BTreeMap<_, _>>(others);
    for service in project.services.values_mut() {
        service.depends_on.retain(|name, _| kept.contains(name));
    }
    project.selected = vec![service.clone()];
    project
}

/// Why it failed, as data.
pub(super) fn failure(error: OperationError) -> WatchFailure {
    if let OperationError::Engine(error) = error {
        return error.into();
    }
    let step = if let OperationError::Run(failure) = &error { failure.failures().next() } else { None };
    match step {
        Some((_, error)) => WatchFailure::Step(Box::new(error.clone())),
        None => WatchFailure::Other(error.to_string()),
    }
}
