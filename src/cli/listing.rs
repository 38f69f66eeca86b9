//! What commands that list something have in common: the form that is asked for, and the way to standard output.

use std::io::{self, StdoutLock, Write as _};

use super::context::Context;
use super::{Failure, settings};
use crate::render::listing::{Format, ListingError};

/// The form that `--format` asks for, else the one that Docker's configuration has under `key` (`psFormat`).
///
/// # Errors
///
/// Where it is a template that cannot be read.
pub(super) fn format(asked: Option<&str>, key: &str, context: &Context) -> Result<Format, Failure> {
    let asked = asked.map(str::to_owned).or_else(|| settings::docker_format(context, key));
    Format::parse(&asked.unwrap_or_default()).map_err(|error| Failure::Usage(error.to_string()))
}

/// Writes a listing to standard output, and sees that it arrives.
///
/// # Errors
///
/// When that cannot be written to, or a template asks for what there is not.
pub(super) fn print(write: impl FnOnce(&mut StdoutLock<'static>) -> Result<(), ListingError>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write(&mut out)?;
    out.flush().map_err(Failure::of_stdout)
}
