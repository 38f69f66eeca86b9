//! Secrets and configs: those from files are mounted, all others are copied in before each start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::build::SecretSource;
use super::service::{refused, service_of, unsupported};
use crate::engine::EngineError;
use crate::plan::{BuildSecret, BuildSpec, ContainerSpec};
use crate::project::{CONFIGS_FOLDER, FileReference, FileSource, SECRETS_FOLDER, Service, ServiceName};

/// Where a container that uses the engine's socket finds registry credentials.
const API_SOCKET_CREDENTIALS: &str = "/run/secrets/docker/config.json";

/// Default permission bits of a file.
const DEFAULT_MODE: u32 = 0o444;

/// A file on the host that a container mounts read-only.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MountedFile {
    pub(super) source: String,
    pub(super) target: String,
}

/// A file that is copied into a container.
#[derive(PartialEq, Eq)]
pub(in crate::engine::docker) struct InjectedFile {
    target: String,
    content: Vec<u8>,
    mode: u32,
    /// Owner and group; root by default.
    owner: (u64, u64),
}

impl std::fmt::Debug for InjectedFile {
    /// Leaves out the content, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InjectedFile({}, {:o})", self.target, self.mode)
    }
}

/// A secret or config of a service, with its definition.
struct Item<'a> {
    /// `secret` or `config`.
    kind: &'static str,
    name: &'a str,
    source: Option<&'a FileSource>,
    external: bool,
    /// The driver that stores or templates it, if hoist does not.
    driver: Option<&'a str>,
    target: String,
    uid: Option<&'a String>,
    gid: Option<&'a String>,
    mode: Option<i64>,
}

/// The service's secrets, then its configs, with their definitions.
fn items<'a>(spec: &'a ContainerSpec, service: &'a Service) -> Result<Vec<Item<'a>>, EngineError> {
    let undefined = |kind: &str, name: &str| refused(&service.name, &format!("{kind} `{name}` is not defined"));
    let mut items = Vec::with_capacity(service.secrets.len() + service.configs.len());
    for reference in &service.secrets {
        let name = reference.source.as_str();
        let secret = spec.project.secrets.get(name).ok_or_else(|| undefined("secret", name))?;
        let driver = secret.driver.as_deref().or(secret.template_driver.as_deref());
        let target = reference.path_in(SECRETS_FOLDER);
        items.push(Item::new("secret", name, reference, secret.source.as_ref(), secret.external, driver, target));
    }
    for reference in &service.configs {
        let name = reference.source.as_str();
        let config = spec.project.configs.get(name).ok_or_else(|| undefined("config", name))?;
        let driver = config.template_driver.as_deref();
        let target = reference.path_in(CONFIGS_FOLDER);
        items.push(Item::new("config", name, reference, config.source.as_ref(), config.external, driver, target));
    }
    Ok(items)
}

/// Warns of files on the host that are mounted unchanged although an owner or a mode is set.
pub(super) fn ignored_attributes(spec: &ContainerSpec, warnings: &mut Vec<String>) -> Result<(), EngineError> {
    let service = service_of(spec)?;
    for Item { kind, name, source, uid, gid, mode, .. } in items(spec, service)? {
        let asked = uid.is_some() || gid.is_some() || mode.is_some();
        if asked && matches!(source, Some(FileSource::File(_))) {
            let service = &service.name;
            warnings.push(format!(
                "service `{service}`: {kind} `{name}` is a file on the host, which keeps its owner and mode; uid, gid \
                 and mode are ignored"
            ));
        }
    }
    Ok(())
}

impl<'a> Item<'a> {
    fn new<K>(
        kind: &'static str,
        name: &'a str,
        reference: &'a FileReference<K>,
        source: Option<&'a FileSource>,
        external: bool,
        driver: Option<&'a str>,
        target: String,
    ) -> Self {
        let FileReference { uid, gid, mode, .. } = reference;
        let (uid, gid, mode) = (uid.as_ref(), gid.as_ref(), mode.map(|mode| mode.0));
        Self { kind, name, source, external, driver, target, uid, gid, mode }
    }

    /// Where the content comes from.
    fn source(&self, service: &ServiceName) -> Result<&'a FileSource, EngineError> {
        let Self { kind, name, .. } = self;
        if self.external {
            return Err(unsupported(service, &format!("unsupported external {kind} {name}")));
        }
        if let Some(driver) = self.driver {
            return Err(unsupported(
                service,
                &format!("{kind} {name} needs the driver `{driver}`, which is unsupported"),
            ));
        }
        self.source.ok_or_else(|| refused(service, &format!("{kind} `{name}` has no content")))
    }

    /// The content to copy; `None` for a file, which is mounted.
    fn content(&self, service: &ServiceName) -> Result<Option<&'a str>, EngineError> {
        let Self { kind, name, .. } = self;
        match self.source(service)? {
            FileSource::File(_) => Ok(None),
            FileSource::Content(text) => Ok(Some(text)),
            FileSource::Environment { value: Some(value), .. } => Ok(Some(value)),
            FileSource::Environment { variable, value: None } => Err(refused(
                service,
                &format!("environment variable \"{variable}\" required by {kind} \"{name}\" is not set"),
            )),
        }
    }

    /// The file to copy; `None` for one that is mounted.
    fn injected(self, service: &Service) -> Result<Option<InjectedFile>, EngineError> {
        let Some(content) = self.content(&service.name)? else { return Ok(None) };
        if service.read_only {
            return Err(EngineError::Refused(format!(
                "cannot create {} \"{}\" in read-only service {}: its content is copied into the file system",
                self.kind, self.name, service.name
            )));
        }
        if self.target == "/" {
            let message = format!("the target of {} `{}` is `/`, not the path of a file", self.kind, self.name);
            return Err(refused(&service.name, &message));
        }
        Ok(Some(InjectedFile {
            mode: self.mode.and_then(|mode| u32::try_from(mode & 0o7777).ok()).unwrap_or(DEFAULT_MODE),
            owner: self.owner(service)?,
            content: content.as_bytes().to_vec(),
            target: self.target,
        }))
    }

    fn owner(&self, service: &Service) -> Result<(u64, u64), EngineError> {
        let number = |what: &str, text: Option<&String>| match text.filter(|text| !text.is_empty()) {
            None => Ok(0),
            Some(text) => text.parse::<u64>().map_err(|_| {
                refused(&service.name, &format!("the {what} `{text}` of {} `{}` is not a number", self.kind, self.name))
            }),
        };
        Ok((number("uid", self.uid)?, number("gid", self.gid)?))
    }
}

