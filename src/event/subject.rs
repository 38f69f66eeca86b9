//! What a step is about, by the name that progress shows.

use std::fmt;

use crate::plan::Action;

/// The thing in the engine that a step makes, changes, removes or waits for. Shown as `Container demo-web-1`, which is
/// the id of its progress records (cli.md §6.3).
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
    /// A model, by the name it is called in the file (cli.md §6.3: the name alone).
    Model(String),
    /// A service that a program provides, or that is updated, by its name.
    Service(String),
}

impl Subject {
    /// What `action` is about: one thing, except for waits, which are about every replica of a service.
    #[must_use]
    pub fn of(action: &Action) -> Vec<Self> {
        match action {
            Action::PullImage(spec) => vec![Self::Image(spec.image.clone())],
            Action::BuildImage(spec) => vec![Self::Image(spec.image.clone())],
            Action::PullModel(spec) | Action::ConfigureModel(spec) => vec![Self::Model(spec.name.clone())],
            Action::CreateNetwork { project, key } => {
                let name = project.networks.get(key).map_or(key.as_str(), |network| &network.name);
                vec![Self::Network(name.to_owned())]
            }
            Action::RemoveNetwork { name, .. } => vec![Self::Network(name.clone())],
            Action::CreateVolume { project, key } => {
                let name = project.volumes.get(key).map_or(key.as_str(), |volume| &volume.name);
                vec![Self::Volume(name.to_owned())]
            }
            Action::RemoveImage { reference } => vec![Self::Image(reference.clone())],
            Action::RemoveVolume { name } => vec![Self::Volume(name.clone())],
            Action::CreateContainer(spec) => vec![Self::Container(spec.name.clone())],
            Action::DisconnectNetwork { container, .. }
            | Action::ConnectNetwork { container, .. }
            | Action::StartContainer { container, .. }
            | Action::UnpauseContainer { container }
            | Action::StopContainer { container, .. }
            | Action::RemoveContainer { container, .. }
            | Action::RenameContainer { container, .. }
            | Action::RunPreStart { container, .. } => vec![Self::Container(container.name.clone())],
            Action::Pause { service, .. } | Action::RunProvider { service, .. } => {
                vec![Self::Service(service.to_string())]
            }
            Action::Wait(spec) => {
                spec.containers.iter().map(|container| Self::Container(container.name.clone())).collect()
            }
        }
    }

    /// Its name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Container(name)
            | Self::Network(name)
            | Self::Volume(name)
            | Self::Image(name)
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
            Self::Model(name) | Self::Service(name) => f.write_str(name),
        }
    }
}
