//! Arguments and environment become one settings struct per layer.

use std::collections::BTreeMap;
use std::time::Duration;

use super::args::{ConvergeArgs, UpPlanArgs};
use super::confirm::lenient_bool;
use super::context::Context;
use super::{Failure, output};
use crate::diagnostic::suggest::closest;
use crate::engine::docker::ConnectSettings;
use crate::load::{Dependencies, LoadOptions, Resources};
use crate::plan::{
    AnonymousVolumePolicy, BuildImages, Orphans, Probing, Recreate, SecretValues, StartContainers, UpOptions,
    WaitUntilReady,
};
use crate::project::value::PullPolicy;
use crate::project::{Project, ServiceName};
use crate::render::ProgressMode;
use crate::source::Reader;

/// Variables by name.
pub(super) type Environment = BTreeMap<String, String>;

/// What to load for a command that acts on `services`.
#[must_use]
pub(super) fn load_options(context: &Context, services: &[String]) -> LoadOptions {
    let global = &context.global;
    let mut options = LoadOptions::new(&context.working_directory);
    options.files.clone_from(&global.file);
    options.project_directory = global.project_directory.as_ref().or(global.workdir.as_ref()).cloned();
    options.project_name.clone_from(&global.project_name);
    options.env_files.clone_from(&global.env_file);
    options.profiles.clone_from(&global.profile);
    options.environment.clone_from(&context.environment);
    options.services = services.to_vec();
    options.reader = context.reader.clone();
    if global.all_resources {
        options.resources = Resources::All;
    }
    if global.compatibility {
        options.separator = crate::project::NameSeparator::Underscore;
    }
    options
}

/// What `up --no-deps` changes about what is loaded.
pub(super) fn without_dependencies(options: &mut LoadOptions) {
    options.dependencies = Dependencies::Ignore;
}

/// Holds the flags of `up`, `create` and `plan` against each other.
///
/// # Errors
///
/// Where they do not go together, in the words and the order of cli.md §4.
pub(super) fn check_up(args: &UpPlanArgs) -> Result<(), Failure> {
    let converge = &args.converge;
    if args.wait_timeout < 0 {
        return usage("--wait-timeout must be a non-negative integer");
    }
    if converge.build && converge.no_build {
        return usage("--build and --no-build are incompatible");
    }
    if converge.no_recreate && args.renew_anon_volumes {
        return usage("--no-recreate and --renew-anon-volumes are incompatible");
    }
    if converge.no_recreate && converge.force_recreate {
        return usage("--force-recreate and --no-recreate are incompatible");
    }
    if converge.no_recreate && args.always_recreate_deps {
        return usage("--always-recreate-deps and --no-recreate are incompatible");
    }
    converge.pull.as_deref().map(pull_policy).transpose()?;
    scales(&converge.scale)?;
    Ok(())
}

/// The options of the plan of `up`, `create` and `plan`; `environment` is the project's.
///
/// # Errors
///
/// Where a flag or variable has a value that is not one of its own.
pub(super) fn up_options(
    args: &UpPlanArgs,
    context: &Context,
    environment: &Environment,
) -> Result<UpOptions, Failure> {
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
        wait: args.wait.then(|| WaitUntilReady { timeout: seconds(args.wait_timeout) }),
        probing: if args.eager_health { Probing::Eager } else { Probing::Engine },
        rolling: args.rolling,
        timeout: timeout(args.timeout),
        scale: scales(&converge.scale)?,
        now: jiff::Timestamp::now().as_second(),
        values: secret_values(context),
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

/// Whether `--show-values` was given.
#[must_use]
pub(super) fn secret_values(context: &Context) -> SecretValues {
    if context.global.show_values { SecretValues::Shown } else { SecretValues::Hidden }
}

/// A bound of so many seconds; none where the number is not positive.
fn seconds(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Seconds given by `-t`; fewer than none are none.
#[must_use]
pub(super) fn timeout(seconds: Option<i64>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn pull_policy(word: &str) -> Result<PullPolicy, Failure> {
    let known = matches!(word, "always" | "missing" | "if_not_present" | "never" | "build");
    if known { Ok(PullPolicy::from(word)) } else { usage(&format!("invalid --pull option \"{word}\"")) }
}

fn orphans(remove: bool, environment: &Environment) -> Result<Orphans, Failure> {
    let asked = |name: &str| environment.get(name).is_some_and(|value| lenient_bool(value));
    let remove = remove || asked("COMPOSE_REMOVE_ORPHANS");
    match (asked("COMPOSE_IGNORE_ORPHANS"), remove) {
        (true, true) => usage("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans"),
        (true, false) => Ok(Orphans::Ignore),
        (false, true) => Ok(Orphans::Remove),
        (false, false) => Ok(Orphans::Keep),
    }
}

/// The replicas that `--scale SERVICE=NUM` asks for, the last word for a service counts.
///
/// # Errors
///
/// Where an item is not of that form.
pub(super) fn scales(items: &[String]) -> Result<BTreeMap<ServiceName, u32>, Failure> {
    items
        .iter()
        .map(|item| {
            let parts = item.split_once('=').and_then(|(service, number)| Some((service, number.parse().ok()?)));
            match parts {
                Some((service, number)) => Ok((ServiceName::from(service), number)),
                None => usage(&format!("invalid --scale option \"{item}\". Should be SERVICE=NUM")),
            }
        })
        .collect()
}

/// Most engine calls at a time: `--parallel`, else `COMPOSE_PARALLEL_LIMIT`; without a bound where it is not positive.
///
/// # Errors
///
/// Where the variable is not a number.
pub(super) fn parallel(context: &Context, environment: &Environment) -> Result<Option<usize>, Failure> {
    let limit = match (context.global.parallel, environment.get("COMPOSE_PARALLEL_LIMIT")) {
        (Some(limit), _) => Some(limit),
        (None, Some(text)) if !text.is_empty() => match text.parse() {
            Ok(limit) => Some(limit),
            Err(_) => return usage(&format!("COMPOSE_PARALLEL_LIMIT must be an integer (found: \"{text}\")")),
        },
        (None, _) => None,
    };
    Ok(limit.map(|limit| usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)))
}

/// What Docker's configuration file says about the form of a listing.
#[must_use]
pub(super) fn docker_format(context: &Context, key: &str) -> Option<String> {
    let folder = ConnectSettings::from_environment(|name| context.environment.get(name).cloned()).config_folder?;
    // A file that cannot be read has nothing to say about listings; it is reported where it matters.
    let text = Reader::default().read(&folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&text).ok()?;
    config.get(key)?.as_str().map(str::to_owned)
}

/// That no file defines a service, with the name that may have been meant.
#[must_use]
pub(super) fn no_such_service(project: &Project, name: &str) -> String {
    format!("no such service: {name}{}", meant(project, name))
}

/// The service, disabled or not, that may have been meant by a name that none has.
#[must_use]
pub(super) fn closest_service<'a>(project: &'a Project, name: &str) -> Option<&'a str> {
    let names = project.services.keys().chain(project.disabled.keys());
    closest(name, names.map(ServiceName::as_str)).filter(|closest| *closest != name)
}

