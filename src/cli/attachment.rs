//! Whose output an attached `up` shows, and what happens when a container exits: arguments in, settings out.

use std::collections::BTreeSet;

use clap::Args;

use super::{Failure, service_names};
use crate::operation::follow::{Begin, FollowSettings, Stderr};
use crate::operation::session::OnExit;
use crate::project::{Project, ServiceName};

/// What an attached `up` shows, and when it ends.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AttachArgs {
    /// Show only the output of this service; may be repeated
    #[arg(long, value_name = "SERVICE")]
    pub(crate) attach: Vec<String>,
    /// Also show the output of the services' dependencies
    #[arg(long)]
    pub(crate) attach_dependencies: bool,
    /// Do not show the output of this service; may be repeated
    #[arg(long, value_name = "SERVICE")]
    pub(crate) no_attach: Vec<String>,
    /// Stop all containers when one exits
    #[arg(long)]
    pub(crate) abort_on_container_exit: bool,
    /// Stop all containers when one exits with a non-zero status
    #[arg(long)]
    pub(crate) abort_on_container_failure: bool,
    /// Return the exit status of this service; implies --abort-on-container-exit
    #[arg(long, value_name = "SERVICE")]
    pub(crate) exit_code_from: Option<String>,
}

pub(super) fn on_exit(args: &AttachArgs) -> OnExit {
    match args {
        AttachArgs { abort_on_container_failure: true, .. } => OnExit::StopOnFailure,
        AttachArgs { abort_on_container_exit: true, .. } | AttachArgs { exit_code_from: Some(_), .. } => OnExit::Stop,
        _ => OnExit::GoOn,
    }
}

/// Which services are shown, and whose exit ends the session. By default these are the named services, or all, except
/// those with `attach: false`; an empty set stays empty.
pub(super) fn follow_settings(args: &AttachArgs, project: &Project) -> Result<FollowSettings, Failure> {
    let known = |name: &String| project.services.contains_key(name.as_str());
    let strangers: Vec<_> = args.attach.iter().filter(|name| !known(name)).map(String::as_str).collect();
    if !strangers.is_empty() {
        let meant: String = strangers.iter().map(|name| service_names::meant(project, name)).collect();
        return Failure::usage(&format!(
            "cannot attach to services not included in up: {}{meant}",
            strangers.join(", ")
        ));
    }
    // Others of the files are not shown anyway.
    let stranger = args.no_attach.iter().find(|name| !project.is_known(name));
    if let Some(name) = args.exit_code_from.iter().find(|name| !known(name)).or(stranger) {
        return service_names::unknown_service(project, name);
    }
    let wants = |name: &ServiceName| project.services.get(name).is_some_and(|service| service.attach != Some(false));
    let mut shown: BTreeSet<ServiceName> = match args {
        AttachArgs { attach, .. } if !attach.is_empty() => {
            attach.iter().map(|name| ServiceName::from(name.as_str())).collect()
        }
        AttachArgs { attach_dependencies: true, .. } => {
            project.services.keys().filter(|name| wants(name)).cloned().collect()
        }
        _ => targeted(project).filter(|name| wants(name)).cloned().collect(),
    };
    shown.retain(|name| !args.no_attach.iter().any(|left_out| left_out == name.as_str()));
    let monitored = (!project.selected.is_empty()).then(|| targeted(project).cloned().collect());
    Ok(FollowSettings {
        project: project.name.clone(),
        separator: project.separator,
        services: Some(shown),
        monitored,
        begin: Begin::Now,
        stderr: Stderr::Apart,
        ..FollowSettings::default()
    })
}

/// The services that the user named; all if none was named.
fn targeted(project: &Project) -> impl Iterator<Item = &ServiceName> {
    project.services.keys().filter(|name| project.is_targeted(name.as_str()))
}
