//! A build specification in, the request to the engine out.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::buildkit::v1::{self as protocol, CacheOptions, SolveRequest};

use super::cache;
use super::error::BuildError;
use super::file_sync::Source;
use super::ignore_file::{IGNORE_FILE, check, read_linked};
use super::support::ImageStore;
use crate::engine::build_files::{BuildFilesError, additional_folder, existing_dockerfile, existing_folder};
use crate::plan::{Attestation, BuildSpec, Dockerfile, Exporter};
use crate::project::value::BuildContext;
use crate::source::Reader;

/// The names with which the frontend requests the context and the folder of the Dockerfile.
const CONTEXT: &str = "context";
const DOCKERFILE: &str = "dockerfile";

/// The key under which the engine keeps the files of a build's contexts, so that the next build sends only what
/// changed; unique per context.
pub(super) fn shared_key(context: &BuildContext) -> String {
    match context {
        BuildContext::Folder(folder) => format!("hoist:{}", folder.display()),
        BuildContext::Remote(url) => format!("hoist:{url}"),
    }
}

/// A request, and the folders that the engine may request.
#[derive(Debug, PartialEq)]
pub(super) struct Prepared {
    pub(super) solve: SolveRequest,
    pub(super) sources: BTreeMap<String, Source>,
    /// The ignore files that the engine may read.
    pub(super) ignore_files: Vec<PathBuf>,
}

/// Prepares the request. Checks that the folders and the Dockerfile exist.
///
/// # Errors
///
/// If they do not exist, or the engine does not support something in the request.
pub(super) fn prepare(
    spec: &BuildSpec,
    store: ImageStore,
    reference: &str,
    session: &str,
) -> Result<Prepared, BuildError> {
    let mut attributes = attributes(spec)?;
    let mut sources = BTreeMap::new();
    let ignore_file = place_files(spec, &mut attributes, &mut sources)?;
    place_contexts(spec, &mut attributes, &mut sources)?;
    let cache = CacheOptions {
        imports: spec.cache_from.iter().map(|text| cache::entry(text)).collect::<Result<_, _>>()?,
        exports: spec.cache_to.iter().map(|text| cache::entry(text)).collect::<Result<_, _>>()?,
        ..CacheOptions::default()
    };
    let exporter = exporter(&spec.exporter, store);
    let mut entitlements = spec.entitlements.clone();
    if spec.network.as_deref() == Some("host") && !entitlements.iter().any(|name| name == "network.host") {
        entitlements.push("network.host".to_owned());
    }
    let solve = SolveRequest {
        r#ref: reference.to_owned(),
        session: session.to_owned(),
        frontend: "dockerfile.v0".to_owned(),
        frontend_attrs: attributes,
        cache: Some(cache),
        entitlements,
        // Engines without support for a list of exporters read this one.
        exporter_deprecated: exporter.r#type.clone(),
        exporter_attrs_deprecated: exporter.attrs.clone(),
        exporters: vec![exporter],
        ..SolveRequest::default()
    };
    let folders = sources.iter().filter(|(name, _)| *name != DOCKERFILE).filter_map(|(_, source)| match source {
        Source::Folder(folder) => Some(folder.join(IGNORE_FILE)),
        Source::Texts(_) | Source::Instructions { .. } => None,
    });
    let ignore_files: Vec<PathBuf> = ignore_file.into_iter().chain(folders).collect();
    for path in &ignore_files {
        check(path, path.parent().unwrap_or(path))?;
    }
    Ok(Prepared { solve, sources, ignore_files })
}

