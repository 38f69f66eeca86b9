//! Observing a project in the fake engine.

use super::Fake;
use crate::engine::{EngineError, Observe, ObserveQuery};
use crate::observed::{EngineVersion, Observed};

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
}
