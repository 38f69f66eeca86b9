//! The flags of `run` that change the definition of its container.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Context, Failure, interaction, output};
use crate::load;
use crate::project::value::{Mount, MountKind, Port, command, mount, port};
use crate::project::{Project, Service};

/// Flags that change the definition of the container.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DefinitionArgs {
    /// Add a Linux capability; may be repeated
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) cap_add: Vec<String>,
    /// Drop a Linux capability; may be repeated
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) cap_drop: Vec<String>,
    /// Replace the entrypoint of the image
    #[arg(long, value_name = "COMMAND")]
    pub(crate) entrypoint: Option<String>,
    /// Set a variable: NAME=VALUE, or NAME for its value here; may be repeated
    #[arg(short, long, value_name = "VARIABLE")]
    pub(crate) env: Vec<String>,
    /// Set the variables in an env file; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) env_from_file: Vec<PathBuf>,
    /// Pass standard input to the command
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = interaction::switch)]
    pub(crate) interactive: Option<bool>,
    /// Add a label: NAME=VALUE; may be repeated
    #[arg(short, long, alias = "labels", value_name = "LABEL")]
    pub(crate) label: Vec<String>,
    /// Do not allocate a terminal [default: unless standard input and output are terminals]
    #[arg(short = 'T', long, alias = "no-TTY", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = interaction::switch)]
    pub(crate) no_tty: Option<bool>,
    /// Publish a port on the host; may be repeated
    #[arg(short, long, value_name = "PORT")]
    pub(crate) publish: Vec<String>,
    /// Publish the ports of the service
    #[arg(short = 'P', long)]
    pub(crate) service_ports: bool,
    /// Allocate a terminal
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = interaction::switch, hide = true)]
    pub(crate) tty: Option<bool>,
    /// User that runs the command
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Mount a volume or a path on the host; may be repeated
    #[arg(short, long, alias = "volumes", value_name = "VOLUME")]
    pub(crate) volume: Vec<String>,
    /// Working directory of the command
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) workdir: Option<String>,
}

/// Holds the flags against each other.
///
/// # Errors
///
/// If they contradict each other or are malformed, in the words of Docker Compose.
pub(super) fn check(args: &DefinitionArgs) -> Result<(), Failure> {
    if args.tty == Some(true) && args.no_tty == Some(true) {
        return Failure::usage("--tty and --no-tty can't be used together");
    }
    if args.service_ports && !args.publish.is_empty() {
        return Failure::usage("--service-ports and --publish are incompatible");
    }
    if args.label.iter().any(|label| !label.contains('=')) {
        return Failure::usage("label must be set as KEY=VALUE");
    }
    Ok(())
}

/// Changes the definition of the service to that of the container: what the flags say, and nothing of what only replicas
/// have.
///
/// # Errors
///
/// If a port, a mount or the entrypoint is malformed, or an env file cannot be used.
pub(super) fn apply(
    args: &DefinitionArgs,
    command: &[String],
    name: &str,
    project: &mut Project,
    context: &Context,
) -> Result<(), Failure> {
    let environment = variables(args, project, context)?;
    let Some(service) = project.services.get_mut(name) else { return Ok(()) };
    let replica = std::mem::replace(service, Service::new(name));
    *service = Service {
        scale: Some(1),
        restart: None,
        container_name: None,
        pre_start: Vec::new(),
        deploy: replica.deploy.clone().map(|deploy| crate::project::Deploy {
            replicas: None,
            restart_policy: None,
            update_config: None,
            ..deploy
        }),
        ports: ports(args, &replica)?,
        stdin_open: args.interactive.unwrap_or(true),
        tty: wants_terminal(args, context),
        user: args.user.clone().or(replica.user.clone()),
        working_dir: args.workdir.clone().or(replica.working_dir.clone()),
        ..replica
    };
    if let Some(entrypoint) = &args.entrypoint {
        let words = command::split(entrypoint).map_err(|error| Failure::Usage(format!("--entrypoint: {error}")))?;
        service.entrypoint = Some(words.words);
        service.command = Some(Vec::new());
    }
    if !command.is_empty() {
        service.command = Some(command.to_vec());
    }
    service.environment.extend(environment);
    service.labels.extend(args.label.iter().filter_map(|label| label.split_once('=')).map(owned));
    service.cap_add.retain(|capability| !args.cap_drop.contains(capability));
    service.cap_add.extend(args.cap_add.iter().cloned());
    service.cap_drop.retain(|capability| !args.cap_add.contains(capability));
    service.cap_drop.extend(args.cap_drop.iter().cloned());
    for text in &args.volume {
        let mount = mounted(text, context)?;
        service.volumes.retain(|other| other.target != mount.target);
        service.volumes.push(mount);
    }
    Ok(())
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Whether the command gets a terminal: unless told otherwise, if both ends of it would be one here.
fn wants_terminal(args: &DefinitionArgs, context: &Context) -> bool {
    let here = context.terminals;
    let asked = args.tty == Some(true) || args.interactive == Some(true);
    match (args.no_tty, args.tty) {
        (Some(no_tty), _) => !no_tty,
        (None, Some(tty)) => tty,
        (None, None) => here.stdout && (here.stdin || asked),
    }
}

/// No ports unless they are asked for: those of the service may be taken by its replicas.
fn ports(args: &DefinitionArgs, replica: &Service) -> Result<Vec<Port>, Failure> {
    if args.service_ports {
        return Ok(replica.ports.clone());
    }
    let mut ports = Vec::new();
    for text in &args.publish {
        let parsed = port::parse_short(text).map_err(|error| Failure::Usage(format!("--publish: {error}")))?;
        ports
            .extend(parsed.into_iter().map(|port| Port { protocol: port.protocol.or(Some("tcp".to_owned())), ..port }));
    }
    Ok(ports)
}

/// A mount in short syntax; relative paths are relative to the current directory.
fn mounted(text: &str, context: &Context) -> Result<Mount, Failure> {
    let mount = mount::parse_short(text).map_err(|error| Failure::Usage(format!("--volume: {error}")))?;
    let source = mount.source.map(|source| match (mount.kind, source.strip_prefix("~/"), context.variable("HOME")) {
        (MountKind::Bind, Some(rest), Some(home)) => Path::new(home).join(rest).display().to_string(),
        (MountKind::Bind, ..) => context.working_directory.join(source).display().to_string(),
        _ => source,
    });
    Ok(Mount { source, ..mount })
}

/// The variables that the flags set: those of files, then those given one by one. A name without a value has that of the
/// project's environment, and is left out if it has none there.
fn variables(
    args: &DefinitionArgs,
    project: &Project,
    context: &Context,
) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let mut variables = BTreeMap::new();
    for path in &args.env_from_file {
        let path = context.working_directory.join(path);
        let read = load::read_env_file(&path, &context.reader, &project.environment);
        let read = read.map_err(|failure| output::load_failure(&failure, context))?;
        variables.extend(read.into_iter().map(|(name, value)| (name, Some(value))));
    }
    for variable in &args.env {
        let (name, value) = match variable.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (variable.as_str(), project.environment.get(variable).cloned()),
        };
        if value.is_some() {
            variables.insert(name.to_owned(), value);
        }
    }
    Ok(variables)
}

/// 64 hexadecimal digits that no other run has.
pub(super) fn slug() -> String {
    let digits = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}{:016x}{:016x}", digits(), digits(), digits(), digits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_long_and_differ() {
        let (one, other) = (slug(), slug());
        assert!(one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }
}
