//! Answers and failures of the engine in, [`EngineError`] out. Nobody past this file sees an HTTP status.

use std::future::Future;
use std::time::Duration;

use bollard::errors::Error;

use super::address::{Address, TlsFiles};
use crate::engine::EngineError;

/// Classifies an unsuccessful answer by its status and message.
pub(super) fn answer(status: u16, message: &str) -> EngineError {
    let words = if message.is_empty() { format!("the engine answered with status {status}") } else { message.into() };
    match status {
        // "client version 1.53 is too new. Maximum supported API version is 1.41"
        400 if words.contains("client version") => EngineError::Unsupported(words),
        404 => EngineError::NotFound(words),
        // Engines before 25.0 allow several networks with the same name; two concurrent runs may have both until one is
        // removed.
        _ if words.contains("is ambiguous (") => EngineError::Conflict(words),
        // When disconnecting a container from a network.
        500 if words.contains("is not connected to") => EngineError::NotFound(words),
        // Removing a network with endpoints is answered with 403.
        403 | 409 if means_in_use(&words) => EngineError::InUse(words),
        409 => EngineError::Conflict(words),
        // Podman's message for a name that is taken.
        500 if words.contains("the container name") && words.contains("is already in use by") => {
            EngineError::Conflict(words)
        }
        401 | 407 => EngineError::Registry(words),
        501 => EngineError::Unsupported(words),
        _ if means_registry(&words) => EngineError::Registry(words),
        400..=499 => EngineError::Refused(words),
        _ => EngineError::Failed(words),
    }
}

/// Whether a refusal says that something else is using the object.
fn means_in_use(words: &str) -> bool {
    // A taken name is "in use" as well, but waiting for its owner would not help.
    !words.contains("already in use by")
        && ["has active endpoints", "in use", "being used", "is using", "is used by", "needed by"]
            .iter()
            .any(|phrase| words.contains(phrase))
}

/// Whether a refusal says that the container already has the new name.
pub(super) fn says_it_has_that_name(words: &str) -> bool {
    words.contains("same name as its current name")
}

/// Whether a registry's refusal depends on who asks.
pub(super) fn means_denied(words: &str) -> bool {
    let lower = words.to_lowercase();
    ["denied", "unauthorized", "authentication required", "insufficient_scope", "forbidden"]
        .iter()
        .any(|phrase| lower.contains(phrase))
}

/// Whether a message says that a registry, not the engine, refused.
fn means_registry(words: &str) -> bool {
    let words = words.to_lowercase();
    ["unauthorized", "authentication required", "pull access denied", "no basic auth credentials", "toomanyrequests"]
        .iter()
        .any(|phrase| words.contains(phrase))
}

/// Classifies the failure of a pull or push by the engine's message alone: its answer had already begun, or its status
/// says nothing about the registry.
pub(super) fn transfer(message: &str) -> EngineError {
    let words = message.to_owned();
    let lower = message.to_lowercase();
    let busy = ["toomanyrequests", "too many requests", "http 429", "status: 429"].iter().any(|it| lower.contains(it));
    // This limit is for hours.
    let used_up = lower.contains("pull rate limit");
    let denied = lower.starts_with("denied") || (!busy && means_registry(message));
    if used_up || denied || lower.contains("not found") || lower.contains("manifest unknown") {
        EngineError::Registry(words)
    } else if busy || means_passing(&lower) {
        EngineError::RegistryFault { words, retry_after: retry_after(&lower) }
    } else {
        EngineError::Failed(words)
    }
}

/// Whether a message in lower case is about a connection that broke or a server that failed: the next attempt may
/// succeed. A registry that refuses connections is not there at all.
fn means_passing(lower: &str) -> bool {
    const PHRASES: [&str; 17] = [
        "unexpected eof",
        "connection reset",
        "broken pipe",
        "handshake timeout",
        "i/o timeout",
        "client.timeout exceeded",
        "deadline exceeded",
        "server closed idle connection",
        "use of closed network connection",
        "goaway",
        "http status: 5",
        "500 internal server error",
        "502 bad gateway",
        "503 service unavailable",
        "504 gateway timeout",
        "unexpected status code 5",
        "parsing http 5",
    ];
    lower.ends_with(": eof") || PHRASES.iter().any(|phrase| lower.contains(phrase))
}

