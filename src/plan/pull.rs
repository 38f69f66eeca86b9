//! `pull`: the images that services and their hooks need, each once for a platform.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Action, LeftAlone, LeftAloneReason, Plan, PlanBuilder, PullBuildable, PullFailure, PullOptions, PullSpec, Reason,
    Step, Subject, TransferFailures,
};
use crate::observed::Observed;
use crate::project::value::{ImageRef, PullPolicy, PullRule};
use crate::project::{Project, Service, ServiceName};

/// An image reference and the platform it is wanted for.
type ImageKey = (String, Option<String>);

/// What to do about an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Pull,
    LeaveAlone(LeftAloneReason),
}

/// The plan of `pull`. Without a policy every image is pulled, even if it exists.
#[must_use]
pub fn pull(project: &Project, observed: &Observed, options: &PullOptions) -> Plan {
    let mut pulls: BTreeMap<ImageKey, Vec<ServiceName>> = BTreeMap::new();
    let mut left_alone = Vec::new();
    for service in project.services.values() {
        if service.image.is_none() {
            let subject = Subject::Service(service.name.to_string());
            left_alone.push(LeftAlone { subject, why: LeftAloneReason::NoImage });
        }
        for key in images_of(service, options) {
            match decide(service, &key, observed, options) {
                Decision::Pull => pulls.entry(key).or_default().push(service.name.clone()),
                Decision::LeaveAlone(why) => {
                    let left = LeftAlone { subject: Subject::Image(key.0), why };
                    if !left_alone.contains(&left) {
                        left_alone.push(left);
                    }
                }
            }
        }
    }
    let is_pulled = |left: &LeftAlone| pulls.keys().any(|(image, _)| left.subject == Subject::Image(image.clone()));
    left_alone.retain(|left| !is_pulled(left));
    let mut builder = PlanBuilder::default();
    for ((image, platform), services) in pulls {
        let built_by = built_by(project, &image);
        let on_failure = match options.failures {
            _ if !built_by.is_empty() => PullFailure::ToBeBuilt,
            TransferFailures::Fail => PullFailure::EndRun,
            TransferFailures::Ignore => PullFailure::Ignore,
        };
        let spec = PullSpec { image, platform, services, built_by, on_failure };
        let action = Action::PullImage(Arc::new(spec));
        builder.add(Step { action, reason: Reason::Requested, guard: None }, []);
    }
    builder.build().leaving_alone(left_alone)
}

/// The images that [`pull`] leaves alone if they exist, with platforms: the snapshot must include them.
#[must_use]
pub fn images_to_look_up(project: &Project, options: &PullOptions) -> Vec<(String, Option<String>)> {
    let if_missing = |service: &&Service| rule(service, options) == PullRule::Missing;
    let mut images: Vec<_> =
        project.services.values().filter(if_missing).flat_map(|service| images_of(service, options)).collect();
    images.retain(|(image, _)| !is_latest(image));
    images.sort();
    images.dedup();
    images
}

/// The services that build an image.
fn built_by(project: &Project, image: &str) -> Vec<ServiceName> {
    let builds = |service: &&Service| service.build.is_some() && service.image.as_deref() == Some(image);
    project.services.values().filter(builds).map(|service| service.name.clone()).collect()
}

/// The image of a service, then other ones that its hooks run in.
fn images_of(service: &Service, options: &PullOptions) -> Vec<ImageKey> {
    let platform = service.platform.clone().or_else(|| options.default_platform.clone());
    let of_hooks = service.pre_start.iter().filter_map(|hook| hook.container.image.as_ref());
    let mut images: Vec<ImageKey> = Vec::new();
    for image in service.image.iter().chain(of_hooks) {
        if images.iter().all(|(known, _)| known != image) {
            images.push((image.clone(), platform.clone()));
        }
    }
    images
}

fn rule(service: &Service, options: &PullOptions) -> PullRule {
    options.policy.as_ref().or(service.pull_policy.as_ref()).map_or(PullRule::Always, PullPolicy::rule)
}

fn decide(service: &Service, key: &ImageKey, observed: &Observed, options: &PullOptions) -> Decision {
    let is_own = service.image.as_ref() == Some(&key.0);
    match rule(service, options) {
        PullRule::Never => Decision::LeaveAlone(LeftAloneReason::Policy),
        PullRule::Build if is_own => Decision::LeaveAlone(LeftAloneReason::Policy),
        PullRule::Missing if !is_latest(&key.0) && observed.images.contains_key(key) => {
            Decision::LeaveAlone(LeftAloneReason::Present)
        }
        _ if is_own && service.build.is_some() && options.buildable == PullBuildable::No => {
            Decision::LeaveAlone(LeftAloneReason::Buildable)
        }
        PullRule::Always | PullRule::Missing | PullRule::Build | PullRule::Refresh(_) => Decision::Pull,
    }
}

/// Whether a reference has the tag `latest`, given or implied.
fn is_latest(image: &str) -> bool {
    image.parse::<ImageRef>().is_ok_and(|image| image.tag.as_deref() == Some("latest"))
}
