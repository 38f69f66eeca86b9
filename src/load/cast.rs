//! Conversion of strings to numbers and booleans: the paths at which a string is converted right after substitution.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::load::rules::{HOOK, JOB, SERVICE};
use crate::yaml::Value;

/// The type a string is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Float,
}

/// A string that was converted.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The value.
    pub value: Value,
    /// What to write instead of `yes`, `off` and the like, which are not booleans in YAML 1.2.
    pub better: Option<&'static str>,
}

impl Target {
    /// The value of `text`; `None` if it cannot be converted.
    ///
    /// ```
    /// use hoist::load::cast::Target;
    /// use hoist::yaml::Value;
    /// assert_eq!(Target::Integer.convert("-3").map(|found| found.value), Some(Value::Int(-3)));
    /// assert_eq!(Target::Boolean.convert("1"), None);
    /// ```
    #[must_use]
    pub fn convert(self, text: &str) -> Option<Converted> {
        let plain = |value| Converted { value, better: None };
        match self {
            Self::Boolean => boolean(text),
            Self::Integer => text.parse().ok().map(|number| plain(Value::Int(number))),
            Self::Float => text.parse().ok().map(|number| plain(Value::Float(number))),
        }
    }

    /// What is expected, for a message: `a whole number`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Integer => "a whole number",
            Self::Float => "a number",
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn accepted(self) -> &'static str {
        match self {
            Self::Boolean => "write `true` or `false`",
            Self::Integer => "write digits only, as in `3`",
            Self::Float => "write a number as in `3` or `0.5`",
        }
    }
}

fn boolean(text: &str) -> Option<Converted> {
    let (value, better) = match text.to_lowercase().as_str() {
        "true" => (true, None),
        "false" => (false, None),
        "y" | "yes" | "on" => (true, Some("true")),
        "n" | "no" | "off" => (false, Some("false")),
        _ => return None,
    };
    Some(Converted { value: Value::Bool(value), better })
}

/// Patterns of paths; those of services hold for jobs and `pre_start` hooks too. `*` is any key, `[]` any item of a list.
const TABLE: &[(Target, &[&str])] = &[
    (
        Target::Boolean,
        &[
            "services.*.init",
            "services.*.oom_kill_disable",
            "services.*.privileged",
            "services.*.read_only",
            "services.*.stdin_open",
            "services.*.tty",
            "services.*.healthcheck.disable",
            "services.*.depends_on.*.required",
            "services.*.depends_on.*.restart",
            "services.*.volumes.[].read_only",
            "services.*.volumes.[].volume.nocopy",
            "services.*.x-hoist.eager_health",
            "services.*.x-hoist.job",
            "services.*.x-hoist.rolling",
            "networks.*.external",
            "networks.*.internal",
            "networks.*.attachable",
            "networks.*.enable_ipv4",
            "networks.*.enable_ipv6",
            "volumes.*.external",
            "secrets.*.external",
            "configs.*.external",
        ],
    ),
    (
        Target::Integer,
        &[
            "services.*.scale",
            "services.*.cpu_count",
            "services.*.cpu_period",
            "services.*.cpu_quota",
            "services.*.cpu_rt_period",
            "services.*.cpu_rt_runtime",
            "services.*.cpu_shares",
            "services.*.oom_score_adj",
            "services.*.pids_limit",
            "services.*.healthcheck.retries",
            "services.*.ports.[].target",
            "services.*.x-hoist.ready.http.status",
            "services.*.ulimits.*",
            "services.*.ulimits.*.soft",
            "services.*.ulimits.*.hard",
            "services.*.deploy.replicas",
            "services.*.deploy.update_config.parallelism",
            "services.*.deploy.rollback_config.parallelism",
            "services.*.deploy.restart_policy.max_attempts",
            "services.*.deploy.placement.max_replicas_per_node",
        ],
    ),
    (
        Target::Float,
        &[
            "services.*.cpus",
            "services.*.cpu_percent",
            "services.*.deploy.update_config.max_failure_ratio",
            "services.*.deploy.rollback_config.max_failure_ratio",
        ],
    ),
];

