//! Finds the mount that covers a path in a service's containers.

use crate::project::Service;
use crate::project::value::MountKind;
use crate::project::value::mount::clean_target;

/// Folders that are new at every start of a container.
const OWN_FOLDERS: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Files that the engine provides in every container.
const OWN_FILES: [&str; 3] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// The innermost mount that contains a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Cover {
    /// Where the mount is.
    pub(in crate::plan) mount: String,
    /// What happens to a file that is copied to the path before a start.
    pub(in crate::plan) effect: Effect,
}

/// What happens to a file that is copied to a covered path before a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Effect {
    /// It ends up in the mount.
    Kept,
    /// It is hidden: the mount starts empty, or is the engine's.
    Hidden,
    /// It cannot be copied: the mount is read-only.
    ReadOnly,
    /// It cannot be copied: the path is the mount itself.
    Taken,
}

/// The mount of a service that contains `path`. Engines mount nested paths last.
pub(in crate::plan) fn of(service: &Service, path: &str) -> Option<Cover> {
    let own_folders = OWN_FOLDERS.iter().filter(|folder| is_in(path, folder)).map(|folder| (*folder, Effect::Hidden));
    let own_files = OWN_FILES.iter().filter(|file| **file == path).map(|file| (*file, Effect::Hidden));
    let own = own_folders.chain(own_files).map(|(mount, effect)| Cover { mount: mount.to_owned(), effect });
    let tmpfs = service.tmpfs.iter().map(|tmpfs| (clean_target(&tmpfs.target), Effect::Hidden));
    let volumes = service.volumes.iter().map(|mount| {
        let effect = match mount.kind {
            MountKind::Tmpfs => Effect::Hidden,
            MountKind::Image => Effect::ReadOnly,
            MountKind::Volume | MountKind::Bind | MountKind::Cluster | MountKind::NamedPipe if mount.read_only => {
                Effect::ReadOnly
            }
            MountKind::Volume | MountKind::Bind | MountKind::Cluster | MountKind::NamedPipe => Effect::Kept,
        };
        (mount.target.clone(), effect)
    });
    let said = tmpfs.chain(volumes).filter(|(mount, _)| is_in(path, mount)).map(|(mount, effect)| {
        let effect = if resolved(&mount) == resolved(path) { Effect::Taken } else { effect };
        Cover { mount, effect }
    });
    own.chain(said).max_by_key(|cover| resolved(&cover.mount).len())
}

fn is_in(path: &str, folder: &str) -> bool {
    let (path, folder) = (resolved(path), resolved(folder));
    folder == "/" || path.strip_prefix(&folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path as it resolves in nearly all images, where `/var/run` is a link to `/run`.
fn resolved(path: &str) -> String {
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        Some(_) | None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::value::mount::parse_short;
    use crate::project::value::{Mount, Tmpfs};

    #[test]
    fn the_innermost_mount_decides() {
        let long = |kind: MountKind, target: &str| Mount { kind, target: target.to_owned(), ..Mount::default() };
        let short = |text: &str| parse_short(text).expect("a mount");
        let service = |tmpfs: &[&str], volumes: &[Mount]| {
            Box::new(Service {
                tmpfs: tmpfs.iter().map(|text| Tmpfs::from(*text)).collect(),
                volumes: volumes.to_vec(),
                ..Service::new("a")
            })
        };
        let path = "/run/secrets/s";
        let cases = vec![
            (service(&[], &[]), None),
            (service(&["/run"], &[]), Some(("/run", Effect::Hidden))),
            (service(&["/run/:size=1m"], &[]), Some(("/run", Effect::Hidden))),
            (service(&["/var/run"], &[]), Some(("/var/run", Effect::Hidden))),
            (service(&["/"], &[]), Some(("/", Effect::Hidden))),
            (service(&["/runner", "/run/secret"], &[]), None),
            (service(&["/run/secrets/s"], &[]), Some(("/run/secrets/s", Effect::Taken))),
            (service(&[], &[long(MountKind::Tmpfs, "/run")]), Some(("/run", Effect::Hidden))),
            (service(&[], &[long(MountKind::Image, "/run")]), Some(("/run", Effect::ReadOnly))),
            (service(&[], &[short("data:/run")]), Some(("/run", Effect::Kept))),
            (service(&[], &[short("data:/run:ro")]), Some(("/run", Effect::ReadOnly))),
            (service(&[], &[short("./x:/run")]), Some(("/run", Effect::Kept))),
            (service(&[], &[short("./x:/run:ro")]), Some(("/run", Effect::ReadOnly))),
            (service(&[], &[short("/run/secrets")]), Some(("/run/secrets", Effect::Kept))),
            (service(&["/run"], &[short("data:/run/secrets")]), Some(("/run/secrets", Effect::Kept))),
            (service(&["/run/secrets"], &[short("data:/run")]), Some(("/run/secrets", Effect::Hidden))),
            (service(&[], &[short("./s:/run/secrets/s")]), Some(("/run/secrets/s", Effect::Taken))),
        ];
        for (service, expected) in cases {
            let expected = expected.map(|(mount, effect)| Cover { mount: mount.to_owned(), effect });
            assert_eq!(of(&service, path), expected, "{:?} {:?}", service.tmpfs, service.volumes);
        }
    }

    #[test]
    fn what_the_engine_mounts_itself_hides_too() {
        let hidden = |mount: &str| Some(Cover { mount: mount.to_owned(), effect: Effect::Hidden });
        let bare = Service::new("a");
        assert_eq!(of(&bare, "/dev/shm/s"), hidden("/dev"));
        assert_eq!(of(&bare, "/proc/s"), hidden("/proc"));
        assert_eq!(of(&bare, "/etc/hosts"), hidden("/etc/hosts"));
        assert_eq!(of(&bare, "/etc/hosts.allow"), None);
        assert_eq!(of(&bare, "/developer/s"), None);
        let own = Service { volumes: vec![parse_short("data:/dev/own").expect("a mount")], ..Service::new("a") };
        assert_eq!(of(&own, "/dev/own/s").map(|cover| cover.effect), Some(Effect::Kept));
    }
}
