//! A plan as JSON, for `hoist plan --format json`. Names include their unit; ids are the numbers of the text form.

use serde_json::{Map, Value, json};

use crate::plan::{ActionId, Edge, FieldChange, FieldValue, Guard, Plan, Reason, UnusedVolume};
use crate::render::warning;

/// The plan as one JSON object: `changes` (whether it changes anything), `warnings`, `removed_volumes` (names of
/// volumes whose data is lost), `volumes_left` (volumes that no container uses any more), and `steps`, each with its
/// `id`, action and object, reason, guard, and the ids it comes `after` or `after_end_of`.
#[must_use]
pub fn json(plan: &Plan) -> Value {
    let steps: Vec<_> = plan.steps().map(|(id, _)| step_json(plan, id)).collect();
    let warnings: Vec<_> = plan.warnings().iter().map(warning::plan::message).collect();
    let removed: Vec<_> = plan.destructive().flat_map(|(_, step)| step.removed_volumes()).collect();
    let left: Vec<_> = plan.steps().flat_map(|(_, step)| step.volumes_left()).map(unused_volume).collect();
    json!({
        "changes": plan.has_changes(),
        "warnings": warnings,
        "steps": steps,
        "removed_volumes": removed,
        "volumes_left": left,
    })
}

fn step_json(plan: &Plan, id: ActionId) -> Value {
    let step = plan.step(id);
    let mut object = Map::new();
    object.insert("id".into(), id.number().into());
    let action = step.action.describe();
    object.insert("action".into(), action.verb.plan.replace(' ', "_").into());
    object.insert("object".into(), action.object.into());
    if let Some(service) = action.service {
        object.insert("service".into(), service.as_str().into());
    }
    let data = action.data.into_iter().filter(|(_, value)| !value.is_null());
    object.extend(data.map(|(name, value)| (name.to_owned(), value)));
    object.insert("reason".into(), reason(&step.reason));
    if let Some(condition) = &step.guard {
        object.insert("guard".into(), guard(condition));
    }
    object.insert("change".into(), step.is_change().into());
    let removed = step.removed_volumes();
    if !removed.is_empty() {
        object.insert("removed_volumes".into(), removed.into());
    }
    object.insert("text".into(), plan.line(id).to_string().into());
    for (name, edge) in [("after", Edge::Requires), ("after_end_of", Edge::Follows)] {
        let mut ids: Vec<_> =
            plan.before(id).filter(|(_, kind)| *kind == edge).map(|(before, _)| before.number()).collect();
        ids.sort_unstable();
        object.insert(name.into(), ids.into());
    }
    Value::Object(object)
}

/// A volume left without a container.
fn unused_volume(volume: &UnusedVolume) -> Value {
    json!({ "name": volume.name, "target": volume.target, "container": volume.container })
}

fn reason(reason: &Reason) -> Value {
    let mut object = Map::new();
    object.insert("kind".into(), kind(reason).into());
    object.insert("text".into(), reason.to_string().into());
    if let Reason::ConfigChanged(fields) = reason {
        let fields: Vec<_> = fields
            .iter()
            .map(|FieldChange { field, from, to }| json!({ "field": field, "from": from.as_ref().map(value), "to": to.as_ref().map(value) }))
            .collect();
        object.insert("fields".into(), fields.into());
    }
    Value::Object(object)
}

fn value(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Json(json) => serde_json::from_str(json).unwrap_or_else(|_| json.as_str().into()),
    }
}

fn guard(guard_of_step: &Guard) -> Value {
    match guard_of_step {
        Guard::ImageChanged { producer, image, from } => json!({
            "if": "image_changed",
            "by": producer.number(),
            "image": image,
            "from": from.as_ref().map(ToString::to_string),
        }),
        Guard::ImageMissing { producer, image } => {
            json!({ "if": "image_missing", "by": producer.number(), "image": image })
        }
        Guard::Failed(steps) => {
            json!({ "if": "failed", "steps": steps.iter().map(|step| step.number()).collect::<Vec<_>>() })
        }
        Guard::AnyOf(guards) => json!({ "if": "any", "of": guards.iter().map(guard).collect::<Vec<_>>() }),
        Guard::AllOf(guards) => json!({ "if": "all", "of": guards.iter().map(guard).collect::<Vec<_>>() }),
    }
}

fn kind(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missing => "missing",
        Reason::NoContainer => "no_container",
        Reason::ConfigChanged(_) => "definition_changed",
        Reason::ImageChanged { .. } => "image_changed",
        Reason::ImageVolumeChanged(_) => "image_volume_changed",
        Reason::Forced => "forced",
        Reason::NotConnected(_) => "not_connected",
        Reason::NotMounted(_) => "not_mounted",
        Reason::SharesWith(_) => "shares_with",
        Reason::PartnerRestarted(_) => "partner_restarted",
        Reason::DependencyRecreated(_) => "dependency_recreated",
        Reason::ScaledDown => "scaled_down",
        Reason::Replaced => "replaced",
        Reason::Replacement => "replacement",
        Reason::RollingUpdate => "rolling_update",
        Reason::TakenBack => "taken_back",
        Reason::PutBack => "put_back",
        Reason::Interrupted => "interrupted",
        Reason::NotRunning => "not_running",
        Reason::Paused => "paused",
        Reason::RanBefore { .. } => "ran_before",
        Reason::Created => "created",
        Reason::Orphan => "orphan",
        Reason::OneOffEnded => "one_off_ended",
        Reason::OneOff => "one_off",
        Reason::Down => "down",
        Reason::StopAsked => "stop_asked",
        Reason::Requested => "requested",
        Reason::OneOffAsked => "one_off_asked",
        Reason::DependencyRestarted(_) => "dependency_restarted",
        Reason::VolumesAsked => "volumes_asked",
        Reason::ImagesAsked => "images_asked",
        Reason::NameLost => "name_lost",
        Reason::DefinitionChanged => "resource_definition_changed",
        Reason::ResourceRecreated(_) => "resource_recreated",
        Reason::NeededBy(_) => "needed_by",
        Reason::PullPolicy(_) => "pull_policy",
        Reason::BuildAsked => "build_asked",
        Reason::WaitAsked => "wait_asked",
        Reason::EveryRun => "every_run",
        Reason::Hook => "hook",
        Reason::HookFailed => "hook_failed",
        Reason::HookRenewed => "hook_renewed",
    }
}
