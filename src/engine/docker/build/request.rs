//! What is to be built, and how the engine is asked for it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::buildkit::v1::{CacheOptions, CacheOptionsEntry, Exporter, SolveRequest};

use super::error::BuildError;
use super::file_sync::Source;
use super::ignore_file::{IGNORE_FILE, check, read_linked};
use crate::source::Reader;

/// The names under which the frontend asks for the context and for the folder of the Dockerfile.
const CONTEXT: &str = "context";
const DOCKERFILE: &str = "dockerfile";

/// What `extra_hosts` writes for the address of the engine's host.
pub(super) const HOST_GATEWAY: &str = "host-gateway";

/// An image to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) struct BuildRequest {
    /// Where the files come from.
    pub(in crate::engine::docker) context: ContextSource,
    /// The instructions.
    pub(in crate::engine::docker) dockerfile: DockerfileSource,
    /// Build arguments, resolved.
    pub(in crate::engine::docker) args: BTreeMap<String, String>,
    /// Labels of the image.
    pub(in crate::engine::docker) labels: BTreeMap<String, String>,
    /// The stage to build; the last one without it.
    pub(in crate::engine::docker) target: Option<String>,
    /// The image's names.
    pub(in crate::engine::docker) tags: Vec<String>,
    /// `os[/arch[/variant]]`; the engine's own without any.
    pub(in crate::engine::docker) platforms: Vec<String>,
    /// Whether every step is done anew.
    pub(in crate::engine::docker) no_cache: bool,
    /// The stages whose steps are done anew.
    pub(in crate::engine::docker) no_cache_filter: Vec<String>,
    /// Whether newer base images are looked for.
    pub(in crate::engine::docker) pull: bool,
    /// Image references, or `type=…,key=value`.
    pub(in crate::engine::docker) cache_from: Vec<String>,
    /// `type=…,key=value`.
    pub(in crate::engine::docker) cache_to: Vec<String>,
    /// More contexts by name: absolute folders, URLs, `docker-image://…`.
    pub(in crate::engine::docker) contexts: BTreeMap<String, String>,
    /// Host names and addresses (or `host-gateway`) known during the build.
    pub(in crate::engine::docker) extra_hosts: Vec<(String, String)>,
    /// `host`, `none`, `default`.
    pub(in crate::engine::docker) network: Option<String>,
    /// Size of `/dev/shm` in bytes. Engines before 23.0 ignore this, the limits and the cgroup.
    pub(in crate::engine::docker) shm_size: Option<i64>,
    /// Soft and hard limits by name.
    pub(in crate::engine::docker) ulimits: BTreeMap<String, (i64, i64)>,
    /// The cgroup that the steps run in.
    pub(in crate::engine::docker) cgroup_parent: Option<String>,
    /// What the steps may do beyond the usual: `security.insecure`, `network.host`.
    pub(in crate::engine::docker) entitlements: Vec<String>,
    /// What steps may mount by an id, without it becoming part of the image.
    pub(in crate::engine::docker) secrets: BTreeMap<String, SecretSource>,
    /// Under what the engine keeps the files of the contexts, so that the next build sends only what changed: the same
    /// for builds of the same context, and no other.
    pub(in crate::engine::docker) shared_key: String,
}

/// Where the files of a build come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum ContextSource {
    /// A folder here.
    Directory(PathBuf),
    /// A Git repository or an archive that the engine fetches.
    Remote(String),
}

/// Where the instructions come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum DockerfileSource {
    /// A path in the context, or an absolute one.
    Path(String),
    /// The text itself.
    Inline(String),
}

/// Where the content of a secret is.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::engine::docker) enum SecretSource {
    /// In a file, which is read when a step asks for it.
    File(PathBuf),
    /// Here.
    Value(String),
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Value(_) => f.write_str("Value(•••)"),
        }
    }
}

impl BuildRequest {
    /// A build of a context's `Dockerfile` with nothing else said.
    pub(in crate::engine::docker) fn new(context: ContextSource, shared_key: String) -> Self {
        Self {
            context,
            dockerfile: DockerfileSource::Path("Dockerfile".to_owned()),
            args: BTreeMap::new(),
            labels: BTreeMap::new(),
            target: None,
            tags: Vec::new(),
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
            cgroup_parent: None,
            entitlements: Vec::new(),
            secrets: BTreeMap::new(),
            shared_key,
        }
    }
}

/// A request in the engine's words, and the folders that it may ask for.
#[derive(Debug, PartialEq)]
pub(super) struct Prepared {
    pub(super) solve: SolveRequest,
    pub(super) sources: BTreeMap<String, Source>,
    /// The ignore files that the engine may read.
    pub(super) ignore_files: Vec<PathBuf>,
}

