//! When a burst of changes is over.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio::time::{Duration, Instant};

use super::files::Heard;

/// A burst is over once nothing was heard for that long.
pub(super) const QUIET: Duration = Duration::from_millis(25);
/// Or once it has gone on for that long.
pub(super) const LONGEST: Duration = Duration::from_secs(1);

/// What was heard since it was last acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Burst {
    /// When it began.
    first: Instant,
    /// When something was last heard.
    last: Instant,
    /// What may have changed.
    pub(super) dirty: Dirty,
}

/// Paths that may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dirty {
    /// These.
    Some(BTreeSet<PathBuf>),
    /// Any.
    All,
}

impl Burst {
    /// A burst that begins now.
    pub(super) fn new(heard: Heard, now: Instant) -> Self {
        let mut burst = Self { first: now, last: now, dirty: Dirty::Some(BTreeSet::new()) };
        burst.add(heard, now);
        burst
    }

    /// Something more was heard.
    pub(super) fn add(&mut self, heard: Heard, now: Instant) {
        self.last = now;
        match (heard, &mut self.dirty) {
            (Heard::Missed, dirty) => *dirty = Dirty::All,
            (Heard::Changed(path), Dirty::Some(paths)) => drop(paths.insert(path)),
            (Heard::Changed(_), Dirty::All) => {}
        }
    }

    /// When it is over, if nothing more is heard.
    pub(super) fn ends(&self) -> Instant {
        (self.last + QUIET).min(self.first + LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_over_after_a_quiet_time_but_does_not_go_on_for_ever() {
        let began = Instant::now();
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        let changed = |name: &str| Heard::Changed(name.into());
        let mut burst = Burst::new(changed("a"), began);
        assert_eq!(burst.ends(), at(25));
        for step in 1..=200 {
            burst.add(changed("b"), at(step * 10));
        }
        assert_eq!(burst.ends(), at(1000));
        assert_eq!(burst.dirty, Dirty::Some(["a".into(), "b".into()].into()));
        burst.add(Heard::Missed, at(0));
        burst.add(changed("c"), at(0));
        assert_eq!(burst.dirty, Dirty::All);
    }
}
