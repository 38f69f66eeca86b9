//! The resources of a container: memory, CPUs, devices.

use bollard::models::{
    DeviceMapping, DeviceRequest as EngineDeviceRequest, HostConfig, ResourcesBlkioWeightDevice, ResourcesUlimits,
    ThrottleDevice as EngineThrottleDevice,
};

use super::absent::{list, map, non_empty, non_zero, text};
use crate::project::value::{Device, DeviceRequest};
use crate::project::{Blkio, Resources, Service, ThrottleDevice};

/// Sets the service's resource settings.
pub(super) fn apply(service: &Service, host: &mut HostConfig) {
    memory(service, host);
    processors(service, host);
    host.cgroup_parent = text(service.cgroup_parent.as_ref());
    host.pids_limit = non_zero(service.pids_limit);
    host.ulimits = ulimits(service);
    host.device_cgroup_rules = list(&service.device_cgroup_rules);
    host.devices = non_empty(service.devices.iter().filter(|device| !is_cdi(device)).map(device).collect());
    if let Some(blkio) = &service.blkio_config {
        block_devices(blkio, host);
    }
    let resources = service.deploy.as_ref().map(|deploy| &deploy.resources);
    if let Some(resources) = resources {
        deployed(resources, host);
    }
    host.device_requests = non_empty(device_requests(service, resources));
}

fn memory(service: &Service, host: &mut HostConfig) {
    host.memory = non_zero(service.mem_limit.as_bytes());
    host.memory_swap = non_zero(service.memswap_limit.as_bytes());
    host.memory_reservation = non_zero(service.mem_reservation.as_bytes());
    host.memory_swappiness = non_zero(service.mem_swappiness.as_bytes());
    host.oom_kill_disable = Some(service.oom_kill_disable);
}

fn processors(service: &Service, host: &mut HostConfig) {
    host.cpu_count = non_zero(service.cpu_count);
    host.cpu_percent = non_zero(scaled(service.cpu_percent, 100.0));
    host.cpu_period = non_zero(service.cpu_period);
    host.cpu_quota = non_zero(service.cpu_quota);
    host.cpu_realtime_period = non_zero(service.cpu_rt_period);
    host.cpu_realtime_runtime = non_zero(service.cpu_rt_runtime);
    host.cpu_shares = non_zero(service.cpu_shares);
    host.cpuset_cpus = text(service.cpuset.as_ref());
    host.nano_cpus = non_zero(nano_cpus(service.cpus));
}

fn nano_cpus(cpus: f32) -> i64 {
    scaled(cpus, 1e9)
}

/// A number times a factor, truncated; computed in 32 bits, because its rounding affects comparisons.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and cutting is the rule")]
fn scaled(number: f32, factor: f32) -> i64 {
    (number * factor) as i64
}

/// `deploy.resources` overrides the older attributes.
fn deployed(resources: &Resources, host: &mut HostConfig) {
    let positive = |number: i64| (number > 0).then_some(number);
    if let Some(limits) = &resources.limits {
        host.memory = positive(limits.memory.as_bytes()).or(host.memory);
        host.nano_cpus = positive(nano_cpus(limits.cpus)).or(host.nano_cpus);
        host.pids_limit = positive(limits.pids).or(host.pids_limit);
    }
    if let Some(reservations) = &resources.reservations {
        host.memory_reservation = non_zero(reservations.memory.as_bytes()).or(host.memory_reservation);
    }
}

fn ulimits(service: &Service) -> Option<Vec<ResourcesUlimits>> {
    let ulimits = service.ulimits.iter().map(|(name, limit)| ResourcesUlimits {
        name: Some(name.clone()),
        soft: Some(limit.soft()),
        hard: Some(limit.hard()),
    });
    non_empty(ulimits.collect())
}

