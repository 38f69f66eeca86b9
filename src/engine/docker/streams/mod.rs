//! Streams from the engine: events, output, commands in containers.

mod connection;
mod events;
mod exec;
mod logs;
mod output;
mod usage;

use futures::stream::BoxStream;

use super::Docker;
use crate::engine::{
    AttachSpec, Connection, ContainerEvent, EngineError, EventQuery, ExecDetails, ExecId, ExecProgress, ExecSpec,
    Execs, LogChunk, LogQuery, Measurements, Streams, WindowSize,
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

    async fn connect(&self, id: ContainerId, spec: AttachSpec) -> Result<Connection, EngineError> {
        connection::connect(&self.client, &id, &spec).await
    }

    async fn exec(
        &self,
        id: ContainerId,
        spec: ExecSpec,
    ) -> Result<BoxStream<'static, Result<ExecProgress, EngineError>>, EngineError> {
        exec::exec(&self.client, &id, spec).await
    }
}

impl Execs for Docker {
    async fn create_exec(&self, id: ContainerId, spec: ExecSpec) -> Result<ExecId, EngineError> {
        exec::create(&self.client, &id, spec).await
    }

    async fn start_exec(&self, exec: ExecId, spec: ExecSpec) -> Result<Connection, EngineError> {
        exec::start(&self.client, &exec, &spec).await
    }

    async fn start_exec_detached(&self, exec: ExecId, spec: ExecSpec) -> Result<(), EngineError> {
        exec::start_detached(&self.client, &exec, &spec).await
    }

    async fn resize_exec(&self, exec: ExecId, size: WindowSize) -> Result<(), EngineError> {
        exec::resize(&self.client, &exec, size).await
    }

    async fn inspect_exec(&self, exec: ExecId) -> Result<ExecDetails, EngineError> {
        exec::inspect(&self.client, &exec).await
    }
}
