//! A build as a file of `buildx bake`: a specification in, JSON out. Its only target is `image`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::session::SecretSource;
use crate::plan::{Attestation, BuildPurpose, BuildSpec, Dockerfile, Exporter};
use crate::project::value::BuildContext;

/// The name of the target.
pub(super) const TARGET: &str = "image";

/// What buildx needs for a build.
#[derive(Debug, PartialEq)]
pub(super) struct Bake {
    /// The file.
    pub(super) file: Value,
    /// What the build may do and read: values of `--allow`.
    pub(super) allowed: Vec<String>,
    /// Secrets, as variables of its environment.
    pub(super) environment: Vec<(String, String)>,
}

/// The file for a build.
pub(super) fn bake(spec: &BuildSpec, secrets: &BTreeMap<String, SecretSource>) -> Bake {
    let mut target = Map::new();
    let mut set = |key: &str, value: Value| {
        let is_empty = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(items) => items.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        if !is_empty {
            target.insert(key.to_owned(), value);
        }
    };
    let mut allowed = Vec::new();
    let mut readable = |path: String| allowed.push(format!("fs.read={path}"));
    set("context", json!(location(&spec.context, &mut readable)));
    match &spec.dockerfile {
        Dockerfile::Path(path) => {
            if let BuildContext::Folder(folder) = &spec.context {
                let path = folder.join(path);
                if let Some(folder) = path.parent() {
                    readable(folder.display().to_string());
                }
                set("dockerfile", json!(path.display().to_string()));
            } else {
                set("dockerfile", json!(path));
            }
        }
        Dockerfile::Inline(text) => set("dockerfile-inline", json!(literal(text))),
    }
    let contexts: Map<_, _> =
        spec.contexts.iter().map(|(name, context)| (name.clone(), json!(location(context, &mut readable)))).collect();
    set("contexts", contexts.into());
    let args: Map<_, _> =
        spec.args.iter().filter_map(|(name, value)| Some((name.clone(), json!(literal(value.as_deref()?))))).collect();
    set("args", args.into());
    let labels: Map<_, _> = spec.labels.iter().map(|(name, value)| (name.clone(), json!(literal(value)))).collect();
    set("labels", labels.into());
    let (secrets, environment) = secrets_of(secrets, &mut readable);
    set("secret", json!(secrets));
    let ssh: Vec<String> = spec
        .ssh
        .iter()
        .map(|key| key.path.as_ref().map_or_else(|| key.id.clone(), |path| format!("{}={path}", key.id)))
        .collect();
    set("ssh", json!(ssh));
    set("tags", json!(spec.exporter.tags()));
    set("target", json!(spec.target));
    set("platforms", json!(spec.platforms));
    set("network", json!(spec.network));
    set("shm-size", json!(spec.shm_size.map(|bytes| bytes.to_string())));
    set("no-cache", json!(spec.no_cache.then_some(true)));
    set("no-cache-filter", json!(spec.no_cache_filter));
    set("pull", json!(spec.pull.then_some(true)));
    set("cache-from", json!(spec.cache_from));
    set("cache-to", json!(spec.cache_to));
    let mut hosts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, address) in &spec.extra_hosts {
        hosts.entry(name).or_default().push(address);
    }
    let hosts = hosts.into_iter().map(|(name, addresses)| (name.to_owned(), json!(addresses.join(","))));
    set("extra-hosts", Value::Object(hosts.collect()));
    let limits = spec.ulimits.iter().map(|(name, limit)| format!("{name}={}:{}", limit.soft(), limit.hard()));
    set("ulimits", json!(limits.collect::<Vec<_>>()));
    set("entitlements", json!(spec.entitlements));
    set("attest", json!(attestations(spec)));
    match spec.purpose {
        BuildPurpose::Check => set("call", json!("lint")),
        BuildPurpose::Image => set("output", json!([output(&spec.exporter)])),
    }
    allowed.extend(spec.entitlements.iter().cloned());
    if spec.network.as_deref() == Some("host") {
        allowed.push("network.host".to_owned());
    }
    if !spec.ssh.is_empty() {
        allowed.push("ssh".to_owned());
    }
    allowed.extend(folders_of_caches(spec));
    Bake { file: json!({"target": {TARGET: target}}), allowed, environment }
}

/// A text in which `${` does not begin an expression of the file.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
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

fn output(exporter: &Exporter) -> String {
    match exporter {
        Exporter::ImageStore { .. } => "type=docker".to_owned(),
        Exporter::Registry { .. } => "type=registry".to_owned(),
        Exporter::Platforms { push, .. } => format!("type=image,push={push}"),
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
    use super::*;
    use crate::project::SshKey;

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
        assert_eq!(bake.file, expected);
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
