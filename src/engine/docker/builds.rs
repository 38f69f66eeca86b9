//! Builds: a build specification in, steps and the image out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::build::{self, BuildError, BuildProgress, Built, Hidden, SecretSource, StepStatus, Surroundings};
use super::client::Client;
use super::{Docker, convert, image_lookup, transfer};
use crate::engine::{BuildStatus, Builds, EngineError, ImageProgress};
use crate::observed::Image;
use crate::plan::{BuildPurpose, BuildSpec, Builder, Dockerfile, Exporter, PushFailure, PushSpec};
use crate::project::value::BuildContext;
use crate::source::clean;

impl Builds for Docker {
    fn build_image(&self, spec: Arc<BuildSpec>) -> BoxStream<'static, Result<ImageProgress, EngineError>> {
        stream::once(begin(self.client.clone(), spec)).try_flatten().boxed()
    }
}

async fn begin(
    client: Client,
    spec: Arc<BuildSpec>,
) -> Result<BoxStream<'static, Result<ImageProgress, EngineError>>, EngineError> {
    let proxies = client.config().await.proxy_variables(&client.address());
    let complete = convert::build::complete(&spec, &proxies);
    let secrets = convert::files::of_build(&spec)?;
    let store = client.credentials();
    let credentials = Arc::new(move |registry: &str| store.user_and_password(registry));
    let built = spec.clone();
    let failed = move |error| failed(error, &built);
    let settings = client.build_settings().clone();
    let hidden = Hidden::of(&complete, secrets.values().filter_map(SecretSource::value), settings.secrets);
    let progress = match &spec.builder {
        Builder::Buildx(name) => {
            let surroundings = Surroundings {
                address: client.address(),
                config_folder: client.config_folder(),
                temporary_folder: settings.temporary_folder,
            };
            build::build_with(name.clone(), complete, secrets, surroundings).map_err(failed).boxed()
        }
        Builder::Classic => build::build_classic(client.clone(), complete),
        Builder::Engine => {
            let mut progress = build::build(
                client.transport().clone(),
                complete.clone(),
                secrets,
                settings,
                hidden.clone(),
                credentials,
            );
            match progress.next().await {
                Some(Err(BuildError::NoBuildKit { .. })) => build::build_classic(client.clone(), complete),
                first => stream::iter(first).chain(progress).map_err(failed).boxed(),
            }
        }
    };
    let shown = hidden.clone();
    let steps = progress.map_err(move |error| hidden.out_of_error(error)).and_then(move |progress| {
        let (client, spec, progress) = (client.clone(), spec.clone(), shown.out_of_progress(progress));
        async move { convert_progress(&client, &spec, progress).await }
    });
    Ok(steps.boxed())
}

/// The failure of a build; its place is in the Dockerfile, which the engine names without its folder.
fn failed(error: BuildError, spec: &BuildSpec) -> EngineError {
    let mut error = EngineError::from(error);
    if let (BuildContext::Folder(folder), Dockerfile::Path(path)) = (&spec.context, &spec.dockerfile)
        && let EngineError::Build(failure) = &mut error
        && let Some(place) = &mut failure.place
        && place.file.file_name() == Path::new(path).file_name()
    {
        place.file = cleaned(&folder.join(path));
    }
    error
}

/// The path without `..`, if it is the same file then: `..` after a symbolic link leads elsewhere.
fn cleaned(path: &Path) -> PathBuf {
    let short = path.to_str().map(|path| PathBuf::from(clean(path)));
    let same = |short: &PathBuf| path.canonicalize().is_ok_and(|file| short.canonicalize().is_ok_and(|it| it == file));
    short.filter(same).unwrap_or_else(|| path.to_path_buf())
}

async fn convert_progress(
    client: &Client,
    spec: &BuildSpec,
    progress: BuildProgress,
) -> Result<ImageProgress, EngineError> {
    Ok(match progress {
        BuildProgress::Step { id, name, status, elapsed } => {
            ImageProgress::BuildStep { id, name, status: status.into(), elapsed }
        }
        BuildProgress::Log { id, line } => ImageProgress::BuildLog { id, line },
        BuildProgress::OpenLine { id, line } => ImageProgress::BuildOpenLine { id, line },
        BuildProgress::Transfer { id, name, current, total } => {
            ImageProgress::Layer { id, status: name, current: Some(current), total }
        }
        BuildProgress::Warning { message } => {
            ImageProgress::BuildLog { id: String::new(), line: format!("warning: {message}") }
        }
        BuildProgress::Done(built) => ImageProgress::Done(built_image(client, spec, built).await?),
    })
}

/// The image that a build left in the store; if it left none, the one that the builder reports.
async fn built_image(client: &Client, spec: &BuildSpec, built: Built) -> Result<Image, EngineError> {
    if spec.purpose == BuildPurpose::Check {
        return Ok(Image { digest: "".into(), id: "".into(), tagged_at: None });
    }
    match &spec.exporter {
        Exporter::ImageStore { .. } | Exporter::Platforms { .. } => {
            if let Some(image) = image_lookup::look(client, &spec.image, spec.platform.as_deref()).await? {
                return Ok(image);
            }
        }
        Exporter::Registry { .. } => {}
    }
    if let (Exporter::Registry { tags }, false) = (&spec.exporter, built.pushed) {
        for tag in tags {
            let spec = PushSpec { image: tag.clone(), service: spec.service.clone(), on_failure: PushFailure::EndRun };
            transfer::push(client.clone(), Arc::new(spec)).try_for_each(|_| future::ready(Ok(()))).await?;
        }
    }
    match built.digest.or(built.config_digest) {
        Some(digest) => Ok(Image { digest: digest.as_str().into(), id: digest.as_str().into(), tagged_at: None }),
        None => Err(EngineError::Build(Box::new(format!("the build of `{}` produced no image", spec.image).into()))),
    }
}

impl From<StepStatus> for BuildStatus {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Started => Self::Started,
            StepStatus::Done => Self::Done,
            StepStatus::Cached => Self::Cached,
            StepStatus::Failed(message) => Self::Failed(message),
        }
    }
}
