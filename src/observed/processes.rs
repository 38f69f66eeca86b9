//! The processes in containers.

use crate::project::ServiceName;

/// The processes that run in a container, in the engine's columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processes {
    /// The headings of the columns.
    pub titles: Vec<String>,
    /// The columns of each process.
    pub rows: Vec<Vec<String>>,
}

/// The processes of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerProcesses {
    /// The container's name.
    pub container: String,
    /// Its service.
    pub service: Option<ServiceName>,
    /// Its replica number; one-offs have none.
    pub number: Option<u32>,
    /// Its processes.
    pub processes: Processes,
}
