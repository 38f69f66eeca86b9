//! `logs`: the past output of a project's containers and, with [`LogQuery::follow`], their further output.

use std::collections::BTreeSet;
use std::time::Duration;

use super::follow::{self, Begin, FollowSettings, Following, Stderr, Target};
use super::{Interruption, OperationError};
use crate::engine::{Engine, LogQuery, ObserveQuery};
use crate::event::Outputs;
use crate::observed::Container;
use crate::project::{NameSeparator, Project, ProjectName, ServiceName};

/// How long the last output may take to arrive after the user interrupts.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Reads the logs of a project.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    /// The project.
    pub project: ProjectName,
    /// The separator in its containers' names.
    pub separator: NameSeparator,
    /// The services whose logs are read; `None` means all of them.
    pub services: Option<BTreeSet<ServiceName>>,
    /// If set, only the replica with this number.
    pub number: Option<u32>,
    /// Which part of each log to read, and whether to follow it.
    pub query: LogQuery,
}

impl Logs {
    /// The logs of whatever the engine has under this project name.
    #[must_use]
    pub fn of_name(project: ProjectName, query: LogQuery) -> Self {
        Self { project, query, ..Self::default() }
    }

    /// The logs of the services that the files define, active or not, except those with `attach: false`.
    #[must_use]
    pub fn of_project(project: &Project, query: LogQuery) -> Self {
        let all = project.services.values().chain(project.disabled.values());
        let attached = all.filter(|service| service.attach != Some(false)).map(|service| service.name.clone());
        let (services, separator) = (Some(attached.collect()), project.separator);
        Self { separator, services, ..Self::of_name(project.name.clone(), query) }
    }

    /// Only the logs of these services, including those with `attach: false`.
    #[must_use]
    pub fn only(self, services: impl IntoIterator<Item = ServiceName>) -> Self {
        Self { services: Some(services.into_iter().collect()), ..self }
    }

    /// Sends the logs to `outputs`, which is closed at the end: when the logs have been read or, if they are followed,
    /// when no container is running or may start any more.
    ///
    /// # Errors
    ///
    /// If the engine does not answer, there is no replica of the requested number, or the user interrupted the reading.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        outputs: Outputs,
        interruption: &Interruption,
    ) -> Result<(), OperationError> {
        tokio::select! {
            read = self.read(engine, outputs, interruption) => read?,
            // Settle for what has arrived; do not wait for an engine that does not answer.
            () = out_of_time(interruption) => {}
        }
        if interruption.stop.is_cancelled() { Err(OperationError::Interrupted) } else { Ok(()) }
    }

    async fn read<E: Engine>(
        &self,
        engine: &E,
        outputs: Outputs,
        interruption: &Interruption,
    ) -> Result<(), OperationError> {
        let settings = self.settings();
        if self.query.follow {
            // Listen before listing, so that no container is missed in between.
            let (following, announcer, _exits) = Following::open(engine, settings.clone(), &outputs).await?;
            let targets = self.look(engine, &settings).await?;
            // This command starts nothing, so the following ends with the containers.
            drop(announcer);
            following.run(targets, &interruption.stop).await?;
        } else {
            let targets = self.look(engine, &settings).await?;
            follow::logs(engine, &settings, targets, &outputs, &interruption.stop).await;
        }
        Ok(())
    }

    fn settings(&self) -> FollowSettings {
        FollowSettings {
            project: self.project.clone(),
            separator: self.separator,
            services: self.services.clone(),
            number: self.number,
            query: self.query.clone(),
            begin: Begin::History,
            stderr: Stderr::Merged,
            ..FollowSettings::default()
        }
    }

    /// The replicas whose logs to read, by name. One requested by number must exist.
    async fn look<E: Engine>(&self, engine: &E, settings: &FollowSettings) -> Result<Vec<Target>, OperationError> {
        let observed = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?;
        let mut containers = observed.containers;
        containers.retain(|container| self.is_requested(container));
        if containers.is_empty()
            && let Some(number) = self.number
            && let Some(service) = self.services.as_ref().and_then(BTreeSet::first)
        {
            return Err(OperationError::NoReplica { service: service.clone(), number });
        }
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(containers.iter().filter_map(|container| Target::of(settings, container)).collect())
    }

    fn is_requested(&self, container: &Container) -> bool {
        let service = container.service.as_ref();
        let of_service =
            self.services.as_ref().is_none_or(|services| service.is_some_and(|name| services.contains(name)));
        container.is_replica() && of_service && self.number.is_none_or(|number| container.number == Some(number))
    }
}

/// Completes some time after the user interrupts.
async fn out_of_time(interruption: &Interruption) {
    interruption.stop.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}
