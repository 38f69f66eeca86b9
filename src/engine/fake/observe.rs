//! Observing a project in the fake engine.

use super::Fake;
use crate::engine::{ContainerStates, EngineError, Observe, ObserveQuery};
use crate::observed::{Container, EngineVersion, Observed};

impl Observe for Fake {
    async fn version(&self) -> Result<EngineVersion, EngineError> {
        Ok(EngineVersion::default())
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn observe(&self, query: ObserveQuery) -> Result<Observed, EngineError> {
        let (observed, delay) = {
            let mut state = self.state();
            (state.observe(&query)?, state.delays.get("observe").copied())
        };
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        Ok(observed)
    }

    async fn containers_of_all_projects(&self, states: ContainerStates) -> Result<Vec<Container>, EngineError> {
        let mut state = self.state();
        state.take_failure("observe")?;
        let mut containers = state.all_containers();
        containers.retain(|container| states == ContainerStates::All || container.is_up());
        Ok(containers)
    }
}
