//! Settings from arguments and variables that several commands share.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::{Context, PARALLEL_LIMIT};
use super::{Failure, output};
use crate::registry::{ConfigFile, config_folder};

/// Variables by name.
pub(super) type Environment = BTreeMap<String, String>;

/// Seconds given by `-t`; negative numbers count as 0.
#[must_use]
pub(super) fn timeout(seconds: Option<i64>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// A time limit in seconds; none if the number is not positive.
#[must_use]
pub(super) fn time_limit(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Maximum number of parallel engine calls: `--parallel`, else `COMPOSE_PARALLEL_LIMIT`; no limit if not positive.
///
/// # Errors
///
/// If the variable is not a number.
pub(super) fn parallel(context: &Context, environment: &Environment) -> Result<Option<usize>, Failure> {
    limit(context, environment.get(PARALLEL_LIMIT).map(String::as_str))
}

fn limit(context: &Context, variable: Option<&str>) -> Result<Option<usize>, Failure> {
    let limit = match (context.global.parallel, variable) {
        (Some(limit), _) => Some(limit),
        (None, Some(text)) => match text.parse() {
            Ok(limit) => Some(limit),
            Err(_) => return Failure::usage(&format!("{PARALLEL_LIMIT} must be an integer (found: \"{text}\")")),
        },
        (None, None) => None,
    };
    Ok(limit.map(|limit: i64| usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)))
}

/// The format of a listing that Docker's configuration file sets.
#[must_use]
pub(super) fn docker_format(context: &Context, key: &str) -> Option<String> {
    docker_config(context).format(key)
}

/// Docker's configuration file.
#[must_use]
pub(super) fn docker_config(context: &Context) -> ConfigFile {
    let folder = config_folder(|name| context.environment.get(name).cloned());
    ConfigFile::read_or_empty(folder.as_deref())
}

/// Checks the global flags for conflicts, and warns of deprecated ones.
///
/// # Errors
///
/// If flags conflict, or name something that does not exist, or if a variable that stands for one is malformed.
pub(super) fn check_globals(context: &Context) -> Result<(), Failure> {
    let global = &context.global;
    if global.no_ansi {
        if global.ansi.as_deref().is_some_and(|word| word != "auto") {
            return Failure::usage(
                "cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\". Please use only \"--ansi\"",
            );
        }
        output::warn("option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.", context)?;
    }
    if global.workdir.is_some() {
        if global.project_directory.is_some() {
            return Failure::usage(
                "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\". Please use only \
                 \"--project-directory\" instead",
            );
        }
        output::warn(
            "option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.",
            context,
        )?;
    }
    limit(context, context.parallel_limit.as_deref())?;
    context.progress_mode().map(|_| ())
}
