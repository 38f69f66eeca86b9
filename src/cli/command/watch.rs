//! `watch`: brings services up and does what `develop.watch` says when files change.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::cli::attachment::{self, AttachArgs};
use crate::cli::bring_up::{self, Goal, UpPlanArgs};
use crate::cli::engine::with_engine;
use crate::cli::project_lock::ProjectLock;
use crate::cli::screen::{self, Screen};
use crate::cli::{Context, Failure, interaction, output, progress};
use crate::diagnostic::render::Style;
use crate::engine::{Engine, Observe as _};
use crate::event::{Events, Outputs};
use crate::load::{self, Loaded};
use crate::operation::ask::Always;
use crate::operation::follow::AddedServices;
use crate::operation::watch::{Definitions, Prune, Reload, Reloaded, Watch, WatchContext, WatchSettings};
use crate::operation::{self, Detail, Interruption, OperationError, Up};
use crate::plan::{self, BuildOptions, Recreate};
use crate::project::Project;
use crate::render::Hidden;
use crate::render::logs::LogPrinter;
use crate::source::SourceMap;

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Do not build and start services first
    #[arg(long)]
    pub(crate) no_up: bool,
    /// Remove images of the project that lost their name to a newer build [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true,
          value_parser = interaction::switch)]
    pub(crate) prune: Option<bool>,
    /// Do not show the build log
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Services to watch, brought up with their dependencies [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn watch(args: WatchArgs, context: &Context) -> Result<(), Failure> {
    let up_args = UpPlanArgs { services: args.services, quiet_build: args.quiet, ..UpPlanArgs::default() };
    let prune = if args.prune == Some(false) { Prune::No } else { Prune::Yes };
    let load = || bring_up::load_some(&up_args, context);
    with_engine(context, load, async |loaded, engine| {
        let options = bring_up::options(&up_args, context, &loaded.project, engine.is_local())?;
        let project = Arc::new(loaded.project.clone());
        let up = Up::new(project.clone(), options);
        let watch = Watch::new(project.clone(), watch_settings(&up, prune, context)?)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let origin = progress::Origin { project: project.clone(), sources: loaded.sources.clone() };
        let (definitions, apply) = definitions(&up_args, None, context, &origin, engine.is_local());
        let watch = watch.with_definitions(definitions);
        let _lock =
            if context.global.dry_run { None } else { Some(ProjectLock::take(project.name.as_str(), context)?) };
        if !args.no_up {
            build(&watch, &loaded, args.quiet, &engine, context).await?;
            let goal = prepare(&up, &up_args, context, loaded, &engine).await?;
            if context.global.dry_run {
                return goal.dry_run(context).await;
            }
            progress::carry_out(&goal.up, &engine, &goal.prepared, &goal.origin, goal.hidden, context).await?;
        }
        if context.global.dry_run {
            return Ok(());
        }
        Box::pin(until_interrupted(&watch, apply, args.quiet, &engine, context)).await
    })
}

/// How what follows a change is carried out, for a project that was brought up like this.
pub(super) fn watch_settings(up: &Up, prune: Prune, context: &Context) -> Result<WatchSettings, Failure> {
    let build = BuildOptions { default_platform: up.options.default_platform.clone(), ..BuildOptions::default() };
    Ok(WatchSettings { run: progress::run_settings(&up.project, context)?, up: up.options.clone(), build, prune })
}

/// The files of the project, to be watched too; and who says that a change of them is to be applied.
pub(super) fn definitions(
    args: &UpPlanArgs,
    attach: Option<&AttachArgs>,
    context: &Context,
    origin: &progress::Origin,
    engine_is_local: bool,
) -> (Definitions, Arc<Notify>) {
    let apply = Arc::new(Notify::new());
    let (args, attach, context) = (args.clone(), attach.cloned(), context.clone());
    let reload = Arc::new(ReadAgain { args, attach, context, engine_is_local });
    (Definitions { files: files(&origin.project, &origin.sources), reload, apply: apply.clone() }, apply)
}

/// The files that were read, and the `.env` that would be.
fn files(project: &Project, sources: &SourceMap) -> BTreeSet<PathBuf> {
    let read = sources.files().map(|(_, file)| project.working_directory.join(file.path()));
    read.chain([project.working_directory.join(".env")]).collect()
}

struct ReadAgain {
    args: UpPlanArgs,
    /// Whose output is shown, if that of any is.
    attach: Option<AttachArgs>,
    context: Context,
    engine_is_local: bool,
}

impl Reload for ReadAgain {
    fn reload(&self) -> Result<Reloaded, String> {
        let failed = |failure: Failure| {
            let mut text = Vec::new();
            // Memory can be written to.
            // What shows it makes control characters visible.
            let style = Style { color: false, ..output::style(&self.context) };
            let _ = failure.report(&style, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        };
        let options = bring_up::load_options(&self.args, &self.context).map_err(failed)?;
        let loaded = load::load(&options).map_err(|failure| output::load_problems(&failure, &self.context))?;
        let options = bring_up::options(&self.args, &self.context, &loaded.project, self.engine_is_local);
        let options = options.map_err(failed)?;
        let files = files(&loaded.project, &loaded.sources);
        let follow = self.attach.as_ref().map(|attach| attachment::follow_settings(attach, &loaded.project));
        let shown = follow.transpose().map_err(failed)?.and_then(|follow| follow.services).unwrap_or_default();
        Ok(Reloaded { up: Up::new(Arc::new(loaded.project), options), files, shown })
    }
}

/// Builds the images of the services that are watched.
async fn build<E: Engine>(
    watch: &Watch,
    loaded: &Loaded,
    quiet: bool,
    engine: &E,
    context: &Context,
) -> Result<(), Failure> {
    let origin = progress::Origin { project: Arc::new(loaded.project.clone()), sources: loaded.sources.clone() };
    let failed = |error: OperationError| origin.failure(error);
    let options = BuildOptions {
        default_platform: loaded
            .project
            .environment
            .get("DOCKER_DEFAULT_PLATFORM")
            .filter(|it| !it.is_empty())
            .cloned(),
        ..BuildOptions::default()
    };
    let mut project: Project =
        plan::project_to_build(&loaded.project, &options).map_err(|error| failed(OperationError::from(error)))?;
    project.selected = watch.services().into_iter().collect();
    let mut build = operation::build(Arc::new(project), options);
    let prepared = operation::prepare(&mut build, engine, &Always::No, Detail::Enough).await.map_err(failed)?;
    if prepared.plan.is_empty() {
        return Ok(());
    }
    if context.global.dry_run {
        return progress::dry_run(&build, &prepared, context).await;
    }
    let hidden = Hidden { builds: quiet, ..Hidden::default() };
    progress::carry_out(&build, engine, &prepared, &origin, hidden, context).await
}

async fn prepare<E: Engine>(
    up: &Up,
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: &E,
) -> Result<Goal, Failure> {
    let mut options = up.options.clone();
    options.recreate_dependencies = Recreate::Never;
    bring_up::prepare_with(options, args, context, loaded, engine).await
}

async fn until_interrupted<E: Engine>(
    watch: &Watch,
    apply: Arc<Notify>,
    quiet: bool,
    engine: &E,
    context: &Context,
) -> Result<(), Failure> {
    let logs = LogPrinter::new(output::log_settings(context, false, true, false));
    let hidden = Hidden { builds: quiet, ..Hidden::default() };
    let progress = output::with_build_log(output::progress(context)?.hiding(hidden), context);
    let mut screen = Screen::new(progress, logs).applying(apply);
    if screen::wants_menu(None, &watch.project().environment, context)? {
        screen.open_menu(context)?;
    }
    let (interruption, detach) = (Interruption::default(), CancellationToken::new());
    let (events, received) = Events::channel();
    let (outputs, lines) = Outputs::channel();
    // Both channels close with the watch, which ends the display.
    let interruptible = interruption.clone();
    let run = async move {
        let (engine, announcer, added) = (engine.clone(), None, AddedServices::default());
        let cx = WatchContext { engine, events, outputs, interruption: interruptible, announcer, added };
        watch.run_here(cx).await;
    };
    let shown = screen.show(received, lines, &interruption, &detach);
    let ended = progress::with_signals(&interruption, async { tokio::join!(run, shown) }).await;
    screen.close()?;
    ended?.1?;
    if interruption.stop.is_cancelled() { Err(Failure::Interrupted) } else { Err(Failure::Status(1)) }
}
