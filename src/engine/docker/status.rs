//! Interprets the engine's words about a container.

use crate::observed::{Health, State};

/// The state that the engine's word means. Podman has words of its own.
pub(super) fn state(word: &str) -> State {
    match word {
        "running" | "stopping" => State::Running,
        "created" | "configured" | "initialized" => State::Created,
        "paused" => State::Paused,
        "restarting" => State::Restarting,
        "removing" => State::Removing,
        "dead" => State::Dead,
        _ => State::Exited,
    }
}

/// The health that the engine's word means.
pub(super) fn health(word: &str) -> Health {
    match word {
        "starting" => Health::Starting,
        "healthy" => Health::Healthy,
        "unhealthy" => Health::Unhealthy,
        _ => Health::None,
    }
}

/// The health in a status line: `Up 5 seconds (healthy)`, `Up 1 second (health: starting)`.
pub(super) fn health_in(status: &str) -> Health {
    let Some(word) = status.strip_suffix(')').and_then(|text| text.rsplit_once('(')).map(|(_, word)| word) else {
        return Health::None;
    };
    health(word.strip_prefix("health: ").unwrap_or(word))
}

/// The exit status in a status line: `Exited (137) 2 minutes ago`, `Restarting (1) 3 seconds ago`.
pub(super) fn exit_code_in(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

/// The name of a container among those it is listed with: links add names with more than one slash.
pub(super) fn canonical_name<'a>(names: &'a [String], id: &'a str) -> &'a str {
    names
        .iter()
        .map(|name| name.strip_prefix('/').unwrap_or(name))
        .find(|name| !name.contains('/'))
        .unwrap_or_else(|| id.get(..12).unwrap_or(id))
}

/// The engine's time in nanoseconds since 1970; `None` for `0001-01-01T00:00:00Z`, which means never.
pub(super) fn nanoseconds(time: &str) -> Option<i128> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond).filter(|time| *time > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let table = [
            ("Up 5 seconds", Health::None, None),
            ("Up 5 seconds (healthy)", Health::Healthy, None),
            ("Up 2 minutes (unhealthy)", Health::Unhealthy, None),
            ("Up Less than a second (health: starting)", Health::Starting, None),
            ("Up 3 minutes (Paused)", Health::None, None),
            ("Exited (137) 2 minutes ago", Health::None, Some(137)),
            ("Exited (0) Less than a second ago", Health::None, Some(0)),
            ("Restarting (1) 3 seconds ago", Health::None, Some(1)),
            ("Created", Health::None, None),
            ("Removal In Progress", Health::None, None),
            ("Dead", Health::None, None),
            ("", Health::None, None),
        ];
        for (status, health, exit_code) in table {
            assert_eq!((health_in(status), exit_code_in(status)), (health, exit_code), "{status}");
        }
    }

    #[test]
    fn the_canonical_name_is_no_link() {
        let names = ["/web/db".into(), "/shop-db-1".into()];
        assert_eq!(canonical_name(&names, "0123456789abcdef"), "shop-db-1");
        assert_eq!(canonical_name(&[], "0123456789abcdef"), "0123456789ab");
    }

    #[test]
    fn times() {
        assert_eq!(nanoseconds("1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
        assert_eq!(nanoseconds("0001-01-01T00:00:00Z"), None);
        assert_eq!(nanoseconds(""), None);
    }
}
