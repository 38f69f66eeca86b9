//! What `up`, `create` and `plan` have in common: their arguments, and the way from files to a plan.
#![expect(clippy::doc_markdown, reason = "these comments are the help that people read in a terminal")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;

use super::confirm::Person;
use super::lenient::is_yes;
use super::output::Remarks;
use super::progress::{self, Origin};
use super::{Context, Failure, output, service_names, settings};
use crate::engine::Engine;
use crate::load::{self, Dependencies, LoadOptions, Loaded, Purpose, Resources};
use crate::operation::ask::Always;
use crate::operation::{self, Detail, OperationError, Prepared, Up};
use crate::plan::{
    AnonymousVolumePolicy, BuildImages, Jobs, OneOff, Orphans, Probing, Recreate, StartContainers, UpOptions,
    WaitUntilReady,
};
use crate::project::value::PullPolicy;
use crate::project::{Project, ServiceName};
use crate::render::Hidden;

/// Flags shared by every command that creates containers.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct ConvergeArgs {
    /// Build images that have a `build` section, even if they exist
    #[arg(long)]
    pub(crate) build: bool,
    /// Never build an image
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Recreate containers even if nothing changed
    #[arg(long)]
    pub(crate) force_recreate: bool,
    /// Leave existing containers alone even if their definition changed
    #[arg(long)]
    pub(crate) no_recreate: bool,
    /// When to pull images: always, missing, if_not_present, never or build
    #[arg(long, value_name = "POLICY")]
    pub(crate) pull: Option<String>,
    /// Do not show the layers of images while pulling
    #[arg(long)]
    pub(crate) quiet_pull: bool,
    /// Remove containers of services that are not in the files
    #[arg(long)]
    pub(crate) remove_orphans: bool,
    /// Run NUM replicas of SERVICE; may be repeated
    #[arg(long, value_name = "SERVICE=NUM")]
    pub(crate) scale: Vec<String>,
    /// Answer yes to all questions
    #[arg(short = 'y', long, alias = "y")]
    pub(crate) yes: bool,
}

/// The flags of `up` that affect its plan.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct UpPlanArgs {
    /// Flags about creating containers.
    #[command(flatten)]
    pub(crate) converge: ConvergeArgs,
    /// Also recreate the dependencies of the given services
    #[arg(long)]
    pub(crate) always_recreate_deps: bool,
    /// Do not bring up dependencies of the given services
    #[arg(long)]
    pub(crate) no_deps: bool,
    /// Create containers without starting them
    #[arg(long)]
    pub(crate) no_start: bool,
    /// Do not show the build log
    #[arg(long)]
    pub(crate) quiet_build: bool,
    /// Give new containers empty anonymous volumes; the old volumes are kept, but not mounted
    #[arg(short = 'V', long)]
    pub(crate) renew_anon_volumes: bool,
    /// Time that containers have to stop before they are killed [default: their own grace period]
    #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) timeout: Option<i64>,
    /// Return once all services are running, or healthy if they have a healthcheck
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait, services that the engine never restarts (`restart: no`) may end with status 0 as jobs do
    #[arg(long)]
    pub(crate) wait_for_jobs: bool,
    /// While waiting for a service to become healthy, check it every 500 ms instead of once per interval
    #[arg(long)]
    pub(crate) eager_health: bool,
    /// Replace the replicas of each service in turn, as set in its `deploy.update_config`
    #[arg(long)]
    pub(crate) rolling: bool,
    /// Maximum time for --wait; 0 means no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) wait_timeout: i64,
    /// The container of `run`.
    #[arg(skip)]
    pub(crate) one_off: Option<OneOff>,
    /// Services to bring up, with their dependencies [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

/// What is wrong with `--wait-for-jobs` alone.
pub(super) const NEEDS_WAIT: &str = "--wait-for-jobs needs --wait";

/// Checks the flags of `up`, `create` and `plan` for conflicts.
///
/// # Errors
///
/// If flags conflict; messages and their order are those of Docker Compose.
pub(super) fn check(args: &UpPlanArgs) -> Result<(), Failure> {
    let converge = &args.converge;
    if args.wait_timeout < 0 {
        return Failure::usage("--wait-timeout must be a non-negative integer");
    }
    if args.wait_for_jobs && !args.wait {
        return Failure::usage(NEEDS_WAIT);
    }
    if converge.build && converge.no_build {
        return Failure::usage("--build and --no-build are incompatible");
    }
    if converge.no_recreate && args.renew_anon_volumes {
        return Failure::usage("--no-recreate and --renew-anon-volumes are incompatible");
    }
    if converge.no_recreate && converge.force_recreate {
        return Failure::usage("--force-recreate and --no-recreate are incompatible");
    }
    if converge.no_recreate && args.always_recreate_deps {
        return Failure::usage("--always-recreate-deps and --no-recreate are incompatible");
    }
    converge.pull.as_deref().map(pull_policy).transpose()?;
    scales(&converge.scale)?;
    Ok(())
}

