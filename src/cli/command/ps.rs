//! `ps`: lists the containers of a project.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::{Context, Failure, listing, output};
use crate::observed::Container;
use crate::operation::{ListedServices, ListedStates, Ps};
use crate::project::{Project, ServiceName};
use crate::render::listing::{Format, Truncate};
use crate::render::ps::{self, PsFormat, PsSettings};

/// Arguments of `ps`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct PsArgs {
    /// Also show stopped containers and those of `run`
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Filter containers, for example by status=running
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) filter: Option<String>,
    /// Output format: table, json (one object per line), raw, a template, or `table` and a template [default: table]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Do not truncate IDs and commands
    #[arg(long)]
    pub(crate) no_trunc: bool,
    /// Show containers of services that are not in the files
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(crate) orphans: bool,
    /// Print only IDs
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print only service names
    #[arg(long)]
    pub(crate) services: bool,
    /// Filter by state: paused, restarting, removing, running, dead, created or exited; may be repeated
    #[arg(long, value_name = "STATE")]
    pub(crate) status: Vec<String>,
    /// Services to show [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) names: Vec<String>,
}

pub(super) fn ps(args: &PsArgs, context: &Context) -> Result<(), Failure> {
    let states = states(args)?;
    let format = format(args, context)?;
    let (target, containers) = with_engine(
        context,
        || output::target_with(&args.names, context),
        async |target, engine| {
            let ps = Ps { project: target.name().clone(), states, services: services(args, target.project()) };
            let containers = ps.list(&engine).await.map_err(Failure::without_files)?;
            Ok((target, containers))
        },
    )?;
    let shown: Vec<&Container> = containers.iter().collect();
    let settings = PsSettings {
        project: target.name().to_string(),
        truncate: if args.no_trunc { Truncate::Never } else { Truncate::Long },
        now: Timestamp::now(),
        zone: TimeZone::system(),
    };
    listing::print(|out| ps::write(&shown, &format, &settings, out))
}

/// The states selected by `--status` and `--filter status=…`; without either, `--all` decides.
fn states(args: &PsArgs) -> Result<ListedStates, Failure> {
    let mut states = args.status.clone();
    match args.filter.as_deref().map(|filter| filter.split_once('=')) {
        None => {}
        Some(Some(("status", state))) => states.push(state.to_owned()),
        Some(Some(("source", _))) => return Failure::usage("not implemented"),
        Some(Some((key, _))) => return Failure::usage(&format!("unknown filter {key}")),
        Some(None) => return Failure::usage("arguments to --filter should be in form KEY=VAL"),
    }
    Ok(match (states.as_slice(), args.all) {
        ([], true) => ListedStates::All,
        ([], false) => ListedStates::Up,
        (_, _) => ListedStates::In(states),
    })
}

/// The services selected by name. Without names, `--orphans=false` restricts the list to services in the files.
fn services(args: &PsArgs, project: Option<&Project>) -> ListedServices {
    if !args.names.is_empty() {
        return ListedServices::Named(args.names.iter().map(|name| ServiceName::from(name.as_str())).collect());
    }
    match project {
        Some(project) if !args.orphans => ListedServices::defined_by(project),
        Some(_) | None => ListedServices::All,
    }
}

/// The format from the flags, else the one that Docker's configuration sets for `ps`.
fn format(args: &PsArgs, context: &Context) -> Result<PsFormat, Failure> {
    if args.quiet {
        return Ok(PsFormat::Containers(Format::Ids));
    }
    if args.services {
        return Ok(PsFormat::Services);
    }
    Ok(PsFormat::Containers(listing::format(args.format.as_deref(), "psFormat", context)?))
}
