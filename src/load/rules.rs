//! The rules that differ per key, as tables by path: how a key merges, what makes a list item unique, how a short form
//! becomes a long one, which values are paths. Each block of rows cites the section of the Compose specification it
//! comes from.
//!
//! The rules of services hold for jobs and `pre_start` hooks too. In a pattern, `*` is any key and `[]` any item. Each table is converted to a tree once, and a walk over a document
//! descends the tree of rules in parallel, so no path is ever compared with a list of patterns.

use std::sync::LazyLock;

/// How to merge a key of two layers; keys that are not in the table merge generically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// The upper value replaces the lower one, even if it is null.
    Replace,
    /// The upper value replaces the lower one unless it is null.
    ReplaceUnlessNull,
    /// Both sides become lists.
    ToList,
    /// A list becomes a mapping to `{condition: service_started, required: true}`.
    DependsOn,
    /// A list becomes a mapping to nulls.
    NamesToMapping,
    /// A string becomes `{context: …}`.
    Build,
    /// Merged if both name the same driver, else the upper one wins.
    Logging,
    /// `all` becomes `[{count: all}]`.
    Gpus,
    /// Address pools with the same subnet are merged.
    AddressPools,
}

/// What makes two list items the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unique {
    /// The text before the first `=`.
    Name,
    /// The whole text of a string or number.
    Text,
    /// Address, host port, container port and protocol; the text of a short form.
    Port,
    /// The path in the container.
    Mount,
    /// The path of the device in the container.
    Device,
    /// The path in the container; `/run/secrets/<source>` by default.
    SecretTarget,
    /// The path in the container; `/<source>` by default.
    ConfigTarget,
    /// The path of the file.
    EnvFile,
}

/// How a short form becomes the long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A string becomes `{context: …}`.
    Build,
    /// A list of `name=value` becomes a mapping.
    NamedValues,
    /// A list of `default` and `id=path` becomes a mapping.
    Ssh,
    /// A boolean becomes its text.
    Text,
    /// Strings in the list become `{source: …}`.
    FileReferences,
    /// A list becomes a mapping to `{condition: service_started, required: true}`; `required` is filled in.
    DependsOn,
    /// Strings in the list become `{source, target, permissions}`.
    Devices,
    /// A string becomes a list of one.
    List,
    /// A string becomes a list of one; strings in the list become `{path, required: true}`.
    EnvFile,
    /// A string becomes `{service: …}`.
    Extends,
    /// `all` becomes `[{count: all}]`.
    Gpus,
    /// A list becomes a mapping to nulls.
    NamesToMapping,
    /// Numbers and strings in the list become mappings; a range becomes several.
    Ports,
    /// Strings in the list become mappings.
    Volumes,
    /// Strings in the list become `{cron: …}`.
    Schedules,
    /// `external: {name: N}` becomes `external: true` and `name: N`.
    External,
}

/// What kind of path a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    /// A folder, unless it is a URL or a `service:` reference.
    Context,
    /// A path on this machine.
    Local,
    /// A path on this machine that may be a Windows path too.
    AnyPlatform,
    /// A path whose first symbolic link is followed.
    Watched,
    /// A mount: `source` if `type` is `bind`.
    Mount,
    /// A volume: `driver_opts.device` of a bind mount of the local driver.
    VolumeDevice,
}

const MERGE: &[(&str, Merge)] = &[
    // Compose spec: `13-merge.md`
    ("services.*.command", Merge::Replace),
    ("services.*.entrypoint", Merge::Replace),
    ("services.*.healthcheck.test", Merge::Replace),
    ("services.*.environment", Merge::ToList),
    ("services.*.labels", Merge::ToList),
    ("services.*.annotations", Merge::ToList),
    ("services.*.sysctls", Merge::ToList),
    ("services.*.build.args", Merge::ToList),
    ("services.*.build.labels", Merge::ToList),
    ("services.*.build.additional_contexts", Merge::ToList),
    // Beyond Docker Compose, which refuses a list over a list here.
    ("services.*.build.ssh", Merge::ToList),
    ("services.*.deploy.labels", Merge::ToList),
    ("networks.*.labels", Merge::ToList),
    ("volumes.*.labels", Merge::ToList),
    ("secrets.*.labels", Merge::ToList),
    ("configs.*.labels", Merge::ToList),
    ("services.*.env_file", Merge::ToList),
    ("services.*.label_file", Merge::ToList),
    ("services.*.dns", Merge::ToList),
    ("services.*.dns_opt", Merge::ToList),
    ("services.*.dns_search", Merge::ToList),
    ("services.*.tmpfs", Merge::ToList),
    ("services.*.extra_hosts", Merge::ToList),
    ("services.*.build.extra_hosts", Merge::ToList),
    ("services.*.depends_on", Merge::DependsOn),
    ("services.*.networks", Merge::NamesToMapping),
    ("services.*.models", Merge::NamesToMapping),
    ("services.*.build", Merge::Build),
    ("services.*.logging", Merge::Logging),
    ("services.*.gpus", Merge::Gpus),
    ("services.*.ulimits.*", Merge::ReplaceUnlessNull),
    ("networks.*.ipam.config", Merge::AddressPools),
];

