//! Hints for an engine that does not answer or returns an error.

use crate::diagnostic::MORE_FILES;
use crate::event::EngineError;

/// What to do about it: a sentence without a period.
#[must_use]
pub fn hint(error: &EngineError) -> Option<String> {
    let EngineError::Unreachable { cause, address } = error else { return None };
    let cause = cause.to_lowercase();
    if cause.contains("too many open files") {
        return Some(MORE_FILES.to_owned());
    }
    if cause.contains("cannot read `") {
        return Some("DOCKER_CERT_PATH is the folder of `ca.pem`, `cert.pem` and `key.pem`".to_owned());
    }
    if let Some(host) = address.strip_prefix("ssh://") {
        let host = host.split('/').next().unwrap_or_default();
        return Some(format!("`ssh ssh://{host} docker version` must work without a prompt"));
    }
    Some(if cause.contains("permission denied") {
        "your user is not allowed to access the engine's socket: add it to the group `docker`, or use sudo".to_owned()
    } else {
        "is the engine running? start it, or select another with DOCKER_HOST, --host or --context".to_owned()
    })
}
