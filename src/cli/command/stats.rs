//! `stats`: the resources that containers use.

use std::io::{self, Write};

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, listing, output, progress};
use crate::engine::ContainerStates;
use crate::observed::ContainerUsage;
use crate::operation::{Interruption, Stats};
use crate::project::ServiceName;
use crate::render::listing::{Format, ListingError, Truncate};
use crate::render::stats;

/// Arguments of `stats`.
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// Also show stopped containers
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Output format: table, json (one object per line), a template, or `table` and a template [default: table]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Measure once and exit
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Do not truncate IDs
    #[arg(long)]
    pub(crate) no_trunc: bool,
    /// Service to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) service: Option<String>,
}

pub(super) fn stats(args: &StatsArgs, context: &Context) -> Result<(), Failure> {
    let format = listing::format(args.format.as_deref(), "statsFormat", context)?;
    let truncate = if args.no_trunc { Truncate::Never } else { Truncate::Long };
    let load = || Ok(output::named(context)?.name().clone());
    with_engine(context, load, async |project, engine| {
        let stats = Stats {
            project,
            service: args.service.as_deref().map(ServiceName::from),
            states: if args.all { ContainerStates::All } else { ContainerStates::Up },
        };
        let interruption = Interruption::default();
        if args.no_stream {
            let measuring = Box::pin(stats.once(&engine, &interruption));
            let measured = progress::with_signals(&interruption, measuring).await?.map_err(Failure::without_files)?;
            // As in Docker Compose, there is no heading either.
            if measured.is_empty() {
                return Ok(());
            }
            return listing::print(|out| stats::write(&measured, &format, truncate, out));
        }
        let mut screen = Screen { format: &format, truncate, problem: None };
        let watching = Box::pin(stats.watch(&engine, &interruption, |measured| screen.redraw(measured)));
        let ended = progress::with_signals(&interruption, watching).await?;
        match screen.problem {
            Some(problem) => Err(problem.into()),
            None => ended.map_err(Failure::without_files),
        }
    })
}

/// Where continuous measurements are shown.
struct Screen<'a> {
    format: &'a Format,
    truncate: Truncate,
    /// Why they could not be shown.
    problem: Option<ListingError>,
}

impl Screen<'_> {
    fn redraw(&mut self, measured: &[ContainerUsage]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if let Err(problem) = stats::redraw(measured, self.format, self.truncate, &mut out) {
            self.problem = Some(problem);
            return Err(io::Error::other("the measurements cannot be shown"));
        }
        out.flush()
    }
}
