//! One file a command; each reads like a recipe.

mod completion;
mod config;
mod converge;
mod create;
mod down;
mod help;
mod logs;
mod plan;
mod ps;
mod run;
mod up;
mod version;

use super::args::{Cli, Command, Lazy};
use super::{Context, Failure, settings};

/// Runs the command.
pub(super) fn dispatch(cli: Cli, context: &Context) -> Result<(), Failure> {
    if cli.global.version {
        return version::print();
    }
    let looks_around =
        |command: &Command| !matches!(command, Command::Completion(_) | Command::Help(_) | Command::Version(_));
    if cli.command.as_ref().is_some_and(looks_around) {
        settings::check_globals(context)?;
    }
    match cli.command {
        None => Ok(()),
        Some(Command::Completion(Lazy(args))) => completion::completion(&args),
        Some(Command::Config(Lazy(args))) => config::config(&args, context),
        Some(Command::Create(Lazy(args))) => create::create(args, context),
        Some(Command::Down(Lazy(args))) => down::down(&args, context),
        Some(Command::Help(Lazy(args))) => help::help(&args),
        Some(Command::Logs(Lazy(args))) => logs::logs(&args, context),
        Some(Command::Plan(Lazy(args))) => plan::plan(&args, context),
        Some(Command::Ps(Lazy(args))) => ps::ps(&args, context),
        Some(Command::Up(Lazy(args))) => up::up(&args, context),
        Some(Command::Version(Lazy(args))) => version::version(&args),
    }
}
