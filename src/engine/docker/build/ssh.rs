//! SSH for build steps: an agent's socket or key files in, signatures out. Build steps never see a key.
//!
//! Keys from files go into an agent that runs for this build only (`ssh-agent` and `ssh-add` of OpenSSH).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::Ssh;
use bollard_buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest, CheckAgentResponse};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::io::StreamReader;
use tonic::{Request, Response, Status, Streaming};

use super::error::BuildError;
use super::ssh_keys::{KeyAgent, read_key};
use super::tasks::Spawner;
use crate::engine::docker::connect::BuildSettings;
use crate::project::SshKey;

/// The id of `RUN --mount=type=ssh` without one.
const DEFAULT: &str = "default";

/// The header with the id that a build step asks for.
const ID_HEADER: &str = "buildkit.ssh.id";

/// The agent protocol's largest message, as in OpenSSH.
const LARGEST_MESSAGE: usize = 256 * 1024;

/// What a build step may ask an agent for: the list of keys, and a signature. Everything else, such as adding or
/// removing keys, is refused, as in Docker's own builder.
const ALLOWED: [u8; 2] = [11, 13];

/// The agent protocol's answer to a request that fails.
const FAILURE: [u8; 5] = [0, 0, 0, 1, 5];

/// The agents of one build.
#[derive(Debug, Default)]
pub(super) struct Agents {
    sockets: BTreeMap<String, PathBuf>,
    /// Those that this build started; they end with it.
    started: Vec<KeyAgent>,
}

impl Agents {
    /// Finds or starts the agents that a build offers.
    pub(super) async fn of(wanted: &[SshKey], settings: &BuildSettings) -> Result<Self, BuildError> {
        let mut agents = Self::default();
        for (id, paths) in paths_by_id(wanted) {
            let socket = match paths.as_slice() {
                [] => users_agent(&id, settings)?,
                [path] if is_socket(path) => path.clone(),
                paths => {
                    if let Some(socket) = paths.iter().find(|path| is_socket(path)) {
                        return Err(BuildError::Unsupported(format!(
                            "`build.ssh` cannot combine the agent at `{}` with keys under one id, `{id}`",
                            socket.display()
                        )));
                    }
                    agents.start(paths, settings).await?
                }
            };
            agents.sockets.insert(id, socket);
        }
        Ok(agents)
    }

    async fn start(&mut self, paths: &[PathBuf], settings: &BuildSettings) -> Result<PathBuf, BuildError> {
        let mut keys = Vec::new();
        for path in paths {
            keys.push((path.as_path(), read_key(path).await?));
        }
        let agent = KeyAgent::start(&settings.temporary_folder, &keys).await?;
        let socket = agent.socket();
        self.started.push(agent);
        Ok(socket)
    }

    /// The service that the engine calls.
    pub(super) fn service(&self, tasks: Spawner) -> Forward {
        Forward { sockets: self.sockets.clone(), tasks }
    }
}

/// The paths of each id, in the order of the file.
fn paths_by_id(wanted: &[SshKey]) -> BTreeMap<String, Vec<PathBuf>> {
    let mut paths: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for key in wanted {
        let id = if key.id.is_empty() { DEFAULT } else { &key.id };
        let given = key.path.iter().flat_map(|path| path.split(',')).filter(|path| !path.is_empty());
        paths.entry(id.to_owned()).or_default().extend(given.map(PathBuf::from));
    }
    paths
}

