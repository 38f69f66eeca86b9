//! A registry that is there for a job.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;

/// A registry on a free port of this machine, empty when it starts. It ends when it is dropped.
pub(crate) struct Registry {
    /// Host and port.
    pub(crate) address: String,
    process: Child,
    _folder: tempfile::TempDir,
}

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

impl Registry {
    /// Starts `docker-registry`.
    pub(crate) fn start(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let file = folder.path().join("config.yml");
        let storage = format!("storage: {{filesystem: {{rootdirectory: '{}'}}}}\n", folder.path().display());
        let settings = format!("version: 0.1\nlog: {{level: error}}\n{storage}http: {{addr: '{address}'}}\n");
        std::fs::write(&file, settings)?;
        let mut command = Command::new(program);
        command.arg("serve").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn()?;
        let mut registry = Self { address, process, _folder: folder };
        let began = Instant::now();
        while !registry.answers() {
            ensure!(registry.process.try_wait()?.is_none(), "the registry ends at once");
            ensure!(began.elapsed() < PATIENCE, "the registry does not start");
            std::thread::yield_now();
        }
        Ok(registry)
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut socket = TcpStream::connect(&self.address)?;
            socket.write_all(b"GET /v2/ HTTP/1.0\r\n\r\n")?;
            let mut answer = [0; 12];
            socket.read_exact(&mut answer)?;
            std::io::Result::Ok(answer.ends_with(b"200"))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
