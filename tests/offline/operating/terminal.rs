//! A terminal in memory, and `exec` and `attach` on it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use hoist::engine::fake::{Fake, Run, Script};
use hoist::engine::{EngineError, ExecSpec, LogChunk, OutputStream, WindowSize};
use hoist::operation::interactive::{Signal, Terminal};
use hoist::operation::{Attach, DetachKeys, Exec, OneContainer, OperationError, Signals};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::executing::{ms, s};

const SIZE: WindowSize = WindowSize { rows: 30, columns: 100 };
const OTHER: WindowSize = WindowSize { rows: 40, columns: 90 };
const INTERRUPT: Signal = Signal { name: "SIGINT", ends: true };

/// A terminal whose keys are pressed at times that a test says.
struct Screen {
    is_terminal: bool,
    typed: Vec<(Duration, &'static [u8])>,
    /// When standard input ends, if it does.
    ends: Option<Duration>,
    resized: Vec<(Duration, WindowSize)>,
    signals: Vec<(Duration, Signal)>,
    shown: Arc<Mutex<Vec<(OutputStream, String)>>>,
    /// Every change of the mode.
    modes: Arc<Mutex<Vec<bool>>>,
    fails_to_write: bool,
}

impl Screen {
    fn terminal() -> Self {
        Self { is_terminal: true, ..Self::pipe() }
    }

    fn pipe() -> Self {
        Self {
            is_terminal: false,
            typed: Vec::new(),
            ends: None,
            resized: Vec::new(),
            signals: Vec::new(),
            shown: Arc::default(),
            modes: Arc::default(),
            fails_to_write: false,
        }
    }

    fn shown(&self) -> String {
        self.shown.lock().unwrap().iter().map(|(_, text)| text.as_str()).collect()
    }

    fn modes(&self) -> Vec<bool> {
        self.modes.lock().unwrap().clone()
    }
}

/// Each item at its time, and nothing more.
fn timed<T: Send + Clone + 'static>(items: Vec<(Duration, T)>, ends: Option<Duration>) -> BoxStream<'static, T> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let feed = stream::once(async move {
        let began = tokio::time::Instant::now();
        for (at, item) in items {
            tokio::time::sleep_until(began + at).await;
            let _ = sender.send(item);
        }
        match ends {
            Some(at) => tokio::time::sleep_until(began + at).await,
            None => std::future::pending().await,
        }
    });
    let items = UnboundedReceiverStream::new(receiver).map(Some);
    let feed = feed.map(|()| None).boxed();
    stream::select(items, feed)
        .take_while(|item| std::future::ready(item.is_some()))
        .filter_map(std::future::ready)
        .boxed()
}

impl Terminal for Screen {
    fn size(&self) -> Option<WindowSize> {
        self.is_terminal.then_some(SIZE)
    }

    fn is_typed(&self) -> bool {
        self.is_terminal
    }

    fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        self.modes.lock().unwrap().push(raw);
        Ok(())
    }

    fn input(&mut self) -> BoxStream<'static, io::Result<Vec<u8>>> {
        timed(self.typed.clone(), self.ends).map(|bytes| Ok(bytes.to_vec())).boxed()
    }

    fn resizes(&mut self) -> BoxStream<'static, WindowSize> {
        timed(self.resized.clone(), None)
    }

    fn signals(&mut self) -> BoxStream<'static, Signal> {
        timed(self.signals.clone(), None)
    }

    async fn write(&mut self, chunk: LogChunk) -> io::Result<()> {
        if self.fails_to_write {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let text = String::from_utf8(chunk.bytes).expect("the tests write text");
        self.shown.lock().unwrap().push((chunk.stream, text));
        Ok(())
    }
}

fn web() -> OneContainer {
    OneContainer { project: "demo".into(), service: "web".into(), number: None }
}

fn exec(command: &[&str], terminal: bool) -> Exec {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    Exec {
        container: web(),
        spec: ExecSpec { command, stdin: true, terminal, ..ExecSpec::default() },
        keys: DetachKeys::default(),
    }
}

fn engine() -> Fake {
    let engine = Fake::new();
    engine.add_running("demo", "demo-web-1", "web", 1);
    engine.add_running("demo", "demo-web-2", "web", 2);
    engine
}

