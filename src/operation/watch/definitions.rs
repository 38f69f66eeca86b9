//! The files that define the project: what a change of them would do, and doing it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::Up;
use super::super::ask::Always;
use super::super::converge::{Detail, prepare};
use super::super::pipe::on_thread;
use super::burst::Burst;
use super::files::{Folders, Heard};
use crate::engine::Engine;
use crate::event::Redefined;
use crate::project::{Project, ServiceName};

/// Reads the files of a project again.
pub trait Reload: Send + Sync + 'static {
    /// What they say now; otherwise what is wrong with them, in words.
    ///
    /// # Errors
    ///
    /// If they have mistakes.
    fn reload(&self) -> Result<Reloaded, String>;
}

/// What the files say.
#[derive(Debug, Clone)]
pub struct Reloaded {
    /// How the project is brought up.
    pub up: Up,
    /// All files that say so, and those that would if they were there.
    pub files: BTreeSet<PathBuf>,
    /// The services whose output is shown, if that of any is.
    pub shown: BTreeSet<ServiceName>,
}

/// The files of the project, if they are watched too.
#[derive(Clone)]
pub struct Definitions {
    /// The files.
    pub files: BTreeSet<PathBuf>,
    /// Reads them again.
    pub reload: Arc<dyn Reload>,
    /// Told when what they say is to be applied.
    pub apply: Arc<Notify>,
}

impl std::fmt::Debug for Definitions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Definitions").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What is known of a change of them.
pub(super) struct Definition {
    definitions: Option<Definitions>,
    burst: Option<Burst>,
    /// What they say, if it is something else than what runs.
    pub(super) next: Option<Reloaded>,
}

impl Definition {
    /// Listens to the folders of the files.
    pub(super) fn new(definitions: Option<Definitions>, folders: &dyn Folders) -> Self {
        let files = definitions.as_ref().map(|definitions| &definitions.files);
        let parents: BTreeSet<&Path> = files.into_iter().flatten().filter_map(|file| file.parent()).collect();
        for folder in parents {
            // What cannot be listened to is not noticed; the services say so if it matters to them.
            let _ = folders.listen(folder);
        }
        Self { definitions, burst: None, next: None }
    }

    /// Something was heard of a file.
    pub(super) fn hear(&mut self, heard: &Heard) {
        let Some(definitions) = &self.definitions else { return };
        let matters = match heard {
            Heard::Changed(path) => definitions.files.contains(path),
            Heard::Missed => true,
        };
        if matters {
            let now = Instant::now();
            match &mut self.burst {
                Some(burst) => burst.add(heard.clone(), now),
                None => self.burst = Some(Burst::new(heard.clone(), now)),
            }
        }
    }

    /// Returns when the burst is over; never if there is none.
    pub(super) async fn is_quiet(&self) {
        match &self.burst {
            Some(burst) => tokio::time::sleep_until(burst.ends()).await,
            None => std::future::pending().await,
        }
    }

    /// Returns when what they say is to be applied; never if there is nothing to apply.
    pub(super) async fn is_wanted(&self) {
        match &self.definitions {
            Some(definitions) if self.next.is_some() => definitions.apply.notified().await,
            Some(_) | None => std::future::pending().await,
        }
    }

    /// Reads them again, and looks at what that would change; `None` if they say what they said before.
    pub(super) async fn look<E: Engine>(&mut self, project: &Project, engine: &E) -> Option<Redefined> {
        self.burst = None;
        let definitions = self.definitions.as_mut()?;
        let reload = definitions.reload.clone();
        let mut reloaded = match on_thread(move || reload.reload()).await {
            Ok(reloaded) => reloaded,
            Err(message) => {
                self.next = None;
                return Some(Redefined::Invalid(message));
            }
        };
        let had = self.next.take().is_some();
        definitions.files.extend(reloaded.files.iter().cloned());
        if *reloaded.up.project == *project {
            return had.then_some(Redefined::Nothing);
        }
        let prepared = match prepare(&mut reloaded.up, engine, &Always::No, Detail::Full).await {
            Ok(prepared) => prepared,
            Err(error) => return Some(Redefined::Invalid(error.to_string())),
        };
        let plan = prepared.plan.clone();
        let is_nothing = plan.steps().all(|(_, step)| !step.is_change());
        self.next = Some(reloaded);
        Some(if is_nothing { Redefined::Nothing } else { Redefined::Changes(plan) })
    }
}
