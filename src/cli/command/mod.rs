//! One file per command: its arguments, its settings and the steps that carry it out.

mod alpha;
mod attach;
mod build;
mod commit;
mod completion;
mod config;
mod cp;
mod create;
mod down;
mod events;
mod exec;
mod export;
mod graph;
mod help;
mod images;
mod kill;
mod logs;
mod ls;
mod man;
mod pause;
mod plan;
mod plugin;
mod port;
mod ps;
mod pull;
mod push;
mod restart;
mod rm;
mod run;
mod scale;
mod start;
mod stats;
mod stop;
mod timeline;
mod top;
mod unpause;
mod up;
mod version;
mod viz;
mod volumes;
mod wait;
mod watch;
mod why;

use clap::Subcommand;

use super::global::GlobalArgs;
use super::invocation::Form;
use super::lazy::Lazy;
use super::{Context, Failure, settings};

// No doc comment: it would be the text at the top of the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Experimental commands of Docker Compose
    #[command(hide = true)]
    Alpha(Lazy<alpha::AlphaArgs>),
    /// Attach this terminal to a running container
    Attach(Lazy<attach::AttachArgs>),
    /// Build the images of services
    Build(Lazy<build::BuildArgs>),
    /// Create an image from the changes of a container
    Commit(Lazy<commit::CommitArgs>),
    /// Print a completion script for a shell
    Completion(Lazy<completion::CompletionArgs>),
    /// Check the files and print the resolved project
    #[command(visible_alias = "convert")]
    Config(Lazy<config::ConfigArgs>),
    /// Copy files between containers and the local file system
    Cp(Lazy<cp::CpArgs>),
    /// Create containers without starting them
    Create(Lazy<create::CreateArgs>),
    /// Stop and remove containers and networks, and volumes with --volumes
    Down(Lazy<down::DownArgs>),
    /// Show what happens to containers, as it happens
    Events(Lazy<events::EventsArgs>),
    /// Run a command in a running container
    Exec(Lazy<exec::ExecArgs>),
    /// Export the files of a container as a tar archive
    Export(Lazy<export::ExportArgs>),
    /// Show services and what they need, as a tree or a picture
    Graph(Lazy<graph::GraphArgs>),
    /// Show the help for a command
    Help(Lazy<help::HelpArgs>),
    /// List the images of containers
    Images(Lazy<images::ImagesArgs>),
    /// Send a signal to running containers
    Kill(Lazy<kill::KillArgs>),
    /// Show the output of containers
    Logs(Lazy<logs::LogsArgs>),
    /// List projects
    Ls(Lazy<ls::LsArgs>),
    /// Write the manual pages
    #[command(hide = true)]
    Man(Lazy<man::ManArgs>),
    /// Pause running containers
    Pause(Lazy<pause::PauseArgs>),
    /// Print what `up` would do, and why
    #[command(after_help = "Exit status: 0 when there is nothing to do, 2 when there is, 1 for an error.")]
    Plan(Lazy<plan::PlanArgs>),
    /// Show where ports of a container are published
    Port(Lazy<port::PortArgs>),
    /// Install hoist as `docker compose`
    Plugin(Lazy<plugin::PluginArgs>),
    /// List containers
    Ps(Lazy<ps::PsArgs>),
    /// Pull the images of services
    Pull(Lazy<pull::PullArgs>),
    /// Push the images that services build
    Push(Lazy<push::PushArgs>),
    /// Restart containers
    Restart(Lazy<restart::RestartArgs>),
    /// Remove stopped containers
    Rm(Lazy<rm::RmArgs>),
    /// Run a command in a container of its own
    Run(Lazy<run::RunArgs>),
    /// Run NUM replicas of services
    Scale(Lazy<scale::ScaleArgs>),
    /// Start existing containers
    Start(Lazy<start::StartArgs>),
    /// Show the resources that containers use
    Stats(Lazy<stats::StatsArgs>),
    /// Stop containers without removing them
    Stop(Lazy<stop::StopArgs>),
    /// Show the course of the last `up`: what it did and waited for, and what took longest
    Timeline(Lazy<timeline::TimelineArgs>),
    /// Show the processes in running containers
    Top(Lazy<top::TopArgs>),
    /// Unpause containers
    Unpause(Lazy<unpause::UnpauseArgs>),
    /// Create and start containers
    Up(Lazy<up::UpArgs>),
    /// Print the version
    Version(Lazy<version::VersionArgs>),
    /// Print the services and their dependencies as a graph for Graphviz
    Viz(Lazy<viz::VizArgs>),
    /// List volumes
    Volumes(Lazy<volumes::VolumesArgs>),
    /// Wait until containers exit
    Wait(Lazy<wait::WaitArgs>),
    /// Watch files, and sync, rebuild or restart when they change
    Watch(Lazy<watch::WatchArgs>),
    /// Explain why services are not running, not healthy, or about to be recreated
    #[command(after_help = "Exit status: 0 when nothing is wrong, 2 when something is, 1 for an error.")]
    Why(Lazy<why::WhyArgs>),
}

