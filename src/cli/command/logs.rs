//! `logs`: shows what containers wrote and, with `-f`, what they write from now on.
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::output::Target as Named;
use crate::cli::{Context, Failure, output, progress};
use crate::engine::docker::Docker;
use crate::engine::{Engine, LogQuery, ObserveQuery};
use crate::event::{OutputReceiver, Outputs};
use crate::observed::{Container, Observed};
use crate::operation::Interruption;
use crate::operation::follow::{self, Begin, FollowSettings, Following, Stderr, Target};
use crate::project::{Project, ServiceName};
use crate::render::logs::LogPrinter;

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct LogsArgs {
    /// Follow the output
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Show only the replica with this number; 0 means all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) index: u32,
    /// Do not use colours
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Do not prefix lines with the container name
    #[arg(long)]
    pub(crate) no_log_prefix: bool,
    /// Show lines since a timestamp, or a duration ago such as 42m
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Number of lines to show from the end of each container's log
    #[arg(short = 'n', long, value_name = "LINES", default_value = "all", allow_hyphen_values = true)]
    pub(crate) tail: String,
    /// Show the engine's timestamp of each line
    #[arg(short, long)]
    pub(crate) timestamps: bool,
    /// Show lines until a timestamp, or a duration ago such as 42m
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Services to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn logs(args: &LogsArgs, context: &Context) -> Result<(), Failure> {
    if args.index > 0 && args.services.len() != 1 {
        return Failure::usage("--index requires one service to be selected");
    }
    let query = query(args)?;
    let load = || {
        let named = output::target_with(&args.services, context)?;
        Ok(follow_settings(args, &named, query))
    };
    let mut printer = LogPrinter::new(output::log_settings(context, args.no_color, args.no_log_prefix, false));
    with_engine(context, load, async |settings, engine| {
        let interruption = Interruption::default();
        let (outputs, lines) = Outputs::channel();
        let reading = Box::pin(async {
            tokio::select! {
                read = read(args, &engine, &settings, outputs, &interruption) => read,
                // What has arrived is shown; an engine that does not answer is not waited for.
                () = left(&interruption) => Ok(()),
            }
        });
        let (read, shown) =
            progress::with_signals(&interruption, async { tokio::join!(reading, print(&mut printer, lines)) }).await?;
        shown?;
        read?;
        if interruption.stop.is_cancelled() { Err(Failure::Interrupted) } else { Ok(()) }
    })
}

/// How long the last output may take to arrive once the user has asked for the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Some time after the user asked for the end.
async fn left(interruption: &Interruption) {
    interruption.stop.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}

async fn read(
    args: &LogsArgs,
    engine: &Docker,
    settings: &FollowSettings,
    outputs: Outputs,
    interruption: &Interruption,
) -> Result<(), Failure> {
    let look = ObserveQuery::containers_of(settings.project.as_str());
    if args.follow {
        // Listening comes before looking: no container falls into the gap.
        let (following, follower, _exits) = Following::open(engine, settings.clone(), &outputs).await?;
        let targets = targets(args, settings, &engine.observe(look).await?)?;
        // Nothing is started here: the following ends with the containers.
        drop(follower);
        following.run(targets, &interruption.stop).await?;
    } else {
        let targets = targets(args, settings, &engine.observe(look).await?)?;
        follow::logs(engine, settings, targets, &outputs, &interruption.stop).await;
    }
    Ok(())
}

/// Writes what arrives until the reading ends.
async fn print(printer: &mut LogPrinter, mut lines: OutputReceiver) -> Result<(), Failure> {
    // A write for each batch of lines, not for each that arrives.
    let mut out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut err = io::stderr();
    while let Some(output) = lines.recv().await {
        printer.write(&output, &mut out, &mut err).map_err(Failure::of_stdout)?;
        if lines.is_empty() {
            out.flush().map_err(Failure::of_stdout)?;
        }
    }
    out.flush().map_err(Failure::of_stdout)
}

fn query(args: &LogsArgs) -> Result<LogQuery, Failure> {
    let moment = |text: &Option<String>, flag| text.as_deref().map(|text| moment(text, flag)).transpose();
    let tail = match args.tail.as_str() {
        "all" | "" => None,
        // The engine takes a negative number for all lines.
        number => match number.parse::<i64>() {
            Ok(number) => u64::try_from(number).ok(),
            Err(_) => {
                return Failure::usage(&format!(
                    "invalid argument \"{number}\" for \"-n, --tail\" flag: give a number of lines, or all"
                ));
            }
        },
    };
    Ok(LogQuery {
        follow: args.follow,
        tail,
        since: moment(&args.since, "--since")?,
        until: moment(&args.until, "--until")?,
        timestamps: args.timestamps,
        terminal: false,
    })
}

/// A time stamp, a date, seconds since 1970, or how long ago; in nanoseconds since 1970.
fn moment(text: &str, flag: &str) -> Result<i128, Failure> {
    const NANOSECONDS: f64 = 1e9;
    if let Ok(span) = text.parse::<crate::project::value::Duration>() {
        let ago = SignedDuration::from_nanos(span.0);
        return Ok((Timestamp::now() - ago).as_nanosecond());
    }
    if let Ok(seconds) = text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "a moment out of range saturates, and shows nothing")]
        return Ok((seconds * NANOSECONDS) as i128);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_nanosecond());
    }
    let local = text.parse::<jiff::civil::DateTime>().or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into));
    match local.and_then(|local| local.to_zoned(jiff::tz::TimeZone::system())) {
        Ok(zoned) => Ok(zoned.timestamp().as_nanosecond()),
        Err(_) => Failure::usage(&format!(
            "invalid value \"{text}\" for {flag}: give a time such as 2026-01-31T12:00:00Z, or how long ago, such as 42m"
        )),
    }
}

fn follow_settings(args: &LogsArgs, named: &Named, query: LogQuery) -> FollowSettings {
    let services = if args.services.is_empty() {
        named.project().map(with_attach)
    } else {
        Some(args.services.iter().map(|name| ServiceName::from(name.as_str())).collect())
    };
    FollowSettings {
        project: named.name().clone(),
        separator: named.project().map(|project| project.separator).unwrap_or_default(),
        services,
        number: (args.index > 0).then_some(args.index),
        query,
        begin: Begin::History,
        stderr: Stderr::Merged,
        ..FollowSettings::default()
    }
}

/// The services whose output is shown when none is named.
fn with_attach(project: &Project) -> BTreeSet<ServiceName> {
    let all = project.services.values().chain(project.disabled.values());
    all.filter(|service| service.attach != Some(false)).map(|service| service.name.clone()).collect()
}

/// The replicas whose output is asked for, by name. One that is asked for by its number has to be there.
fn targets(args: &LogsArgs, follow: &FollowSettings, observed: &Observed) -> Result<Vec<Target>, Failure> {
    let wanted = |container: &&Container| {
        let service = container.service.as_ref();
        let shown = follow.services.as_ref().is_none_or(|shown| service.is_some_and(|name| shown.contains(name)));
        container.is_replica() && shown && (args.index == 0 || container.number == Some(args.index))
    };
    let mut containers: Vec<_> = observed.containers.iter().filter(wanted).collect();
    if let (true, 1.., Some(service)) = (containers.is_empty(), args.index, args.services.first()) {
        return Failure::usage(&format!("service \"{service}\" is not running container #{}", args.index));
    }
    containers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(containers.into_iter().filter_map(|container| Target::of(follow, container)).collect())
}
