//! Describes what happens to data: the volumes that a plan removes, and those left without a container.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::plan::{Plan, UnusedVolume};
use crate::render::text::plural;

/// What a plan means for data; empty if it removes no volume and leaves none without a container.
#[must_use]
pub fn of_plan(plan: &Plan) -> String {
    let mut text = String::new();
    let mut removed: Vec<_> = plan.destructive().flat_map(|(_, step)| step.removed_volumes()).collect();
    // Several containers may share one.
    removed.sort_unstable();
    removed.dedup();
    if !removed.is_empty() {
        let _ = writeln!(text, "removes the data of {}: {}", count(removed.len()), removed.join(", "));
    }
    let mut left: Vec<&UnusedVolume> = Vec::new();
    for volume in plan.steps().flat_map(|(_, step)| step.volumes_left()) {
        if !left.iter().any(|known| known.name == volume.name) {
            left.push(volume);
        }
    }
    if !left.is_empty() {
        let noun = if left.len() == 1 { "its" } else { "their" };
        let _ = writeln!(text, "leaves {} without a container; {noun} data is kept:", count(left.len()));
        text.extend(left.into_iter().map(|volume| format!("  {}\n", place(volume))));
    }
    text
}

/// Lines about volumes that a run left without a container, with the command to remove them.
#[must_use]
pub fn left_behind(volumes: &[UnusedVolume]) -> Vec<String> {
    let (noun, verb, pronoun) = if volumes.len() == 1 { ("its", "is", "it") } else { ("their", "are", "them") };
    let mut lines =
        vec![format!("{} {verb} no longer used by any container; {noun} data is kept:", count(volumes.len()))];
    lines.extend(volumes.iter().map(|volume| format!("  {}", place(volume))));
    let names: Vec<_> = volumes.iter().map(|volume| word(&volume.name)).collect();
    lines.push(format!("To remove {pronoun} and {noun} data: docker volume rm {}", names.join(" ")));
    lines
}

fn count(volumes: usize) -> String {
    plural(volumes as u64, "volume")
}

fn place(volume: &UnusedVolume) -> String {
    format!("{} ({} of {})", volume.name, volume.target, volume.container)
}

/// A name, quoted for a shell if necessary, since people copy the command.
fn word(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':');
    if name.chars().all(plain) { name.into() } else { format!("'{}'", name.replace('\'', r"'\''")).into() }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        for (name, shown) in [("shop_data", "shop_data"), ("x; rm y", "'x; rm y'"), ("a'b", r"'a'\''b'")] {
            assert_eq!(word(name), shown);
        }
    }
}
