//! Hints for failed pushes, chosen by the messages of engines and registries.

use super::pull_hints;
use crate::project::ServiceName;

const DENIED: [&str; 6] =
    ["denied", "unauthorized", "authentication required", "no basic auth", "insufficient_scope", "forbidden"];

/// The hint, if the cause is known.
pub(super) fn hint(image: &str, service: &ServiceName, words: &str) -> Option<String> {
    let lower = words.to_lowercase();
    if lower.contains("does not exist locally") || lower.contains("tag does not exist") {
        return Some(format!("build it first with `hoist build {service}`"));
    }
    if DENIED.iter().any(|phrase| lower.contains(phrase)) {
        let login = pull_hints::login(image);
        let known = lower.contains("(logged in as ") || lower.contains("(with the stored token");
        return Some(if known {
            format!("this account may not push there: check the name, or log in with another one with `{login}`")
        } else {
            format!("the registry lets only known users push: log in with `{login}`")
        });
    }
    pull_hints::by_words(image, words)
}

/// The hint for a build whose result could not be pushed by the builder itself.
pub(super) fn of_build(service: &ServiceName, words: &str) -> Option<String> {
    let (_, rest) = words.split_once("failed to push ")?;
    let (image, cause) = rest.split_once(": ")?;
    hint(image, service, cause)
}

#[cfg(test)]
mod tests {
    use super::{hint, of_build};

    #[test]
    fn a_build_whose_result_cannot_be_pushed_has_the_hint_of_a_push() {
        let words = "failed to push r.example:5000/app:1: push access denied, repository does not exist or may require \
                     authorization: authorization failed: no basic auth credentials";
        let remedy = "the registry lets only known users push: log in with `docker login r.example:5000`";
        assert_eq!(of_build(&"web".into(), words).as_deref(), Some(remedy));
        assert_eq!(of_build(&"web".into(), "process \"make\" did not complete successfully"), None);
    }

    #[test]
    fn what_to_do_about_a_failed_push() {
        for (words, remedy) in [
            ("An image does not exist locally with the tag: r.example/app", "build it first with `hoist build web`"),
            (
                "no basic auth credentials",
                "the registry lets only known users push: log in with `docker login r.example`",
            ),
            (
                "denied: requested access to the resource is denied (logged in as bob)",
                "this account may not push there: check the name, or log in with another one with `docker login r.example`",
            ),
            (
                "Get \"http://r.example/v2/\": dial tcp 127.0.0.1:80: connect: connection refused",
                "the engine cannot reach the registry: check that it is running, and the engine's network and proxy",
            ),
        ] {
            assert_eq!(hint("r.example/app", &"web".into(), words).as_deref(), Some(remedy), "{words}");
        }
        assert_eq!(hint("r.example/app", &"web".into(), "something nobody has seen"), None);
    }
}
