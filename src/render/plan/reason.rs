//! Reasons, as lines below the resource. A reason that the verb already implies (`create`: it is missing) is not shown.

use super::entry::Detail;
use crate::observed::ImageDigest;
use crate::plan::{Action, FieldChange, Guard, Plan, Reason, Step};
use crate::project::ServiceName;

/// The reason and condition of a step.
pub(super) fn of_step(plan: &Plan, step: &Step) -> Vec<Detail> {
    let mut details = of_reason(&step.reason);
    details.extend(condition_of(plan, step).map(|condition| Detail::Text(format!("if {condition}"))));
    details
}

/// The condition of a step: `the build changes its image`.
pub(super) fn condition_of(plan: &Plan, step: &Step) -> Option<String> {
    let guard = step.guard.as_ref()?;
    Some(condition(plan, guard, step.action.service()))
}

/// Whether a step only happens if another one fails.
pub(super) fn is_for_failure(step: &Step) -> bool {
    fn mentions_failure(guard: &Guard) -> bool {
        match guard {
            Guard::Failed(_) => true,
            Guard::ImageChanged { .. } | Guard::ImageMissing { .. } => false,
            Guard::AnyOf(guards) | Guard::AllOf(guards) => guards.iter().any(mentions_failure),
        }
    }
    step.guard.as_ref().is_some_and(mentions_failure)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a reason is a sentence unless it is shown otherwise")]
fn of_reason(reason: &Reason) -> Vec<Detail> {
    match reason {
        Reason::ConfigChanged(fields) if !fields.is_empty() => fields.iter().map(change).collect(),
        Reason::ImageChanged { to: Some(to), from } => {
            vec![Detail::Change { field: "image".to_owned(), from: from.as_ref().map(digest), to: Some(digest(to)) }]
        }
        // The condition implies it.
        Reason::ImageChanged { to: None, .. }
        | Reason::Missing
        | Reason::NoContainer
        | Reason::Created
        | Reason::Replaced
        | Reason::Replacement
        | Reason::Down
        | Reason::Requested
        | Reason::VolumesAsked
        | Reason::ImagesAsked
        | Reason::EveryRun => Vec::new(),
        _ => vec![Detail::Text(reason.to_string())],
    }
}

fn change(change: &FieldChange) -> Detail {
    let text = |value: &Option<_>| value.as_ref().map(ToString::to_string);
    Detail::Change { field: change.field.clone(), from: text(&change.from), to: text(&change.to) }
}

/// A shortened digest: `sha256:0123456789ab…`.
fn digest(digest: &ImageDigest) -> String {
    match digest.as_str().split_once(':') {
        Some((algorithm, _)) => format!("{algorithm}:{}…", digest.short()),
        None => format!("{}…", digest.short()),
    }
}

/// The condition of a guard, from the point of view of a step of `service`.
fn condition(plan: &Plan, guard: &Guard, service: Option<&ServiceName>) -> String {
    let all = |guards: &[Guard], word: &str| {
        let mut texts: Vec<_> = guards.iter().map(|guard| condition(plan, guard, service)).collect();
        texts.dedup();
        texts.join(word)
    };
    match guard {
        Guard::ImageChanged { producer, image, .. } => {
            let (verb, is_own) = producer_of(&plan.step(*producer).action, service);
            if is_own { format!("the {verb} changes its image") } else { format!("the {verb} changes image {image}") }
        }
        Guard::ImageMissing { image, .. } => format!("{image} cannot be pulled"),
        Guard::Failed(_) => "that fails".to_owned(),
        Guard::AnyOf(guards) => all(guards, " or "),
        Guard::AllOf(guards) => all(guards, " and "),
    }
}

/// What is done to an image, and whether that is the image of `service`.
fn producer_of(action: &Action, service: Option<&ServiceName>) -> (&'static str, bool) {
    let Action::BuildImage { project, spec } = action else {
        let pulls_for = |service| matches!(action, Action::PullImage(spec) if spec.services.contains(service));
        return ("pull", service.is_some_and(pulls_for));
    };
    let image = service.and_then(|name| project.services.get(name)).map(|own| project.image_name(own));
    ("build", image.as_ref() == Some(&spec.image))
}
