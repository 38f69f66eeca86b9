//! `build`: builds the images of services.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::str::FromStr as _;
use std::sync::Arc;

use clap::Args;

use crate::cli::engine::with_engine;
use crate::cli::output::Remarks;
use crate::cli::progress::{self, Origin};
use crate::cli::{Context, Failure, output};
use crate::engine::Engine;
use crate::export::bake::{BakeOptions, bake};
use crate::load::{Dependencies, Loaded, Resources};
use crate::operation::ask::Always;
use crate::operation::{self, Detail, OperationError};
use crate::plan::{self, BuildDependencies, BuildOptions, BuildPurpose};
use crate::project::value::ByteSize;
use crate::project::{Project, SshKey};
use crate::render::Hidden;

/// Arguments of `build`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct BuildArgs {
    /// Build argument; without a value, that of the variable in the environment; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) build_arg: Vec<String>,
    /// Build with this builder of the buildx plugin instead of the engine
    #[arg(long, value_name = "NAME")]
    pub(crate) builder: Option<String>,
    /// Look for mistakes in the Dockerfiles instead of building
    #[arg(long)]
    pub(crate) check: bool,
    /// Accepted for compatibility; the engine compresses nothing
    #[arg(long, hide = true)]
    pub(crate) compress: bool,
    /// Accepted for compatibility; nothing is left of a build
    #[arg(long, hide = true)]
    pub(crate) force_rm: bool,
    /// Memory limit of build steps; only engines without BuildKit have one
    #[arg(short, long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<i64>,
    /// Ignore the cache
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Accepted for compatibility; nothing is left of a build
    #[arg(long, hide = true)]
    pub(crate) no_rm: bool,
    /// Accepted for compatibility; independent builds run in parallel
    #[arg(long, hide = true)]
    pub(crate) parallel: bool,
    /// Print the builds in the format of `docker buildx bake`, and build nothing
    #[arg(long)]
    pub(crate) print: bool,
    /// Same as the flag before the command
    #[arg(long = "progress", id = "build_progress", value_name = "MODE", hide = true)]
    pub(crate) progress: Option<String>,
    /// Attach a statement about where the image comes from: true, false or settings such as mode=max
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) provenance: Option<String>,
    /// Pull newer base images
    #[arg(long)]
    pub(crate) pull: bool,
    /// Push the images of services with `image`
    #[arg(long)]
    pub(crate) push: bool,
    /// Do not show the build log
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Attach a list of what the image contains: true, false or settings
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) sbom: Option<String>,
    /// SSH agent or key for build steps: default, or ID=PATH
    #[arg(long, value_name = "KEY")]
    pub(crate) ssh: Option<String>,
    /// Also build what the given services depend on
    #[arg(long)]
    pub(crate) with_dependencies: bool,
    /// Services to build [default: all with a `build` section]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

pub(super) fn build(args: &BuildArgs, context: &Context) -> Result<(), Failure> {
    hint_at_progress(args)?;
    if args.print {
        return print(&read(args, context)?, context);
    }
    with_engine(context, || read(args, context), async |goal, engine| carry_out(goal, args, &engine, context).await)
}

/// What to build.
struct Goal {
    options: BuildOptions,
    project: Arc<Project>,
    origin: Origin,
}

/// Reads the files for the services that the arguments name.
fn read(args: &BuildArgs, context: &Context) -> Result<Goal, Failure> {
    let ssh = args.ssh.as_deref().map(ssh_key).transpose()?;
    let mut load_options = context.load_options(&args.services);
    // A build may use secrets of services that no profile enables.
    load_options.resources = Resources::All;
    load_options.resolve_environment = false;
    if !args.with_dependencies && !args.print {
        load_options.dependencies = Dependencies::Ignore;
    }
    let Loaded { project, sources, .. } = output::load(&load_options, Remarks::NotOnSchedules, context)?;
    let environment = &project.environment;
    let options = BuildOptions {
        dependencies: if args.with_dependencies { BuildDependencies::Include } else { BuildDependencies::Ignore },
        args: build_args(&args.build_arg, environment),
        ssh: ssh.into_iter().collect(),
        no_cache: args.no_cache,
        pull: args.pull,
        push: args.push,
        provenance: args.provenance.clone(),
        sbom: args.sbom.clone(),
        purpose: if args.check { BuildPurpose::Check } else { BuildPurpose::Image },
        memory: args.memory.filter(|bytes| *bytes != 0),
        builder: args.builder.clone(),
        default_platform: environment.get("DOCKER_DEFAULT_PLATFORM").filter(|value| !value.is_empty()).cloned(),
        base_images: BTreeMap::new(),
    };
    let project = Arc::new(project);
    let origin = Origin { project: project.clone(), sources };
    let project =
        plan::project_to_build(&project, &options).map_err(|error| origin.failure(OperationError::from(error)))?;
    Ok(Goal { options, project: Arc::new(project), origin })
}