/// The delay that a registry asks for: `retry-after: 30`, `retry-after: 352.58µs, allowed: 44000/minute`.
fn retry_after(lower: &str) -> Option<Duration> {
    let (_, rest) = lower.split_once("retry-after")?;
    let rest = rest.trim_start_matches([':', '=', ' ', '"']);
    let text = rest.split([',', ' ', '"', '\n']).next()?;
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => text.parse::<crate::project::value::Duration>().ok()?.to_std(),
    }
}

/// Classifies a failed bollard call.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is long, and what is left means the same")]
pub(super) fn bollard(address: &Address, error: &Error) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code, message } => answer(*status_code, message.trim()),
        Error::HyperLegacyError { err } => transport(address, err),
        Error::HyperResponseError { err } => lost(err),
        Error::DockerStreamError { error } => EngineError::Failed(error.clone()),
        // Answers that cannot be decoded, and requests that cannot be encoded.
        other => EngineError::Failed(other.to_string()),
    }
}

/// A request that got no response.
pub(super) fn transport(address: &Address, error: &hyper_util::client::legacy::Error) -> EngineError {
    let cause = root_cause(error);
    match missing_certificate(address, &cause) {
        Some(cause) => EngineError::Unreachable { address: address.to_string(), cause },
        None if error.is_connect() => EngineError::Unreachable { address: address.to_string(), cause },
        None => EngineError::Disconnected(cause),
    }
}

/// What an engine means that ends the connection because it got no certificate, if there is none to give. Which of these
/// it says depends on the version of TLS; with the newest one it accepts the connection first.
fn missing_certificate(address: &Address, cause: &str) -> Option<String> {
    let Address::Tcp { tls: Some(TlsFiles { without_identity: Some(folder), .. }), .. } = address else { return None };
    let alerts = ["CertificateRequired", "BadCertificate", "HandshakeFailure"];
    let path = folder.join("cert.pem");
    let why = || format!("it asks for a client certificate: cannot read `{}`: no such file", path.display());
    alerts.iter().any(|alert| cause.contains(alert)).then(why)
}

