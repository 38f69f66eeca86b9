//! Hints for failed pulls, chosen by the messages of engines and registries.

use crate::event::PullAlternative;

/// Remedies for messages that contain one of the phrases; the first match wins.
const REMEDIES: [(&[&str], Remedy); 10] = [
    (
        &["no matching manifest", "is not for platform"],
        Remedy::Fixed("the image does not support this platform; set `platform` in the service to select another"),
    ),
    (
        &["toomanyrequests", "rate limit"],
        Remedy::LogIn("the registry limits the number of pulls: wait, or log in with"),
    ),
    (
        &["(logged in as ", "(with the stored token"],
        Remedy::LogIn("check the name; if it is right, this account has no access: log in with another one with"),
    ),
    (&["manifest unknown", "not found: manifest", ": not found"], Remedy::Fixed("check the name and the tag")),
    (
        &["denied", "forbidden", "unauthorized", "authentication required", "no basic auth", "does not exist"],
        Remedy::LogIn("check the name; if the image is private, log in with"),
    ),
    (
        &["no such host", "server misbehaving", "lookup "],
        Remedy::Fixed(
            "the engine cannot resolve the registry's name: check the image's name, and the engine's DNS and proxy",
        ),
    ),
    (
        &["bad gateway", "service unavailable", "gateway timeout"],
        Remedy::Fixed("the registry is in trouble: try again later"),
    ),
    (
        &["http response to https client"],
        Remedy::Fixed("the registry does not use TLS: add it to `insecure-registries` in the engine's daemon.json"),
    ),
    (
        &["x509:", "certificate"],
        Remedy::Fixed("the engine does not trust the registry's certificate: add its CA to the engine"),
    ),
    (
        &["connection refused", "timeout", "deadline exceeded", "no route to host", "network is unreachable", "eof"],
        Remedy::Fixed(
            "the engine cannot reach the registry: check that it is running, and the engine's network and proxy",
        ),
    ),
];

/// A remedy.
#[derive(Clone, Copy)]
enum Remedy {
    /// This text.
    Fixed(&'static str),
    /// This text, and the command to log in.
    LogIn(&'static str),
}

/// The hint, if the cause is known or there is something else to use.
pub(super) fn hint(image: &str, alternative: Option<PullAlternative>, words: &str) -> Option<String> {
    let hint = by_words(image, words);
    match alternative {
        // That it can be built is said for all such images together.
        Some(PullAlternative::Build) => hint.filter(|_| !is_unknown(words)),
        Some(PullAlternative::LocalImage) => {
            let local = "the engine has an older image: use it with `--pull never` or `pull_policy: missing`";
            Some(hint.map_or_else(|| local.to_owned(), |hint| format!("{hint}\n{local}")))
        }
        None => hint,
    }
}

/// Whether the registry does not have the image, or does not say whether it does: nobody needs to have pushed an image
/// that can be built.
fn is_unknown(words: &str) -> bool {
    let words = words.to_lowercase();
    ["not found", "manifest unknown", "denied", "unauthorized", "does not exist"].iter().any(|it| words.contains(it))
}

/// The hint by the message alone.
pub(super) fn by_words(image: &str, words: &str) -> Option<String> {
    let words = words.to_lowercase();
    let fits = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let (_, remedy) = REMEDIES.iter().find(|(phrases, _)| fits(phrases))?;
    Some(match remedy {
        Remedy::Fixed(text) => (*text).to_owned(),
        Remedy::LogIn(text) => format!("{text} `{}`", login(image)),
    })
}

/// The hint for a build that could not get an image that it is made from.
pub(super) fn of_build(words: &str) -> Option<String> {
    let (_, rest) = words.split_once("source metadata for ")?;
    let (image, cause) = rest.split_once(": ")?;
    by_words(image, cause)
}

/// The command that logs in to the registry of an image.
pub(super) fn login(image: &str) -> String {
    match registry(image) {
        Some(registry) => format!("docker login {registry}"),
        None => "docker login".to_owned(),
    }
}

/// The registry in a reference; `None` for the engine's default.
fn registry(image: &str) -> Option<&str> {
    let (first, _) = image.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first).filter(|first| *first != "docker.io")
}

#[cfg(test)]
mod tests {
    use super::{by_words, hint, of_build};
    use crate::event::PullAlternative;

