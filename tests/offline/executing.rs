//! The executor against the fake engine, on a paused clock.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use hoist::diagnostic::Style;
use hoist::engine::fake::{Fake, Run, Script};
use hoist::engine::{AddressHolder, ContainerEventKind, Containers, EngineError, OutputStream, PortHolder};
use hoist::event::{Events, Fact, Outcome, RunFailure, RunOutcome, StepError};
use hoist::execute::{ExecuteSettings, execute};
use hoist::observed::{Health, State};
use hoist::plan::{
    Action, ActionId, AnonymousVolumes, BuildSpec, ContainerRef, ContainerSpec, Deferred, Edge, Guard, Handle, Plan,
    PlanBuilder, Probing, PullFailure, PullSpec, Reason, Replica, Step, UnusedVolume, WaitCondition, WaitSpec, Waiter,
};
use hoist::project::value::{BuildContext, Port};
use hoist::project::{NetworkKey, Project, Ready, Service, ServiceName, ServiceNetwork};
use hoist::render::failure::{self, Files};
use hoist::render::warning;
use hoist::source::SourceMap;
use tokio_util::sync::CancellationToken;

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Builds plans of a project `demo` with the words of its tests.
pub(crate) struct Plans {
    builder: PlanBuilder,
    project: Arc<Project>,
    guard: Option<Guard>,
    probing: Probing,
    ready: Option<Ready>,
}

impl Plans {
    pub(crate) fn new() -> Self {
        Self::of(&[])
    }

    pub(crate) fn of(services: &[Service]) -> Self {
        let services = services.iter().map(|service| (service.name.clone(), service.clone())).collect();
        let project = Project { name: "demo".into(), services, ..Project::default() };
        let project = Arc::new(project);
        Self { builder: PlanBuilder::default(), project, guard: None, probing: Probing::Engine, ready: None }
    }

    /// All waits from here on with that probing.
    pub(crate) fn probing(self, probing: Probing) -> Self {
        Self { probing, ..self }
    }

    /// All waits from here on with that check.
    pub(crate) fn ready(self, ready: Ready) -> Self {
        Self { ready: Some(ready), ..self }
    }

    pub(crate) fn add(&mut self, action: Action, after: &[ActionId]) -> ActionId {
        let step = Step { action, reason: Reason::Missing, guard: self.guard.clone() };
        self.builder.add(step, after.iter().copied())
    }

    pub(crate) fn network(&mut self, name: &str, after: &[ActionId]) -> ActionId {
        let action = Action::CreateNetwork { project: self.project.clone(), key: NetworkKey::from(name) };
        self.add(action, after)
    }

    pub(crate) fn spec(&self, service: &str, number: u32) -> ContainerSpec {
        let replica = Replica { service: service.into(), number };
        ContainerSpec::new(self.project.clone(), replica, format!("demo-{service}-{number}"), service)
    }

    pub(crate) fn create(&mut self, service: &str, number: u32, after: &[ActionId]) -> ActionId {
        let spec = self.spec(service, number);
        self.add(Action::CreateContainer(Arc::new(spec)), after)
    }

    pub(crate) fn start(&mut self, service: &str, number: u32, made: ActionId, after: &[ActionId]) -> ActionId {
        let spec = Some(Arc::new(self.spec(service, number)));
        let id = self.add(Action::StartContainer { container: made_by(service, number, made), spec }, after);
        self.builder.order(made, id, Edge::Requires);
        id
    }

    /// Creates and starts the only replica of a service; the start comes after `after`.
    pub(crate) fn up(&mut self, service: &str, after: &[ActionId]) -> (ActionId, ActionId) {
        let created = self.create(service, 1, &[]);
        (created, self.start(service, 1, created, after))
    }

    pub(crate) fn wait(
        &mut self,
        service: &str,
        containers: Vec<ContainerRef>,
        condition: WaitCondition,
        waiter: Waiter,
        timeout: Option<Duration>,
        after: &[ActionId],
    ) -> ActionId {
        let spec = WaitSpec {
            service: service.into(),
            condition,
            containers,
            waiter,
            probing: self.probing,
            ready: self.ready.clone(),
            monitor: Duration::ZERO,
            timeout,
        };
        self.add(Action::Wait(Arc::new(spec)), after)
    }

    /// A service that is started and waited for, and another that is started then.
    pub(crate) fn pair(&mut self, condition: WaitCondition, waiter: Waiter, timeout: Option<Duration>) -> ActionId {
        let (created, started) = self.up("db", &[]);
        let wait = self.wait("db", vec![made_by("db", 1, created)], condition, waiter, timeout, &[started]);
        self.up("web", &[wait]);
        wait
    }

    pub(crate) fn build(self) -> Arc<Plan> {
        Arc::new(self.builder.build())
    }
}

pub(crate) fn made_by(service: &str, number: u32, step: ActionId) -> ContainerRef {
    container(service, number, Handle::Made(step))
}

pub(crate) fn container(service: &str, number: u32, handle: Handle) -> ContainerRef {
    let replica = Replica { service: service.into(), number };
    ContainerRef { name: format!("demo-{service}-{number}"), replica: Some(replica), handle }
}

/// Carries out `plan`, and gives back what became of it and all events.
pub(crate) async fn run(plan: &Arc<Plan>, engine: &Fake) -> (RunOutcome, Vec<Fact>) {
    run_with(plan, engine, &ExecuteSettings::default(), &CancellationToken::new()).await
}

