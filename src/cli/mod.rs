//! The command line: arguments in, commands run, an exit status out.

mod bring_up;
mod command;
mod command_line;
mod confirm;
mod context;
mod engine;
mod existing;
mod failure;
pub mod global;
mod interaction;
mod lazy;
mod lenient;
mod listing;
mod moment;
mod one_off;
mod output;
mod parse;
mod planned;
mod progress;
mod service_names;
mod settings;
mod signal;
mod terminal;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

pub use context::Context;
pub use failure::Failure;

use crate::diagnostic::render::Style;
use crate::render::ProgressMode;
use clap::CommandFactory;
use parse::{Cli, Parsed, answer, parse};

/// Parses `arguments` (the program's name first), runs the command and returns its exit status.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = parse(arguments);
    match answer(&parsed, &mut io::stdout(), &mut io::stderr()) {
        Ok(Some(status)) => return ExitCode::from(status),
        Err(error) => return end(&Failure::of_stdout(error), &Style::default(), Failure::report),
        Ok(None) => {}
    }
    let Parsed::Run(cli) = parsed else { return ExitCode::SUCCESS };
    let context = match Context::of_process(&cli.global) {
        Ok(context) => context,
        Err(failure) => return end(&failure, &Style::default(), Failure::report),
    };
    let Err(failure) = command::dispatch(cli.command, Cli::command(), &context) else { return ExitCode::SUCCESS };
    let report = match context.progress_mode() {
        Ok(ProgressMode::Json) => Failure::report_json,
        Ok(_) | Err(_) => Failure::report,
    };
    end(&failure, &output::style(&context), report)
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
