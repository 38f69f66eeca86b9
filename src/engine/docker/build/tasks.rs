//! The tasks of one build: connections, streams and readers of files. They end with the stream that the build is.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::task::JoinSet;

/// Owns the tasks; dropping it ends them.
#[derive(Debug, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

/// Starts tasks for as long as their owner is there; without it, what is given to it is dropped.
#[derive(Debug, Clone)]
pub(super) struct Spawner(Weak<Mutex<JoinSet<()>>>);

impl Tasks {
    /// What tasks are started with. The tasks may hold it: it does not keep the owner.
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

    /// Starts a task that may block. It has to notice by itself that nobody listens any more.
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

/// The tasks, without those that have ended. A panic of one goes on here.
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
