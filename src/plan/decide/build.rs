//! Builds: resolves the `build` section of a service.

use std::collections::BTreeMap;

use crate::plan::{
    Attestation, Attestations, BuildOptions, BuildSecret, BuildSpec, Builder, Dockerfile, Exporter, PlanError,
};
use crate::project::value::BuildContext;
use crate::project::{Build, Project, Service};

/// What a build is made for.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) enum Resolve<'a> {
    /// For containers: for the platform on which they run.
    OnePlatform,
    /// For the command `build`: for all platforms that the files list, and with its flags.
    AllPlatforms(&'a BuildOptions),
}

/// A `build` section with the flags of the command that have the same meaning.
pub(in crate::plan) fn overridden(mut build: Build, options: &BuildOptions) -> Build {
    for (name, value) in &options.args {
        match value {
            Some(value) => build.args.insert(name.clone(), Some(value.clone())),
            None => build.args.remove(name),
        };
    }
    build.ssh.extend(options.ssh.iter().cloned());
    build.no_cache |= options.no_cache;
    build.pull |= options.pull;
    build
}

/// A `build` section that lists the platforms to build for: those in the files, else that of the service, else the
/// default.
///
/// # Errors
///
/// If the files list platforms, but not that of the service or the default.
pub(in crate::plan) fn for_platforms(
    service: &Service,
    mut build: Build,
    default_platform: Option<&str>,
) -> Result<Build, PlanError> {
    check_platform(service, &build, default_platform)?;
    if build.platforms.is_empty() {
        build.platforms.extend(service.platform.as_deref().or(default_platform).map(str::to_owned));
    }
    Ok(build)
}

/// Checks that a service can be built for its platform, or for the default.
///
/// # Errors
///
/// If the files list platforms, but not that one.
pub(in crate::plan) fn check_platform(
    service: &Service,
    build: &Build,
    default_platform: Option<&str>,
) -> Result<(), PlanError> {
    let refuses = |platform: &&str| !build.platforms.is_empty() && !build.platforms.iter().any(|one| one == platform);
    if let Some(platform) = default_platform.filter(refuses) {
        return Err(PlanError::DefaultPlatformNotBuilt {
            service: service.name.clone(),
            platform: platform.to_owned(),
        });
    }
    match service.platform.as_deref().filter(refuses) {
        Some(platform) => {
            Err(PlanError::PlatformNotBuilt { service: service.name.clone(), platform: platform.to_owned() })
        }
        None => Ok(()),
    }
}

/// The build of `image` according to the service's `build` section. Flags override its fields afterwards.
///
/// # Errors
///
/// If `DOCKER_BUILDKIT` is not a boolean.
pub(in crate::plan) fn resolve(
    project: &Project,
    (service, build): (&Service, &Build),
    image: &str,
    platform: Option<&str>,
    resolve: Resolve<'_>,
) -> Result<BuildSpec, PlanError> {
    let folder = &project.working_directory;
    let context = text(build.context.as_ref())
        .map_or_else(|| BuildContext::Folder(folder.clone()), |context| BuildContext::new(&context, folder));
    let spec = BuildSpec {
        platform: platform.map(str::to_owned),
        exporter: Exporter::ImageStore { tags: tags(build, image) },
        dockerfile: dockerfile(build),
        args: build.args.clone(),
        labels: project.image_labels(service, build),
        target: text(build.target.as_ref()),
        no_cache: build.no_cache,
        no_cache_filter: build.no_cache_filter.clone(),
        pull: build.pull,
        cache_from: build.cache_from.clone(),
        cache_to: build.cache_to.clone(),
        contexts: contexts(project, build),
        extra_hosts: build.extra_hosts.iter().map(|(host, address)| (host.to_owned(), address.to_owned())).collect(),
        network: text(build.network.as_ref()),
        shm_size: Some(build.shm_size.as_bytes()).filter(|bytes| *bytes != 0),
        ulimits: build.ulimits.clone(),
        entitlements: entitlements(build),
        secrets: secrets(project, build),
        ssh: build.ssh.clone(),
        attestations: Attestations {
            provenance: Attestation::new(build.provenance.as_deref()),
            sbom: Attestation::new(build.sbom.as_deref()),
        },
        builder: builder(&project.environment, None)?,
        ..BuildSpec::new(service.name.clone(), image, context)
    };
    Ok(match resolve {
        Resolve::OnePlatform => BuildSpec { platforms: one_platform(build, platform), ..spec },
        Resolve::AllPlatforms(options) => {
            let builder = builder(&project.environment, options.builder.as_ref())?;
            with_flags(BuildSpec { platforms: build.platforms.clone(), builder, ..spec }, service, options)
        }
    })
}

