//! The builds of a project in the format of `docker buildx bake`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::project::bake::{BakeOutput, BakeTarget};
use crate::project::value::BuildContext;
use crate::project::{Build, FileReference, FileSource, Project, SecretKey, Service, ServiceName, SshKey, Tree};

/// What to do with the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BakeOptions {
    /// Whether to push the images of services with `image`.
    pub push: bool,
    /// Whether to look for mistakes in the Dockerfiles instead of building.
    pub check: bool,
}

/// The builds as JSON: a target for each of `targets`; the default group has those of `wanted`. Services without a
/// `build` are left out.
#[must_use]
pub fn bake(
    project: &Project,
    targets: &BTreeSet<&ServiceName>,
    wanted: &BTreeSet<&ServiceName>,
    options: BakeOptions,
) -> String {
    let service = |name: &&ServiceName| {
        let service = project.services.get(*name).or_else(|| project.disabled.get(*name))?;
        Some((service, service.build.as_ref()?))
    };
    let services: Vec<_> = targets.iter().filter_map(service).collect();
    let names = target_names(services.iter().map(|(service, _)| &service.name));
    let mut described: Vec<_> = services
        .iter()
        .map(|(service, build)| (names[&service.name].clone(), target(project, service, build, &names, options)))
        .collect();
    described.sort_by(|(one, _), (other, _)| one.cmp(other));
    let group: Vec<_> =
        wanted.iter().filter_map(|name| names.get(*name)).map(|name| Tree::from(name.as_str())).collect();
    let targets = Tree::Mapping(vec![("targets".to_owned(), Tree::Sequence(group))]);
    let file = Tree::Mapping(vec![
        ("group".to_owned(), Tree::Mapping(vec![("default".to_owned(), targets)])),
        ("target".to_owned(), Tree::Mapping(described)),
    ]);
    file.to_json_pretty() + "\n"
}

/// Names of targets: that of the service with `_` for `.`, and with more of them if another target has it.
fn target_names<'a>(services: impl Iterator<Item = &'a ServiceName>) -> BTreeMap<&'a ServiceName, String> {
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    for service in services {
        let mut name = service.as_str().replace('.', "_");
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        names.insert(service, name);
    }
    names
}

/// A target for the build of a service.
fn target(
    project: &Project,
    service: &Service,
    build: &Build,
    names: &BTreeMap<&ServiceName, String>,
    options: BakeOptions,
) -> Tree {
    let context = build.context.clone().unwrap_or_default();
    let inline = build.dockerfile_inline.clone().unwrap_or_default();
    let push = options.push && service.image.is_some();
    let output = match (build.platforms.len(), push) {
        _ if options.check => None,
        (2.., push) => Some(BakeOutput::Platforms { push }),
        (_, true) => Some(BakeOutput::Registry),
        (_, false) => Some(BakeOutput::Engine),
    };
    let contexts = build.additional_contexts.iter().map(|(name, text)| (name.clone(), linked(text, names)));
    let target = BakeTarget {
        contexts: contexts.collect(),
        dockerfile: if inline.is_empty() { dockerfile(&context, build) } else { String::new() },
        context,
        dockerfile_inline: inline,
        args: build.args.clone(),
        labels: project.image_labels(service, build),
        tags: build.tags.iter().cloned().chain([project.image_name(service)]).collect(),
        cache_from: build.cache_from.clone(),
        cache_to: build.cache_to.clone(),
        target: build.target.clone(),
        secrets: secrets(project, build),
        ssh: build.ssh.iter().map(ssh).collect(),
        platforms: build.platforms.clone(),
        pull: build.pull,
        no_cache: build.no_cache,
        network: build.network.clone(),
        no_cache_filter: build.no_cache_filter.clone(),
        shm_size: Some(build.shm_size.as_bytes()).filter(|bytes| *bytes != 0),
        ulimits: build.ulimits.clone(),
        entitlements: entitlements(build),
        extra_hosts: build.extra_hosts.iter().map(|(host, address)| (host.to_owned(), address.to_owned())).collect(),
        output,
        attestations: attestations(build),
    };
    target.to_tree()
}

/// An additional context; that of a service is its target.
fn linked(text: &str, names: &BTreeMap<&ServiceName, String>) -> String {
    let name = text.strip_prefix("service:").and_then(|service| names.get(&ServiceName::from(service)));
    name.map_or_else(|| text.to_owned(), |name| format!("target:{name}"))
}

/// The path of the Dockerfile: in a local context an absolute one, with links of folders followed.
fn dockerfile(context: &str, build: &Build) -> String {
    let dockerfile = build.dockerfile.as_deref().filter(|path| !path.is_empty()).unwrap_or("Dockerfile");
    if matches!(BuildContext::new(context, Path::new("/")), BuildContext::Remote(_)) {
        return dockerfile.to_owned();
    }
    let path = Path::new(context).join(dockerfile);
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name).to_string_lossy().into_owned(),
        _ => path.to_string_lossy().into_owned(),
    }
}

/// The secrets in files and variables; their values are not printed.
fn secrets(project: &Project, build: &Build) -> Vec<String> {
    let secret = |reference: &FileReference<SecretKey>| {
        let key = &reference.source;
        let definition = project.secrets.get(key).or_else(|| project.disabled_secrets.get(key))?;
        let id = reference.target.as_deref().filter(|target| !target.is_empty()).unwrap_or(key.as_str());
        match definition.source.as_ref()? {
            FileSource::File(path) => Some(format!("id={id},type=file,src={path}")),
            FileSource::Environment { variable, .. } => Some(format!("id={id},type=env,env={variable}")),
            FileSource::Content(_) => None,
        }
    };
    build.secrets.iter().filter_map(secret).collect()
}

fn ssh(key: &SshKey) -> String {
    format!("{}={}", key.id, key.path.as_deref().unwrap_or_default())
}

fn entitlements(build: &Build) -> Vec<String> {
    let insecure = build.privileged.then(|| "security.insecure".to_owned());
    build.entitlements.iter().cloned().chain(insecure).collect()
}

fn attestations(build: &Build) -> Vec<String> {
    let attestation = |kind: &str, settings: Option<&String>| match settings.map(String::as_str) {
        None | Some("") => None,
        Some("true") => Some(format!("type={kind}")),
        Some("false") => Some(format!("type={kind},disabled=true")),
        Some(settings) => Some(format!("type={kind},{settings}")),
    };
    let provenance = attestation("provenance", build.provenance.as_ref());
    provenance.into_iter().chain(attestation("sbom", build.sbom.as_ref())).collect()
}
