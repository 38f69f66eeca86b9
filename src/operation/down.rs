//! `down`: stops and removes what a project has in the engine, even without its files.

use std::sync::Arc;

use super::converge::{Change, Known};
use super::{OperationError, observe};
use crate::engine::{Engine, ObserveQuery};
use crate::observed::Observed;
use crate::plan::{self, DownImages, DownOptions, Orphans, Plan, PlanError, ProjectSource};
use crate::project::Project;

/// Takes a project down.
#[derive(Debug, Clone)]
pub struct Down {
    target: ProjectSource,
    options: DownOptions,
    project: Arc<Project>,
}

impl Down {
    /// Takes `target` down, with the containers of jobs unless services are named.
    #[must_use]
    pub fn new(target: ProjectSource, options: DownOptions) -> Self {
        let target = match &target {
            ProjectSource::Files(project) if options.services.is_empty() && project.has_jobs() => {
                ProjectSource::Files(Arc::new(Project::clone(project).with_jobs_as_services()))
            }
            ProjectSource::Files(_) | ProjectSource::Labels(_) => target,
        };
        Self { project: target.known(), target, options }
    }

    fn query(&self, project: &Project) -> ObserveQuery {
        let references = plan::removable_images(project, self.options.images);
        let images = references.into_iter().map(|reference| (reference, None)).collect();
        ObserveQuery { images, ..ObserveQuery::of_project(project.name.as_str()) }
    }
}

impl Change for Down {
    fn name(&self) -> &'static str {
        "down"
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        let mut observed = engine.observe(self.query(&self.project)).await?;
        if let ProjectSource::Labels(name) = &self.target
            && self.options.images != DownImages::Keep
        {
            // Only now are the services, and so the images, known.
            let project = plan::project_from_labels(name, &observed);
            observed = engine.observe(self.query(&project)).await?;
        }
        if self.options.images != DownImages::Keep {
            observed.nameless_images = engine.nameless_images(self.project.name.to_string()).await?;
        }
        if self.options.orphans == Orphans::Remove {
            observed.auto_removed = observe::auto_removed(engine, &self.project, &observed).await?;
        }
        Ok(observed)
    }

    fn plan(&self, observed: &Observed, _known: &Known) -> Result<Plan, PlanError> {
        Ok(plan::down(&self.target, observed, &self.options))
    }
}
