//! The one door to the container engine: what can be asked of it, in hoist's own words.
//!
//! A trait for each kind of resource, in a file of its own together with the types its calls take and return. [`Engine`]
//! is the sum of them. [`docker`] and `fake` implement the traits in files of the same names: [`docker::Docker`] for
//! every engine that speaks Docker's API, `fake::Fake` in memory for tests. Nobody outside this module sees an HTTP
//! status or a type of the client library.

mod archives;
mod builds;
mod containers;
pub mod docker;
mod error;
#[cfg(feature = "fake-engine")]
pub mod fake;
mod images;
pub(crate) mod line_buffer;
mod networks;
mod observe;
mod streams;
mod volumes;

pub use archives::{Archives, Bytes, Download, Owners, PathStat, Upload};
pub use builds::Builds;
pub use containers::{
    AtEnd, ContainerDetails, Containers, CreateContainer, CreatedContainer, HealthTest, HookContainer, NameHolder,
    PortHolder, Probe,
};
pub use error::EngineError;
pub use images::{BuildStatus, CommitSpec, ImageProgress, Images};
pub use networks::{AddressHolder, Networks};
pub use observe::{Observe, ObserveQuery, Scope};
pub use streams::{
    ContainerEvent, ContainerEventKind, ExecProgress, ExecSpec, LogChunk, LogQuery, OutputStream, Streams,
};
pub use volumes::Volumes;

/// A container engine: everything that hoist asks of one. All calls may be made in parallel; clones share one
/// connection.
///
/// Generic code needs this trait only; the methods of a particular engine come with the trait of their resource, such
/// as [`Containers`].
pub trait Engine:
    Observe + Containers + Archives + Networks + Volumes + Images + Builds + Streams + Clone + Send + Sync + 'static
{
}

impl<E> Engine for E where
    E: Observe + Containers + Archives + Networks + Volumes + Images + Builds + Streams + Clone + Send + Sync + 'static
{
}
