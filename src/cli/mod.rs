//! The command line: arguments in, commands run, an exit status out.

mod attachment;
mod bring_up;
mod command;
mod command_line;
mod complete;
mod confirm;
mod context;
mod counts;
mod docker_flags;
mod engine;
mod existing;
mod failure;
pub mod global;
mod help;
mod interaction;
mod invocation;
mod keyboard;
mod lazy;
mod lenient;
mod level;
mod listing;
mod moment;
mod one_off;
mod output;
mod parse;
mod planned;
mod plugin;
mod progress;
mod project_lock;
mod recording;
mod refusal;
mod runtime;
mod screen;
mod service_names;
mod settings;
mod signal;
mod terminal;
mod transfer;
mod walk;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

pub use context::Context;
pub use docker_flags::DockerFlags;
pub use failure::Failure;
pub use invocation::Form;

use crate::diagnostic::render::Style;
use crate::render::ProgressMode;
use invocation::{Invocation, Request};
use parse::{Parsed, answer, definition, parse};

/// Parses `arguments` (the program's name first), runs the command and returns its exit status.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let docker = std::env::var_os("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND");
    let Invocation { form, docker, request } = Invocation::of(arguments, docker.as_deref());
    if form == Form::Plugin {
        plugin::socket::connect();
    }
    let parsed = match request {
        Request::Run(words) => parse(&words, form),
        Request::Refused { message, status } => Parsed::Refused { help: None, message, status },
        Request::Hook => return ExitCode::SUCCESS,
        Request::Metadata => return ended(output::print(plugin::metadata())),
        Request::Complete { words, descriptions } => {
            return ended(complete::complete(&words, descriptions, form, docker));
        }
    };
    match answer(&parsed, &mut io::stdout(), &mut io::stderr()) {
        Ok(Some(status)) => return ExitCode::from(status),
        Err(error) => return end(&Failure::of_stdout(error), &Style::default(), Failure::report),
        Ok(None) => {}
    }
    let Parsed::Run(cli) = parsed else { return ExitCode::SUCCESS };
    if let Some(printed) = command::version(cli.command.as_ref(), &cli.global, form) {
        return ended(printed);
    }
    let mut context = match Context::of_process(&cli.global, docker, form) {
        Ok(context) => context,
        Err(failure) => return end(&failure, &Style::default(), Failure::report),
    };
    command::choose_progress(cli.command.as_ref(), &mut context);
    // Few commands look at the definition of all of them, which takes longer to make than most take to parse.
    let definition = || definition(form);
    let Err(failure) = command::dispatch(cli.command, definition, &context) else { return ExitCode::SUCCESS };
    let report = match context.progress_mode() {
        Ok(ProgressMode::Json) => Failure::report_json,
        Ok(_) | Err(_) => Failure::report,
    };
    end(&failure, &output::style(&context), report)
}

/// The exit status of a request that needs no context.
fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure, &Style::default(), Failure::report),
    }
}

/// How a failure is reported.
type Report = fn(&Failure, &Style, &mut dyn Write) -> io::Result<()>;

fn end(failure: &Failure, style: &Style, report: Report) -> ExitCode {
    if is_broken_pipe(failure) {
        // `hoist logs | head`: the reader closed the pipe.
        return ExitCode::from(1);
    }
    let mut stderr = io::stderr();
    let _ = report(failure, style, &mut stderr).and_then(|()| stderr.flush());
    ExitCode::from(failure)
}

fn is_broken_pipe(failure: &Failure) -> bool {
    matches!(failure, Failure::Unexpected(error)
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}
