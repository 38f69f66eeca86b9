//! The resources that containers use, as the engine measures them.

use std::collections::BTreeMap;

use futures::stream::{BoxStream, StreamExt};
use serde::Deserialize;

use crate::engine::docker::client::{Client, QUESTION};
use crate::engine::docker::json::or_default;
use crate::engine::docker::transport::{self, Ask};
use crate::engine::{EngineError, Measurements};
use crate::observed::{ContainerId, Usage};

/// The measurements of a container.
pub(super) async fn usage(
    client: &Client,
    id: &ContainerId,
    measurements: Measurements,
) -> Result<BoxStream<'static, Result<Usage, EngineError>>, EngineError> {
    let stream = measurements == Measurements::Continuous;
    let path = format!("/containers/{id}/stats?stream={stream}");
    let response = client.ask(QUESTION, Ask::get(&path)).await?;
    let measured = transport::json_lines::<Measured>(response.into_body());
    Ok(measured.map(|measured| measured.map(|measured| measured.usage())).boxed())
}

#[derive(Debug, Deserialize)]
struct Measured {
    #[serde(default, deserialize_with = "or_default")]
    pids_stats: Pids,
    #[serde(default, deserialize_with = "or_default")]
    blkio_stats: BlockIo,
    #[serde(default, deserialize_with = "or_default")]
    cpu_stats: Cpu,
    #[serde(default, deserialize_with = "or_default")]
    precpu_stats: Cpu,
    #[serde(default, deserialize_with = "or_default")]
    memory_stats: Memory,
    #[serde(default, deserialize_with = "or_default")]
    networks: BTreeMap<String, NetworkIo>,
}

#[derive(Debug, Default, Deserialize)]
struct Pids {
    #[serde(default)]
    current: u64,
}

#[derive(Debug, Default, Deserialize)]
struct BlockIo {
    #[serde(default, deserialize_with = "or_default")]
    io_service_bytes_recursive: Vec<BlockIoEntry>,
}

#[derive(Debug, Deserialize)]
struct BlockIoEntry {
    #[serde(default)]
    op: String,
    #[serde(default)]
    value: u64,
}

#[derive(Debug, Default, Deserialize)]
struct Cpu {
    #[serde(default, rename = "cpu_usage", deserialize_with = "or_default")]
    usage: CpuUsage,
    #[serde(default, rename = "system_cpu_usage")]
    system: u64,
    #[serde(default)]
    online_cpus: u32,
}

#[derive(Debug, Default, Deserialize)]
struct CpuUsage {
    #[serde(default)]
    total_usage: u64,
    #[serde(default, deserialize_with = "or_default")]
    percpu_usage: Vec<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Memory {
    #[serde(default)]
    usage: u64,
    #[serde(default)]
    limit: u64,
    #[serde(default, deserialize_with = "or_default")]
    stats: BTreeMap<String, u64>,
    /// On Windows, in place of the usage.
    #[serde(default)]
    privateworkingset: u64,
}

#[derive(Debug, Default, Deserialize)]
struct NetworkIo {
    #[serde(default)]
    rx_bytes: u64,
    #[serde(default)]
    tx_bytes: u64,
}

impl Measured {
    fn usage(&self) -> Usage {
        Usage {
            cpu_percent: self.cpu_percent(),
            memory: self.memory_stats.used(),
            memory_limit: self.memory_stats.limit,
            received: self.networks.values().map(|network| network.rx_bytes).sum(),
            sent: self.networks.values().map(|network| network.tx_bytes).sum(),
            read: self.blkio_stats.total('r'),
            written: self.blkio_stats.total('w'),
            processes: self.pids_stats.current,
        }
    }

    /// The container's share of the time of all CPUs since the previous measurement, times the number of CPUs.
    #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
    fn cpu_percent(&self) -> f64 {
        let (now, before) = (&self.cpu_stats, &self.precpu_stats);
        let used = now.usage.total_usage as f64 - before.usage.total_usage as f64;
        let of = now.system as f64 - before.system as f64;
        let cpus = match now.online_cpus {
            0 => now.usage.percpu_usage.len() as f64,
            cpus => f64::from(cpus),
        };
        if used > 0.0 && of > 0.0 { used / of * cpus * 100.0 } else { 0.0 }
    }
}

impl BlockIo {
    /// The bytes of operations that begin with a letter: `read`, `Read`.
    fn total(&self, letter: char) -> u64 {
        let entries = self.io_service_bytes_recursive.iter();
        let ours =
            entries.filter(|entry| entry.op.chars().next().is_some_and(|first| first.eq_ignore_ascii_case(&letter)));
        ours.map(|entry| entry.value).sum()
    }
}

impl Memory {
    /// What is used, without the inactive part of the file cache, which cgroups of version 1 and 2 name differently.
    fn used(&self) -> u64 {
        let inactive = self.stats.get("total_inactive_file").filter(|inactive| **inactive < self.usage);
        let inactive = inactive.or_else(|| self.stats.get("inactive_file").filter(|inactive| **inactive < self.usage));
        match self.usage {
            0 => self.privateworkingset,
            usage => usage - inactive.copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        serde_json::from_str::<Measured>(text).unwrap().usage()
    }

    #[test]
    fn a_measurement_of_a_running_container() {
        let measured = usage(
            r#"{"pids_stats":{"current":3},
            "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":5},{"op":"write","value":7},
                {"op":"read","value":1},{"op":"","value":100}]},
            "cpu_stats":{"cpu_usage":{"total_usage":3000,"percpu_usage":[1,2]},"system_cpu_usage":20000,"online_cpus":2},
            "precpu_stats":{"cpu_usage":{"total_usage":1000},"system_cpu_usage":10000},
            "memory_stats":{"usage":1000,"limit":4000,"stats":{"inactive_file":100}},
            "networks":{"eth0":{"rx_bytes":10,"tx_bytes":1},"eth1":{"rx_bytes":20,"tx_bytes":2}}}"#,
        );
        let expected = Usage {
            cpu_percent: 40.0,
            memory: 900,
            memory_limit: 4000,
            received: 30,
            sent: 3,
            read: 6,
            written: 7,
            processes: 3,
        };
        assert_eq!(measured, expected);
    }

    #[test]
    fn what_is_left_out_counts_as_nothing() {
        assert_eq!(usage("{}"), Usage::default());
        let exited = r#"{"pids_stats":{},"blkio_stats":{"io_service_bytes_recursive":null},"memory_stats":{}}"#;
        assert_eq!(usage(exited), Usage::default());
        assert_eq!(usage(r#"{"memory_stats":{"privateworkingset":7}}"#).memory, 7);
    }

    #[test]
    fn inactive_files_are_not_counted_unless_there_are_more_than_used() {
        let memory = |stats: &str| usage(&format!(r#"{{"memory_stats":{{"usage":10,"stats":{stats}}}}}"#)).memory;
        assert_eq!(memory(r#"{"total_inactive_file":4,"inactive_file":1}"#), 6);
        assert_eq!(memory(r#"{"total_inactive_file":10,"inactive_file":1}"#), 9);
        assert_eq!(memory(r#"{"inactive_file":11}"#), 10);
        assert_eq!(memory("null"), 10);
    }

    #[test]
    fn older_engines_list_the_cpus() {
        let measured =
            usage(r#"{"cpu_stats":{"cpu_usage":{"total_usage":2,"percpu_usage":[1,1,0,0]},"system_cpu_usage":4}}"#);
        assert!((measured.cpu_percent - 200.0).abs() < f64::EPSILON, "{measured:?}");
    }
}
