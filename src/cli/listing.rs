//! What listing commands share: choosing the format and printing.

use std::io::{self, StdoutLock, Write as _};

use super::context::Context;
use super::{Failure, settings};
use crate::render::listing::{Format, ListingError};

/// The format from `--format`, else from `key` (such as `psFormat`) in Docker's configuration.
///
/// # Errors
///
/// If it is an invalid template.
pub(super) fn format(asked: Option<&str>, key: &str, context: &Context) -> Result<Format, Failure> {
    let asked = asked.map(str::to_owned).or_else(|| settings::docker_format(context, key));
    parse(&asked.unwrap_or_default())
}

/// The format from `--format`.
///
/// # Errors
///
/// If it is an invalid template.
pub(super) fn parse(format: &str) -> Result<Format, Failure> {
    Format::parse(format).map_err(|error| Failure::Usage(error.to_string()))
}

/// The format from `--format` of a command without templates.
///
/// # Errors
///
/// If it is neither a table nor JSON.
pub(super) fn word(format: &str) -> Result<Format, Failure> {
    Format::parse_word(format).map_err(|error| Failure::Usage(error.to_string()))
}

/// Writes a listing to standard output and flushes it.
///
/// # Errors
///
/// If writing fails, or a template uses an unknown field.
pub(super) fn print(write: impl FnOnce(&mut StdoutLock<'static>) -> Result<(), ListingError>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write(&mut out)?;
    out.flush().map_err(Failure::of_stdout)
}
