//! A run of the binary that goes on beside the steps of its scenario.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{Ran, STEP, Scenario};

/// A run that was begun; one that a failing scenario leaves behind is killed.
pub(crate) struct Background {
    child: Child,
    /// Where its output goes, to be read at any time.
    output: TempDir,
}

impl Scenario {
    /// Begins `hoist ARGUMENTS`.
    pub(crate) fn background(&self, arguments: &[&str]) -> Background {
        self.begin(self.command(arguments))
    }

    /// Begins a command.
    pub(crate) fn begin(&self, mut command: Command) -> Background {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        self.note(format!("$ {}   [in the background]", arguments.join(" ")));
        let output = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| Stdio::from(fs::File::create(output.path().join(name)).expect("a file can be made"));
        let child = command.stdout(file("stdout")).stderr(file("stderr")).spawn().expect("the binary starts");
        Background { child, output }
    }

    /// Waits until the run has written that text, to standard output or standard error.
    pub(crate) async fn shows(&self, run: &Background, text: &str) {
        let shown = || async { (run.stdout().contains(text) || run.stderr().contains(text)).then_some(()) };
        self.eventually(&format!("`{text}` is shown"), 20, shown).await;
    }

    /// Fails the test if the run ends within half a second: what hoist does wrongly here, it does at once.
    pub(crate) async fn goes_on(&self, run: &mut Background) {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!run.has_ended(), "it ended:\n{}\n{}", run.stdout(), run.stderr());
    }
}

impl Background {
    /// What it has written to standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.text("stdout")
    }

    /// What it has written to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.text("stderr")
    }

    fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.output.path().join(name)).expect("it was made");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_some()
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let sent = std::process::Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Ends it at once, as the machine might.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ran {
        let deadline = tokio::time::Instant::now() + STEP;
        while !self.has_ended() {
            assert!(tokio::time::Instant::now() < deadline, "it did not end within {STEP:?}: {}", self.stderr());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let status = self.child.wait().expect("it has ended");
        Ran { status: status.code().unwrap_or(-1), stdout: self.stdout(), stderr: self.stderr() }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
