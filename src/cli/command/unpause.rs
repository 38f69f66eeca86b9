//! `unpause`: lets paused containers go on.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing};
use crate::operation::Existing;
use crate::operation::ask::Always;
use crate::plan;

/// Arguments of `unpause`.
#[derive(Debug, Args)]
pub(crate) struct UnpauseArgs {
    /// Services to unpause [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn unpause(args: &UnpauseArgs, context: &Context) -> Result<(), Failure> {
    let services = existing::names(&args.services);
    with_engine(
        context,
        || existing::find(&args.services, context),
        async |found, engine| {
            let plan = |source: &_, observed: &_| Ok(plan::unpause(source, observed, &services));
            let mut unpause = Existing::new("unpause", found.source, plan);
            existing::carry_out(&mut unpause, found.sources, &Always::No, &engine, context).await.map(|_| ())
        },
    )
}
