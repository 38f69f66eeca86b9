//! Turns events into progress records, in Docker Compose's words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::settings::Hidden;
use crate::diagnostic::redact;
use crate::diagnostic::visible::{Colors, visible};
use crate::event::{
    BuildStatus, Fact, LeftAlone, LeftAloneReason, Outcome, PullAlternative, StepError, Stopping, Subject, Task,
    TaskStatus,
};
use crate::observed::State;
use crate::plan::{Action, ActionId, BuildPurpose, ContainerRef, Handle, Plan, UnusedVolume, WaitCondition, WaitSpec};
use crate::render::{failure, text, warning};

/// A change of one object's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What changed: `Container demo-web-1`, a layer, `#3` for a step of a build.
    pub id: String,
    /// For layers and build steps: the image.
    pub parent_id: Option<String>,
    /// Whether it is in progress, or how it ended.
    pub state: RecordState,
    /// The word for it: `Starting`.
    pub text: String,
    /// Details; may be empty.
    pub details: String,
    /// Bytes done.
    pub current: Option<u64>,
    /// Total bytes.
    pub total: Option<u64>,
    /// What it is a part of its parent; `None` for what has no parent.
    pub part: Option<Part>,
    /// For build steps, if there are several builds: the service whose image is built. Each build counts its steps from
    /// 1.
    pub service: Option<String>,
}

/// What a part of a pull or build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A layer, or bytes that a build moves.
    Transfer,
    /// A step of a build: it starts or ends.
    Step,
    /// A line that a step of a build has written.
    Line,
    /// The line that a step of a build is still writing.
    OpenLine,
}

/// Whether something is in progress, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RecordState {
    /// It is in progress.
    Working,
    /// It succeeded.
    Done,
    /// It did not happen, but that is not a failure.
    Warning,
    /// It failed.
    Error,
}

impl Record {
    fn new(id: &(impl ToString + ?Sized), state: RecordState, text: impl Into<String>) -> Self {
        Self {
            id: id.to_string(),
            parent_id: None,
            state,
            text: text.into(),
            details: String::new(),
            current: None,
            total: None,
            part: None,
            service: None,
        }
    }

    fn with_details(self, details: impl Into<String>) -> Self {
        Self { details: details.into(), ..self }
    }

    fn under(self, parent: &Subject) -> Self {
        Self { parent_id: Some(parent.to_string()), ..self }
    }

    /// Whether it is about a build as a whole instead of a step.
    pub(super) fn is_about_whole_build(&self) -> bool {
        self.is_build_output() && self.id.len() == 1
    }

    /// The percentage of bytes done.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let (current, total) = (self.current?, self.total.filter(|total| *total > 0)?);
        Some((current.saturating_mul(100) / total).min(100))
    }

    /// Hides recognisable secrets in its texts.
    pub(super) fn conceal(&mut self) {
        for text in [&mut self.text, &mut self.details] {
            *text = redact::text(text);
        }
    }

    /// Makes its texts safe for a terminal.
    pub(super) fn tame(&mut self, colors: Colors) {
        for text in [Some(&mut self.id), self.parent_id.as_mut(), Some(&mut self.text), Some(&mut self.details)] {
            let Some(text) = text else { continue };
            if let Cow::Owned(tamed) = visible(text, colors) {
                *text = tamed;
            }
        }
    }

    /// Whether it belongs to the log of a build.
    pub(super) fn is_build_output(&self) -> bool {
        self.part.is_some() && self.id.starts_with('#')
    }
}

/// Turns the events of one plan into records.
#[derive(Debug, Default)]
pub struct Records {
    plan: Arc<Plan>,
    /// The number of images the plan builds.
    builds: usize,
    /// Steps that belong to the replacement of a container, by the step that creates the new one.
    group_of: BTreeMap<ActionId, ActionId>,
    groups: BTreeMap<ActionId, Group>,
    /// The steps under way.
    running: BTreeSet<ActionId>,
}

/// The steps that replace one container. Only the beginning and the end are shown, with the old container's name.
#[derive(Debug)]
struct Group {
    subject: Subject,
    left: BTreeSet<ActionId>,
    begun: bool,
}

