//! Host devices: mappings and requests (Compose spec: `05-services.md`, `devices`; `deploy.md`, `devices`).

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::project::Extensions;

/// A host device of a container, or a CDI name (`vendor/class=name`) in [`Device::source`].
///
/// Compose spec: `05-services.md`, `devices`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Device {
    /// Path on the host, or a CDI name.
    pub source: String,
    /// Path in the container.
    pub target: Option<String>,
    /// What the container may do: any of `r`, `w`, `m`. The short form gives `rwm`; the long form has no default.
    pub permissions: Option<String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A request for devices from a driver: an item of `gpus` or of `deploy.resources.reservations.devices`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceRequest {
    /// Required capabilities of the devices, such as `gpu` or `compute`.
    pub capabilities: Vec<String>,
    /// The driver; any matching one if absent.
    pub driver: Option<String>,
    /// How many; loading fills in `all` if neither this nor `device_ids` is set.
    pub count: DeviceCount,
    /// Ids of the devices.
    pub device_ids: Vec<String>,
    /// Options for the driver.
    pub options: BTreeMap<String, String>,
    /// `x-*` keys.
    pub extensions: Extensions,
}

/// A number of devices; 0 means not set, -1 means all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceCount(pub i64);

impl DeviceCount {
    /// All devices.
    pub const ALL: Self = Self(-1);
}

/// Why a text is not a number of devices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a device count")]
pub struct DeviceCountError {
    /// The text as written.
    pub text: String,
}

impl DeviceCountError {
    /// What would be accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "write a whole number, or `all`"
    }
}

impl FromStr for DeviceCount {
    type Err = DeviceCountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::ALL);
        }
        text.parse().map(Self).map_err(|_| DeviceCountError { text: text.to_owned() })
    }
}

/// Why a text is not a device mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a device: it has more than three parts")]
pub struct DeviceError {
    /// The text as written.
    pub text: String,
}

impl DeviceError {
    /// What would be accepted.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "write `SOURCE[:TARGET[:PERMISSIONS]]`, as in `/dev/ttyUSB0:/dev/ttyUSB0:rwm`"
    }
}

/// Parses a device in short form, `source[:target[:permissions]]`.
///
/// ```
/// use hoist::project::value::device::parse_short;
/// let device = parse_short("/dev/sda:/dev/xvda")?;
/// assert_eq!((device.target.as_deref(), device.permissions.as_deref()), (Some("/dev/xvda"), Some("rwm")));
/// assert!(parse_short("/dev/sda:/dev/xvda:rwm:x").is_err());
/// # Ok::<(), hoist::project::value::device::DeviceError>(())
/// ```
///
/// # Errors
///
/// If there are more than three parts.
pub fn parse_short(text: &str) -> Result<Device, DeviceError> {
    let mut parts = text.split(':');
    let source = parts.next().unwrap_or_default();
    let target = parts.next().filter(|target| !target.is_empty()).unwrap_or(source);
    let permissions = parts.next().unwrap_or("rwm");
    if parts.next().is_some() {
        return Err(DeviceError { text: text.to_owned() });
    }
    Ok(Device {
        source: source.to_owned(),
        target: Some(target.to_owned()),
        permissions: Some(permissions.to_owned()),
        extensions: Extensions::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms() {
        let cases = [
            ("/dev/a", ("/dev/a", "/dev/a", "rwm")),
            ("/dev/a:/dev/b", ("/dev/a", "/dev/b", "rwm")),
            ("/dev/a:/dev/b:r", ("/dev/a", "/dev/b", "r")),
            ("/dev/a::r", ("/dev/a", "/dev/a", "r")),
            ("vendor.com/gpu=0", ("vendor.com/gpu=0", "vendor.com/gpu=0", "rwm")),
        ];
        for (text, (source, target, permissions)) in cases {
            let device = parse_short(text).expect("accepted");
            let parts = (device.source.as_str(), device.target.as_deref(), device.permissions.as_deref());
            assert_eq!(parts, (source, Some(target), Some(permissions)), "{text}");
        }
        assert!(parse_short("a:b:c:d").is_err());
    }

    #[test]
    fn counts() {
        for (text, count) in [("all", Some(-1)), ("ALL", Some(-1)), ("3", Some(3)), ("some", None), ("", None)] {
            assert_eq!(text.parse().ok(), count.map(DeviceCount), "{text}");
        }
    }
}