#[tokio::test(start_paused = true)]
async fn a_command_is_run_and_its_status_given_back() {
    let mut screen = Screen::pipe();
    assert_eq!(exec(&["echo", "hello", "there"], false).run(&engine(), &mut screen).await.unwrap(), 0);
    assert_eq!(screen.shown(), "hello there\n");
    assert_eq!(exec(&["exit", "7"], false).run(&engine(), &mut screen).await.unwrap(), 7);
    assert!(screen.modes().is_empty(), "a pipe has no mode");
}

#[tokio::test(start_paused = true)]
async fn what_is_piped_in_comes_out_to_its_end() {
    let mut screen = Screen { typed: vec![(s(0), b"one\n"), (s(1), b"\x10\x11")], ends: Some(s(2)), ..Screen::pipe() };
    let engine = engine();
    assert_eq!(exec(&["cat"], false).run(&engine, &mut screen).await.unwrap(), 0);
    assert_eq!(screen.shown(), "one\n\x10\x11", "detach keys are for terminals");
}

#[tokio::test(start_paused = true)]
async fn a_terminal_is_raw_meanwhile_and_passes_its_size_on() {
    let mut screen =
        Screen { typed: vec![(s(1), b"ls\r")], ends: Some(s(3)), resized: vec![(s(2), OTHER)], ..Screen::terminal() };
    let engine = engine();
    assert_eq!(exec(&["cat"], true).run(&engine, &mut screen).await.unwrap(), 0);
    assert_eq!(screen.shown(), "ls\r");
    assert_eq!(screen.modes(), [true, false]);
    assert_eq!(engine.execs()[0].size, Some(SIZE), "before the command runs");
    assert_eq!(engine.exec_inputs()[0].1, [SIZE, OTHER]);
}

