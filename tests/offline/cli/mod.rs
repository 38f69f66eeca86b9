//! The binary: files and arguments in; all of standard output, standard error and the exit status out.

mod arguments;
mod building;
mod completion;
mod config;
mod forms;
mod graph;
mod interruption;
mod jobs;
mod limits;
mod listed;
mod remarks;
mod security;

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A run of the binary in a folder of its own, with no environment but PATH, HOME and what the case adds.
pub(crate) struct Case {
    folder: TempDir,
    command: Command,
    input: Option<String>,
}

/// What a run came to. The folder's path reads `[folder]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Case {
    /// `hoist ARGUMENTS`, split at blanks.
    pub(crate) fn new(arguments: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("project").tempdir().expect("a temporary folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoist"));
        command.args(arguments.split_whitespace()).current_dir(folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", "/nonexistent");
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        Self { folder, command, input: None }
    }

    /// Where the shell's `ulimit` was called with these arguments before.
    pub(crate) fn limited(mut self, limit: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_hoist")]);
        shell.args(self.command.get_args());
        shell.current_dir(self.folder.path()).env_clear();
        shell.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = shell;
        self
    }

    /// Called by another name than `hoist`.
    pub(crate) fn called(mut self, name: &str) -> Self {
        self.command.arg0(name);
        self
    }

    /// Called by `docker` as its plugin; the arguments are those of `docker`.
    pub(crate) fn by_docker(self) -> Self {
        self.called("/usr/libexec/docker/cli-plugins/docker-compose")
            .variable("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", "docker")
    }

    /// With an argument that is not split.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// With a file in the folder.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(path, text).expect("a file can be written");
        self
    }

    /// With a variable in its environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With text on its standard input.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        self.run_in_place().0
    }

    /// Runs it to its end, without a complaint; what it printed.
    pub(crate) fn ok(self) -> String {
        let ran = self.run();
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        ran.stdout
    }

    /// Runs it to its end, and reads a file that it wrote into the folder.
    pub(crate) fn run_and_read(self, path: &str) -> (Ran, String) {
        let (ran, folder) = self.run_in_place();
        (ran, fs::read_to_string(folder.path().join(path)).expect("it wrote the file"))
    }

    /// Runs it to its end. The folder stays until it is dropped.
    fn run_in_place(mut self) -> (Ran, TempDir) {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        if let Some(text) = &self.input {
            child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads its input");
        }
        let output = child.wait_with_output().expect("it ends");
        let folder = self.folder.path().canonicalize().expect("the folder is there");
        let name = folder.file_name().expect("it has a name").to_string_lossy().to_lowercase();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes).replace(&*folder.to_string_lossy(), "[folder]");
            text.replace(&name, "[name]")
        };
        let status = output.status.code().unwrap_or(-1);
        (Ran { status, stdout: text(output.stdout), stderr: text(output.stderr) }, self.folder)
    }
}
