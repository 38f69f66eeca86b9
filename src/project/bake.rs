//! A build in, a target of a file for `docker buildx bake` out.

use std::collections::BTreeMap;

use super::Tree;
use super::value::Ulimit;

/// A target of a bake file. What is empty is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BakeTarget {
    /// The folder or URL of the context.
    pub context: String,
    /// Additional contexts by name.
    pub contexts: BTreeMap<String, String>,
    /// The path of the Dockerfile.
    pub dockerfile: String,
    /// The text of the Dockerfile, instead of its path.
    pub dockerfile_inline: String,
    /// Build arguments; those without a value are left out.
    pub args: BTreeMap<String, Option<String>>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Names of the image.
    pub tags: Vec<String>,
    /// Caches to read.
    pub cache_from: Vec<String>,
    /// Caches to write.
    pub cache_to: Vec<String>,
    /// The stage to build.
    pub target: Option<String>,
    /// Secrets: `id=token,type=env,env=TOKEN`.
    pub secrets: Vec<String>,
    /// SSH agents and keys: `default`, `ID=PATH`.
    pub ssh: Vec<String>,
    /// Platforms to build for.
    pub platforms: Vec<String>,
    /// Whether to pull newer base images.
    pub pull: bool,
    /// Whether to ignore the cache.
    pub no_cache: bool,
    /// The network of build steps.
    pub network: Option<String>,
    /// Stages that ignore the cache.
    pub no_cache_filter: Vec<String>,
    /// Size of `/dev/shm` in bytes.
    pub shm_size: Option<i64>,
    /// Limits of build steps.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// What the build may do.
    pub entitlements: Vec<String>,
    /// Hosts and their addresses.
    pub extra_hosts: Vec<(String, String)>,
    /// Where the result goes; `None` to look for mistakes in the Dockerfile instead of building.
    pub output: Option<BakeOutput>,
    /// Attestations: `type=provenance,mode=max`.
    pub attestations: Vec<String>,
}

/// Where the result of a target goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BakeOutput {
    /// To the engine's image store.
    Engine,
    /// To its registry.
    Registry,
    /// To the builder, for several platforms, and perhaps to its registry.
    Platforms {
        /// Whether it is pushed.
        push: bool,
    },
}

impl BakeTarget {
    /// The target as it stands in a file.
    #[must_use]
    pub fn to_tree(&self) -> Tree {
        let args = self.args.iter().filter_map(|(name, value)| Some((name.clone(), literal(value.as_ref()?))));
        let labels = self.labels.iter().map(|(name, value)| (name.clone(), literal(value)));
        let ulimits = self.ulimits.iter().map(|(name, limit)| format!("{name}={}", ulimit(limit)));
        let output = self.output.map(|output| match output {
            BakeOutput::Engine => "type=docker".to_owned(),
            BakeOutput::Registry => "type=registry".to_owned(),
            BakeOutput::Platforms { push } => format!("type=image,push={push}"),
        });
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        let fields = [
            ("context", text(self.context.clone())),
            ("contexts", mapping(self.contexts.clone())),
            ("dockerfile", text(self.dockerfile.clone())),
            ("dockerfile-inline", text(literal(&self.dockerfile_inline))),
            ("args", mapping(args)),
            ("labels", mapping(labels)),
            ("tags", list(self.tags.iter().cloned())),
            ("cache-from", list(self.cache_from.iter().cloned())),
            ("cache-to", list(self.cache_to.iter().cloned())),
            ("target", text(some(&self.target))),
            ("secret", list(self.secrets.iter().cloned())),
            ("ssh", list(self.ssh.iter().cloned())),
            ("platforms", list(self.platforms.iter().cloned())),
            ("pull", yes(self.pull)),
            ("no-cache", yes(self.no_cache)),
            ("network", text(some(&self.network))),
            ("no-cache-filter", list(self.no_cache_filter.iter().cloned())),
            ("shm-size", text(self.shm_size.map(|bytes| bytes.to_string()).unwrap_or_default())),
            ("ulimits", list(ulimits)),
            ("call", text(if self.output.is_none() { "lint" } else { "" })),
            ("entitlements", list(self.entitlements.iter().cloned())),
            ("extra-hosts", mapping(hosts(&self.extra_hosts))),
            ("output", list(output)),
            ("attest", list(self.attestations.iter().cloned())),
        ];
        Tree::Mapping(fields.into_iter().filter_map(|(name, field)| Some((name.to_owned(), field?))).collect())
    }
}

/// Text in which bake must not look for variables and other templates.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn text(text: impl Into<String>) -> Option<Tree> {
    Some(text.into()).filter(|text| !text.is_empty()).map(Tree::from)
}

fn yes(yes: bool) -> Option<Tree> {
    yes.then_some(Tree::Bool(true))
}

fn list(items: impl IntoIterator<Item = String>) -> Option<Tree> {
    let items: Vec<_> = items.into_iter().map(Tree::from).collect();
    (!items.is_empty()).then_some(Tree::Sequence(items))
}

fn mapping(entries: impl IntoIterator<Item = (String, String)>) -> Option<Tree> {
    let entries: Vec<_> = entries.into_iter().map(|(name, value)| (name, Tree::from(value))).collect();
    (!entries.is_empty()).then_some(Tree::Mapping(entries))
}

fn ulimit(limit: &Ulimit) -> String {
    match limit {
        Ulimit::Single(limit) => limit.to_string(),
        Ulimit::Pair { soft, hard, .. } => format!("{soft}:{hard}"),
    }
}

/// The addresses of each host, separated by commas.
fn hosts(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    let mut hosts: BTreeMap<String, String> = BTreeMap::new();
    for (host, address) in pairs {
        let addresses = hosts.entry(host.clone()).or_default();
        if !addresses.is_empty() {
            addresses.push(',');
        }
        addresses.push_str(address);
    }
    hosts
}
