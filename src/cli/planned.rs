//! The error for an unknown command, or for one that hoist does not support yet.

/// Commands of Docker Compose that hoist does not have yet, and the nearest equivalent.
const PLANNED: &[(&str, &str)] = &[("bridge", ""), ("publish", ""), ("watch", "")];

/// Whether a command is planned but not supported yet.
#[must_use]
pub(super) fn is_planned(name: &str) -> bool {
    PLANNED.iter().any(|(planned, _)| *planned == name)
}

/// The error for a command that is unknown or not supported yet.
pub(super) fn unknown_command(name: &str, suggested: Option<String>) -> String {
    let planned = PLANNED.iter().find(|(planned, _)| *planned == name);
    let message = match planned {
        Some(_) => format!("`{name}` is not supported yet"),
        None => format!("unknown docker command: \"compose {name}\""),
    };
    let guess = suggested.map(|suggested| format!("did you mean `{suggested}`?"));
    let hint = planned.map_or(guess, |(_, hint)| Some((*hint).to_owned()));
    match hint.filter(|hint| !hint.is_empty()) {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message,
    }
}
