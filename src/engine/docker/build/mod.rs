//! Builds images with the engine's BuildKit: a specification in, progress and the image out.
//!
//! A build uses two connections to the engine, both upgraded from HTTP to gRPC. On `/grpc` hoist calls the engine: it
//! requests the build (`Solve`) and its progress (`Status`). On `/session` the engine calls hoist: it fetches the files
//! that differ from earlier builds, and credentials. No other program is needed, and the context is not copied.
//!
//! ```text
//! request.rs  cache.rs    what to build -> the engine's words, and the folders it may ask for
//! support.rs     what the engine's builder can do
//! connection.rs  bytes -> gRPC, in either direction
//! session.rs     what the engine may call: health, credentials, secrets, files, SSH agents
//!   ssh.rs  ssh_keys.rs    agents for build steps; keys from files
//!   file_sync.rs   the protocol of files
//!   tree.rs  filter.rs    a folder -> its entries; which of them
//!   ignore_file.rs    the line of an ignore file that is no pattern
//! check.rs       the linter's report instead of an image
//! classic.rs  archive.rs    engines without BuildKit; a folder as one stream
//! buildx.rs  bake.rs    another builder, by Docker's plugin; what it is asked for
//! progress.rs    the engine's news -> steps and lines
//! error.rs       why it failed, and where in the Dockerfile
//! tasks.rs  unique.rs    the build's tasks end with it; names that nothing else has
//! ```

mod archive;
mod bake;
mod buildx;
mod cache;
mod check;
mod classic;
mod connection;
mod error;
mod file_sync;
mod filter;
mod hidden;
mod ignore_file;
mod progress;
mod request;
mod session;
mod ssh;
mod ssh_keys;
mod support;
mod tasks;
mod tree;
mod unique;
mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::{SolveResponse, StatusRequest};
use futures::stream::BoxStream;
use futures::{StreamExt, future, stream};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

pub(in crate::engine::docker) use buildx::Surroundings;
use check::Report;
pub(in crate::engine::docker) use error::BuildError;
pub(in crate::engine::docker) use hidden::Hidden;
pub(in crate::engine::docker) use progress::{BuildProgress, Built, StepStatus};
pub(in crate::engine::docker) use session::SecretSource;

use connection::Control;
use file_sync::Transfers;
use progress::Steps;
use request::Prepared;
use session::Credentials;
use ssh::Agents;
use support::ImageStore;
use tasks::Tasks;
use unique::unique_id;

use crate::engine::EngineError;
use crate::engine::docker::client::Client;
use crate::engine::docker::connect::{BuildSettings, GithubJob};
use crate::engine::docker::transport::Transport;
use crate::plan::{BuildPurpose, BuildSpec, Exporter};

/// How long to wait for remaining progress after a build has ended.
const LAST_NEWS: Duration = Duration::from_secs(3);

/// Maximum number of queued progress messages.
const QUEUE: usize = 256;

/// Builds an image; its steps may mount `secrets` by their ids. The stream ends with [`BuildProgress::Done`] or with an
/// error. Nothing happens before it is polled, and dropping it cancels the build. It must be polled inside a tokio
/// runtime.
pub(in crate::engine::docker) fn build(
    transport: Transport,
    spec: BuildSpec,
    secrets: BTreeMap<String, SecretSource>,
    settings: BuildSettings,
    hidden: Hidden,
    credentials: Credentials,
) -> BoxStream<'static, Result<BuildProgress, BuildError>> {
    let (progress, received) = mpsc::channel(QUEUE);
    let work = async move {
        let result = run(&transport, spec, secrets, &settings, hidden, credentials, &progress).await;
        // It does not matter if the receiver is gone.
        let _ = progress.send(result.map(BuildProgress::Done)).await;
    };
    let silent = stream::once(work).filter_map(|()| future::ready(None));
    stream::select(ReceiverStream::new(received), silent).boxed()
}

/// Builds an image with the classic builder, which engines without BuildKit have.
pub(in crate::engine::docker) fn build_classic(
    client: Client,
    spec: BuildSpec,
) -> BoxStream<'static, Result<BuildProgress, EngineError>> {
    let (progress, received) = mpsc::channel(QUEUE);
    let work = async move {
        let result = classic::run(&client, spec, &progress).await;
        let _ = progress.send(result.map(BuildProgress::Done)).await;
    };
    let silent = stream::once(work).filter_map(|()| future::ready(None));
    stream::select(ReceiverStream::new(received), silent).boxed()
}

/// Builds an image with another builder than the engine's, by Docker's buildx plugin.
pub(in crate::engine::docker) fn build_with(
    builder: String,
    spec: BuildSpec,
    secrets: BTreeMap<String, SecretSource>,
    surroundings: Surroundings,
) -> BoxStream<'static, Result<BuildProgress, BuildError>> {
    let (progress, received) = mpsc::channel(QUEUE);
    let work = async move {
        let result = buildx::run(&builder, &spec, &secrets, &surroundings, &progress).await;
        let _ = progress.send(result.map(BuildProgress::Done)).await;
    };
    let silent = stream::once(work).filter_map(|()| future::ready(None));
    stream::select(ReceiverStream::new(received), silent).boxed()
}

