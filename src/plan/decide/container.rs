//! Containers: which stay, which are recreated, which are removed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::observed::{Container, ContainerId, Image, ImageDigest, MountKind, Observed, State};
use crate::plan::decide::change;
use crate::plan::decide::definition::Expected;
use crate::plan::decide::image::{ImageFact, Images};
use crate::plan::decide::model::Models;
use crate::plan::decide::network::{NetworkChange, NetworkDecision};
use crate::plan::decide::order;
use crate::plan::decide::rolling::RollingUpdate;
use crate::plan::decide::volume::{self, VolumeDecision};
use crate::plan::decide::when::When;
use crate::plan::inputs::Inputs;
use crate::plan::{AnonymousVolumePolicy, Deferred, Guard, Reason, Recreate, Replica};
use crate::project::label;
use crate::project::{NetworkKey, Project, Service, ServiceName, VolumeKey};

/// The decision about a service's containers.
#[derive(Debug)]
pub(in crate::plan) struct Decision<'a> {
    /// The service.
    pub(in crate::plan) service: &'a Service,
    /// How its replicas are replaced in turn, if requested.
    pub(in crate::plan) rolling: Option<RollingUpdate>,
    /// Its replicas as they will be, by number.
    pub(in crate::plan) slots: Vec<Slot<'a>>,
    /// Containers to remove without a successor.
    pub(in crate::plan) removed: Vec<Removal<'a>>,
    /// Containers to remove because a volume of theirs is recreated.
    pub(in crate::plan) emptied: Vec<&'a Container>,
    /// When its containers are replaced; dependents with `restart: true` then restart.
    pub(in crate::plan) recreated: When,
    /// When it gets new containers; services that share with it follow.
    pub(in crate::plan) renewed: When,
}

/// A replica as it will be.
#[derive(Debug)]
pub(in crate::plan) struct Slot<'a> {
    /// Which one.
    pub(in crate::plan) replica: Replica,
    /// The final name of its container.
    pub(in crate::plan) name: String,
    /// What happens to it.
    pub(in crate::plan) change: Change<'a>,
}

/// What happens to fill a slot.
#[derive(Debug)]
pub(in crate::plan) enum Change<'a> {
    /// The container stays.
    Keep(&'a Container),
    /// There is no container; one is created.
    Create,
    /// The container is replaced under a condition, for a reason.
    Recreate { old: &'a Container, when: When, reason: Reason },
    /// An interrupted run created the successor: it replaces the old container now.
    Finish { old: &'a Container, new: &'a Container },
}

impl<'a> Change<'a> {
    /// The container that fills the slot now.
    pub(in crate::plan) fn old(&self) -> Option<&'a Container> {
        match self {
            Self::Keep(old) | Self::Recreate { old, .. } | Self::Finish { old, .. } => Some(old),
            Self::Create => None,
        }
    }

    /// When the slot's present container is replaced.
    pub(in crate::plan) fn leaves(&self) -> When {
        match self {
            Self::Keep(_) | Self::Create => When::Never,
            Self::Recreate { when, .. } => when.clone(),
            Self::Finish { .. } => When::Always,
        }
    }
}

/// A container to remove without a successor.
#[derive(Debug)]
pub(in crate::plan) struct Removal<'a> {
    /// The container.
    pub(in crate::plan) container: &'a Container,
    /// Why.
    pub(in crate::plan) reason: Reason,
}

/// The decisions made before those about containers.
pub(in crate::plan) struct Resources<'a> {
    pub(in crate::plan) images: Images,
    pub(in crate::plan) models: Models,
    pub(in crate::plan) networks: BTreeMap<&'a NetworkKey, NetworkDecision<'a>>,
    pub(in crate::plan) volumes: BTreeMap<&'a VolumeKey, VolumeDecision<'a>>,
    /// Services whose containers are all removed because of a recreated volume.
    pub(in crate::plan) emptied: BTreeSet<ServiceName>,
}

/// The decisions about the services so far; dependencies come before their dependents.
pub(in crate::plan) struct Decisions<'a, 'b> {
    cx: &'b Inputs<'a>,
    resources: &'b Resources<'a>,
    so_far: BTreeMap<&'a ServiceName, Decision<'a>>,
}

