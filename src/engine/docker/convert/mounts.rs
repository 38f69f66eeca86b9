//! The mounts of a container: the engine's `Binds` and `Mounts`.

use std::collections::BTreeMap;
use std::path::Path;

use bollard::models::{
    Mount as EngineMount, MountBindOptions, MountImageOptions, MountTmpfsOptions, MountType, MountVolumeOptions,
};

use super::absent::{map, non_zero, text};
use super::facts::Facts;
use super::files;
use super::service::{refused, unsupported};
use crate::engine::{CreateContainer, EngineError};
use crate::observed::ApiVersion;
use crate::plan::{ContainerSpec, InheritedVolume};
use crate::project::Service;
use crate::project::value::{BindOptions, Mount, MountKind, RecursiveBind, VolumeOptions};

/// From this version on, images can be mounted.
const IMAGE_MOUNTS: ApiVersion = ApiVersion::new(1, 48);

/// The engine's socket, both on its host and in containers that use it.
const SOCKET: &str = "/var/run/docker.sock";

/// A container's mounts in the engine's two forms, by target.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// `source:target:options`.
    pub(super) binds: Vec<String>,
    /// Mounts that the short form cannot express.
    pub(super) mounts: Vec<EngineMount>,
}

/// One mount in one of the two forms.
enum Form {
    Bind(String),
    Mount(Box<EngineMount>),
}

/// The service's mounts, using inherited volumes for those without a source, then files of secrets and configs where
/// nothing else is mounted.
pub(super) fn mounts(
    request: &CreateContainer,
    service: &Service,
    facts: &Facts,
    warnings: &mut Vec<String>,
) -> Result<Mounts, EngineError> {
    let spec = &*request.spec;
    let mut by_target: BTreeMap<&str, Form> = BTreeMap::new();
    for mount in service.volumes.iter().filter(|mount| is_anonymous(mount)) {
        by_target.insert(&mount.target, form(spec, service, mount, facts, warnings)?);
    }
    for inherited in &request.inherited {
        by_target.insert(&inherited.target, Form::Mount(Box::new(carried_over(inherited))));
    }
    for mount in service.volumes.iter().filter(|mount| !is_anonymous(mount)) {
        by_target.insert(&mount.target, form(spec, service, mount, facts, warnings)?);
    }
    if service.use_api_socket {
        by_target.entry(SOCKET).or_insert_with(|| Form::Bind(format!("{SOCKET}:{SOCKET}:rw")));
    }
    let files = files::mounted(spec, service)?;
    for file in &files {
        by_target.entry(&file.target).or_insert_with(|| {
            Form::Mount(Box::new(EngineMount {
                typ: Some(MountType::BIND),
                source: Some(file.source.clone()),
                target: Some(file.target.clone()),
                read_only: Some(true),
                ..EngineMount::default()
            }))
        });
    }
    let mut mounts = Mounts::default();
    for form in by_target.into_values() {
        match form {
            Form::Bind(bind) => mounts.binds.push(bind),
            Form::Mount(mount) => mounts.mounts.push(*mount),
        }
    }
    Ok(mounts)
}

fn is_anonymous(mount: &Mount) -> bool {
    mount.kind == MountKind::Volume && source_of(mount).is_none()
}

fn source_of(mount: &Mount) -> Option<&str> {
    mount.source.as_deref().filter(|source| !source.is_empty())
}

fn carried_over(inherited: &InheritedVolume) -> EngineMount {
    EngineMount {
        typ: Some(MountType::VOLUME),
        source: Some(inherited.volume.clone()),
        target: Some(inherited.target.clone()),
        read_only: Some(inherited.read_only),
        ..EngineMount::default()
    }
}

fn form(
    spec: &ContainerSpec,
    service: &Service,
    mount: &Mount,
    facts: &Facts,
    warnings: &mut Vec<String>,
) -> Result<Form, EngineError> {
    let source = engine_source(spec, service, mount, facts)?;
    match (mount.kind, &source) {
        (MountKind::Bind, Some(source)) if is_short_bind(mount.bind.as_ref()) => Ok(Form::Bind(short(source, mount))),
        (MountKind::Volume, Some(source)) if is_short_volume(mount.volume.as_ref()) => {
            Ok(Form::Bind(short(source, mount)))
        }
        _ => {
            if mount.bind.as_ref().is_some_and(|bind| bind.selinux.is_some()) {
                warnings.push(format!(
                    "service `{}`: the engine can't relabel `{}` for SELinux together with `create_host_path: false`, \
                     `propagation` or `recursive`; it is mounted without relabelling",
                    service.name, mount.target
                ));
            }
            Ok(Form::Mount(Box::new(long(service, mount, source)?)))
        }
    }
}

