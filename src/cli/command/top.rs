//! `top`: the processes in running containers.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, output};
use crate::operation::Top;
use crate::render::top;

/// Arguments of `top`.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Services whose processes to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn top(args: &TopArgs, context: &Context) -> Result<(), Failure> {
    let load = || Ok(output::named(context)?.name().clone());
    let containers = with_engine(context, load, async |project, engine| {
        let top = Top { project, services: existing::names(&args.services) };
        top.list(&engine).await.map_err(Failure::without_files)
    })?;
    let mut out = Vec::new();
    top::write(&containers, &mut out)?;
    output::print(out)
}
