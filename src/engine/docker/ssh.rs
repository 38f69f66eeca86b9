//! Engines behind a program: the system's `ssh` runs `docker system dial-stdio` on another machine, and HTTP goes through
//! its input and output, as in the Docker client. Each connection is a separate login. A `docker` that called hoist can ask
//! for the same without `ssh`.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// How long connecting to the other machine may take, in seconds.
const CONNECT_TIMEOUT: &str = "ConnectTimeout=15";
/// A cheap request. Its answer shows that the login and the remote command succeeded.
const PING: &[u8] = b"HEAD /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// Maximum length of the response headers.
const LONGEST_HEAD: usize = 16 * 1024;
/// How much of ssh's standard error is kept, in bytes.
const LONGEST_WORDS: usize = 16 * 1024;
const LINES: usize = 3;
/// How long ssh may take to exit after its output has ended.
const ENDING: Duration = Duration::from_secs(2);

/// An `ssh://` address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SshAddress {
    /// The user; ssh's default if absent.
    pub(super) user: Option<String>,
    /// The host name, or an alias in ssh's configuration; an IPv6 address without its brackets.
    pub(super) host: String,
    /// The port; ssh's default if absent.
    pub(super) port: Option<u16>,
    /// The engine's socket on the remote machine; the default of `docker` there if absent.
    pub(super) socket: Option<String>,
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') { write!(f, "[{}]", self.host) } else { f.write_str(&self.host) }?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

impl SshAddress {
    /// The arguments of `ssh`. Prompts are disabled: nobody could answer while progress is shown.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-T".to_owned()];
        for option in [CONNECT_TIMEOUT, "BatchMode=yes"] {
            arguments.extend(["-o".to_owned(), option.to_owned()]);
        }
        if let Some(user) = &self.user {
            arguments.extend(["-l".to_owned(), user.clone()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        // What follows is never an option.
        arguments.extend(["--".to_owned(), self.host.clone()]);
        let command = match &self.socket {
            Some(socket) => format!("docker --host {} system dial-stdio", quoted(&format!("unix://{socket}"))),
            None => "docker system dial-stdio".to_owned(),
        };
        arguments.push(command);
        arguments
    }

    /// Logs in and waits for the engine's first answer.
    ///
    /// # Errors
    ///
    /// If `ssh` cannot be started or exits; the error has its last output.
    pub(super) async fn connect(&self) -> io::Result<SshStream> {
        through("ssh", &self.arguments()).await
    }
}

/// A program whose input and output lead to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialCommand {
    /// The program: `docker`, which called hoist.
    pub program: String,
    /// Its arguments: the flags that it was called with, then `system dial-stdio`.
    pub arguments: Vec<String>,
}

impl DialCommand {
    /// Starts the program and waits for the engine's first answer.
    ///
    /// # Errors
    ///
    /// If it cannot be started or exits; the error has its last output.
    pub(super) async fn connect(&self) -> io::Result<SshStream> {
        through(&self.program, &self.arguments).await
    }
}

impl fmt::Display for DialCommand {
    /// Without the flags, which nobody needs to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} system dial-stdio", self.program)
    }
}

async fn through(program: &str, arguments: &[String]) -> io::Result<SshStream> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Ctrl-C is meant for hoist, which still needs the engine until everything is stopped.
    command.process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(|error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        if missing { io::Error::new(error.kind(), format!("found no program `{program}` on PATH")) } else { error }
    })?;
    let mut stream = SshStream::new(child, program)?;
    match stream.ping().await {
        Ok(()) => Ok(stream),
        Err(error) => Err(stream.last_words().await.unwrap_or(error)),
    }
}

/// A text quoted as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A connection through a process, which ends with it.
pub(super) struct SshStream {
    program: String,
    child: Child,
    /// `None` once nothing more will be sent.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// Standard error so far.
    words: Vec<u8>,
}