const UNIQUE: &[(&str, Unique)] = &[
    // Compose spec: `13-merge.md`, "Unique resources"
    ("services.*.ports", Unique::Port),
    ("services.*.volumes", Unique::Mount),
    ("services.*.devices", Unique::Device),
    ("services.*.secrets", Unique::SecretTarget),
    ("services.*.configs", Unique::ConfigTarget),
    ("services.*.env_file", Unique::EnvFile),
    ("services.*.expose", Unique::Text),
    ("services.*.environment", Unique::Name),
    ("services.*.labels", Unique::Name),
    ("services.*.annotations", Unique::Name),
    ("services.*.sysctls", Unique::Name),
    ("services.*.build.args", Unique::Name),
    ("services.*.build.additional_contexts", Unique::Name),
    ("services.*.build.labels", Unique::Name),
    ("services.*.build.ssh", Unique::Name),
    ("services.*.build.tags", Unique::Name),
    ("services.*.deploy.labels", Unique::Name),
    ("networks.*.labels", Unique::Name),
    ("volumes.*.labels", Unique::Name),
    ("secrets.*.labels", Unique::Name),
    ("configs.*.labels", Unique::Name),
    ("services.*.cap_add", Unique::Name),
    ("services.*.cap_drop", Unique::Name),
    ("services.*.dns", Unique::Name),
    ("services.*.dns_opt", Unique::Name),
    ("services.*.dns_search", Unique::Name),
    ("services.*.links", Unique::Name),
    ("services.*.profiles", Unique::Name),
    ("services.*.tmpfs", Unique::Name),
    ("services.*.networks.*.aliases", Unique::Name),
    ("services.*.networks.*.link_local_ips", Unique::Name),
];

const FORMS: &[(&str, Form)] = &[
    // Compose spec: the short and long syntaxes of `05-services.md` and `build.md`
    ("services.*.build", Form::Build),
    ("services.*.build.additional_contexts", Form::NamedValues),
    ("services.*.build.ssh", Form::Ssh),
    ("services.*.build.provenance", Form::Text),
    ("services.*.build.sbom", Form::Text),
    ("services.*.build.secrets", Form::FileReferences),
    ("services.*.secrets", Form::FileReferences),
    ("services.*.configs", Form::FileReferences),
    ("services.*.depends_on", Form::DependsOn),
    ("services.*.devices", Form::Devices),
    ("services.*.develop.watch.[].ignore", Form::List),
    ("services.*.develop.watch.[].include", Form::List),
    ("services.*.dns", Form::List),
    ("services.*.label_file", Form::List),
    ("services.*.env_file", Form::EnvFile),
    ("services.*.extends", Form::Extends),
    ("services.*.gpus", Form::Gpus),
    ("services.*.networks", Form::NamesToMapping),
    ("services.*.models", Form::NamesToMapping),
    ("services.*.ports", Form::Ports),
    ("services.*.volumes", Form::Volumes),
    ("jobs.*.triggers.schedule", Form::Schedules),
    ("networks.*", Form::External),
    ("volumes.*", Form::External),
    ("secrets.*", Form::External),
    ("configs.*", Form::External),
];

