//! A watch that a session can begin and end.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::watch;

use super::files::Files;
use super::{Watch, WatchContext};
use crate::engine::Engine;
use crate::event::{Output, WatchNote};
use crate::execute::Announcer;
use crate::operation::Interruption;

/// Watching as a source of a session.
#[derive(Debug, Clone)]
pub struct Watching {
    /// What is watched.
    pub watch: Watch,
    /// Whether it is wanted now.
    pub wanted: watch::Receiver<bool>,
}

/// The state of it.
pub(in crate::operation) struct Live<'a, F> {
    wanted: Option<watch::Receiver<bool>>,
    running: Option<Running<'a>>,
    /// Begins to watch until it is interrupted, with an announcer as long as there is one.
    begin: F,
    announcer: Option<Announcer>,
}

struct Running<'a> {
    work: Pin<Box<dyn Future<Output = ()> + 'a>>,
    interruption: Interruption,
}

impl<'a, F: Fn(Interruption, Option<Announcer>) -> Pin<Box<dyn Future<Output = ()> + 'a>>> Live<'a, F> {
    /// As long as it is watched with `announcer`, containers may start.
    pub(in crate::operation) fn new(watching: Option<&Watching>, begin: F, announcer: Option<Announcer>) -> Self {
        Self { wanted: watching.map(|watching| watching.wanted.clone()), running: None, begin, announcer }
    }

    /// Begins or ends, as it is wanted now.
    pub(in crate::operation) fn follow_wish(&mut self, session: &Interruption) {
        let Some(wanted) = &mut self.wanted else { return };
        let wanted = *wanted.borrow_and_update();
        match &self.running {
            None if wanted => {
                let interruption = Interruption { stop: session.stop.child_token(), ..session.clone() };
                let work = (self.begin)(interruption.clone(), self.announcer.take());
                self.running = Some(Running { work, interruption });
            }
            Some(running) if !wanted => running.interruption.stop.cancel(),
            Some(_) | None => {}
        }
    }

    /// Works, until it is wanted that something changes. It never returns if nobody can want that.
    pub(in crate::operation) async fn work(&mut self) {
        let Self { wanted, running, .. } = self;
        let change = async {
            let heard = match wanted {
                Some(wanted) => wanted.changed().await.is_ok(),
                None => false,
            };
            if !heard {
                std::future::pending::<()>().await;
            }
        };
        let Some(current) = running else { return change.await };
        tokio::select! {
            () = &mut current.work => *running = None,
            () = change => {}
        }
    }

    /// Ends it; what is being replaced or restarted is finished.
    pub(in crate::operation) async fn end(&mut self) {
        self.announcer = None;
        if let Some(running) = self.running.take() {
            running.interruption.stop.cancel();
            running.work.await;
        }
    }
}

impl Watch {
    /// Listens to the files of this machine until it is interrupted.
    pub async fn run_here<E: Engine>(&self, cx: WatchContext<E>) {
        match Files::of_this_machine() {
            Ok(files) => self.run(cx, files).await,
            Err(reason) => drop(cx.outputs.send(Output::Watch(WatchNote::NoFiles { reason })).await),
        }
    }
}