impl SshStream {
    fn new(mut child: Child, program: &str) -> io::Result<Self> {
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other(format!("{program} was started without pipes")));
        };
        let program = program.to_owned();
        Ok(Self { program, child, stdin: Some(stdin), stdout, stderr, words: Vec::new() })
    }

    async fn ping(&mut self) -> io::Result<()> {
        self.write_all(PING).await?;
        let mut head = Vec::new();
        // Reading cannot go beyond the headers: a HEAD response has no body.
        while !head.ends_with(b"\r\n\r\n") {
            if self.read_buf(&mut head).await? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection ended before the engine answered",
                ));
            }
            let expected = &b"HTTP/1."[..head.len().min(7)];
            if !head.starts_with(expected) || head.len() > LONGEST_HEAD {
                let text: String = String::from_utf8_lossy(&head).chars().take(80).collect();
                let what = format!("unexpected response instead of the engine's: {:?}", text.trim_end());
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(())
    }

    /// What ssh or the remote command wrote before it exited; `None` if it wrote nothing or has not exited.
    async fn last_words(mut self) -> Option<io::Error> {
        self.stdin = None;
        let ended = tokio::time::timeout(ENDING, async {
            let _ = (&mut self.stderr).take(LONGEST_WORDS as u64).read_to_end(&mut self.words).await;
            self.child.wait().await
        });
        let status = ended.await.ok()?.ok()?;
        let text = String::from_utf8_lossy(&self.words);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match &lines[lines.len().saturating_sub(LINES)..] {
            [] if status.success() => None,
            [] => Some(io::Error::other(format!("{} exited with {status}", self.program))),
            last => Some(io::Error::other(last.join("; "))),
        }
    }

    /// Drains standard error, so that ssh never blocks on it.
    fn poll_words(&mut self, cx: &mut Context<'_>) {
        let mut bytes = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut self.stderr).poll_read(cx, &mut buffer);
            if !matches!(read, Poll::Ready(Ok(()))) || buffer.filled().is_empty() {
                return;
            }
            let room = LONGEST_WORDS.saturating_sub(self.words.len());
            self.words.extend(buffer.filled().iter().take(room));
        }
    }
}

impl AsyncRead for SshStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_words(cx);
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Only closing its input tells ssh that no more data will come.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(stdin) = &mut self.stdin {
            ready!(Pin::new(stdin).poll_shutdown(cx))?;
        }
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SshAddress {
        SshAddress { user: None, host: "box".to_owned(), port: None, socket: None }
    }

    #[test]
    fn what_ssh_is_asked_for() {
        assert_eq!(
            address().arguments(),
            ["-T", "-o", "ConnectTimeout=15", "-o", "BatchMode=yes", "--", "box", "docker system dial-stdio"]
        );
        let all = SshAddress {
            user: Some("-oProxyCommand=x".to_owned()),
            port: Some(2222),
            socket: Some("/run/it's.sock".to_owned()),
            ..address()
        };
        assert_eq!(
            all.arguments()[5..],
            [
                "-l",
                "-oProxyCommand=x",
                "-p",
                "2222",
                "--",
                "box",
                r"docker --host 'unix:///run/it'\''s.sock' system dial-stdio"
            ]
        );
    }

    #[tokio::test]
    async fn a_program_leads_to_the_engine() {
        let script = "while read -r line; do [ \"$line\" = \"$(printf '\\r')\" ] && break; done; \
                      printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'; exec cat";
        let dial = |script: &str| DialCommand {
            program: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
        };
        let mut stream = dial(script).connect().await.expect("it answers");
        stream.write_all(b"hello").await.expect("it reads");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.expect("it writes");
        assert_eq!(&answer, b"hello");
        assert_eq!(dial("").to_string(), "sh system dial-stdio");
        let refused = dial("echo no engine here >&2; exit 1").connect().await.err().expect("it fails");
        assert_eq!(refused.to_string(), "no engine here");
    }

    #[test]
    fn an_address_is_shown_as_it_is_written() {
        assert_eq!(address().to_string(), "ssh://box");
        let all = SshAddress { user: Some("u".to_owned()), port: Some(22), socket: Some("/x".to_owned()), ..address() };
        assert_eq!(all.to_string(), "ssh://u@box:22/x");
        assert_eq!(SshAddress { host: "::1".to_owned(), ..all }.to_string(), "ssh://u@[::1]:22/x");
    }
}
