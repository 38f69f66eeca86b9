//! Caches of a build: the texts of `cache_from` and `cache_to` in, the engine's words out.

use std::collections::HashMap;

use bollard_buildkit_proto::moby::buildkit::v1::CacheOptionsEntry;

use super::error::BuildError;
use crate::plan::BuildSpec;

/// Caches that the engine's builder knows.
const KNOWN: [&str; 3] = ["inline", "registry", "gha"];

/// The entry for `name:tag`, or `type=registry,ref=name:tag`; `None` for the cache of GitHub Actions elsewhere than there.
pub(super) fn entry(text: &str) -> Result<Option<CacheOptionsEntry>, BuildError> {
    if !text.contains('=') {
        let attrs = HashMap::from([("ref".to_owned(), text.to_owned())]);
        return Ok(Some(CacheOptionsEntry { r#type: "registry".to_owned(), attrs }));
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
    if kind == "gha" && !add_github(&mut attrs, |name| std::env::var(name).ok().filter(|value| !value.is_empty())) {
        return Ok(None);
    }
    Ok(Some(CacheOptionsEntry { r#type: kind, attrs }))
}

/// Adds what a job of GitHub Actions has in its environment. Whether the cache can be used then.
fn add_github(attrs: &mut HashMap<String, String>, variable: impl Fn(&str) -> Option<String>) -> bool {
    let second = attrs.get("version").is_some_and(|version| version == "2")
        || variable("ACTIONS_CACHE_SERVICE_V2")
            .is_some_and(|value| matches!(&*value.to_lowercase(), "1" | "t" | "true"));
    let mut fill = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            attrs.entry(key.to_owned()).or_insert(value);
        }
    };
    fill("token", variable("ACTIONS_RUNTIME_TOKEN"));
    if second {
        fill("url_v2", variable("ACTIONS_RESULTS_URL"));
    }
    fill("url", variable("ACTIONS_CACHE_URL").or_else(|| variable("ACTIONS_RESULTS_URL")));
    attrs.contains_key("token") && (attrs.contains_key("url") || attrs.contains_key("url_v2"))
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

/// Leaves out caches that do not exist here; a warning about that, if there are any.
pub(super) fn leave_out(spec: &mut BuildSpec) -> Option<String> {
    let all = spec.cache_from.len() + spec.cache_to.len();
    let is_here = |text: &String| kind(text) != "gha" || !matches!(entry(text), Ok(None));
    spec.cache_from.retain(is_here);
    spec.cache_to.retain(is_here);
    let left_out = spec.cache_from.len() + spec.cache_to.len() < all;
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
        let none = |_: &str| None;
        let mut attrs = HashMap::new();
        assert!(!add_github(&mut attrs, none));
        let job = |name: &str| match name {
            "ACTIONS_RUNTIME_TOKEN" => Some("t".to_owned()),
            "ACTIONS_RESULTS_URL" => Some("https://r".to_owned()),
            "ACTIONS_CACHE_SERVICE_V2" => Some("True".to_owned()),
            _ => None,
        };
        assert!(add_github(&mut attrs, job));
        assert_eq!((attrs["token"].as_str(), attrs["url_v2"].as_str()), ("t", "https://r"));
        let mut own = HashMap::from([("token".to_owned(), "o".to_owned()), ("url".to_owned(), "https://o".to_owned())]);
        assert!(add_github(&mut own, none));
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
