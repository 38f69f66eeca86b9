//! What would have made a run faster: the one thing that took most of it, with its numbers.

use std::time::Duration;

use super::{Ended, Health, Kind, Timeline};

/// What took less than this is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// What a run spent most of its time on, and what may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// A container was waiting to be probed: more frequent probes could have found it healthy earlier.
    Probes {
        /// The service, or replica.
        name: String,
        /// How long after its start it was healthy.
        healthy_after: Duration,
        /// How much of that passed between the probe before and the one that succeeded. Nobody knows when in this time it
        /// became healthy.
        gap: Duration,
        /// How much of the gap a better setting could save at most.
        saved: Duration,
        /// The setting that applied: `interval` or `start_interval`.
        setting: &'static str,
        /// A better value of it.
        better: Duration,
    },
    /// Most of the time went into one step.
    Dominated {
        /// What it did.
        kind: Kind,
        /// What it acted on.
        name: String,
        /// For waits, the condition.
        condition: Option<String>,
        /// How long the run waited for it.
        took: Duration,
        /// Whether steps of other services came after it.
        holds_others: bool,
        /// How long the run took.
        total: Duration,
    },
}

impl Timeline {
    /// The one thing to say about the run; `None` if nothing stands out, or if it did not succeed: then that is the thing
    /// to say, and its messages do.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        if self.outcome != Ended::Done {
            return None;
        }
        self.probing().or_else(|| self.dominant())
    }

    /// The longest gap before a successful probe on the critical path.
    fn probing(&self) -> Option<Advice> {
        let on_path = self.health.iter().filter(|health| !health.eager && self.spans[health.span].critical);
        let (health, gap) =
            on_path.filter_map(|health| Some((health, self.gap(health)?))).max_by_key(|(_, gap)| *gap)?;
        if gap < WORTH_A_WORD || gap * 5 < self.end {
            return None;
        }
        let passed = &health.probes[health.passed()?];
        // During the start period, engines that know it use its own interval.
        let setting = if passed.began <= health.start_period { "start_interval" } else { "interval" };
        let better = match gap.as_millis() {
            5000.. => Duration::from_secs(2),
            2000.. => Duration::from_secs(1),
            _ => Duration::from_millis(500),
        };
        Some(Advice::Probes {
            name: self.lanes[self.spans[health.span].lane].name.clone(),
            healthy_after: passed.began + passed.elapsed,
            gap,
            saved: gap.saturating_sub(better),
            setting,
            better,
        })
    }

    /// The time between the last probe that failed, or the start of the container, and the first that passed, as far as
    /// it was waited for.
    fn gap(&self, health: &Health) -> Option<Duration> {
        let wait = &self.spans[health.span];
        let index = health.passed().filter(|_| wait.outcome == Ended::Done)?;
        let passed = &health.probes[index];
        let before = match index {
            // Engines remember five probes: there may have been others before these.
            0 if health.probes.len() > 4 => return None,
            0 => Duration::ZERO,
            _ => health.probes[index - 1].began + health.probes[index - 1].elapsed,
        };
        let waited = wait.duration().saturating_sub(passed.elapsed);
        Some(passed.began.saturating_sub(before).min(waited))
    }

    /// The longest part of the critical path, if it is a third of the run.
    fn dominant(&self) -> Option<Advice> {
        let longest = self.critical_path.iter().max_by_key(|segment| segment.duration())?;
        let (span, took) = (&self.spans[longest.span?], longest.duration());
        // What did not succeed has its own messages.
        if span.outcome != Ended::Done || took < WORTH_A_WORD || took * 3 < self.end {
            return None;
        }
        let index = longest.span?;
        let holds_others = self.spans.iter().any(|other| other.lane != span.lane && other.after.contains(&index));
        let name = match span.kind {
            Kind::Build | Kind::Wait => self.lanes[span.lane].name.clone(),
            Kind::Pull
            | Kind::Push
            | Kind::Create
            | Kind::Start
            | Kind::Stop
            | Kind::Remove
            | Kind::Change
            | Kind::Hook
            | Kind::Provider
            | Kind::Delay => span.name.clone(),
        };
        let (kind, condition, total) = (span.kind, span.condition.clone(), self.end);
        Some(Advice::Dominated { kind, name, condition, took, holds_others, total })
    }
}
