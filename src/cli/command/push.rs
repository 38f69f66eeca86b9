//! `push`: pushes the images of services that are built.

use std::sync::Arc;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::progress::{self, Origin};
use crate::cli::transfer;
use crate::cli::{Context, Failure};
use crate::operation;
use crate::render::Hidden;

/// Arguments of `push`.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// Succeed even if images cannot be pushed
    #[arg(long)]
    pub(crate) ignore_push_failures: bool,
    /// Also push the images of dependencies
    #[arg(long)]
    pub(crate) include_deps: bool,
    /// Do not show layers
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Services whose images to push [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn push(args: &PushArgs, context: &Context) -> Result<(), Failure> {
    with_engine(
        context,
        || transfer::load(&args.services, args.include_deps, context),
        async |loaded, engine| {
            let project = Arc::new(loaded.project);
            let origin = Origin { project: project.clone(), sources: loaded.sources };
            let mut push = operation::push(project, transfer::failures(args.ignore_push_failures));
            let Some(prepared) = transfer::prepare(&mut push, &engine, &origin, context).await? else { return Ok(()) };
            let hidden = Hidden { layers: args.quiet, ..Hidden::default() };
            progress::carry_out(&push, &engine, &prepared, &origin, hidden, context).await
        },
    )
}