/// Decides about the containers of every service, in that order.
pub(in crate::plan) fn decide<'a>(
    cx: &Inputs<'a>,
    resources: &Resources<'a>,
    order: &[ServiceName],
) -> BTreeMap<&'a ServiceName, Decision<'a>> {
    let mut decisions = Decisions { cx, resources, so_far: BTreeMap::new() };
    for name in order {
        if let Some((name, service)) = cx.project.services.get_key_value(name)
            && service.provider.is_none()
        {
            let decision = decisions.service(service);
            decisions.so_far.insert(name, decision);
        }
    }
    decisions.so_far
}

/// The decision to leave every container as it is, and to make none.
pub(in crate::plan) fn keep<'a>(cx: &Inputs<'a>) -> BTreeMap<&'a ServiceName, Decision<'a>> {
    let services = cx.project.services.iter().filter(|(_, service)| service.provider.is_none());
    let kept = services.map(|(name, service)| {
        let mut fills: BTreeMap<u32, &Container> = BTreeMap::new();
        if cx.replicas(service) > 0 {
            // Where an interrupted run left several for one slot, the one that fills it now.
            let rank = |container: &Container| (container.is_up(), container.created);
            for (number, container) in numbered(cx.observed, name) {
                let fill = fills.entry(number).or_insert(container);
                if rank(container) > rank(fill) {
                    *fill = container;
                }
            }
        }
        let slots = fills.into_iter().map(|(number, container)| Slot {
            replica: Replica { service: name.clone(), number },
            name: container.name.clone(),
            change: Change::Keep(container),
        });
        let decision = Decision {
            service,
            rolling: None,
            slots: slots.collect(),
            removed: Vec::new(),
            emptied: Vec::new(),
            recreated: When::Never,
            renewed: When::Never,
        };
        (name, decision)
    });
    kept.collect()
}

/// Whether a container of a service was made from another definition than the present one.
pub(in crate::plan) fn is_redefined(project: &Project, observed: &Observed, name: &ServiceName) -> bool {
    let Some(service) = project.services.get(name) else { return false };
    let shared = order::references(service).into_iter();
    let references = shared.filter_map(|shared| {
        let first = by_reference(project, observed, shared).into_iter().next()?;
        Some((shared.clone(), first.id.clone()))
    });
    let expected = Expected::new(service, references.collect());
    numbered(observed, name).iter().any(|(_, container)| !expected.matches(container))
}

/// A container and whether it must be replaced.
struct Candidate<'a> {
    container: &'a Container,
    number: u32,
    obsolete: Option<(When, Reason)>,
}

impl Candidate<'_> {
    fn is_obsolete(&self) -> bool {
        self.obsolete.as_ref().is_some_and(|(when, _)| when.is_always())
    }

    fn is_current(&self) -> bool {
        self.obsolete.is_none()
    }
}