type Progress = mpsc::Sender<Result<BuildProgress, BuildError>>;

async fn run(
    transport: &Transport,
    mut spec: BuildSpec,
    secrets: BTreeMap<String, SecretSource>,
    settings: &BuildSettings,
    hidden: Hidden,
    credentials: Credentials,
    progress: &Progress,
) -> Result<Built, BuildError> {
    let tasks = Tasks::default();
    let spawner = tasks.spawner();
    let channel = connection::connect(transport, &spawner).await?;
    let mut control = channel.control();
    for message in warnings(&mut spec, &settings.github) {
        let _ = progress.send(Ok(BuildProgress::Warning { message })).await;
    }
    let store = support::check(&mut control, &mut spec).await?;
    let purpose = spec.purpose;
    let pushed = store == ImageStore::Containerd && matches!(spec.exporter, Exporter::Registry { .. });
    let agents = Agents::of(&spec.ssh, settings).await?;
    let (reference, session) = (unique_id(), unique_id());
    let shared_key = request::shared_key(&spec.context);
    let prepared = {
        let session = session.clone();
        let prepare = move || request::prepare(&spec, store, &reference, &session);
        tokio::task::spawn_blocking(prepare).await.map_err(|cause| BuildError::Request(cause.to_string()))??
    };
    let Prepared { solve, sources, ignore_files } = prepared;
    let transfers = Arc::<Transfers>::default();
    let transfers_of_session = Arc::clone(&transfers);
    let offer = session::Offer {
        id: session,
        shared_key,
        sources,
        credentials,
        secrets,
        hidden,
        agents: &agents,
        transfers: transfers_of_session,
    };
    session::open(transport, &spawner, offer).await?;

    let mut steps = Steps::default();
    let (ended, end) = oneshot::channel();
    let news = follow(control.clone(), solve.r#ref.clone(), &mut steps, progress);
    let news = until_some_time_after(end, news);
    let solving = async {
        let result = match purpose {
            BuildPurpose::Image => control.solve(solve).await.map(|response| Outcome::Built(response.into_inner())),
            BuildPurpose::Check => check::lint(&mut control, &mut channel.bridge(), solve).await.map(Outcome::Checked),
        };
        // The progress may have ended already.
        let _ = ended.send(());
        result
    };
    let (result, ()) = tokio::join!(solving, news);
    match result {
        Ok(Outcome::Built(response)) => Ok(Built { pushed, ..built(response, &transfers) }),
        Ok(Outcome::Checked(report)) => checked(report, progress).await,
        Err(status) => {
            let (step, log) = steps.failure();
            let error = BuildError::of_solve(&status, transfers.failure(), step, log);
            Err(error.with_ignored(&ignore_files))
        }
    }
}

/// What the engine made of a request.
enum Outcome {
    Built(SolveResponse),
    Checked(Report),
}

fn built(response: SolveResponse, transfers: &Transfers) -> Built {
    let mut response = response.exporter_response;
    let (files_sent, bytes_sent) = transfers.sent();
    Built {
        digest: response.remove("containerimage.digest"),
        config_digest: response.remove("containerimage.config.digest"),
        pushed: false,
        files_sent,
        bytes_sent,
    }
}

/// What the build asks for and does not get.
fn warnings(spec: &mut BuildSpec, github: &GithubJob) -> impl Iterator<Item = String> + use<> {
    let memory = "`--memory` has no effect: only the classic builder limits the memory of a build";
    spec.memory.map(|_| memory.to_owned()).into_iter().chain(cache::complete(spec, github))
}

/// Passes the report on as lines of no step. The check fails if it found something.
async fn checked(report: Report, progress: &Progress) -> Result<Built, BuildError> {
    let failure = report.failure();
    for line in report.lines {
        let _ = progress.send(Ok(BuildProgress::Log { id: String::new(), line })).await;
    }
    failure.map_or_else(|| Ok(Built::default()), Err)
}

/// Passes the engine's progress of a build on until it ends.
async fn follow(mut control: Control, reference: String, steps: &mut Steps, progress: &Progress) {
    // An error here is also in the result of the build, with a better message.
    let Ok(news) = control.status(StatusRequest { r#ref: reference }).await else { return };
    let mut news = news.into_inner();
    while let Ok(Some(response)) = news.message().await {
        for item in steps.take(response) {
            let _ = progress.send(Ok(item)).await;
        }
    }
}

/// Waits for the progress to end, but not long after the build has ended.
async fn until_some_time_after(end: oneshot::Receiver<()>, news: impl Future<Output = ()>) {
    let late = async {
        let _ = end.await;
        tokio::time::sleep(LAST_NEWS).await;
    };
    tokio::select! {
        () = news => {}
        () = late => {}
    }
}