/// Where the result goes. `moby` is the engine's image store, of either kind. With Docker's own store, the builder cannot
/// push: the result is stored, and then pushed as any image.
fn exporter(exporter: &Exporter, store: ImageStore) -> protocol::Exporter {
    let mut attrs = HashMap::new();
    let mut set = |key: &str, value: &str| attrs.insert(key.to_owned(), value.to_owned());
    let tags = exporter.tags();
    if !tags.is_empty() {
        set("name", &tags.join(","));
    }
    // As an image with attestations always has them, so that those alone do not change the digest of the image. Docker's
    // own store has no manifests and ignores it.
    set("oci-mediatypes", "true");
    let kind = match (exporter, store) {
        (Exporter::Registry { .. }, ImageStore::Containerd) => {
            set("push", "true");
            set("store", "false");
            "image"
        }
        (Exporter::Platforms { push: true, .. }, ImageStore::Containerd) => {
            set("push", "true");
            "image"
        }
        _ => "moby",
    };
    protocol::Exporter { r#type: kind.to_owned(), attrs }
}

/// The frontend's options.
fn attributes(spec: &BuildSpec) -> Result<HashMap<String, String>, BuildError> {
    let mut attributes: HashMap<String, String> = HashMap::new();
    let mut set = |key: &str, value: String| {
        attributes.insert(key.to_owned(), value);
    };
    for (name, value) in &spec.args {
        if let Some(value) = value {
            set(&format!("build-arg:{name}"), value.clone());
        }
    }
    for (name, value) in &spec.labels {
        set(&format!("label:{name}"), value.clone());
    }
    if let Some(target) = &spec.target {
        set("target", target.clone());
    }
    if !spec.platforms.is_empty() {
        set("platform", spec.platforms.join(","));
    }
    if spec.no_cache {
        set("no-cache", String::new());
    } else if !spec.no_cache_filter.is_empty() {
        set("no-cache", spec.no_cache_filter.join(","));
    }
    // A base that is in the store is used, with either kind of store, unless a newer one is asked for.
    set("image-resolve-mode", if spec.pull { "pull" } else { "local" }.to_owned());
    if !spec.extra_hosts.is_empty() {
        let hosts = spec.extra_hosts.iter().map(|(name, address)| format!("{name}={address}"));
        set("add-hosts", hosts.collect::<Vec<_>>().join(","));
    }
    match spec.network.as_deref() {
        None | Some("" | "default") => {}
        Some(mode @ ("host" | "none")) => set("force-network-mode", mode.to_owned()),
        Some(other) => {
            let message =
                format!("a build cannot use the network `{other}`: BuildKit supports `default`, `host` and `none`");
            return Err(BuildError::Unsupported(message));
        }
    }
    if let Some(bytes) = spec.shm_size {
        set("shm-size", bytes.to_string());
    }
    if !spec.ulimits.is_empty() {
        let limits = spec.ulimits.iter().map(|(name, limit)| format!("{name}={}:{}", limit.soft(), limit.hard()));
        set("ulimit", limits.collect::<Vec<_>>().join(","));
    }
    for (name, attestation) in [("provenance", &spec.attestations.provenance), ("sbom", &spec.attestations.sbom)] {
        if let Attestation::On(settings) = attestation {
            set(&format!("attest:{name}"), settings.clone());
        }
    }
    Ok(attributes)
}

/// Context and Dockerfile: what is sent from here with which name, and what the engine fetches. Returns the ignore file
/// of the Dockerfile, if there is one.
fn place_files(
    spec: &BuildSpec,
    attributes: &mut HashMap<String, String>,
    sources: &mut BTreeMap<String, Source>,
) -> Result<Option<PathBuf>, BuildError> {
    let mut filename = |name: &str| attributes.insert("filename".to_owned(), name.to_owned());
    match (&spec.context, &spec.dockerfile) {
        (BuildContext::Folder(folder), Dockerfile::Path(path)) => {
            let context = existing_folder(folder)?;
            let dockerfile = existing_dockerfile(&context.join(path))?;
            let name = dockerfile.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| BuildFilesError::DockerfileNotFound(dockerfile.display().to_string()))?;
            let ignore_file = dockerfile.with_file_name(format!("{name}.dockerignore"));
            check(&ignore_file, ignore_file.parent().unwrap_or(&context))?;
            let ignore_file = ignore_file.is_file().then_some(ignore_file);
            filename(name);
            sources.insert(DOCKERFILE.to_owned(), dockerfile_source(&dockerfile, name, ignore_file.as_deref())?);
            sources.insert(CONTEXT.to_owned(), Source::Folder(context));
            return Ok(ignore_file);
        }
        (BuildContext::Folder(folder), Dockerfile::Inline(text)) => {
            filename("Dockerfile");
            sources.insert(DOCKERFILE.to_owned(), inline(text));
            sources.insert(CONTEXT.to_owned(), Source::Folder(existing_folder(folder)?));
        }
        (BuildContext::Remote(url), Dockerfile::Path(path)) => {
            filename(path);
            attributes.insert(CONTEXT.to_owned(), url.clone());
        }
        (BuildContext::Remote(url), Dockerfile::Inline(text)) => {
            filename("Dockerfile");
            // Otherwise the frontend looks for the Dockerfile in the fetched context.
            attributes.insert("dockerfilekey".to_owned(), DOCKERFILE.to_owned());
            attributes.insert(CONTEXT.to_owned(), url.clone());
            sources.insert(DOCKERFILE.to_owned(), inline(text));
        }
    }
    Ok(None)
}

