//! What the commands have in common that connect the terminal to a program in a container.

use super::{Context, Failure, output, settings};
use crate::operation::DetachKeys;

/// The keys that leave a program running: those given, else those of Docker's configuration, else ctrl-p, ctrl-q.
///
/// # Errors
///
/// If those given are none.
pub(super) fn keys(given: Option<&str>, context: &Context) -> Result<DetachKeys, Failure> {
    match given.filter(|keys| !keys.is_empty()) {
        Some(keys) => {
            keys.parse().or_else(|error: crate::operation::DetachKeysError| Failure::usage(&error.to_string()))
        }
        None => configured_keys(context),
    }
}

/// The keys of Docker's configuration, else ctrl-p, ctrl-q.
///
/// # Errors
///
/// If standard error cannot be written to.
pub(super) fn configured_keys(context: &Context) -> Result<DetachKeys, Failure> {
    let Some(keys) = settings::docker_config(context).detach_keys() else { return Ok(DetachKeys::default()) };
    match keys.parse() {
        Ok(keys) => Ok(keys),
        Err(error) => {
            output::warn(&format!("Docker's config.json: {error}"), context)?;
            Ok(DetachKeys::default())
        }
    }
}

/// The end of a command that passes on the status of a program.
///
/// # Errors
///
/// [`Failure::Status`] unless the status is 0.
pub(super) fn ended_with(status: i64) -> Result<(), Failure> {
    // Systems have one byte for it.
    match u8::try_from(status & 0xff) {
        Ok(0) if status == 0 => Ok(()),
        Ok(byte) if byte != 0 => Err(Failure::Status(byte)),
        Ok(_) | Err(_) => Err(Failure::Status(1)),
    }
}

/// The value of a switch that is on or off.
///
/// # Errors
///
/// If it is neither.
pub(super) fn switch(value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}
