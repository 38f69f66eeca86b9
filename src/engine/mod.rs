//! The interface to the container engine, in hoist's own terms.
//!
//! Each kind of resource has a trait, in its own file with the types that its calls take and return. [`Engine`]
//! combines them. [`docker`] and `fake` implement the traits in files of the same names: [`docker::Docker`] for every
//! engine that speaks Docker's API, `fake::Fake` in memory for tests. HTTP statuses and types of the client library
//! never leave this module.

mod archives;
mod build_failure;
mod build_files;
mod builds;
mod containers;
pub mod docker;
mod error;
mod execs;
#[cfg(feature = "fake-engine")]
pub mod fake;
mod images;
mod labels;
pub(crate) mod line_buffer;
mod networks;
mod observe;
mod streams;
mod volumes;
pub(crate) mod waiting;

pub use archives::{Archives, Bytes, Download, Owners, PathStat, Upload};
pub use build_failure::{BuildFailure, BuildPlace};
pub use build_files::{BuildFilesError, look_for_build_files};
pub use builds::Builds;
pub use containers::{
    AtEnd, ContainerDetails, ContainerEnd, Containers, CreateContainer, CreatedContainer, HealthTest, HookContainer,
    NameHolder, PortHolder, Probe, ProbeTiming, Reach, WaitFor,
};
pub use error::EngineError;
pub use execs::{ExecDetails, ExecId, Execs};
pub use images::{BuildStatus, CommitSpec, ImageProgress, Images};
pub use networks::{AddressHolder, Networks};
pub use observe::{ContainerStates, Observe, ObserveQuery, Scope};
pub use streams::{
    AttachSpec, Connection, ContainerEvent, ContainerEventKind, EventQuery, ExecProgress, ExecSpec, Input, LogChunk,
    LogQuery, Measurements, OutputStream, Streams, WindowSize,
};
pub use volumes::Volumes;

/// A container engine: every call that hoist makes. All calls may be made in parallel; clones share one connection.
///
/// Generic code needs only this trait; to call a method on a concrete engine, import the trait of its resource, such as
/// [`Containers`].
pub trait Engine:
    Observe + Containers + Archives + Networks + Volumes + Images + Builds + Streams + Execs + Clone + Send + Sync + 'static
{
}

impl<E> Engine for E where
    E: Observe
        + Containers
        + Archives
        + Networks
        + Volumes
        + Images
        + Builds
        + Streams
        + Execs
        + Clone
        + Send
        + Sync
        + 'static
{
}