fn users_agent(id: &str, settings: &BuildSettings) -> Result<PathBuf, BuildError> {
    settings.ssh_agent.clone().ok_or_else(|| {
        BuildError::Unsupported(format!("`build.ssh` offers the SSH agent as `{id}`, but SSH_AUTH_SOCK is not set"))
    })
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Forwards the requests of build steps to agents.
pub(super) struct Forward {
    sockets: BTreeMap<String, PathBuf>,
    tasks: Spawner,
}

impl Forward {
    fn socket(&self, id: &str) -> Result<&Path, Status> {
        let id = if id.is_empty() { DEFAULT } else { id };
        let socket = self.sockets.get(id).map(PathBuf::as_path);
        socket.ok_or_else(|| Status::not_found(format!("the build offers no SSH key or agent as `{id}` (`build.ssh`)")))
    }
}

#[tonic::async_trait]
impl Ssh for Forward {
    type ForwardAgentStream = BoxStream<'static, Result<BytesMessage, Status>>;

    async fn check_agent(&self, request: Request<CheckAgentRequest>) -> Result<Response<CheckAgentResponse>, Status> {
        self.socket(&request.into_inner().id)?;
        Ok(Response::new(CheckAgentResponse {}))
    }

    async fn forward_agent(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::ForwardAgentStream>, Status> {
        let id = request.metadata().get(ID_HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let socket = self.socket(id)?;
        let agent = UnixStream::connect(socket).await.map_err(|cause| {
            Status::unavailable(format!("cannot connect to the SSH agent at `{}`: {cause}", socket.display()))
        })?;
        let (answers, answered) = mpsc::channel(4);
        let asked = request.into_inner().map_ok(|message| Bytes::from(message.data));
        let asked = StreamReader::new(asked.map_err(std::io::Error::other).boxed());
        self.tasks.spawn(async move {
            // The step reports that its agent is gone.
            let _ = forward(asked, agent, answers).await;
        });
        Ok(Response::new(ReceiverStream::new(answered).boxed()))
    }
}

/// Passes requests on one by one, and their answers back, until either side ends.
async fn forward(
    mut step: impl tokio::io::AsyncRead + Unpin,
    mut agent: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    answers: mpsc::Sender<Result<BytesMessage, Status>>,
) -> std::io::Result<()> {
    loop {
        let request = read_message(&mut step).await?;
        let answer = if request.get(4).is_some_and(|kind| ALLOWED.contains(kind)) {
            agent.write_all(&request).await?;
            read_message(&mut agent).await?
        } else {
            FAILURE.to_vec()
        };
        if answers.send(Ok(BytesMessage { data: answer })).await.is_err() {
            return Ok(());
        }
    }
}

/// A message of the agent protocol, with its length before it.
async fn read_message(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let size = usize::try_from(length).ok().filter(|size| *size <= LARGEST_MESSAGE);
    let size = size.ok_or_else(|| std::io::Error::other("the message is too long"))?;
    let mut message = length.to_be_bytes().to_vec();
    message.resize(4 + size, 0);
    from.read_exact(&mut message[4..]).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_may_list_keys_and_sign_and_nothing_else() {
        let message = |kind: u8| [0, 0, 0, 2, kind, 7];
        // List, sign, add a key, remove all keys, lock, an extension.
        let asked: Vec<u8> = [11, 13, 17, 19, 22, 27].map(message).concat();
        let (mut agent, served) = tokio::io::duplex(1024);
        let (answers, mut answered) = mpsc::channel(16);
        agent.write_all(&[0, 0, 0, 1, 12, 0, 0, 0, 1, 14]).await.expect("room for the answers");
        forward(asked.as_slice(), served, answers).await.expect_err("the step ended");
        let mut kinds = Vec::new();
        while let Some(answer) = answered.recv().await {
            kinds.push(answer.expect("an answer").data[4]);
        }
        assert_eq!(kinds, [12, 14, 5, 5, 5, 5]);
        let mut passed = Vec::new();
        agent.read_to_end(&mut passed).await.expect("what was passed on");
        assert_eq!(passed, [message(11), message(13)].concat());
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_ends_the_connection() {
        assert!(read_message(&mut [0xff, 0xff, 0xff, 0xff, 11].as_slice()).await.is_err());
    }

    #[test]
    fn keys_are_grouped_by_their_id() {
        let key = |id: &str, path: Option<&str>| SshKey { id: id.to_owned(), path: path.map(str::to_owned) };
        let paths = paths_by_id(&[key("a", Some("/1,/2")), key("default", None), key("a", Some("/3"))]);
        let paths: Vec<_> = paths.iter().map(|(id, paths)| (id.as_str(), paths.len())).collect();
        assert_eq!(paths, [("a", 3), ("default", 0)]);
    }
}
