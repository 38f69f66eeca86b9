//! What to build: everything that a builder needs, from files and flags.

use std::collections::BTreeMap;

use crate::project::value::{BuildContext, Ulimit};
use crate::project::{Secret, SecretKey, ServiceName, SshKey};

/// An image to build.
#[derive(Clone, PartialEq)]
pub struct BuildSpec {
    /// The service with the `build` section.
    pub service: ServiceName,
    /// The image's name (`image`, or `<project>-<service>`).
    pub image: String,
    /// `os[/arch[/variant]]` that containers need; `None` means the engine's own.
    pub platform: Option<String>,
    /// Where the result goes.
    pub exporter: Exporter,
    /// The build context.
    pub context: BuildContext,
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// Build arguments. The proxy variables of Docker's configuration are arguments too: a name without a value leaves
    /// that variable out.
    pub args: BTreeMap<String, Option<String>>,
    /// Labels of the image, including those of the project.
    pub labels: BTreeMap<String, String>,
    /// The stage to build; `None` means the last one.
    pub target: Option<String>,
    /// Platforms to build for, as `os[/arch[/variant]]`; the engine's own if empty.
    pub platforms: Vec<String>,
    /// Whether to ignore the cache.
    pub no_cache: bool,
    /// Stages for which to ignore the cache.
    pub no_cache_filter: Vec<String>,
    /// Whether to pull newer base images.
    pub pull: bool,
    /// Cache sources: image references, or `type=…,key=value`.
    pub cache_from: Vec<String>,
    /// Cache destinations: `type=…,key=value`.
    pub cache_to: Vec<String>,
    /// Additional contexts by name; the image of another service is `docker-image://NAME`.
    pub contexts: BTreeMap<String, BuildContext>,
    /// Host names and addresses (or `host-gateway`) for the build.
    pub extra_hosts: Vec<(String, String)>,
    /// Network of build steps: `host`, `none` or `default`.
    pub network: Option<String>,
    /// Size of `/dev/shm` in bytes; `None` means the engine's default.
    pub shm_size: Option<i64>,
    /// Resource limits by name.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Extra privileges of build steps: `security.insecure`, `network.host`.
    pub entitlements: Vec<String>,
    /// Secrets that build steps may mount, by their id in the build. They do not become part of the image.
    pub secrets: BTreeMap<String, BuildSecret>,
    /// SSH agents and keys for build steps.
    pub ssh: Vec<SshKey>,
    /// Statements about how the image was made, to be attached to it.
    pub attestations: Attestations,
    /// Memory limit of build steps in bytes, which only the classic builder has; `None` means no limit.
    pub memory: Option<i64>,
    /// Whether to build, or only to look for mistakes in the Dockerfile.
    pub purpose: BuildPurpose,
    /// What builds.
    pub builder: Builder,
}

/// What builds an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Builder {
    /// The engine, with its BuildKit if it has one.
    #[default]
    Engine,
    /// The engine's classic builder (`DOCKER_BUILDKIT=0`).
    Classic,
    /// The builder of this name, through Docker's buildx plugin (`--builder`, `BUILDX_BUILDER`).
    Buildx(String),
}

/// Statements about how an image was made (`build.provenance` and `build.sbom`, or the flags).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attestations {
    /// Where its content comes from.
    pub provenance: Attestation,
    /// What it contains.
    pub sbom: Attestation,
}

/// Whether to attach one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attestation {
    /// No: nobody asked for it, or it is off.
    #[default]
    Off,
    /// Yes, with these settings: `key=value` pairs separated by commas, such as `mode=max`; defaults if empty.
    On(String),
}

impl Attestation {
    /// Reads `true`, `false`, or settings, which `type=…` or `disabled=…` may be part of.
    #[must_use]
    pub fn new(text: Option<&str>) -> Self {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Self::Off };
        let mut settings = Vec::new();
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                None if is_bool(part, false) => return Self::Off,
                None if is_bool(part, true) => {}
                Some(("disabled", value)) if is_bool(value, true) => return Self::Off,
                Some(("disabled", value)) if is_bool(value, false) => {}
                Some(("type", _)) => {}
                _ => settings.push(part),
            }
        }
        Self::On(settings.join(","))
    }
}

fn is_bool(text: &str, value: bool) -> bool {
    let words: &[&str] = if value { &["1", "t", "true"] } else { &["0", "f", "false"] };
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What a build is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildPurpose {
    /// An image.
    #[default]
    Image,
    /// The warnings of the Dockerfile's linter; nothing is built (`--check`).
    Check,
}

/// Where the result of a build goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exporter {
    /// Stores it in the engine's image store.
    ImageStore {
        /// All its names.
        tags: Vec<String>,
    },
    /// Pushes it to the registries of its names, without storing it (`build --push`).
    Registry {
        /// All its names.
        tags: Vec<String>,
    },
    /// An image of several platforms: stores it where the builder keeps images of several platforms.
    Platforms {
        /// All its names.
        tags: Vec<String>,
        /// Whether to push it as well.
        push: bool,
    },
}

impl Exporter {
    /// All names of the result.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        match self {
            Self::ImageStore { tags } | Self::Registry { tags } | Self::Platforms { tags, .. } => tags,
        }
    }
}

/// The Dockerfile of a build.
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
    /// Its key in the project.
    pub key: SecretKey,
    /// Its definition in the project; `None` if there is none.
    pub definition: Option<Secret>,
}

impl BuildSpec {
    /// A build of a context's `Dockerfile` into the engine's image store as `image`, with defaults otherwise.
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
            attestations: Attestations::default(),
            memory: None,
            purpose: BuildPurpose::default(),
            builder: Builder::default(),
        }
    }
}

impl std::fmt::Debug for BuildSpec {
    /// Leaves out possible secrets: values of arguments, and secrets in URLs and caches.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildSpec")
            .field("service", &self.service)
            .field("image", &self.image)
            .field("platform", &self.platform)
            .field("exporter", &self.exporter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Attestation;

    #[test]
    fn attestations_are_off_unless_asked_for() {
        let on = |text: &str| Attestation::On(text.to_owned());
        for (text, expected) in [
            (None, Attestation::Off),
            (Some(""), Attestation::Off),
            (Some("false"), Attestation::Off),
            (Some("0"), Attestation::Off),
            (Some("true"), on("")),
            (Some("mode=max"), on("mode=max")),
            (Some("type=provenance,mode=min,builder-id=x"), on("mode=min,builder-id=x")),
            (Some("disabled=true,mode=max"), Attestation::Off),
        ] {
            assert_eq!(Attestation::new(text), expected, "{text:?}");
        }
    }
}
