//! The bed's second engine, whose images are in the containerd store.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The engine; it ends with the scenario that started it.
pub(super) struct SecondEngine;

impl SecondEngine {
    /// Starts it; also returns its address.
    pub(super) fn start() -> (Self, String) {
        let output = bed("start");
        assert!(output.status.success(), "the bed could not start the engine with the containerd store");
        let answer = String::from_utf8_lossy(&output.stdout);
        let host = answer.trim().strip_prefix("DOCKER_HOST=").expect("the bed prints the address");
        (Self, host.to_owned())
    }
}

impl Drop for SecondEngine {
    fn drop(&mut self) {
        // Whatever remains of it, the next start ends.
        let _ = bed("stop");
    }
}

fn bed(what: &str) -> Output {
    let bed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/bed");
    Command::new(bed).args(["containerd", what]).stderr(Stdio::inherit()).output().expect("the bed can be run")
}
