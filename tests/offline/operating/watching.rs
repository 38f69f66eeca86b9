//! `watch` with files that are only told of: when something is done, and that services do not wait for each other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hoist::engine::fake::Fake;
use hoist::event::{Events, Output, Outputs, WatchNote};
use hoist::operation::Interruption;
use hoist::operation::watch::{Files, Heard, Told, Watch, WatchContext, WatchSettings};
use hoist::project::{Develop, Project, Service, WatchAction};
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
    let watch = Watch::new(Arc::new(project(folder.path())), WatchSettings::default()).expect("there are rules");
    let ((events, _events), (outputs, mut shown)) = (Events::channel(), Outputs::channel());
    let (sender, heard) = mpsc::unbounded_channel();
    let interruption = Interruption::default();
    let cx =
        WatchContext { engine: engine.clone(), events, outputs, interruption: interruption.clone(), announcer: None };
    let files = Files { folders: Arc::new(Told::default()), heard };
    let change = |path: &str| {
        let path = folder.path().join(path);
        std::fs::write(&path, "x").expect("a file");
        sender.send(Heard::Changed(path)).expect("somebody listens");
    };
    let steps = async {
        let mut next = async |wanted: fn(&WatchNote) -> bool| loop {
            match shown.recv().await {
                Some(Output::Watch(note)) if wanted(&note) => return note,
                Some(_) => {}
                None => panic!("it has ended"),
            }
        };
        next(|note| *note == WatchNote::Enabled).await;
        change("slow/a");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        for number in 0..5 {
            change(&format!("web/{number}"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let syncing = next(|note| matches!(note, WatchNote::Syncing { .. })).await;
        assert_eq!(syncing, WatchNote::Syncing { service: "web".into(), changes: 5 });
        assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
        next(|note| matches!(note, WatchNote::Restarted { .. })).await;
        assert!(began.elapsed() > Duration::from_secs(50), "the restart was still going on");
        assert_eq!(engine.unpacked("demo-web-1").len(), 1, "all went at once");
        interruption.stop.cancel();
        next(|note| *note == WatchNote::Disabled).await;
    };
    tokio::join!(watch.run(cx, files), steps);
}
