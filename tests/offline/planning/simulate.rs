//! An engine made of a snapshot: carries plans out in any order they allow, and refuses what an engine would refuse.

use std::collections::BTreeSet;

use hoist::observed::{Container, ContainerId, Endpoint, Image, Mount, MountKind, Network, Observed, State, Volume};
use hoist::plan::{
    Action, ActionId, AnonymousVolumes, ContainerRef, ContainerSpec, Edge, Guard, Handle, Plan, Reason, Waiter,
};
use hoist::project::hash::{network_hash, volume_hash};
use hoist::project::value::MountKind as Kind;
use hoist::project::{ModelKey, Project, ServiceName};

use super::state::{image, is_anonymous_name, replica_sharing};

/// A run of one plan.
pub(super) struct Run<'a> {
    project: &'a Project,
    observed: &'a mut Observed,
    plan: &'a Plan,
    /// Whether pulls and builds bring another image than was there.
    images_change: bool,
    /// How many of the waits of rolling updates come to a good end.
    updates: usize,
    /// The steps that failed, and those that were skipped for it.
    failed: BTreeSet<ActionId>,
    made: std::collections::BTreeMap<ActionId, ContainerId>,
    skipped: BTreeSet<ActionId>,
    /// The models that were configured in this run.
    configured: BTreeSet<ModelKey>,
    /// The volumes that are gone, and their data with them.
    lost: BTreeSet<String>,
    /// How many volumes the engine has named itself.
    generated: usize,
}

/// What a run came to.
pub(super) struct Ended {
    /// The steps that were done: neither skipped nor failed.
    pub(super) done: BTreeSet<ActionId>,
    /// The volumes that are gone, and their data with them.
    pub(super) lost: BTreeSet<String>,
}

/// What happens in a run that the plan does not know.
#[derive(Clone, Copy)]
pub(super) struct Happens {
    /// Whether pulls and builds bring another image than was there.
    pub(super) images_change: bool,
    /// After so many steps it is cut off.
    pub(super) limit: usize,
    /// After so many new containers of rolling updates, the next ones never get ready.
    pub(super) updates: usize,
}

/// Carries a plan out, in an order that `choose` picks among the steps that are ready.
pub(super) fn run(
    project: &Project,
    observed: &mut Observed,
    plan: &Plan,
    Happens { images_change, limit, updates }: Happens,
    mut choose: impl FnMut(usize) -> usize,
) -> Result<Ended, String> {
    let failed = BTreeSet::new();
    let (made, skipped, configured) = ([].into(), BTreeSet::new(), BTreeSet::new());
    let (lost, generated) = (BTreeSet::new(), 0);
    let mut run =
        Run { project, observed, plan, images_change, updates, failed, made, skipped, configured, lost, generated };
    let mut done = BTreeSet::new();
    while done.len() < plan.len() {
        let ready: Vec<_> = plan
            .steps()
            .map(|(id, _)| id)
            .filter(|id| !done.contains(id) && plan.before(*id).all(|(before, _)| done.contains(&before)))
            .collect();
        if done.len() == limit {
            break;
        }
        let id = *ready.get(choose(ready.len())).ok_or("nothing is ready: the plan has a cycle")?;
        run.step(id).map_err(|problem| format!("{}: {problem}\n{plan}", plan.line(id)))?;
        done.insert(id);
    }
    done.retain(|id| !run.failed.contains(id) && !run.skipped.contains(id));
    Ok(Ended { done, lost: run.lost })
}

