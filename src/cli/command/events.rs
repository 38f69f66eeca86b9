//! `events`: what happens to the containers of the project, as it happens.

use std::io::{self, Write};

use clap::Args;
use jiff::tz::TimeZone;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, existing, moment, output, progress};
use crate::engine::EventQuery;
use crate::observed::EngineEvent;
use crate::operation::{Interruption, WatchEvents};
use crate::render::events;

/// Arguments of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Also show events since a timestamp, or a duration ago such as 42m
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Show events until a timestamp, or a duration ago such as 42m
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Services to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn events(args: &EventsArgs, context: &Context) -> Result<(), Failure> {
    let period = EventQuery {
        since: moment::of(args.since.as_deref(), "--since")?,
        until: moment::of(args.until.as_deref(), "--until")?,
    };
    let load = || Ok(output::target_with(&args.services, context)?.name().clone());
    with_engine(context, load, async |project, engine| {
        let watch = WatchEvents { project, services: existing::names(&args.services), period };
        let interruption = Interruption::default();
        let zone = TimeZone::system();
        let tell = |event: &EngineEvent| print(event, args.json, &zone);
        let watching = Box::pin(watch.run(&engine, &interruption, tell));
        progress::with_signals(&interruption, watching).await?.map_err(Failure::without_files)
    })
}

fn print(event: &EngineEvent, json: bool, zone: &TimeZone) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        events::write_json(event, zone, &mut out)?;
    } else {
        events::write(event, zone, &mut out)?;
    }
    out.flush()
}
