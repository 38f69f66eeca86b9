//! `pull` and `push`: images to and from registries, without any container.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::OperationError;
use super::converge::Change;
use crate::engine::{Engine, ObserveQuery, Scope};
use crate::observed::{ContainerId, Observed};
use crate::plan::{self, Plan, PlanError, PullOptions, TransferFailures};
use crate::project::{Project, ServiceName};

/// Pulls the images of a project.
#[derive(Debug, Clone)]
pub struct Pull {
    /// The project.
    pub project: Arc<Project>,
    /// The options.
    pub options: PullOptions,
}

impl Change for Pull {
    fn name(&self) -> &'static str {
        "pull"
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        let images = plan::images_to_look_up(&self.project, &self.options);
        if images.is_empty() {
            return Ok(Observed::default());
        }
        let project = self.project.name.to_string();
        Ok(engine.observe(ObserveQuery { project, scope: Scope::Images, images, ..ObserveQuery::default() }).await?)
    }

    fn plan(&self, observed: &Observed, _made: &BTreeSet<ContainerId>) -> Result<Plan, PlanError> {
        Ok(plan::pull(&self.project, observed, &self.options))
    }

    fn reports_untouched(&self, _service: &ServiceName) -> bool {
        false
    }
}

/// Pushes the images of a project.
#[derive(Debug, Clone)]
pub struct Push {
    /// The project.
    pub project: Arc<Project>,
    /// What failed pushes mean.
    pub failures: TransferFailures,
}

impl Change for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, _engine: &E) -> Result<Observed, OperationError> {
        Ok(Observed::default())
    }

    fn plan(&self, _observed: &Observed, _made: &BTreeSet<ContainerId>) -> Result<Plan, PlanError> {
        Ok(plan::push(&self.project, self.failures))
    }

    fn reports_untouched(&self, _service: &ServiceName) -> bool {
        false
    }
}