async fn run_with(
    plan: &Arc<Plan>,
    engine: &Fake,
    settings: &ExecuteSettings,
    cancel: &CancellationToken,
) -> (RunOutcome, Vec<Fact>) {
    let (events, mut receiver) = Events::channel();
    let outcome = execute(plan, engine, &events, cancel, settings).await;
    drop(events);
    let mut seen = Vec::new();
    while let Some(event) = receiver.recv().await {
        seen.push(event.fact);
    }
    (outcome, seen)
}

/// The failures and skipped steps, a line each.
pub(crate) fn said(outcome: &RunOutcome) -> String {
    let mut text = String::new();
    for (id, error) in &outcome.failed {
        writeln!(text, "{id} failed: {}", failure::message(error)).expect("written to memory");
        for line in failure::explanation(error) {
            writeln!(text, "  {line}").expect("written to memory");
        }
    }
    for (id, cause) in &outcome.skipped {
        writeln!(text, "{id} skipped because of {cause}").expect("written to memory");
    }
    text
}

/// Why dependents went on without what they waited for.
pub(crate) fn not_met(outcome: &Outcome) -> Option<String> {
    let Outcome::OptionalNotMet { service, error } = outcome else { return None };
    Some(warning::step::optional_not_met(service, error.as_deref()))
}

