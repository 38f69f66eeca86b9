//! A plan and the failed one before it in; whether it would fail the same way out.

use std::collections::BTreeSet;

use super::{Action, ActionId, Edge, Plan, Step};

impl Plan {
    /// Whether each of the `failed` steps of an earlier plan is in this one again, with nothing new before it: then the
    /// cause of the failures has not changed. New steps are those that the earlier plan did not have, and those that it
    /// completed before the failed step: another client has undone them since.
    #[must_use]
    pub fn repeats(&self, earlier: &Self, failed: &[ActionId]) -> bool {
        let known: BTreeSet<String> = earlier.steps().map(|(_, step)| text(step)).collect();
        failed.iter().all(|id| {
            let wanted = text(earlier.step(*id));
            let made = earlier.made_before(*id);
            let is_new = |before: &ActionId| {
                let step = text(self.step(*before));
                !known.contains(&step) || made.contains(&step)
            };
            let mut again = self.steps().filter(|(_, step)| text(step) == wanted);
            again.any(|(id, _)| !self.all_before(id, &[Edge::Requires, Edge::Follows]).iter().any(is_new))
        })
    }

    /// What was certainly created before a step started.
    fn made_before(&self, id: ActionId) -> BTreeSet<String> {
        let before = self.all_before(id, &[Edge::Requires]).into_iter().map(|before| self.step(before));
        before.filter(|step| step.guard.is_none() && makes(&step.action)).map(text).collect()
    }

    /// The direct and indirect predecessors of a step along these kinds of edges.
    fn all_before(&self, id: ActionId, edges: &[Edge]) -> BTreeSet<ActionId> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(next) = open.pop() {
            let before = self.before(next).filter(|(_, edge)| edges.contains(edge)).map(|(before, _)| before);
            open.extend(before.filter(|before| seen.insert(*before)));
        }
        seen
    }
}

/// Whether an action creates something that no later plan creates again, unless it was removed.
fn makes(action: &Action) -> bool {
    matches!(action, Action::CreateNetwork { .. } | Action::CreateVolume { .. } | Action::CreateContainer(_))
}

/// What a step does and why, without the ids that differ from plan to plan.
fn text(step: &Step) -> String {
    format!("{}: {}", step.action, step.reason)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::{PlanBuilder, Reason};
    use crate::project::NetworkKey;

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

    /// A plan that creates networks, each after the one before it, and the last of its steps.
    fn making(names: &[&str]) -> (Plan, ActionId) {
        let mut builder = PlanBuilder::default();
        let mut last = None;
        for name in names {
            let action = Action::CreateNetwork { project: Arc::default(), key: NetworkKey::from(*name) };
            last = Some(builder.add(Step { action, reason: Reason::Missing, guard: None }, last));
        }
        (builder.build(), last.expect("there is a step"))
    }

    #[test]
    fn what_was_made_and_has_to_be_made_again_has_changed() {
        let (earlier, failed) = making(&["a", "b"]);
        for (names, repeats) in [(&["a", "b"][..], false), (&["b"], true)] {
            assert_eq!(making(names).0.repeats(&earlier, &[failed]), repeats, "{names:?}");
        }
    }
}
