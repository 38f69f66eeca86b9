//! Brings the project of the current folder up, as `hoist up -d` does: the library in one page.
//!
//! `cargo run --example up` in a folder with a Compose file.

use std::sync::Arc;

use hoist::diagnostic::render::Style;
use hoist::engine::docker::{ConnectSettings, Docker};
use hoist::event::Events;
use hoist::load::{self, LoadOptions};
use hoist::operation::ask::Always;
use hoist::operation::{self, Detail, Interruption, OperationError, RunSettings, Up};
use hoist::plan::UpOptions;
use hoist::render::failure::Files;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut options = LoadOptions::new(std::env::current_dir()?);
    options.environment = std::env::vars().collect();
    let loaded = load::load(&options).map_err(|failure| {
        let problems: Vec<_> = failure.errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the files cannot be used:\n{}", problems.join("\n"))
    })?;

    let engine = Docker::connect(ConnectSettings::from_environment(|name| options.environment.get(name).cloned()))?;
    let contents = load::contents(&loaded.project);
    let project = Arc::new(loaded.project);
    let mut up = Up::new(project.clone(), UpOptions { contents, ..UpOptions::default() });
    // Volumes whose definition changed are kept: nobody is here to agree to losing their data.
    let prepared = operation::prepare(&mut up, &engine, &Always::No, Detail::Full).await?;
    print!("{}", prepared.plan);

    // Whoever wants to see progress keeps the receiver; here it is dropped.
    let (events, _) = Events::channel();
    let (interruption, settings) = (Interruption::default(), RunSettings::default());
    match operation::converge(&up, &engine, &prepared, &events, &interruption, settings).await {
        // What failed is data; in words it is each cause, with the line of the files that asks for it.
        Err(OperationError::Run(failure)) => {
            let files = Files { project: &project, sources: &loaded.sources, style: &Style::default() };
            anyhow::bail!("{}", files.run_failure(&failure))
        }
        done => Ok(done?),
    }
}