async fn carry_out<E: Engine>(goal: Goal, args: &BuildArgs, engine: &E, context: &Context) -> Result<(), Failure> {
    let Goal { options, project, origin } = goal;
    let mut build = operation::build(project, options);
    let prepared = operation::prepare(&mut build, engine, &Always::No, Detail::Enough).await;
    let prepared = prepared.map_err(|error| origin.failure(error))?;
    if prepared.plan.is_empty() {
        return output::warn(NOTHING, context);
    }
    if context.global.dry_run {
        progress::dry_run(&build, &prepared, context).await?;
        return operation::look_for_files(&prepared).map_err(|failure| origin.failure(OperationError::Run(failure)));
    }
    let hidden = Hidden { builds: args.quiet, ..Hidden::default() };
    progress::carry_out(&build, engine, &prepared, &origin, hidden, context).await
}

/// What a build of nothing says.
const NOTHING: &str = "No services to build";

fn print(goal: &Goal, context: &Context) -> Result<(), Failure> {
    let services = plan::services_to_build(&goal.project, &goal.options);
    if services.is_empty() {
        return output::warn(NOTHING, context);
    }
    // Also what nobody asked for: a target may refer to it.
    let all = BuildOptions { dependencies: BuildDependencies::Include, ..BuildOptions::default() };
    let targets = plan::services_to_build(&goal.project, &all);
    let options = BakeOptions { push: goal.options.push, check: goal.options.purpose == BuildPurpose::Check };
    output::print(bake(&goal.project, &targets, &services, options))
}

/// The form of progress that `--progress` asks for after the command, else `BUILDKIT_PROGRESS`.
pub(super) fn choose_progress(args: &BuildArgs, context: &mut Context) {
    match &args.progress {
        Some(mode) => context.global.progress = Some(mode.clone()),
        None => context.choose_build_progress(),
    }
}

fn hint_at_progress(args: &BuildArgs) -> Result<(), Failure> {
    if args.progress.is_some() {
        let hint = "--progress is a global compose flag, better use `docker compose --progress xx build ...";
        writeln!(io::stderr(), "{hint}")?;
    }
    Ok(())
}

/// The arguments of `--build-arg`; without a value, that of the variable.
fn build_args(items: &[String], environment: &BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
    let argument = |item: &String| match item.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (item.clone(), environment.get(item).cloned()),
    };
    items.iter().map(argument).collect()
}

/// `default` or `ID=PATH`.
fn ssh_key(text: &str) -> Result<SshKey, Failure> {
    match text.split_once('=') {
        _ if text.is_empty() || text == "default" => Ok(SshKey { id: "default".to_owned(), path: None }),
        Some((id, path)) => {
            let path = Some(path).filter(|path| !path.is_empty()).map(str::to_owned);
            Ok(SshKey { id: id.to_owned(), path })
        }
        None => Failure::usage(&format!("invalid ssh key \"{text}\"")),
    }
}

fn bytes(text: &str) -> Result<i64, String> {
    ByteSize::from_str(text).map(ByteSize::as_bytes).map_err(|_| format!("invalid size: '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_without_a_value_have_that_of_the_variable() {
        let environment = [("HOME".to_owned(), "/root".to_owned())].into();
        let items = ["A=1", "B=", "C=x=y", "HOME", "NONE", "A=2"].map(str::to_owned);
        let arguments = build_args(&items, &environment);
        let shown: Vec<_> = arguments.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        let expected = [("A", Some("2")), ("B", Some("")), ("C", Some("x=y")), ("HOME", Some("/root")), ("NONE", None)];
        assert_eq!(shown, expected);
    }

    #[test]
    fn ssh_keys_have_an_id_unless_they_are_the_default() {
        let key = |text| ssh_key(text).map(|key| (key.id, key.path)).ok();
        let found = |id: &str, path: Option<&str>| Some((id.to_owned(), path.map(str::to_owned)));
        assert_eq!(key(""), found("default", None));
        assert_eq!(key("default"), found("default", None));
        assert_eq!(key("github=/k"), found("github", Some("/k")));
        assert_eq!(key("github"), None);
    }

    #[test]
    fn memory_has_units() {
        assert_eq!(bytes("1g"), Ok(1 << 30));
        assert_eq!(bytes("x"), Err("invalid size: 'x'".to_owned()));
    }
}