/// The secrets that build steps may mount, by their id in the build.
///
/// # Errors
///
/// If a variable is not set, or the content would have to come from somewhere else.
pub(in crate::engine::docker) fn of_build(spec: &BuildSpec) -> Result<BTreeMap<String, SecretSource>, EngineError> {
    let service = &spec.service;
    let mut secrets = BTreeMap::new();
    for (id, BuildSecret { key, definition }) in &spec.secrets {
        let secret = definition.as_ref().ok_or_else(|| refused(service, &format!("secret `{key}` is not defined")))?;
        let item = Item {
            kind: "secret",
            name: key.as_str(),
            source: secret.source.as_ref(),
            external: secret.external,
            driver: secret.driver.as_deref().or(secret.template_driver.as_deref()),
            target: id.clone(),
            uid: None,
            gid: None,
            mode: None,
        };
        let source = match item.source(service)? {
            FileSource::File(path) => SecretSource::File(existing(service, key.as_str(), path)?),
            // A step that needs one which is not set says so.
            FileSource::Environment { value: None, .. } => continue,
            FileSource::Environment { value: Some(text), .. } | FileSource::Content(text) => {
                SecretSource::Value(text.clone())
            }
        };
        secrets.insert(item.target, source);
    }
    Ok(secrets)
}

/// The file of a secret of a build, which must be there before anything is built.
fn existing(service: &ServiceName, secret: &str, path: &str) -> Result<PathBuf, EngineError> {
    let refuse = |why: &str| Err(refused(service, &format!("the secret `{secret}`: `{path}` {why}")));
    match std::fs::metadata(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => refuse("does not exist"),
        Ok(found) if found.is_dir() => refuse("is a folder"),
        // Whatever else is wrong with it comes out when it is read.
        Ok(_) | Err(_) => Ok(path.into()),
    }
}

/// The files that a container mounts.
pub(super) fn mounted(spec: &ContainerSpec, service: &Service) -> Result<Vec<MountedFile>, EngineError> {
    let mut files = Vec::new();
    for item in items(spec, service)? {
        if let FileSource::File(source) = item.source(&service.name)? {
            files.push(MountedFile { source: source.clone(), target: item.target });
        }
    }
    Ok(files)
}

/// Refuses, when a container is created, what could not be copied into it when it starts. An unset variable is
/// accepted: a container that is only created does not need it.
pub(super) fn check(spec: &ContainerSpec) -> Result<(), EngineError> {
    let service = service_of(spec)?;
    for item in items(spec, service)? {
        if !matches!(item.source(&service.name)?, FileSource::Environment { value: None, .. }) {
            item.injected(service)?;
        }
    }
    Ok(())
}

/// The files that are copied into a container before it starts; `credentials` is the text of the Docker configuration
/// for containers with the engine's socket.
///
/// # Errors
///
/// If a variable is not set, the file system is read-only, or the content would have to come from somewhere else.
pub(in crate::engine::docker) fn injected(
    spec: &ContainerSpec,
    credentials: Option<String>,
) -> Result<Vec<InjectedFile>, EngineError> {
    let service = service_of(spec)?;
    let mut files = Vec::new();
    for item in items(spec, service)? {
        files.extend(item.injected(service)?);
    }
    // A service that sets its own configuration folder keeps it.
    let wanted = service.use_api_socket && !service.environment.contains_key("DOCKER_CONFIG");
    if let Some(credentials) = credentials.filter(|_| wanted) {
        let target = API_SOCKET_CREDENTIALS.to_owned();
        files.push(InjectedFile { target, content: credentials.into_bytes(), mode: DEFAULT_MODE, owner: (0, 0) });
    }
    Ok(files)
}

/// An archive of files to unpack at the root of a container, each with its own owner and mode.
pub(in crate::engine::docker) fn archive(files: &[InjectedFile]) -> std::io::Result<Vec<u8>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode);
        header.set_mtime(now);
        let (user, group) = file.owner;
        header.set_uid(user);
        header.set_gid(group);
        archive.append_data(&mut header, file.target.trim_start_matches('/'), &*file.content)?;
    }
    archive.into_inner()
}
