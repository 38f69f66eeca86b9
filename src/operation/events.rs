//! `events`: what happens to the containers of a project.

use futures::StreamExt;

use super::{Interruption, OperationError};
use crate::engine::{Engine, EventQuery};
use crate::observed::EngineEvent;
use crate::project::{ProjectName, ServiceName};

/// Reports what happens to the containers of a project, except those of `run`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchEvents {
    /// The project.
    pub project: ProjectName,
    /// The services of the containers; all if empty.
    pub services: Vec<ServiceName>,
    /// The period.
    pub period: EventQuery,
}

impl WatchEvents {
    /// Passes each event to `tell`, until the period ends or `tell` fails.
    ///
    /// # Errors
    ///
    /// If the connection to the engine is lost, the user interrupts, or `tell` fails.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        interruption: &Interruption,
        mut tell: impl FnMut(&EngineEvent) -> std::io::Result<()>,
    ) -> Result<(), OperationError> {
        let stopped = interruption.stop.cancelled();
        tokio::pin!(stopped);
        let mut events = tokio::select! {
            events = engine.events(self.project.to_string(), self.period) => events?,
            () = &mut stopped => return Err(OperationError::Interrupted),
        };
        loop {
            let event = tokio::select! {
                event = events.next() => event.transpose()?,
                () = &mut stopped => return Err(OperationError::Interrupted),
            };
            match event {
                None => return Ok(()),
                Some(event) if self.is_about(&event) => tell(&event).map_err(OperationError::Output)?,
                Some(_) => {}
            }
        }
    }

    fn is_about(&self, event: &EngineEvent) -> bool {
        let is_selected = || event.service().is_some_and(|service| self.services.contains(&service));
        !event.is_of_one_off() && (self.services.is_empty() || is_selected())
    }
}
