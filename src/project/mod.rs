//! Desired state: plain data and questions about it, no I/O.
//!
//! [`crate::load`] makes a [`Project`]; nothing changes it afterwards.

pub mod bake;
pub mod canonical;
pub mod circle;
mod config;
pub mod fingerprint;
pub mod graph;
pub mod hash;
mod job;
pub mod label;
mod model;
mod names;
mod natural;
mod network;
pub mod number;
pub mod origin;
mod secret;
pub mod service;
mod tree;
pub mod value;
mod volume;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use config::Config;
pub use job::{Job, Schedule, Triggers};
pub use model::Model;
pub use names::{ConfigKey, ModelKey, NameSeparator, NetworkKey, ProjectName, SecretKey, ServiceName, VolumeKey};
pub use natural::natural_order;
pub use network::{Ipam, IpamPool, Network};
pub use origin::Origins;
pub use secret::{CONFIGS_FOLDER, FileSource, SECRETS_FOLDER, Secret};
pub use service::{
    Blkio, Build, Condition, CredentialSpec, Dependency, Deploy, DeployRestartPolicy, Develop, DiscreteResource,
    EnvFile, Extends, FileReference, GenericResource, Healthcheck, Hook, Logging, Placement, PlacementPreference,
    PreStart, Provider, Ready, ReadyCheck, Reservations, ResourceLimits, Resources, Service, ServiceModel,
    ServiceNetwork, SshKey, ThrottleDevice, UpdateConfig, Watch, WatchAction, WeightDevice, XHoist,
};
pub use tree::Tree;
pub use volume::Volume;

/// `x-*` keys and their values, untouched.
pub type Extensions = BTreeMap<String, serde_yaml::Value>;

/// Where to find the programs that provide services and serve models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramPaths {
    /// `PATH`.
    pub path: Option<String>,
    /// The variables of the process itself that affect what a program loads, where it finds its configuration, and
    /// which engine it talks to.
    pub steering: BTreeMap<String, String>,
}

