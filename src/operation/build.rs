//! `build`: builds the images of services.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::OperationError;
use super::converge::Change;
use crate::engine::Engine;
use crate::observed::{ContainerId, Observed};
use crate::plan::{self, BuildOptions, Plan, PlanError};
use crate::project::Project;

/// Builds the images of a project.
#[derive(Debug, Clone)]
pub struct Build {
    project: Arc<Project>,
    options: BuildOptions,
}

impl Build {
    /// Builds the images of `project`, which [`plan::project_to_build`] made, as `options` say.
    #[must_use]
    pub fn new(project: Arc<Project>, options: BuildOptions) -> Self {
        Self { project, options }
    }
}

impl Change for Build {
    fn name(&self) -> &'static str {
        "build"
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    /// Nothing: whatever the engine has, all of it is built.
    async fn observe<E: Engine>(&self, _engine: &E) -> Result<Observed, OperationError> {
        Ok(Observed::default())
    }

    fn plan(&self, _observed: &Observed, _made: &BTreeSet<ContainerId>) -> Result<Plan, PlanError> {
        plan::build(&self.project, &self.options)
    }
}
