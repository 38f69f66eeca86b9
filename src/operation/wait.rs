//! `wait`: until containers have ended, and how they did.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use super::{Interruption, OperationError};
use crate::engine::{ContainerEventKind, Engine, EngineError, ObserveQuery};
use crate::observed::{Container, ContainerId};
use crate::project::{ProjectName, ServiceName};

/// How often the containers are looked at while the engine tells nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a lost connection is left alone before it is made again.
const RECONNECT: Duration = Duration::from_millis(200);

/// Waits for the containers of services to end, one-offs among them.
#[derive(Debug, Clone, Default)]
pub struct Wait {
    /// The project.
    pub project: ProjectName,
    /// The services.
    pub services: Vec<ServiceName>,
}

/// A container that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub id: ContainerId,
    /// Its exit status; 0 for one that never ran.
    pub exit_code: i64,
}

impl Wait {
    /// Tells `ended` of each container as it ends, those that have ended already first; gives back the status of the last
    /// one that failed, else 0.
    ///
    /// # Errors
    ///
    /// If there is no container, the engine does not answer, or the user interrupted the wait.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        interruption: &Interruption,
        ended: impl FnMut(&Ended),
    ) -> Result<i64, OperationError> {
        tokio::select! {
            status = self.until_all_ended(engine, ended) => status,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    async fn until_all_ended<E: Engine>(
        &self,
        engine: &E,
        mut ended: impl FnMut(&Ended),
    ) -> Result<i64, OperationError> {
        // Nothing that happens after this is missed.
        let mut events = engine.container_events(self.project.to_string()).await?;
        let containers = engine.observe(ObserveQuery::containers_of(self.project.as_str())).await?.containers;
        let mut status = 0;
        let mut tell = |end: Ended| {
            ended(&end);
            if end.exit_code != 0 {
                status = end.exit_code;
            }
        };
        let mut waited: BTreeSet<ContainerId> = BTreeSet::new();
        let mut chosen: Vec<_> = containers.into_iter().filter(|container| self.waits_for(container)).collect();
        if chosen.is_empty() {
            return Err(OperationError::NoContainers { project: self.project.clone() });
        }
        chosen.sort_by(|one, other| one.name.cmp(&other.name));
        for container in chosen {
            if container.is_up() {
                waited.insert(container.id);
            } else {
                tell(Ended { exit_code: container.exit_code.unwrap_or(0), id: container.id });
            }
        }
        while !waited.is_empty() {
            let look_at = Instant::now() + LOOK_AGAIN;
            tokio::select! {
                event = events.next() => {
                    if let Some(Ok(event)) = event {
                        if let ContainerEventKind::Die(exit_code) = event.kind
                            && waited.remove(&event.id)
                        {
                            tell(Ended { id: event.id, exit_code });
                        }
                        continue;
                    }
                    tokio::time::sleep(RECONNECT).await;
                    events = engine.container_events(self.project.to_string()).await?;
                }
                () = tokio::time::sleep_until(look_at) => {}
            }
            for id in waited.clone() {
                if let Some(exit_code) = look(engine, &id).await? {
                    waited.remove(&id);
                    tell(Ended { id, exit_code });
                }
            }
        }
        Ok(status)
    }

    fn waits_for(&self, container: &Container) -> bool {
        let named = container.service.as_ref().is_some_and(|service| self.services.contains(service));
        named && !container.hook && container.config_hash.is_some()
    }
}

/// How a container ended; `None` while it is up. One that is gone ended somehow.
async fn look<E: Engine>(engine: &E, id: &ContainerId) -> Result<Option<i64>, OperationError> {
    match engine.inspect_container(id.clone()).await {
        Ok(details) if details.state.is_up() => Ok(None),
        Ok(details) => Ok(Some(details.exit_code.unwrap_or(0))),
        Err(EngineError::NotFound(_)) => Ok(Some(0)),
        Err(error) => Err(error.into()),
    }
}
