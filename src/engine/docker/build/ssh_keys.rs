//! SSH keys in files: checks that a key can be used, and an agent that holds keys as long as a build runs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::process::{ChildStdin, Command};

use super::error::BuildError;
use super::unique::unique_id;
use crate::engine::docker::local_file;
use crate::source::Reader;

/// How long starting an agent and adding a key may each take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before the agent is asked again.
const AGAIN: Duration = Duration::from_millis(10);

/// Maximum size of a key file.
const LARGEST_KEY: u64 = 1 << 20;

/// Reads a private key; one with a passphrase is refused, since nobody could enter it.
pub(super) async fn read_key(path: &Path) -> Result<Vec<u8>, BuildError> {
    let shown = path.display();
    let key = local_file::read(&Reader::up_to(LARGEST_KEY), path).await;
    let key = key.map_err(|cause| BuildError::Unreadable(format!("cannot read the SSH key `{shown}`: {cause}")))?;
    let text = String::from_utf8_lossy(&key);
    if !text.contains("PRIVATE KEY-----") {
        return Err(BuildError::Unsupported(format!("`{shown}` in `build.ssh` is neither a private key nor an agent")));
    }
    if has_passphrase(&text) {
        return Err(BuildError::Unsupported(format!(
            "the SSH key `{shown}` has a passphrase: add it to an SSH agent with `ssh-add`, and use `default` in `build.ssh`"
        )));
    }
    Ok(key)
}

/// Whether a key is encrypted, in any of the usual formats.
fn has_passphrase(key: &str) -> bool {
    // PKCS#8 and the older PEM formats say so.
    if key.contains("ENCRYPTED") {
        return true;
    }
    // OpenSSH's own: its name, then the name of the cipher with the length before it.
    let lines = key.lines().skip_while(|line| !line.starts_with("-----BEGIN OPENSSH")).skip(1);
    let text: String = lines.take_while(|line| !line.starts_with("-----")).map(str::trim).collect();
    let Ok(data) = BASE64.decode(text) else { return false };
    data.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
}

/// What ends an agent: it runs beside it until hoist closes its input, or is gone, whatever ended it.
const UNTIL_THE_END: &str = r#"cat >/dev/null; kill "$SSH_AGENT_PID"; rm -rf -- "$1""#;

/// An agent of its own. Dropping it ends it.
#[derive(Debug)]
pub(super) struct KeyAgent {
    /// Its end ends the agent.
    _input: ChildStdin,
    /// Only this user may enter it.
    folder: Folder,
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A socket that stays behind in the temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl KeyAgent {
    /// Starts an agent with keys, in a folder of its own in `temporary_folder`.
    pub(super) async fn start(temporary_folder: &Path, keys: &[(&Path, Vec<u8>)]) -> Result<Self, BuildError> {
        let failed =
            |cause: &dyn std::fmt::Display| BuildError::Unsupported(format!("cannot start an SSH agent: {cause}"));
        let folder = private_folder(temporary_folder).map_err(|cause| failed(&cause))?;
        let socket = folder.0.join("agent");
        let mut command = Command::new("ssh-agent");
        command.arg("-a").arg(&socket).args(["sh", "-c", UNTIL_THE_END, "sh"]).arg(&folder.0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C at the terminal is for hoist, which ends it when it is no longer needed.
        command.process_group(0);
        let mut process = command.spawn().map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                return failed(&"keys in `build.ssh` need OpenSSH, but `ssh-agent` is not installed");
            }
            failed(&cause)
        })?;
        let input = process.stdin.take().ok_or_else(|| failed(&"it has no input"))?;
        let agent = Self { _input: input, folder };
        tokio::time::timeout(PATIENCE, answers(&socket)).await.map_err(|_| failed(&"it does not answer"))?;
        for (path, key) in keys {
            let added = tokio::time::timeout(PATIENCE, add(&socket, key)).await;
            let added = added.unwrap_or_else(|_| Err("`ssh-add` does not end".to_owned()));
            added.map_err(|cause| {
                BuildError::Unsupported(format!("cannot use the SSH key `{}`: {cause}", path.display()))
            })?;
        }
        Ok(agent)
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.0.join("agent")
    }
}