impl ProgramPaths {
    /// Takes these from an environment.
    #[must_use]
    pub fn of(environment: &BTreeMap<String, String>) -> Self {
        let steering = environment.iter().filter(|(name, _)| Self::is_steering(name));
        Self {
            path: environment.get("PATH").filter(|value| !value.is_empty()).cloned(),
            steering: steering.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }

    /// Whether a variable affects what a program loads, where it finds other programs, or which engine it talks to. A
    /// folder's `.env` must not set these.
    #[must_use]
    pub fn is_steering(name: &str) -> bool {
        let names = [
            "PATH",
            "HOME",
            "USERPROFILE",
            "ENV",
            "BASH_ENV",
            "SHELLOPTS",
            "BASHOPTS",
            "PS4",
            "IFS",
            "NODE_OPTIONS",
            "GCONV_PATH",
        ];
        let prefixes = ["LD_", "DYLD_", "DOCKER_", "PYTHON", "PERL5", "RUBY", "JAVA_TOOL_", "GLIBC_", "BASH_FUNC_"];
        names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// The loaded model: everything under one project name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Project {
    /// The name everything is created under.
    pub name: ProjectName,
    /// The base directory for relative paths, absolute.
    pub working_directory: PathBuf,
    /// The Compose files, absolute, in the order they were given; `-` for standard input.
    pub compose_files: Vec<PathBuf>,
    /// The files given by `--env-file`, absolute; empty if the default `.env` was read.
    pub env_files: Vec<PathBuf>,
    /// The variables used for substitution and for keys without a value (Compose spec: `12-interpolation.md`).
    pub environment: BTreeMap<String, String>,
    /// Where to find programs, from the process environment only: a folder's `.env` must not decide what is run.
    pub programs: ProgramPaths,
    /// The separator between the parts of names.
    pub separator: NameSeparator,
    /// Services to act on: enabled by profiles, and selected or needed by selected ones.
    pub services: BTreeMap<ServiceName, Service>,
    /// Known services that are not acted on: with inactive profiles, or not selected. Their containers are not orphans.
    pub disabled: BTreeMap<ServiceName, Service>,
    /// Jobs that the profiles enable. Only `run` starts them.
    pub jobs: BTreeMap<ServiceName, Job>,
    /// Jobs with inactive profiles.
    pub disabled_jobs: BTreeMap<ServiceName, Job>,
    /// The services the user named, in that order; empty means all.
    pub selected: Vec<ServiceName>,
    /// Networks.
    pub networks: BTreeMap<NetworkKey, Network>,
    /// Volumes.
    pub volumes: BTreeMap<VolumeKey, Volume>,
    /// Secrets.
    pub secrets: BTreeMap<SecretKey, Secret>,
    /// Secrets that only builds of disabled services use: these are built, too, if another build needs their result.
    pub disabled_secrets: BTreeMap<SecretKey, Secret>,
    /// Configs.
    pub configs: BTreeMap<ConfigKey, Config>,
    /// Models.
    pub models: BTreeMap<ModelKey, Model>,
    /// `x-*` keys of the top level.
    pub extensions: Extensions,
    /// Where the values were written.
    pub origins: Origins,
}

impl Project {
    /// The service with this name, if it is one to act on.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// Whether the files define a service or job with this name, enabled or not.
    #[must_use]
    pub fn is_known(&self, name: &str) -> bool {
        self.services.contains_key(name) || self.disabled.contains_key(name) || self.job(name).is_some()
    }

    /// The job with this name, enabled or not.
    #[must_use]
    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.get(name).or_else(|| self.disabled_jobs.get(name))
    }

    /// Whether the files define a job, enabled or not.
    #[must_use]
    pub fn has_jobs(&self) -> bool {
        !self.jobs.is_empty() || !self.disabled_jobs.is_empty()
    }

    /// The same with its jobs as services, which depend on no other job: for what is done to all containers.
    #[must_use]
    pub fn with_jobs_as_services(mut self) -> Self {
        let jobs = std::mem::take(&mut self.jobs).into_iter().chain(std::mem::take(&mut self.disabled_jobs));
        let jobs: BTreeMap<_, _> = jobs.map(|(name, job)| (name, job.service)).collect();
        for (name, job) in &jobs {
            let mut service = job.clone();
            service.depends_on.retain(|needed, _| !jobs.contains_key(needed));
            self.services.insert(name.clone(), service);
        }
        self
    }

    /// Whether the user named the service, or named none at all.
    #[must_use]
    pub fn is_targeted(&self, name: &str) -> bool {
        self.selected.is_empty() || self.selected.iter().any(|selected| selected == name)
    }

    /// The name of a built image if the service has no `image`: `<project>-<service>`.
    #[must_use]
    pub fn default_image_name(&self, service: &ServiceName) -> String {
        format!("{}{}{}", self.name, self.separator, service)
    }

    /// The image of the service: `image`, else the name of its built image.
    #[must_use]
    pub fn image_name(&self, service: &Service) -> String {
        service.image.clone().unwrap_or_else(|| self.default_image_name(&service.name))
    }

    /// The labels of the image that a build of the service makes: its own, and those of the project.
    #[must_use]
    pub fn image_labels(&self, service: &Service, build: &Build) -> BTreeMap<String, String> {
        let mut labels = build.labels.clone();
        labels.insert(label::PROJECT.to_owned(), self.name.to_string());
        labels.insert(label::SERVICE.to_owned(), service.name.to_string());
        labels.insert(label::VERSION.to_owned(), label::VERSION_VALUE.to_owned());
        labels
    }

    /// The name of replica `number` of the service: `container_name`, else `<project>-<service>-<number>`.
    #[must_use]
    pub fn container_name(&self, service: &Service, number: u64) -> String {
        service.container_name.clone().unwrap_or_else(|| self.replica_name(&service.name, number))
    }

    /// The name of the container of a `pre_start` hook, which counts from 0: `<project>-<service>-pre_start-<number>`.
    #[must_use]
    pub fn hook_name(&self, service: &ServiceName, number: usize) -> String {
        let separator = self.separator;
        format!("{}{separator}{service}{separator}pre_start{separator}{number}", self.name)
    }

    /// `<project>-<service>-<number>`, ignoring `container_name`.
    #[must_use]
    pub fn replica_name(&self, service: &ServiceName, number: u64) -> String {
        format!("{}{}{}{}{}", self.name, self.separator, service, self.separator, number)
    }
}