impl Run<'_> {
    fn step(&mut self, id: ActionId) -> Result<(), String> {
        let step = self.plan.step(id).clone();
        if self.plan.before(id).any(|(before, edge)| edge == Edge::Requires && self.failed.contains(&before)) {
            self.failed.insert(id);
            return Ok(());
        }
        if step.guard.as_ref().is_some_and(|guard| !self.holds(guard)) {
            self.skipped.insert(id);
            return Ok(());
        }
        match step.action {
            Action::PullImage(spec) => self.image(&spec.image),
            Action::BuildImage { spec, .. } => self.image(&spec.image),
            Action::CreateNetwork { key, .. } => self.create_network(key.as_str())?,
            Action::RemoveNetwork { id, name } => {
                // Engines refuse it for containers that run alone; nothing else may be left on one that is made anew.
                let strict = step.reason != Reason::Down;
                let uses = |it: &Container| it.networks.contains_key(&name) && (strict || it.state == State::Running);
                self.refuse_if(uses, "network in use")?;
                self.observed.networks.retain(|network| network.id != id);
            }
            Action::DisconnectNetwork { container, network } => {
                self.container(&container)?.networks.remove(&network).ok_or("not connected")?;
            }
            Action::ConnectNetwork { container, key, .. } => {
                let name = self.project.networks[&key].name.clone();
                let network = Some(self.network_id(&name)?);
                let endpoint = Endpoint { network, ..Endpoint::default() };
                self.container(&container)?.networks.insert(name, endpoint);
            }
            Action::CreateVolume { key, .. } => self.create_volume(key.as_str())?,
            Action::RemoveImage { reference } => self.observed.images.retain(|(image, _), _| *image != reference),
            Action::RemoveVolume { name } => self.remove_volume(name)?,
            Action::PullModel(spec) => {
                let runner = self.observed.models.as_mut().ok_or("nothing serves models")?;
                runner.tags.insert(spec.reference.clone());
            }
            Action::ConfigureModel(spec) => {
                if !self.observed.models.as_ref().is_some_and(|runner| runner.has(&spec.reference)) {
                    return Err("no such model".into());
                }
                self.configured.insert(spec.key.clone());
            }
            Action::CreateContainer(spec) => {
                self.has_models(&spec)?;
                self.create(id, &spec)?;
            }
            Action::StartContainer { container, spec } => {
                if let Some(spec) = spec {
                    self.has_models(&spec)?;
                    self.has_namespace(&spec)?;
                }
                self.start(&container)?;
            }
            // One that was never made is no trouble.
            Action::StopContainer { container, .. } | Action::RemoveContainer { container, .. }
                if step.reason == Reason::TakenBack && self.id(&container).is_err() => {}
            Action::UnpauseContainer { container } => {
                let container = self.container(&container)?;
                if container.state != State::Paused {
                    return Err("it is not paused".into());
                }
                container.state = State::Running;
            }
            Action::PauseContainer { container } => {
                let container = self.container(&container)?;
                if container.state != State::Running {
                    return Err("it does not run".into());
                }
                container.state = State::Paused;
            }
            Action::RestartContainer { container, .. } => {
                self.container(&container)?.state = State::Exited;
                self.start(&container)?;
            }
            Action::StopContainer { container, .. } | Action::KillContainer { container, .. } => {
                let container = self.container(&container)?;
                container.state = State::Exited;
                container.exit_code = Some(143);
            }
            Action::RemoveContainer { container, volumes, .. } => self.remove_container(&container, volumes)?,
            Action::RenameContainer { container, name } => {
                self.refuse_if(|other| other.name == name, "the name is taken")?;
                self.container(&container)?.name = name;
            }
            Action::Wait(spec) => {
                for container in &spec.containers {
                    let container = self.container(container)?;
                    let wants = matches!(spec.waiter, Waiter::Update(_));
                    if wants && container.state != State::Running {
                        return Err("it does not run".into());
                    }
                }
                if matches!(spec.waiter, Waiter::Update(_)) && step.reason == Reason::RollingUpdate {
                    match self.updates.checked_sub(1) {
                        Some(left) => self.updates = left,
                        None => drop(self.failed.insert(id)),
                    }
                }
            }
            Action::PushImage(_) | Action::Delay { .. } | Action::RunPreStart { .. } | Action::RunProvider { .. } => {}
        }
        Ok(())
    }

    fn remove_volume(&mut self, name: String) -> Result<(), String> {
        let uses = |container: &Container| container.mounts.iter().any(|mount| mount.name.as_ref() == Some(&name));
        self.refuse_if(uses, "volume in use")?;
        self.observed.volumes.retain(|volume| volume.name != name);
        self.lost.insert(name);
        Ok(())
    }

    fn remove_container(&mut self, container: &ContainerRef, volumes: AnonymousVolumes) -> Result<(), String> {
        let container = self.container(container)?;
        if container.state == State::Running && !container.hook {
            return Err("it runs".into());
        }
        let (id, mounts) = (container.id.clone(), container.mounts.clone());
        self.observed.containers.retain(|container| container.id != id);
        if volumes == AnonymousVolumes::Remove {
            self.remove_anonymous(&mounts);
        }
        Ok(())
    }

    /// Removes the anonymous volumes of a container that is gone, but for those that others mount. One that was mounted by
    /// its name would stay; which one that was cannot be seen, so all are counted as lost.
    fn remove_anonymous(&mut self, mounts: &[Mount]) {
        let names = mounts.iter().filter_map(|mount| mount.name.as_deref()).filter(|name| is_anonymous_name(name));
        for name in names {
            let used = |other: &Container| other.mounts.iter().any(|mount| mount.name.as_deref() == Some(name));
            if !self.observed.containers.iter().any(used) {
                self.lost.insert(name.to_owned());
            }
        }
    }

    /// The volumes that a new container has without a name of their own: those of its predecessor, else new ones.
    fn anonymous_mounts(&mut self, spec: &ContainerSpec) -> Vec<Mount> {
        let volume = |name: String, target: &str| Mount {
            kind: MountKind::Volume,
            source: format!("/volumes/{name}"),
            name: Some(name),
            target: target.to_owned(),
            read_only: false,
        };
        let inherited = spec.replaces.iter().flat_map(|replaced| &replaced.inherited);
        let mut mounts: Vec<_> = inherited.map(|it| volume(it.volume.clone(), &it.target)).collect();
        for mount in &spec.project.services[&spec.replica.service].volumes {
            let anonymous = mount.kind == Kind::Volume && mount.source.is_none();
            if anonymous && !mounts.iter().any(|known| known.target == mount.target) {
                self.generated += 1;
                mounts.push(volume(format!("{:0>64x}", 0xfeed_0000 + self.generated), &mount.target));
            }
        }
        mounts
    }

    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::ImageChanged { image, from, .. } => self.image_of(image).map(|image| &image.digest) != from.as_ref(),
            Guard::ImageMissing { image, .. } => self.image_of(image).is_none(),
            Guard::Failed(steps) => steps.iter().any(|step| self.failed.contains(step)),
            Guard::AnyOf(guards) => guards.iter().any(|guard| self.holds(guard)),
            Guard::AllOf(guards) => guards.iter().all(|guard| self.holds(guard)),
        }
    }

    fn refuse_if(&self, problem: impl Fn(&Container) -> bool, message: &str) -> Result<(), String> {
        match self.observed.containers.iter().find(|container| problem(container)) {
            Some(container) => Err(format!("{message}: {}", container.name)),
            None => Ok(()),
        }
    }

    fn id(&self, container: &ContainerRef) -> Result<ContainerId, String> {
        match &container.handle {
            Handle::Existing(id) => Ok(id.clone()),
            Handle::Made(step) => self.made.get(step).cloned().ok_or_else(|| format!("{step} made nothing")),
            Handle::MadeOr { made, otherwise } => {
                assert!(
                    self.made.contains_key(made) || self.skipped.contains(made),
                    "{made} was neither done nor skipped"
                );
                Ok(self.made.get(made).unwrap_or(otherwise).clone())
            }
        }
    }

    fn container(&mut self, container: &ContainerRef) -> Result<&mut Container, String> {
        let id = self.id(container)?;
        self.observed
            .containers
            .iter_mut()
            .find(|container| container.id == id)
            .ok_or_else(|| "no such container".into())
    }

    fn image(&mut self, reference: &str) {
        let content = if self.images_change { format!("{reference} new") } else { reference.to_owned() };
        self.observed.images.insert((reference.to_owned(), None), Image { ..image(&content) });
    }

    fn image_of(&self, reference: &str) -> Option<&Image> {
        self.observed.images.get(&(reference.to_owned(), None))
    }

    fn network_id(&self, name: &str) -> Result<hoist::observed::NetworkId, String> {
        self.observed.network_named(name).map(|network| network.id.clone()).ok_or_else(|| format!("no network {name}"))
    }

    fn create_network(&mut self, key: &str) -> Result<(), String> {
        let network = &self.project.networks[key];
        if self.observed.network_named(&network.name).is_some() {
            return Err("there already".into());
        }
        self.observed.networks.push(Network {
            id: format!("net-{}-{}", network.name, network_hash(network)).into(),
            name: network.name.clone(),
            project: Some("shop".into()),
            key: Some(key.into()),
            config_hash: Some(network_hash(network)),
            ..Network::default()
        });
        Ok(())
    }

    fn create_volume(&mut self, key: &str) -> Result<(), String> {
        let volume = &self.project.volumes[key];
        if self.observed.volume_named(&volume.name).is_some() {
            return Err("there already".into());
        }
        self.observed.volumes.push(Volume {
            name: volume.name.clone(),
            project: Some("shop".into()),
            key: Some(key.into()),
            config_hash: Some(volume_hash(volume)),
            ..Volume::default()
        });
        Ok(())
    }

    fn has_models(&self, spec: &ContainerSpec) -> Result<(), String> {
        let used = spec.project.services[&spec.replica.service].models.keys();
        let missing: Vec<_> = used.filter(|key| !self.configured.contains(*key)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("models are not ready: {missing:?}")) }
    }

    fn has_namespace(&self, spec: &ContainerSpec) -> Result<(), String> {
        let service = &spec.project.services[&spec.replica.service];
        let Some(other) = service.network_mode.as_ref().and_then(|mode| mode.service()) else { return Ok(()) };
        let partner = self.id(spec.references.get(other).ok_or("nothing to share")?)?;
        let partner = self.observed.container(&partner).ok_or("the container to share with is gone")?;
        if partner.state == State::Running { Ok(()) } else { Err(format!("{} does not run", partner.name)) }
    }

    fn create(&mut self, step: ActionId, spec: &ContainerSpec) -> Result<(), String> {
        let service = &spec.project.services[&spec.replica.service];
        let mut shared = std::collections::BTreeMap::new();
        for (name, container) in &spec.references {
            let id = self.id(container)?;
            self.observed.container(&id).ok_or_else(|| format!("{name} has no container"))?;
            shared.insert(name.clone(), id.as_str().to_owned());
        }
        let resolve = |name: &ServiceName| shared.get(name).cloned();
        let mut container = replica_sharing(&spec.project, service, spec.replica.number, resolve);
        let created = self.observed.containers.iter().map(|other| other.created).max().unwrap_or(0) + 1;
        container.created = created;
        container.id = format!("{created:012x}{:052x}", self.observed.containers.len()).into();
        container.name = spec.temporary_name.clone().unwrap_or_else(|| spec.name.clone());
        container.state = State::Created;
        container.image_digest = self.image_of(&spec.image).map(|image| image.digest.clone());
        if container.image_digest.is_none() {
            return Err("no such image".into());
        }
        for (name, endpoint) in &mut container.networks {
            endpoint.network = Some(self.network_id(name)?);
        }
        for mount in &container.mounts {
            let name = mount.name.as_deref().unwrap_or_default();
            self.observed.volume_named(name).ok_or_else(|| format!("no volume {name}"))?;
        }
        container.mounts.extend(self.anonymous_mounts(spec));
        let name = container.name.clone();
        self.refuse_if(|other| other.name == name, "the name is taken")?;
        self.made.insert(step, container.id.clone());
        self.observed.containers.push(container);
        Ok(())
    }

    fn start(&mut self, container: &ContainerRef) -> Result<(), String> {
        let id = self.id(container)?;
        if self.observed.container(&id).is_some_and(|container| container.state == State::Running) {
            return Ok(());
        }
        let all = self.observed.clone();
        let container = self.container(container)?;
        for (name, endpoint) in &container.networks {
            let known = all.networks.iter().any(|network| endpoint.network.as_ref() == Some(&network.id));
            if !known {
                return Err(format!("network {name} not found"));
            }
        }
        for other in all.containers.iter().filter(|other| other.id != id && other.state == State::Running) {
            let same = |port: &hoist::observed::PublishedPort| {
                port.published.is_some() && other.ports.iter().any(|held| held.published == port.published)
            };
            if container.ports.iter().any(same) {
                return Err(format!("port is taken by {}", other.name));
            }
            let address = |endpoint: &Endpoint| {
                endpoint.ipv4.is_some() && other.networks.values().any(|held| held.ipv4 == endpoint.ipv4)
            };
            if container.networks.values().any(address) {
                return Err(format!("address is taken by {}", other.name));
            }
        }
        container.state = State::Running;
        container.exit_code = None;
        let last = self.observed.started.values().max().copied().unwrap_or(0);
        self.observed.started.insert(id, last + 1);
        Ok(())
    }
}