impl Records {
    /// The records of `plan`.
    #[must_use]
    pub fn new(plan: &Arc<Plan>) -> Self {
        let builds = plan.steps().filter(|(_, step)| matches!(step.action, Action::BuildImage { .. })).count();
        let mut records = Self { plan: plan.clone(), builds, ..Self::default() };
        for (id, step) in plan.steps() {
            let Action::CreateContainer(spec) = &step.action else { continue };
            let Some(replaced) = &spec.replaces else { continue };
            let left: BTreeSet<ActionId> = plan
                .steps()
                .filter(|(other, step)| *other == id || replaces(&step.action, id, &replaced.container))
                .map(|(other, _)| other)
                .collect();
            records.group_of.extend(left.iter().map(|step| (*step, id)));
            let subject = Subject::Container(replaced.container.name.clone());
            records.groups.insert(id, Group { subject, left, begun: false });
        }
        records
    }

    /// The records for `event`.
    pub fn of(&mut self, event: &Fact) -> Vec<Record> {
        self.note_running(event);
        match event {
            Fact::Started { id } => self.started(*id),
            Fact::Finished { id, outcome, .. } => self.finished(*id, outcome),
            Fact::Failed { id, error, .. } => self.failed(*id, error),
            Fact::NotNeeded { id } => self.ended_in_group(*id).into_iter().collect(),
            Fact::UpToDate { container, state } => {
                let (state, text) = match state {
                    State::Restarting => (RecordState::Warning, "Restarting"),
                    State::Created | State::Running | State::Paused | State::Removing | State::Exited | State::Dead => {
                        (RecordState::Done, "Running")
                    }
                };
                vec![Record::new(&Subject::Container(container.clone()), state, text)]
            }
            Fact::LeftAlone(left) => vec![left_alone(left)],
            Fact::Retrying { id, delay, cause } => {
                let Some((working, _)) = self.plan.step(*id).action.describe().verb.progress else { return Vec::new() };
                let details = format!("retrying in {} s: {cause}", delay.as_secs().max(1));
                let subjects = self.subjects(*id);
                let record = |subject| Record::new(subject, RecordState::Working, working).with_details(&*details);
                subjects.iter().map(record).collect()
            }
            Fact::Progress { id, part, status, .. } if matches!(self.plan.step(*id).action, Action::PullModel(_)) => {
                vec![Record::new(part, RecordState::Working, "Pulling").with_details(status)]
            }
            Fact::Progress { id, part, status, current, total } => {
                let state = if is_last_word(status) { RecordState::Done } else { RecordState::Working };
                // In a build, transferred bytes belong to a build step; in a pull, to a layer.
                let (part, status) = if self.builds(*id) {
                    (format!("#{part}"), build_transfer(status))
                } else {
                    (part.clone(), status.into())
                };
                let record = Record { current: *current, total: *total, ..Record::new(&part, state, status) };
                vec![self.child(*id, Part::Transfer, record)]
            }
            Fact::BuildStep { id, part, name, status, elapsed } => {
                let (state, text) = build_words(name, status);
                let elapsed = elapsed.filter(|_| *status != BuildStatus::Cached).map(text::elapsed);
                let record = Record::new(&format!("#{part}"), state, text).with_details(elapsed.unwrap_or_default());
                vec![self.child(*id, Part::Step, record)]
            }
            Fact::BuildLog { id, part, line } => {
                vec![self.child(*id, Part::Line, Record::new(&format!("#{part}"), RecordState::Working, line))]
            }
            Fact::BuildOpenLine { id, part, line } => {
                vec![self.child(*id, Part::OpenLine, Record::new(&format!("#{part}"), RecordState::Working, line))]
            }
            Fact::Warning { id, warning } => {
                let message = warning::step::message(warning);
                vec![Record::new(&self.warned(*id), RecordState::Warning, message)]
            }
            Fact::VolumesLeft(volumes) => volumes.iter().map(left_without_container).collect(),
            Fact::Stopping(why) => vec![self.stopping(*why)],
            Fact::Task { container, task, status } => vec![of_task(container, task, status)],
            Fact::PlanStarted { .. }
            | Fact::TasksStarted { .. }
            | Fact::Skipped { .. }
            | Fact::HooksStarted { .. }
            | Fact::Waiting { .. }
            | Fact::Probed { .. }
            | Fact::Tried { .. }
            | Fact::Ended => Vec::new(),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only beginnings and ends count")]
    fn note_running(&mut self, event: &Fact) {
        match event {
            Fact::Started { id } => {
                self.running.insert(*id);
            }
            Fact::Finished { id, .. } | Fact::Failed { id, .. } => {
                self.running.remove(id);
            }
            _ => {}
        }
    }

    /// That the run ends early, and what happens to the steps under way.
    fn stopping(&self, why: Stopping) -> Record {
        let (text, details) = match why {
            Stopping::Interrupted => ("Stopping", "Gracefully Stopping... press Ctrl+C again to force".to_owned()),
            Stopping::Forced => ("Killing", "Forcing the stop...".to_owned()),
            Stopping::ContainerExited => ("Stopping", "Aborting on container exit...".to_owned()),
            Stopping::Finishing => {
                let actions = self.running.iter().map(|id| &self.plan.step(*id).action);
                ("Stopping", format!("{}... press Ctrl+C again to exit at once", finishing(actions)))
            }
        };
        Record::new("Compose", RecordState::Working, text).with_details(details)
    }

    fn builds(&self, id: ActionId) -> bool {
        matches!(self.plan.step(id).action, Action::BuildImage { .. })
    }

    /// Whether a step looks for mistakes instead of building.
    fn checks(&self, id: ActionId) -> bool {
        matches!(&self.plan.step(id).action, Action::BuildImage { spec, .. } if spec.purpose == BuildPurpose::Check)
    }

    /// Whether an event is about hidden details of a step.
    pub(super) fn is_hidden(&self, event: &Fact, hidden: Hidden) -> bool {
        let builds = |id: &ActionId| self.builds(*id);
        let layer = matches!(event, Fact::Progress { id, .. } if !builds(id));
        let build = matches!(event, Fact::BuildStep { .. } | Fact::BuildLog { .. } | Fact::BuildOpenLine { .. })
            || matches!(event, Fact::Progress { id, .. } if builds(id));
        // What a check finds is its result.
        let found = matches!(event, Fact::BuildLog { id, part, .. } if part.is_empty() && self.checks(*id));
        (layer && hidden.layers) || (build && hidden.builds && !found)
    }

    /// Notes for live lines, in addition to the state: what the containers of a wait are waiting for.
    pub(super) fn notes(&self, event: &Fact) -> Vec<(String, Option<String>)> {
        let (Fact::Waiting { id, .. } | Fact::Finished { id, .. } | Fact::Failed { id, .. }) = event else {
            return Vec::new();
        };
        let Some(spec) = self.wait(*id) else { return Vec::new() };
        let note = if let Fact::Waiting { container, .. } = event {
            Some(format!("waits for {container} to be {}", wanted(spec.condition)))
        } else {
            None
        };
        let waiting = self.plan.after(*id).filter_map(|(next, _)| {
            let action = &self.plan.step(next).action;
            if matches!(action, Action::StartContainer { .. }) { Subject::of(action).pop() } else { None }
        });
        waiting.map(|subject| (subject.to_string(), note.clone())).collect()
    }

    fn wait(&self, id: ActionId) -> Option<&WaitSpec> {
        let Action::Wait(spec) = &self.plan.step(id).action else { return None };
        Some(spec)
    }

    fn subjects(&self, id: ActionId) -> Vec<Subject> {
        Subject::of(&self.plan.step(id).action)
    }

    /// The subject of a warning. For the engine's warnings about a new container it is the service, as in Docker
    /// Compose.
    fn warned(&self, id: Option<ActionId>) -> String {
        let Some(id) = id else { return "Warning".to_owned() };
        if let Action::CreateContainer(spec) = &self.plan.step(id).action {
            return spec.replica.service.to_string();
        }
        self.subjects(id).first().map_or_else(|| "Warning".to_owned(), ToString::to_string)
    }

    fn child(&self, id: ActionId, part: Part, record: Record) -> Record {
        let service = if let (Action::BuildImage { spec, .. }, 2..) = (&self.plan.step(id).action, self.builds) {
            Some(spec.service.to_string())
        } else {
            None
        };
        let record = Record { service, part: Some(part), ..record };
        match self.subjects(id).first() {
            Some(parent) => record.under(parent),
            None => record,
        }
    }

    fn started(&mut self, id: ActionId) -> Vec<Record> {
        if let Some(group) = self.group_of.get(&id).and_then(|group| self.groups.get_mut(group)) {
            if std::mem::replace(&mut group.begun, true) {
                return Vec::new();
            }
            return vec![Record::new(&group.subject, RecordState::Working, "Recreate")];
        }
        let Some((working, _)) = self.plan.step(id).action.describe().verb.progress else { return Vec::new() };
        if working.is_empty() {
            return Vec::new();
        }
        self.subjects(id).iter().map(|subject| Record::new(subject, RecordState::Working, working)).collect()
    }

    fn finished(&mut self, id: ActionId, outcome: &Outcome) -> Vec<Record> {
        if self.group_of.contains_key(&id) {
            return self.ended_in_group(id).into_iter().collect();
        }
        let action = &self.plan.step(id).action;
        let Some((_, done)) = action.describe().verb.progress else { return Vec::new() };
        let mut details = String::new();
        let (state, text) = match outcome {
            Outcome::Done => (RecordState::Done, done.to_owned()),
            Outcome::StillInUse { by } => {
                if !by.is_empty() {
                    details = format!("by {}", by.join(", "));
                }
                (RecordState::Warning, "Resource is still in use".to_owned())
            }
            Outcome::NothingThere => nothing_there(action, done),
            Outcome::PullTolerated(error) => (RecordState::Warning, failure::message(error)),
            Outcome::FailureIgnored(error) => return self.failed(id, error),
            Outcome::Interrupted => (RecordState::Warning, "Interrupted".to_owned()),
            Outcome::OptionalNotMet { service, error } => {
                let words = warning::step::optional_not_met(service, error.as_deref());
                (RecordState::Warning, format!("Skipped: {words}"))
            }
        };
        let record = |subject| Record::new(subject, state, text.clone()).with_details(&details);
        self.subjects(id).iter().map(record).collect()
    }

    /// The end of a group, if that was its last step.
    fn ended_in_group(&mut self, id: ActionId) -> Option<Record> {
        let group = self.groups.get_mut(self.group_of.get(&id)?)?;
        group.left.remove(&id);
        (group.begun && group.left.is_empty()).then(|| Record::new(&group.subject, RecordState::Done, "Recreated"))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are shown alike")]
    fn failed(&self, id: ActionId, error: &StepError) -> Vec<Record> {
        let group = self.group_of.get(&id).and_then(|group| self.groups.get(group));
        let subjects = match group {
            Some(group) => vec![group.subject.clone()],
            None => self.subjects(id),
        };
        match error {
            // An image that can be built is no reason to stop.
            StepError::Pull { alternative: Some(PullAlternative::Build), cause, .. } => {
                return subjects.iter().map(|it| Record::new(it, RecordState::Warning, cause.to_string())).collect();
            }
            StepError::Push { cause, .. } => {
                return subjects.iter().map(|it| Record::new(it, RecordState::Error, cause.to_string())).collect();
            }
            _ => {}
        }
        let message = failure::message(error);
        let one_line = message.lines().next().unwrap_or_default();
        let named = subjects.iter().find(|subject| Some(subject.name()) == error.container()).or(subjects.first());
        // The line already begins with its name.
        let details = |subject: &Subject| one_line.strip_prefix(&format!("{subject}: ")).unwrap_or(one_line);
        named
            .map(|subject| Record::new(subject, RecordState::Error, "Error").with_details(details(subject)))
            .into_iter()
            .collect()
    }
}

/// Whether a step is part of the replacement of `old` by the container that `create` creates; the start is not.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other step is part of a replacement")]
fn replaces(action: &Action, create: ActionId, old: &ContainerRef) -> bool {
    match action {
        Action::StopContainer { container, .. } | Action::RemoveContainer { container, .. } => {
            container.handle == old.handle
        }
        Action::RenameContainer { container, .. } => match &container.handle {
            Handle::Made(made) | Handle::MadeOr { made, .. } => *made == create,
            Handle::Existing(_) => false,
        },
        _ => false,
    }
}

fn wanted(condition: WaitCondition) -> &'static str {
    match condition {
        WaitCondition::Healthy => "healthy",
        WaitCondition::RunningOrHealthy => "running or healthy",
        WaitCondition::RunningOrCompleted => "running or done",
        WaitCondition::CompletedSuccessfully => "done",
    }
}

fn nothing_there(action: &Action, done: &str) -> (RecordState, String) {
    if matches!(action, Action::RemoveNetwork { .. }) {
        (RecordState::Warning, "No resource found to remove".to_owned())
    } else if matches!(action, Action::RemoveVolume { .. } | Action::RemoveImage { .. }) {
        (RecordState::Done, "Warning: No resource found to remove".to_owned())
    } else {
        (RecordState::Done, done.to_owned())
    }
}

fn left_alone(left: &LeftAlone) -> Record {
    let details = match left.why {
        LeftAloneReason::NoImage => "No image to be pulled",
        LeftAloneReason::Present => "Image is already present locally",
        LeftAloneReason::Buildable => "Image can be built",
        LeftAloneReason::Policy | LeftAloneReason::NotPushed => "",
    };
    Record::new(&left.subject, RecordState::Done, "Skipped").with_details(details)
}

/// Whether this is the engine's last status of a layer.
fn is_last_word(status: &str) -> bool {
    let mounted = status.starts_with("Mounted from");
    mounted || matches!(status, "Pull complete" | "Already exists" | "Pushed" | "Layer already exists")
}

/// The words for bytes that a build moves. A layer has the first digits of its digest, as everywhere.
fn build_transfer(status: &str) -> Cow<'_, str> {
    match status.split_once("sha256:") {
        Some((verb, digest)) if digest.len() > 12 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Cow::Owned(format!("{verb}layer {}", &digest[..12]))
        }
        _ => Cow::Borrowed(status),
    }
}

