//! `pull`: pulls the images of services.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::progress::{self, Origin};
use crate::cli::transfer;
use crate::cli::{Context, Failure, output};
use crate::event::{PullAlternative, RunFailure, StepError};
use crate::operation::{self, OperationError};
use crate::plan::{PullBuildable, PullOptions};
use crate::project::ServiceName;
use crate::project::value::PullPolicy;
use crate::render::Hidden;

/// Arguments of `pull`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct PullArgs {
    /// Leave images alone that have a `build` section
    #[arg(long)]
    pub(crate) ignore_buildable: bool,
    /// Succeed even if images cannot be pulled
    #[arg(long)]
    pub(crate) ignore_pull_failures: bool,
    /// Also pull the images of dependencies
    #[arg(long)]
    pub(crate) include_deps: bool,
    /// Ignored
    #[arg(long, hide = true)]
    pub(crate) no_parallel: bool,
    /// Ignored
    #[arg(long, hide = true)]
    pub(crate) parallel: bool,
    /// When to pull, instead of each service's `pull_policy`: always or missing
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Do not show layers
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Services whose images to pull [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn pull(args: &PullArgs, context: &Context) -> Result<(), Failure> {
    let policy = args.policy.as_deref().map(policy).transpose()?;
    for (name, _) in [("parallel", args.parallel), ("no-parallel", args.no_parallel)].iter().filter(|(_, on)| *on) {
        output::warn(&format!("option '--{name}' is DEPRECATED and will be ignored."), context)?;
    }
    with_engine(
        context,
        || transfer::load(&args.services, args.include_deps, context),
        async |loaded, engine| {
            let options = PullOptions {
                policy,
                buildable: if args.ignore_buildable { PullBuildable::No } else { PullBuildable::Yes },
                failures: transfer::failures(args.ignore_pull_failures),
                default_platform: transfer::default_platform(&loaded.project),
            };
            let project = Arc::new(loaded.project);
            let origin = Origin { project: project.clone(), sources: loaded.sources };
            let mut pull = operation::pull(project, options);
            let Some(prepared) = transfer::prepare(&mut pull, &engine, &origin, context).await? else { return Ok(()) };
            let hidden = Hidden { layers: args.quiet, ..Hidden::default() };
            let Err(error) = progress::try_carry_out(&pull, &engine, &prepared, &origin, hidden, context).await? else {
                return Ok(());
            };
            let OperationError::Run(failure) = error else { return Err(origin.failure(error)) };
            let to_build = to_build(&failure);
            if !to_build.is_empty() {
                let services: Vec<_> = to_build.iter().map(ServiceName::as_str).collect();
                let program = context.form.program();
                let message = format!(
                    "some images must be built from source by running:\n    {program} build {}",
                    services.join(" ")
                );
                output::warn(&message, context)?;
            }
            let only_these = failure.failures().all(|(_, error)| is_to_build(error)) && !failure.is_interruption();
            if args.ignore_pull_failures && only_these {
                return Ok(());
            }
            Err(origin.failure(OperationError::Run(failure)))
        },
    )
}

/// The services whose images could not be pulled and can be built.
fn to_build(failure: &RunFailure) -> BTreeSet<ServiceName> {
    let failed = failure.failures().filter(|(_, error)| is_to_build(error));
    failed.flat_map(|(id, _)| failure.plan().step(id).action.built_by().to_vec()).collect()
}

fn is_to_build(error: &StepError) -> bool {
    matches!(error, StepError::Pull { alternative: Some(PullAlternative::Build), .. })
}

fn policy(word: &str) -> Result<PullPolicy, Failure> {
    let policy = PullPolicy::from(word);
    if policy.is_known() { Ok(policy) } else { Failure::usage(&format!("invalid pull_policy \"{word}\"")) }
}