/// The hint that names the service that may have been meant, on a line of its own; empty where none is close.
#[must_use]
pub(super) fn meant(project: &Project, name: &str) -> String {
    closest_service(project, name).map(|closest| format!("\nhint: did you mean `{closest}`?")).unwrap_or_default()
}

/// A service that is not among those to act on: the files do not define it, it is disabled, or it was not named.
pub(super) fn unknown_service<T>(project: &Project, name: &str) -> Result<T, Failure> {
    let Some(disabled) = project.disabled.get(name) else { return usage(&no_such_service(project, name)) };
    if !project.selected.is_empty() {
        return usage(&format!("service `{name}` is not one of the services given\nhint: add it to the command line"));
    }
    let hint = disabled.profiles.first().map(|profile| format!("\nhint: enable it with `--profile {profile}`"));
    usage(&format!("service `{name}` is disabled by its profiles{}", hint.unwrap_or_default()))
}

/// A usage error with the contract's words.
pub(super) fn usage<T>(message: &str) -> Result<T, Failure> {
    Err(Failure::Usage(message.to_owned()))
}

/// `--ansi`, or `--no-ansi` for `never`, else `COMPOSE_ANSI`, else `auto`. Other words mean no colours in logs, and `auto`
/// elsewhere.
#[must_use]
pub(super) fn ansi(context: &Context) -> &str {
    let given = if context.global.no_ansi { Some("never") } else { context.global.ansi.as_deref() };
    given.or(context.ansi.as_deref()).unwrap_or("auto")
}

/// Holds the flags before the command against each other, and tells of those that are deprecated.
///
/// # Errors
///
/// Where they do not go together, or name what does not exist.
pub(super) fn check_globals(context: &Context) -> Result<(), Failure> {
    let global = &context.global;
    if global.no_ansi {
        if global.ansi.as_deref().is_some_and(|word| word != "auto") {
            return usage("cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\". Please use only \"--ansi\"");
        }
        output::warn("option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.", context)?;
    }
    if global.workdir.is_some() {
        if global.project_directory.is_some() {
            return usage(
                "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\". Please use only \
                 \"--project-directory\" instead",
            );
        }
        output::warn(
            "option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.",
            context,
        )?;
    }
    progress_mode(context).map(|_| ())
}

/// How progress is shown: `--progress`, else `COMPOSE_PROGRESS`, else what standard error can show (cli.md §6.1).
///
/// # Errors
///
/// Where the word is not known, or contradicts `--ansi`.
pub(super) fn progress_mode(context: &Context) -> Result<ProgressMode, Failure> {
    let word = context.global.progress.as_deref().or(context.variable("COMPOSE_PROGRESS")).unwrap_or("auto");
    match (word, ansi(context)) {
        ("tty", "never") => usage("can't use --progress tty while ANSI support is disabled"),
        ("plain", "always") => usage("can't use --progress plain while ANSI support is forced"),
        ("" | "auto", "never") => Ok(ProgressMode::Plain),
        ("" | "auto", _) if context.terminals.stderr => Ok(ProgressMode::Tty),
        ("" | "auto" | "plain", _) => Ok(ProgressMode::Plain),
        ("tty", _) => Ok(ProgressMode::Tty),
        ("json", _) => Ok(ProgressMode::Json),
        ("quiet" | "none", _) => Ok(ProgressMode::Quiet),
        (other, _) => usage(&format!("unsupported --progress value \"{other}\"")),
    }
}