impl<'a> Decisions<'a, '_> {
    fn service(&self, service: &'a Service) -> Decision<'a> {
        let containers = numbered(self.cx.observed, &service.name);
        if self.resources.emptied.contains(&service.name) && !containers.is_empty() {
            return self.emptied(service, containers);
        }
        let expected = Expected::new(service, self.reference_ids(service));
        let candidates = containers.into_iter().map(|(number, container)| {
            let obsolete = self.obsolete(service, &expected, container);
            Candidate { container, number, obsolete }
        });
        let mut by_number: BTreeMap<u32, Vec<Candidate<'a>>> = BTreeMap::new();
        for candidate in candidates {
            by_number.entry(candidate.number).or_default().push(candidate);
        }
        let mut removed = Vec::new();
        let fills = by_number.into_values().filter_map(|same| self.settle(service, same, &mut removed)).collect();
        self.fill(service, fills, removed)
    }

    /// All containers are removed, and new ones created.
    fn emptied(&self, service: &'a Service, containers: Vec<(u32, &'a Container)>) -> Decision<'a> {
        let slots = (1..=self.cx.replicas(service)).map(|number| self.slot(service, number, Change::Create)).collect();
        let emptied = containers.into_iter().map(|(_, container)| container).collect();
        Decision {
            service,
            rolling: None,
            slots,
            removed: Vec::new(),
            emptied,
            recreated: When::Always,
            renewed: When::Always,
        }
    }

    /// Decides which of several containers with the same number fills the slot. An interrupted run can leave more than
    /// one.
    fn settle(
        &self,
        service: &Service,
        mut same: Vec<Candidate<'a>>,
        removed: &mut Vec<Removal<'a>>,
    ) -> Option<(u32, bool, Change<'a>)> {
        let temporary = |candidate: &Candidate<'_>| {
            is_temporary(candidate.container, &self.cx.project.container_name(service, u64::from(candidate.number)))
        };
        // Up-to-date ones first; then those with the final name, running ones, and the newest.
        same.sort_by_key(|candidate| {
            let container = candidate.container;
            (candidate.is_obsolete(), temporary(candidate), !container.is_up(), Reverse(container.created))
        });
        let mut rest = same.into_iter();
        let first = rest.next()?;
        let rest: Vec<_> = rest.collect();
        let unfinished = first.is_current() && (temporary(&first) || !first.container.is_up());
        let predecessor = rest.iter().position(|other| !temporary(other) && other.is_obsolete()).filter(|_| unfinished);
        for (_, other) in rest.iter().enumerate().filter(|(at, _)| Some(*at) != predecessor) {
            removed.push(Removal { container: other.container, reason: Reason::Interrupted });
        }
        let obsolete = first.is_obsolete();
        let change = match (predecessor, first.obsolete) {
            (Some(at), _) => Change::Finish { old: rest[at].container, new: first.container },
            (None, None) => Change::Keep(first.container),
            (None, Some((when, reason))) => Change::Recreate { old: first.container, when, reason },
        };
        Some((first.number, obsolete, change))
    }

    /// Adjusts the number of replicas: obsolete ones are removed first, then those with the highest numbers; new ones
    /// get numbers above all others.
    fn fill(
        &self,
        service: &'a Service,
        mut fills: Vec<(u32, bool, Change<'a>)>,
        mut removed: Vec<Removal<'a>>,
    ) -> Decision<'a> {
        let wanted = self.cx.replicas(service) as usize;
        let highest = fills.iter().map(|(number, ..)| *number).max().unwrap_or(0);
        fills.sort_by_key(|(number, obsolete, _)| (*obsolete, *number));
        let surplus = fills.split_off(wanted.min(fills.len()));
        for (_, _, change) in surplus {
            let successor = if let Change::Finish { new, .. } = &change { Some(*new) } else { None };
            for container in change.old().into_iter().chain(successor) {
                removed.push(Removal { container, reason: Reason::ScaledDown });
            }
        }
        fills.sort_by_key(|(number, ..)| *number);
        let missing = u32::try_from(wanted - fills.len()).unwrap_or(u32::MAX);
        let existing = fills.into_iter().map(|(number, _, change)| self.slot(service, number, change));
        let fresh = (1..=missing).map(|more| self.slot(service, highest.saturating_add(more), Change::Create));
        let slots: Vec<_> = existing.chain(fresh).collect();
        let recreated = slots.iter().fold(When::Never, |all, slot| all.or(&slot.change.leaves()));
        let created = slots.iter().any(|slot| matches!(slot.change, Change::Create));
        let renewed = if created { When::Always } else { recreated.clone() };
        let rolling = self.cx.rolling(service).unwrap_or_default();
        Decision { service, rolling, slots, removed, emptied: Vec::new(), recreated, renewed }
    }

    fn slot(&self, service: &Service, number: u32, change: Change<'a>) -> Slot<'a> {
        let name = match &change {
            // A running container keeps a different name, unless it is the temporary one of an interrupted run.
            Change::Keep(container) => {
                let name = self.cx.project.container_name(service, u64::from(number));
                if is_temporary(container, &name) { name } else { container.name.clone() }
            }
            Change::Create | Change::Recreate { .. } | Change::Finish { .. } => {
                self.cx.project.container_name(service, u64::from(number))
            }
        };
        Slot { replica: Replica { service: service.name.clone(), number }, name, change }
    }

    /// Whether and why a container must be replaced.
    fn obsolete(&self, service: &Service, expected: &Expected<'_>, container: &Container) -> Option<(When, Reason)> {
        let policy = self.cx.recreate_policy(&service.name);
        if policy == Recreate::Never {
            return None;
        }
        match self.divergence(service, expected, container) {
            Some((When::Always, reason)) => Some((When::Always, reason)),
            _ if policy == Recreate::Always && !self.cx.options.newer.contains(&container.id) => {
                Some((When::Always, Reason::Forced))
            }
            late => late,
        }
    }

    /// The difference between a container and its service: a certain one, else one that only the run finds out.
    fn divergence(&self, service: &Service, expected: &Expected<'_>, container: &Container) -> Option<(When, Reason)> {
        let mut late: Option<(When, Reason)> = None;
        let mut remember = |when: When, reason: Reason| {
            late = Some(match late.take() {
                Some((known, reason)) => (known.or(&when), reason),
                None => (when, reason),
            });
        };
        for shared in order::references(service) {
            let Some(decision) = self.so_far.get(shared) else { continue };
            match &decision.renewed {
                When::Never => {}
                When::Always => return Some((When::Always, Reason::SharesWith(shared.clone()))),
                when @ When::If(_) => remember(when.clone(), Reason::SharesWith(shared.clone())),
            }
        }
        if !expected.matches(container) {
            let changes =
                change::changes(self.cx.project, self.cx.observed, service, container, self.cx.options.values);
            return Some((When::Always, Reason::ConfigChanged(changes)));
        }
        let image = self.resources.images.of_service(self.cx.project, service, self.cx.options);
        if let Some((when, reason)) = image_change(image, container) {
            if when.is_always() {
                return Some((when, reason));
            }
            remember(when, reason);
        }
        if let Some((when, reason)) = self.mounted_image_change(service, container) {
            if when.is_always() {
                return Some((when, reason));
            }
            remember(when, reason);
        }
        self.connection_change(service, container)
            .or_else(|| self.mount_change(service, container))
            .map(|reason| (When::Always, reason))
            .or(late)
    }

    /// The containers that the service's references to others resolve to.
    fn reference_ids(&self, service: &Service) -> BTreeMap<ServiceName, ContainerId> {
        let shared = order::references(service).into_iter();
        shared
            .filter_map(|name| {
                let first = match self.so_far.get(name) {
                    Some(decision) => {
                        let kept = decision.slots.iter().filter_map(|slot| slot.change.old());
                        kept.min_by(|a, b| a.name.cmp(&b.name))?
                    }
                    None => left_alone(self.cx, name).into_iter().next()?,
                };
                Some((name.clone(), first.id.clone()))
            })
            .collect()
    }

    fn mounted_image_change(&self, service: &Service, container: &Container) -> Option<(When, Reason)> {
        let label = container.labels.get(label::IMAGE_VOLUMES).map_or("", String::as_str);
        let had: BTreeMap<&str, &str> = label.split(',').filter_map(|pair| pair.rsplit_once('=')).collect();
        let mut late = When::Never;
        for (target, image) in self.resources.images.mounted(self.cx.project, service, self.cx.options) {
            let from = had.get(target.as_str()).copied();
            match &image.digest {
                Deferred::Known(Some(now)) if from != Some(now.as_str()) => {
                    return Some((When::Always, Reason::ImageVolumeChanged(target)));
                }
                Deferred::Known(_) => {}
                Deferred::From(producer) => {
                    let from = from.map(ImageDigest::from);
                    let guard = Guard::ImageChanged { producer: *producer, image: image.reference.clone(), from };
                    late = late.or(&When::guarded(guard));
                }
            }
        }
        (!late.is_never()).then_some((late, Reason::ImageChanged { from: None, to: None }))
    }

    /// The reason to recreate a container that is not connected to a network of its service. A stopped one cannot start
    /// if one of its networks was removed; if it merely lacks a network, it is connected before it starts.
    fn connection_change(&self, service: &Service, container: &Container) -> Option<Reason> {
        if service.network_mode.is_some() {
            return None;
        }
        // A container remembers the name of its first network permanently, and does not start without it.
        let renamed = service.networks.keys().find_map(|key| {
            let decision =
                self.resources.networks.get(key).filter(|decision| decision.change == NetworkChange::Rename)?;
            Some(Reason::ResourceRecreated(decision.leaving()?.name.clone()))
        });
        if renamed.is_some() {
            return renamed;
        }
        let missing = service.networks.keys().find(|key| {
            let Some(decision) = self.resources.networks.get(key) else { return false };
            let endpoint = container.networks.get(decision.name);
            let known = endpoint.and_then(|endpoint| endpoint.network.as_ref());
            match (decision.kept_id(), decision.change) {
                (Some(id), _) if matches!(container.state, State::Running | State::Paused) => {
                    let connected = container.networks.values().any(|endpoint| endpoint.network.as_ref() == Some(id));
                    !connected && (known.is_some() || endpoint.is_none())
                }
                (Some(id), _) => known.is_some_and(|known| known != id),
                (None, NetworkChange::Create) => known.is_some() && !container.is_up(),
                (None, _) => false,
            }
        });
        missing.map(|key| Reason::NotConnected(key.clone()))
    }

    /// The reason to recreate a container that does not mount a volume of its service.
    fn mount_change(&self, service: &Service, container: &Container) -> Option<Reason> {
        let mut wanted = volume::mounted(self.cx.project, service);
        let missing = wanted.find(|key| {
            let Some(decision) = self.resources.volumes.get(key) else { return false };
            let mut mounts = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume);
            !mounts.any(|mount| mount.name.as_deref() == Some(decision.name))
        });
        missing.map(|key| Reason::NotMounted(key.clone()))
    }
}