/// The source for the engine: a path on the host, the real name of a volume, or an image reference.
fn engine_source(
    spec: &ContainerSpec,
    service: &Service,
    mount: &Mount,
    facts: &Facts,
) -> Result<Option<String>, EngineError> {
    let Some(source) = source_of(mount) else { return Ok(None) };
    Ok(Some(match mount.kind {
        MountKind::Bind => absolute(spec, source),
        MountKind::Volume => match spec.project.volumes.get(source) {
            Some(volume) => volume.name.clone(),
            None => source.to_owned(),
        },
        MountKind::Image if facts.engine.api < IMAGE_MOUNTS => {
            return Err(unsupported(&service.name, "volume with type=image require Docker Engine v28 or later"));
        }
        MountKind::Image => mounted_image(spec, source),
        MountKind::Tmpfs => return Ok(None),
        MountKind::NamedPipe | MountKind::Cluster => source.to_owned(),
    }))
}

/// The image of an image mount: a service's name means the image of that service.
fn mounted_image(spec: &ContainerSpec, source: &str) -> String {
    let service = spec.project.services.get(source).or_else(|| spec.project.disabled.get(source));
    match service {
        Some(service) => spec.project.image_name(service),
        None => source.to_owned(),
    }
}

fn absolute(spec: &ContainerSpec, source: &str) -> String {
    let is_windows = source.as_bytes().get(1) == Some(&b':') || source.starts_with(r"\\");
    if is_windows || Path::new(source).is_absolute() {
        source.to_owned()
    } else {
        spec.project.working_directory.join(source).display().to_string()
    }
}

fn is_short_bind(options: Option<&BindOptions>) -> bool {
    options.is_none_or(|options| {
        options.create_host_path && text(options.propagation.as_ref()).is_none() && options.recursive.is_none()
    })
}

fn is_short_volume(options: Option<&VolumeOptions>) -> bool {
    options
        .is_none_or(|options| options.labels.is_empty() && !options.nocopy && text(options.subpath.as_ref()).is_none())
}

fn short(source: &str, mount: &Mount) -> String {
    let access = if mount.read_only { "ro" } else { "rw" };
    match mount.bind.as_ref().and_then(|bind| bind.selinux) {
        Some(label) => format!("{source}:{}:{access},{}", mount.target, label.as_str()),
        None => format!("{source}:{}:{access}", mount.target),
    }
}

fn long(service: &Service, mount: &Mount, source: Option<String>) -> Result<EngineMount, EngineError> {
    let mut long = EngineMount {
        typ: Some(engine_kind(mount.kind)),
        source,
        target: Some(mount.target.clone()),
        read_only: mount.read_only.then_some(true),
        consistency: text(mount.consistency.as_ref()),
        ..EngineMount::default()
    };
    // Options of other kinds of mount are ignored.
    match mount.kind {
        MountKind::Bind => {
            long.bind_options = mount.bind.as_ref().map(|options| bind_options(service, options)).transpose()?;
        }
        MountKind::Volume => {
            long.volume_options = mount.volume.as_ref().map(|options| MountVolumeOptions {
                no_copy: options.nocopy.then_some(true),
                labels: map(&options.labels),
                subpath: text(options.subpath.as_ref()),
                driver_config: None,
            });
        }
        MountKind::Tmpfs => {
            long.tmpfs_options = mount.tmpfs.as_ref().map(|options| MountTmpfsOptions {
                size_bytes: non_zero(options.size.as_bytes()),
                mode: non_zero(options.mode.into()),
                options: None,
            });
        }
        MountKind::Image => {
            long.image_options =
                mount.image.as_ref().map(|options| MountImageOptions { subpath: text(options.subpath.as_ref()) });
        }
        MountKind::NamedPipe | MountKind::Cluster => {}
    }
    Ok(long)
}

fn engine_kind(kind: MountKind) -> MountType {
    match kind {
        MountKind::Volume => MountType::VOLUME,
        MountKind::Bind => MountType::BIND,
        MountKind::Tmpfs => MountType::TMPFS,
        MountKind::Image => MountType::IMAGE,
        MountKind::NamedPipe => MountType::NPIPE,
        MountKind::Cluster => MountType::CLUSTER,
    }
}

fn bind_options(service: &Service, options: &BindOptions) -> Result<MountBindOptions, EngineError> {
    let propagation = match text(options.propagation.as_ref()) {
        None => None,
        Some(word) => match word.parse() {
            Ok(known) => Some(known),
            Err(_) => return Err(refused(&service.name, &format!("`{word}` is not a valid value of `propagation`"))),
        },
    };
    let asks = |recursive: RecursiveBind| (options.recursive == Some(recursive)).then_some(true);
    Ok(MountBindOptions {
        propagation,
        create_mountpoint: options.create_host_path.then_some(true),
        non_recursive: asks(RecursiveBind::Disabled),
        read_only_non_recursive: asks(RecursiveBind::Writable),
        read_only_force_recursive: asks(RecursiveBind::ReadOnly),
    })
}
