//! `run`: runs a command in a container of its own.
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use clap::Args;

use crate::cli::bring_up::{self, ConvergeArgs, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::one_off::{self, DefinitionArgs};
use crate::cli::terminal::ProcessTerminal;
use crate::cli::{Context, Failure, interaction, output, progress};
use crate::load::{self, Loaded};
use crate::operation::OperationError;
use crate::operation::run::OneOffContainer;
use crate::plan::{OneOff, OneOffAliases, OneOffEnd};
use crate::project::ServiceName;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct RunArgs {
    /// What the container is.
    #[command(flatten)]
    pub(crate) definition: DefinitionArgs,
    /// Build the image first
    #[arg(long)]
    pub(crate) build: bool,
    /// Print the ID of the container and leave it running
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// Name of the container
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Do not start what the service depends on
    #[arg(long)]
    pub(crate) no_deps: bool,
    /// When to pull images: always, missing, if_not_present, never or build
    #[arg(long, value_name = "POLICY")]
    pub(crate) pull: Option<String>,
    /// Show nothing but the output of the command
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Do not show the build log
    #[arg(long)]
    pub(crate) quiet_build: bool,
    /// Do not show the layers of images while pulling
    #[arg(long)]
    pub(crate) quiet_pull: bool,
    /// Remove containers of services that are not in the files
    #[arg(long)]
    pub(crate) remove_orphans: bool,
    /// Remove the container, with its anonymous volumes, when the command ends
    #[arg(long)]
    pub(crate) rm: bool,
    /// Let the container answer to the network aliases of the service
    #[arg(long)]
    pub(crate) use_aliases: bool,
    /// Service to run the command in
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Command, with its arguments [default: that of the service]
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
}

pub(super) fn run(args: &RunArgs, context: &Context) -> Result<(), Failure> {
    one_off::check(&args.definition)?;
    let context = &if args.quiet { context.clone().quiet() } else { context.clone() };
    let keys = interaction::configured_keys(context)?;
    let status = with_engine(
        context,
        || read(args, context),
        async |(plan_args, loaded), engine| {
            let mut goal = bring_up::prepare(&plan_args, context, loaded, &engine).await?;
            goal.up.name = "run";
            if context.global.dry_run {
                return goal.dry_run(context).await.map(|()| 0);
            }
            progress::carry_out(&goal.up, &engine, &goal.prepared, &goal.origin, goal.hidden, context).await?;
            let failed = |error| goal.origin.failure(error);
            let container = OneOffContainer::find(&goal.prepared.plan, &engine).await.map_err(failed)?;
            if args.detach {
                container.start(&engine).await.map_err(failed)?;
                return output::print(format!("{}\n", container.id())).map(|()| 0);
            }
            let reads = args.definition.interactive.unwrap_or(true);
            let mut terminal = ProcessTerminal::new(context.terminals, reads)?.heeding_docker();
            container.attached(&engine, &mut terminal, &keys).await.map_err(failed)
        },
    )?;
    interaction::ended_with(status)
}

/// Reads the files, and changes the service to what the container is.
fn read(args: &RunArgs, context: &Context) -> Result<(UpPlanArgs, Loaded), Failure> {
    let service = args.service.as_str();
    let mut plan_args = UpPlanArgs {
        converge: ConvergeArgs {
            build: args.build,
            pull: args.pull.clone(),
            quiet_pull: args.quiet_pull,
            remove_orphans: args.remove_orphans,
            ..ConvergeArgs::default()
        },
        no_deps: args.no_deps,
        quiet_build: args.quiet_build,
        services: vec![service.to_owned()],
        ..UpPlanArgs::default()
    };
    // A mount of the command line may be of a volume that only it uses.
    let mut loaded = bring_up::load_to_run(&plan_args, context)?;
    one_off::apply(&args.definition, &args.command, service, &mut loaded.project, context)?;
    if !context.global.all_resources {
        load::drop_unused(&mut loaded.project);
    }
    let tty = loaded.project.services.get(service).is_some_and(|service| service.tty && service.stdin_open);
    if tty && !args.detach && !context.terminals.stdin {
        return Err(Failure::without_files(OperationError::NotATerminal));
    }
    let slug = one_off::slug();
    let separator = loaded.project.separator;
    let name = || format!("{}{separator}{service}{separator}run{separator}{}", loaded.project.name, &slug[..12]);
    plan_args.one_off = Some(OneOff {
        service: ServiceName::from(service),
        name: args.name.clone().unwrap_or_else(name),
        at_end: if args.rm { OneOffEnd::Remove } else { OneOffEnd::Keep },
        aliases: if args.use_aliases { OneOffAliases::Service } else { OneOffAliases::Name },
        slug,
    });
    Ok((plan_args, loaded))
}
