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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, PlanBuilder, Reason};

    /// A plan that removes volumes, each after the one before it, and the last of its steps.
    fn plan(names: &[&str]) -> (Plan, ActionId) {
        let mut builder = PlanBuilder::default();
        let mut last = None;
        for name in names {
            let action = Action::RemoveVolume { name: (*name).to_owned() };
            last = Some(builder.add(Step { action, reason: Reason::VolumesAsked, guard: None }, last));
        }
        (builder.build(), last.expect("there is a step"))
    }

    #[test]
    fn a_plan_repeats_another_unless_something_new_comes_before_what_failed() {
        let (earlier, failed) = plan(&["a", "b"]);
        for (names, repeats) in [
            (&["a", "b"][..], true),
            // What was done is not done again.
            (&["b"], true),
            (&["b", "c"], true),
            (&["new", "b"], false),
            (&["a"], false),
        ] {
            assert_eq!(plan(names).0.repeats(&earlier, &[failed]), repeats, "{names:?}");
        }
    }
}
