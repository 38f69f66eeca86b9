//! Builds whose base images are the results of other builds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::builds::BuildSteps;
use crate::plan::{Action, ActionId, BuildSpec, Edge, PlanBuilder, PullFailure, PullSpec, Reason, Step};
use crate::project::ServiceName;
use crate::project::value::{BaseImages, BuildContext, ImageRef};

/// Orders each build after those of the images that it is made from. With `pull`, the builder would ask a registry for
/// these images, too: instead, all others are pulled before the build, which then uses what the engine has. Returns
/// these pulls.
pub(in crate::plan) fn link(
    builds: &BuildSteps<'_>,
    bases: &BTreeMap<ServiceName, BaseImages>,
    builder: &mut PlanBuilder,
) -> Vec<ActionId> {
    let specs: Vec<(ActionId, Arc<BuildSpec>)> = builds.all().filter_map(|id| spec_of(builder, id)).collect();
    if specs.len() < 2 {
        return Vec::new();
    }
    let mut producers: BTreeMap<String, ActionId> = BTreeMap::new();
    for (id, spec) in &specs {
        producers.extend(spec.exporter.tags().iter().map(|tag| (ImageRef::full(tag), *id)));
    }
    let nothing = BaseImages::default();
    let mut pulls = BTreeMap::new();
    for (id, spec) in &specs {
        let base = bases.get(&spec.service).unwrap_or(&nothing);
        let mut others = BTreeSet::new();
        let mut made_here = false;
        for image in base.images.iter().map(String::as_str).chain(contexts(spec)) {
            let producer = producers.get(&ImageRef::full(image)).copied().filter(|producer| producer != id);
            match producer.filter(|producer| !builder.is_before(*id, *producer)) {
                Some(producer) => {
                    builder.order(producer, *id, Edge::Requires);
                    made_here = true;
                }
                None => {
                    others.insert(image);
                }
            }
        }
        // With several platforms, the engine may have the image of only one of them.
        if spec.pull && made_here && base.complete && spec.platforms.len() < 2 {
            set_pull(builder, *id, spec);
            for image in others {
                let pull = pull(builder, &mut pulls, image, spec);
                builder.order(pull, *id, Edge::Requires);
            }
        }
    }
    pulls.into_values().collect()
}

fn spec_of(builder: &mut PlanBuilder, id: ActionId) -> Option<(ActionId, Arc<BuildSpec>)> {
    let Action::BuildImage { spec, .. } = &builder.step_mut(id).action else { return None };
    Some((id, spec.clone()))
}

/// The images among the additional contexts.
fn contexts(spec: &BuildSpec) -> impl Iterator<Item = &str> {
    spec.contexts.values().filter_map(|context| match context {
        BuildContext::Remote(url) => url.strip_prefix("docker-image://"),
        BuildContext::Folder(_) => None,
    })
}

fn set_pull(builder: &mut PlanBuilder, id: ActionId, spec: &BuildSpec) {
    let changed = Arc::new(BuildSpec { pull: false, ..spec.clone() });
    if let Action::BuildImage { spec, .. } = &mut builder.step_mut(id).action {
        *spec = changed;
    }
}

/// The pull of an image that a build is made from; there is one for all builds.
fn pull(
    builder: &mut PlanBuilder,
    pulls: &mut BTreeMap<(String, Option<String>), ActionId>,
    image: &str,
    spec: &BuildSpec,
) -> ActionId {
    let platform = spec.platforms.first().cloned();
    let key = (ImageRef::full(image), platform.clone());
    *pulls.entry(key).or_insert_with(|| {
        let services = vec![spec.service.clone()];
        let reason = Reason::NeededBy(services.clone());
        let spec = PullSpec {
            image: image.to_owned(),
            platform,
            services,
            built_by: Vec::new(),
            on_failure: PullFailure::Fail,
        };
        builder.add(Step { action: Action::PullImage(Arc::new(spec)), reason, guard: None }, [])
    })
}
