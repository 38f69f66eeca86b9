//! The resources that containers use.

use super::ContainerId;

/// The resources a container uses, as of one measurement.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// CPU time since the measurement before, in percent of one CPU.
    pub cpu_percent: f64,
    /// Memory in bytes, without cached files that the kernel can drop.
    pub memory: u64,
    /// The limit of its memory in bytes; 0 if it is not running.
    pub memory_limit: u64,
    /// Bytes received over all networks.
    pub received: u64,
    /// Bytes sent over all networks.
    pub sent: u64,
    /// Bytes read from block devices.
    pub read: u64,
    /// Bytes written to block devices.
    pub written: u64,
    /// The number of its processes and threads.
    pub processes: u64,
}

impl Usage {
    /// Memory in percent of the limit; 0 without a limit.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
    pub fn memory_percent(&self) -> f64 {
        if self.memory_limit == 0 { 0.0 } else { self.memory as f64 / self.memory_limit as f64 * 100.0 }
    }
}

/// A container and the resources it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerUsage {
    /// The container.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// Its latest measurement; `None` if it has none yet.
    pub usage: Option<Usage>,
}
