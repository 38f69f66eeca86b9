//! `stats`: the resources that containers use.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_stream::StreamMap;

use super::{Interruption, OperationError};
use crate::engine::{
    ContainerEvent, ContainerEventKind, ContainerStates, Engine, EngineError, Measurements, ObserveQuery,
};
use crate::observed::{ContainerId, ContainerUsage, Usage};
use crate::project::{ProjectName, ServiceName, label};

/// How often the measurements are shown.
const REFRESH: Duration = Duration::from_millis(500);
/// How long the first measurements are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Measures the resources that the containers of a project use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// The project.
    pub project: ProjectName,
    /// The service of the containers; all if `None`.
    pub service: Option<ServiceName>,
    /// The states of the containers.
    pub states: ContainerStates,
}

impl Stats {
    /// One measurement of each container, in the engine's order.
    ///
    /// # Errors
    ///
    /// If the engine does not answer, or the user interrupts.
    pub async fn once<E: Engine>(
        &self,
        engine: &E,
        interruption: &Interruption,
    ) -> Result<Vec<ContainerUsage>, OperationError> {
        let measure = async {
            let containers = self.containers(engine).await?.into_iter().map(async |mut container| {
                let measured = measurements(engine, &container.id, Measurements::One).next().await;
                match measured {
                    Some(Ok(usage)) => container.usage = Some(usage),
                    // It is gone since it was listed.
                    Some(Err(EngineError::NotFound(_))) => return Ok(None),
                    Some(Err(error)) => return Err(error),
                    None => {}
                }
                Ok(Some(container))
            });
            Ok(futures::future::try_join_all(containers).await?.into_iter().flatten().collect())
        };
        tokio::select! {
            measured = measure => measured,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    /// Measures continuously; containers that start later are included. Shows the measurements every 500 ms.
    ///
    /// # Errors
    ///
    /// If the connection to the engine is lost, the user interrupts, or `show` fails.
    pub async fn watch<E: Engine>(
        &self,
        engine: &E,
        interruption: &Interruption,
        show: impl FnMut(&[ContainerUsage]) -> std::io::Result<()>,
    ) -> Result<(), OperationError> {
        tokio::select! {
            never = self.keep_measuring(engine, show) => never,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    async fn keep_measuring<E: Engine>(
        &self,
        engine: &E,
        mut show: impl FnMut(&[ContainerUsage]) -> std::io::Result<()>,
    ) -> Result<(), OperationError> {
        // Nothing that starts after this is missed.
        let mut events = engine.container_events(self.project.to_string()).await?;
        let mut watched = Watched::default();
        for container in self.containers(engine).await? {
            watched.add(engine, container);
        }
        let mut ticks = tokio::time::interval(REFRESH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let deadline = Instant::now() + PATIENCE;
        loop {
            tokio::select! {
                event = events.next() => match event.transpose()? {
                    Some(event) => self.follow(engine, &mut watched, &event),
                    None => return Ok(()),
                },
                Some((id, usage)) = watched.streams.next(), if !watched.streams.is_empty() => watched.measured(&id, usage?),
                _ = ticks.tick() => if watched.awaited.is_empty() || Instant::now() >= deadline {
                    show(&watched.containers).map_err(OperationError::Output)?;
                },
            }
        }
    }

    /// The containers to measure.
    async fn containers<E: Engine>(&self, engine: &E) -> Result<Vec<ContainerUsage>, OperationError> {
        let containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        let ours = containers.into_iter().filter(|container| {
            let of_service = self.service.as_ref().is_none_or(|service| container.service.as_ref() == Some(service));
            of_service && (self.states == ContainerStates::All || container.is_up())
        });
        Ok(ours.map(|container| ContainerUsage { id: container.id, name: container.name, usage: None }).collect())
    }

    /// Begins and ends to measure containers as they come and go.
    fn follow<E: Engine>(&self, engine: &E, watched: &mut Watched, event: &ContainerEvent) {
        let attribute = |name: &str| event.attributes.get(name).map(String::as_str);
        if self.service.as_ref().is_some_and(|service| attribute(label::SERVICE) != Some(service.as_str())) {
            return;
        }
        let all = self.states == ContainerStates::All;
        match event.kind {
            ContainerEventKind::Create if !all => {}
            ContainerEventKind::Create | ContainerEventKind::Start => {
                let name = attribute("name").unwrap_or_default().to_owned();
                watched.add(engine, ContainerUsage { id: event.id.clone(), name, usage: None });
            }
            ContainerEventKind::Die(_) if !all => watched.remove(&event.id),
            ContainerEventKind::Destroy => watched.remove(&event.id),
            ContainerEventKind::Restart
            | ContainerEventKind::Die(_)
            | ContainerEventKind::Kill
            | ContainerEventKind::Stop
            | ContainerEventKind::Rename
            | ContainerEventKind::Pause
            | ContainerEventKind::Unpause
            | ContainerEventKind::Health(_)
            | ContainerEventKind::OutOfMemory => {}
        }
    }
}

/// The containers that are measured.
#[derive(Default)]
struct Watched {
    containers: Vec<ContainerUsage>,
    streams: StreamMap<ContainerId, BoxStream<'static, Result<Option<Usage>, EngineError>>>,
    /// Those without their first measurement.
    awaited: BTreeSet<ContainerId>,
}

impl Watched {
    fn add<E: Engine>(&mut self, engine: &E, container: ContainerUsage) {
        let measured = measurements(engine, &container.id, Measurements::Continuous).map_ok(Some);
        // The end of the stream is an item, so that it is noticed.
        let until_gone = measured
            .filter(|measured| {
                let is_gone = matches!(measured, Err(EngineError::NotFound(_)));
                std::future::ready(!is_gone)
            })
            .chain(stream::once(async { Ok(None) }));
        self.streams.insert(container.id.clone(), until_gone.boxed());
        if self.containers.iter().all(|known| known.id != container.id) {
            self.awaited.insert(container.id.clone());
            self.containers.push(container);
        }
    }

    fn remove(&mut self, id: &ContainerId) {
        self.containers.retain(|container| container.id != *id);
        self.awaited.remove(id);
        self.streams.remove(id);
    }

    fn measured(&mut self, id: &ContainerId, usage: Option<Usage>) {
        self.awaited.remove(id);
        if let (Some(usage), Some(container)) =
            (usage, self.containers.iter_mut().find(|container| container.id == *id))
        {
            container.usage = Some(usage);
        }
    }
}

/// The measurements of a container.
fn measurements<E: Engine>(
    engine: &E,
    id: &ContainerId,
    measurements: Measurements,
) -> BoxStream<'static, Result<Usage, EngineError>> {
    let (engine, id) = (engine.clone(), id.clone());
    stream::once(async move { engine.usage(id, measurements).await }).try_flatten().boxed()
}
