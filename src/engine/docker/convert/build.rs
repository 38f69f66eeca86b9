//! What a service's image is built from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::build::{BuildRequest, ContextSource, DockerfileSource};
use super::absent::{non_zero, text};
use super::facts::VERSION;
use super::files;
use super::service::{refused, unsupported};
use crate::engine::EngineError;
use crate::plan::BuildSpec;
use crate::project::label;
use crate::project::{Build, Project, Service};

/// What a context begins with that is not a folder here.
const REMOTE: &[&str] = &["https://", "http://", "git://", "ssh://", "github.com/", "git@"];

/// The request that builds the image of a service. `proxies` are build arguments that the service does not set.
///
/// # Errors
///
/// If the service has no build, or asks for what this client can't do.
pub(in crate::engine::docker) fn build_request(
    spec: &BuildSpec,
    proxies: &BTreeMap<String, String>,
) -> Result<BuildRequest, EngineError> {
    let project = &*spec.project;
    let service = project.services.get(&spec.service).or_else(|| project.disabled.get(&spec.service));
    let Some(service) = service else {
        return Err(EngineError::NotFound(format!("the project has no service `{}`", spec.service)));
    };
    let build = service.build.as_ref().ok_or_else(|| refused(service, "there is no `build`"))?;
    if !build.ssh.is_empty() {
        return Err(unsupported(service, "`build.ssh` is not supported yet"));
    }
    let context = context(project, service, build)?;
    let shared_key = match &context {
        ContextSource::Directory(folder) => format!("hoist:{}", folder.display()),
        ContextSource::Remote(url) => format!("hoist:{url}"),
    };
    Ok(BuildRequest {
        dockerfile: dockerfile(build),
        args: arguments(build, proxies),
        labels: labels(project, service, build),
        target: text(build.target.as_ref()),
        tags: tags(build, &spec.image),
        platforms: platforms(spec, build),
        no_cache: build.no_cache,
        no_cache_filter: build.no_cache_filter.clone(),
        pull: build.pull,
        cache_from: build.cache_from.clone(),
        cache_to: build.cache_to.clone(),
        contexts: contexts(project, build),
        extra_hosts: build.extra_hosts.iter().map(|(host, address)| (host.to_owned(), address.to_owned())).collect(),
        network: text(build.network.as_ref()),
        shm_size: non_zero(build.shm_size.as_bytes()),
        ulimits: build.ulimits.iter().map(|(name, limit)| (name.clone(), (limit.soft(), limit.hard()))).collect(),
        entitlements: entitlements(build),
        secrets: files::of_build(project, service, build)?,
        ..BuildRequest::new(context, shared_key)
    })
}

fn context(project: &Project, service: &Service, build: &Build) -> Result<ContextSource, EngineError> {
    let context = text(build.context.as_ref()).ok_or_else(|| refused(service, "`build` has no context"))?;
    if is_remote(&context) {
        return Ok(ContextSource::Remote(context));
    }
    Ok(ContextSource::Directory(in_folder(&project.working_directory, &context)))
}

fn is_remote(context: &str) -> bool {
    context.contains("://") || REMOTE.iter().any(|prefix| context.starts_with(prefix))
}

fn in_folder(folder: &Path, path: &str) -> PathBuf {
    folder.join(path)
}

fn dockerfile(build: &Build) -> DockerfileSource {
    match (text(build.dockerfile_inline.as_ref()), text(build.dockerfile.as_ref())) {
        (Some(inline), _) => DockerfileSource::Inline(inline),
        (None, Some(path)) => DockerfileSource::Path(path),
        (None, None) => DockerfileSource::Path("Dockerfile".to_owned()),
    }
}

fn arguments(build: &Build, proxies: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut arguments = proxies.clone();
    for (name, value) in &build.args {
        // A name without a value says that the proxy of that name, too, is left out.
        match value {
            Some(value) => arguments.insert(name.clone(), value.clone()),
            None => arguments.remove(name),
        };
    }
    arguments
}

fn labels(project: &Project, service: &Service, build: &Build) -> BTreeMap<String, String> {
    let mut labels = build.labels.clone();
    labels.insert(label::PROJECT.to_owned(), project.name.to_string());
    labels.insert(label::SERVICE.to_owned(), service.name.to_string());
    labels.insert(label::VERSION.to_owned(), VERSION.to_owned());
    labels
}

/// The image's name first: it is the one that is looked at afterwards.
fn tags(build: &Build, image: &str) -> Vec<String> {
    let further = build.tags.iter().filter(|tag| *tag != image).cloned();
    std::iter::once(image.to_owned()).chain(further).collect()
}

/// One platform: an engine without a store for several keeps one only, and a container needs no more.
fn platforms(spec: &BuildSpec, build: &Build) -> Vec<String> {
    match (&spec.platform, build.platforms.as_slice()) {
        (Some(platform), _) | (None, [platform]) => vec![platform.clone()],
        (None, _) => Vec::new(),
    }
}

