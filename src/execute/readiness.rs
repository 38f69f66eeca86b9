//! Checks `x-hoist.ready` of a container: connects to it, reads its log, or runs a command in it.
//!
//! Each try begins at the interval after the one before, or as soon as that one has ended; a refused connection is
//! simply tried again.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, StreamExt};
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::diagnosis::latest_run;
use crate::diagnostic::redact;
use crate::engine::line_buffer::lossy_line;
use crate::engine::{Bytes, ContainerDetails, Engine, EngineError, ExecProgress, ExecSpec, LogQuery};
use crate::observed::ContainerId;
use crate::project::value::LogPattern;
use crate::project::{Ready, ReadyCheck};

/// How long one try may take.
const TRY: Duration = Duration::from_secs(5);
/// How long a connection may take until the address counts as out of reach.
const CONNECTION: Duration = Duration::from_secs(1);
/// How long a published port must keep a connection: the engine's proxy accepts it before the container does.
const ACCEPTED: Duration = Duration::from_millis(200);

/// How long a container must go on running after the line of its log.
const AFTER_LINE: Duration = Duration::from_millis(200);
/// How much longer, if it then has no processes that the engine can list.
const AFTER_EXIT: Duration = Duration::from_secs(2);

/// What a log says that does not show that the container is ready.
const NO_LINE: &str = "no line of the log matches";

/// Why a container is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    /// The result of the last try.
    pub last: String,
    /// Whether it makes no sense to try again.
    pub is_final: bool,
}

impl NotReady {
    fn yet(last: impl Display) -> Self {
        Self { last: last.to_string(), is_final: false }
    }

    fn ever(last: impl Display) -> Self {
        Self { last: last.to_string(), is_final: true }
    }
}

/// What is known before the first try has ended.
pub(super) fn before_any_try(check: &ReadyCheck) -> &'static str {
    match check {
        ReadyCheck::Log(_) => NO_LINE,
        ReadyCheck::Http { .. } | ReadyCheck::Tcp(_) | ReadyCheck::Exec(_) => "no answer",
    }
}

/// Tries without end, and gives the result of each try; `tell` gets its beginning and whether it passed. A container that `is_young` may exit soon: a line of its log
/// must not be its last one.
pub(super) fn tries<E: Engine>(
    engine: E,
    details: ContainerDetails,
    ready: Ready,
    is_young: bool,
    tell: impl Fn(Instant, bool) + Send + Sync + 'static,
) -> BoxStream<'static, Result<(), NotReady>> {
    let started = (Instant::now(), None);
    let tell = Arc::new(tell);
    stream::unfold(started, move |(next, unfinished)| {
        let (engine, details, ready, tell) = (engine.clone(), details.clone(), ready.clone(), tell.clone());
        async move {
            sleep_until(next).await;
            let mut attempt = Attempt { engine: &engine, details: &details, ready: &ready, unfinished };
            attempt.finish_command().await;
            let began = Instant::now();
            let result = attempt.make(Follow::Yes).await;
            if is_young && result.is_ok() && matches!(ready.check, ReadyCheck::Log(_)) {
                goes_on(&engine, &details).await;
            }
            tell(began, result.is_ok());
            let unfinished = attempt.unfinished;
            Some((result, (began + ready.interval, unfinished)))
        }
    })
    .boxed()
}

/// Tries once.
///
/// # Errors
///
/// If the container is not ready.
pub async fn is_ready<E: Engine>(engine: &E, details: &ContainerDetails, ready: &Ready) -> Result<(), NotReady> {
    Attempt { engine, details, ready, unfinished: None }.make(Follow::No).await
}

/// Whether a log is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    Yes,
    No,
}

/// The exit status of a command in the container and the last line that it wrote, or why it could not be run.
type Ran = Result<(i64, String), String>;

/// One try.
struct Attempt<'a, E> {
    engine: &'a E,
    details: &'a ContainerDetails,
    ready: &'a Ready,
    /// A command that took too long: engines cannot end it, so the next one begins only after it.
    unfinished: Option<BoxFuture<'static, Ran>>,
}