#[tokio::test(start_paused = true)]
async fn steps_come_in_the_order_of_the_graph_and_independent_ones_at_once() {
    let mut plans = Plans::new();
    let network = plans.network("net", &[]);
    for service in ["a", "b", "c"] {
        let created = plans.create(service, 1, &[network]);
        plans.start(service, 1, created, &[]);
    }
    let engine = Fake::new();
    engine.delay_all(s(1));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert!(outcome.is_success());
    assert_eq!(outcome.elapsed, s(3));
    assert_eq!(
        engine.calls(),
        [
            "create network net",
            "create demo-a-1",
            "create demo-b-1",
            "create demo-c-1",
            "start demo-a-1",
            "start demo-b-1",
            "start demo-c-1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_skips_what_requires_it_and_nothing_else() {
    let mut plans = Plans::new();
    let (_, db) = plans.up("db", &[]);
    let (_, web) = plans.up("web", &[db]);
    plans.up("proxy", &[web]);
    plans.up("other", &[]);
    let engine = Fake::new();
    engine.delay_all(ms(10));
    engine.fail("start demo-db-1", EngineError::Refused("no such runtime".to_owned()));
    let plan = plans.build();
    let (outcome, events) = run(&plan, &engine).await;
    assert_eq!(said(&outcome), "#2 failed: no such runtime\n#4 skipped because of #2\n#6 skipped because of #2\n");
    assert!(engine.calls().contains(&"start demo-other-1".to_owned()));
    let skipped = events.iter().filter(|event| matches!(event, Fact::Skipped { cause, .. } if *cause == db)).count();
    assert_eq!(skipped, 2);

    let failure = outcome.into_result(&plan).expect_err("a step failed");
    assert_eq!(failure.to_string(), "the plan was not carried out: 1 of 8 steps failed");
    assert_eq!(
        told(&failure),
        "Container demo-db-1: no such runtime\nnot started because of this: Container demo-proxy-1, Container demo-web-1\n"
    );
}

#[tokio::test(start_paused = true)]
async fn steps_that_only_follow_go_on_after_a_failure() {
    let mut plans = Plans::new();
    let (_, db) = plans.up("db", &[]);
    let (_, web) = plans.up("web", &[]);
    plans.builder.order(db, web, Edge::Follows);
    let engine = Fake::new();
    engine.delay("start demo-db-1", s(3));
    engine.fail("start demo-db-1", EngineError::Failed("broken".to_owned()));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "#2 failed: broken\n");
    assert_eq!(engine.times_of("start demo-web-1"), [s(3)]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_calls_at_once_is_bounded() {
    for (parallel, most) in [(None, 8), (Some(3), 3), (Some(1), 1), (Some(0), 1), (Some(100), 30)] {
        let mut plans = Plans::new();
        for number in 1..=30 {
            plans.create("web", number, &[]);
        }
        let engine = Fake::new();
        engine.delay_all(s(1));
        let settings = ExecuteSettings { parallel, ..ExecuteSettings::default() };
        let (outcome, _) = run_with(&plans.build(), &engine, &settings, &CancellationToken::new()).await;
        assert!(outcome.is_success());
        assert_eq!(engine.most_at_once(), most, "--parallel {parallel:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_pulls_and_waits_do_not_hold_up_the_rest() {
    let mut plans = Plans::new();
    for number in 0..20 {
        let image = format!("slow{number}");
        let spec = PullSpec {
            image,
            platform: None,
            services: Vec::new(),
            built_by: Vec::new(),
            on_failure: PullFailure::Fail,
        };
        plans.add(Action::PullImage(Arc::new(spec)), &[]);
    }
    let (created, started) = plans.up("db", &[]);
    for _ in 0..20 {
        let containers = vec![made_by("db", 1, created)];
        plans.wait("db", containers, WaitCondition::Healthy, Waiter::Dependents, None, &[started]);
    }
    plans.up("web", &[started]);
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(60)));
    for number in 0..20 {
        engine.delay(&format!("pull slow{number}"), s(30));
    }
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert!(outcome.is_success());
    assert_eq!(engine.times_of("start demo-web-1"), [s(0)]);
}

#[tokio::test(start_paused = true)]
async fn starts_with_ports_out_of_a_range_come_one_after_the_other() {
    let port = Port { target: 80, published: Some("8000-8010".to_owned()), ..Port::default() };
    for (ports, took) in [(vec![port], s(3)), (Vec::new(), s(1))] {
        let mut plans = Plans::of(&[Service { ports, ..Service::new("web") }]);
        for number in 1..=3 {
            let created = plans.create("web", number, &[]);
            plans.start("web", number, created, &[]);
        }
        let engine = Fake::new();
        for number in 1..=3 {
            engine.delay(&format!("start demo-web-{number}"), s(1));
        }
        let (outcome, _) = run(&plans.build(), &engine).await;
        assert_eq!(outcome.elapsed, took);
    }
}

#[tokio::test(start_paused = true)]
async fn guards_are_answered_by_what_the_run_finds_out() {
    for (pulled, from, recreated) in [("sha256:new", "sha256:old", true), ("sha256:old", "sha256:old", false)] {
        let engine = Fake::new();
        let old = engine.add_running("demo", "demo-web-1", "web", 1);
        engine.image_of("web", pulled);
        let mut plans = Plans::new();
        let spec = PullSpec {
            image: "web".to_owned(),
            platform: None,
            services: Vec::new(),
            built_by: Vec::new(),
            on_failure: PullFailure::Fail,
        };
        let pull = plans.add(Action::PullImage(Arc::new(spec)), &[]);
        plans.guard = Some(Guard::ImageChanged { producer: pull, image: "web".to_owned(), from: Some(from.into()) });
        let spec = ContainerSpec {
            temporary_name: Some("0_demo-web-1".to_owned()),
            image_digest: Deferred::From(pull),
            ..plans.spec("web", 1)
        };
        let create = plans.add(Action::CreateContainer(Arc::new(spec)), &[pull]);
        let before = container("web", 1, Handle::Existing(old.clone()));
        let stop = plans.add(Action::StopContainer { container: before.clone(), spec: None, timeout: None }, &[create]);
        let remove = plans.add(Action::remove_container(before, AnonymousVolumes::Keep), &[stop]);
        let name = "demo-web-1".to_owned();
        let rename = plans.add(Action::RenameContainer { container: made_by("web", 1, create), name }, &[remove]);
        plans.start("web", 1, create, &[rename]);
        plans.guard = None;
        let either = container("web", 1, Handle::MadeOr { made: create, otherwise: old.clone() });
        plans.wait("web", vec![either], WaitCondition::RunningOrHealthy, Waiter::Command, None, &[rename]);

        let (outcome, events) = run(&plans.build(), &engine).await;
        assert_eq!(said(&outcome), "");
        assert_eq!(engine.id_of("demo-web-1") != Some(old), recreated);
        let not_needed = events.iter().filter(|event| matches!(event, Fact::NotNeeded { .. })).count();
        assert_eq!(not_needed, if recreated { 0 } else { 5 });
        if recreated {
            let request = engine.made_from("0_demo-web-1").expect("it was made");
            assert_eq!(request.image_digest, Some(pulled.into()));
            assert_eq!(
                engine.calls(),
                [
                    "pull web",
                    "create 0_demo-web-1",
                    "stop demo-web-1",
                    "remove demo-web-1",
                    "rename demo-web-1 0_demo-web-1",
                    "start demo-web-1",
                ]
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tolerated_pull_leaves_the_image_to_the_build() {
    let engine = Fake::new();
    engine.fail("pull web", EngineError::Registry("pull access denied".to_owned()));
    let project = Project { name: "demo".into(), ..Project::default() };
    let mut plans = Plans::new();
    let spec = PullSpec {
        image: "web".to_owned(),
        platform: None,
        services: Vec::new(),
        built_by: Vec::new(),
        on_failure: PullFailure::Tolerate,
    };
    let pull = plans.add(Action::PullImage(Arc::new(spec)), &[]);
    plans.guard = Some(Guard::ImageMissing { producer: pull, image: "web".to_owned() });
    let spec = Arc::new(BuildSpec::new("web", "web", BuildContext::Folder("/app".into())));
    let build = plans.add(Action::BuildImage { project: Arc::new(project), spec }, &[pull]);
    plans.guard = None;
    let spec = ContainerSpec { image_digest: Deferred::From(build), ..plans.spec("web", 1) };
    plans.add(Action::CreateContainer(Arc::new(spec)), &[build]);
    let plan = plans.build();

    let (outcome, events) = run(&plan, &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.calls(), ["pull web", "build web", "create demo-web-1"]);
    let tolerated = Outcome::PullTolerated(Box::new(EngineError::Registry("pull access denied".to_owned()).into()));
    assert!(events.iter().any(|event| matches!(event, Fact::Finished { outcome, .. } if *outcome == tolerated)));

    // The image is there: the build is not needed, and has found out what the pull did.
    let engine = Fake::new();
    engine.image_of("web", "sha256:there");
    let (outcome, _) = run(&plan, &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(engine.calls(), ["pull web", "create demo-web-1"]);
    let request = engine.made_from("demo-web-1").expect("it was made");
    assert_eq!(request.image_digest, Some("sha256:there".into()));
}

#[tokio::test(start_paused = true)]
async fn containers_get_ids_of_others_that_the_run_made() {
    let db = Service::new("db");
    let web = Service { network_mode: Some("service:db".into()), ..Service::new("web") };
    let mut plans = Plans::of(&[db, web]);
    let (db, _) = plans.up("db", &[]);
    let spec =
        ContainerSpec { references: [(ServiceName::from("db"), made_by("db", 1, db))].into(), ..plans.spec("web", 2) };
    plans.add(Action::CreateContainer(Arc::new(spec)), &[db]);
    let missing = plans.spec("web", 3);
    plans.add(Action::CreateContainer(Arc::new(missing)), &[]);
    let engine = Fake::new();
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "#4 failed: cannot share network namespace with service db: container missing\n");
    let request = engine.made_from("demo-web-2").expect("it was made");
    assert_eq!(request.references.get("db"), engine.id_of("demo-db-1").as_ref());
    assert_eq!(request.config_hash.len(), 64);
}

#[tokio::test(start_paused = true)]
async fn a_step_for_the_case_of_a_failure_is_done_only_then() {
    for fails in [false, true] {
        let mut plans = Plans::new();
        let (created, started) = plans.up("web", &[]);
        let next = plans.start("web", 1, created, &[started]);
        let container = made_by("web", 1, created);
        let undo = Step {
            action: Action::StopContainer { container, spec: None, timeout: None },
            reason: Reason::TakenBack,
            guard: Some(Guard::Failed(vec![next])),
        };
        let undo = plans.builder.add(undo, []);
        plans.builder.order(next, undo, Edge::Follows);
        let engine = Fake::new();
        if fails {
            // The step itself is skipped, which counts too.
            engine.fail("start demo-web-1", EngineError::Refused("no such runtime".to_owned()));
        }
        let (outcome, _) = run(&plans.build(), &engine).await;
        assert_eq!(outcome.is_success(), !fails);
        assert_eq!(engine.calls().contains(&"stop demo-web-1".to_owned()), fails);
    }
}

#[tokio::test(start_paused = true)]
async fn a_taken_port_names_its_holder() {
    let container = PortHolder::Container { name: "shop-web-1".to_owned(), project: Some("shop".to_owned()) };
    let process = PortHolder::Process { name: "nginx".to_owned(), id: 812 };
    let ours = PortHolder::Container { name: "demo-api-1".to_owned(), project: Some("demo".to_owned()) };
    let own = "container demo-api-1 of project demo belongs to this project: publish another port for one of the two; if its \
               service is no longer in the files, `--remove-orphans` removes it first";
    for (holder, named, hint) in [
        (
            Some(container),
            " by container shop-web-1 of project shop",
            "stop container shop-web-1, or publish another port",
        ),
        (Some(ours), " by container demo-api-1 of project demo", own),
        (Some(process), " by process nginx (812)", "stop process nginx (812), or publish another port"),
        (None, "", "stop the program that listens on port 8000, or publish another port"),
    ] {
        taken_port(holder, named, hint).await;
    }
}

async fn taken_port(holder: Option<PortHolder>, named: &str, hint: &str) {
    let port = Port { target: 80, published: Some("8000".to_owned()), ..Port::default() };
    let mut plans = Plans::of(&[Service { ports: vec![port], ..Service::new("web") }]);
    plans.up("web", &[]);
    let engine = Fake::new();
    let words = "driver failed programming external connectivity on endpoint demo-web-1: \
                 Bind for 0.0.0.0:8000 failed: port is already allocated";
    engine.fail("start demo-web-1", EngineError::Failed(words.to_owned()));
    if let Some(holder) = holder {
        engine.holds_port(8000, holder);
    }
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(
        said(&outcome),
        format!("#2 failed: cannot start container demo-web-1: port 8000/tcp on the host is already taken{named}\n")
    );
    let told = outcome.first_failure().and_then(failure::hint);
    assert_eq!(told.as_deref(), Some(hint));
    assert!(matches!(outcome.first_failure(), Some(StepError::PortTaken { port: 8000, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_taken_address_names_its_holder() {
    let container = AddressHolder::Container { name: "shop-db-1".to_owned() };
    for (holder, named, hint) in [
        (container, " by container shop-db-1", "stop container shop-db-1, or choose another `ipv6_address`"),
        (AddressHolder::Gateway, " by its gateway", "choose another `ipv6_address`"),
    ] {
        let fixed = ServiceNetwork {
            ipv4_address: Some("10.0.0.5".to_owned()),
            ipv6_address: Some("fd00::5".to_owned()),
            ..ServiceNetwork::default()
        };
        let networks = [("back".into(), Some(fixed)), ("front".into(), None)].into();
        let mut plans = Plans::of(&[Service { networks, ..Service::new("web") }]);
        plans.up("web", &[]);
        let engine = Fake::new();
        let words = "failed to set up container networking: Address already in use";
        engine.fail("start demo-web-1", EngineError::Refused(words.to_owned()));
        engine.holds_address("back", "fd00::5", holder);
        let (outcome, _) = run(&plans.build(), &engine).await;
        let expected = format!(
            "#2 failed: cannot start container demo-web-1: address fd00::5 of network back is already taken{named}\n"
        );
        assert_eq!(said(&outcome), expected);
        assert_eq!(outcome.first_failure().and_then(failure::hint), Some(hint.to_owned()));
        assert!(!outcome.is_conflict());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_or_in_use_is_no_failure() {
    let engine = Fake::new();
    let id = engine.add_running("demo", "demo-old-1", "old", 1);
    let mut plans = Plans::new();
    let old = container("old", 1, Handle::Existing(id));
    let stop = plans.add(Action::StopContainer { container: old.clone(), spec: None, timeout: None }, &[]);
    let remove = plans.add(Action::remove_container(old, AnonymousVolumes::Keep), &[stop]);
    let network = Action::RemoveNetwork { id: "n1".into(), name: "demo_default".to_owned() };
    plans.add(network, &[remove]);
    plans.add(Action::RemoveVolume { name: "demo_data".to_owned() }, &[remove]);
    engine.fail("stop demo-old-1", EngineError::NotFound("gone".to_owned()));
    engine.fail("remove demo-old-1", EngineError::Conflict("removal in progress".to_owned()));
    engine.fail("remove network n1", EngineError::InUse("has active endpoints (name:\"db\" id:\"1\")".to_owned()));
    engine.fail("remove volume demo_data", EngineError::InUse("volume is in use".to_owned()));
    let (outcome, events) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    let outcomes: Vec<_> = events
        .iter()
        .filter_map(|event| if let Fact::Finished { outcome, .. } = event { Some(outcome.clone()) } else { None })
        .collect();
    let kept = |by: &[&str]| Outcome::StillInUse { by: by.iter().map(|name| (*name).to_owned()).collect() };
    assert_eq!(outcomes, [Outcome::NothingThere, Outcome::NothingThere, kept(&["db"]), kept(&[])]);
}

#[tokio::test(start_paused = true)]
async fn volumes_are_left_once_their_last_container_is_gone() {
    let volume = |name: &str| UnusedVolume {
        name: name.to_owned(),
        target: "/data".to_owned(),
        container: "old/1".to_owned(),
        anonymous: true,
        inherited_by: None,
    };
    let engine = Fake::new();
    let mut plans = Plans::new();
    for (number, names) in [(1, &["shared", "one"][..]), (2, &["shared"]), (3, &["kept", "with-4"]), (4, &["with-4"])] {
        let id = engine.add_running("demo", &format!("demo-old-{number}"), "old", number);
        let unused = names.iter().map(|name| volume(name)).collect();
        let container = container("old", number, Handle::Existing(id));
        plans.add(Action::RemoveContainer { container, volumes: AnonymousVolumes::Keep, unused }, &[]);
    }
    engine.fail("remove demo-old-4", EngineError::Failed("no space left".to_owned()));
    let (_, events) = run(&plans.build(), &engine).await;
    let left = events.iter().filter_map(|event| if let Fact::VolumesLeft(left) = event { Some(left) } else { None });
    let names: Vec<_> = left.flatten().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names, ["kept", "one", "shared"], "what a container still has is not left");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_could_not_be_made_does_not_stand_for_the_old_one() {
    let engine = Fake::new();
    let old = engine.add_running("demo", "demo-web-1", "web", 1);
    let mut plans = Plans::new();
    let made = plans.create("web", 1, &[]);
    let handle = Handle::MadeOr { made, otherwise: old.clone() };
    plans.guard = Some(Guard::Failed(vec![made]));
    let new = container("web", 1, handle);
    let stop = Action::StopContainer { container: new.clone(), spec: None, timeout: None };
    let stop = plans.add(stop, &[]);
    plans.builder.order(made, stop, Edge::Follows);
    plans.add(Action::remove_container(new, AnonymousVolumes::Remove), &[stop]);
    engine.fail("create demo-web-1", EngineError::Failed("no space left".to_owned()));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "#1 failed: no space left\n");
    assert!(engine.inspect_container(old).await.is_ok_and(|details| details.state == State::Running));
}

#[tokio::test(start_paused = true)]
async fn what_makes_room_for_its_successor_has_to_go() {
    let mut plans = Plans::new();
    let network = Action::RemoveNetwork { id: "n1".into(), name: "demo_default".to_owned() };
    let network = plans.add(network, &[]);
    let project = plans.project.clone();
    plans.add(Action::CreateNetwork { project: project.clone(), key: "default".into() }, &[network]);
    let volume = plans.add(Action::RemoveVolume { name: "demo_data".to_owned() }, &[]);
    plans.add(Action::CreateVolume { project, key: "data".into() }, &[volume]);
    let engine = Fake::new();
    engine.fail("remove network n1", EngineError::InUse("has active endpoints".to_owned()));
    engine.fail("remove volume demo_data", EngineError::InUse("volume is in use".to_owned()));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(
        said(&outcome),
        "#1 failed: failed to remove network demo_default: has active endpoints\n#3 failed: volume is in use\n\
         #2 skipped because of #1\n#4 skipped because of #3\n"
    );
}

#[tokio::test(start_paused = true)]
async fn dependents_start_the_moment_the_condition_holds() {
    for (condition, script) in [
        (WaitCondition::Healthy, Script::healthy_after(ms(1234))),
        (WaitCondition::RunningOrHealthy, Script::healthy_after(ms(1234))),
        (WaitCondition::CompletedSuccessfully, Script::exits_after(ms(1234), 0)),
    ] {
        let mut plans = Plans::new();
        plans.pair(condition, Waiter::Dependents, None);
        let engine = Fake::new();
        engine.script("demo-db-1", script);
        let (outcome, events) = run(&plans.build(), &engine).await;
        assert_eq!(said(&outcome), "");
        assert_eq!(engine.times_of("start demo-web-1"), [ms(1234)], "{condition:?}");
        assert!(
            events.iter().any(|event| matches!(event, Fact::Waiting { container, .. } if container == "demo-db-1"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_what_runs_takes_one_look_and_the_time_to_settle() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::RunningOrHealthy, Waiter::Dependents, None);
    let engine = Fake::new();
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(outcome.elapsed, ms(500));
    assert_eq!(engine.inspections(), 1);
}

/// What a run of `plan` that fails reports.
async fn reported(plan: &Arc<Plan>, engine: &Fake) -> String {
    let (outcome, _) = run(plan, engine).await;
    told(&outcome.into_result(plan).expect_err("it fails"))
}

/// A failure as it is told where no files say more.
fn told(failure: &RunFailure) -> String {
    let (project, sources, style) = (Project::default(), SourceMap::default(), Style::default());
    Files { project: &project, sources: &sources, style: &style }.run_failure(failure)
}

#[tokio::test(start_paused = true)]
async fn a_cause_that_several_waits_have_is_told_once() {
    let cases = [
        (
            Script::checked(vec![(s(1), Health::Unhealthy)]),
            "dependency failed to start: container demo-db-1 is unhealthy\n  \
             its last health check exited with status 1: connection refused\n\
             not started because of this: Container demo-web-1\n\
             container demo-other-1 is unhealthy\n  \
             its last health check exited with status 1: connection refused\n",
        ),
        (
            Script { healthcheck: true, ..Script::default() },
            "timeout waiting for dependencies\n  container demo-db-1 is not healthy yet\n  no health check has finished yet\n\
             not started because of this: Container demo-web-1\n\
             application not healthy after 30s\n  \
             container demo-more-1 is not healthy yet\n  no health check has finished yet\n  \
             container demo-other-1 is not healthy yet\n  no health check has finished yet\n",
        ),
    ];
    for (script, words) in cases {
        let mut plans = Plans::new();
        let engine = Fake::new();
        let (created, started) = plans.up("db", &[]);
        let db = || vec![made_by("db", 1, created)];
        let needed = plans.wait("db", db(), WaitCondition::Healthy, Waiter::Dependents, Some(s(30)), &[started]);
        plans.up("web", &[needed]);
        for service in ["more", "other"] {
            let (created, started) = plans.up(service, &[]);
            let containers = vec![made_by(service, 1, created)];
            let condition = WaitCondition::RunningOrHealthy;
            plans.wait(service, containers, condition, Waiter::Command, Some(s(30)), &[started]);
            engine.script(
                &format!("demo-{service}-1"),
                if service == "more" && words.starts_with("dep") { Script::default() } else { script.clone() },
            );
        }
        plans.wait("db", db(), WaitCondition::RunningOrHealthy, Waiter::Command, Some(s(30)), &[started]);
        engine.script("demo-db-1", script);
        assert_eq!(reported(&plans.build(), &engine).await, words);
    }
}

#[tokio::test(start_paused = true)]
async fn failed_waits_name_the_replica_at_fault() {
    for (condition, timeout, script) in [
        (WaitCondition::Healthy, None, Script::checked(vec![(s(3), Health::Unhealthy)])),
        (WaitCondition::CompletedSuccessfully, None, Script::exits_after(s(2), 3)),
        (WaitCondition::Healthy, Some(s(9)), Script::checked(vec![(s(1), Health::Starting)])),
    ] {
        let engine = Fake::new();
        let fine = match condition {
            WaitCondition::CompletedSuccessfully => Script::exits_after(s(1), 0),
            WaitCondition::Healthy | WaitCondition::RunningOrHealthy | WaitCondition::RunningOrCompleted => {
                Script::checked(vec![(s(1), Health::Healthy)])
            }
        };
        engine.script("demo-db-1", fine);
        engine.script("demo-db-2", script);
        let mut plans = Plans::new();
        let replicas: Vec<_> = [1, 2].map(|number| (number, plans.create("db", number, &[]))).into();
        let started: Vec<_> = replicas.iter().map(|(number, made)| plans.start("db", *number, *made, &[])).collect();
        let waited = replicas.iter().map(|(number, made)| made_by("db", *number, *made)).collect();
        plans.wait("db", waited, condition, Waiter::Dependents, timeout, &started);
        let (_, events) = run(&plans.build(), &engine).await;
        let at_fault: Vec<_> = events
            .iter()
            .filter_map(|event| if let Fact::Failed { error, .. } = event { Some(error.container()) } else { None })
            .collect();
        assert_eq!(at_fault, [Some("demo-db-2")], "{condition:?} {timeout:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_waits_say_why() {
    let exits = |status| Script::exits_after(s(2), status).writes(s(1), "panic: no disk\n");
    let cases = [
        (
            WaitCondition::Healthy,
            Waiter::Dependents,
            Script::checked(vec![(s(1), Health::Starting), (s(3), Health::Unhealthy)]),
            None,
            "dependency failed to start: container demo-db-1 is unhealthy\n  \
             its last health check exited with status 1: connection refused\n",
        ),
        (
            WaitCondition::Healthy,
            Waiter::Dependents,
            Script { healthcheck: true, ..exits(3) },
            None,
            "dependency failed to start: container demo-db-1 exited (3)\n  its last output:\n    panic: no disk\n",
        ),
        (
            WaitCondition::Healthy,
            Waiter::Dependents,
            Script::default(),
            None,
            "dependency failed to start: container demo-db-1 has no healthcheck configured\n",
        ),
        (
            WaitCondition::CompletedSuccessfully,
            Waiter::Dependents,
            exits(3),
            None,
            "service \"db\" didn't complete successfully: exit 3\n  its last output:\n    panic: no disk\n",
        ),
        (
            WaitCondition::RunningOrHealthy,
            Waiter::Command,
            Script::checked(vec![(s(1), Health::Unhealthy)]),
            None,
            "container demo-db-1 is unhealthy\n  its last health check exited with status 1: connection refused\n",
        ),
        (
            WaitCondition::RunningOrHealthy,
            Waiter::Command,
            Script { healthcheck: true, ..Script::default() },
            Some(s(30)),
            "application not healthy after 30s\n  container demo-db-1 is not healthy yet\n  no health check has finished yet\n",
        ),
        (
            WaitCondition::CompletedSuccessfully,
            Waiter::Dependents,
            Script::default(),
            Some(s(5)),
            "timeout waiting for dependencies\n  container demo-db-1 is still running, but is to end\n",
        ),
    ];
    for (condition, waiter, script, timeout, words) in cases {
        let mut plans = Plans::new();
        plans.pair(condition, waiter, timeout);
        let engine = Fake::new();
        engine.script("demo-db-1", script);
        let (outcome, _) = run(&plans.build(), &engine).await;
        assert_eq!(said(&outcome), format!("#3 failed: {words}#5 skipped because of #3\n"));
        assert!(engine.times_of("start demo-web-1").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn optional_dependencies_fail_with_a_word_and_no_more() {
    let cases = [
        (
            WaitCondition::Healthy,
            Script::checked(vec![(s(3), Health::Unhealthy)]),
            "optional dependency \"db\" is not running or is unhealthy",
        ),
        (
            WaitCondition::CompletedSuccessfully,
            Script::exits_after(s(3), 3),
            "optional dependency \"db\" didn't complete successfully: exit 3",
        ),
    ];
    for (condition, script, words) in cases {
        let mut plans = Plans::new();
        let wait = plans.pair(condition, Waiter::OptionalDependents, None);
        let engine = Fake::new();
        engine.script("demo-db-1", script);
        let (outcome, events) = run(&plans.build(), &engine).await;
        assert!(outcome.is_success());
        assert_eq!(engine.times_of("start demo-web-1"), [s(3)]);
        let said = |event: &Fact| matches!(event, Fact::Finished { id, outcome, .. } if *id == wait && not_met(outcome).as_deref() == Some(words));
        assert!(events.iter().any(said));
    }
}

#[tokio::test(start_paused = true)]
async fn an_optional_dependency_that_does_not_start_lets_its_dependents_go_on() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::OptionalDependents, None);
    let engine = Fake::new();
    engine.fail("start demo-db-1", EngineError::Failed("broken".to_owned()));
    let (outcome, events) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "#2 failed: broken\n");
    assert_eq!(engine.times_of("start demo-web-1").len(), 1);
    let words = Outcome::OptionalNotMet { service: "db".into(), error: None };
    assert!(events.iter().any(|event| matches!(event, Fact::Finished { outcome, .. } if *outcome == words)));
    assert_eq!(not_met(&words).as_deref(), Some("optional dependency \"db\" failed to start"));
}

#[tokio::test(start_paused = true)]
async fn a_result_of_the_run_before_does_not_count() {
    // Unhealthy, ended, started again: the engine goes on saying unhealthy until the first probe.
    let before = Run { health: vec![(s(1), Health::Unhealthy)], exit: Some((s(2), 0)), ..Run::default() };
    let now = Run { health: vec![(s(10), Health::Healthy)], ..Run::default() };
    let engine = Fake::new();
    engine.script("demo-db-1", Script { healthcheck: true, runs: vec![before, now], ..Script::default() });
    let id = engine.add_running("demo", "demo-db-1", "db", 1);
    tokio::time::sleep(s(5)).await;

    let mut plans = Plans::new();
    let db = container("db", 1, Handle::Existing(id));
    let start = plans.add(Action::StartContainer { container: db.clone(), spec: None }, &[]);
    plans.wait("db", vec![db], WaitCondition::Healthy, Waiter::Dependents, None, &[start]);
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(outcome.elapsed, s(10));
}

#[tokio::test(start_paused = true)]
async fn what_the_run_before_wrote_explains_nothing() {
    let written = |text: &str| vec![(s(1), OutputStream::Stdout, text.as_bytes().to_vec())];
    let before = Run { output: written("all is well\n"), exit: Some((s(2), 0)), ..Run::default() };
    let now = Run { output: written("panic: no disk\n"), exit: Some((s(2), 3)), ..Run::default() };
    let engine = Fake::new();
    engine.script("demo-db-1", Script { runs: vec![before, now], ..Script::default() });
    let id = engine.add_running("demo", "demo-db-1", "db", 1);
    tokio::time::sleep(s(60)).await;

    let mut plans = Plans::new();
    let db = container("db", 1, Handle::Existing(id));
    let start = plans.add(Action::StartContainer { container: db.clone(), spec: None }, &[]);
    plans.wait("db", vec![db], WaitCondition::CompletedSuccessfully, Waiter::Dependents, None, &[start]);
    let (outcome, _) = run(&plans.build(), &engine).await;
    let expected = "service \"db\" didn't complete successfully: exit 3\n  its last output:\n    panic: no disk\n";
    assert!(said(&outcome).ends_with(expected), "{}", said(&outcome));
}

#[tokio::test(start_paused = true)]
async fn every_replica_has_to_meet_the_condition() {
    let mut plans = Plans::new();
    let replicas: Vec<ActionId> = (1..=3).map(|number| plans.create("db", number, &[])).collect();
    let starts: Vec<ActionId> =
        (1..).zip(&replicas).map(|(number, made)| plans.start("db", number, *made, &[])).collect();
    let containers = (1..).zip(&replicas).map(|(number, made)| made_by("db", number, *made)).collect();
    plans.wait("db", containers, WaitCondition::Healthy, Waiter::Dependents, None, &starts);
    let engine = Fake::new();
    for number in 1..=3 {
        engine.script(&format!("demo-db-{number}"), Script::healthy_after(s(number * 7)));
    }
    let plan = plans.build();
    let (outcome, _) = run(&plan, &engine).await;
    assert_eq!(outcome.elapsed, s(21));

    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(1)));
    engine.script("demo-db-2", Script::healthy_after(s(1)));
    let (outcome, _) = run(&plan, &engine).await;
    assert_eq!(
        said(&outcome),
        "#7 failed: dependency failed to start: container demo-db-3 has no healthcheck configured\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_restarted_is_waited_for_and_warned_about() {
    let crash = Run { exit: Some((s(1), 2)), restart: Some(ms(100)), ..Run::default() };
    let fine = Run { health: vec![(s(1), Health::Healthy)], ..Run::default() };
    let runs = vec![crash.clone(), crash.clone(), crash.clone(), crash, fine];
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let engine = Fake::new();
    engine.script("demo-db-1", Script { healthcheck: true, runs, ..Script::default() });
    let (outcome, events) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(outcome.elapsed, ms(5400));
    let warnings: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let Fact::Warning { warning, .. } = event { Some(warning::step::message(warning)) } else { None }
        })
        .collect();
    assert_eq!(warnings, ["container demo-db-1 keeps exiting and being restarted (last exit status 2)"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_event_stream_is_opened_again_and_what_was_missed_is_looked_up() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(ms(2020)));
    // The stream is lost, and the news come before it is there again.
    engine.lose_events_after(s(2));
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(outcome.elapsed, ms(2050));
}

#[tokio::test(start_paused = true)]
async fn without_any_event_stream_waits_look_now_and_again() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(12)));
    for _ in 0..100 {
        engine.fail("events", EngineError::Disconnected("cut".to_owned()));
    }
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
    assert_eq!(outcome.elapsed, s(15));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_away_for_a_moment_does_not_fail_a_wait() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let engine = Fake::new();
    engine.script("demo-db-1", Script::healthy_after(s(12)));
    engine.lose_events_after(s(4));
    for _ in 0..2 {
        engine.fail("inspect demo-db-1", EngineError::Disconnected("cut".to_owned()));
    }
    let (outcome, _) = run(&plans.build(), &engine).await;
    assert_eq!(said(&outcome), "");
}

#[tokio::test(start_paused = true)]
async fn after_an_interruption_nothing_starts_and_what_runs_is_left_to_finish() {
    let mut plans = Plans::new();
    let first = plans.create("a", 1, &[]);
    plans.start("a", 1, first, &[]);
    let (created, started) = plans.up("db", &[]);
    plans.wait("db", vec![made_by("db", 1, created)], WaitCondition::Healthy, Waiter::Dependents, None, &[started]);
    let spec = PullSpec {
        image: "big".to_owned(),
        platform: None,
        services: Vec::new(),
        built_by: Vec::new(),
        on_failure: PullFailure::Fail,
    };
    plans.add(Action::PullImage(Arc::new(spec)), &[]);
    let engine = Fake::new();
    engine.delay("create demo-a-1", s(10));
    engine.delay("pull big", s(1000));
    engine.script("demo-db-1", Script::healthy_after(s(100)));
    let cancel = CancellationToken::new();
    let plan = plans.build();
    let settings = ExecuteSettings::default();
    let interrupt = async {
        tokio::time::sleep(s(2)).await;
        cancel.cancel();
    };
    let ((outcome, _), ()) = tokio::join!(run_with(&plan, &engine, &settings, &cancel), interrupt);
    assert_eq!(outcome.elapsed, s(10));
    assert!(outcome.interrupted && outcome.failed.is_empty());
    assert!(engine.id_of("demo-a-1").is_some());
    assert!(!engine.calls().contains(&"start demo-a-1".to_owned()));
    let failure = outcome.into_result(&plan).expect_err("it was interrupted");
    assert!(failure.is_interruption());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_somebody_else_got_in_the_way_of_can_be_told() {
    let mut plans = Plans::new();
    plans.up("web", &[]);
    let engine = Fake::new();
    engine.add_container("demo", "demo-web-1", "web", 1);
    let plan = plans.build();
    let (outcome, _) = run(&plan, &engine).await;
    assert!(outcome.into_result(&plan).expect_err("the name is taken").is_conflict());
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_is_not_there_is_no_conflict() {
    let mut plans = Plans::new();
    let project = Arc::new(Project { name: "demo".into(), ..Project::default() });
    plans.add(Action::CreateVolume { project, key: "data".into() }, &[]);
    let engine = Fake::new();
    engine.fail("create volume data", EngineError::NotFound("plugin \"nope\" not found".to_owned()));
    let plan = plans.build();
    let (outcome, _) = run(&plan, &engine).await;
    assert!(!outcome.into_result(&plan).expect_err("there is no such driver").is_conflict());
}

#[tokio::test(start_paused = true)]
async fn events_about_other_containers_do_not_keep_a_wait_from_looking() {
    let mut plans = Plans::new();
    plans.pair(WaitCondition::Healthy, Waiter::Dependents, None);
    let engine = Fake::new();
    engine.script("demo-db-1", Script { healthcheck: true, ..Script::default() });
    let other = engine.add_running("demo", "demo-other-1", "other", 1);
    let noise = async {
        for _ in 0..100 {
            tokio::time::sleep(ms(100)).await;
            engine.emit(&other, ContainerEventKind::Pause);
        }
    };
    let plan = plans.build();
    let cancel = CancellationToken::new();
    let settings = ExecuteSettings::default();
    let interrupted = async {
        noise.await;
        cancel.cancel();
    };
    tokio::join!(run_with(&plan, &engine, &settings, &cancel), interrupted);
    assert!(engine.inspections() >= 2);
}
