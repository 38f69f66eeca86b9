//! The project as the fake engine has it.

use super::Fake;
use crate::engine::{EngineError, Observe, ObserveQuery};
use crate::observed::{EngineVersion, Observed};

impl Observe for Fake {
    async fn version(&self) -> Result<EngineVersion, EngineError> {
        Ok(EngineVersion::default())
    }

    async fn observe(&self, query: ObserveQuery) -> Result<Observed, EngineError> {
        Ok(self.state().observe(&query))
    }
}