/// The plan options for `up`, `create` and `plan`; `environment` is the project's.
///
/// # Errors
///
/// If a flag or variable has an invalid value.
fn up_options(args: &UpPlanArgs, context: &Context, environment: &settings::Environment) -> Result<UpOptions, Failure> {
    let converge = &args.converge;
    let mut options = UpOptions {
        recreate: match converge {
            ConvergeArgs { no_recreate: true, .. } => Recreate::Never,
            ConvergeArgs { force_recreate: true, .. } => Recreate::Always,
            _ => Recreate::IfChanged,
        },
        recreate_dependencies: match args {
            UpPlanArgs { always_recreate_deps: true, .. } => Recreate::Always,
            _ if converge.no_recreate => Recreate::Never,
            _ => Recreate::IfChanged,
        },
        build: match converge {
            ConvergeArgs { no_build: true, .. } => BuildImages::Never,
            ConvergeArgs { build: true, .. } => BuildImages::Always,
            _ => BuildImages::AsNeeded,
        },
        pull: converge.pull.as_deref().map(pull_policy).transpose()?,
        orphans: orphans(converge.remove_orphans, environment)?,
        wait: args.wait.then(|| wait_until_ready(args.wait_timeout, args.wait_for_jobs)),
        probing: if args.eager_health { Probing::Eager } else { Probing::Engine },
        rolling: args.rolling,
        one_off: args.one_off.clone(),
        timeout: settings::timeout(args.timeout),
        scale: scales(&converge.scale)?,
        now: jiff::Timestamp::now().as_second(),
        values: context.secret_values(),
        default_platform: environment.get("DOCKER_DEFAULT_PLATFORM").filter(|value| !value.is_empty()).cloned(),
        ..UpOptions::default()
    };
    if args.renew_anon_volumes {
        options.anonymous_volumes = AnonymousVolumePolicy::Renew;
        options.recreate = Recreate::Always;
    }
    if args.no_start {
        options.start = StartContainers::No;
    }
    Ok(options)
}

/// The wait that `--wait`, `--wait-timeout` and `--wait-for-jobs` ask for.
pub(super) fn wait_until_ready(timeout: i64, for_jobs: bool) -> WaitUntilReady {
    let jobs = if for_jobs { Jobs::ByRestart } else { Jobs::Declared };
    WaitUntilReady { timeout: settings::time_limit(timeout), jobs }
}

fn pull_policy(word: &str) -> Result<PullPolicy, Failure> {
    let known = matches!(word, "always" | "missing" | "if_not_present" | "never" | "build");
    if known { Ok(PullPolicy::from(word)) } else { Failure::usage(&format!("invalid --pull option \"{word}\"")) }
}

fn orphans(remove: bool, environment: &settings::Environment) -> Result<Orphans, Failure> {
    let asked = |name: &str| environment.get(name).is_some_and(|value| is_yes(value));
    let remove = remove || asked("COMPOSE_REMOVE_ORPHANS");
    match (asked("COMPOSE_IGNORE_ORPHANS"), remove) {
        (true, true) => Failure::usage("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans"),
        (true, false) => Ok(Orphans::Ignore),
        (false, true) => Ok(Orphans::Remove),
        (false, false) => Ok(Orphans::Keep),
    }
}

/// The replica counts from `--scale SERVICE=NUM`; the last one for a service wins.
///
/// # Errors
///
/// If an item does not have that form.
fn scales(items: &[String]) -> Result<BTreeMap<ServiceName, u32>, Failure> {
    items
        .iter()
        .map(|item| {
            let parts = item.split_once('=').and_then(|(service, number)| Some((service, number.parse().ok()?)));
            match parts {
                Some((service, number)) => Ok((ServiceName::from(service), number)),
                None => Failure::usage(&format!("invalid --scale option \"{item}\". Should be SERVICE=NUM")),
            }
        })
        .collect()
}

/// What to bring up, and the plan for it.
pub(super) struct Goal {
    /// What to bring up, and how.
    pub(crate) up: Up,
    /// The plan, and the observed state it is based on.
    pub(crate) prepared: Prepared,
    /// The project and its files.
    pub(crate) origin: Origin,
    /// Which parts of the progress are hidden.
    pub(crate) hidden: Hidden,
}

/// Loads the project for the services that the arguments name.
pub(super) fn load(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    output::load(&load_options(args, context)?, Remarks::All, context)
}

/// The same; `is_job` is the failure if one of them is a job.
pub(super) fn load_services(
    args: &UpPlanArgs,
    remarks: Remarks,
    context: &Context,
    is_job: fn(&str) -> Result<Loaded, Failure>,
) -> Result<Loaded, Failure> {
    output::load_services(&load_options(args, context)?, remarks, context, is_job)
}

/// The same as [`load`] for a service or job that is run, with all resources that the files define, used or not.
pub(super) fn load_to_run(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    let options = LoadOptions { resources: Resources::All, purpose: Purpose::Run, ..load_options(args, context)? };
    output::load(&options, Remarks::NotOnSchedules, context)
}

