//! A plan, and the one that failed before it in; whether it would fail the same way out.

use std::collections::BTreeSet;

use super::{ActionId, Plan, Step};

impl Plan {
    /// Whether each of the `failed` steps of an earlier plan is in this one again, with nothing before it that the earlier
    /// plan did not have: then nothing has changed that let them fail.
    #[must_use]
    pub fn repeats(&self, earlier: &Self, failed: &[ActionId]) -> bool {
        let known: BTreeSet<String> = earlier.steps().map(|(_, step)| text(step)).collect();
        failed.iter().all(|id| {
            let wanted = text(earlier.step(*id));
            let mut again = self.steps().filter(|(_, step)| text(step) == wanted);
            again.any(|(id, _)| self.all_before(id).iter().all(|before| known.contains(&text(self.step(*before)))))
        })
    }

    /// What has to be done before a step, at any distance.
    fn all_before(&self, id: ActionId) -> BTreeSet<ActionId> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(next) = open.pop() {
            let before = self.before(next).map(|(before, _)| before);
            open.extend(before.filter(|before| seen.insert(*before)));
        }
        seen
    }
}

/// What a step does and why, without the ids that differ from plan to plan.
fn text(step: &Step) -> String {
    format!("{}: {}", step.action, step.reason)
}
