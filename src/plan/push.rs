//! `push`: the images that are built and have a name, under all their names.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Action, LeftAlone, LeftAloneReason, Plan, PlanBuilder, PushFailure, PushSpec, Reason, Step, Subject,
    TransferFailures,
};
use crate::project::Project;
use crate::project::value::ImageRef;

/// The plan of `push`: the image and the other tags of each service that has both `image` and `build`, each once.
#[must_use]
pub fn push(project: &Project, failures: TransferFailures) -> Plan {
    let on_failure = match failures {
        TransferFailures::Fail => PushFailure::EndRun,
        TransferFailures::Ignore => PushFailure::Ignore,
    };
    let mut builder = PlanBuilder::default();
    let mut left_alone = Vec::new();
    let mut pushed = BTreeSet::new();
    for service in project.services.values() {
        let (Some(image), Some(build)) = (&service.image, &service.build) else {
            let subject = Subject::Service(service.name.to_string());
            left_alone.push(LeftAlone { subject, why: LeftAloneReason::NotPushed });
            continue;
        };
        for image in std::iter::once(image).chain(&build.tags).filter(|image| pushed.insert(ImageRef::full(image))) {
            let spec = PushSpec { image: image.clone(), service: service.name.clone(), on_failure };
            let action = Action::PushImage(Arc::new(spec));
            builder.add(Step { action, reason: Reason::Requested, guard: None }, []);
        }
    }
    builder.build().leaving_alone(left_alone)
}
