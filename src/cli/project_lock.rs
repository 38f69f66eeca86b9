//! The lock of `watch`: one process watches a project. It is Docker Compose's own, so that both respect each other.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Context, Failure};
use crate::source::Reader;

/// A lock that is held until it is dropped.
pub(super) struct ProjectLock(PathBuf);

impl ProjectLock {
    /// Locks a project.
    ///
    /// # Errors
    ///
    /// If another process that still runs has it, or the lock cannot be written.
    pub(super) fn take(project: &str, context: &Context) -> Result<Self, Failure> {
        let variable = |name: &str| context.environment.get(name).filter(|value| !value.is_empty());
        let folder = match (variable("XDG_RUNTIME_DIR"), variable("HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(home)) => Path::new(home).join(".docker/docker-compose"),
            (None, None) => std::env::temp_dir(),
        };
        Self::take_in(&folder, project)
            .map_err(|why| Failure::Usage(format!("cannot take exclusive lock for project \"{project}\": {why}")))
    }

    fn take_in(folder: &Path, project: &str) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let path = folder.join(format!("{project}.pid"));
        let holder = Reader::default().read_named(&path).ok();
        let holder = holder.and_then(|text| String::from_utf8(text).ok()?.trim().parse::<i32>().ok());
        if let Some(holder) = holder.filter(|holder| is_running(*holder)) {
            return Err(format!("process with PID {holder} is still running"));
        }
        fs::write(&path, std::process::id().to_string()).map_err(|error| error.to_string())?;
        Ok(Self(path))
    }
}

impl Drop for ProjectLock {
    fn drop(&mut self) {
        // Whoever finds it sees that the process is gone.
        let _ = fs::remove_file(&self.0);
    }
}

fn is_running(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else { return false };
    // A process of somebody else runs, too.
    !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_one_watcher() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("new");
        let lock = ProjectLock::take_in(&inside, "shop").expect("it is free");
        let refused = ProjectLock::take_in(&inside, "shop").err();
        assert_eq!(refused, Some(format!("process with PID {} is still running", std::process::id())));
        assert!(ProjectLock::take_in(&inside, "other").is_ok());
        drop(lock);
        // One that was left behind by a process that is gone.
        fs::write(inside.join("shop.pid"), "2147483647").expect("written");
        assert!(ProjectLock::take_in(&inside, "shop").is_ok());
    }
}
