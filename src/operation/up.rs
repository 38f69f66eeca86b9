//! `up` and `create`: create, change and start what the files define.

use std::borrow::Cow;
use std::sync::Arc;

use super::converge::{Change, Known};
use super::{Ask, OperationError, Question, observe};
use crate::engine::Engine;
use crate::observed::Observed;
use crate::plan::{self, Plan, PlanError, UpOptions};
use crate::project::{Project, ServiceName};

/// Brings a project up.
#[derive(Debug, Clone)]
pub struct Up {
    /// The word of the command line: `up`, `create`, `scale`.
    pub name: &'static str,
    /// The project.
    pub project: Arc<Project>,
    /// The options.
    pub options: UpOptions,
}

impl Up {
    /// Brings `project` up as `options` say.
    #[must_use]
    pub fn new(project: Arc<Project>, options: UpOptions) -> Self {
        Self { name: "up", project, options }
    }
}

impl Change for Up {
    fn name(&self) -> &'static str {
        self.name
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        observe::for_up(engine, &self.project, &self.options).await
    }

    /// Volumes whose definition changed lose their data only if the user agrees.
    async fn ask<E: Engine>(
        &mut self,
        engine: &E,
        observed: &mut Observed,
        ask: &impl Ask,
    ) -> Result<(), OperationError> {
        let mut agreed = Vec::new();
        for (key, volume) in plan::changed_volumes(&self.project, observed) {
            if ask.confirm(&Question::RecreateVolume { volume: volume.name.clone() })? {
                agreed.push(key.clone());
            }
        }
        self.options.recreate_volumes.extend(agreed);
        Ok(observe::recreated_volumes(engine, &self.project, &self.options, observed).await?)
    }

    fn plan(&self, observed: &Observed, known: &Known) -> Result<Plan, PlanError> {
        let options = if known.is_empty() {
            Cow::Borrowed(&self.options)
        } else {
            let Known { made, base_images } = known.clone();
            Cow::Owned(UpOptions { newer: made, base_images, ..self.options.clone() })
        };
        plan::up(&self.project, observed, &options)
    }

    fn reports_untouched(&self, service: &ServiceName) -> bool {
        self.options.one_off.as_ref().is_none_or(|one_off| one_off.service != *service)
    }
}
