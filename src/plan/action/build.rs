//! What is built: all that a builder has to know, from files and flags alike.

use std::collections::BTreeMap;

use crate::project::value::{BuildContext, Ulimit};
use crate::project::{Secret, SecretKey, ServiceName, SshKey};

/// An image to build.
#[derive(Clone, PartialEq)]
pub struct BuildSpec {
    /// The service whose `build` it is.
    pub service: ServiceName,
    /// The image's name (`image`, or `<project>-<service>`).
    pub image: String,
    /// `os[/arch[/variant]]` that containers want of it; `None` is the engine's own.
    pub platform: Option<String>,
    /// What becomes of the result.
    pub exporter: Exporter,
    /// Where the files come from.
    pub context: BuildContext,
    /// Where the instructions come from.
    pub dockerfile: Dockerfile,
    /// Build arguments. The variables of a proxy are arguments too, where Docker's configuration has one: a name without
    /// a value leaves that variable out.
    pub args: BTreeMap<String, Option<String>>,
    /// Labels of the image, with those of the project.
    pub labels: BTreeMap<String, String>,
    /// The stage to build; the last one without it.
    pub target: Option<String>,
    /// `os[/arch[/variant]]` to build for; the engine's own without any.
    pub platforms: Vec<String>,
    /// Whether the cache is left aside.
    pub no_cache: bool,
    /// The stages for which it is.
    pub no_cache_filter: Vec<String>,
    /// Whether newer base images are looked for.
    pub pull: bool,
    /// Where the cache is read from: image references, or `type=…,key=value`.
    pub cache_from: Vec<String>,
    /// Where the cache is written to: `type=…,key=value`.
    pub cache_to: Vec<String>,
    /// More contexts by name; the image of another service is `docker-image://NAME`.
    pub contexts: BTreeMap<String, BuildContext>,
    /// Host names and addresses (or `host-gateway`) known during the build.
    pub extra_hosts: Vec<(String, String)>,
    /// `host`, `none`, `default`.
    pub network: Option<String>,
    /// Size of `/dev/shm` in bytes; `None` is the engine's default.
    pub shm_size: Option<i64>,
    /// Resource limits by name.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// What the steps may do beyond the usual: `security.insecure`, `network.host`.
    pub entitlements: Vec<String>,
    /// What steps may mount without it becoming part of the image, by the id it has there.
    pub secrets: BTreeMap<String, BuildSecret>,
    /// SSH agents and keys that steps may use.
    pub ssh: Vec<SshKey>,
}

/// What becomes of what was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exporter {
    /// It is kept in the engine's image store.
    ImageStore {
        /// All names it gets.
        tags: Vec<String>,
    },
}

/// Where the instructions of a build come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dockerfile {
    /// A path in the context, or an absolute one.
    Path(String),
    /// The text itself.
    Inline(String),
}

/// A secret of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildSecret {
    /// What the project calls it.
    pub key: SecretKey,
    /// What the project says of it; `None` if nothing.
    pub definition: Option<Secret>,
}

impl BuildSpec {
    /// A build of a context's `Dockerfile` that is kept in the engine's image store as `image`, with nothing else said.
    #[must_use]
    pub fn new(service: impl Into<ServiceName>, image: impl Into<String>, context: BuildContext) -> Self {
        let image = image.into();
        Self {
            service: service.into(),
            exporter: Exporter::ImageStore { tags: vec![image.clone()] },
            image,
            platform: None,
            context,
            dockerfile: Dockerfile::Path("Dockerfile".to_owned()),
            args: BTreeMap::new(),
            labels: BTreeMap::new(),
            target: None,
            platforms: Vec::new(),
            no_cache: false,
            no_cache_filter: Vec::new(),
            pull: false,
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            contexts: BTreeMap::new(),
            extra_hosts: Vec::new(),
            network: None,
            shm_size: None,
            ulimits: BTreeMap::new(),
            entitlements: Vec::new(),
            secrets: BTreeMap::new(),
            ssh: Vec::new(),
        }
    }
}

impl std::fmt::Debug for BuildSpec {
    /// Leaves out what may be secret: values of arguments, and what URLs and caches have in them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildSpec")
            .field("service", &self.service)
            .field("image", &self.image)
            .field("platform", &self.platform)
            .field("exporter", &self.exporter)
            .finish_non_exhaustive()
    }
}