/// A response that broke off.
pub(super) fn lost(error: &(dyn std::error::Error + 'static)) -> EngineError {
    EngineError::Disconnected(root_cause(error))
}

/// Prefixes the engine's message with what failed, if nothing else will say so.
pub(super) fn failed_to(what: &str, error: EngineError) -> EngineError {
    if let EngineError::Failed(words) = error {
        EngineError::Failed(format!("the engine could not {what}: {words}"))
    } else {
        error
    }
}

/// The message of the innermost cause, without the number of the system's error.
pub(super) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Waits for an answer for at most the call's time limit. `what` is called only on a timeout or a lost connection.
pub(super) async fn within<T>(
    limit: Duration,
    what: impl FnOnce() -> String,
    answer: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(Err(EngineError::Disconnected(cause))) => Err(EngineError::Disconnected(format!("{cause} ({})", what()))),
        Ok(result) => result,
        Err(_) => Err(EngineError::Timeout { call: what(), seconds: limit.as_secs() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_wants_a_certificate_is_told_of_the_file_that_is_missing() {
        let address = |without_identity| Address::Tcp {
            host: "far".to_owned(),
            port: 2376,
            tls: Some(TlsFiles { without_identity, ..TlsFiles::default() }),
        };
        let (without, with) = (address(Some("/certs".into())), address(None));
        let alert = "received fatal alert: CertificateRequired";
        let said = missing_certificate(&without, alert).expect("it is missing");
        assert_eq!(said, "it asks for a client certificate: cannot read `/certs/cert.pem`: no such file");
        assert_eq!(missing_certificate(&without, "Connection refused"), None);
        assert_eq!(missing_certificate(&with, alert), None);
    }

    #[tokio::test]
    async fn a_connection_that_is_lost_says_what_was_asked() {
        let lost = async { Err::<(), _>(EngineError::Disconnected("connection reset".to_owned())) };
        let error = within(Duration::from_secs(1), || "GET /info".to_owned(), lost).await.expect_err("it is lost");
        assert_eq!(error.to_string(), "the connection to the engine was lost: connection reset (GET /info)");
    }

    #[test]
    fn answers_by_status_and_words() {
        type Kind = fn(String) -> EngineError;
        let table: &[(u16, &str, Kind)] = &[
            (404, "No such container: x", EngineError::NotFound),
            (500, "container 1 is not connected to the network n", EngineError::NotFound),
            (500, "container 1 is not connected to network n", EngineError::NotFound),
            (409, "Conflict. The container name \"/x\" is already in use by container \"1\"", EngineError::Conflict),
            (400, "network n is ambiguous (2 matches found on name)", EngineError::Conflict),
            (
                500,
                "container create: creating container storage: the container name \"x\" is already in use by 1",
                EngineError::Conflict,
            ),
            (409, "remove v: volume is in use - [1]", EngineError::InUse),
            (403, "error while removing network: network n id 1 has active endpoints (c)", EngineError::InUse),
            (403, "operation is not permitted on predefined bridge network", EngineError::Refused),
            (400, "invalid reference format", EngineError::Refused),
            (400, "client version 1.53 is too new. Maximum supported API version is 1.41", EngineError::Unsupported),
            (501, "configured logging driver does not support reading", EngineError::Unsupported),
            (500, "driver failed programming external connectivity", EngineError::Failed),
            (500, "unauthorized: authentication required", EngineError::Registry),
        ];
        for (status, words, kind) in table {
            assert_eq!(answer(*status, words), kind((*words).to_owned()), "{status} {words}");
        }
        assert_eq!(answer(500, ""), EngineError::Failed("the engine answered with status 500".to_owned()));
    }

    #[test]
    fn faults_of_a_registry_that_may_pass() {
        let fault = |words: &str, seconds: Option<u64>| EngineError::RegistryFault {
            words: words.to_owned(),
            retry_after: seconds.map(Duration::from_secs),
        };
        for words in [
            "unexpected EOF",
            "Get \"http://r.example/v2/a/manifests/1\": EOF",
            "read tcp 10.0.0.1:1->10.0.0.2:2: read: connection reset by peer",
            "received unexpected HTTP status: 503 Service Unavailable",
            "unexpected status from GET request to http://r.example/v2/: 502 Bad Gateway",
            "Get \"https://r.example/v2/\": net/http: TLS handshake timeout",
            "dial tcp 10.0.0.2:443: i/o timeout",
            "toomanyrequests: too many requests",
            "error parsing HTTP 429 response body: unexpected end of JSON input: \"\"",
            "error parsing HTTP 503 response body: unexpected end of JSON input: \"\"",
        ] {
            assert_eq!(transfer(words), fault(words, None), "{words}");
        }
        let asks = "toomanyrequests: retry-after: 30, allowed: 44000/minute";
        assert_eq!(transfer(asks), fault(asks, Some(30)));
        let asks = "toomanyrequests: retry-after: 2s, allowed: 44000/minute";
        assert_eq!(transfer(asks), fault(asks, Some(2)));
        for words in [
            "toomanyrequests: You have reached your pull rate limit.",
            "manifest for a:1 not found: manifest unknown: manifest unknown",
            "denied: requested access to the resource is denied",
            "unauthorized: authentication required",
            "no basic auth credentials",
        ] {
            assert_eq!(transfer(words), EngineError::Registry(words.to_owned()), "{words}");
        }
        for words in [
            "dial tcp 127.0.0.1:5999: connect: connection refused",
            "dial tcp: lookup x.invalid on 10.0.0.1:53: no such host",
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            "no space left on device",
        ] {
            assert_eq!(transfer(words), EngineError::Failed(words.to_owned()), "{words}");
        }
    }

    #[test]
    fn a_rename_that_was_done_is_told_from_one_that_cannot_be() {
        assert!(says_it_has_that_name("Renaming a container with the same name as its current name"));
        assert!(!says_it_has_that_name("Invalid container name (-), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"));
    }

    #[test]
    fn a_failure_says_at_what_and_a_lost_connection_needs_not() {
        let failed = failed_to("look at its volumes", answer(500, "disk full"));
        assert_eq!(failed.to_string(), "the engine could not look at its volumes: disk full");
        let lost = EngineError::Disconnected("reset".to_owned());
        assert_eq!(failed_to("look at its volumes", lost.clone()), lost);
    }

    #[test]
    fn the_innermost_cause_is_told_without_its_number() {
        let error = std::io::Error::from_raw_os_error(2);
        assert_eq!(root_cause(&error), "No such file or directory");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_have_a_limit() {
        let never = std::future::pending::<Result<(), EngineError>>();
        let error = within(Duration::from_secs(3), || "stop x".to_owned(), never).await;
        assert_eq!(error, Err(EngineError::Timeout { call: "stop x".to_owned(), seconds: 3 }));
    }
}
