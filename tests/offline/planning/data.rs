//! Nothing that data could be in is removed unasked: over generated projects and states, for every operation there is.

use std::collections::BTreeSet;
use std::sync::Arc;

use hoist::observed::{Container, ContainerId, Mount, MountKind, Observed, State};
use hoist::plan::{
    AnonymousVolumePolicy, BuildImages, DownOptions, DownVolumes, KillOptions, Orphans, Plan, PlanError, ProjectSource,
    Recreate, RestartOptions, RmOptions, StartContainers, StartOptions, UpOptions,
};
use hoist::project::value::{self, MountKind as Kind};
use hoist::project::{Project, Service, UpdateConfig, VolumeKey};
use hoist::render;
use hoist::render::plan::PlanStyle;
use proptest::prelude::*;

use super::files::{environment, files, is_built};
use super::simulate::{Happens, run};
use super::state::{created, exited, id, image, in_sync, is_anonymous_name};

const NAMES: [&str; 3] = ["a", "b", "c"];
const TARGETS: [&str; 2] = ["/data", "/cache"];

/// What a service mounts at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Nothing,
    /// A volume without a name.
    Anonymous,
    /// A volume of the project.
    Data,
    /// Another one, which is external in some files.
    Logs,
    Bind,
    Tmpfs,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what varies on its own")]
struct Shape {
    present: bool,
    /// Whether a profile that is not active has it.
    disabled: bool,
    scale: u8,
    version: u8,
    mounts: [What; 2],
    shares: bool,
    built: bool,
    rolling: Option<u8>,
    hook: bool,
}

#[derive(Debug, Clone)]
struct Variant {
    services: Vec<Shape>,
    /// Whether the definition of the volume is another one, its name is, or it is external.
    data: u8,
    logs_external: bool,
}

fn what() -> impl Strategy<Value = What> {
    prop::sample::select(vec![What::Nothing, What::Anonymous, What::Data, What::Logs, What::Bind, What::Tmpfs])
}

fn shape() -> impl Strategy<Value = Shape> {
    (
        (prop::bool::weighted(0.85), prop::bool::weighted(0.1), 0..3_u8, 0..2_u8),
        ([what(), what()], prop::bool::weighted(0.3), prop::bool::weighted(0.3)),
        (prop::option::weighted(0.3, 0..3_u8), prop::bool::weighted(0.3)),
    )
        .prop_map(|((present, disabled, scale, version), (mounts, shares, built), (rolling, hook))| Shape {
            present,
            disabled,
            scale,
            version,
            mounts,
            shares,
            built,
            rolling,
            hook,
        })
}

fn variant() -> impl Strategy<Value = Variant> {
    (prop::collection::vec(shape(), 3), 0..4_u8, any::<bool>()).prop_map(|(services, data, logs_external)| Variant {
        services,
        data,
        logs_external,
    })
}

fn mount(service: &mut Service, what: What, target: &str) {
    let (kind, source) = match what {
        What::Nothing => return,
        What::Anonymous => (Kind::Volume, None),
        What::Data => (Kind::Volume, Some("data".to_owned())),
        What::Logs => (Kind::Volume, Some("logs".to_owned())),
        What::Bind => (Kind::Bind, Some("/srv".to_owned())),
        What::Tmpfs => (Kind::Tmpfs, None),
    };
    service.volumes.push(value::Mount { kind, source, target: target.to_owned(), ..value::Mount::default() });
}

