//! A helper program and a registry in, the program's answer out.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Deserialize;

/// How long a helper may take. Some ask for a password first.
const LIMIT: Duration = Duration::from_mins(1);

/// More than any answer has.
const LARGEST_ANSWER: u64 = 1 << 20;

/// What a helper knows about a registry.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) secret: String,
}

impl std::fmt::Debug for Answer {
    /// Leaves out the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Asks the helper with this name for the credential of a registry; `None` if it has none.
///
/// # Errors
///
/// A message that names the helper, if it cannot be run, fails or does not answer in time.
pub(super) fn get(helper: &str, server: &str) -> Result<Option<Answer>, String> {
    let program = format!("docker-credential-{helper}");
    ask(&program, &[&program, "get"], server, LIMIT)
}

/// Runs a program with a line of the input as its own input. It is ended when the input ends: when hoist is done with it,
/// or is gone, whatever ended it.
const UNTIL_THE_END: &str = r#"
IFS= read -r line; exec 3<&0
printf %s "$line" | "$@" 3<&- & program=$!
{ read -r line <&3; kill "$program"; } >/dev/null 2>&1 & guard=$!
wait "$program"; status=$?; kill "$guard"; exit $status"#;

/// The exit status of a shell that does not find a program.
const NOT_FOUND: i32 = 127;

fn held(command: &[&str]) -> Command {
    let mut held = Command::new("sh");
    held.args(["-c", UNTIL_THE_END, "sh"]).args(command);
    held.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    held
}

fn ask(program: &str, command: &[&str], server: &str, limit: Duration) -> Result<Option<Answer>, String> {
    let mut child = held(command).spawn().map_err(|error| format!("{program} cannot be run: {error}"))?;
    let ended = finish(&mut child, server, limit);
    let Some((status, stdout, stderr)) = ended else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{program} did not answer within {} s", limit.as_secs()));
    };
    if status == Some(NOT_FOUND) {
        return Err(format!("{program} is not installed"));
    }
    if status == Some(0) {
        return match serde_json::from_slice(&stdout) {
            Ok(answer) => Ok(Some(answer)),
            Err(_) => Err(format!("{program} gave an invalid answer")),
        };
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if [&stdout, &stderr].iter().any(|text| text.contains("credentials not found")) {
        return Ok(None);
    }
    Err(failure(program, &stdout, &stderr))
}

/// Its exit status and its output; `None` if it takes too long.
fn finish(child: &mut Child, server: &str, limit: Duration) -> Option<(Option<i32>, Vec<u8>, Vec<u8>)> {
    let end = Instant::now() + limit;
    let mut input = child.stdin.take();
    if let Some(input) = &mut input {
        // A helper that does not read still says why.
        let _ = input.write_all(format!("{server}\n").as_bytes());
    }
    let stdout = read(child.stdout.take());
    let stderr = read(child.stderr.take());
    let until = |output: mpsc::Receiver<Vec<u8>>| match output.recv_timeout(end - Instant::now().min(end)) {
        Ok(bytes) => Some(bytes),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Vec::new()),
    };
    let (stdout, stderr) = (until(stdout)?, until(stderr)?);
    let status = child.wait().ok().and_then(|status| status.code());
    drop(input);
    Some((status, stdout, stderr))
}

/// Reads a pipe to its end on a thread of its own.
fn read(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.take(LARGEST_ANSWER).read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    receiver
}

/// The failure on one line. Of the output only error messages are shown, since an answer contains a secret.
fn failure(program: &str, stdout: &str, stderr: &str) -> String {
    let mut said = [stderr, stdout].into_iter().flat_map(str::lines).map(str::trim);
    match said.rfind(|line| !line.is_empty() && !line.contains(['{', '}', '"'])) {
        Some(line) => format!("{program} failed: {line}"),
        None => format!("{program} failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(script: &str, limit: Duration) -> Result<Option<Answer>, String> {
        ask("docker-credential-x", &["sh", "-c", script], "r.example", limit)
    }

    #[test]
    fn what_a_helper_answers() {
        let long = Duration::from_mins(1);
        let script = r#"read server; printf '{"ServerURL":"%s","Username":"u","Secret":"hunter2"}' "$server""#;
        let answer = asked(&format!("{script}; cat >/dev/null"), long).unwrap().unwrap();
        assert_eq!((answer.username.as_str(), answer.secret.as_str()), ("u", "hunter2"));
        assert!(!format!("{answer:?}").contains("hunter2"));
        let none = asked("echo credentials not found in native keychain; exit 1", long);
        assert_eq!(none, Ok(None));
        let broken = asked("echo the store is locked >&2; exit 1", long);
        assert_eq!(broken, Err("docker-credential-x failed: the store is locked".to_owned()));
        assert_eq!(asked("echo hunter2", long), Err("docker-credential-x gave an invalid answer".to_owned()));
    }

    #[test]
    fn a_helper_that_hangs_is_named() {
        let error = asked("exec tail -f /dev/null", Duration::from_millis(50));
        assert_eq!(error, Err("docker-credential-x did not answer within 0 s".to_owned()));
    }

    #[test]
    fn a_helper_that_is_not_there_is_named() {
        let error = ask("docker-credential-x", &["docker-credential-x", "get"], "r.example", LIMIT);
        assert_eq!(error, Err("docker-credential-x is not installed".to_owned()));
    }

    /// The input ends with hoist, too.
    #[test]
    fn a_helper_ends_with_its_input() {
        let mut child = held(&["sh", "-c", "echo running; exec tail -f /dev/null"]).spawn().expect("it runs");
        let mut input = child.stdin.take().expect("it has an input");
        input.write_all(b"r.example\n").expect("it reads");
        let mut said = [0; 8];
        child.stdout.take().expect("it has an output").read_exact(&mut said).expect("it runs");
        assert!(child.try_wait().expect("a state").is_none());
        drop(input);
        // The shell ends once the program has.
        let ended = child.wait().expect("a state");
        assert!(!ended.success(), "{ended}");
    }

    #[test]
    fn a_helper_that_fails_gives_no_secret_away() {
        let failure = |stdout: &str, stderr: &str| failure("docker-credential-x", stdout, stderr);
        assert_eq!(failure("the store is locked\n", ""), "docker-credential-x failed: the store is locked");
        assert_eq!(failure(r#"{"Username":"u","Secret":"hunter2"}"#, ""), "docker-credential-x failed");
        assert_eq!(failure(r#""Secret":"hunter2""#, "broken pipe"), "docker-credential-x failed: broken pipe");
    }
}
