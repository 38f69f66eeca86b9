//! The last line of a plan: how many resources are created, removed and so on.

use super::entry::{Certainty, Entry, Verb};
use crate::plan::Plan;
use crate::render::text::plural;

/// An unbreakable piece of the last line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    /// Whether it says that data is lost.
    pub(super) is_loss: bool,
}

/// The parts of the last line.
pub(super) fn summary(plan: &Plan, entries: &[Entry], unchanged: usize) -> Vec<Part> {
    let mut counts: Vec<String> = Verb::ALL.into_iter().flat_map(|verb| of_verb(verb, entries)).collect();
    counts.extend((unchanged > 0).then(|| format!("{unchanged} unchanged")));
    let loss = loss(entries);
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |text: String, is_loss: bool, separator: &str| {
        if let Some(before) = parts.last_mut() {
            before.text.push_str(separator);
        }
        parts.push(Part { text, is_loss });
    };
    let nothing = nothing(plan);
    let mut separator = if nothing.is_some() { ":" } else { "," };
    if let Some(nothing) = nothing {
        add(nothing, false, "");
    }
    for count in counts {
        add(count, false, separator);
        separator = ",";
    }
    if let Some(loss) = loss {
        add(loss, true, ";");
    }
    parts
}

/// The text if nothing changes, including what is waited for.
fn nothing(plan: &Plan) -> Option<String> {
    if plan.is_empty() {
        return Some("nothing to do".to_owned());
    }
    if plan.has_changes() {
        return None;
    }
    let waits: Vec<_> = plan.repeated().waits.into_iter().collect();
    if waits.is_empty() {
        return Some("nothing changes".to_owned());
    }
    Some(format!("nothing changes; waits for {}", waits.join(", ")))
}

/// The counts of certain and of possible actions with a verb.
fn of_verb(verb: Verb, entries: &[Entry]) -> Vec<String> {
    let count = |certainty| entries.iter().filter(|it| it.verb == verb && it.certainty == certainty).count();
    let certain = count(Certainty::Certain);
    let possible = count(Certainty::Possible);
    let certain = (certain > 0).then(|| format!("{certain} to {}", verb.word()));
    let possible = (possible > 0).then(|| format!("{possible} may be {}", verb.participle()));
    certain.into_iter().chain(possible).collect()
}

fn loss(entries: &[Entry]) -> Option<String> {
    let volumes = entries.iter().filter(|entry| entry.loses_data()).count();
    (volumes > 0).then(|| format!("removes the data of {}", plural(volumes as u64, "volume")))
}