/// Prints the version if that is what `command` or `--version` asks for. This needs no context, so it works in every
/// directory.
pub(super) fn version(command: Option<&Command>, global: &GlobalArgs, form: Form) -> Option<Result<(), Failure>> {
    match command {
        _ if global.version => Some(version::print(form)),
        Some(Command::Version(Lazy(args))) => Some(version::version(args, form)),
        _ => None,
    }
}

/// Sets the form of progress for a command with a say in it.
pub(super) fn choose_progress(command: Option<&Command>, context: &mut Context) {
    if let Some(Command::Build(Lazy(args))) = command {
        build::choose_progress(args, context);
    }
}

/// Runs `command`; `root` is the definition of the whole command line.
pub(super) fn dispatch(
    command: Option<Command>,
    root: impl FnOnce() -> clap::Command,
    context: &Context,
) -> Result<(), Failure> {
    let looks_around = |command: &Command| {
        let own = matches!(command, Command::Man(_) | Command::Plugin(_));
        !own && !matches!(command, Command::Completion(_) | Command::Help(_) | Command::Version(_))
    };
    if command.as_ref().is_some_and(looks_around) {
        settings::check_globals(context)?;
    }
    match command {
        // The version was printed before there was a context.
        None | Some(Command::Version(_)) => Ok(()),
        Some(Command::Alpha(Lazy(args))) => alpha::alpha(&args, root(), context),
        Some(Command::Attach(Lazy(args))) => attach::attach(&args, context),
        Some(Command::Build(Lazy(args))) => build::build(&args, context),
        Some(Command::Commit(Lazy(args))) => commit::commit(args, context),
        Some(Command::Completion(Lazy(args))) => completion::completion(&args, root(), context.form),
        Some(Command::Config(Lazy(args))) => config::config(&args, context),
        Some(Command::Cp(Lazy(args))) => cp::cp(&args, context),
        Some(Command::Create(Lazy(args))) => create::create(args, context),
        Some(Command::Down(Lazy(args))) => down::down(&args, context),
        Some(Command::Events(Lazy(args))) => events::events(&args, context),
        Some(Command::Exec(Lazy(args))) => exec::exec(&args, context),
        Some(Command::Export(Lazy(args))) => export::export(args, context),
        Some(Command::Graph(Lazy(args))) => graph::graph(&args, context),
        Some(Command::Help(Lazy(args))) => help::help(&args, &root(), context.form),
        Some(Command::Images(Lazy(args))) => images::images(&args, context),
        Some(Command::Kill(Lazy(args))) => kill::kill(&args, context),
        Some(Command::Logs(Lazy(args))) => logs::logs(&args, context),
        Some(Command::Ls(Lazy(args))) => ls::ls(&args, context),
        Some(Command::Man(Lazy(args))) => man::man(&args, root(), context),
        Some(Command::Pause(Lazy(args))) => pause::pause(&args, context),
        Some(Command::Plan(Lazy(args))) => plan::plan(&args, context),
        Some(Command::Plugin(Lazy(args))) => plugin::plugin(args, context),
        Some(Command::Port(Lazy(args))) => port::port(&args, context),
        Some(Command::Ps(Lazy(args))) => ps::ps(&args, context),
        Some(Command::Pull(Lazy(args))) => pull::pull(&args, context),
        Some(Command::Push(Lazy(args))) => push::push(&args, context),
        Some(Command::Restart(Lazy(args))) => restart::restart(&args, context),
        Some(Command::Rm(Lazy(args))) => rm::rm(&args, context),
        Some(Command::Run(Lazy(args))) => run::run(&args, context),
        Some(Command::Scale(Lazy(args))) => scale::scale(args, context),
        Some(Command::Start(Lazy(args))) => start::start(&args, context),
        Some(Command::Stats(Lazy(args))) => stats::stats(&args, context),
        Some(Command::Stop(Lazy(args))) => stop::stop(&args, context),
        Some(Command::Timeline(Lazy(args))) => timeline::timeline(&args, context),
        Some(Command::Top(Lazy(args))) => top::top(&args, context),
        Some(Command::Unpause(Lazy(args))) => unpause::unpause(&args, context),
        Some(Command::Up(Lazy(args))) => up::up(&args, context),
        Some(Command::Viz(Lazy(args))) => viz::viz(&args, context),
        Some(Command::Volumes(Lazy(args))) => volumes::volumes(&args, context),
        Some(Command::Wait(Lazy(args))) => wait::wait(&args, context),
        Some(Command::Watch(Lazy(args))) => watch::watch(args, context),
        Some(Command::Why(Lazy(args))) => why::why(&args, context),
    }
}