const PATHS: &[(&str, PathKind)] = &[
    // Compose spec: `05-services.md`, `build.md`, `develop.md`, for each attribute documented to accept a relative path
    ("services.*.build.context", PathKind::Context),
    ("services.*.build.additional_contexts.*", PathKind::Context),
    ("services.*.build.ssh.*", PathKind::AnyPlatform),
    ("services.*.env_file.[].path", PathKind::Local),
    ("services.*.label_file.[]", PathKind::Local),
    ("services.*.extends.file", PathKind::Local),
    ("services.*.develop.watch.[].path", PathKind::Watched),
    ("services.*.volumes.[]", PathKind::Mount),
    ("configs.*.file", PathKind::AnyPlatform),
    ("secrets.*.file", PathKind::AnyPlatform),
    ("volumes.*", PathKind::VolumeDevice),
];

/// Where the attributes of a service are.
pub(super) const SERVICE: &str = "services.*.";
/// Where the attributes of a job are, which are among those of a service.
pub(super) const JOB: &str = "jobs.*.";
/// Where the attributes of a `pre_start` hook are, which are among those of a service.
pub(super) const HOOK: &str = "services.*.pre_start.[].";

/// How keys merge.
pub(super) static MERGE_RULES: LazyLock<Rules<Merge>> = LazyLock::new(|| Rules::new(MERGE, &[JOB]));
/// Which lists contain an item only once.
pub(super) static UNIQUE_RULES: LazyLock<Rules<Unique>> = LazyLock::new(|| Rules::new(UNIQUE, &[]));
/// Which values have a short form.
pub(super) static FORM_RULES: LazyLock<Rules<Form>> = LazyLock::new(|| Rules::new(FORMS, &[JOB, HOOK]));
/// Which values are paths.
pub(super) static PATH_RULES: LazyLock<Rules<PathKind>> = LazyLock::new(|| Rules::new(PATHS, &[JOB, HOOK]));

/// A table of rules as a tree over the steps of their paths.
#[derive(Debug)]
pub(super) struct Rules<T> {
    rule: Option<T>,
    keys: Vec<(&'static str, Rules<T>)>,
    any_key: Option<Box<Rules<T>>>,
    any_item: Option<Box<Rules<T>>>,
}

impl<T: Copy> Rules<T> {
    /// The rules of a table; those of services hold at the places of `alike` too.
    fn new(table: &[(&'static str, T)], alike: &[&'static str]) -> Self {
        let mut rules = Self::empty();
        for (pattern, rule) in table {
            rules.add(pattern.split('.'), *rule);
            if let Some(attribute) = pattern.strip_prefix(SERVICE) {
                for place in alike {
                    rules.add(place.split('.').filter(|step| !step.is_empty()).chain(attribute.split('.')), *rule);
                }
            }
        }
        rules
    }

    fn add(&mut self, steps: impl Iterator<Item = &'static str>, rule: T) {
        let mut at = self;
        for step in steps {
            at = at.grow(step);
        }
        at.rule = Some(rule);
    }

    const fn empty() -> Self {
        Self { rule: None, keys: Vec::new(), any_key: None, any_item: None }
    }

    fn grow(&mut self, step: &'static str) -> &mut Self {
        match step {
            "*" => self.any_key.get_or_insert_with(|| Box::new(Self::empty())),
            "[]" => self.any_item.get_or_insert_with(|| Box::new(Self::empty())),
            key => {
                let at = self.keys.iter().position(|(name, _)| *name == key).unwrap_or_else(|| {
                    self.keys.push((key, Self::empty()));
                    self.keys.len() - 1
                });
                &mut self.keys[at].1
            }
        }
    }

    /// The rule for exactly this place.
    pub(super) fn rule(&self) -> Option<T> {
        self.rule
    }

    /// The rules below the value of `key`; `None` if there are none.
    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, rules)| rules).or(self.any_key.as_deref())
    }

    /// The rules below the items of a list; `None` if there are none.
    pub(super) fn item(&self) -> Option<&Self> {
        self.any_item.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_by_walking_down() {
        let rule = |steps: &[&str]| {
            let mut at = Some(&*FORM_RULES);
            for step in steps {
                at = at.and_then(|rules| if *step == "[]" { rules.item() } else { rules.key(step) });
            }
            at.and_then(Rules::rule)
        };
        assert_eq!(rule(&["services", "web", "ports"]), Some(Form::Ports));
        assert_eq!(rule(&["services", "web", "develop", "watch", "[]", "ignore"]), Some(Form::List));
        assert_eq!(rule(&["volumes", "data"]), Some(Form::External));
        assert_eq!(rule(&["services", "web", "image"]), None);
        assert_eq!(rule(&["x-thing", "ports"]), None);
    }
}
