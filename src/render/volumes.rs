//! What becomes of data, in words: the volumes that a plan removes, and those that are left without a container.

use crate::plan::{Plan, UnusedVolume};
use crate::render::text::plural;

/// What a plan means for data: nothing where it removes no volume and leaves none without a container.
#[must_use]
pub fn of_plan(plan: &Plan) -> String {
    let mut text = String::new();
    let removed: Vec<_> = plan.destructive().flat_map(|(_, step)| step.removed_volumes()).collect();
    if !removed.is_empty() {
        text += &["removes the data of ", &count(removed.len()), ": ", &removed.join(", "), "\n"].concat();
    }
    let mut left: Vec<&UnusedVolume> = Vec::new();
    for volume in plan.steps().flat_map(|(_, step)| step.volumes_left()) {
        if !left.iter().any(|known| known.name == volume.name) {
            left.push(volume);
        }
    }
    if !left.is_empty() {
        text += &["leaves ", &count(left.len()), " without a container, with the data:\n"].concat();
        text.extend(left.into_iter().map(|volume| format!("  {}\n", place(volume))));
    }
    text
}

/// The lines about volumes that a run left without a container, with the command that removes them.
#[must_use]
pub fn left_behind(volumes: &[UnusedVolume]) -> Vec<String> {
    let (noun, verb, pronoun) = if volumes.len() == 1 { ("its", "keeps", "it") } else { ("their", "keep", "them") };
    let mut lines = vec![format!("{} without a container {verb} {noun} data:", count(volumes.len()))];
    lines.extend(volumes.iter().map(|volume| format!("  {}", place(volume))));
    let names: Vec<_> = volumes.iter().map(|volume| volume.name.as_str()).collect();
    lines.push(format!("To remove {pronoun} and {noun} data: docker volume rm {}", names.join(" ")));
    lines
}

fn count(volumes: usize) -> String {
    plural(volumes as u64, "volume")
}

fn place(volume: &UnusedVolume) -> String {
    format!("{} ({} of {})", volume.name, volume.target, volume.container)
}
