//! Caches of a build: the texts of `cache_from` and `cache_to` in, the engine's words out.

use std::collections::HashMap;

use bollard_buildkit_proto::moby::buildkit::v1::CacheOptionsEntry;

use super::error::BuildError;
use crate::engine::docker::connect::GithubJob;
use crate::plan::BuildSpec;

/// Caches that the engine's builder knows.
const KNOWN: [&str; 3] = ["inline", "registry", "gha"];

/// The entry for `name:tag`, or `type=registry,ref=name:tag`.
pub(super) fn entry(text: &str) -> Result<CacheOptionsEntry, BuildError> {
    if !text.contains('=') {
        let attrs = HashMap::from([("ref".to_owned(), text.to_owned())]);
        return Ok(CacheOptionsEntry { r#type: "registry".to_owned(), attrs });
    }
    let mut attrs = HashMap::new();
    for pair in text.split(',') {
        let pair = pair.trim();
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            BuildError::Unsupported(format!("`{pair}` in the cache `{text}` is not of the form `key=value`"))
        })?;
        attrs.insert(key.to_lowercase(), value.to_owned());
    }
    let kind = attrs.remove("type").unwrap_or_else(|| "registry".to_owned());
    Ok(CacheOptionsEntry { r#type: kind, attrs })
}

/// A cache of GitHub Actions with what a job has in its environment; `None` if it cannot be used then. Texts of other
/// caches, and those that are no cache, stay as they are.
fn with_github(text: &str, github: &GithubJob) -> Option<String> {
    let Ok(CacheOptionsEntry { r#type: kind, attrs }) = entry(text) else { return Some(text.to_owned()) };
    if kind != "gha" {
        return Some(text.to_owned());
    }
    let mut whole = text.to_owned();
    let variable = |name: &str| github.0.get(name);
    let second = attrs.get("version").is_some_and(|version| version == "2")
        || variable("ACTIONS_CACHE_SERVICE_V2")
            .is_some_and(|value| matches!(&*value.to_lowercase(), "1" | "t" | "true"));
    let mut fill = |key: &str, value: Option<&String>| {
        if let (Some(value), false) = (value, attrs.contains_key(key)) {
            whole = format!("{whole},{key}={value}");
        }
        value.is_some() || attrs.contains_key(key)
    };
    let results = variable("ACTIONS_RESULTS_URL");
    let token = fill("token", variable("ACTIONS_RUNTIME_TOKEN"));
    let url_v2 = if second { fill("url_v2", results) } else { attrs.contains_key("url_v2") };
    let url = fill("url", variable("ACTIONS_CACHE_URL").or(results));
    (token && (url || url_v2)).then_some(whole)
}

/// Refuses caches that the engine's builder does not have.
pub(super) fn check(spec: &BuildSpec) -> Result<(), BuildError> {
    let from = spec.cache_from.iter().map(|text| ("cache_from", text));
    for (attribute, text) in from.chain(spec.cache_to.iter().map(|text| ("cache_to", text))) {
        let kind = kind(text);
        if kind == "local" {
            let message = format!("`build.{attribute}`: the engine cannot use a cache in a local folder");
            return Err(BuildError::Unsupported(message));
        }
        if !KNOWN.contains(&kind) {
            let message = format!("`build.{attribute}`: the engine's builder has no cache of type `{kind}`");
            return Err(BuildError::Unsupported(message));
        }
    }
    Ok(())
}

/// Adds what caches need of a job of GitHub Actions, and leaves out those that need one where there is none; a warning
/// about that, if there are any.
pub(super) fn complete(spec: &mut BuildSpec, github: &GithubJob) -> Option<String> {
    let mut left_out = false;
    for caches in [&mut spec.cache_from, &mut spec.cache_to] {
        let complete: Vec<_> = caches.iter().filter_map(|text| with_github(text, github)).collect();
        left_out |= complete.len() < caches.len();
        *caches = complete;
    }
    left_out.then(|| "caches of type `gha` are not used: they exist only in jobs of GitHub Actions".to_owned())
}

/// The type of a cache: `registry` if it does not say.
pub(super) fn kind(text: &str) -> &str {
    let mut pairs = text.split(',').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case("type")).map_or("registry", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::value::BuildContext;

    #[test]
    fn the_cache_of_github_actions_needs_a_job() {
        let none = GithubJob::default();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let spec = BuildSpec {
            cache_from: texts(&["type=gha", "app:cache", "type=gha,x"]),
            cache_to: texts(&["type=gha,token=o,url=https://o"]),
            ..BuildSpec::new("web", "app", BuildContext::Folder("/shop".into()))
        };
        let mut elsewhere = spec.clone();
        assert!(complete(&mut elsewhere, &none).is_some());
        assert_eq!(elsewhere.cache_from, ["app:cache", "type=gha,x"]);
        assert_eq!(elsewhere.cache_to, ["type=gha,token=o,url=https://o"]);
        let job = [
            ("ACTIONS_RUNTIME_TOKEN", "t"),
            ("ACTIONS_RESULTS_URL", "https://r"),
            ("ACTIONS_CACHE_SERVICE_V2", "True"),
        ];
        let job = GithubJob(job.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let mut there = spec;
        assert_eq!(complete(&mut there, &job), None);
        let all = "type=gha,token=t,url_v2=https://r,url=https://r";
        assert_eq!(there.cache_from, [all, "app:cache", "type=gha,x"]);
        assert_eq!(there.cache_to, ["type=gha,token=o,url=https://o,url_v2=https://r"]);
        assert!(!format!("{job:?}").contains("https"));
    }

    #[test]
    fn caches_that_no_engine_has_are_refused() {
        let spec = || BuildSpec::new("web", "app", BuildContext::Folder("/shop".into()));
        let from = |text: &str| {
            check(&BuildSpec { cache_from: vec![text.into()], ..spec() }).map_err(|error| error.to_string())
        };
        let refused = |words: &str| Err(format!("`build.cache_from`: {words}"));
        assert_eq!(from("type=s3,region=x"), refused("the engine's builder has no cache of type `s3`"));
        assert_eq!(from("type=local,src=x"), refused("the engine cannot use a cache in a local folder"));
        for known in ["app:cache", "type=gha", "ref=x,type=registry"] {
            assert_eq!(from(known), Ok(()));
        }
        let message = entry("type=gha,x").expect_err("refused").to_string();
        assert_eq!(message, "`x` in the cache `type=gha,x` is not of the form `key=value`");
    }
}
