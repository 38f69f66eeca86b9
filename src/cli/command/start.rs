//! `start`: starts the containers that are there.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, bring_up, existing, service_names};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan::{self, ProjectSource, StartOptions};

/// Arguments of `start`.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// Return once all services are running, or healthy if they have a healthcheck
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait, services that the engine never restarts (`restart: no`) may end with status 0 as jobs do
    #[arg(long)]
    pub(crate) wait_for_jobs: bool,
    /// Maximum time for --wait; 0 means no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) wait_timeout: i64,
    /// Services to start, with their dependencies [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn start(args: &StartArgs, context: &Context) -> Result<(), Failure> {
    if args.wait_for_jobs && !args.wait {
        return Failure::usage(bring_up::NEEDS_WAIT);
    }
    let wait = args.wait.then(|| bring_up::wait_until_ready(args.wait_timeout, args.wait_for_jobs));
    let options = StartOptions { services: existing::names(&args.services), wait };
    with_engine(
        context,
        || {
            let found = existing::find(&args.services, context)?;
            let ProjectSource::Files(project) = &found.source else { return Ok(found) };
            service_names::refuse_schedules(project, &found.sources)?;
            let has_hooks = project.services.values().any(|service| !service.pre_start.is_empty());
            if has_hooks { existing::find_with_env_files(&args.services, context) } else { Ok(found) }
        },
        async |found, engine| {
            let plan = |source: &_, observed: &_| plan::start(source, observed, &options);
            let mut start = Existing::new("start", found.source, plan);
            existing::carry_out(&mut start, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}
