//! What a step is about, with the name that progress shows.

use std::fmt;

use super::Action;

/// The object in the engine that a step creates, changes, removes or waits for. Shown as `Container demo-web-1`, which
/// is also the id of its progress records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A container, by its final name.
    Container(String),
    /// A network, by its name in the engine.
    Network(String),
    /// A volume, by its name in the engine.
    Volume(String),
    /// An image, by the reference in the file.
    Image(String),
    /// An image that is pushed, by the reference in the file.
    Tag(String),
    /// A model, by its name in the file.
    Model(String),
    /// A service that a program provides or that is being updated, by its name.
    Service(String),
}

impl Subject {
    /// The subjects of `action`: one, except for waits, which are about every replica of a service.
    #[must_use]
    pub fn of(action: &Action) -> Vec<Self> {
        action.describe().subjects
    }

    /// Its name, without the kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Container(name)
            | Self::Network(name)
            | Self::Volume(name)
            | Self::Image(name)
            | Self::Tag(name)
            | Self::Model(name)
            | Self::Service(name) => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(name) => write!(f, "Container {name}"),
            Self::Network(name) => write!(f, "Network {name}"),
            Self::Volume(name) => write!(f, "Volume {name}"),
            Self::Image(name) => write!(f, "Image {name}"),
            Self::Tag(name) | Self::Model(name) | Self::Service(name) => f.write_str(name),
        }
    }
}
