//! The error for an unknown command, or for one that hoist does not support yet.

/// Commands of Docker Compose that hoist does not have yet.
const PLANNED: [&str; 2] = ["bridge", "publish"];

/// Whether a command is planned but not supported yet.
#[must_use]
pub(super) fn is_planned(name: &str) -> bool {
    PLANNED.contains(&name)
}

/// The error for a command that is unknown or not supported yet.
pub(super) fn unknown_command(name: &str, suggested: Option<String>) -> String {
    if is_planned(name) {
        return format!("`{name}` is not supported yet");
    }
    let message = format!("unknown docker command: \"compose {name}\"");
    match suggested {
        Some(suggested) => format!("{message}\nhint: did you mean `{suggested}`?"),
        None => message,
    }
}
