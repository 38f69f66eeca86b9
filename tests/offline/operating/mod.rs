//! Operations against the fake engine, on a paused clock: a module for each, and one for the events of all.

mod builds;
mod copying;
mod create;
mod down;
mod existing;
mod facts;
mod logs;
mod ps;
mod rehearsal;
mod stream;
mod terminal;
mod timeline;
mod transfers;
mod up;
mod watching;

use std::sync::Arc;

use hoist::engine::fake::Fake;
use hoist::event::{Event, EventReceiver, Events, Fact, Stopping};
use hoist::operation::ask::Always;
use hoist::operation::{Change, Detail, Interruption, OperationError, Prepared, RunSettings, Up, converge, prepare};
use hoist::plan::UpOptions;
use hoist::project::value::{Mount, MountKind};
use hoist::project::{Dependency, Network, Project, Service, Volume};

/// The project `demo`: `web`, which needs `db`, which mounts the volume `data`.
fn demo() -> Project {
    let network = |mut service: Service| {
        service.image = Some(service.name.to_string());
        service.networks.insert("default".into(), None);
        service
    };
    let mut db = network(Service::new("db"));
    let target = "/data".to_owned();
    db.volumes = vec![Mount { kind: MountKind::Volume, source: Some("data".to_owned()), target, ..Mount::default() }];
    let mut web = network(Service::new("web"));
    web.depends_on.insert("db".into(), Dependency::default());
    Project {
        name: "demo".into(),
        services: [("db".into(), db), ("web".into(), web)].into(),
        networks: [("default".into(), Network { name: "demo_default".to_owned(), ..Network::default() })].into(),
        volumes: [("data".into(), Volume { name: "demo_data".to_owned(), ..Volume::default() })].into(),
        ..Project::default()
    }
}

/// The same with another definition of a service.
fn changed(mut project: Project, service: &str) -> Project {
    let service = project.services.get_mut(service).expect("the service is there");
    service.environment.insert("CHANGED".to_owned(), Some("yes".to_owned()));
    project
}

fn up(project: Project) -> Up {
    Up::new(Arc::new(project), UpOptions::default())
}

/// An engine that has the images and nothing else.
fn engine() -> Fake {
    let engine = Fake::new();
    for image in ["db", "web"] {
        engine.image_of(image, &format!("sha256:{image}"));
    }
    engine
}

/// An engine on which the project is up; the calls that this took are not looked at again.
async fn engine_with(project: Project) -> (Fake, usize) {
    let engine = engine();
    run(up(project), &engine).await.ok();
    let calls = engine.calls().len();
    (engine, calls)
}

/// What came of an operation.
struct Ran {
    ended: Result<(), OperationError>,
    events: Vec<Event>,
}

impl Ran {
    /// Fails the test unless all went well.
    #[track_caller]
    fn ok(self) -> Self {
        if let Err(error) = &self.ended {
            panic!(
                "{error}
{}",
                timeline::draw(&self.events)
            );
        }
        self
    }

    fn timeline(&self) -> String {
        timeline::draw(&self.events)
    }

    /// How the run was cut short, as far as it was told.
    fn stopping(&self) -> Vec<Stopping> {
        let told = self.events.iter().filter_map(|event| {
            let Fact::Stopping(why) = &event.fact else { return None };
            Some(*why)
        });
        told.collect()
    }
}

/// Looks and plans; what is asked is answered with no.
async fn prepared(change: &mut impl Change, engine: &Fake) -> Prepared {
    prepare(change, engine, &Always::No, Detail::Enough).await.expect("there is a plan")
}

/// Looks, plans and carries out.
async fn run(mut change: impl Change, engine: &Fake) -> Ran {
    let prepared = prepared(&mut change, engine).await;
    carry_out(&change, engine, &prepared, &Interruption::default()).await
}

/// Carries out what was prepared, and collects the events.
async fn carry_out(change: &impl Change, engine: &Fake, prepared: &Prepared, interruption: &Interruption) -> Ran {
    let (events, received) = Events::channel();
    let ended = converge(change, engine, prepared, &events, interruption, RunSettings::default()).await;
    drop(events);
    Ran { ended, events: collect(received).await }
}

async fn collect(mut received: EventReceiver) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = received.recv().await {
        events.push(event);
    }
    events
}
