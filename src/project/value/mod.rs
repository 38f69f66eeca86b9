//! The value grammars of the Compose file, each in its own file.

pub mod build_context;
pub mod bytes;
pub mod command;
pub mod cron;
pub mod device;
pub mod dockerfile;
pub mod duration;
pub mod extra_host;
pub mod file_mode;
pub mod image_ref;
pub mod log_pattern;
pub mod mount;
pub mod namespace;
pub(crate) mod path_pattern;
pub mod port;
pub mod pull_policy;
pub mod restart;
pub mod ulimit;

pub use build_context::BuildContext;
pub use bytes::ByteSize;
pub use device::{Device, DeviceCount, DeviceRequest};
pub use dockerfile::BaseImages;
pub use duration::Duration;
pub use extra_host::ExtraHosts;
pub use file_mode::FileMode;
pub use image_ref::ImageRef;
pub use log_pattern::{LogPattern, LogPatternError};
pub use mount::{
    BindOptions, ImageOptions, Mount, MountKind, RecursiveBind, SelinuxLabel, Tmpfs, TmpfsOptions, VolumeOptions,
};
pub use namespace::{Link, NamespaceMode, VolumesFrom, VolumesFromSource};
pub use port::Port;
pub use pull_policy::{PullPolicy, PullRule};
pub use restart::{RestartCondition, RestartPolicy};
pub use ulimit::Ulimit;
