//! The tasks of one build: connections, streams and file readers. They end with the build's stream.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::task::JoinSet;

/// Owns the tasks; dropping it ends them.
#[derive(Debug, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

/// Starts tasks as long as their owner exists; after that, they are dropped.
#[derive(Debug, Clone)]
pub(super) struct Spawner(Weak<Mutex<JoinSet<()>>>);

impl Tasks {
    /// A handle to start tasks. Tasks may hold it, since it does not keep the owner alive.
    pub(super) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.0))
    }
}

impl Spawner {
    /// Starts a task.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = self.0.upgrade() {
            swept(&tasks).spawn(task);
        }
    }

    /// Starts a task that may block. It must notice by itself when its receiver is gone.
    pub(super) fn spawn_blocking(&self, task: impl FnOnce() + Send + 'static) {
        if let Some(tasks) = self.0.upgrade() {
            swept(&tasks).spawn_blocking(task);
        }
    }
}

impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        self.spawn(async {
            let _ = future.await;
        });
    }
}

/// The tasks, without those that have ended. Propagates panics.
fn swept(tasks: &Mutex<JoinSet<()>>) -> MutexGuard<'_, JoinSet<()>> {
    let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(ended) = tasks.try_join_next() {
        if let Err(panicked) = ended
            && let Ok(panic) = panicked.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }
    tasks
}
