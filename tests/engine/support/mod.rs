//! What every scenario needs: an engine, a folder with files, the binary, and a look at what the engine has.

pub(crate) mod background;
mod foreign;
pub(crate) mod look;
pub(crate) mod page;
pub(crate) mod port;
pub(crate) mod proxy;
pub(crate) mod seat;
mod second;

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bollard::Docker;
use futures::FutureExt;

/// The longest a step may take; scenarios that wait for something longer are wrong.
const STEP: Duration = Duration::from_mins(2);

/// The engine that the tests run against.
///
/// # Panics
///
/// When none answers: a test that needs an engine fails without one.
pub(crate) async fn engine() -> Docker {
    let docker = Docker::connect_with_defaults().expect("an address of an engine");
    if let Err(error) = docker.ping().await {
        panic!("no container engine answers ({error}); `tests/bed/bed test` gets one and runs all tests");
    }
    docker
}

/// A project in a folder of its own, named after its test, taken down before and after.
pub(crate) struct Scenario {
    /// The engine, to look at.
    pub(crate) docker: Docker,
    /// The address of the engine, where it is not that of `DOCKER_HOST`.
    host: Option<String>,
    /// The project's name.
    pub(crate) project: String,
    folder: tempfile::TempDir,
    steps: Arc<Mutex<Vec<String>>>,
    /// What it has in the engine beside the project.
    foreign: Mutex<Vec<foreign::Foreign>>,
    /// The anonymous volumes that its containers had: nothing but the end of the scenario removes them.
    anonymous: Mutex<BTreeSet<String>>,
}

/// What [`project`] writes before the services: `<<: *idle` is a container that does nothing and ends at once.
const IDLE: &str = "x-idle: &idle {image: 'busybox:latest', command: [sleep, '600'], stop_grace_period: 0s}\n";

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit status.
    pub(crate) status: i32,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails the test unless the status is 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the status is that one.
    #[track_caller]
    pub(crate) fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless standard error has that text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in stderr:\n{}", self.stderr);
        self
    }

    /// Fails the test unless standard output has that text.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "`{text}` is not in stdout:\n{}", self.stdout);
        self
    }

    /// Fails the test if standard error has that text.
    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "`{text}` is in stderr:\n{}", self.stderr);
        self
    }
}

/// Runs a scenario: `files` are written into its folder, then `steps` run. On a failure everything that helps is
/// printed: the steps so far, the containers with their last log lines.
pub(crate) async fn scenario<F>(name: &str, files: &[(&str, &str)], steps: impl FnOnce(Arc<Scenario>) -> F)
where
    F: Future<Output = ()>,
{
    let project = format!("hoist-test-{name}");
    let _alone = alone(&project).await;
    carry_out(project, engine().await, None, files, steps).await;
}

/// A [`scenario`] on the bed's second engine, whose images are in the containerd store. It runs for this long.
pub(crate) async fn scenario_with_containerd_store<F>(
    name: &str,
    files: &[(&str, &str)],
    steps: impl FnOnce(Arc<Scenario>) -> F,
) where
    F: Future<Output = ()>,
{
    let _alone = alone("hoist-test-containerd").await;
    let (_second, host) = second::SecondEngine::start();
    let docker = Docker::connect_with_host(&host).expect("an address of an engine");
    carry_out(format!("hoist-test-{name}"), docker, Some(host), files, steps).await;
}

async fn carry_out<F>(
    project: String,
    docker: Docker,
    host: Option<String>,
    files: &[(&str, &str)],
    steps: impl FnOnce(Arc<Scenario>) -> F,
) where
    F: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = Arc::new(Scenario {
        docker,
        host,
        project,
        folder,
        steps: Arc::default(),
        foreign: Mutex::default(),
        anonymous: Mutex::default(),
    });
    for (path, text) in files {
        scenario.write(path, text);
    }
    scenario.take_down().await;
    let result = AssertUnwindSafe(steps(scenario.clone())).catch_unwind().await;
    if result.is_err() {
        scenario.print_what_helps().await;
    }
    scenario.take_down().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// Keeps other runs of the tests on this machine off a project, until it is dropped.
async fn alone(project: &str) -> fs::File {
    let path = std::env::temp_dir().join(format!("{project}.lock"));
    let locking = move || {
        let file = fs::File::create(path)?;
        file.lock().map(|()| file)
    };
    tokio::task::spawn_blocking(locking).await.expect("the task runs").expect("a file can be locked")
}

/// A [`scenario`] with one Compose file, which may say `<<: *idle`.
pub(crate) async fn project<F>(name: &str, services: &str, steps: impl FnOnce(Arc<Scenario>) -> F)
where
    F: Future<Output = ()>,
{
    scenario(name, &[("compose.yaml", &[IDLE, services].concat())], steps).await;
}