/// Says it in the engine's words. Looks whether the folders and the Dockerfile are there.
///
/// # Errors
///
/// They are not there, or the engine has no word for what is asked.
pub(super) fn prepare(request: &BuildRequest, reference: &str, session: &str) -> Result<Prepared, BuildError> {
    let mut attributes = attributes(request)?;
    let mut sources = BTreeMap::new();
    let ignore_file = place_files(request, &mut attributes, &mut sources)?;
    place_contexts(request, &mut attributes, &mut sources)?;
    let cache = CacheOptions {
        imports: request.cache_from.iter().map(|text| cache_entry(text)).collect::<Result<_, _>>()?,
        exports: request.cache_to.iter().map(|text| cache_entry(text)).collect::<Result<_, _>>()?,
        ..CacheOptions::default()
    };
    // The engine's image store, whichever it has. Engines older than the list of exporters read the single one.
    let exporter = Exporter { r#type: "moby".to_owned(), attrs: exporter_attributes(request) };
    let mut entitlements = request.entitlements.clone();
    if request.network.as_deref() == Some("host") && !entitlements.iter().any(|name| name == "network.host") {
        entitlements.push("network.host".to_owned());
    }
    let solve = SolveRequest {
        r#ref: reference.to_owned(),
        session: session.to_owned(),
        frontend: "dockerfile.v0".to_owned(),
        frontend_attrs: attributes,
        cache: Some(cache),
        entitlements,
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

fn exporter_attributes(request: &BuildRequest) -> HashMap<String, String> {
    let names = (!request.tags.is_empty()).then(|| ("name".to_owned(), request.tags.join(",")));
    names.into_iter().collect()
}

/// What the frontend is told beside the files.
fn attributes(request: &BuildRequest) -> Result<HashMap<String, String>, BuildError> {
    let mut attributes: HashMap<String, String> = HashMap::new();
    let mut set = |key: &str, value: String| {
        attributes.insert(key.to_owned(), value);
    };
    for (name, value) in &request.args {
        set(&format!("build-arg:{name}"), value.clone());
    }
    for (name, value) in &request.labels {
        set(&format!("label:{name}"), value.clone());
    }
    if let Some(target) = &request.target {
        set("target", target.clone());
    }
    if !request.platforms.is_empty() {
        set("platform", request.platforms.join(","));
    }
    if request.no_cache {
        set("no-cache", String::new());
    } else if !request.no_cache_filter.is_empty() {
        set("no-cache", request.no_cache_filter.join(","));
    }
    if request.pull {
        set("image-resolve-mode", "pull".to_owned());
    }
    if !request.extra_hosts.is_empty() {
        let hosts = request.extra_hosts.iter().map(|(name, address)| format!("{name}={address}"));
        set("add-hosts", hosts.collect::<Vec<_>>().join(","));
    }
    match request.network.as_deref() {
        None | Some("" | "default") => {}
        Some(mode @ ("host" | "none")) => set("force-network-mode", mode.to_owned()),
        Some(other) => {
            let message =
                format!("a build cannot use the network `{other}`: BuildKit has `default`, `host` and `none`");
            return Err(BuildError::Unsupported(message));
        }
    }
    if let Some(bytes) = request.shm_size {
        set("shm-size", bytes.to_string());
    }
    if !request.ulimits.is_empty() {
        let limits = request.ulimits.iter().map(|(name, (soft, hard))| format!("{name}={soft}:{hard}"));
        set("ulimit", limits.collect::<Vec<_>>().join(","));
    }
    if let Some(parent) = &request.cgroup_parent {
        set("cgroup-parent", parent.clone());
    }
    Ok(attributes)
}

/// Context and Dockerfile: what is sent from here under which name, what the engine fetches. Gives the ignore file that
/// belongs to the Dockerfile, if there is one.
fn place_files(
    request: &BuildRequest,
    attributes: &mut HashMap<String, String>,
    sources: &mut BTreeMap<String, Source>,
) -> Result<Option<PathBuf>, BuildError> {
    let mut filename = |name: &str| attributes.insert("filename".to_owned(), name.to_owned());
    match (&request.context, &request.dockerfile) {
        (ContextSource::Directory(folder), DockerfileSource::Path(path)) => {
            let context = existing_folder(folder)?;
            let dockerfile = existing_dockerfile(&context.join(path))?;
            let name = dockerfile.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| BuildError::DockerfileNotFound(dockerfile.display().to_string()))?;
            let ignore_file = dockerfile.with_file_name(format!("{name}.dockerignore"));
            check(&ignore_file, ignore_file.parent().unwrap_or(&context))?;
            let ignore_file = ignore_file.is_file().then_some(ignore_file);
            filename(name);
            sources.insert(DOCKERFILE.to_owned(), dockerfile_source(&dockerfile, name, ignore_file.as_deref())?);
            sources.insert(CONTEXT.to_owned(), Source::Folder(context));
            return Ok(ignore_file);
        }
        (ContextSource::Directory(folder), DockerfileSource::Inline(text)) => {
            filename("Dockerfile");
            sources.insert(DOCKERFILE.to_owned(), inline(text));
            sources.insert(CONTEXT.to_owned(), Source::Folder(existing_folder(folder)?));
        }
        (ContextSource::Remote(url), DockerfileSource::Path(path)) => {
            filename(path);
            attributes.insert(CONTEXT.to_owned(), url.clone());
        }
        (ContextSource::Remote(url), DockerfileSource::Inline(text)) => {
            filename("Dockerfile");
            // Otherwise the frontend looks for the Dockerfile in what it fetches.
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

/// The folder of a Dockerfile. Where it or its ignore file is a symbolic link, their content under the names that they
/// have here: the frontend sees nothing outside the folder, and looks for the ignore file beside the Dockerfile.
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
    request: &BuildRequest,
    attributes: &mut HashMap<String, String>,
    sources: &mut BTreeMap<String, Source>,
) -> Result<(), BuildError> {
    for (name, value) in &request.contexts {
        let value = if is_remote(value) {
            value.clone()
        } else {
            // `context` and `dockerfile` are taken.
            let local = if sources.contains_key(name) { format!("_{name}_") } else { name.clone() };
            sources.insert(local.clone(), Source::Folder(existing_folder(Path::new(value))?));
            format!("local:{local}")
        };
        attributes.insert(format!("context:{name}"), value);
    }
    if !request.contexts.is_empty() {
        // An engine whose frontend does not know them (before 23.0) fetches a newer one instead of ignoring them.
        attributes.insert("frontend.caps".to_owned(), "moby.buildkit.frontend.contexts+forward".to_owned());
    }
    Ok(())
}

fn is_remote(context: &str) -> bool {
    context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/")
}

fn existing_folder(folder: &Path) -> Result<PathBuf, BuildError> {
    let resolved = folder.canonicalize().map_err(|_| BuildError::ContextNotFound(folder.display().to_string()))?;
    if resolved.is_dir() { Ok(resolved) } else { Err(BuildError::ContextNotFolder(folder.display().to_string())) }
}

/// The Dockerfile. Like Docker's own tools it may be called `dockerfile` where `Dockerfile` is asked for.
fn existing_dockerfile(path: &Path) -> Result<PathBuf, BuildError> {
    let lowercase =
        path.file_name().is_some_and(|name| name == "Dockerfile").then(|| path.with_file_name("dockerfile"));
    let found = std::iter::once(path.to_path_buf()).chain(lowercase).find(|path| path.is_file());
    found.ok_or_else(|| BuildError::DockerfileNotFound(path.display().to_string()))
}

/// `name:tag`, or `type=registry,ref=name:tag`.
fn cache_entry(text: &str) -> Result<CacheOptionsEntry, BuildError> {
    if !text.contains('=') {
        let attrs = HashMap::from([("ref".to_owned(), text.to_owned())]);
        return Ok(CacheOptionsEntry { r#type: "registry".to_owned(), attrs });
    }
    let mut attrs = HashMap::new();
    for pair in text.split(',') {
        let pair = pair.trim();
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            BuildError::Unsupported(format!("`{pair}` in the cache `{text}` is not of the form `key=value`"))
        })?;
        attrs.insert(key.to_lowercase(), value.to_owned());
    }
    let kind = attrs.remove("type").unwrap_or_else(|| "registry".to_owned());
    if kind == "local" {
        return Err(BuildError::Unsupported(format!("the engine cannot use a cache in a local folder: `{text}`")));
    }
    Ok(CacheOptionsEntry { r#type: kind, attrs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("sub")).expect("folder");
        for name in ["Dockerfile", "sub/Other"] {
            std::fs::write(folder.path().join(name), "FROM scratch").expect("file");
        }
        folder
    }

    fn request(folder: &tempfile::TempDir) -> BuildRequest {
        BuildRequest::new(ContextSource::Directory(folder.path().to_path_buf()), "key".into())
    }

    fn attribute(prepared: &Prepared, key: &str) -> Option<String> {
        prepared.solve.frontend_attrs.get(key).cloned()
    }

    #[test]
    fn every_setting_has_the_engines_name() {
        let folder = folder();
        let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let request = BuildRequest {
            args: map("A", "1"),
            labels: map("l", "2"),
            target: Some("dev".into()),
            tags: vec!["a:1".into(), "b".into()],
            platforms: vec!["linux/amd64".into()],
            no_cache_filter: vec!["x".into(), "y".into()],
            pull: true,
            cache_from: vec!["c:1".into(), "type=gha,scope=s".into()],
            contexts: BTreeMap::from([
                ("base".into(), "docker-image://busybox".into()),
                ("context".into(), folder.path().join("sub").display().to_string()),
                ("more".into(), folder.path().display().to_string()),
            ]),
            extra_hosts: vec![("h".into(), "1.2.3.4".into()), ("h".into(), "::1".into())],
            network: Some("host".into()),
            shm_size: Some(1024),
            ulimits: BTreeMap::from([("nofile".into(), (1, 2)), ("nproc".into(), (3, 3))]),
            cgroup_parent: Some("p".into()),
            ..request(&folder)
        };
        let prepared = prepare(&request, "ref", "session").expect("prepared");
        let mut found: Vec<_> = prepared.solve.frontend_attrs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "add-hosts=h=1.2.3.4,h=::1",
                "build-arg:A=1",
                "cgroup-parent=p",
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
        assert_eq!(prepared.solve.entitlements, ["network.host"]);
        let imports = prepared.solve.cache.expect("cache").imports;
        assert_eq!((imports[0].r#type.as_str(), imports[0].attrs["ref"].as_str()), ("registry", "c:1"));
        assert_eq!((imports[1].r#type.as_str(), imports[1].attrs["scope"].as_str()), ("gha", "s"));
    }

    #[test]
    fn the_dockerfile_is_found_wherever_it_is() {
        let folder = folder();
        let at = |path: &str| folder.path().canonicalize().expect("folder").join(path);
        let prepared = |dockerfile: DockerfileSource| prepare(&BuildRequest { dockerfile, ..request(&folder) }, "", "");
        let path = |path: &str| prepared(DockerfileSource::Path(path.to_owned()));
        let instructions =
            |folder: &str, name: &str| Source::Instructions { folder: at(folder), name: name.to_owned() };
        let found = path("sub/Other").expect("found");
        assert_eq!(attribute(&found, "filename").as_deref(), Some("Other"));
        assert_eq!(found.sources["dockerfile"], instructions("sub", "Other"));
        assert_eq!(
            path(&at("sub/Other").display().to_string()).expect("found").sources["context"],
            Source::Folder(at(""))
        );
        let found = prepared(DockerfileSource::Inline("FROM x".into())).expect("found");
        assert_eq!(found.sources["dockerfile"], inline("FROM x"));
        assert_eq!(path("sub"), Err(BuildError::DockerfileNotFound(at("sub").display().to_string())));
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
        let remote = BuildRequest::new(ContextSource::Remote("https://h/r.git#main:d".into()), "key".into());
        let prepared = prepare(&remote, "", "").expect("prepared");
        assert!(prepared.sources.is_empty());
        assert_eq!(attribute(&prepared, "context").as_deref(), Some("https://h/r.git#main:d"));
        let inline = BuildRequest { dockerfile: DockerfileSource::Inline("FROM x".into()), ..remote };
        let prepared = prepare(&inline, "", "").expect("prepared");
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
            let message = prepare(&request(&folder), "", "").expect_err("refused").to_string();
            assert!(message.ends_with(&format!("{name}`: it is not a file")), "{message}");
        }
    }

    #[test]
    fn what_cannot_be_built_is_refused_before_the_engine_is_asked() {
        let folder = folder();
        let missing = ContextSource::Directory(folder.path().join("missing"));
        let file = ContextSource::Directory(folder.path().join("Dockerfile"));
        let cases = [
            (BuildRequest { context: missing, ..request(&folder) }, "does not exist"),
            (BuildRequest { context: file, ..request(&folder) }, "is not a folder"),
            (BuildRequest { network: Some("web".into()), ..request(&folder) }, "the network `web`"),
            (BuildRequest { cache_from: vec!["type=local,src=x".into()], ..request(&folder) }, "local folder"),
            (BuildRequest { cache_from: vec!["type=gha,x".into()], ..request(&folder) }, "`x` in the cache"),
        ];
        for (request, expected) in cases {
            let message = prepare(&request, "", "").expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