fn project(variant: &Variant) -> Arc<Project> {
    let mut files = files()
        .volume("data", |data| match variant.data {
            0 => {}
            1 => data.name = "shop_moved".into(),
            2 => drop(data.driver_opts.insert("type".into(), "nfs".into())),
            _ => data.external = true,
        })
        .volume("logs", |logs| logs.external = variant.logs_external);
    let mut before: Option<&str> = None;
    let mut disabled = Vec::new();
    for (name, shape) in NAMES.iter().zip(&variant.services).filter(|(_, shape)| shape.present) {
        files = files.service(name, &format!("{name}:1"), |service| {
            service.scale = Some(i64::from(shape.scale));
            environment(service, "VERSION", &shape.version.to_string());
            for (what, target) in shape.mounts.iter().zip(TARGETS) {
                mount(service, *what, target);
            }
            if shape.built {
                is_built(service);
            }
            if shape.hook {
                service.pre_start.push(hoist::project::PreStart::default());
            }
            if let Some(before) = before.filter(|_| shape.shares) {
                service.volumes_from.push(before.into());
            }
            if let Some(failure_action) = shape.rolling {
                let failure_action = ["pause", "continue", "rollback"][usize::from(failure_action)];
                service.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("rolling: true").expect("YAML"));
                let update_config =
                    UpdateConfig { failure_action: Some(failure_action.to_owned()), ..UpdateConfig::default() };
                let deploy = service.deploy.get_or_insert_default();
                deploy.update_config = Some(update_config);
            }
        });
        if shape.disabled {
            disabled.push(*name);
        } else if shape.scale > 0 {
            before = Some(name);
        }
    }
    for name in disabled {
        files = files.disabled(name);
    }
    files.load()
}

/// What happened to the containers since they were made.
#[derive(Debug, Clone)]
struct Past {
    stopped: u16,
    /// Whether the images have a volume of their own.
    image_volume: u8,
    /// Whether containers carried their anonymous volumes over from others.
    carried: u16,
    orphan: bool,
    one_off: Option<bool>,
    hook: Option<bool>,
    successor: bool,
    foreign: u8,
}

fn past() -> impl Strategy<Value = Past> {
    (
        (any::<u16>(), any::<u8>(), any::<u16>(), any::<bool>()),
        (prop::option::of(any::<bool>()), prop::option::of(any::<bool>()), prop::bool::weighted(0.2), 0..4_u8),
    )
        .prop_map(|((stopped, image_volume, carried, orphan), (one_off, hook, successor, foreign))| Past {
            stopped,
            image_volume,
            carried,
            orphan,
            one_off,
            hook,
            successor,
            foreign,
        })
}

/// A name as engines give them to volumes without one.
fn generated(container: &ContainerId, at: usize) -> String {
    format!("{:0<60}{at:04x}", &container.as_str()[..12])
}

fn anonymous(container: &mut Container, target: &str) {
    if container.mounts.iter().any(|mount| mount.target == target) {
        return;
    }
    let name = generated(&container.id, container.mounts.len());
    container.mounts.push(Mount {
        kind: MountKind::Volume,
        source: format!("/volumes/{name}"),
        name: Some(name),
        target: target.to_owned(),
        read_only: false,
    });
}