    #[test]
    fn a_base_that_a_build_cannot_get_has_a_remedy() {
        let words = "r.example:5000/priv: failed to resolve source metadata for r.example:5000/priv:latest: unexpected \
                     status from HEAD request to https://r.example:5000/v2/priv/manifests/latest: 401 Unauthorized";
        let remedy = "check the name; if the image is private, log in with `docker login r.example:5000`";
        assert_eq!(of_build(words).as_deref(), Some(remedy));
        assert_eq!(of_build("process \"/bin/sh\" did not complete successfully: exit code: 1"), None);
    }

    #[test]
    fn the_words_of_engines_have_a_remedy() {
        for (image, words, remedy) in [
            (
                "nginx:9",
                "manifest for nginx:9 not found: manifest unknown: manifest unknown",
                "check the name and the tag",
            ),
            (
                "r.example/app:9",
                "failed to resolve reference \"r.example/app:9\": r.example/app:9: not found",
                "check the name and the tag",
            ),
            (
                "r.example/app",
                "failed to resolve reference \"r.example/app:1\": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
                "check the name; if the image is private, log in with `docker login r.example`",
            ),
            (
                "r.example/app",
                "failed to resolve reference \"r.example/app:1\": failed to do request: Head \"http://r.example/v2/app/manifests/1\": dial tcp 127.0.0.1:80: connect: connection refused",
                "the engine cannot reach the registry: check that it is running, and the engine's network and proxy",
            ),
            (
                "team/app",
                "pull access denied for team/app, repository does not exist or may require 'docker login'",
                "check the name; if the image is private, log in with `docker login`",
            ),
            (
                "registry.example.com:5000/app",
                "Head \"https://registry.example.com:5000/v2/app/manifests/1\": no basic auth credentials",
                "check the name; if the image is private, log in with `docker login registry.example.com:5000`",
            ),
            (
                "docker.io/library/nginx",
                "toomanyrequests: You have reached your pull rate limit.",
                "the registry limits the number of pulls: wait, or log in with `docker login`",
            ),
            (
                "x.invalid/x",
                "Get \"https://x.invalid/v2/\": dial tcp: lookup x.invalid on 10.0.0.1:53: no such host",
                "the engine cannot resolve the registry's name: check the image's name, and the engine's DNS and proxy",
            ),
            (
                "localhost:5999/x",
                "Get \"http://localhost:5999/v2/\": dial tcp 127.0.0.1:5999: connect: connection refused",
                "the engine cannot reach the registry: check that it is running, and the engine's network and proxy",
            ),
            (
                "10.0.0.5:5000/x",
                "Get \"https://10.0.0.5:5000/v2/\": http: server gave HTTP response to HTTPS client",
                "the registry does not use TLS: add it to `insecure-registries` in the engine's daemon.json",
            ),
            (
                "r.example.com/x",
                "Get \"https://r.example.com/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "the engine does not trust the registry's certificate: add its CA to the engine",
            ),
            (
                "app",
                "no matching manifest for linux/arm64/v8 in the manifest list entries",
                "the image does not support this platform; set `platform` in the service to select another",
            ),
        ] {
            assert_eq!(by_words(image, words).as_deref(), Some(remedy), "{words}");
        }
        assert_eq!(by_words("app", "something nobody has seen"), None);
    }

    #[test]
    fn what_is_there_instead_is_named() {
        assert_eq!(hint("app", Some(PullAlternative::Build), "manifest unknown"), None);
        let unreachable = hint("r.example/app", Some(PullAlternative::Build), "connect: connection refused");
        assert!(unreachable.is_some_and(|hint| hint.starts_with("the engine cannot reach the registry")));
        let local = hint("app", Some(PullAlternative::LocalImage), "x");
        let expected = "the engine has an older image: use it with `--pull never` or `pull_policy: missing`";
        assert_eq!(local.as_deref(), Some(expected));
        let local = hint("app", Some(PullAlternative::LocalImage), "manifest unknown");
        assert_eq!(local, Some(format!("check the name and the tag\n{expected}")));
    }
}