/// The build as the flags of the command want it that no file can set.
fn with_flags(mut spec: BuildSpec, service: &Service, options: &BuildOptions) -> BuildSpec {
    let push = options.push && service.image.is_some();
    let tags = spec.exporter.tags().to_vec();
    spec.exporter = match spec.platforms.len() {
        0 | 1 if push => Exporter::Registry { tags },
        0 | 1 => Exporter::ImageStore { tags },
        _ => Exporter::Platforms { tags, push },
    };
    if options.provenance.is_some() {
        spec.attestations.provenance = Attestation::new(options.provenance.as_deref());
    }
    if options.sbom.is_some() {
        spec.attestations.sbom = Attestation::new(options.sbom.as_deref());
    }
    BuildSpec { memory: options.memory, purpose: options.purpose, ..spec }
}

/// What builds: the builder that `flag` names, else the one of the variable. The engine's own is called `default`.
///
/// # Errors
///
/// If `DOCKER_BUILDKIT` is not a boolean.
fn builder(environment: &BTreeMap<String, String>, flag: Option<&String>) -> Result<Builder, PlanError> {
    let classic = match environment.get("DOCKER_BUILDKIT").map_or("", String::as_str) {
        "" | "1" | "t" | "T" | "TRUE" | "true" | "True" => false,
        "0" | "f" | "F" | "FALSE" | "false" | "False" => true,
        value => return Err(PlanError::NoBoolean { variable: "DOCKER_BUILDKIT", value: value.to_owned() }),
    };
    Ok(match text(flag.or_else(|| environment.get("BUILDX_BUILDER"))) {
        Some(name) if name != "default" => Builder::Buildx(name),
        _ if classic => Builder::Classic,
        _ => Builder::Engine,
    })
}

