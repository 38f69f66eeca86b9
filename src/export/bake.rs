//! The builds of a project in the format of `docker buildx bake`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::project::value::{BuildContext, Ulimit};
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

/// The fields of a target; what is empty is left out.
fn target(
    project: &Project,
    service: &Service,
    build: &Build,
    names: &BTreeMap<&ServiceName, String>,
    options: BakeOptions,
) -> Tree {
    let context = build.context.clone().unwrap_or_default();
    let inline = build.dockerfile_inline.as_deref().unwrap_or_default();
    let several = build.platforms.len() > 1;
    let push = options.push && service.image.is_some();
    let output = match (several, push) {
        _ if options.check => Vec::new(),
        (true, _) => vec![format!("type=image,push={push}")],
        (false, true) => vec!["type=registry".to_owned()],
        (false, false) => vec!["type=docker".to_owned()],
    };
    let shm_size = Some(build.shm_size.as_bytes()).filter(|bytes| *bytes != 0).map(|bytes| bytes.to_string());
    let tags = build.tags.iter().cloned().chain([project.image_name(service)]);
    let fields = [
        ("context", text(&context)),
        ("contexts", mapping(build.additional_contexts.iter().map(|(name, text)| (name.clone(), linked(text, names))))),
        ("dockerfile", text(if inline.is_empty() { dockerfile(&context, build) } else { String::new() })),
        ("dockerfile-inline", text(escaped(inline))),
        ("args", mapping(build.args.iter().filter_map(|(name, value)| Some((name.clone(), escaped(value.as_ref()?)))))),
        ("labels", mapping(project.image_labels(service, build))),
        ("tags", list(tags)),
        ("cache-from", list(build.cache_from.iter().cloned())),
        ("cache-to", list(build.cache_to.iter().cloned())),
        ("target", text(build.target.as_deref().unwrap_or_default())),
        ("secret", list(secrets(project, build))),
        ("ssh", list(build.ssh.iter().map(ssh))),
        ("platforms", list(build.platforms.iter().cloned())),
        ("pull", yes(build.pull)),
        ("no-cache", yes(build.no_cache)),
        ("network", text(build.network.as_deref().unwrap_or_default())),
        ("no-cache-filter", list(build.no_cache_filter.iter().cloned())),
        ("shm-size", text(shm_size.unwrap_or_default())),
        ("ulimits", list(build.ulimits.iter().map(|(name, limit)| format!("{name}={}", ulimit(limit))))),
        ("call", text(if options.check { "lint" } else { "" })),
        ("entitlements", list(entitlements(build))),
        ("extra-hosts", mapping(hosts(build))),
        ("output", list(output)),
        ("attest", list(attestations(build))),
    ];
    Tree::Mapping(fields.into_iter().filter_map(|(name, field)| Some((name.to_owned(), field?))).collect())
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
    let entries: BTreeMap<_, _> = entries.into_iter().collect();
    let entries: Vec<_> = entries.into_iter().map(|(name, value)| (name, Tree::from(value))).collect();
    (!entries.is_empty()).then_some(Tree::Mapping(entries))
}

/// Text in which bake must not look for variables.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
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

fn ulimit(limit: &Ulimit) -> String {
    match limit {
        Ulimit::Single(limit) => limit.to_string(),
        Ulimit::Pair { soft, hard, .. } => format!("{soft}:{hard}"),
    }
}

fn entitlements(build: &Build) -> Vec<String> {
    let insecure = build.privileged.then(|| "security.insecure".to_owned());
    build.entitlements.iter().cloned().chain(insecure).collect()
}

/// The addresses of each host, separated by commas.
fn hosts(build: &Build) -> BTreeMap<String, String> {
    let mut hosts: BTreeMap<String, String> = BTreeMap::new();
    for (host, address) in build.extra_hosts.iter() {
        let addresses = hosts.entry(host.to_owned()).or_default();
        if !addresses.is_empty() {
            addresses.push(',');
        }
        addresses.push_str(address);
    }
    hosts
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