impl<E: Engine> Attempt<'_, E> {
    /// Waits until the command of an earlier try has ended; its result comes too late to count.
    async fn finish_command(&mut self) {
        if let Some(command) = &mut self.unfinished {
            // Its output says nothing about now.
            let _ = command.await;
        }
        self.unfinished = None;
    }

    async fn make(&mut self, follow: Follow) -> Result<(), NotReady> {
        match &self.ready.check {
            ReadyCheck::Http { port, .. } | ReadyCheck::Tcp(port) => self.over_network(*port).await,
            ReadyCheck::Exec(command) => self.exec(command).await,
            ReadyCheck::Log(pattern) if follow == Follow::Yes => log(self.engine, self.details, pattern, follow).await,
            ReadyCheck::Log(pattern) => in_time(log(self.engine, self.details, pattern, follow)).await,
        }
    }

    /// Asks at the first way that leads to the container, else inside it.
    async fn over_network(&mut self, port: u16) -> Result<(), NotReady> {
        for way in ways(self.engine, self.details, port) {
            let connected = timeout(CONNECTION, TcpStream::connect(way.address)).await;
            match connected {
                Ok(Ok(stream)) => return in_time(ask(stream, &way, self.ready)).await,
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    return Err(NotReady::yet(format!("connection refused at {}", way.address)));
                }
                // No way leads there.
                Ok(Err(_)) | Err(_) => {}
            }
        }
        self.inside(port).await
    }

    /// Asks with the programs of the image.
    async fn inside(&mut self, port: u16) -> Result<(), NotReady> {
        let script = script(port, self.ready);
        let (status, _) = match self.run(&["/bin/sh".to_owned(), "-c".to_owned(), script]).await {
            Ok(ended) => ended,
            Err(error) if error.contains("no such file") || error.contains("not found") => (127, error),
            Err(error) => return Err(NotReady::yet(error)),
        };
        match status {
            0 => Ok(()),
            ONLY_WGET => Err(NotReady::ever("`status` needs `curl`, and the image has only `wget`")),
            126 | 127 => Err(NotReady::ever(format!(
                "port {port} cannot be reached from here, and the image has no program to check it from inside"
            ))),
            _ => Err(NotReady::yet(format!("no answer at port {port} inside the container"))),
        }
    }

    async fn exec(&mut self, command: &[String]) -> Result<(), NotReady> {
        match self.run(command).await {
            Ok((0, _)) => Ok(()),
            Ok((126 | 127, words)) if is_refusal(&words) => Err(NotReady::ever(cannot_run(command))),
            Err(words) if is_refusal(&words) => Err(NotReady::ever(cannot_run(command))),
            Ok((status, line)) if line.is_empty() => Err(NotReady::yet(format!("exit status {status}"))),
            Ok((status, line)) => {
                let line = shown(&line, &self.details.secrets);
                Err(NotReady::yet(format!("exit status {status}: {line}")))
            }
            Err(error) => Err(NotReady::yet(error)),
        }
    }

    /// Runs a command in the container for as long as a try may take.
    async fn run(&mut self, command: &[String]) -> Ran {
        let mut running = run(self.engine.clone(), self.details.id.clone(), command.to_vec()).boxed();
        if let Ok(ran) = timeout(TRY, &mut running).await {
            return ran;
        }
        self.unfinished = Some(running);
        Err(too_late())
    }
}

/// The result, if there is one in the time that a try has.
async fn in_time(once: impl Future<Output = Result<(), NotReady>>) -> Result<(), NotReady> {
    timeout(TRY, once).await.unwrap_or_else(|_| Err(NotReady::yet(too_late())))
}

fn too_late() -> String {
    format!("no answer within {} s", TRY.as_secs())
}

/// Where a port of a container may be reached from this machine.
struct Way {
    address: SocketAddr,
    /// Whether it is the engine that listens there.
    published: bool,
}

/// The ways to a port, best first: its own address, then the port that is published.
fn ways<E: Engine>(engine: &E, details: &ContainerDetails, port: u16) -> Vec<Way> {
    if !engine.is_local() {
        return Vec::new();
    }
    let reach = &details.reach;
    let mut ways = Vec::new();
    if cfg!(target_os = "linux") {
        let own = reach.addresses.iter().copied();
        let host = reach.host_network.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        ways.extend(own.chain(host).map(|ip| Way { address: SocketAddr::new(ip, port), published: false }));
    }
    let published = reach.published.iter().filter(|(inside, _)| *inside == port);
    ways.extend(published.map(|(_, address)| Way { address: *address, published: true }));
    ways
}