fn inline(text: &str) -> Source {
    Source::Texts([("Dockerfile".to_owned(), text.as_bytes().to_vec())].into())
}

/// The folder of a Dockerfile. If the Dockerfile or its ignore file is a symbolic link, their content under the same
/// names instead: the frontend sees nothing outside the folder, and looks for the ignore file next to the Dockerfile.
fn dockerfile_source(dockerfile: &Path, name: &str, ignore_file: Option<&Path>) -> Result<Source, BuildError> {
    if !dockerfile.is_symlink() && !ignore_file.is_some_and(Path::is_symlink) {
        let folder = dockerfile.parent().unwrap_or(dockerfile).to_path_buf();
        return Ok(Source::Instructions { folder, name: name.to_owned() });
    }
    let read = |path: &Path| {
        Reader::default()
            .read(path)
            .map_err(|cause| BuildError::Unreadable(format!("cannot read `{}`: {cause}", path.display())))
    };
    let mut texts = BTreeMap::from([(name.to_owned(), read(dockerfile)?)]);
    if let Some(path) = ignore_file {
        let text = read_linked(path, path.parent().unwrap_or(path))?.map_or_else(|| read(path), Ok)?;
        texts.insert(format!("{name}.dockerignore"), text);
    }
    Ok(Source::Texts(texts))
}

