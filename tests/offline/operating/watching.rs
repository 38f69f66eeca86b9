//! `watch` with files that are only told of: when something is done, and that services do not wait for each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hoist::engine::fake::Fake;
use hoist::event::{Events, Output, OutputReceiver, Outputs, WatchNote};
use hoist::operation::Interruption;
use hoist::operation::follow::AddedServices;
use hoist::operation::watch::{Files, Heard, Told, Watch, WatchContext, WatchSettings};
use hoist::project::{Build, Develop, Project, Service, WatchAction};
use tokio::sync::mpsc;
use tokio::time::Instant;

fn service(name: &str, folder: &Path, action: WatchAction) -> Service {
    let rule = hoist::project::Watch {
        path: folder.join(name).display().to_string(),
        action,
        target: Some("/app".to_owned()),
        ..hoist::project::Watch::default()
    };
    Service {
        name: name.into(),
        image: Some("busybox".to_owned()),
        develop: Some(Develop { watch: vec![rule], ..Develop::default() }),
        ..Service::default()
    }
}

/// A project of `web`, which is copied into, and `slow`, which is restarted; each watches the folder of its name.
fn project(folder: &Path) -> Project {
    let services = [service("web", folder, WatchAction::Sync), service("slow", folder, WatchAction::Restart)];
    Project {
        name: "demo".into(),
        working_directory: folder.to_path_buf(),
        services: services.into_iter().map(|service| (service.name.clone(), service)).collect(),
        ..Project::default()
    }
}

/// What is told of a watch, and what it says.
struct Seat {
    folder: PathBuf,
    heard: mpsc::UnboundedSender<Heard>,
    shown: OutputReceiver,
    interruption: Interruption,
}

impl Seat {
    /// Writes to a file, which is told of.
    fn change(&self, path: &str) {
        let path = self.folder.join(path);
        std::fs::write(&path, "x").expect("a file");
        self.heard.send(Heard::Changed(path)).expect("somebody listens");
    }

    /// The next note like that.
    async fn next(&mut self, wanted: fn(&WatchNote) -> bool) -> WatchNote {
        loop {
            match self.shown.recv().await {
                Some(Output::Watch(note)) if wanted(&note) => return note,
                Some(_) => {}
                None => panic!("it has ended"),
            }
        }
    }
}

fn begin(engine: &Fake, folder: &Path) -> (WatchContext<Fake>, Files, Seat) {
    let ((events, _), (outputs, shown)) = (Events::channel(), Outputs::channel());
    let (sender, heard) = mpsc::unbounded_channel();
    let interruption = Interruption::default();
    let seat = Seat { folder: folder.to_owned(), heard: sender, shown, interruption: interruption.clone() };
    let (engine, announcer, added) = (engine.clone(), None, AddedServices::default());
    let cx = WatchContext { engine, events, outputs, interruption, announcer, added };
    (cx, Files { folders: Arc::new(Told::default()), heard }, seat)
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_acted_on_when_it_is_over_and_a_slow_service_delays_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["web", "slow"] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    let engine = Fake::new();
    engine.add_running("demo", "demo-web-1", "web", 1);
    engine.add_running("demo", "demo-slow-1", "slow", 1);
    engine.delay("restart demo-slow-1", Duration::from_mins(1));
    let (cx, files, mut seen) = begin(&engine, folder.path());
    let watch = Watch::new(Arc::new(project(folder.path())), WatchSettings::default()).expect("there are rules");
    let steps = async {
        seen.next(|note| *note == WatchNote::Enabled).await;
        seen.change("slow/a");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        for number in 0..5 {
            seen.change(&format!("web/{number}"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let syncing = seen.next(|note| matches!(note, WatchNote::Syncing { .. })).await;
        assert_eq!(syncing, WatchNote::Syncing { service: "web".into(), changes: 5 });
        assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
        seen.next(|note| matches!(note, WatchNote::Restarted { .. })).await;
        assert!(began.elapsed() > Duration::from_secs(50), "the restart was still going on");
        assert_eq!(engine.unpacked("demo-web-1").len(), 1, "all went at once");
        seen.interruption.stop.cancel();
        seen.next(|note| *note == WatchNote::Disabled).await;
    };
    tokio::join!(watch.run(cx, files), steps);
}

#[tokio::test(start_paused = true)]
async fn a_newer_change_cancels_a_build_but_not_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("app")).expect("a folder");
    let engine = Fake::new();
    engine.add_running("demo", "demo-app-1", "app", 1);
    engine.delay("build demo-app", Duration::from_mins(1));
    let mut app = service("app", folder.path(), WatchAction::Rebuild);
    app.image = None;
    app.build = Some(Build { context: Some(folder.path().join("app").display().to_string()), ..Build::default() });
    let project = Project { services: [("app".into(), app)].into(), ..project(folder.path()) };
    let watch = Watch::new(Arc::new(project), WatchSettings::default()).expect("there are rules");
    let (cx, files, mut seen) = begin(&engine, folder.path());
    let steps = async {
        seen.next(|note| *note == WatchNote::Enabled).await;
        seen.change("app/a");
        for _ in 0..3 {
            seen.next(|note| matches!(note, WatchNote::Rebuilding { .. })).await;
            tokio::time::sleep(Duration::from_secs(30)).await;
            seen.change("app/a");
            let about = |note: &WatchNote| matches!(note, WatchNote::BuildCancelled { .. } | WatchNote::Built { .. });
            assert_eq!(seen.next(about).await, WatchNote::BuildCancelled { service: "app".into() });
        }
        // The containers are replaced once before what changes now is built.
        seen.next(|note| matches!(note, WatchNote::Rebuilding { .. })).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        seen.change("app/b");
        let first = engine.id_of("demo-app-1");
        let about = |note: &WatchNote| matches!(note, WatchNote::BuildCancelled { .. } | WatchNote::Built { .. });
        assert_eq!(seen.next(about).await, WatchNote::Built { service: "app".into() });
        seen.next(|note| matches!(note, WatchNote::Rebuilding { .. })).await;
        assert_ne!(engine.id_of("demo-app-1"), first);
        seen.next(|note| matches!(note, WatchNote::Built { .. })).await;
        assert_eq!(engine.calls().iter().filter(|call| *call == "build demo-app").count(), 5);
        seen.interruption.stop.cancel();
        seen.next(|note| *note == WatchNote::Disabled).await;
    };
    tokio::join!(watch.run(cx, files), steps);
}