async fn ask(mut stream: TcpStream, way: &Way, ready: &Ready) -> Result<(), NotReady> {
    match &ready.check {
        ReadyCheck::Http { port, path, status } => {
            let answer = get(stream, *port, path).await;
            let answer = answer.map_err(|error| NotReady::yet(format!("{error} at {}", way.address)))?;
            let fits = status.map_or((200..400).contains(&answer), |status| status == answer);
            if fits { Ok(()) } else { Err(NotReady::yet(format!("HTTP status {answer} at {}", way.address))) }
        }
        ReadyCheck::Tcp(_) if way.published => match timeout(ACCEPTED, stream.read(&mut [0; 1])).await {
            Ok(Ok(0) | Err(_)) => Err(NotReady::yet(format!("connection closed at {}", way.address))),
            Ok(Ok(_)) | Err(_) => Ok(()),
        },
        ReadyCheck::Tcp(_) | ReadyCheck::Log(_) | ReadyCheck::Exec(_) => Ok(()),
    }
}

/// The status of the answer to a GET request.
async fn get(stream: TcpStream, port: u16, path: &str) -> Result<u16, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let request = Request::get(path)
        .header("Host", format!("localhost:{port}"))
        .header("User-Agent", concat!("hoist/", env!("CARGO_PKG_VERSION")))
        .header("Connection", "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    answer.map(|answer| answer.status().as_u16()).map_err(|_| "no HTTP answer".to_owned())
}

/// The exit status of a check that would need `curl`.
const ONLY_WGET: i64 = 125;