fn place_contexts(
    spec: &BuildSpec,
    attributes: &mut HashMap<String, String>,
    sources: &mut BTreeMap<String, Source>,
) -> Result<(), BuildError> {
    for (name, context) in &spec.contexts {
        let value = match context {
            BuildContext::Remote(url) if url.starts_with("oci-layout:") => {
                let message = format!("`build.additional_contexts`: the engine cannot read the OCI layout `{url}`");
                return Err(BuildError::Unsupported(message));
            }
            BuildContext::Remote(url) => url.clone(),
            BuildContext::Folder(folder) => {
                // The names `context` and `dockerfile` are taken.
                let local = if sources.contains_key(name) { format!("_{name}_") } else { name.clone() };
                sources.insert(local.clone(), Source::Folder(additional_folder(name, folder)?));
                format!("local:{local}")
            }
        };
        attributes.insert(format!("context:{name}"), value);
    }
    if !spec.contexts.is_empty() {
        // An engine whose frontend does not support them (before 23.0) fetches a newer frontend instead of ignoring
        // them.
        attributes.insert("frontend.caps".to_owned(), "moby.buildkit.frontend.contexts+forward".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::value::Ulimit;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("sub")).expect("folder");
        for name in ["Dockerfile", "sub/Other"] {
            std::fs::write(folder.path().join(name), "FROM scratch").expect("file");
        }
        folder
    }

    fn spec(folder: &tempfile::TempDir) -> BuildSpec {
        BuildSpec::new("web", "app", BuildContext::Folder(folder.path().to_path_buf()))
    }

    fn attribute(prepared: &Prepared, key: &str) -> Option<String> {
        prepared.solve.frontend_attrs.get(key).cloned()
    }

    #[test]
    fn every_setting_has_the_engines_name() {
        let folder = folder();
        let folder_at = |path: &str| BuildContext::Folder(folder.path().join(path));
        let limits = Ulimit::Pair { soft: 1, hard: 2, extensions: BTreeMap::new() };
        let spec = BuildSpec {
            args: BTreeMap::from([("A".into(), Some("1".into())), ("B".into(), None)]),
            labels: BTreeMap::from([("l".into(), "2".into())]),
            target: Some("dev".into()),
            exporter: Exporter::ImageStore { tags: vec!["a:1".into(), "b".into()] },
            platforms: vec!["linux/amd64".into()],
            no_cache_filter: vec!["x".into(), "y".into()],
            pull: true,
            cache_from: vec!["c:1".into(), "type=registry,ref=d:1".into()],
            contexts: BTreeMap::from([
                ("base".into(), BuildContext::Remote("docker-image://busybox".into())),
                ("context".into(), folder_at("sub")),
                ("more".into(), folder_at("")),
            ]),
            extra_hosts: vec![("h".into(), "1.2.3.4".into()), ("h".into(), "::1".into())],
            network: Some("host".into()),
            shm_size: Some(1024),
            ulimits: BTreeMap::from([("nofile".into(), limits), ("nproc".into(), Ulimit::Single(3))]),
            ..spec(&folder)
        };
        let prepared = prepare(&spec, ImageStore::Layers, "ref", "session").expect("prepared");
        let mut found: Vec<_> = prepared.solve.frontend_attrs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "add-hosts=h=1.2.3.4,h=::1",
                "build-arg:A=1",
                "context:base=docker-image://busybox",
                "context:context=local:_context_",
                "context:more=local:more",
                "filename=Dockerfile",
                "force-network-mode=host",
                "frontend.caps=moby.buildkit.frontend.contexts+forward",
                "image-resolve-mode=pull",
                "label:l=2",
                "no-cache=x,y",
                "platform=linux/amd64",
                "shm-size=1024",
                "target=dev",
                "ulimit=nofile=1:2,nproc=3:3",
            ]
        );
        assert_eq!(prepared.sources.keys().collect::<Vec<_>>(), ["_context_", "context", "dockerfile", "more"]);
        assert_eq!(prepared.solve.exporters[0].attrs["name"], "a:1,b");
        assert_eq!(prepared.solve.exporters[0].attrs["oci-mediatypes"], "true");
        assert_eq!(prepared.solve.entitlements, ["network.host"]);
        let imports = prepared.solve.cache.expect("cache").imports;
        assert_eq!((imports[0].r#type.as_str(), imports[0].attrs["ref"].as_str()), ("registry", "c:1"));
        assert_eq!((imports[1].r#type.as_str(), imports[1].attrs["ref"].as_str()), ("registry", "d:1"));
    }

    #[test]
    fn the_dockerfile_is_found_wherever_it_is() {
        let folder = folder();
        let at = |path: &str| folder.path().canonicalize().expect("folder").join(path);
        let prepared =
            |dockerfile: Dockerfile| prepare(&BuildSpec { dockerfile, ..spec(&folder) }, ImageStore::Layers, "", "");
        let path = |path: &str| prepared(Dockerfile::Path(path.to_owned()));
        let instructions =
            |folder: &str, name: &str| Source::Instructions { folder: at(folder), name: name.to_owned() };
        let found = path("sub/Other").expect("found");
        assert_eq!(attribute(&found, "filename").as_deref(), Some("Other"));
        assert_eq!(found.sources["dockerfile"], instructions("sub", "Other"));
        assert_eq!(
            path(&at("sub/Other").display().to_string()).expect("found").sources["context"],
            Source::Folder(at(""))
        );
        let found = prepared(Dockerfile::Inline("FROM x".into())).expect("found");
        assert_eq!(found.sources["dockerfile"], inline("FROM x"));
        let missing = BuildFilesError::DockerfileNotFound(at("sub").display().to_string());
        assert_eq!(path("sub"), Err(missing.into()));
        std::fs::rename(at("Dockerfile"), at("dockerfile")).expect("renamed");
        assert_eq!(attribute(&path("Dockerfile").expect("found"), "filename").as_deref(), Some("dockerfile"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("sub/Other"), at("link")).expect("link");
            std::fs::write(at("sub/Other.dockerignore"), "of the target").expect("file");
            let texts = |files: &[(&str, &str)]| {
                let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
                Source::Texts(files.collect())
            };
            let linked = path("link").expect("found");
            assert_eq!(attribute(&linked, "filename").as_deref(), Some("link"));
            assert_eq!(linked.sources["dockerfile"], texts(&[("link", "FROM scratch")]));
            assert_eq!(linked.ignore_files, [at(".dockerignore")]);
            std::fs::write(at("link.dockerignore"), "of the link").expect("file");
            let linked = path("link").expect("found");
            let both = [("link", "FROM scratch"), ("link.dockerignore", "of the link")];
            assert_eq!(linked.sources["dockerfile"], texts(&both));
            assert_eq!(linked.ignore_files, [at("link.dockerignore"), at(".dockerignore")]);
            std::os::unix::fs::symlink(at("link.dockerignore"), at("dockerfile.dockerignore")).expect("link");
            let both = [("dockerfile", "FROM scratch"), ("dockerfile.dockerignore", "of the link")];
            assert_eq!(path("Dockerfile").expect("found").sources["dockerfile"], texts(&both));
        }
    }

    #[test]
    fn a_remote_context_is_fetched_by_the_engine() {
        let remote = BuildSpec::new("web", "app", BuildContext::Remote("https://h/r.git#main:d".into()));
        let prepared = prepare(&remote, ImageStore::Layers, "", "").expect("prepared");
        assert!(prepared.sources.is_empty());
        assert_eq!(attribute(&prepared, "context").as_deref(), Some("https://h/r.git#main:d"));
        let inline = BuildSpec { dockerfile: Dockerfile::Inline("FROM x".into()), ..remote };
        let prepared = prepare(&inline, ImageStore::Layers, "", "").expect("prepared");
        assert_eq!(attribute(&prepared, "dockerfilekey").as_deref(), Some("dockerfile"));
        assert_eq!(prepared.sources.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_no_ignore_file() {
        for name in [".dockerignore", "Dockerfile.dockerignore"] {
            let folder = folder();
            let pipe = folder.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
            let message = prepare(&spec(&folder), ImageStore::Layers, "", "").expect_err("refused").to_string();
            assert!(message.ends_with(&format!("{name}`: it is not a file")), "{message}");
        }
    }

    #[test]
    fn a_folder_is_no_ignore_file_and_no_mistake() {
        for name in [".dockerignore", "Dockerfile.dockerignore"] {
            let folder = folder();
            std::fs::create_dir(folder.path().join(name)).expect("folder");
            prepare(&spec(&folder), ImageStore::Layers, "", "").expect("prepared");
        }
    }

    #[test]
    fn what_cannot_be_built_is_refused_before_the_engine_is_asked() {
        let folder = folder();
        let missing = BuildContext::Folder(folder.path().join("missing"));
        let file = BuildContext::Folder(folder.path().join("Dockerfile"));
        let layout = BuildContext::Remote("oci-layout:///x".into());
        let oci_layout = BuildSpec { contexts: [("x".into(), layout)].into(), ..spec(&folder) };
        let cases = [
            (BuildSpec { context: missing, ..spec(&folder) }, "does not exist"),
            (BuildSpec { context: file, ..spec(&folder) }, "is not a folder"),
            (BuildSpec { network: Some("web".into()), ..spec(&folder) }, "the network `web`"),
            (oci_layout, "cannot read the OCI layout `oci-layout:///x`"),
            (BuildSpec { cache_from: vec!["type=gha,x".into()], ..spec(&folder) }, "`x` in the cache"),
        ];
        for (spec, expected) in cases {
            let message = prepare(&spec, ImageStore::Layers, "", "").expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn builds_of_one_context_share_what_the_engine_keeps() {
        assert_eq!(shared_key(&BuildContext::Folder("/shop/app".into())), "hoist:/shop/app");
        assert_eq!(shared_key(&BuildContext::Remote("https://h/r.git".into())), "hoist:https://h/r.git");
    }
}
