//! What the command line itself tells the user: problems of the files, warnings, plans.

use std::io::{self, Write};

use super::args::GlobalArgs;
use super::context::Context;
use super::{Failure, settings};
use crate::diagnostic::{Explain, Render, Severity};
use crate::load::{self, LoadFailure, LoadOptions, LoadWarning, Loaded, LoadedModel};
use crate::plan::Plan;
use crate::project::ProjectName;
use crate::source::SourceMap;

/// Loads a project; warnings, and on failure every problem, go to standard error.
///
/// # Errors
///
/// [`Failure::Load`] when the files cannot be used.
pub(super) fn load(options: &LoadOptions, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load::load(options).map_err(|failure| load_failure(failure, context))?;
    report_warnings(&loaded.warnings, &loaded.sources, context)?;
    Ok(loaded)
}
