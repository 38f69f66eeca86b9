//! `up`: creates and starts what the files define; in the foreground it shows the logs of what it starts.

use std::path::PathBuf;

use clap::Args;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watch::{definitions, watch_settings};
use crate::cli::attachment::{self, AttachArgs};
use crate::cli::bring_up::{self, Goal, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::recording::{self, Recording};
use crate::cli::screen::{self, Screen, WatchSwitch};
use crate::cli::{Context, Failure, interaction, output, progress};
use crate::engine::Engine;
use crate::event::{Events, Outputs, RunFailure};
use crate::operation::Interruption;
use crate::operation::follow::FollowSettings;
use crate::operation::session::{self, SessionContext, SessionOutcome, SessionSettings};
use crate::operation::watch::{Definitions, Prune, Watch, Watching};
use crate::project::ServiceName;
use crate::render::logs::LogPrinter;
use crate::render::warning;

/// Arguments of `up`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct UpArgs {
    /// The flags that affect the plan.
    #[command(flatten)]
    pub(crate) plan: UpPlanArgs,
    /// Return once containers are started
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// Whose output is shown, and what happens when a container exits.
    #[command(flatten)]
    pub(crate) attach: AttachArgs,
    /// Show a menu of keys while attached; on by default in terminals
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true,
          value_parser = interaction::switch)]
    pub(crate) menu: Option<bool>,
    /// Do not use colours in log lines
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Do not prefix log lines with the container name
    #[arg(long)]
    pub(crate) no_log_prefix: bool,
    /// Show a timestamp with each log line
    #[arg(long)]
    pub(crate) timestamps: bool,
    /// Write what was done and waited for over time to this file: a .svg, .html, .json, .trace (Perfetto) or .txt
    #[arg(long, value_name = "FILE")]
    pub(crate) timeline: Option<PathBuf>,
    /// Watch files, and do what `develop.watch` says when they change
    #[arg(short, long)]
    pub(crate) watch: bool,
}

pub(super) fn up(args: &UpArgs, context: &Context) -> Result<(), Failure> {
    check(args)?;
    let load = || {
        let loaded = bring_up::load_some(&args.plan, context)?;
        let follow = attachment::follow_settings(&args.attach, &loaded.project)?;
        Ok((loaded, follow))
    };
    with_engine(context, load, async |(loaded, follow), engine| {
        let goal = bring_up::prepare(&args.plan, context, loaded, &engine).await?;
        if context.global.dry_run {
            return goal.dry_run(context).await;
        }
        let project = &goal.origin.project.name;
        let recording = Recording::begin(project, &engine.address(), args.timeline.as_deref(), context)?;
        if args.detach || args.plan.wait || args.plan.no_start {
            let Goal { up, prepared, origin, hidden } = &goal;
            progress::carry_out_recorded(up, &engine, prepared, origin, *hidden, recording, context).await
        } else {
            Box::pin(attached(args, follow, context, &goal, &engine, recording)).await
        }
    })
}

/// Executes the plan and shows the output of its containers until they have exited or the user stops them.
async fn attached<E: Engine>(
    args: &UpArgs,
    follow: FollowSettings,
    context: &Context,
    goal: &Goal,
    engine: &E,
    recording: Recording,
) -> Result<(), Failure> {
    let (definitions, apply) = definitions(&args.plan, Some(&args.attach), context, &goal.origin, engine.is_local());
    let (watching, wanted) = watching(args.watch, definitions, goal, context)?;
    let settings = SessionSettings {
        watching,
        run: progress::run_settings(&goal.origin.project, context)?,
        follow,
        on_exit: attachment::on_exit(&args.attach),
        exit_code_from: args.attach.exit_code_from.as_deref().map(ServiceName::from),
    };
    let logs = LogPrinter::new(output::log_settings(context, args.no_color, args.no_log_prefix, args.timestamps));
    let progress = output::with_build_log(output::progress(context)?.hiding(goal.hidden), context);
    let mut screen = Screen::new(progress, logs).watching(wanted).applying(apply).recording(recording);
    if screen::wants_menu(args.menu, &goal.origin.project.environment, context)? {
        screen.open_menu(context)?;
    }
    let (interruption, detach) = (Interruption::default(), CancellationToken::new());
    let (events, received) = Events::channel();
    let (outputs, lines) = Outputs::channel();
    let run = Box::pin(async {
        // Both channels close with the session, which ends the display.
        let (events, outputs) = (events, outputs);
        let (interruption, detach, settings) = (&interruption, &detach, &settings);
        let cx = SessionContext { engine, events: &events, outputs: &outputs, interruption, detach, settings };
        session::up(&goal.up, &goal.prepared, cx).await
    });
    let shown = screen.show(received, lines, &interruption, &detach);
    let ended = progress::with_signals(&interruption, async { tokio::join!(run, shown) }).await;
    screen.close()?;
    screen.end_recording(context)?;
    let (outcome, shown) = ended?;
    shown?;
    let outcome = outcome.map_err(|error| goal.origin.failure(error))?;
    if outcome.detached
        && let Some(left_out) = warning::detached::message(&outcome.plan, &outcome.run)
    {
        output::warn(&output::style(context).for_this_project(&left_out), context)?;
    }
    end(outcome, goal)
}

