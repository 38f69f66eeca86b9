//! Any project over any state: a plan can be carried out in every order it allows, what it leaves is what the files
//! ask for, and a run that was cut off anywhere is finished by the next.

use std::sync::Arc;

use hoist::observed::{ModelRunner, Observed};
use hoist::plan::{BuildImages, Orphans, PlanError, Recreate, UpOptions, up};
use hoist::project::{Condition, Dependency, Deploy, Project, Service, UpdateConfig};
use proptest::prelude::*;

use super::files::{environment, files, has_address, is_built, joins, mounts, publishes, volume_keys};
use super::simulate::{Happens, run};
use super::state::{created, exited, in_sync};

/// What varies in one service. Later services can depend on earlier ones.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what varies on its own")]
struct Shape {
    present: bool,
    scale: u8,
    version: u8,
    link: u8,
    named: bool,
    port: Option<u8>,
    address: Option<u8>,
    built: bool,
    volume: bool,
    back: bool,
    model: bool,
    /// Whether its replicas are replaced in turn: the words of its `update_config`.
    rolling: Option<(bool, u8, u8)>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let first = (prop::bool::weighted(0.9), 0..3_u8, 0..2_u8, 0..6_u8, prop::bool::weighted(0.2));
    let second = (
        prop::option::weighted(0.3, 0..2_u8),
        prop::option::weighted(0.2, 0..2_u8),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.3),
    );
    let rolling = prop::option::weighted(0.5, (any::<bool>(), 0..3_u8, 0..3_u8));
    (first, second, rolling).prop_map(
        |((present, scale, version, link, named), (port, address, built, volume, back, model), rolling)| Shape {
            present,
            scale,
            version,
            link,
            named,
            port,
            address,
            built,
            volume,
            back,
            model,
            rolling,
        },
    )
}

/// The `deploy.update_config` of a service, which goes stop-first where it has to.
fn rolls(service: &mut Service, (start_first, failure_action, parallelism): (bool, u8, u8)) {
    let free = service.container_name.is_none() && service.ports.is_empty();
    let free = free && service.networks.values().all(Option::is_none);
    let order = if start_first && free { "start-first" } else { "stop-first" };
    let failure_action = ["pause", "continue", "rollback"][usize::from(failure_action)];
    service.extensions.insert("x-hoist".to_owned(), serde_yaml::from_str("rolling: true").expect("YAML"));
    let update_config = UpdateConfig {
        order: Some(order.to_owned()),
        failure_action: Some(failure_action.to_owned()),
        parallelism: Some(parallelism.into()),
        ..UpdateConfig::default()
    };
    service.deploy = Some(Deploy { update_config: Some(update_config), ..Deploy::default() });
}

#[derive(Debug, Clone)]
struct Variant {
    services: Vec<Shape>,
    internal: bool,
    renamed: bool,
    data: u8,
}

fn variant() -> impl Strategy<Value = Variant> {
    (prop::collection::vec(shape(), 4), any::<bool>(), any::<bool>(), 0..3_u8)
        .prop_map(|(services, internal, renamed, data)| Variant { services, internal, renamed, data })
}

/// No limit.
const ALL: usize = usize::MAX;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn project(variant: &Variant) -> Arc<Project> {
    let mut files = files()
        .model("llm", "ai/x", |_| {})
        .network("back", |back| back.internal = variant.internal)
        .network("default", |default| {
            if variant.renamed {
                default.name = "other".into();
            }
        })
        .volume("data", |data| match variant.data {
            0 => {}
            1 => data.name = "shop_moved".into(),
            _ => drop(data.driver_opts.insert("type".into(), "nfs".into())),
        });
    // Host ports and addresses belong to one service at a time.
    let (mut ports, mut addresses, mut names) = (Vec::new(), Vec::new(), 0);
    let mut before: Option<&str> = None;
    for (name, shape) in NAMES.iter().zip(&variant.services).filter(|(_, shape)| shape.present) {
        files = files.service(name, &format!("{name}:1"), |service| {
            service.scale = Some(i64::from(shape.scale));
            environment(service, "VERSION", &shape.version.to_string());
            if shape.model {
                service.models.insert("llm".into(), None);
            }
            if shape.built {
                is_built(service);
            }
            if shape.volume {
                mounts(service, "data", "/data");
            }
            if shape.named {
                names += 1;
                service.container_name = Some(format!("named-{names}"));
                service.scale = Some(1);
            }
            if let Some(port) = shape.port.filter(|port| !ports.contains(port)) {
                ports.push(port);
                publishes(service, &format!("808{port}:80"));
                service.scale = Some(1);
            }
            let shares = before.filter(|_| shape.link == 4);
            if let Some(before) = shares {
                service.network_mode = Some(format!("service:{before}").as_str().into());
                service.ports.clear();
            } else {
                joins(service, if shape.back { "back" } else { "default" });
                if let Some(address) = shape.address.filter(|address| !addresses.contains(address)) {
                    addresses.push(address);
                    has_address(service, "back", &format!("10.0.0.{address}"));
                    service.scale = Some(1);
                }
            }
            if let Some(before) = before {
                let how =
                    |condition, restart, required| Dependency { condition, restart, required, ..Dependency::default() };
                match shape.link {
                    1 => drop(service.depends_on.insert(before.into(), how(Condition::Healthy, false, true))),
                    2 => drop(service.depends_on.insert(before.into(), how(Condition::Started, true, true))),
                    3 => drop(service.depends_on.insert(before.into(), how(Condition::Healthy, true, false))),
                    5 => service.volumes_from.push(before.into()),
                    _ => {}
                }
            }
            if let Some(rolling) = shape.rolling {
                rolls(service, rolling);
            }
        });
        // A service without replicas has nothing to share.
        if shape.scale > 0 || shape.named {
            before = Some(name);
        }
    }
    files.load()
}

