//! Pulls, builds and pushes: the engine's progress in, events out; faults that pass are tried again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::time::Instant;

use super::step::StepContext;
use crate::engine::{Engine, EngineError, ImageProgress};
use crate::event::{Events, Fact, Outcome, PullAlternative, StepError};
use crate::observed::ImageDigest;
use crate::plan::{ActionId, BuildSpec, Exporter, PullFailure, PullSpec, PushFailure, PushSpec};

type StepOutcome = Result<Outcome, StepError>;

/// The delays before further attempts, in seconds, unless the registry asks for another one.
const DELAYS: [u64; 3] = [1, 3, 9];
/// The longest delay that is worth it; if a registry asks for a longer one, the step fails at once.
const LONGEST: Duration = Duration::from_mins(1);
/// How long a registry may bring nothing before there is no further attempt. The engine makes attempts of its own, which
/// take most of this time.
const PATIENCE: Duration = Duration::from_secs(30);

#[expect(clippy::wildcard_enum_match_arm, reason = "only the engine's answer gets a name")]
pub(super) async fn pull_image<E: Engine>(context: &StepContext<E>, id: ActionId, spec: &Arc<PullSpec>) -> StepOutcome {
    let progress = || context.engine.pull_image(spec.clone());
    let error = match transfer(context, id, progress).await {
        Ok(digest) => {
            let digest = match digest {
                Some(digest) => digest,
                None => find(context, &spec.image, spec.platform.as_deref()).await?,
            };
            context.facts.got_image(id, Some(digest));
            return Ok(Outcome::Done);
        }
        Err(StepError::Interrupted) => return Err(StepError::Interrupted),
        Err(error) => error,
    };
    if spec.on_failure == PullFailure::Tolerate {
        let there = context.engine.image(spec.image.clone(), spec.platform.clone()).await?;
        context.facts.got_image(id, there.map(|image| image.digest));
        return Ok(Outcome::PullTolerated(Box::new(error)));
    }
    let error = match error {
        StepError::Engine(cause) => StepError::Pull {
            image: spec.image.clone(),
            service: spec.built_by.first().or(spec.services.first()).cloned(),
            alternative: alternative(context, spec).await,
            cause: Box::new(cause),
        },
        error => error,
    };
    if spec.on_failure == PullFailure::Ignore { Ok(Outcome::FailureIgnored(Box::new(error))) } else { Err(error) }
}

/// What can be used instead of an image that was not pulled.
async fn alternative<E: Engine>(context: &StepContext<E>, spec: &PullSpec) -> Option<PullAlternative> {
    match spec.on_failure {
        PullFailure::ToBeBuilt => Some(PullAlternative::Build),
        PullFailure::Fail => {
            let there = context.engine.image(spec.image.clone(), spec.platform.clone()).await;
            there.ok().flatten().map(|_| PullAlternative::LocalImage)
        }
        PullFailure::EndRun | PullFailure::Tolerate | PullFailure::Ignore => None,
    }
}