fn build_words(name: &str, status: &BuildStatus) -> (RecordState, String) {
    match status {
        BuildStatus::Started => (RecordState::Working, name.to_owned()),
        BuildStatus::Done => (RecordState::Done, "DONE".to_owned()),
        BuildStatus::Cached => (RecordState::Done, "CACHED".to_owned()),
        BuildStatus::Failed(message) => (RecordState::Error, format!("ERROR: {message}")),
    }
}

fn left_without_container(volume: &UnusedVolume) -> Record {
    let details = format!("{} of {}", volume.target, volume.container);
    let subject = Subject::Volume(volume.name.clone());
    Record::new(&subject, RecordState::Warning, "Left without a container").with_details(details)
}

/// A task of a command without a plan is shown under the container's name alone.
fn of_task(container: &str, task: &Task, status: &TaskStatus) -> Record {
    let (working, done) = match task {
        Task::Copy { .. } => ("Copying", "Copied"),
        Task::Export => ("Exporting", "Exported"),
        Task::Commit => ("Committing", "Committed"),
    };
    let (state, text) = match status {
        TaskStatus::Started => (RecordState::Working, working.to_owned()),
        TaskStatus::Done => (RecordState::Done, done.to_owned()),
        TaskStatus::Committed(image) => (RecordState::Done, format!("{done} as {image}")),
        TaskStatus::Failed => (RecordState::Error, "Error".to_owned()),
    };
    let record = Record::new(container, state, text);
    match task {
        Task::Copy { from, to } => record.with_details(format!("{from} to {to}")),
        Task::Export | Task::Commit => record,
    }
}

/// What an interruption does to these actions: images on their way are given up, waits end, other calls are finished.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other actions are calls that cannot be taken back")]
fn finishing<'a>(actions: impl Iterator<Item = &'a Action>) -> String {
    let mut canceled = BTreeSet::new();
    let mut others = false;
    for action in actions {
        match action {
            Action::BuildImage { .. } => _ = canceled.insert("builds"),
            Action::PullImage(_) | Action::PullModel(_) => _ = canceled.insert("pulls"),
            Action::PushImage(_) => _ = canceled.insert("pushes"),
            Action::Wait(_) | Action::Delay { .. } => {}
            _ => others = true,
        }
    }
    let canceled = Vec::from_iter(canceled).join(" and ");
    match (canceled.as_str(), others) {
        ("", _) => "Finishing calls in progress".to_owned(),
        (canceled, false) => format!("Canceling {canceled}"),
        (canceled, true) => format!("Canceling {canceled}, finishing other calls in progress"),
    }
}