/// Whether the image of a container has changed. An image that neither exists nor is pulled is no change: there is
/// nothing to change to.
fn image_change(image: &ImageFact, container: &Container) -> Option<(When, Reason)> {
    let same = image.present.as_ref().is_some_and(|present| was_made_from(container, present));
    let from = if same {
        image.present.as_ref().map(|present| present.digest.clone())
    } else {
        container.image_digest.clone()
    };
    match &image.digest {
        Deferred::Known(None) => None,
        Deferred::Known(Some(_)) if same => None,
        Deferred::Known(to) => Some((When::Always, Reason::ImageChanged { from, to: to.clone() })),
        Deferred::From(producer) => {
            let guard = Guard::ImageChanged { producer: *producer, image: image.reference.clone(), from: from.clone() };
            Some((When::guarded(guard), Reason::ImageChanged { from, to: None }))
        }
    }
}

/// Whether a container was created from an image. Docker Compose 2 wrote the id of the store's entry into the label;
/// early versions wrote nothing.
fn was_made_from(container: &Container, image: &Image) -> bool {
    let made_from = container.image_digest.as_ref().or(container.image_id.as_ref());
    made_from.is_some_and(|digest| *digest == image.digest || *digest == image.id)
}

/// Whether a container has the temporary name of a replacement: `<12 hex digits>_<final name>`.
pub(in crate::plan) fn is_temporary(container: &Container, name: &str) -> bool {
    let prefix = container.name.strip_suffix(name).and_then(|rest| rest.strip_suffix('_'));
    prefix.is_some_and(|prefix| prefix.len() == 12 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The replicas of a service with their numbers; those without a number come last.
pub(in crate::plan) fn numbered<'a>(observed: &'a Observed, service: &ServiceName) -> Vec<(u32, &'a Container)> {
    let replicas = observed.containers.iter();
    let mut replicas: Vec<_> =
        replicas.filter(|container| container.is_replica() && container.service.as_ref() == Some(service)).collect();
    replicas.sort_by_key(|container| (container.number.is_none(), container.number, &container.name));
    let mut highest = replicas.iter().filter_map(|container| container.number).max().unwrap_or(0);
    let mut number = |container: &Container| {
        container.number.unwrap_or_else(|| {
            highest = highest.saturating_add(1);
            highest
        })
    };
    replicas.into_iter().map(|container| (number(container), container)).collect()
}

/// The containers of a service in the order in which references resolve to them: by name, those left by an interrupted
/// run last.
pub(in crate::plan) fn by_reference<'a>(
    project: &Project,
    observed: &'a Observed,
    service: &ServiceName,
) -> Vec<&'a Container> {
    let definition = project.services.get(service).or_else(|| project.disabled.get(service));
    let temporary = |number: u32, container: &Container| {
        definition.is_some_and(|service| is_temporary(container, &project.container_name(service, u64::from(number))))
    };
    let mut numbered = numbered(observed, service);
    numbered.sort_by_key(|(number, container)| (temporary(*number, container), &container.name));
    numbered.into_iter().map(|(_, container)| container).collect()
}

/// The same for a service outside this run: not selected, or without an active profile. Empty for others.
pub(in crate::plan) fn left_alone<'a>(cx: &Inputs<'a>, service: &ServiceName) -> Vec<&'a Container> {
    let acted_on = cx.project.services.contains_key(service);
    if acted_on { Vec::new() } else { by_reference(cx.project, cx.observed, service) }
}

impl Inputs<'_> {
    /// The requested number of replicas.
    pub(in crate::plan) fn replicas(&self, service: &Service) -> u32 {
        let scaled = self.options.scale.get(&service.name).copied();
        scaled.unwrap_or_else(|| u32::try_from(service.replicas()).unwrap_or(u32::MAX))
    }

    /// When containers of a service are recreated.
    fn recreate_policy(&self, service: &ServiceName) -> Recreate {
        if !self.project.is_targeted(service.as_str()) {
            return self.options.recreate_dependencies;
        }
        match (self.options.recreate, self.options.anonymous_volumes) {
            (Recreate::IfChanged, AnonymousVolumePolicy::Renew) => Recreate::Always,
            (policy, _) => policy,
        }
    }
}