/// A text, or `None` if it is empty.
fn text(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// The names of the image, its main name first.
fn tags(build: &Build, image: &str) -> Vec<String> {
    let further = build.tags.iter().filter(|tag| *tag != image).cloned();
    std::iter::once(image.to_owned()).chain(further).collect()
}

fn dockerfile(build: &Build) -> Dockerfile {
    match (text(build.dockerfile_inline.as_ref()), text(build.dockerfile.as_ref())) {
        (Some(inline), _) => Dockerfile::Inline(inline),
        (None, Some(path)) => Dockerfile::Path(path),
        (None, None) => Dockerfile::Path("Dockerfile".to_owned()),
    }
}

/// A single platform: an engine without a multi-platform store keeps only one, and a container needs no more.
fn one_platform(build: &Build, platform: Option<&str>) -> Vec<String> {
    match (platform, build.platforms.as_slice()) {
        (Some(platform), _) => vec![platform.to_owned()],
        (None, [platform]) => vec![platform.clone()],
        (None, _) => Vec::new(),
    }
}

/// Additional contexts by name; the image of another service by its name in the store.
fn contexts(project: &Project, build: &Build) -> BTreeMap<String, BuildContext> {
    let service = |name: &str| project.services.get(name).or_else(|| project.disabled.get(name));
    let context = |text: &str| match text.strip_prefix("service:").and_then(service) {
        Some(service) => BuildContext::Remote(format!("docker-image://{}", project.image_name(service))),
        None => BuildContext::new(text, &project.working_directory),
    };
    build.additional_contexts.iter().map(|(name, text)| (name.clone(), context(text))).collect()
}

fn entitlements(build: &Build) -> Vec<String> {
    let mut entitlements = build.entitlements.clone();
    let insecure = "security.insecure";
    if build.privileged && !entitlements.iter().any(|name| name == insecure) {
        entitlements.push(insecure.to_owned());
    }
    entitlements
}

fn secrets(project: &Project, build: &Build) -> BTreeMap<String, BuildSecret> {
    let secrets = build.secrets.iter().map(|reference| {
        let key = reference.source.clone();
        let id = text(reference.target.as_ref()).unwrap_or_else(|| key.to_string());
        let definition = project.secrets.get(&key).or_else(|| project.disabled_secrets.get(&key));
        (id, BuildSecret { definition: definition.cloned(), key })
    });
    secrets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{FileReference, FileSource, Secret, ServiceName, label};

    fn resolved(build: Build, platform: Option<&str>) -> BuildSpec {
        let service = Service { build: Some(build), ..Service::new("web") };
        let base = Service { build: Some(Build::default()), ..Service::new("base") };
        let variable = FileSource::Environment { variable: "TOKEN".to_owned(), value: Some("hunter2".to_owned()) };
        let secret = |source: FileSource| Secret { source: Some(source), ..Secret::default() };
        let project = Project {
            name: "shop".into(),
            working_directory: "/shop".into(),
            disabled: [("base".into(), base)].into(),
            secrets: [
                ("file".into(), secret(FileSource::File("/shop/key".to_owned()))),
                ("token".into(), secret(variable)),
            ]
            .into(),
            ..Project::default()
        };
        let build = service.build.as_ref().expect("it has one");
        resolve(&project, (&service, build), "shop-web", platform, Resolve::OnePlatform).expect("resolved")
    }

    #[test]
    fn the_engine_builds_unless_somebody_says_otherwise() {
        let named = |name: &str| Builder::Buildx(name.to_owned());
        for (variables, flag, expected) in [
            (&[][..], None, Builder::Engine),
            (&[("DOCKER_BUILDKIT", "1"), ("BUILDX_BUILDER", "")], None, Builder::Engine),
            (&[("DOCKER_BUILDKIT", "False")], None, Builder::Classic),
            (&[("DOCKER_BUILDKIT", "0"), ("BUILDX_BUILDER", "far")], None, named("far")),
            (&[("BUILDX_BUILDER", "far")], Some("near"), named("near")),
            (&[("BUILDX_BUILDER", "far")], Some("default"), Builder::Engine),
        ] {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let found = builder(&environment.collect(), flag.map(str::to_owned).as_ref());
            assert_eq!(found, Ok(expected), "{variables:?}");
        }
        let wrong = builder(&[("DOCKER_BUILDKIT".to_owned(), "rubbish".to_owned())].into(), None);
        let message = wrong.expect_err("it is no boolean").to_string();
        let words = "DOCKER_BUILDKIT environment variable expects boolean value: strconv.ParseBool: parsing ";
        assert_eq!(message, format!("{words}\"rubbish\": invalid syntax"));
    }

    #[test]
    fn a_folder_with_its_dockerfile() {
        let spec = resolved(Build { context: Some("/shop/app".to_owned()), ..Build::default() }, None);
        assert_eq!(spec.context, BuildContext::Folder("/shop/app".into()));
        assert_eq!(spec.dockerfile, Dockerfile::Path("Dockerfile".to_owned()));
        assert_eq!(spec.exporter, Exporter::ImageStore { tags: vec!["shop-web".to_owned()] });
        assert_eq!((spec.service, spec.image.as_str()), (ServiceName::from("web"), "shop-web"));
        assert_eq!(spec.labels[label::PROJECT], "shop");
        assert_eq!(spec.labels[label::SERVICE], "web");
        assert_eq!(spec.labels[label::VERSION], label::VERSION_VALUE);
        assert!(spec.platforms.is_empty());
    }

    #[test]
    fn everything_else() {
        let text = |text: &str| Some(text.to_owned());
        let build = Build {
            context: text("https://example/app.git"),
            dockerfile: text("Other"),
            dockerfile_inline: text("FROM x"),
            target: text(""),
            tags: vec!["shop-web".to_owned(), "other:1".to_owned()],
            additional_contexts: [
                ("base".to_owned(), "service:base".to_owned()),
                ("here".to_owned(), "here".to_owned()),
                ("image".to_owned(), "docker-image://alpine".to_owned()),
            ]
            .into(),
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            privileged: true,
            ..Build::default()
        };
        let spec = resolved(build.clone(), None);
        let remote = |text: &str| BuildContext::Remote(text.to_owned());
        assert_eq!(spec.context, remote("https://example/app.git"));
        assert_eq!(spec.dockerfile, Dockerfile::Inline("FROM x".to_owned()));
        assert_eq!(spec.target, None);
        assert_eq!(spec.exporter, Exporter::ImageStore { tags: vec!["shop-web".to_owned(), "other:1".to_owned()] });
        let contexts: Vec<_> = spec.contexts.into_values().collect();
        let here = BuildContext::Folder("/shop/here".into());
        assert_eq!(contexts, [remote("docker-image://shop-base"), here, remote("docker-image://alpine")]);
        assert_eq!(spec.entitlements, ["security.insecure"]);
        assert!(spec.platforms.is_empty());
        let arm = resolved(build.clone(), Some("linux/arm64"));
        assert_eq!((arm.platform.as_deref(), arm.platforms.as_slice()), (Some("linux/arm64"), &build.platforms[1..]));
        let one = resolved(Build { platforms: vec!["linux/arm64".to_owned()], ..build }, None);
        assert_eq!((one.platform, one.platforms), (None, vec!["linux/arm64".to_owned()]));
    }

    #[test]
    fn secrets_have_the_id_that_the_build_gives_them_and_are_not_shown() {
        let reference = |source: &str, target: Option<&str>| FileReference {
            source: source.into(),
            target: target.map(str::to_owned),
            ..FileReference::default()
        };
        let secrets = vec![reference("file", None), reference("token", Some("npm")), reference("none", Some(""))];
        let args = [("NPM_TOKEN".to_owned(), Some("hunter2".to_owned()))].into();
        let spec = resolved(Build { args, secrets, ..Build::default() }, None);
        assert_eq!(spec.context, BuildContext::Folder("/shop".into()));
        let keys: Vec<_> = spec.secrets.iter().map(|(id, secret)| (id.as_str(), secret.key.as_str())).collect();
        assert_eq!(keys, [("file", "file"), ("none", "none"), ("npm", "token")]);
        assert_eq!(spec.secrets["none"].definition, None);
        for shown in [format!("{spec:?}"), format!("{:?}", spec.secrets)] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