fn block_devices(blkio: &Blkio, host: &mut HostConfig) {
    let throttles = |devices: &[ThrottleDevice]| {
        let devices = devices
            .iter()
            .map(|device| EngineThrottleDevice { path: Some(device.path.clone()), rate: Some(device.rate.as_bytes()) });
        non_empty(devices.collect())
    };
    host.blkio_weight = (blkio.weight != 0).then_some(blkio.weight);
    let weights = blkio.weight_device.iter().map(|device| ResourcesBlkioWeightDevice {
        path: Some(device.path.clone()),
        weight: Some(device.weight.into()),
    });
    host.blkio_weight_device = non_empty(weights.collect());
    host.blkio_device_read_bps = throttles(&blkio.device_read_bps);
    host.blkio_device_read_iops = throttles(&blkio.device_read_iops);
    host.blkio_device_write_bps = throttles(&blkio.device_write_bps);
    host.blkio_device_write_iops = throttles(&blkio.device_write_iops);
}

fn device(device: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.source.clone()),
        path_in_container: Some(device.target.clone().unwrap_or_default()),
        cgroup_permissions: Some(device.permissions.clone().unwrap_or_default()),
    }
}

/// Whether a device is a Container Device Interface name, `vendor/class=name`, rather than a path.
fn is_cdi(device: &Device) -> bool {
    let same = device.target.as_ref().is_none_or(|target| *target == device.source);
    same && is_cdi_name(&device.source)
}

fn is_cdi_name(text: &str) -> bool {
    let is_word = |word: &str, punctuation: &str| {
        let allowed = |character: char| character.is_ascii_alphanumeric() || punctuation.contains(character);
        word.starts_with(|first: char| first.is_ascii_alphanumeric())
            && word.ends_with(|last: char| last.is_ascii_alphanumeric())
            && word.chars().all(allowed)
    };
    let Some((vendor, (class, name))) =
        text.split_once('/').and_then(|(vendor, rest)| Some((vendor, rest.split_once('=')?)))
    else {
        return false;
    };
    is_word(vendor, "_-.") && is_word(class, "_-") && is_word(name, "_-.:")
}

/// Devices provided by drivers: reservations, then CDI names, then GPUs.
fn device_requests(service: &Service, resources: Option<&Resources>) -> Vec<EngineDeviceRequest> {
    let reserved = resources.and_then(|resources| resources.reservations.as_ref());
    let mut requests: Vec<_> = reserved
        .into_iter()
        .flat_map(|reservations| &reservations.devices)
        .map(|device| request(device, &[]))
        .collect();
    let names: Vec<_> =
        service.devices.iter().filter(|device| is_cdi(device)).map(|device| device.source.clone()).collect();
    if !names.is_empty() {
        requests.push(EngineDeviceRequest {
            driver: Some("cdi".to_owned()),
            device_ids: Some(names),
            ..EngineDeviceRequest::default()
        });
    }
    requests.extend(service.gpus.iter().map(|device| request(device, &["gpu"])));
    requests
}

fn request(device: &DeviceRequest, implied: &[&str]) -> EngineDeviceRequest {
    // One that is also in the file is listed twice, as in Docker Compose; it makes no difference to drivers.
    let implied = implied.iter().map(|name| (*name).to_owned());
    let capabilities: Vec<_> = device.capabilities.iter().cloned().chain(implied).collect();
    EngineDeviceRequest {
        driver: text(device.driver.as_ref()),
        count: non_zero(device.count.0),
        device_ids: list(&device.device_ids),
        capabilities: (!capabilities.is_empty()).then(|| vec![capabilities]),
        options: map(&device.options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_container_device_interface() {
        for name in ["nvidia.com/gpu=all", "vendor.example/class=name0:1", "v/c=0"] {
            assert!(is_cdi_name(name), "{name}");
        }
        for path in ["/dev/kvm", "nvidia.com/gpu", "/dev/x=1", "a/b=", "=", "", "a/b=c/d"] {
            assert!(!is_cdi_name(path), "{path}");
        }
    }

    #[test]
    fn processors_are_counted_in_32_bits() {
        assert_eq!(nano_cpus(0.5), 500_000_000);
        assert_eq!(nano_cpus(0.1), 100_000_000);
        assert_eq!(nano_cpus(f32::NAN), 0);
    }
}
