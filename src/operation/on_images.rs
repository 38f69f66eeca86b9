//! `build`, `pull` and `push`: commands on the images of a project, without any container.

use std::sync::Arc;

use super::OperationError;
use super::converge::{Change, Known};
use crate::engine::{Engine, ObserveQuery, Scope};
use crate::observed::Observed;
use crate::plan::{self, BuildOptions, Plan, PlanError, PullOptions, TransferFailures};
use crate::project::Project;

/// A command that a plan function of the project and its images is enough for.
#[derive(Debug, Clone)]
pub struct OnImages<P> {
    name: &'static str,
    project: Arc<Project>,
    /// The images to look up in the engine, each with its platform.
    images: Vec<(String, Option<String>)>,
    plan: P,
}

/// Builds the images of `project`, which [`plan::project_to_build`] made, as `options` say. Whatever the engine has, all
/// of it is built.
#[must_use]
pub fn build(project: Arc<Project>, options: BuildOptions) -> impl Change {
    let plan = move |project: &Arc<Project>, _: &Observed, known: &Known| {
        let base_images = known.base_images.clone();
        plan::build(project, &BuildOptions { base_images, ..options.clone() })
    };
    OnImages { name: "build", project, images: Vec::new(), plan }
}

/// Pulls the images of `project`.
#[must_use]
pub fn pull(project: Arc<Project>, options: PullOptions) -> impl Change {
    let images = plan::images_to_look_up(&project, &options);
    let plan =
        move |project: &Arc<Project>, observed: &Observed, _: &Known| Ok(plan::pull(project, observed, &options));
    OnImages { name: "pull", project, images, plan }
}

/// Pushes the images of `project`; `failures` says what failed pushes mean.
#[must_use]
pub fn push(project: Arc<Project>, failures: TransferFailures) -> impl Change {
    let plan = move |project: &Arc<Project>, _: &Observed, _: &Known| Ok(plan::push(project, failures));
    OnImages { name: "push", project, images: Vec::new(), plan }
}

impl<P: Fn(&Arc<Project>, &Observed, &Known) -> Result<Plan, PlanError> + Sync> Change for OnImages<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn project(&self) -> &Arc<Project> {
        &self.project
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        if self.images.is_empty() {
            return Ok(Observed::default());
        }
        let (project, images) = (self.project.name.to_string(), self.images.clone());
        Ok(engine.observe(ObserveQuery { project, scope: Scope::Images, images, ..ObserveQuery::default() }).await?)
    }

    fn plan(&self, observed: &Observed, known: &Known) -> Result<Plan, PlanError> {
        (self.plan)(&self.project, observed, known)
    }
}
