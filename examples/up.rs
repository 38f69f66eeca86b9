//! Brings the project of the current folder up: the library in one page.
//!
//! `cargo run --example up` in a folder with a Compose file.

use std::sync::Arc;

use hoist::engine::docker::{ConnectSettings, Docker};
use hoist::engine::{Engine, ObserveQuery};
use hoist::event::Events;
use hoist::execute::{self, ExecuteSettings};
use hoist::load::{self, LoadOptions};
use hoist::plan::{self, UpOptions};
use tokio_util::sync::CancellationToken;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut options = LoadOptions::new(std::env::current_dir()?);
    options.environment = std::env::vars().collect();
    let loaded = load::load(&options).map_err(|failure| {
        let problems: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the files cannot be used:\n{}", problems.join("\n"))
    })?;

    let project = Arc::new(loaded.project);
    let engine = Docker::connect(ConnectSettings::from_environment(|name| options.environment.get(name).cloned()))?;
    let up = UpOptions::default();
    let mut observed = engine.observe(ObserveQuery::for_up(&project, &up)).await?;
    observed.models = execute::model::look(&project).await?;
    let plan = Arc::new(plan::up(&project, &observed, &up)?);
    print!("{plan}");

    // Whoever wants to see progress keeps the receiver; here it is dropped.
    let (events, _) = Events::channel();
    let settings = ExecuteSettings { project: project.name.to_string(), ..ExecuteSettings::default() };
    let outcome = execute::execute(&plan, &engine, &events, &CancellationToken::new(), &settings).await;
    outcome.into_result(&plan)?;
    Ok(())
}
