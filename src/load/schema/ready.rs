//! What to write under `x-hoist.ready` instead of what is not accepted there.

use crate::project::service::{short_http, short_port};
use crate::project::value::{Duration, LogPattern};

const NO_HTTPS: &str = "HTTPS is not supported: use `tcp`, or `exec` with a command of the image";

#[expect(clippy::unnecessary_wraps, reason = "the table takes functions that may have nothing to say")]
pub(super) fn instead_of_http(text: &str) -> Option<String> {
    if text.starts_with("https:") {
        return Some(NO_HTTPS.to_owned());
    }
    let rest = text.strip_prefix("http:").map_or(text, |rest| rest.trim_start_matches('/'));
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let port = host.rsplit(':').next().filter(|port| short_port(port).is_some());
    let short = port.map(|port| format!(":{port}{path}")).filter(|short| short_http(short).is_some());
    Some(match short {
        Some(short) => format!("write `\"{short}\"`"),
        None => "write the port in the container and the path: `\":8080/health\"`".to_owned(),
    })
}

pub(super) fn is_pattern(text: &str) -> bool {
    !text.is_empty() && text.parse::<LogPattern>().is_ok()
}

pub(super) fn instead_of_pattern(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("write a part of the line that shows that it is ready".to_owned());
    }
    text.parse::<LogPattern>().err().map(|error| error.to_string())
}

pub(super) fn instead_of_exec(text: &str) -> Option<String> {
    text.trim().is_empty().then(|| "write a command that exits with status 0 once the container is ready".to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "the table takes functions that may have nothing to say")]
pub(super) fn instead_of_duration(text: &str) -> Option<String> {
    Some(if text.parse::<Duration>().is_ok() {
        "it must be longer than 0".to_owned()
    } else {
        "a duration needs a unit, as in `30s` or `1m30s`".to_owned()
    })
}