/// How the files are read for the services that the arguments name.
///
/// # Errors
///
/// If flags conflict: that comes before reading anything.
pub(super) fn load_options(args: &UpPlanArgs, context: &Context) -> Result<LoadOptions, Failure> {
    check(args)?;
    context.progress_mode()?;
    let mut options = context.load_options(&args.services);
    if args.no_deps {
        options.dependencies = Dependencies::Ignore;
    }
    Ok(options)
}

/// Reads the files for the services that the arguments name; fails if that leaves no service, or if there are jobs with
/// a schedule. Warns of other jobs, which do not run.
pub(super) fn load_some(args: &UpPlanArgs, context: &Context) -> Result<Loaded, Failure> {
    let loaded = load(args, context)?;
    service_names::refuse_schedules(&loaded.project, &loaded.sources)?;
    if loaded.project.services.is_empty() && !context.global.all_resources {
        return no_service_selected(&loaded.project);
    }
    let jobs: Vec<_> = loaded.project.jobs.keys().map(ServiceName::as_str).collect();
    if !jobs.is_empty() {
        let jobs = jobs.join(", ");
        output::warn(&format!("jobs are not started by up; trigger them with `docker compose run`: {jobs}"), context)?;
    }
    Ok(loaded)
}

/// The error for a project of which no service is enabled.
pub(super) fn no_service_selected<T>(project: &Project) -> Result<T, Failure> {
    Failure::usage(&format!("no service selected{}", profiles_hint(project)))
}

/// The profiles that would enable services, if all services are disabled.
fn profiles_hint(project: &Project) -> String {
    let profiles: BTreeSet<_> = project.disabled.values().flat_map(|service| &service.profiles).collect();
    if profiles.is_empty() {
        return String::new();
    }
    let profiles: Vec<_> = profiles.into_iter().map(String::as_str).collect();
    format!(
        "\nhint: every service has a profile and none is active; enable one with --profile NAME (available: {})",
        profiles.join(", ")
    )
}

impl Goal {
    /// Shows what would be done, and what would fail because of missing files.
    pub(super) async fn dry_run(&self, context: &Context) -> Result<(), Failure> {
        progress::dry_run(&self.up, &self.prepared, context).await?;
        operation::look_for_files(&self.prepared).map_err(|failure| self.origin.failure(OperationError::Run(failure)))
    }
}

/// Observes, asks the user if necessary, and plans.
pub(super) async fn prepare<E: Engine>(
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: &E,
) -> Result<Goal, Failure> {
    let options = options(args, context, &loaded.project, engine.is_local())?;
    prepare_with(options, args, context, loaded, engine).await
}

/// The plan options for a project.
///
/// # Errors
///
/// If a flag or variable has an invalid value.
pub(super) fn options(
    args: &UpPlanArgs,
    context: &Context,
    project: &Project,
    engine_is_local: bool,
) -> Result<UpOptions, Failure> {
    let mut options = up_options(args, context, &project.environment)?;
    options.contents = load::contents(project);
    if engine_is_local {
        options.missing_files = load::missing_files(project);
    }
    Ok(options)
}

/// Observes, asks the user if necessary, and plans with these options.
pub(super) async fn prepare_with<E: Engine>(
    options: UpOptions,
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: &E,
) -> Result<Goal, Failure> {
    let goal = prepare_quietly(options, args, context, loaded, engine).await?;
    output::plan_warnings(&goal.prepared.plan, Some((&goal.origin.project, &goal.origin.sources)), context)?;
    Ok(goal)
}

/// The same without the warnings of the plan.
pub(super) async fn prepare_quietly<E: Engine>(
    options: UpOptions,
    args: &UpPlanArgs,
    context: &Context,
    loaded: Loaded,
    engine: &E,
) -> Result<Goal, Failure> {
    let project = Arc::new(loaded.project);
    let origin = Origin { project: project.clone(), sources: loaded.sources };
    let mut up = Up::new(project, options);
    let prepared = look(&mut up, args, context, engine).await.map_err(|error| origin.failure(error))?;
    let hidden = Hidden { layers: args.converge.quiet_pull, builds: args.quiet_build };
    Ok(Goal { up, prepared, origin, hidden })
}

async fn look<E: Engine>(
    up: &mut Up,
    args: &UpPlanArgs,
    context: &Context,
    engine: &E,
) -> Result<Prepared, OperationError> {
    let detail = if context.global.dry_run { Detail::Full } else { Detail::Enough };
    if args.converge.yes {
        return operation::prepare(up, engine, &Always::Yes, detail).await;
    }
    // A dry run does not ask; it shows what happens if the answer is no.
    if context.global.dry_run {
        return operation::prepare(up, engine, &Always::No, detail).await;
    }
    operation::prepare(up, engine, &Person { terminals: context.terminals }, detail).await
}