fn private_folder(parent: &Path) -> std::io::Result<Folder> {
    use std::os::unix::fs::DirBuilderExt;
    let path = parent.join(format!("hoist-ssh-{}", unique_id()));
    std::fs::DirBuilder::new().mode(0o700).create(&path)?;
    Ok(Folder(path))
}

async fn answers(socket: &Path) {
    while UnixStream::connect(socket).await.is_err() {
        tokio::time::sleep(AGAIN).await;
    }
}

/// Adds a key, which the program reads from its input: permissions of the file do not matter then.
async fn add(socket: &Path, key: &[u8]) -> Result<(), String> {
    let mut command = Command::new("ssh-add");
    command.args(["-q", "-"]).env("SSH_AUTH_SOCK", socket).env("SSH_ASKPASS_REQUIRE", "never");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().map_err(|cause| format!("cannot start `ssh-add`: {cause}"))?;
    if let Some(mut input) = process.stdin.take() {
        // A program that does not read it to the end says why.
        let _ = input.write_all(key).await;
    }
    let output = process.wait_with_output().await.map_err(|cause| cause.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(words.lines().next_back().unwrap_or("`ssh-add` refused it").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make_key(folder: &Path, kind: &str, passphrase: &str, format: &[&str]) -> PathBuf {
        let path = folder.join(format!("{kind}{}{}", passphrase.len(), format.concat()));
        let mut command = std::process::Command::new("ssh-keygen");
        command.args(["-q", "-t", kind, "-N", passphrase]).args(format).arg("-f").arg(&path);
        assert!(command.status().expect("ssh-keygen runs").success());
        path
    }

    #[tokio::test]
    async fn a_key_with_a_passphrase_is_refused_in_every_format() {
        let folder = tempfile::tempdir().expect("folder");
        for format in [&[][..], &["-m", "PEM"], &["-m", "PKCS8"]] {
            let open = make_key(folder.path(), "ecdsa", "", format);
            read_key(&open).await.expect("it has none");
            let closed = make_key(folder.path(), "ecdsa", "secret", format);
            let message = read_key(&closed).await.expect_err("refused").to_string();
            assert!(message.contains("has a passphrase"), "{message}");
        }
        let message = read_key(&folder.path().join("ecdsa0.pub")).await.expect_err("refused").to_string();
        assert!(message.ends_with("is neither a private key nor an agent"), "{message}");
        let message = read_key(&folder.path().join("none")).await.expect_err("refused").to_string();
        assert!(message.ends_with("none`: no such file"), "{message}");
    }

    /// Nobody else has its input: it ends even where hoist cannot end it.
    #[tokio::test]
    async fn an_agent_ends_without_its_owner() {
        let folder = tempfile::tempdir().expect("folder");
        let path = make_key(folder.path(), "ed25519", "", &[]);
        let key = std::fs::read(&path).expect("key");
        let agent = KeyAgent::start(folder.path(), &[(&path, key)]).await.expect("started");
        let socket = agent.socket();
        let KeyAgent { _input: input, folder: kept } = agent;
        UnixStream::connect(&socket).await.expect("it listens");
        drop(input);
        let ended = async {
            while UnixStream::connect(&socket).await.is_ok() || kept.0.exists() {
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it ends, and leaves nothing");
    }

    #[tokio::test]
    async fn an_agent_ends_with_its_build() {
        let folder = tempfile::tempdir().expect("folder");
        let path = make_key(folder.path(), "ed25519", "", &[]);
        let key = std::fs::read(&path).expect("key");
        let agent = KeyAgent::start(folder.path(), &[(&path, key)]).await.expect("started");
        let socket = agent.socket();
        UnixStream::connect(&socket).await.expect("it listens");
        drop(agent);
        assert!(!socket.exists());
        let broken = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n".to_vec();
        let message = KeyAgent::start(folder.path(), &[(&path, broken)]).await.expect_err("refused").to_string();
        assert!(message.starts_with("cannot use the SSH key"), "{message}");
    }
}