/// What an engine has after `up` of a project and some time.
fn world(project: &Arc<Project>, past: &Past) -> Observed {
    let mut engine = in_sync(project);
    if past.orphan {
        engine = engine.orphan("gone").with("shop-gone-1", |gone| {
            anonymous(gone, "/old");
            gone.mounts.push(Mount {
                kind: MountKind::Volume,
                name: Some("shop_logs".into()),
                source: String::new(),
                target: "/logs".into(),
                read_only: false,
            });
        });
    }
    let mut observed: Observed = engine.into();
    for (at, container) in observed.containers.iter_mut().enumerate() {
        let service = container.service.as_ref().and_then(|name| project.services.get(name));
        let targets = service.into_iter().flat_map(|service| &service.volumes);
        let targets: Vec<_> = targets.filter(|mount| mount.kind == Kind::Volume && mount.source.is_none()).collect();
        for mount in targets {
            anonymous(container, &mount.target);
        }
        if past.image_volume >> (at % 8) & 1 == 1 {
            anonymous(container, "/image");
        }
        if past.carried >> (at % 16) & 1 == 1 {
            let names = container.mounts.iter().filter_map(|mount| mount.name.as_deref());
            let digits: Vec<_> =
                names.filter(|name| is_anonymous_name(name)).map(|name| name[..12].to_owned()).collect();
            container.labels.insert("hoist.inherited".into(), digits.join(","));
        }
        match past.stopped >> (at % 16) & 3 {
            1 => exited(1)(container),
            2 => created(container),
            _ => {}
        }
    }
    share_volumes(project, &mut observed);
    let first = observed.containers.first().cloned();
    if let (Some(first), Some(ended)) = (&first, past.one_off) {
        let mut one_off = Container { name: "shop-a-run-1".into(), id: id(&"run".into(), 1), ..first.clone() };
        one_off.one_off = true;
        one_off.mounts.clear();
        anonymous(&mut one_off, "/image");
        one_off.state = if ended { State::Exited } else { State::Running };
        one_off.networks.clear();
        observed.containers.push(one_off);
    }
    if let (Some(first), Some(ended)) = (&first, past.hook) {
        // It has the volumes of the replica it ran for.
        let mut hook = Container { name: "shop-a-hook".into(), id: id(&"hook".into(), 1), ..first.clone() };
        (hook.hook, hook.config_hash, hook.number) = (true, None, None);
        anonymous(&mut hook, "/hook");
        hook.state = if ended { State::Exited } else { State::Running };
        hook.networks.clear();
        observed.containers.push(hook);
    }
    if let Some(first) = first.filter(|first| past.successor && first.service.is_some()) {
        let mut successor = Container { id: id(&"new".into(), 1), created: first.created + 100, ..first.clone() };
        successor.name = format!("{}_{}", first.id.short(), first.name);
        created(&mut successor);
        anonymous(&mut successor, "/brought");
        observed.containers.push(successor);
    }
    for volume in &mut observed.volumes {
        match past.foreign {
            1 if volume.name == "shop_data" => volume.project = Some("other".into()),
            2 if volume.name == "shop_data" => (volume.project, volume.key) = (None, None),
            3 if volume.name == "shop_logs" => volume.project = Some("other".into()),
            _ => {}
        }
    }
    observed
}

