//! A warning of a plan in, its text out.

use crate::plan::Warning;
use crate::project::ServiceName;

/// The message. Some texts of Docker Compose begin with `Warning: `.
#[must_use]
pub fn message(warning: &Warning) -> String {
    match warning {
        Warning::Orphans(names) => format!(
            "Found orphan containers ({}) for this project. If their services were removed or renamed, \
                 --remove-orphans removes these containers too.",
            names.join(", ")
        ),
        Warning::UnmanagedNetwork { name, owned: false, .. } => {
            format!("network {name} exists but was not created by compose; set `external: true` if this is intended")
        }
        Warning::UnmanagedNetwork { name, owned: true, project } => format!(
            "network {name} exists but was not created for project \"{project}\"; set `external: true` if \
                 this is intended"
        ),
        Warning::UnmanagedVolume { name, owner: None, .. } => format!(
            "volume \"{name}\" already exists but was not created by Docker Compose; set `external: true` if \
                 this is intended"
        ),
        Warning::UnmanagedVolume { name, owner: Some(owner), project } => format!(
            "volume \"{name}\" already exists but was created for project \"{owner}\" (expected \"{project}\"); \
                 set `external: true` if this is intended"
        ),
        Warning::OtherNetwork { name, key } => format!(
            "network {name} carries the compose label \"{key}\" but does not match the compose file; it is left \
                 alone"
        ),
        Warning::OtherVolume { name, key } => format!(
            "volume \"{name}\" carries the compose label \"{key}\" but does not match the compose file; it and \
                 its data are left alone"
        ),
        Warning::ChangedVolumeKept { name, .. } => format!(
            "volume \"{name}\" does not match its definition and is kept as it is; `up` asks whether to recreate it, \
                 which removes its data"
        ),
        Warning::ForeignVolumeKept { name, owner } => {
            format!("volume \"{name}\" was created for project \"{owner}\" and is kept")
        }
        Warning::VolumeInUse { name, containers } => {
            format!("Volume {name} Resource is still in use by {}", containers.join(", "))
        }
        Warning::GoesWithContainer { container, volumes } => format!(
            "container {container} was started with --rm: when it stops, the engine removes it and the data of its \
                 anonymous volumes: {}",
            volumes.join(", ")
        ),
        Warning::NetworkInUse { name, containers, orphans } => {
            let hint = if *orphans { "; --remove-orphans removes orphan and one-off containers too" } else { "" };
            format!("Network {name} Resource is still in use by {}{hint}", containers.join(", "))
        }
        Warning::ContentChanged { kind, name, replicas, service } => {
            let replicas: Vec<_> = replicas.iter().map(ToString::to_string).collect();
            let were = if replicas.len() == 1 { "was" } else { "were" };
            let replicas = replicas.join(", ");
            format!("{kind} {name} changed since {replicas} {were} created: hoist up --force-recreate {service}")
        }
        Warning::ContentHidden { kind, name, service, path, mount, .. } => format!(
            "service {service} will not see {kind} \"{name}\": it is copied to {path}, which is hidden by {}",
            hiding(mount)
        ),
        Warning::FolderForFile { service, path, .. } => becomes_folder(path, service),
        Warning::NotInTurn { service } => format!(
            "replicas of {service} are replaced all at once, not in turn: they must stop because a network or \
                 dependency is recreated, or because a port, name or address moves from one container to another"
        ),
        Warning::NamespaceLost { service, shared, other } => format!(
            "{service} shares the {shared} of {other}, and {other} is being restarted: {service} loses it until \
                 `hoist up -d {service}` restarts {service} too"
        ),
        Warning::ProfilesOff { containers, profiles } => profiles_off(containers, profiles),
        Warning::RuntimeFlagsLeftOut { model, version } => {
            let version = if version.is_empty() { "an unknown version" } else { version };
            format!(
                "runtime_flags of model {model} are ignored: they need Docker Model plugin 1.0.6 or newer, this is \
                     {version}"
            )
        }
        Warning::RestartKeepsDefinition { services } => {
            let names: Vec<_> = services.iter().map(ServiceName::as_str).collect();
            format!(
                "{} changed since the containers were created, and `restart` keeps them as they are; \
                 `hoist up -d {}` applies the change",
                names.join(", "),
                names.join(" ")
            )
        }
        Warning::NothingToRemove(project) => {
            format!("Warning: No resource found to remove for project \"{project}\".")
        }
    }
}

/// What the user can do about it: a sentence without a period.
#[must_use]
pub fn hint(warning: &Warning) -> Option<String> {
    if let Warning::FolderForFile { .. } = warning {
        return Some("create the file first".to_owned());
    }
    let Warning::ContentHidden { mount, .. } = warning else { return None };
    Some(format!("give it a `target` outside {mount}, or read it from a `file`, which is mounted"))
}

fn profiles_off(containers: &[String], profiles: &[String]) -> String {
    let flags: Vec<_> = profiles.iter().map(|profile| format!("--profile {profile}")).collect();
    format!(
        "containers of services whose profile is not active are left in place: {}; `hoist {} down` removes them too",
        containers.join(", "),
        flags.join(" ")
    )
}

fn becomes_folder(path: &str, service: &ServiceName) -> String {
    format!("{path}, which service {service} mounts, does not exist: the engine will create a folder with that name")
}

fn hiding(mount: &str) -> String {
    match mount {
        "/dev" | "/proc" | "/sys" => format!("the {mount} that the engine mounts"),
        "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf" => format!("the engine's own {mount}"),
        _ => format!("the tmpfs at {mount}"),
    }
}
