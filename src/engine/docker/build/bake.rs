//! A build as a file of `buildx bake`: a specification in, JSON out. Its only target is `image`.

use std::collections::BTreeMap;

use super::session::SecretSource;
use crate::plan::{Attestation, BuildPurpose, BuildSpec, Dockerfile, Exporter};
use crate::project::bake::{BakeOutput, BakeTarget};
use crate::project::value::BuildContext;
use crate::project::{SshKey, Tree};

/// The name of the target.
pub(super) const TARGET: &str = "image";

/// What buildx needs for a build.
#[derive(Debug, PartialEq)]
pub(super) struct Bake {
    /// The file.
    pub(super) file: String,
    /// What the build may do and read: values of `--allow`.
    pub(super) allowed: Vec<String>,
    /// Secrets, as variables of its environment.
    pub(super) environment: Vec<(String, String)>,
}

/// The file for a build.
pub(super) fn bake(spec: &BuildSpec, secrets: &BTreeMap<String, SecretSource>) -> Bake {
    let mut allowed = Vec::new();
    let mut readable = |path: String| allowed.push(format!("fs.read={path}"));
    let context = location(&spec.context, &mut readable);
    let (mut dockerfile, mut dockerfile_inline) = (String::new(), String::new());
    match (&spec.dockerfile, &spec.context) {
        (Dockerfile::Inline(text), _) => dockerfile_inline.clone_from(text),
        (Dockerfile::Path(path), BuildContext::Remote(_)) => dockerfile.clone_from(path),
        (Dockerfile::Path(path), BuildContext::Folder(folder)) => {
            let path = folder.join(path);
            if let Some(folder) = path.parent() {
                readable(folder.display().to_string());
            }
            dockerfile = path.display().to_string();
        }
    }
    let contexts = spec.contexts.iter().map(|(name, context)| (name.clone(), location(context, &mut readable)));
    let contexts = contexts.collect();
    let (secrets, environment) = secrets_of(secrets, &mut readable);
    let ssh = |key: &SshKey| key.path.as_ref().map_or_else(|| key.id.clone(), |path| format!("{}={path}", key.id));
    let target = BakeTarget {
        context,
        contexts,
        dockerfile,
        dockerfile_inline,
        args: spec.args.clone(),
        labels: spec.labels.clone(),
        tags: spec.exporter.tags().to_vec(),
        cache_from: spec.cache_from.clone(),
        cache_to: spec.cache_to.clone(),
        target: spec.target.clone(),
        secrets,
        ssh: spec.ssh.iter().map(ssh).collect(),
        platforms: spec.platforms.clone(),
        pull: spec.pull,
        no_cache: spec.no_cache,
        network: spec.network.clone(),
        no_cache_filter: spec.no_cache_filter.clone(),
        shm_size: spec.shm_size,
        ulimits: spec.ulimits.clone(),
        entitlements: spec.entitlements.clone(),
        extra_hosts: spec.extra_hosts.clone(),
        output: match spec.purpose {
            BuildPurpose::Check => None,
            BuildPurpose::Image => Some(output(&spec.exporter)),
        },
        attestations: attestations(spec),
    };
    allowed.extend(spec.entitlements.iter().cloned());
    if spec.network.as_deref() == Some("host") {
        allowed.push("network.host".to_owned());
    }
    if !spec.ssh.is_empty() {
        allowed.push("ssh".to_owned());
    }
    allowed.extend(folders_of_caches(spec));
    let targets = Tree::Mapping(vec![(TARGET.to_owned(), target.to_tree())]);
    let file = Tree::Mapping(vec![("target".to_owned(), targets)]).to_json_compact();
    Bake { file, allowed, environment }
}

fn location(context: &BuildContext, readable: &mut impl FnMut(String)) -> String {
    match context {
        BuildContext::Folder(folder) => {
            let folder = folder.display().to_string();
            readable(folder.clone());
            folder
        }
        BuildContext::Remote(url) => url.clone(),
    }
}