impl Scenario {
    /// Writes the Compose file anew, as [`project`] does.
    pub(crate) fn compose(&self, services: &str) {
        self.write("compose.yaml", &[IDLE, services].concat());
    }

    /// `up -d`, which has to end well.
    pub(crate) async fn up(&self, arguments: &[&str]) -> Ran {
        self.hoist(&[&["up", "-d"], arguments].concat()).await.ok()
    }

    /// Fails the test unless there is nothing to do.
    pub(crate) async fn is_settled(&self) {
        assert_eq!(self.hoist(&["plan", "--steps"]).await.ok().stdout.trim(), "nothing to do");
    }

    /// The name of something of the project: `data` is `hoist-test-x_data`.
    pub(crate) fn named(&self, key: &str) -> String {
        format!("{}_{key}", self.project)
    }

    /// The folder with the files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// The binary, ready to run in the project's folder; it sees PATH, HOME, the engine's address and the project's name
    /// only. A name in the environment leaves the file in charge, unlike `-p`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoist"));
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    pub(crate) fn surround(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("COMPOSE_PROJECT_NAME", &self.project);
        for name in ["PATH", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(host) = &self.host {
            command.env("DOCKER_HOST", host);
        }
    }

    /// Runs `hoist ARGUMENTS` to its end.
    pub(crate) async fn hoist(&self, arguments: &[&str]) -> Ran {
        self.run(self.command(arguments)).await
    }

    /// Runs the Docker Compose that `tests/bed/bed peer` names.
    pub(crate) async fn peer(&self, arguments: &[&str]) -> Ran {
        let program = std::env::var_os("HOIST_PEER").map_or_else(find_peer, PathBuf::from);
        let mut command = Command::new(program);
        command.args(arguments);
        self.surround(&mut command);
        self.run(command).await
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, command: Command) -> Ran {
        self.run_with_input(command, "").await
    }

    /// Runs a command to its end, with something to read.
    pub(crate) async fn run_with_input(&self, mut command: Command, input: &str) -> Ran {
        self.remember_volumes().await;
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let began = Instant::now();
        let input = input.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            if input.is_empty() {
                return command.output();
            }
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn()?;
            child.stdin.take().expect("it is piped").write_all(input.as_bytes())?;
            child.wait_with_output()
        });
        let output: Output = tokio::time::timeout(STEP, work)
            .await
            .unwrap_or_else(|_| panic!("`{}` did not end within {STEP:?}", words.join(" ")))
            .expect("the task runs")
            .expect("the program can be started");
        let ran = Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        let step = format!(
            "$ {}   [{} after {:.1} s]\n{}{}",
            words.join(" "),
            ran.status,
            began.elapsed().as_secs_f32(),
            ran.stdout,
            ran.stderr
        );
        self.note(step);
        ran
    }

    /// Keeps a step, to be printed should the scenario fail.
    fn note(&self, step: String) {
        self.steps.lock().expect("no step panicked with the lock").push(step);
    }

    /// Asks again and again until `look` gives something, for at most `seconds`.
    ///
    /// # Panics
    ///
    /// When the time is over.
    #[track_caller]
    #[expect(clippy::manual_async_fn, reason = "the caller's place is in the message")]
    pub(crate) fn eventually<'a, T, F>(
        &'a self,
        what: &'a str,
        seconds: u64,
        mut look: impl FnMut() -> F + 'a,
    ) -> impl Future<Output = T> + 'a
    where
        F: Future<Output = Option<T>>,
    {
        async move {
            self.note(format!("waiting: {what}"));
            let deadline = Instant::now() + Duration::from_secs(seconds);
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Copies a folder and all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("an entry can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// The bed's buildx plugin, which is with its Docker Compose.
pub(crate) fn buildx() -> PathBuf {
    let peer = find_peer();
    let folder = peer.parent().expect("it is in a folder");
    let places = [folder.join("docker-buildx"), folder.join("../libexec/docker/cli-plugins/docker-buildx")];
    places.into_iter().find(|path| path.is_file()).expect("the bed has the buildx plugin")
}

/// The bed's Docker Compose; asked for once per run of the tests.
fn find_peer() -> PathBuf {
    static PEER: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    PEER.get_or_init(|| {
        let bed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/bed");
        let output = Command::new(bed).arg("peer").stderr(Stdio::inherit()).output().expect("the bed can be run");
        assert!(output.status.success(), "`tests/bed/bed peer` names a Docker Compose");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    })
    .clone()
}
