//! What a container mounts (compose-file.md §2.2).

use std::collections::BTreeMap;
use std::fmt;

use super::ByteSize;
use crate::project::Extensions;

/// An item of a service's `volumes`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mount {
    /// `type`: what is mounted.
    pub kind: MountKind,
    /// Path on the host, key of a volume, or reference of an image; none for `tmpfs` and anonymous volumes.
    pub source: Option<String>,
    /// Path in the container, cleaned.
    pub target: String,
    /// Whether the container may not write.
    pub read_only: bool,
    /// Kept and rendered; without effect on today's engines.
    pub consistency: Option<String>,
    /// The `bind` block, also when empty.
    pub bind: Option<BindOptions>,
    /// The `volume` block, also when empty.
    pub volume: Option<VolumeOptions>,
    /// The `tmpfs` block, also when empty.
    pub tmpfs: Option<TmpfsOptions>,
    /// The `image` block, also when empty.
    pub image: Option<ImageOptions>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `type` of a [`Mount`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MountKind {
    /// A volume of the engine, named or anonymous.
    #[default]
    Volume,
    /// A file or folder of the host.
    Bind,
    /// Memory.
    Tmpfs,
    /// The files of an image, read-only.
    Image,
    /// A Windows named pipe.
    NamedPipe,
    /// A cluster volume.
    Cluster,
}

impl MountKind {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Bind => "bind",
            Self::Tmpfs => "tmpfs",
            Self::Image => "image",
            Self::NamedPipe => "npipe",
            Self::Cluster => "cluster",
        }
    }
}

impl fmt::Display for MountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `bind` block of a [`Mount`].
#[derive(Debug, Clone, PartialEq)]
pub struct BindOptions {
    /// `selinux`: relabelling of the content.
    pub selinux: Option<SelinuxLabel>,
    /// `propagation`: `rprivate`, `rshared` and so on; not restricted by the file format.
    pub propagation: Option<String>,
    /// Whether a missing source is made, as a folder; true unless the file says false.
    pub create_host_path: bool,
    /// `recursive`: what happens to mounts below the source.
    pub recursive: Option<RecursiveBind>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

impl Default for BindOptions {
    fn default() -> Self {
        Self {
            selinux: None,
            propagation: None,
            create_host_path: true,
            recursive: None,
            extensions: Extensions::default(),
        }
    }
}

/// How `SELinux` labels change for a bind mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelinuxLabel {
    /// `z`: shared by several containers.
    Shared,
    /// `Z`: of this container alone.
    Private,
}

impl SelinuxLabel {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "z",
            Self::Private => "Z",
        }
    }
}

/// What happens to mounts below the source of a bind mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecursiveBind {
    /// `enabled`: they come along.
    Enabled,
    /// `disabled`: they stay behind.
    Disabled,
    /// `writable`: they come along and stay writable under a read-only mount.
    Writable,
    /// `readonly`: they come along and must be read-only, or the mount fails.
    ReadOnly,
}

impl RecursiveBind {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Writable => "writable",
            Self::ReadOnly => "readonly",
        }
    }
}

/// The `volume` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VolumeOptions {
    /// Labels of the volume, when the engine makes it for this mount.
    pub labels: BTreeMap<String, String>,
    /// Whether a new volume is left empty instead of being filled from the image.
    pub nocopy: bool,
    /// The folder in the volume that is mounted; all of it when absent.
    pub subpath: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `tmpfs` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TmpfsOptions {
    /// The most it may hold; 0 is unlimited.
    pub size: ByteSize,
    /// Permission bits of the folder; 0 is the engine's default.
    pub mode: u32,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// The `image` block of a [`Mount`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageOptions {
    /// The folder in the image that is mounted; all of it when absent.
    pub subpath: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// An item of a service's `tmpfs`: memory under a path.
///
/// Shown as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tmpfs {
    /// Path in the container: the text before the first `:`.
    pub target: String,
    /// Mount options (`size=64m,mode=1777`): the text behind the first `:`, if there is one.
    pub options: Option<String>,
}

impl From<&str> for Tmpfs {
    fn from(text: &str) -> Self {
        match text.split_once(':') {
            Some((target, options)) => Self { target: target.to_owned(), options: Some(options.to_owned()) },
            None => Self { target: text.to_owned(), options: None },
        }
    }
}

impl fmt::Display for Tmpfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        self.options.iter().try_for_each(|options| write!(f, ":{options}"))
    }
}
