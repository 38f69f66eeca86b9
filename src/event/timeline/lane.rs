//! The rows of a timeline: a step in, what it is about and what it does out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::plan::{Action, ContainerRef, Replica};
use crate::project::ServiceName;

/// A row: what steps are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lane {
    /// What it is.
    pub kind: LaneKind,
    /// Its name. A service with several replicas has a row for each: `web/2`.
    pub name: String,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneKind {
    /// An image that is pulled.
    Image,
    /// A model.
    Model,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// A service, or one of its replicas.
    Service,
    /// A container that belongs to no service.
    Container,
}

/// What a step is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct About {
    kind: LaneKind,
    name: String,
    number: Option<u32>,
}

impl About {
    fn named(kind: LaneKind, name: impl ToString) -> Self {
        Self { kind, name: name.to_string(), number: None }
    }

    fn service(name: &ServiceName) -> Self {
        Self::named(LaneKind::Service, name)
    }

    fn replica(replica: &Replica) -> Self {
        Self { number: Some(replica.number), ..Self::service(&replica.service) }
    }

    fn container(container: &ContainerRef) -> Self {
        match &container.replica {
            Some(replica) => Self::replica(replica),
            None => Self::named(LaneKind::Container, &container.name),
        }
    }

    /// What `action` is about, and what it does to it.
    pub(super) fn of(action: &Action) -> (Self, Kind) {
        let object = || action.object();
        match action {
            Action::PullImage(spec) => (Self::named(LaneKind::Image, &spec.image), Kind::Pull),
            Action::BuildImage { spec, .. } => (Self::service(&spec.service), Kind::Build),
            Action::PushImage(spec) => (Self::service(&spec.service), Kind::Push),
            Action::PullModel(_) => (Self::named(LaneKind::Model, object()), Kind::Pull),
            Action::ConfigureModel(_) => (Self::named(LaneKind::Model, object()), Kind::Change),
            Action::CreateNetwork { .. } => (Self::named(LaneKind::Network, object()), Kind::Create),
            Action::RemoveNetwork { .. } => (Self::named(LaneKind::Network, object()), Kind::Remove),
            Action::CreateVolume { .. } => (Self::named(LaneKind::Volume, object()), Kind::Create),
            Action::RemoveVolume { .. } => (Self::named(LaneKind::Volume, object()), Kind::Remove),
            Action::RemoveImage { .. } => (Self::named(LaneKind::Image, object()), Kind::Remove),
            Action::CreateContainer(spec) if spec.one_off.is_some() => {
                (Self::named(LaneKind::Container, &spec.name), Kind::Create)
            }
            Action::CreateContainer(spec) => (Self::replica(&spec.replica), Kind::Create),
            Action::StartContainer { container, .. }
            | Action::RestartContainer { container, .. }
            | Action::UnpauseContainer { container } => (Self::container(container), Kind::Start),
            Action::StopContainer { container, .. }
            | Action::KillContainer { container, .. }
            | Action::PauseContainer { container } => (Self::container(container), Kind::Stop),
            Action::RemoveContainer { container, .. } => (Self::container(container), Kind::Remove),
            Action::RenameContainer { container, .. }
            | Action::ConnectNetwork { container, .. }
            | Action::DisconnectNetwork { container, .. } => (Self::container(container), Kind::Change),
            Action::RunPreStart { spec, .. } => (Self::replica(&spec.replica), Kind::Hook),
            Action::RunProvider { service, .. } => (Self::service(service), Kind::Provider),
            Action::Delay { service, .. } => (Self::service(service), Kind::Delay),
            Action::Wait(spec) => match spec.containers.as_slice() {
                [container] if container.replica.is_some() => (Self::container(container), Kind::Wait),
                _ => (Self::service(&spec.service), Kind::Wait),
            },
        }
    }
}

/// The rows for what steps are about, sorted, and the row of each.
pub(super) fn lanes(about: &[About]) -> (Vec<Lane>, Vec<usize>) {
    let mut numbers: BTreeMap<(LaneKind, &str), BTreeSet<u32>> = BTreeMap::new();
    for about in about {
        numbers.entry((about.kind, &about.name)).or_default().extend(about.number);
    }
    let with_number = |about: &About| {
        let several = numbers.get(&(about.kind, about.name.as_str())).is_some_and(|numbers| numbers.len() > 1);
        About { number: about.number.filter(|_| several), ..about.clone() }
    };
    let all: BTreeSet<About> = about.iter().map(with_number).collect();
    let all: Vec<About> = all.into_iter().collect();
    let rows = about.iter().map(|about| all.binary_search(&with_number(about)).unwrap_or_default()).collect();
    let lane = |about: About| {
        let number = about.number.map(|number| format!("/{number}")).unwrap_or_default();
        Lane { kind: about.kind, name: about.name + &number }
    };
    (all.into_iter().map(lane).collect(), rows)
}
