//! What builds are made from is looked up when a plan has several, and only then.

use std::path::Path;
use std::sync::{Arc, Mutex};

use hoist::engine::Engine;
use hoist::engine::fake::Fake;
use hoist::observed::Observed;
use hoist::operation::{self, Ask, Change, Known, OperationError, Up};
use hoist::plan::{BuildImages, BuildOptions, Plan, PlanError, UpOptions};
use hoist::project::{Build, Project};
use indoc::indoc;

use super::{demo, engine, prepared, run, up};

/// A change that notes what is known each time it plans.
struct Noting<C> {
    change: C,
    /// How many builds had known base images.
    known: Mutex<Vec<usize>>,
}

impl<C: Change> Change for Noting<C> {
    fn name(&self) -> &'static str {
        self.change.name()
    }

    fn project(&self) -> &Arc<Project> {
        self.change.project()
    }

    async fn observe<E: Engine>(&self, engine: &E) -> Result<Observed, OperationError> {
        self.change.observe(engine).await
    }

    async fn ask<E: Engine>(&mut self, engine: &E, seen: &mut Observed, ask: &impl Ask) -> Result<(), OperationError> {
        self.change.ask(engine, seen, ask).await
    }

    fn plan(&self, observed: &Observed, known: &Known) -> Result<Plan, PlanError> {
        self.known.lock().expect("nobody panicked").push(known.base_images.len());
        self.change.plan(observed, known)
    }
}

/// The plan of a change, and what was known each time it was made.
async fn planned(change: impl Change, engine: &Fake) -> (String, Vec<usize>) {
    let mut noting = Noting { change, known: Mutex::default() };
    let plan = prepared(&mut noting, engine).await.plan.to_string();
    (plan, noting.known.into_inner().expect("nobody panicked"))
}

/// `db` and `web` are built; `db` from the image of `web`.
fn built(folder: &Path) -> Project {
    let mut project = Project { working_directory: folder.to_path_buf(), ..demo() };
    for (name, text) in [("db", "FROM web\n"), ("web", "FROM busybox\n")] {
        std::fs::write(folder.join(name), text).expect("a file");
        let service = project.services.get_mut(name).expect("it is there");
        service.build = Some(Build { dockerfile: Some(name.to_owned()), ..Build::default() });
    }
    project
}

#[tokio::test(start_paused = true)]
async fn an_up_that_builds_nothing_reads_no_dockerfile() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine();
    assert_eq!(planned(up(built(folder.path())), &engine).await.1, [0], "the images are there");
    run(up(built(folder.path())), &engine).await.ok();
    assert_eq!(planned(up(built(folder.path())), &engine).await, (String::new(), vec![0]));
}

#[tokio::test(start_paused = true)]
async fn several_builds_are_ordered_by_what_they_are_made_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let project = built(folder.path());
    let options = UpOptions { build: BuildImages::Always, ..UpOptions::default() };
    let (plan, known) = planned(Up::new(Arc::new(project.clone()), options), &Fake::new()).await;
    assert!(plan.starts_with("#1 build image db: build requested, after #2\n#2 build image web:"), "{plan}");
    assert_eq!(known, [0, 2]);

    let (plan, known) = planned(operation::build(Arc::new(project), BuildOptions::default()), &Fake::new()).await;
    assert_eq!(
        plan,
        indoc! {"
            #1 build image db: build requested, after #2
            #2 build image web: build requested
        "}
    );
    assert_eq!(known, [0, 2]);
}
