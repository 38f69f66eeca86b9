//! Which entry an action belongs to: that of a resource of its own, that of its container, or none.

use super::entry::{Kind, Verb};
use crate::plan::{Action, ProviderVerb};

/// Which entry an action belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The entry of a resource that is no container, of which it is all.
    Whole(Kind, Verb),
    /// The entry of a container, of which it is a part.
    Part(Part),
    /// No entry: another one covers it, or it is not shown.
    NotShown,
}

/// What an action is for its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Create,
    Start,
    Pause,
    Unpause,
    Restart,
    Kill,
    Stop,
    Remove,
    Rename,
    /// It changes the networks that the container is on.
    Connect,
    /// It runs before the container starts.
    Hook,
}

/// Which entry `action` belongs to.
pub(super) fn of(action: &Action) -> Role {
    match action {
        Action::PullImage(_) => Role::Whole(Kind::Image, Verb::Pull),
        Action::PushImage(_) => Role::Whole(Kind::Image, Verb::Push),
        Action::BuildImage { .. } => Role::Whole(Kind::Image, Verb::Build),
        Action::RemoveImage { .. } => Role::Whole(Kind::Image, Verb::Remove),
        Action::PullModel(_) => Role::Whole(Kind::Model, Verb::Pull),
        Action::ConfigureModel(_) => Role::Whole(Kind::Model, Verb::Configure),
        Action::CreateNetwork { .. } => Role::Whole(Kind::Network, Verb::Create),
        Action::RemoveNetwork { .. } => Role::Whole(Kind::Network, Verb::Remove),
        Action::CreateVolume { .. } => Role::Whole(Kind::Volume, Verb::Create),
        Action::RemoveVolume { .. } => Role::Whole(Kind::Volume, Verb::Remove),
        Action::RunProvider { verb, .. } => Role::Whole(Kind::Provider, provider_verb(*verb)),
        Action::CreateContainer(_) => Role::Part(Part::Create),
        Action::StartContainer { .. } => Role::Part(Part::Start),
        Action::UnpauseContainer { .. } => Role::Part(Part::Unpause),
        Action::PauseContainer { .. } => Role::Part(Part::Pause),
        Action::RestartContainer { .. } => Role::Part(Part::Restart),
        Action::KillContainer { .. } => Role::Part(Part::Kill),
        Action::StopContainer { .. } => Role::Part(Part::Stop),
        Action::RemoveContainer { .. } => Role::Part(Part::Remove),
        Action::RenameContainer { .. } => Role::Part(Part::Rename),
        Action::DisconnectNetwork { .. } | Action::ConnectNetwork { .. } => Role::Part(Part::Connect),
        Action::RunPreStart { .. } => Role::Part(Part::Hook),
        Action::Wait(_) | Action::Delay { .. } => Role::NotShown,
    }
}

fn provider_verb(verb: ProviderVerb) -> Verb {
    match verb {
        ProviderVerb::Up => Verb::Provide,
        ProviderVerb::Down => Verb::Remove,
        ProviderVerb::Stop => Verb::Stop,
    }
}