/// Secrets, and the variables that hold their values.
fn secrets_of(
    secrets: &BTreeMap<String, SecretSource>,
    readable: &mut impl FnMut(String),
) -> (Vec<String>, Vec<(String, String)>) {
    let mut environment = Vec::new();
    let mut items = Vec::new();
    for (id, source) in secrets {
        items.push(match source {
            SecretSource::File(path) => {
                readable(path.display().to_string());
                format!("id={id},type=file,src={}", path.display())
            }
            SecretSource::Value(value) => {
                let variable = format!("HOIST_BUILD_SECRET_{}", environment.len());
                environment.push((variable.clone(), value.clone()));
                format!("id={id},type=env,env={variable}")
            }
        });
    }
    (items, environment)
}

fn attestations(spec: &BuildSpec) -> Vec<String> {
    let kinds = [("provenance", &spec.attestations.provenance), ("sbom", &spec.attestations.sbom)];
    let text = |(kind, attestation): (&str, &Attestation)| match attestation {
        Attestation::Off => format!("type={kind},disabled=true"),
        Attestation::On(settings) if settings.is_empty() => format!("type={kind}"),
        Attestation::On(settings) => format!("type={kind},{settings}"),
    };
    kinds.into_iter().map(text).collect()
}

fn output(exporter: &Exporter) -> BakeOutput {
    match exporter {
        Exporter::ImageStore { .. } => BakeOutput::Engine,
        Exporter::Registry { .. } => BakeOutput::Registry,
        Exporter::Platforms { push, .. } => BakeOutput::Platforms { push: *push },
    }
}

/// Folders of local caches, which the build reads or writes.
fn folders_of_caches(spec: &BuildSpec) -> Vec<String> {
    let caches = spec.cache_from.iter().map(|text| (text, "src=", "fs.read"));
    let caches = caches.chain(spec.cache_to.iter().map(|text| (text, "dest=", "fs.write")));
    let folder = |(text, key, right): (&String, &str, &str)| {
        let folder = text.split(',').find_map(|pair| pair.trim().strip_prefix(key))?;
        Some(format!("{right}={folder}"))
    };
    caches.filter_map(folder).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_build_becomes_one_target() {
        let spec = BuildSpec {
            args: BTreeMap::from([("A".into(), Some("${x}".into())), ("B".into(), None)]),
            ssh: vec![SshKey { id: "default".into(), path: None }, SshKey { id: "k".into(), path: Some("/k".into()) }],
            contexts: BTreeMap::from([("base".into(), BuildContext::Remote("docker-image://busybox".into()))]),
            cache_to: vec!["type=local,dest=/cache".into()],
            entitlements: vec!["security.insecure".into()],
            network: Some("host".into()),
            extra_hosts: [("h", "1.2.3.4"), ("g", "1.1.1.1"), ("h", "::1")].map(|(h, a)| (h.into(), a.into())).into(),
            ..BuildSpec::new("web", "app", BuildContext::Folder("/shop".into()))
        };
        let secrets = BTreeMap::from([
            ("f".to_owned(), SecretSource::File("/f".into())),
            ("v".to_owned(), SecretSource::Value("hunter2".into())),
        ]);
        let bake = bake(&spec, &secrets);
        let expected = json!({"target": {"image": {
            "context": "/shop",
            "dockerfile": "/shop/Dockerfile",
            "contexts": {"base": "docker-image://busybox"},
            "args": {"A": "$${x}"},
            "secret": ["id=f,type=file,src=/f", "id=v,type=env,env=HOIST_BUILD_SECRET_0"],
            "ssh": ["default", "k=/k"],
            "tags": ["app"],
            "network": "host",
            "extra-hosts": {"g": "1.1.1.1", "h": "1.2.3.4,::1"},
            "cache-to": ["type=local,dest=/cache"],
            "entitlements": ["security.insecure"],
            "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
            "output": ["type=docker"],
        }}});
        assert_eq!(serde_json::from_str::<Value>(&bake.file).expect("JSON"), expected);
        let allowed = [
            "fs.read=/shop",
            "fs.read=/shop",
            "fs.read=/f",
            "security.insecure",
            "network.host",
            "ssh",
            "fs.write=/cache",
        ];
        assert_eq!(bake.allowed, allowed);
        assert_eq!(bake.environment, [("HOIST_BUILD_SECRET_0".to_owned(), "hunter2".to_owned())]);
    }
}
