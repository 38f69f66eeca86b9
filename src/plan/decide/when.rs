//! Whether something happens: never, always, or depending on a deferred value.

use crate::plan::Guard;

/// Whether a step of the plan will be done, as far as known when planning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::plan) enum When {
    /// It will not be done.
    #[default]
    Never,
    /// Only the run finds out: it is done if one of these holds. Not empty.
    If(Vec<Guard>),
    /// It will be done.
    Always,
}

impl When {
    /// Done if `guard` holds.
    pub(in crate::plan) fn guarded(guard: Guard) -> Self {
        match guard {
            Guard::AnyOf(guards) => Self::If(guards),
            guard @ (Guard::ImageChanged { .. } | Guard::ImageMissing { .. } | Guard::Failed(_) | Guard::AllOf(_)) => {
                Self::If(vec![guard])
            }
        }
    }

    /// Done if either of the two is.
    pub(in crate::plan) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, when) | (when, Self::Never) => when.clone(),
            (Self::If(some), Self::If(more)) => {
                let mut guards = some.clone();
                for guard in more {
                    if !guards.contains(guard) {
                        guards.push(guard.clone());
                    }
                }
                Self::If(guards)
            }
        }
    }

    /// Whether it certainly will not happen.
    pub(in crate::plan) fn is_never(&self) -> bool {
        *self == Self::Never
    }

    /// Whether it certainly will happen.
    pub(in crate::plan) fn is_always(&self) -> bool {
        *self == Self::Always
    }

    /// The guard for the step; `None` if it is certain.
    pub(in crate::plan) fn guard(&self) -> Option<Guard> {
        match self {
            Self::Never | Self::Always => None,
            Self::If(guards) => match guards.as_slice() {
                [guard] => Some(guard.clone()),
                guards => Some(Guard::AnyOf(guards.to_vec())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, PlanBuilder, Reason, Step};

    #[test]
    fn what_is_certain_wins_and_guards_gather() {
        let step = Step { action: Action::RemoveVolume { name: "v".into() }, reason: Reason::Down, guard: None };
        let producer = PlanBuilder::default().add(step, []);
        let guard = |image: &str| Guard::ImageMissing { producer, image: image.to_owned() };
        let (a, b) = (When::guarded(guard("a")), When::guarded(guard("b")));
        assert_eq!(a.or(&When::Never), a);
        assert_eq!(When::Never.or(&a), a);
        assert!(a.or(&When::Always).is_always());
        assert_eq!(a.or(&a).guard(), Some(guard("a")));
        assert_eq!(a.or(&b).guard(), Some(Guard::AnyOf(vec![guard("a"), guard("b")])));
        assert_eq!(When::guarded(Guard::AnyOf(vec![guard("a"), guard("b")])), a.or(&b));
        assert!(When::Never.is_never() && When::Never.guard().is_none());
    }
}