#[tokio::test(start_paused = true)]
async fn the_detach_keys_leave_a_command_running() {
    let mut screen = Screen { typed: vec![(s(1), b"a\x10"), (s(2), b"\x11b")], ..Screen::terminal() };
    let engine = engine();
    let left = exec(&["sleep"], true).run(&engine, &mut screen).await;
    assert_eq!(left.unwrap_err().to_string(), "read escape sequence");
    assert_eq!(engine.exec_inputs()[0].0, b"a");
    assert_eq!(screen.modes(), [true, false]);
    let other = Exec { keys: "ctrl-x".parse().unwrap(), ..exec(&["sleep"], true) };
    let mut screen = Screen { typed: vec![(s(1), b"\x10\x11\x18")], ..Screen::terminal() };
    assert!(matches!(other.run(&engine, &mut screen).await, Err(OperationError::Detached)));
    assert_eq!(engine.exec_inputs()[1].0, b"\x10\x11");
    assert_eq!(engine.execs()[1].detach_keys.as_deref(), Some("ctrl-x"));
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_command_the_terminal_is_set_back() {
    let engine = engine();
    let mut screen = Screen { signals: vec![(s(1), INTERRUPT)], ..Screen::terminal() };
    let ended = exec(&["sleep"], true).run(&engine, &mut screen).await;
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    assert_eq!(screen.modes(), [true, false]);
    let mut screen = Screen { fails_to_write: true, ..Screen::terminal() };
    let ended = exec(&["echo", "x"], true).run(&engine, &mut screen).await;
    assert!(matches!(ended, Err(OperationError::Output(_))), "{ended:?}");
    assert_eq!(screen.modes(), [true, false]);
    engine.fail("inspect exec", EngineError::Disconnected("gone".to_owned()));
    let mut screen = Screen::terminal();
    let ended = exec(&["echo", "x"], true).run(&engine, &mut screen).await;
    assert!(matches!(ended, Err(OperationError::NoExitStatus(_))), "{ended:?}");
    assert_eq!(screen.modes(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_command_needs_a_container_that_runs() {
    let refused = async |exec: Exec| exec.run(&engine(), &mut Screen::pipe()).await.unwrap_err().to_string();
    let of = |container| Exec { container, ..exec(&["exit", "0"], false) };
    assert_eq!(refused(of(OneContainer { service: "db".into(), ..web() })).await, "service \"db\" is not running");
    let third = OneContainer { number: Some(3), ..web() };
    assert_eq!(refused(of(third)).await, "service \"web\" is not running container #3");
    let terminal = "cannot attach stdin to a TTY-enabled container because stdin is not a terminal";
    assert_eq!(refused(exec(&["cat"], true)).await, terminal);
}

#[tokio::test(start_paused = true)]
async fn the_first_replica_is_taken_and_one_offs_come_last() {
    let engine = Fake::new();
    let one_off = engine.add_running("demo", "demo-web-run-1", "web", 0);
    engine.label(&one_off, "com.docker.compose.oneoff", "True");
    let take = async |number| {
        let container = OneContainer { number, ..web() };
        container.find_up(&engine).await.map(|container| container.name).map_err(|error| error.to_string())
    };
    assert_eq!(take(None).await.as_deref(), Ok("demo-web-run-1"));
    engine.add_running("demo", "demo-web-2", "web", 2);
    engine.add_running("demo", "demo-web-1", "web", 1);
    engine.add_container("demo", "demo-web-3", "web", 3);
    assert_eq!(take(None).await.as_deref(), Ok("demo-web-1"));
    assert_eq!(take(Some(2)).await.as_deref(), Ok("demo-web-2"));
    assert!(take(Some(3)).await.is_err(), "it does not run");
}

fn attach(signals: Signals) -> Attach {
    Attach { container: web(), stdin: true, signals, keys: DetachKeys::default() }
}

/// An engine with a container that reads, writes after a second, and ends with 4 after `seconds`.
fn reading(terminal: bool, seconds: u64) -> Fake {
    let engine = Fake::new();
    let run = Run { exit: Some((s(seconds), 4)), ..Run::default() };
    let script = Script { terminal, stdin_open: true, runs: vec![run], ..Script::default() };
    engine.script("demo-web-1", script.writes(s(1), "hello\n"));
    engine.add_running("demo", "demo-web-1", "web", 1);
    engine
}

#[tokio::test(start_paused = true)]
async fn an_attached_container_is_read_and_written_until_it_ends() {
    let engine = reading(false, 5);
    let mut screen = Screen { typed: vec![(s(0), b"question\n")], ends: Some(s(1)), ..Screen::pipe() };
    assert_eq!(attach(Signals::Forwarded).run(&engine, &mut screen).await.unwrap(), 4);
    assert_eq!(screen.shown(), "hello\n");
    let id = engine.id_of("demo-web-1").unwrap();
    assert_eq!(engine.typed_into(&id), b"question\n");
}

#[tokio::test(start_paused = true)]
async fn signals_go_to_an_attached_container_or_end_the_command() {
    let engine = reading(false, 60);
    let signalled = || Screen { signals: vec![(s(2), INTERRUPT)], ..Screen::pipe() };
    assert_eq!(attach(Signals::Forwarded).run(&engine, &mut signalled()).await.unwrap(), 137);
    assert!(engine.calls().contains(&"kill demo-web-1".to_owned()), "{:?}", engine.calls());
    let engine = reading(false, 60);
    let ended = attach(Signals::Kept).run(&engine, &mut signalled()).await;
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    assert!(engine.calls().is_empty(), "{:?}", engine.calls());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_no_signals_does_not_keep_the_user() {
    let engine = reading(false, 600);
    engine.delay("kill demo-web-1", s(500));
    let signals = (1..=3).map(|at| (s(at), INTERRUPT)).collect();
    let began = tokio::time::Instant::now();
    let ended = attach(Signals::Forwarded).run(&engine, &mut Screen { signals, ..Screen::pipe() }).await;
    assert!(matches!(ended, Err(OperationError::Interrupted)), "{ended:?}");
    assert!(began.elapsed() < s(3) + ms(100), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_container_with_a_terminal_is_left_with_the_keys() {
    let engine = reading(true, 60);
    let mut screen = Screen { typed: vec![(s(2), b"x\x10\x11")], ..Screen::terminal() };
    let left = attach(Signals::Forwarded).run(&engine, &mut screen).await;
    assert!(matches!(left, Err(OperationError::Detached)), "{left:?}");
    assert_eq!(screen.modes(), [true, false]);
    assert_eq!(engine.sizes(), [WindowSize { rows: 31, ..SIZE }, SIZE], "the program draws anew");
    let refused = attach(Signals::Forwarded).run(&engine, &mut Screen::pipe()).await.unwrap_err().to_string();
    assert_eq!(refused, "cannot attach stdin to a TTY-enabled container because stdin is not a terminal");
    let output_only = Attach { stdin: false, ..attach(Signals::Forwarded) };
    assert_eq!(output_only.run(&engine, &mut Screen::pipe()).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_is_not_attached_to() {
    let engine = reading(false, 60);
    engine.pause_now(&engine.id_of("demo-web-1").unwrap());
    let refused = attach(Signals::Forwarded).run(&engine, &mut Screen::pipe()).await.unwrap_err().to_string();
    assert_eq!(refused, "cannot attach to a paused container, unpause it first");
}
