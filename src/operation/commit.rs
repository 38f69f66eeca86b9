//! `commit`: an image of what a container has changed.

use super::{Interruption, OneContainer, OperationError};
use crate::engine::{CommitSpec, Engine};
use crate::event::{Events, Fact, Task, TaskStatus};

/// Makes an image of a container that runs.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The container, which has to run.
    pub container: OneContainer,
    /// The name of the image, with or without a tag; `None` leaves it unnamed.
    pub image: Option<String>,
    /// Who made it.
    pub author: String,
    /// What it is for.
    pub message: String,
    /// Dockerfile instructions that change what it runs and with what.
    pub changes: Vec<String>,
    /// Whether the container is suspended meanwhile.
    pub pause: bool,
    /// Whether it is only looked at what would be made.
    pub dry_run: bool,
}

impl Commit {
    /// Makes the image.
    ///
    /// # Errors
    ///
    /// If no such container runs, the engine refuses, or the user interrupts.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        events: &Events,
        interruption: &Interruption,
    ) -> Result<(), OperationError> {
        tokio::select! {
            committed = self.commit(engine, events) => committed,
            () = interruption.stop.cancelled() => Err(OperationError::Interrupted),
        }
    }

    async fn commit<E: Engine>(&self, engine: &E, events: &Events) -> Result<(), OperationError> {
        let container = self.container.find_up(engine).await?;
        let fact = |status| Fact::Task { container: container.name.clone(), task: Task::Commit, status };
        events.send(Fact::TasksStarted { operation: "commit" });
        events.send(fact(TaskStatus::Started));
        if self.dry_run {
            events.send(fact(TaskStatus::Done));
            return Ok(());
        }
        let spec = CommitSpec {
            container: container.id.clone(),
            image: self.image.clone(),
            author: self.author.clone(),
            message: self.message.clone(),
            changes: self.changes.clone(),
            pause: self.pause,
        };
        let committed = engine.commit_container(spec).await;
        events.send(fact(match &committed {
            Ok(image) => TaskStatus::Committed(image.clone()),
            Err(_) => TaskStatus::Failed,
        }));
        committed?;
        Ok(())
    }
}