pub(super) async fn push_image<E: Engine>(context: &StepContext<E>, id: ActionId, spec: &Arc<PushSpec>) -> StepOutcome {
    let error = match transfer(context, id, || context.engine.push_image(spec.clone())).await {
        Ok(_) => return Ok(Outcome::Done),
        Err(StepError::Engine(cause)) => {
            StepError::Push { image: spec.image.clone(), service: spec.service.clone(), cause: Box::new(cause) }
        }
        Err(error) => return Err(error),
    };
    match spec.on_failure {
        PushFailure::Ignore => Ok(Outcome::FailureIgnored(Box::new(error))),
        PushFailure::EndRun => Err(error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only a failed build gets its service")]
pub(super) async fn build_image<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    spec: &Arc<BuildSpec>,
) -> StepOutcome {
    let progress = context.engine.build_image(spec.clone());
    let followed = follow(context, id, progress, &mut Instant::now()).await.map_err(|error| match error {
        StepError::Engine(EngineError::Build(failure)) => StepError::Build { service: spec.service.clone(), failure },
        // What the builder itself asks of a registry fails as a build: this is the push of the result.
        StepError::Engine(cause) if is_of_push(&cause, spec) => {
            StepError::Push { image: spec.image.clone(), service: spec.service.clone(), cause: Box::new(cause) }
        }
        error => error,
    });
    let digest = match followed? {
        Some(digest) => digest,
        None => find(context, &spec.image, spec.platform.as_deref()).await?,
    };
    context.facts.got_image(id, Some(digest));
    Ok(Outcome::Done)
}

/// Whether a failure during a build is that of pushing its result.
fn is_of_push(cause: &EngineError, spec: &BuildSpec) -> bool {
    let of_registry = matches!(cause, EngineError::Registry(_) | EngineError::RegistryFault { .. });
    let of_transfer = matches!(cause, EngineError::Failed(_) | EngineError::NotFound(_));
    of_registry || (of_transfer && matches!(spec.exporter, Exporter::Registry { .. }))
}

/// The image that a finished pull or build should have brought.
async fn find<E: Engine>(
    context: &StepContext<E>,
    image: &str,
    platform: Option<&str>,
) -> Result<ImageDigest, StepError> {
    let found = context.engine.image(image.to_owned(), platform.map(ToOwned::to_owned)).await?;
    found.map(|image| image.digest).ok_or_else(|| StepError::NoImage(image.to_owned()))
}

/// Pulls or pushes, and tries again after faults of the registry that may pass. The engine keeps what it has of an
/// image's layers, so another attempt goes on where the last one ended.
async fn transfer<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    begin: impl Fn() -> BoxStream<'static, Result<ImageProgress, EngineError>>,
) -> Result<Option<ImageDigest>, StepError> {
    let mut delays = DELAYS.into_iter().map(Duration::from_secs);
    let mut last_bytes = Instant::now();
    loop {
        let cause = match follow(context, id, begin(), &mut last_bytes).await {
            Err(StepError::Engine(cause)) => cause,
            ended => return ended,
        };
        let EngineError::RegistryFault { retry_after, .. } = &cause else { return Err(cause.into()) };
        let delay = delays.next().map(|delay| retry_after.unwrap_or(delay)).filter(|delay| *delay <= LONGEST);
        let Some(delay) = delay.filter(|_| last_bytes.elapsed() < PATIENCE) else { return Err(cause.into()) };
        if retry_after.is_some() {
            // The registry answers, and asks for patience.
            last_bytes = Instant::now() + delay;
        }
        context.events.send(Fact::Retrying { id, delay, cause });
        context.pause(delay).await?;
    }
}

/// Reads a transfer or build to its end, and notes when bytes arrived last. When the user interrupts, dropping the stream
/// ends it in the engine too.
async fn follow<E: Engine>(
    context: &StepContext<E>,
    id: ActionId,
    mut progress: BoxStream<'static, Result<ImageProgress, EngineError>>,
    last_bytes: &mut Instant,
) -> Result<Option<ImageDigest>, StepError> {
    let mut digest = None;
    loop {
        let next = tokio::select! {
            biased;
            () = context.cancel.cancelled() => return Err(StepError::Interrupted),
            next = progress.next() => next,
        };
        match next {
            Some(Ok(ImageProgress::Done(image))) => digest = Some(image.digest),
            Some(Ok(progress)) => {
                if matches!(progress, ImageProgress::Layer { current: Some(1..), .. }) {
                    *last_bytes = Instant::now();
                }
                report(&context.events, id, progress);
            }
            Some(Err(error)) => return Err(error.lasting().into()),
            None => return Ok(digest),
        }
    }
}

fn report(events: &Events, id: ActionId, progress: ImageProgress) {
    match progress {
        ImageProgress::Layer { id: part, status, current, total } => {
            events.send(Fact::Progress { id, part, status, current, total });
        }
        ImageProgress::BuildStep { id: part, name, status, elapsed } => {
            events.send(Fact::BuildStep { id, part, name, status, elapsed });
        }
        ImageProgress::BuildLog { id: part, line } => events.send(Fact::BuildLog { id, part, line }),
        ImageProgress::BuildOpenLine { id: part, line } => events.send(Fact::BuildOpenLine { id, part, line }),
        ImageProgress::Done(_) => {}
    }
}
