//! The files of this machine: which folders are listened to, and what is heard of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Something listens to folders.
pub trait Folders: Send + Sync + 'static {
    /// Listens to a folder: to what is in it, not to what is in its folders. It may be listened to already, and may have
    /// taken the place of another one.
    ///
    /// # Errors
    ///
    /// Why it cannot be listened to, in words.
    fn listen(&self, folder: &Path) -> Result<(), String>;
}

/// Something is heard of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something happened to this path.
    Changed(PathBuf),
    /// Something was missed: everything may have changed.
    Missed,
}

/// What is listened with, and what is heard.
pub struct Files {
    /// Listens to folders.
    pub folders: Arc<dyn Folders>,
    /// What is heard of them.
    pub heard: mpsc::UnboundedReceiver<Heard>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl Files {
    /// Listens to the files of this machine.
    ///
    /// # Errors
    ///
    /// If the system does not let it, in words.
    pub fn of_this_machine() -> Result<Self, String> {
        let (sender, heard) = mpsc::unbounded_channel();
        let hear = move |event: notify::Result<notify::Event>| {
            for heard in heard_of(event) {
                // Nobody listens any more.
                let _ = sender.send(heard);
            }
        };
        let watcher = notify::recommended_watcher(hear).map_err(|error| words(&error))?;
        Ok(Self { folders: Arc::new(OfThisMachine(Mutex::new(watcher))), heard })
    }
}

struct OfThisMachine(Mutex<RecommendedWatcher>);

impl Folders for OfThisMachine {
    fn listen(&self, folder: &Path) -> Result<(), String> {
        let mut watcher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| words(&error))
    }
}

fn heard_of(event: notify::Result<notify::Event>) -> Vec<Heard> {
    let Ok(event) = event else { return vec![Heard::Missed] };
    if event.need_rescan() {
        return vec![Heard::Missed];
    }
    let matters = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
        EventKind::Access(_) => false,
    };
    if matters { event.paths.into_iter().map(Heard::Changed).collect() } else { Vec::new() }
}

fn words(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system's limit of watched folders is reached; raise fs.inotify.max_user_watches".to_owned()
        }
        notify::ErrorKind::Io(error) => error.to_string(),
        notify::ErrorKind::PathNotFound => "it is not there".to_owned(),
        notify::ErrorKind::Generic(text) => text.clone(),
        notify::ErrorKind::WatchNotFound | notify::ErrorKind::InvalidConfig(_) => error.to_string(),
    }
}

/// Folders that nobody listens to: for tests, which say themselves what is heard.
#[derive(Debug, Default)]
pub struct Told(Mutex<BTreeSet<PathBuf>>);

impl Told {
    /// The folders that were to be listened to.
    #[must_use]
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Folders for Told {
    fn listen(&self, folder: &Path) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(())
    }
}