/// Gives the containers of services with `volumes_from` the volumes of the others.
fn share_volumes(project: &Project, observed: &mut Observed) {
    for (name, service) in &project.services {
        for from in &service.volumes_from {
            let value::VolumesFromSource::Service(from) = &from.source else { continue };
            let source = observed.containers.iter().find(|container| container.service.as_ref() == Some(from));
            let shared = source.map(|container| container.mounts.clone()).unwrap_or_default();
            for container in &mut observed.containers {
                if container.service.as_ref() == Some(name) {
                    let taken = |mount: &Mount| container.mounts.iter().any(|own| own.target == mount.target);
                    let more: Vec<_> = shared.iter().filter(|mount| !taken(mount)).cloned().collect();
                    container.mounts.extend(more);
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what varies on its own")]
struct Setting {
    recreate: u8,
    renew: bool,
    orphans: bool,
    build: bool,
    start: bool,
    agreed: u8,
    scale: Option<u8>,
    images_change: bool,
    updates: u8,
    services: Option<u8>,
    order: Vec<u16>,
}

fn setting() -> impl Strategy<Value = Setting> {
    (
        (0..3_u8, prop::bool::weighted(0.3), any::<bool>(), any::<bool>(), prop::bool::weighted(0.8)),
        (0..4_u8, prop::option::weighted(0.3, 0..3_u8), any::<bool>(), 0..4_u8),
        (prop::option::weighted(0.3, 0..3_u8), prop::collection::vec(any::<u16>(), 16)),
    )
        .prop_map(
            |((recreate, renew, orphans, build, start), (agreed, scale, images_change, updates), (services, order))| {
                Setting {
                    recreate,
                    renew,
                    orphans,
                    build,
                    start,
                    agreed,
                    scale,
                    images_change,
                    updates,
                    services,
                    order,
                }
            },
        )
}

/// One project over one state, and what somebody asks for.
struct Case<'a> {
    project: &'a Arc<Project>,
    observed: &'a Observed,
    setting: &'a Setting,
}

impl Case<'_> {
    fn up_options(&self) -> UpOptions {
        let setting = self.setting;
        let first = self.project.services.keys().next();
        UpOptions {
            recreate: [Recreate::IfChanged, Recreate::Always, Recreate::Never][usize::from(setting.recreate)],
            anonymous_volumes: if setting.renew {
                AnonymousVolumePolicy::Renew
            } else {
                AnonymousVolumePolicy::Inherit
            },
            orphans: if setting.orphans { Orphans::Remove } else { Orphans::Keep },
            build: if setting.build { BuildImages::Always } else { BuildImages::AsNeeded },
            start: if setting.start { StartContainers::Yes } else { StartContainers::No },
            recreate_volumes: self.agreed(),
            scale: setting.scale.zip(first).map(|(scale, name)| (name.clone(), scale.into())).into_iter().collect(),
            ..UpOptions::default()
        }
    }

    /// The volumes about which the user said yes; hoist asks about those alone that changed.
    fn agreed(&self) -> BTreeSet<VolumeKey> {
        let changed = hoist::plan::changed_volumes(self.project, self.observed);
        let said_yes = |at: usize| self.setting.agreed >> at & 1 == 1;
        changed.into_iter().enumerate().filter(|(at, _)| said_yes(*at)).map(|(_, (key, _))| key.clone()).collect()
    }

    fn down_options(&self, volumes: DownVolumes) -> DownOptions {
        let services = self.setting.services.map(|at| NAMES[usize::from(at)].into()).into_iter().collect();
        let orphans = if self.setting.orphans { Orphans::Remove } else { Orphans::Keep };
        DownOptions { volumes, services, orphans, ..DownOptions::default() }
    }

    fn down(&self, volumes: DownVolumes) -> Plan {
        hoist::plan::down(&ProjectSource::Files(self.project.clone()), self.observed, &self.down_options(volumes))
    }

    fn files(&self) -> ProjectSource {
        ProjectSource::Files(self.project.clone())
    }

    /// The plan of `rm`; where volumes go, also of what runs.
    fn rm(&self, volumes: DownVolumes) -> Plan {
        let options = RmOptions { volumes, stop: volumes == DownVolumes::Remove, ..RmOptions::default() };
        hoist::plan::rm(&self.files(), self.observed, &options)
    }

    /// What `down --volumes` may remove: volumes that are the project's own, and anonymous ones of its containers.
    fn own_volumes(&self) -> BTreeSet<String> {
        let external = |name: &str| self.project.volumes.values().any(|volume| volume.external && volume.name == name);
        let foreign = |name: &str| {
            let live = self.observed.volume_named(name);
            live.and_then(|live| live.project.as_deref()).is_some_and(|project| project != "shop")
        };
        let defined = self.project.volumes.values().map(|volume| volume.name.clone());
        let mounts = self.observed.containers.iter().flat_map(|container| &container.mounts);
        let anonymous = mounts.filter_map(|mount| mount.name.clone()).filter(|name| is_anonymous_name(name));
        // What a service mounts that was not named is still its own.
        let named = self.down_options(DownVolumes::Remove).services;
        let others = self.project.services.values().filter(|it| !named.is_empty() && !named.contains(&it.name));
        let mounted = others.flat_map(|service| &service.volumes).filter_map(|mount| mount.source.as_deref());
        let theirs: BTreeSet<_> = mounted.filter_map(|key| self.project.volumes.get(key)).map(|it| &it.name).collect();
        let is_theirs = |name: &String| theirs.contains(name);
        defined.chain(anonymous).filter(|name| !external(name) && !foreign(name) && !is_theirs(name)).collect()
    }
}

/// An operation: its plan, and the volumes that it may remove because somebody said so.
struct Operation {
    name: &'static str,
    plan: fn(&Case<'_>) -> Result<Plan, PlanError>,
    may_remove: fn(&Case<'_>) -> BTreeSet<String>,
}

fn agreed_names(case: &Case<'_>) -> BTreeSet<String> {
    case.agreed().iter().map(|key| case.project.volumes[key].name.clone()).collect()
}

fn nothing(_: &Case<'_>) -> BTreeSet<String> {
    BTreeSet::new()
}

const UP: [Operation; 3] = [
    Operation {
        name: "up",
        plan: |case| hoist::plan::up(case.project, case.observed, &case.up_options()),
        may_remove: agreed_names,
    },
    Operation {
        name: "up of which nothing was agreed",
        plan: |case| {
            let options = UpOptions { recreate_volumes: BTreeSet::new(), ..case.up_options() };
            hoist::plan::up(case.project, case.observed, &options)
        },
        may_remove: nothing,
    },
    Operation {
        name: "create",
        plan: |case| {
            let options = UpOptions { start: StartContainers::No, ..case.up_options() };
            hoist::plan::up(case.project, case.observed, &options)
        },
        may_remove: agreed_names,
    },
];

const DOWN: [Operation; 5] = [
    Operation { name: "down", plan: |case| Ok(case.down(DownVolumes::Keep)), may_remove: nothing },
    Operation {
        name: "down --volumes",
        plan: |case| Ok(case.down(DownVolumes::Remove)),
        may_remove: |case| case.own_volumes(),
    },
    Operation {
        name: "stop",
        plan: |case| Ok(hoist::plan::stop(case.project, case.observed, &[], None)),
        may_remove: nothing,
    },
    Operation { name: "rm", plan: |case| Ok(case.rm(DownVolumes::Keep)), may_remove: nothing },
    Operation {
        name: "rm --stop --volumes",
        plan: |case| Ok(case.rm(DownVolumes::Remove)),
        may_remove: |case| case.own_volumes().into_iter().filter(|name| is_anonymous_name(name)).collect(),
    },
];

/// What changes the state of containers that are there.
const EXISTING: [Operation; 5] = [
    Operation {
        name: "start",
        plan: |case| hoist::plan::start(&case.files(), case.observed, &StartOptions::default()),
        may_remove: nothing,
    },
    Operation {
        name: "restart",
        plan: |case| hoist::plan::restart(&case.files(), case.observed, &RestartOptions::default()),
        may_remove: nothing,
    },
    Operation {
        name: "kill",
        plan: |case| {
            let options = KillOptions { services: Vec::new(), signal: "SIGKILL".to_owned(), orphans: Orphans::Remove };
            Ok(hoist::plan::kill(&case.files(), case.observed, &options))
        },
        may_remove: nothing,
    },
    Operation {
        name: "pause",
        plan: |case| Ok(hoist::plan::pause(&case.files(), case.observed, &[])),
        may_remove: nothing,
    },
    Operation {
        name: "unpause",
        plan: |case| Ok(hoist::plan::unpause(&case.files(), case.observed, &[])),
        may_remove: nothing,
    },
];

/// The volumes that containers mount.
fn mounted(observed: &Observed) -> BTreeSet<String> {
    let mounts = observed.containers.iter().flat_map(|container| &container.mounts);
    mounts.filter_map(|mount| mount.name.clone()).collect()
}

fn check(operation: &Operation, case: &Case<'_>) -> Result<(), TestCaseError> {
    let plan = match (operation.plan)(case) {
        Ok(plan) => plan,
        // What cannot be planned removes nothing.
        Err(
            PlanError::ExternalVolumeMissing { .. }
            | PlanError::NetworkInUse { .. }
            | PlanError::VolumeInUse { .. }
            | PlanError::NothingToShare { .. }
            | PlanError::NameTaken { .. }
            | PlanError::AddressTaken { .. }
            | PlanError::NoContainerToStart { .. },
        ) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(format!("{}: {error}", operation.name))),
    };
    let said: BTreeSet<String> =
        plan.steps().flat_map(|(_, step)| step.removed_volumes()).map(ToOwned::to_owned).collect();
    let may = (operation.may_remove)(case);
    prop_assert!(said.is_subset(&may), "{} removes {:?}:\n{plan}", operation.name, said.difference(&may));
    prop_assert_eq!(said.is_empty(), plan.destructive().next().is_none());
    let mut shown = Vec::new();
    render::plan::write(&plan, 0, PlanStyle::default(), &mut shown)?;
    let shown = String::from_utf8_lossy(&shown);
    prop_assert_eq!(shown.contains("removes the data of"), !said.is_empty(), "the counts count it: {}", shown);

    let mut after = case.observed.clone();
    let used = mounted(&after);
    let mut at = 0;
    let order = &case.setting.order;
    let chooser = |count: usize| {
        at += 1;
        usize::from(order[at % order.len()]) % count.max(1)
    };
    let happens = Happens {
        images_change: case.setting.images_change,
        limit: usize::MAX,
        updates: usize::from(case.setting.updates),
    };
    let ended = run(case.project, &mut after, &plan, happens, chooser)
        .map_err(|problem| TestCaseError::fail(format!("{}: {problem}", operation.name)))?;
    let lost: BTreeSet<_> = ended.lost.intersection(&used).cloned().collect();
    prop_assert!(lost.is_subset(&said), "{} lost {:?} without a word:\n{plan}", operation.name, lost);

    // What stays without a container is named, unless the files go on defining it.
    let still = mounted(&after);
    let defined: BTreeSet<_> = case.project.volumes.values().map(|volume| volume.name.clone()).collect();
    let left = plan.steps().filter(|(id, _)| ended.done.contains(id)).flat_map(|(_, step)| step.volumes_left());
    let left: BTreeSet<_> = left.map(|volume| volume.name.clone()).collect();
    for name in used.iter().filter(|name| is_anonymous_name(name) && !defined.contains(*name)) {
        let unused = !still.contains(name) && !lost.contains(name);
        prop_assert!(!unused || left.contains(name), "{} leaves {name} without a word:\n{plan}", operation.name);
    }
    Ok(())
}

/// The operation of that number, over what is left of `from` where the files are `to`.
fn check_one(
    operation: &Operation,
    (from, to): (&Variant, &Variant),
    past: &Past,
    setting: &Setting,
) -> Result<(), TestCaseError> {
    let (from, to) = (project(from), project(to));
    let mut observed = world(&from, past);
    for service in to.services.values() {
        let reference = to.image_name(service);
        let there = image(&reference);
        observed.images.insert((reference, None), there);
    }
    check(operation, &Case { project: &to, observed: &observed, setting })
}

proptest! {
    // 20,000 in all. They are two so that they run side by side.
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_brings_a_project_up_removes_no_data_unasked(
        operation in 0..UP.len(), from in variant(), to in variant(), past in past(), setting in setting()
    ) {
        check_one(&UP[operation], (&from, &to), &past, &setting)?;
    }

    #[test]
    fn what_takes_a_project_down_removes_no_data_unasked(
        operation in 0..DOWN.len(), from in variant(), to in variant(), past in past(), setting in setting()
    ) {
        check_one(&DOWN[operation], (&from, &to), &past, &setting)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_changes_the_state_of_containers_removes_no_data(
        operation in 0..EXISTING.len(), from in variant(), to in variant(), past in past(), setting in setting()
    ) {
        check_one(&EXISTING[operation], (&from, &to), &past, &setting)?;
    }
}
