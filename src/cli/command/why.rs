//! `why`: what is wrong with a project, and what is behind it. Exit status 0 when nothing is, 2 when something is.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::bring_up::{self, ConvergeArgs, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::output::Remarks;
use crate::cli::{Context, Failure, output, service_names};
use crate::engine::Observe;
use crate::load;
use crate::operation::Why;
use crate::project::ServiceName;
use crate::render::failure::Files;
use crate::render::why::{self, Clock};

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// Output format: text, or json for one array
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, default_value_t = WhyFormat::Text)]
    pub(crate) format: WhyFormat,
    /// Services to explain, with what they wait for [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

/// The output formats of `why`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhyFormat {
    /// Lines for people.
    Text,
    /// One JSON array.
    Json,
}

pub(super) fn why(args: &WhyArgs, context: &Context) -> Result<(), Failure> {
    let mut context = context.clone();
    context.global.dry_run = true;
    // Images are not asked of registries, and none is demanded: a missing one is something to tell.
    let converge = ConvergeArgs { pull: Some("missing".to_owned()), ..ConvergeArgs::default() };
    let wanted = UpPlanArgs { services: args.services.clone(), converge, ..UpPlanArgs::default() };
    let (findings, origin) = with_engine(
        &context,
        || {
            let loaded =
                bring_up::load_services(&wanted, Remarks::NotOnSchedules, &context, service_names::only_services)?;
            if loaded.project.services.is_empty() {
                return bring_up::no_service_selected(&loaded.project);
            }
            Ok(loaded)
        },
        async |loaded, engine| {
            let missing_files = if engine.is_local() { load::missing_files(&loaded.project) } else { BTreeSet::new() };
            // A plan that needs a missing file would be refused.
            let options = bring_up::options(&wanted, &context, &loaded.project, false)?;
            let goal = bring_up::prepare_quietly(options, &wanted, &context, loaded, &engine).await?;
            let project: Arc<_> = goal.origin.project.clone();
            let why = Why { project, prepared: goal.prepared, missing_files };
            let findings = why.find(&engine).await.map_err(|error| goal.origin.failure(error))?;
            Ok((findings, goal.origin))
        },
    )?;
    // Containers of other services are not asked about.
    let is_meant = |service: Option<&ServiceName>| {
        args.services.is_empty() || service.is_some_and(|name| origin.project.services.contains_key(name))
    };
    let findings: Vec<_> = findings.into_iter().filter(|finding| is_meant(finding.service.as_ref())).collect();
    let style = output::style(&context);
    let files = Files { project: &origin.project, sources: &origin.sources, style: &style };
    let clock = Clock { now: Timestamp::now(), zone: TimeZone::system() };
    output::print(match args.format {
        WhyFormat::Text => why::text(&findings, &files, &clock),
        WhyFormat::Json => why::json(&findings, &files, &clock),
    })?;
    if findings.is_empty() { Ok(()) } else { Err(Failure::Status(2)) }
}
