//! What happens to one resource: words and order for display.

/// The kind of a resource: the groups of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Model,
    Network,
    Volume,
    Container,
    Provider,
}

impl Kind {
    /// All kinds, in the order of their groups.
    pub(super) const ALL: [Self; 6] =
        [Self::Image, Self::Model, Self::Network, Self::Volume, Self::Container, Self::Provider];

    /// The heading of its group.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Image => "Images",
            Self::Model => "Models",
            Self::Network => "Networks",
            Self::Volume => "Volumes",
            Self::Container => "Containers",
            Self::Provider => "Providers",
        }
    }
}

/// The overall action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Pull,
    Build,
    Push,
    Create,
    Recreate,
    Restart,
    Start,
    Pause,
    Unpause,
    Rename,
    Connect,
    Configure,
    Provide,
    RunAgain,
    Stop,
    Kill,
    Remove,
    Keep,
}

impl Verb {
    /// All verbs, in the order in which they are counted.
    pub(super) const ALL: [Self; 18] = [
        Self::Pull,
        Self::Build,
        Self::Push,
        Self::Create,
        Self::Recreate,
        Self::Restart,
        Self::Start,
        Self::Pause,
        Self::Unpause,
        Self::Rename,
        Self::Connect,
        Self::Configure,
        Self::Provide,
        Self::RunAgain,
        Self::Stop,
        Self::Kill,
        Self::Remove,
        Self::Keep,
    ];

    /// The word before the resource.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Build => "build",
            Self::Push => "push",
            Self::Create => "create",
            Self::Recreate => "recreate",
            Self::Restart => "restart",
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Rename => "rename",
            Self::Connect => "connect",
            Self::Configure => "configure",
            Self::Provide => "provide",
            Self::RunAgain => "run again",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Remove => "remove",
            Self::Keep => "keep",
        }
    }

    /// The word after `may be`.
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Pull => "pulled",
            Self::Build => "built",
            Self::Push => "pushed",
            Self::Create => "created",
            Self::Recreate => "recreated",
            Self::Restart => "restarted",
            Self::Start => "started",
            Self::Pause => "paused",
            Self::Unpause => "unpaused",
            Self::Rename => "renamed",
            Self::Connect => "connected",
            Self::Configure => "configured",
            Self::Provide => "provided",
            Self::RunAgain => "run again",
            Self::Stop => "stopped",
            Self::Kill => "killed",
            Self::Remove => "removed",
            Self::Keep => "kept",
        }
    }
}

/// Whether something certainly happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    Certain,
    /// Only the run finds out.
    Possible,
}

/// One resource, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) verb: Verb,
    pub(super) certainty: Certainty,
    /// Its name: `web/1`, `shop_default`.
    pub(super) name: String,
    /// The reason and further details, one per line.
    pub(super) details: Vec<Detail>,
}

impl Entry {
    /// An entry that certainly happens.
    pub(super) fn new(kind: Kind, verb: Verb, name: impl Into<String>, details: Vec<Detail>) -> Self {
        Self { kind, verb, certainty: Certainty::Certain, name: name.into(), details }
    }

    /// Whether data is lost.
    pub(super) fn loses_data(&self) -> bool {
        self.details.contains(&Detail::DataRemoved)
    }
}

/// A line below a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Detail {
    /// A sentence.
    Text(String),
    /// A field whose value changes.
    Change {
        field: String,
        /// The old value, if known.
        from: Option<String>,
        /// The new value, if there is one.
        to: Option<String>,
    },
    /// Its data is lost.
    DataRemoved,
}
