//! Values that refer to other services and containers (Compose spec: `05-services.md`, `network_mode`, `volumes_from`,
//! `links`).

use std::fmt;

use crate::project::ServiceName;

/// The namespace that a container uses: `network_mode`, `ipc`, `pid`, `uts`, `cgroup`. Shown as written.
///
/// The engine only knows the latter two forms; `service:` is resolved to a container before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamespaceMode {
    /// `service:X`: the namespace of the first replica of a service, which becomes a dependency.
    Service(ServiceName),
    /// `container:X`: the namespace of a container, by name or id.
    Container(String),
    /// Anything else: `host`, `none`, `private`, `shareable`, the name of a network.
    Other(String),
}

impl NamespaceMode {
    /// The service it refers to.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Service(service) => Some(service),
            Self::Container(_) | Self::Other(_) => None,
        }
    }
}

impl From<&str> for NamespaceMode {
    fn from(text: &str) -> Self {
        if let Some(service) = text.strip_prefix("service:") {
            Self::Service(service.into())
        } else if let Some(container) = text.strip_prefix("container:") {
            Self::Container(container.to_owned())
        } else {
            Self::Other(text.to_owned())
        }
    }
}

impl fmt::Display for NamespaceMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service) => write!(f, "service:{service}"),
            Self::Container(container) => write!(f, "container:{container}"),
            Self::Other(mode) => f.write_str(mode),
        }
    }
}

/// An item of `links`: another name for a service. Shown as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The service, which becomes a dependency.
    pub service: ServiceName,
    /// Its alias; its own name if absent.
    pub alias: Option<String>,
}

impl From<&str> for Link {
    fn from(text: &str) -> Self {
        match text.split_once(':') {
            Some((service, alias)) => Self { service: service.into(), alias: Some(alias.to_owned()) },
            None => Self { service: text.into(), alias: None },
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(f)?;
        self.alias.iter().try_for_each(|alias| write!(f, ":{alias}"))
    }
}

/// An item of `volumes_from`. Shown as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumesFrom {
    /// The service or container whose mounts to use.
    pub source: VolumesFromSource,
    /// `ro` or `rw`, not checked when loading; `rw` if absent.
    pub mode: Option<String>,
}

/// The source of [`VolumesFrom`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumesFromSource {
    /// A service, which becomes a dependency.
    Service(ServiceName),
    /// A container, by name or id.
    Container(String),
}

impl From<&str> for VolumesFrom {
    fn from(text: &str) -> Self {
        let (container, rest) = match text.strip_prefix("container:") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, mode) = match rest.split_once(':') {
            Some((name, mode)) => (name, Some(mode.to_owned())),
            None => (rest, None),
        };
        let source = if container {
            VolumesFromSource::Container(name.to_owned())
        } else {
            VolumesFromSource::Service(name.into())
        };
        Self { source, mode }
    }
}

impl fmt::Display for VolumesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            VolumesFromSource::Service(service) => service.fmt(f)?,
            VolumesFromSource::Container(container) => write!(f, "container:{container}")?,
        }
        self.mode.iter().try_for_each(|mode| write!(f, ":{mode}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_shown_as_written() {
        for text in ["host", "service:db", "container:c1", "", "service:"] {
            assert_eq!(NamespaceMode::from(text).to_string(), text);
        }
        for text in ["db", "db:alias", "db:"] {
            assert_eq!(Link::from(text).to_string(), text);
        }
        for text in ["db", "db:ro", "container:c1", "container:c1:rw"] {
            assert_eq!(VolumesFrom::from(text).to_string(), text);
        }
    }

    #[test]
    fn references_name_their_service() {
        assert_eq!(NamespaceMode::from("service:db").service(), Some(&"db".into()));
        assert_eq!(NamespaceMode::from("host").service(), None);
        assert_eq!(VolumesFrom::from("db:ro").source, VolumesFromSource::Service("db".into()));
        assert_eq!(VolumesFrom::from("container:c").source, VolumesFromSource::Container("c".to_owned()));
    }
}
