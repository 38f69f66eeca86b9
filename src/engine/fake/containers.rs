//! Containers of the fake engine.

use std::sync::Arc;
use std::time::Duration;

use super::Fake;
use crate::engine::waiting::until as until_moment;
use crate::engine::{
    ContainerDetails, ContainerEnd, Containers, CreateContainer, CreatedContainer, EngineError, HookContainer,
    PortHolder, WaitFor, WindowSize,
};
use crate::observed::{ContainerId, Processes, State};
use crate::plan::{AnonymousVolumes, ContainerSpec};
use crate::project::label;

impl Containers for Fake {
    async fn create_container(&self, request: CreateContainer) -> Result<CreatedContainer, EngineError> {
        self.call(format!("create {}", request.name)).await?;
        let id = self.change(|state| state.create(request))?;
        Ok(CreatedContainer { id, left_out: Vec::new(), warnings: Vec::new() })
    }

    async fn create_hook_container(&self, request: HookContainer) -> Result<CreatedContainer, EngineError> {
        let (project, service) = (&request.spec.project.name, &request.spec.replica.service);
        self.call(format!("create {}", request.name)).await?;
        let id = self.state().add(project.as_str(), &request.name, service.as_str(), 0);
        self.label(&id, label::HOOK, "pre_start");
        Ok(CreatedContainer { id, left_out: Vec::new(), warnings: Vec::new() })
    }

    async fn inject_files(&self, id: ContainerId, _spec: Arc<ContainerSpec>) -> Result<(), EngineError> {
        self.call_on("inject", &id).await
    }

    async fn start_container(&self, id: ContainerId) -> Result<(), EngineError> {
        self.call_on("start", &id).await?;
        self.change(|state| {
            // It may have been removed meanwhile.
            state.name_of(&id)?;
            state.start(&id);
            Ok(())
        })
    }

    async fn stop_container(&self, id: ContainerId, _timeout: Option<Duration>) -> Result<(), EngineError> {
        self.call_on("stop", &id).await?;
        self.change(|state| {
            state.end_process(&id, 143);
            Ok(())
        })
    }

    async fn kill_container(&self, id: ContainerId, _signal: String) -> Result<(), EngineError> {
        self.call_on("kill", &id).await?;
        self.change(|state| {
            state.end_process(&id, 137);
            Ok(())
        })
    }

    async fn restart_container(&self, id: ContainerId, _timeout: Option<Duration>) -> Result<(), EngineError> {
        self.call_on("restart", &id).await?;
        self.change(|state| {
            state.name_of(&id)?;
            state.end_process(&id, 143);
            state.start(&id);
            Ok(())
        })
    }

    async fn pause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        self.call_on("pause", &id).await?;
        self.change(|state| {
            state.pause(&id);
            Ok(())
        })
    }

    async fn unpause_container(&self, id: ContainerId) -> Result<(), EngineError> {
        self.call_on("unpause", &id).await?;
        self.change(|state| {
            state.unpause(&id);
            Ok(())
        })
    }

    async fn remove_container(&self, id: ContainerId, _volumes: AnonymousVolumes) -> Result<(), EngineError> {
        self.call_on("remove", &id).await?;
        self.change(|state| {
            state.remove(&id);
            Ok(())
        })
    }

    async fn rename_container(&self, id: ContainerId, name: String) -> Result<(), EngineError> {
        self.call_on(&format!("rename {name}"), &id).await?;
        self.change(|state| state.rename(&id, name))
    }

    async fn processes(&self, id: ContainerId) -> Result<Processes, EngineError> {
        let mut state = self.state();
        let name = state.name_of(&id)?;
        state.take_failure(&format!("processes {name}"))?;
        let is_running = state.containers.get(&id).is_some_and(|container| container.state == State::Running);
        if !is_running {
            return Err(EngineError::Conflict(format!("container {name} is not running")));
        }
        Ok(state.processes.get(&name).cloned().unwrap_or_default())
    }

    async fn resize_container(&self, id: ContainerId, size: WindowSize) -> Result<(), EngineError> {
        let mut state = self.state();
        state.name_of(&id)?;
        state.sizes.push(size);
        Ok(())
    }

    async fn wait_container(&self, id: ContainerId, until: WaitFor) -> Result<ContainerEnd, EngineError> {
        let deaths = self.state().deaths_of(&id)?;
        let engine = self.clone();
        Ok(Box::pin(async move {
            loop {
                let changed = engine.0.changed.notified();
                let wake = {
                    let state = engine.state();
                    match (until, state.end_of(&id, deaths)) {
                        (WaitFor::NextExit, Some(status)) => return Ok(status),
                        (WaitFor::Removed, None) if state.name_of(&id).is_err() => return Ok(0),
                        (WaitFor::NextExit | WaitFor::Removed, _) => state.next_at(),
                    }
                };
                tokio::select! {
                    () = changed => {}
                    () = until_moment(wake) => {}
                }
            }
        }))
    }

    async fn inspect_container(&self, id: ContainerId) -> Result<ContainerDetails, EngineError> {
        self.state().inspect(&id)
    }

    async fn port_holder(&self, port: u16, _protocol: String) -> Result<Option<PortHolder>, EngineError> {
        Ok(self.state().ports.get(&port).cloned())
    }
}