/// Contexts by name; the image of another service under its name in the store.
fn contexts(project: &Project, build: &Build) -> BTreeMap<String, String> {
    let value = |value: &String| match value.strip_prefix("service:") {
        Some(name) => match project.services.get(name).or_else(|| project.disabled.get(name)) {
            Some(service) => format!("docker-image://{}", project.image_name(service)),
            None => value.clone(),
        },
        None if is_remote(value) => value.clone(),
        None => in_folder(&project.working_directory, value).display().to_string(),
    };
    build.additional_contexts.iter().map(|(name, context)| (name.clone(), value(context))).collect()
}

fn entitlements(build: &Build) -> Vec<String> {
    let mut entitlements = build.entitlements.clone();
    let insecure = "security.insecure";
    if build.privileged && !entitlements.iter().any(|name| name == insecure) {
        entitlements.push(insecure.to_owned());
    }
    entitlements
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::docker::build::SecretSource;
    use crate::project::{FileReference, FileSource, Secret};

    fn spec(build: Build) -> BuildSpec {
        let service = Service { build: Some(build), ..Service::new("web") };
        let base = Service { build: Some(Build::default()), ..Service::new("base") };
        let project = Project {
            name: "shop".into(),
            working_directory: "/shop".into(),
            services: [("web".into(), service), ("base".into(), base)].into(),
            ..Project::default()
        };
        BuildSpec { project: Arc::new(project), service: "web".into(), image: "shop-web".to_owned(), platform: None }
    }

    #[test]
    fn a_folder_with_its_dockerfile() {
        let build = Build { context: Some("/shop/app".to_owned()), ..Build::default() };
        let request = build_request(&spec(build), &BTreeMap::new()).unwrap();
        assert_eq!(request.context, ContextSource::Directory("/shop/app".into()));
        assert_eq!(request.dockerfile, DockerfileSource::Path("Dockerfile".to_owned()));
        assert_eq!(request.tags, ["shop-web"]);
        assert_eq!(request.shared_key, "hoist:/shop/app");
        assert_eq!(request.labels[label::SERVICE], "web");
    }

    #[test]
    fn everything_else() {
        let build = Build {
            context: Some("https://example/app.git".to_owned()),
            args: [("A".to_owned(), Some("1".to_owned())), ("HTTP_PROXY".to_owned(), None)].into(),
            tags: vec!["shop-web".to_owned(), "other:1".to_owned()],
            additional_contexts: [
                ("base".to_owned(), "service:base".to_owned()),
                ("here".to_owned(), "/shop/here".to_owned()),
                ("image".to_owned(), "docker-image://alpine".to_owned()),
            ]
            .into(),
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            privileged: true,
            ..Build::default()
        };
        let proxies = [("HTTP_PROXY", "x"), ("HTTPS_PROXY", "y")];
        let proxies = proxies.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request = build_request(&spec(build), &proxies).unwrap();
        assert!(matches!(request.context, ContextSource::Remote(_)));
        assert_eq!(request.args.into_keys().collect::<Vec<_>>(), ["A", "HTTPS_PROXY"]);
        assert_eq!(request.tags, ["shop-web", "other:1"]);
        assert_eq!(request.contexts["base"], "docker-image://shop-base");
        assert_eq!(request.contexts["here"], "/shop/here");
        assert_eq!(request.contexts["image"], "docker-image://alpine");
        assert!(request.platforms.is_empty());
        assert_eq!(request.entitlements, ["security.insecure"]);
    }

    #[test]
    fn secrets_have_the_id_that_the_build_gives_them() {
        let reference = |source: &str, target: Option<&str>| FileReference {
            source: source.into(),
            target: target.map(str::to_owned),
            ..FileReference::default()
        };
        let secret = |source: FileSource| Secret { source: Some(source), ..Secret::default() };
        let variable = |value: Option<&str>| FileSource::Environment {
            variable: "TOKEN".to_owned(),
            value: value.map(str::to_owned),
        };
        let build = |secrets| Build { context: Some(".".to_owned()), secrets, ..Build::default() };
        let mut spec = spec(build(vec![reference("file", None), reference("token", Some("npm"))]));
        let project = Arc::get_mut(&mut spec.project).unwrap();
        project.secrets.insert("file".into(), secret(FileSource::File("/shop/key".to_owned())));
        project.secrets.insert("token".into(), secret(variable(Some("x"))));
        let request = build_request(&spec, &BTreeMap::new()).unwrap();
        assert_eq!(request.secrets["file"], SecretSource::File("/shop/key".into()));
        assert_eq!(request.secrets["npm"], SecretSource::Value("x".to_owned()));

        let project = Arc::get_mut(&mut spec.project).unwrap();
        project.secrets.insert("token".into(), secret(variable(None)));
        let error = build_request(&spec, &BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(error, "service `web`: environment variable \"TOKEN\" required by secret \"token\" is not set");
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        let build =
            Build { context: Some(".".to_owned()), ssh: vec![crate::project::SshKey::default()], ..Build::default() };
        let error = build_request(&spec(build), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "service `web`: `build.ssh` is not supported yet");
    }
}