/// The patterns by their last segment, since the ends of most paths match none: the segments before it, and the target.
static BY_LAST_SEGMENT: LazyLock<HashMap<&str, Vec<(String, Target)>>> = LazyLock::new(|| {
    let mut patterns = HashMap::<_, Vec<_>>::new();
    for (target, pattern) in TABLE.iter().flat_map(|(target, patterns)| patterns.iter().map(|it| (*target, *it))) {
        let (before, last) = pattern.rsplit_once('.').unwrap_or(("", pattern));
        let alike = before.strip_prefix(SERVICE.trim_end_matches('.'));
        let places =
            alike.into_iter().flat_map(|rest| [JOB, HOOK].map(|at| at.trim_end_matches('.').to_owned() + rest));
        let places = places.chain([before.to_owned()]).map(|before| (before, target));
        patterns.entry(last).or_default().extend(places);
    }
    patterns
});

/// The type that the string at `path` is converted to. The path starts with its last segment; `None` is a list item.
pub fn target<'a>(path: &(impl Iterator<Item = Option<&'a str>> + Clone)) -> Option<Target> {
    let mut path = path.clone();
    // No pattern ends in a list item.
    let last = path.next()??;
    let fits = |pattern: &str| {
        let mut path = path.clone();
        pattern.rsplit('.').all(|pattern| match path.next() {
            Some(Some(key)) => pattern == key || pattern == "*",
            Some(None) => pattern == "[]",
            None => false,
        }) && path.next().is_none()
    };
    let patterns = [last, "*"].into_iter().filter_map(|last| BY_LAST_SEGMENT.get(last)).flatten();
    patterns.into_iter().find(|(before, _)| fits(before)).map(|(_, target)| *target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected) in [
            (&[Some("services"), Some("web"), Some("scale")][..], Some(Target::Integer)),
            (&[Some("services"), Some("web"), Some("ulimits"), Some("nproc")], Some(Target::Integer)),
            (&[Some("services"), Some("web"), Some("ulimits"), Some("nofile"), Some("soft")], Some(Target::Integer)),
            (&[Some("services"), Some("web"), Some("ports"), None, Some("target")], Some(Target::Integer)),
            (&[Some("services"), Some("web"), Some("ports"), None, Some("published")], None),
            (&[Some("services"), Some("web"), Some("ports"), Some("x"), Some("target")], None),
            (&[Some("services"), Some("a.b"), Some("cpus")], Some(Target::Float)),
            (&[Some("networks"), Some("n"), Some("internal")], Some(Target::Boolean)),
            (&[Some("jobs"), Some("j"), Some("ulimits"), Some("core")], Some(Target::Integer)),
            (&[Some("services"), Some("s"), Some("pre_start"), None, Some("init")], Some(Target::Boolean)),
            (&[Some("services"), Some("s"), Some("pre_stop"), None, Some("init")], None),
            (&[Some("services"), Some("web")], None),
            (&[Some("services"), Some("web"), Some("scale"), Some("x")], None),
            (&[], None),
        ] {
            assert_eq!(target(&path.iter().rev().copied()), expected, "{path:?}");
        }
    }

    #[test]
    fn words() {
        let convert = |target: Target, text| target.convert(text).map(|found| (found.value, found.better));
        for (text, expected) in [
            ("true", Some((true, None))),
            ("FALSE", Some((false, None))),
            ("Yes", Some((true, Some("true")))),
            ("y", Some((true, Some("true")))),
            ("on", Some((true, Some("true")))),
            ("no", Some((false, Some("false")))),
            ("OFF", Some((false, Some("false")))),
            ("1", None),
            ("0", None),
            ("", None),
            (" true", None),
        ] {
            let expected = expected.map(|(value, better)| (Value::Bool(value), better));
            assert_eq!(convert(Target::Boolean, text), expected, "{text}");
        }
        for (text, expected) in [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("+3", Some(3)),
            ("010", Some(10)),
            ("", None),
            ("3.0", None),
            ("1_0", None),
        ] {
            assert_eq!(convert(Target::Integer, text), expected.map(|value| (Value::Int(value), None)), "{text}");
        }
        for (text, expected) in
            [("0.5", Some(0.5)), ("3", Some(3.0)), ("1e3", Some(1000.0)), ("half", None), ("", None)]
        {
            assert_eq!(convert(Target::Float, text), expected.map(|value| (Value::Float(value), None)), "{text}");
        }
    }
}
