//! `logs`: shows the output of containers and, with `-f`, follows it.

use std::io::{self, Write};

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::output::Target;
use crate::cli::{Context, Failure, moment, output, progress, service_names};
use crate::engine::LogQuery;
use crate::event::{OutputReceiver, Outputs};
use crate::operation::{Interruption, Logs};
use crate::project::ServiceName;
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
    let load =
        || Ok(selection(args, &output::target_of_services(&args.services, context, service_names::no_logs_of)?, query));
    let mut printer = LogPrinter::new(output::log_settings(context, args.no_color, args.no_log_prefix, false));
    with_engine(context, load, async |logs, engine| {
        let interruption = Interruption::default();
        let (outputs, lines) = Outputs::channel();
        let reading = Box::pin(logs.run(&engine, outputs, &interruption));
        let (read, shown) =
            progress::with_signals(&interruption, async { tokio::join!(reading, print(&mut printer, lines)) }).await?;
        shown?;
        read.map_err(Failure::without_files)
    })
}

/// Which logs to read.
fn selection(args: &LogsArgs, target: &Target, query: LogQuery) -> Logs {
    let logs = match target.project() {
        Some(project) => Logs::of_project(project, query),
        None => Logs::of_name(target.name().clone(), query),
    };
    let logs = Logs { number: (args.index > 0).then_some(args.index), ..logs };
    if args.services.is_empty() {
        return logs;
    }
    logs.only(args.services.iter().map(|name| ServiceName::from(name.as_str())))
}

/// Prints lines as they arrive until the channel closes.
async fn print(printer: &mut LogPrinter, mut lines: OutputReceiver) -> Result<(), Failure> {
    // One write per batch of lines, not per line.
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
    let tail = match args.tail.as_str() {
        "all" | "" => None,
        // To the engine a negative number means all lines.
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
        since: moment::of(args.since.as_deref(), "--since")?,
        until: moment::of(args.until.as_deref(), "--until")?,
        timestamps: args.timestamps,
        terminal: false,
    })
}