#[derive(Debug, Clone)]
struct Setting {
    build: bool,
    force: bool,
    images_change: bool,
    order: Vec<u16>,
    cut: u8,
    stopped: u8,
    updates: u8,
}

fn setting() -> impl Strategy<Value = Setting> {
    (
        any::<bool>(),
        prop::bool::weighted(0.3),
        any::<bool>(),
        prop::collection::vec(any::<u16>(), 16),
        0..40_u8,
        any::<u8>(),
        0..4_u8,
    )
        .prop_map(|(build, force, images_change, order, cut, stopped, updates)| Setting {
            build,
            force,
            images_change,
            order,
            cut,
            stopped,
            updates,
        })
}

impl Setting {
    fn options(&self) -> UpOptions {
        UpOptions {
            build: if self.build { BuildImages::Always } else { BuildImages::AsNeeded },
            recreate: if self.force { Recreate::Always } else { Recreate::IfChanged },
            orphans: Orphans::Remove,
            recreate_volumes: if self.images_change { volume_keys(&["data"]) } else { [].into() },
            ..UpOptions::default()
        }
    }

    fn chooser(&self) -> impl FnMut(usize) -> usize + '_ {
        let mut at = 0;
        move |count| {
            at += 1;
            usize::from(self.order[at % self.order.len()]) % count.max(1)
        }
    }
}

/// Plans and carries out, wholly or in part. Nothing if there is no plan for it, which the caller lets pass.
fn carry_out(
    project: &Arc<Project>,
    observed: &mut Observed,
    options: &UpOptions,
    setting: &Setting,
    (limit, updates): (usize, usize),
) -> Result<Option<()>, TestCaseError> {
    let happens = Happens { images_change: setting.images_change, limit, updates };
    match up(project, observed, options) {
        Ok(plan) => {
            run(project, observed, &plan, happens, setting.chooser()).map_err(TestCaseError::fail)?;
            Ok(Some(()))
        }
        Err(PlanError::NetworkInUse { .. }) => Ok(None),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

fn settled(project: &Arc<Project>, observed: &Observed) -> Result<(), TestCaseError> {
    let options = UpOptions { orphans: Orphans::Remove, ..UpOptions::default() };
    let plan = up(project, observed, &options).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(!plan.has_changes(), "still to do:\n{plan}");
    let mut names: Vec<_> = observed.containers.iter().map(|container| &container.name).collect();
    names.sort();
    names.dedup();
    prop_assert_eq!(names.len(), observed.containers.len(), "two containers of one name");
    for service in project.services.values() {
        let containers =
            observed.containers.iter().filter(|container| container.service.as_ref() == Some(&service.name));
        prop_assert_eq!(containers.count(), service.replicas(), "replicas of {}", service.name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_leads_to_what_the_files_ask_for(from in variant(), to in variant(), setting in setting()) {
        let (from, to) = (project(&from), project(&to));
        let mut engine = in_sync(&from);
        for (at, name) in NAMES.iter().enumerate() {
            let container = format!("shop-{name}-1");
            let there = from.services.get(*name).is_some_and(|service| service.replicas() > 0 && service.container_name.is_none());
            if there && setting.stopped >> at & 1 == 1 {
                engine = if setting.stopped >> (at + 4) & 1 == 1 { engine.with(&container, exited(1)) } else { engine.with(&container, created) };
            }
        }
        let mut whole: Observed = engine.into();
        // Later services share with earlier ones, and started after them.
        whole.started = whole.containers.iter().map(|container| container.id.clone()).zip(0..).collect();
        whole.models = Some(ModelRunner { endpoint: "http://runner".into(), ..ModelRunner::default() });
        for service in to.services.values() {
            let reference = to.image_name(service);
            if !service.name.as_str().starts_with('c') {
                let there = super::state::image(&reference);
                whole.images.insert((reference, None), there);
            }
        }
        let (mut cut, mut failed) = (whole.clone(), whole.clone());

        let plain = UpOptions { orphans: Orphans::Remove, ..UpOptions::default() };
        if carry_out(&to, &mut whole, &setting.options(), &setting, (ALL, ALL))?.is_some() {
            settled(&to, &whole)?;
        }
        if carry_out(&to, &mut cut, &setting.options(), &setting, (usize::from(setting.cut), ALL))?.is_some()
            && carry_out(&to, &mut cut, &plain, &setting, (ALL, ALL))?.is_some()
        {
            settled(&to, &cut)?;
        }
        // A new container that does not get ready: whatever the update made of it, the next run gets there.
        let updates = usize::from(setting.updates);
        if carry_out(&to, &mut failed, &setting.options(), &setting, (ALL, updates))?.is_some()
            && carry_out(&to, &mut failed, &plain, &setting, (ALL, ALL))?.is_some()
        {
            settled(&to, &failed)?;
        }
    }
}