/// What a shell in the container runs to ask at a port; exits with 127 if the image has no program for it.
fn script(port: u16, ready: &Ready) -> String {
    match &ready.check {
        ReadyCheck::Http { path, status, .. } => {
            let url = quoted(&format!("http://127.0.0.1:{port}{path}"));
            let curl = "curl -s -o /dev/null -m 4 -w '%{http_code}'";
            let expected = status.map_or("2??|3??".to_owned(), |status| status.to_string());
            let has_curl = format!(
                "if command -v curl >/dev/null; then case $({curl} {url}) in {expected}) exit 0;; *) exit 1;; esac; fi"
            );
            let wget = if status.is_none() {
                // Its own time limit crashes in some builds of busybox.
                format!(
                    "limit=; if command -v timeout >/dev/null; then limit='timeout 4'; fi; \
                     if command -v wget >/dev/null; then $limit wget -q -O /dev/null {url}; exit; fi; "
                )
            } else {
                format!("if command -v wget >/dev/null; then exit {ONLY_WGET}; fi; ")
            };
            format!("{has_curl}; {wget}exit 127")
        }
        ReadyCheck::Tcp(_) | ReadyCheck::Log(_) | ReadyCheck::Exec(_) => {
            // The ports where something listens, as the kernel lists them; only a shell is needed for that.
            format!(
                "for list in /proc/net/tcp /proc/net/tcp6; do [ -r $list ] || continue; \
                 while read -r _ local _ state _; do case $state$local in 0A*:{port:04X}) exit 0;; esac; done <$list; \
                 done; exit 1"
            )
        }
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The output of a check, without the secrets of its container.
fn shown(line: &str, secrets: &[String]) -> String {
    if secrets.is_empty() { line.to_owned() } else { redact::without_values(line, secrets) }
}

/// Whether these are the engine's words about a program that it cannot start, not those of a shell.
fn is_refusal(words: &str) -> bool {
    words.contains("exec failed") || words.contains("executable file not found")
}

fn cannot_run(command: &[String]) -> String {
    format!("the container has no program `{}` that can be run", command.first().map_or("", String::as_str))
}

/// Runs a command in the container: its exit status, and the last line that it wrote.
async fn run<E: Engine>(engine: E, id: ContainerId, command: Vec<String>) -> Ran {
    let spec = ExecSpec { command, ..ExecSpec::default() };
    let mut progress = engine.exec(id, spec).await.map_err(|error| error.to_string())?;
    let mut output = Vec::new();
    while let Some(next) = progress.next().await {
        match next.map_err(|error| error.to_string())? {
            ExecProgress::Output(chunk) => {
                output.extend_from_slice(&chunk.bytes);
                // Only its end matters.
                let excess = output.len().saturating_sub(4096);
                output.drain(..excess);
            }
            ExecProgress::Exited(status) => {
                let lines = output.split(|byte| *byte == b'\n').map(lossy_line);
                let last = lines.rev().find(|line| !line.trim().is_empty());
                return Ok((status, last.unwrap_or_default()));
            }
        }
    }
    Err("the engine did not report the result".to_owned())
}

/// Reads what the container has written since its latest start, until a line matches.
async fn log<E: Engine>(
    engine: &E,
    details: &ContainerDetails,
    pattern: &LogPattern,
    follow: Follow,
) -> Result<(), NotReady> {
    let query = LogQuery {
        follow: follow == Follow::Yes,
        since: this_run(details),
        terminal: details.terminal,
        ..LogQuery::default()
    };
    let mut log = engine.logs(details.id.clone(), query).await.map_err(|error| unread(&error))?;
    let mut lines = [Line::default(), Line::default()];
    while let Some(chunk) = log.next().await {
        let chunk = chunk.map_err(|error| unread(&error))?;
        let line = &mut lines[usize::from(chunk.stream == crate::engine::OutputStream::Stderr)];
        if line.push(&chunk.bytes, pattern) {
            return Ok(());
        }
    }
    Err(NotReady::yet(NO_LINE))
}

/// Gives the engine the time to notice that a container has exited. Where that takes long, the processes of the
/// container are gone before.
async fn goes_on<E: Engine>(engine: &E, details: &ContainerDetails) {
    sleep(AFTER_LINE).await;
    let processes = timeout(TRY, engine.processes(details.id.clone())).await;
    if !matches!(processes, Ok(Ok(processes)) if !processes.rows.is_empty()) {
        sleep(AFTER_EXIT).await;
    }
}

/// An engine that refuses to give a log will not give it later either.
fn unread(error: &EngineError) -> NotReady {
    NotReady { is_final: matches!(error, EngineError::Unsupported(_)), last: error.to_string() }
}

/// When what the container wrote since its latest start begins: engines note the time of a start a moment after it, so
/// what came before counts too, but not what an earlier run wrote.
fn this_run(details: &ContainerDetails) -> Option<i128> {
    Some(not_before(latest_run(details)?, details.started_at?, details.finished_at))
}

/// The later one of `from` and the end of the run before the one that began at `started`.
fn not_before(from: i128, started: i128, last_end: Option<i128>) -> i128 {
    last_end.filter(|end| *end <= started).map_or(from, |end| from.max(end + 1))
}

/// The line that a container is writing.
#[derive(Debug, Default)]
struct Line(Vec<u8>);

impl Line {
    /// The most that is kept of a line.
    const LONGEST: usize = 64 * 1024;

    /// Whether a line that is complete now matches.
    fn push(&mut self, bytes: &[u8], pattern: &LogPattern) -> bool {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = Self::LONGEST.saturating_sub(self.0.len());
            self.0.extend_from_slice(&part[..part.len().min(room)]);
            let text = self.0.strip_suffix(b"\r").unwrap_or(&self.0);
            let is_complete = parts.peek().is_some();
            if is_complete && pattern.matches(text) {
                return true;
            }
            if is_complete {
                self.0.clear();
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_matched_whole() {
        let pattern: LogPattern = "^ready$".parse().unwrap();
        let mut line = Line::default();
        assert!(!line.push(b"not ready\nrea", &pattern));
        assert!(!line.push(b"dy", &pattern));
        assert!(line.push(b"\r\n", &pattern));
    }

    #[test]
    fn only_the_engine_refuses_for_good() {
        assert!(is_refusal("OCI runtime exec failed: exec failed: exec: \"nope\": executable file not found in $PATH"));
        assert!(!is_refusal("sh: nope: not found"));
    }

    #[test]
    fn secrets_of_the_container_are_not_shown() {
        let secrets = ["swordfish".to_owned()];
        assert_eq!(shown("tok swordfish is refused", &secrets), "tok ••• is refused");
    }

    #[test]
    fn what_an_earlier_run_wrote_does_not_count() {
        assert_eq!(not_before(80, 90, None), 80, "the engine notes a start late");
        assert_eq!(not_before(80, 90, Some(85)), 86);
        assert_eq!(not_before(80, 90, Some(40)), 80);
        assert_eq!(not_before(80, 90, Some(95)), 80, "that is the end of this run");
    }

    #[test]
    fn a_path_stays_one_word_of_the_shell() {
        assert_eq!(quoted("/a'b;c"), r"'/a'\''b;c'");
    }
}