/// What can be watched, and who says that it is to be; or why nothing can be.
fn watching(
    wanted: bool,
    definitions: Definitions,
    goal: &Goal,
    context: &Context,
) -> Result<(Option<Watching>, WatchSwitch), Failure> {
    let settings = watch_settings(&goal.up, Prune::No, context)?;
    match Watch::new(goal.origin.project.clone(), settings) {
        Ok(watch) => {
            let (sender, receiver) = watch::channel(wanted);
            let watch = watch.with_definitions(definitions);
            Ok((Some(Watching { watch, wanted: receiver }), Ok(sender)))
        }
        Err(error) if wanted => Err(Failure::Usage(error.to_string())),
        Err(error) => Ok((None, Err(error.to_string()))),
    }
}

/// Turns the outcome of a session into the command's result: 130 after an interruption, else the result of the plan. As
/// in Docker Compose, containers that exit with a non-zero status are no failure.
fn end(outcome: SessionOutcome, goal: &Goal) -> Result<(), Failure> {
    let failed = |failure: RunFailure| goal.origin.failure(failure.into());
    if let Some((plan, stopped)) = outcome.stop {
        stopped.into_result(&plan).map_err(failed)?;
    }
    if outcome.interrupted {
        return Err(Failure::Interrupted);
    }
    outcome.run.into_result(&outcome.plan).map_err(failed)?;
    match outcome.exit_code.map(|code| u8::try_from(code).unwrap_or(1)) {
        Some(status) if status != 0 => Err(Failure::Status(status)),
        Some(_) | None => Ok(()),
    }
}

/// Checks the flags about attaching for conflicts; messages and their order are those of Docker Compose.
fn check(args: &UpArgs) -> Result<(), Failure> {
    args.timeline.as_deref().map(recording::format_of).transpose()?;
    let UpArgs { plan, attach, detach, .. } = args;
    let aborts_on_exit = attach.abort_on_container_exit || attach.exit_code_from.is_some();
    // Docker Compose checks these two before the flags about attaching.
    if plan.wait_timeout < 0 {
        return bring_up::check(plan);
    }
    if attach.abort_on_container_exit && attach.abort_on_container_failure {
        return Failure::usage("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
    }
    if plan.wait && (attach.attach_dependencies || aborts_on_exit || !attach.attach.is_empty()) {
        return Failure::usage(
            "--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies",
        );
    }
    bring_up::check(plan)?;
    let needs_session =
        attach.attach_dependencies || aborts_on_exit || attach.abort_on_container_failure || !attach.attach.is_empty();
    if (*detach || plan.wait) && (needs_session || args.watch) {
        let flag = if plan.wait { "--wait" } else { "--detach" };
        return Failure::usage(&format!(
            "{flag} cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, \
             --attach-dependencies or --watch"
        ));
    }
    if plan.converge.no_build && args.watch {
        return Failure::usage("--no-build and --watch are incompatible");
    }
    if !attach.attach.is_empty() && attach.attach_dependencies {
        return Failure::usage("cannot combine --attach and --attach-dependencies");
    }
    Ok(())
}
