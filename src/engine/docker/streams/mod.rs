//! Streams from the engine: events, output, commands in containers.

mod events;
mod exec;
mod logs;
mod usage;

use futures::stream::BoxStream;

use super::Docker;
use crate::engine::{
    ContainerEvent, EngineError, EventQuery, ExecProgress, ExecSpec, LogChunk, LogQuery, Measurements, Streams,
};
use crate::observed::{ContainerId, EngineEvent, Usage};

impl Streams for Docker {
    async fn container_events(
        &self,
        project: String,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        events::container_events(&self.client, &project).await
    }

    async fn events(
        &self,
        project: String,
        query: EventQuery,
    ) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        events::all(&self.client, &project, query).await
    }

    async fn usage(
        &self,
        id: ContainerId,
        measurements: Measurements,
    ) -> Result<BoxStream<'static, Result<Usage, EngineError>>, EngineError> {
        usage::usage(&self.client, &id, measurements).await
    }

    async fn logs(
        &self,
        id: ContainerId,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        logs::logs(&self.client, &id, &query).await
    }

    async fn attach(
        &self,
        id: ContainerId,
        terminal: bool,
    ) -> Result<BoxStream<'static, Result<LogChunk, EngineError>>, EngineError> {
        logs::attach(&self.client, &id, terminal).await
    }

    async fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
        exec::exec(&self.client, &id, spec).await
    }
}
