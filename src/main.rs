//! The `hoist` binary: arguments in, an exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoist::cli::run(std::env::args_os())
}
