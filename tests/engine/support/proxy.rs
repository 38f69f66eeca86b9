//! Stands between hoist and the engine: writes down every call, and does something to one of them.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use futures::FutureExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Ran, Scenario};

/// How long a delayed call waits.
const DELAY: Duration = Duration::from_secs(2);
/// How long nobody listens after a cut.
const GONE: Duration = Duration::from_millis(300);
/// How long a disturbed run may take: one that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// What is done to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// hoist is killed with SIGKILL.
    Kill(Moment),
    /// All connections break, and for a moment nobody listens.
    Cut(Moment),
    /// The engine gets the call 2 s late.
    Delay,
    /// It is answered with status 500; the engine does not get it.
    Refuse,
    /// The container that it is about is removed before the engine gets it.
    Remove,
}

/// When something is done to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The engine does not get the call.
    Before,
    /// The engine has answered, which hoist does not hear.
    After,
}

/// What came of a run behind the proxy.
#[derive(Debug)]
pub(crate) struct Disturbed {
    /// The run; its status is -1 where it was killed.
    pub(crate) ran: Ran,
    /// The calls in the order of their arrival, as `POST /containers/create`.
    pub(crate) calls: Vec<String>,
}

impl Scenario {
    /// Runs `hoist ARGUMENTS` with the proxy before the engine. The fault is for the call of that number, counted from 1.
    pub(crate) async fn disturbed(&self, arguments: &[&str], fault: Option<(usize, Fault)>) -> Disturbed {
        self.disturbed_command(self.command(arguments), fault).await
    }

    /// The same with another program that uses the engine at `DOCKER_HOST`.
    pub(crate) async fn disturbed_command(
        &self,
        mut command: std::process::Command,
        fault: Option<(usize, Fault)>,
    ) -> Disturbed {
        let began = Instant::now();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let proxy = Arc::new(Proxy::new(self.folder().join("engine.sock"), self.docker.clone(), fault));
        command.env("DOCKER_HOST", format!("unix://{}", proxy.path.display()));
        let run = async {
            tokio::select! {
                ran = run(command, &proxy.kill) => ran,
                never = proxy.serve(proxy.listen()) => match never {},
            }
        };
        let ran = tokio::time::timeout(LIMIT, run).await;
        let calls = std::mem::take(&mut *proxy.calls.lock().expect("no call panicked with the lock"));
        let ran = ran.unwrap_or_else(|_| panic!("{fault:?}: no end within {LIMIT:?} after the calls {calls:#?}"));
        let words = words.join(" ");
        let struck = fault.and_then(|(number, _)| calls.get(number - 1));
        let seconds = began.elapsed().as_secs_f32();
        self.note(format!(
            "$ {words}   [{fault:?} at {struck:?}: {} after {seconds:.1} s]\n{}",
            ran.status, ran.stderr
        ));
        Disturbed { ran, calls }
    }
}

