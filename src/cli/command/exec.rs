//! `exec`: runs a command in a running container.

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::output::Target;
use crate::cli::terminal::ProcessTerminal;
use crate::cli::{Context, Failure, interaction, output};
use crate::engine::ExecSpec;
use crate::load::early_variable;
use crate::operation::{Exec, OneContainer};
use crate::project::ServiceName;

/// Arguments of `exec`.
#[derive(Debug, Args)]
#[command(
    after_help = "In a loop that reads its own input, use -i=false: otherwise the command gets the input of the loop."
)]
pub(crate) struct ExecArgs {
    /// Run the command in the background
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// Set a variable: NAME=VALUE, or NAME for its value here; may be repeated
    #[arg(short, long, value_name = "VARIABLE")]
    pub(crate) env: Vec<String>,
    /// Number of the replica to run in; 0 means the first
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) index: u32,
    /// Pass standard input to the command
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", value_parser = interaction::switch, action = clap::ArgAction::Set)]
    pub(crate) interactive: bool,
    /// Do not allocate a terminal [default: unless standard input and output are terminals]
    #[arg(short = 'T', long, alias = "no-TTY", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = interaction::switch)]
    pub(crate) no_tty: Option<bool>,
    /// Give the command all privileges
    #[arg(long)]
    pub(crate) privileged: bool,
    /// Allocate a terminal
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = interaction::switch, hide = true)]
    pub(crate) tty: Option<bool>,
    /// User that runs the command
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Working directory of the command
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) workdir: Option<String>,
    /// Service to run the command in
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Command, with its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
}

pub(super) fn exec(args: &ExecArgs, context: &Context) -> Result<(), Failure> {
    if context.global.dry_run {
        return Failure::usage("interactive exec is not supported in dry-run mode");
    }
    output::check_name(context)?;
    let keys = interaction::configured_keys(context)?;
    let load = || output::named(context);
    let status = with_engine(context, load, async |target, engine| {
        let container = OneContainer {
            project: target.name().clone(),
            service: ServiceName::from(args.service.as_str()),
            number: (args.index > 0).then_some(args.index),
        };
        let exec = Exec { container, spec: spec(args, &target, context), keys };
        if args.detach {
            return exec.start(&engine).await.map(|()| 0).map_err(Failure::without_files);
        }
        let mut terminal = ProcessTerminal::new(context.terminals, exec.spec.stdin)?;
        exec.run(&engine, &mut terminal).await.map_err(Failure::without_files)
    })?;
    interaction::ended_with(status)
}

fn spec(args: &ExecArgs, target: &Target, context: &Context) -> ExecSpec {
    let here = context.terminals;
    let wanted = args.no_tty.map_or(here.stdout && (here.stdin || !args.interactive), |no_tty| !no_tty);
    ExecSpec {
        command: args.command.clone(),
        user: args.user.clone(),
        privileged: args.privileged,
        working_dir: args.workdir.clone(),
        environment: args.env.iter().filter_map(|variable| with_value(variable, target, context)).collect(),
        stdin: args.interactive && !args.detach,
        terminal: wanted,
        ..ExecSpec::default()
    }
}

/// A variable with its value; one that is named only gets that of the project's environment, and is left out if it has
/// none there.
fn with_value(variable: &str, target: &Target, context: &Context) -> Option<String> {
    if variable.contains('=') {
        return Some(variable.to_owned());
    }
    let value = match target.project() {
        Some(project) => project.environment.get(variable).cloned(),
        None => early_variable(&context.load_options(&[]), variable),
    };
    Some(format!("{variable}={}", value?))
}
