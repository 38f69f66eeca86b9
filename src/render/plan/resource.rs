//! Images, models, networks, volumes and providers: one entry per name.

use std::collections::BTreeSet;

use super::entry::{Certainty, Detail, Entry, Kind, Verb};
use super::reason;
use super::role::{self, Role};
use crate::plan::{Action, Plan, Step, UnusedVolume};

/// How many characters of the name of an anonymous volume are shown: the name is merely unique.
const ANONYMOUS_NAME: usize = 12;

/// What happens to everything but containers, in the order of the plan.
pub(super) fn entries(plan: &Plan) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (_, step) in plan.steps() {
        if let Role::Whole(kind, verb) = role::of(&step.action)
            && !reason::is_for_failure(step)
        {
            add(&mut entries, plan, step, kind, verb);
        }
    }
    entries.extend(volumes_with_containers(plan));
    entries
}

/// Adds a step to what is known of its resource.
fn add(entries: &mut Vec<Entry>, plan: &Plan, step: &Step, kind: Kind, verb: Verb) {
    let name = step.action.object();
    let known = entries.iter_mut().find(|entry| entry.kind == kind && entry.name == name);
    let Some(known) = known else {
        let mut details = reason::of_step(plan, step);
        details.extend(step.is_destructive().then_some(Detail::DataRemoved));
        let certainty = if step.guard.is_some() { Certainty::Possible } else { Certainty::Certain };
        entries.push(Entry { certainty, ..Entry::new(kind, verb, name, details) });
        return;
    };
    match (known.verb, verb) {
        (Verb::Remove, Verb::Create) => known.verb = Verb::Recreate,
        (Verb::Pull, Verb::Build) => known.details.push(Detail::Text("built if it cannot be pulled".to_owned())),
        _ => {}
    }
}

/// The volumes that are removed with a container, and those that it leaves behind; each only once, even if shared.
fn volumes_with_containers(plan: &Plan) -> Vec<Entry> {
    let mut known = BTreeSet::new();
    let mut entries = Vec::new();
    for (_, step) in plan.steps() {
        let Action::RemoveContainer { unused, .. } = &step.action else { continue };
        let removed = step.removed_volumes();
        for volume in unused.iter().filter(|volume| removed.contains(&volume.name.as_str())) {
            if known.insert(&volume.name) {
                entries.push(volume_entry(Verb::Remove, volume, Detail::DataRemoved));
            }
        }
    }
    let left = plan.steps().flat_map(|(_, step)| step.volumes_left());
    for volume in left {
        if known.insert(&volume.name) {
            let why = Detail::Text("no container uses it any more; its data is kept".to_owned());
            entries.push(volume_entry(Verb::Keep, volume, why));
        }
    }
    entries
}

fn volume_entry(verb: Verb, volume: &UnusedVolume, detail: Detail) -> Entry {
    let name = match volume.name.get(..ANONYMOUS_NAME) {
        Some(start) if volume.anonymous && volume.name.len() > ANONYMOUS_NAME => format!("{start}…"),
        _ => volume.name.clone(),
    };
    let place = Detail::Text(format!("{} of {}", volume.target, volume.container));
    Entry::new(Kind::Volume, verb, name, vec![place, detail])
}