/// Runs a command until it ends or is to be killed.
async fn run(command: std::process::Command, kill: &Notify) -> Ran {
    let mut command = tokio::process::Command::from(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("the binary starts");
    let (stdout, stderr) = (text(child.stdout.take()), text(child.stderr.take()));
    let end = async {
        tokio::select! {
            status = child.wait() => return status.expect("it can be waited for"),
            () = kill.notified() => {}
        }
        child.kill().await.expect("it can be killed");
        child.wait().await.expect("it can be waited for")
    };
    let (status, stdout, stderr) = tokio::join!(end, stdout, stderr);
    Ran { status: status.code().unwrap_or(-1), stdout, stderr }
}

async fn text(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    pipe.expect("it is piped").read_to_end(&mut bytes).await.expect("it can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

type Body = BoxBody<Bytes, hyper::Error>;

struct Proxy {
    path: PathBuf,
    engine: Client<Engine, Incoming>,
    /// The same engine, for what the proxy does itself.
    docker: Docker,
    fault: Option<(usize, Fault)>,
    calls: Mutex<Vec<String>>,
    /// hoist is to be killed.
    kill: Notify,
    /// The socket is to be cut.
    cut: Notify,
    /// The connections, and what is left of those that are no longer HTTP.
    connections: Mutex<JoinSet<()>>,
}

impl Proxy {
    fn new(path: PathBuf, docker: Docker, fault: Option<(usize, Fault)>) -> Self {
        // A connection for each call, so that none of the engine's ends between two calls.
        let engine = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(Engine(engine_socket()));
        Self {
            path,
            engine,
            docker,
            fault,
            calls: Mutex::default(),
            kill: Notify::new(),
            cut: Notify::new(),
            connections: Mutex::default(),
        }
    }

    fn listen(&self) -> UnixListener {
        // What a proxy before this one left.
        let _ = std::fs::remove_file(&self.path);
        UnixListener::bind(&self.path).expect("a socket can be made")
    }

    async fn serve(self: &Arc<Self>, mut listener: UnixListener) -> Infallible {
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.expect("connections can be accepted");
                    self.spawn(self.clone().connection(stream));
                }
                () = self.cut.notified() => {
                    drop(listener);
                    self.connections.lock().expect("no task panicked with the lock").abort_all();
                    tokio::time::sleep(GONE).await;
                    listener = self.listen();
                }
            }
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.connections.lock().expect("no task panicked with the lock").spawn(task);
    }

    async fn connection(self: Arc<Self>, stream: UnixStream) {
        let answer = service_fn(move |request| self.clone().answer(request));
        let http = hyper::server::conn::http1::Builder::new();
        // A connection that breaks off is hoist's to notice.
        let _ = http.serve_connection(TokioIo::new(stream), answer).with_upgrades().await;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        match self.fault_of(&request) {
            None => self.forward(request).await,
            Some(Fault::Delay) => {
                tokio::time::sleep(DELAY).await;
                self.forward(request).await
            }
            Some(Fault::Remove) => {
                self.remove_container_of(&request).await?;
                self.forward(request).await
            }
            Some(Fault::Refuse) => {
                request.into_body().collect().await.map_err(io::Error::other)?;
                Ok(refusal())
            }
            Some(Fault::Kill(moment)) => self.strike(&self.kill, moment, request).await,
            Some(Fault::Cut(moment)) => self.strike(&self.cut, moment, request).await,
        }
    }

    /// Removes the container that a call such as `POST /containers/ID/start` is about.
    async fn remove_container_of(&self, request: &Request<Incoming>) -> io::Result<()> {
        let path = without_version(request.uri().path());
        let id = path.strip_prefix("/containers/").and_then(|rest| rest.split('/').next());
        let id = id.ok_or_else(|| io::Error::other(format!("{path} is not about a container")))?;
        let force = RemoveContainerOptionsBuilder::default().force(true).build();
        self.docker.remove_container(id, Some(force)).await.map_err(io::Error::other)
    }

    /// Writes a call down, and tells what is to be done to it.
    fn fault_of(&self, request: &Request<Incoming>) -> Option<Fault> {
        let mut calls = self.calls.lock().expect("no call panicked with the lock");
        calls.push(format!("{} {}", request.method(), without_version(request.uri().path())));
        self.fault.filter(|(number, _)| *number == calls.len()).map(|(_, fault)| fault)
    }

    async fn strike(&self, what: &Notify, moment: Moment, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let _unheard = match moment {
            Moment::Before => None,
            Moment::After => Some(self.forward(request).await?),
        };
        what.notify_one();
        pending().await
    }

    async fn forward(&self, mut request: Request<Incoming>) -> io::Result<Response<Body>> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = Uri::builder().scheme("http").authority("engine").path_and_query(path).build();
        *request.uri_mut() = uri.map_err(io::Error::other)?;
        let near = hyper::upgrade::on(&mut request);
        let mut response = self.engine.request(request).await.map_err(io::Error::other)?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let far = hyper::upgrade::on(&mut response);
            self.spawn(async move {
                if let Ok((near, far)) = tokio::try_join!(near, far) {
                    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await;
                }
            });
        }
        Ok(response.map(BodyExt::boxed))
    }
}

fn refusal() -> Response<Body> {
    let words = Bytes::from_static(br#"{"message":"the test refuses this once"}"#);
    let mut response = Response::new(Full::new(words).map_err(|never| match never {}).boxed());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// `/v1.51/containers/json` is `/containers/json`.
fn without_version(path: &str) -> &str {
    match path.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|at| &rest[at..])) {
        Some(rest) => rest,
        None => path,
    }
}

/// Where the engine of the tests listens.
fn engine_socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let path = host.strip_prefix("unix://").expect("the proxy needs an engine behind a unix socket");
    Path::new(path).to_owned()
}

/// Connects to the engine, whatever the URI says.
#[derive(Clone)]
struct Engine(PathBuf);

impl tower_service::Service<Uri> for Engine {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = self.0.clone();
        async move { Ok(Stream(TokioIo::new(UnixStream::connect(path).await?))) }.boxed()
    }
}

/// A connection to the engine.
struct Stream(TokioIo<UnixStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
