//! A run drawn from its events alone, as a renderer has to: a line per step with its time, in the order of the starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hoist::event::{Event, Fact};
use hoist::plan::{ActionId, Plan};
use hoist::render::{failure, warning};

/// Draws a run.
///
/// # Panics
///
/// When the events do not say enough.
pub(super) fn draw(events: &[Event]) -> String {
    let mut timeline = Timeline::default();
    for event in events {
        timeline.add(event);
    }
    timeline.lines.join("\n") + "\n"
}

#[derive(Default)]
struct Timeline {
    lines: Vec<String>,
    /// The plan that is carried out.
    plan: Option<Arc<Plan>>,
    /// The steps of it that have begun: when, and their lines.
    begun: BTreeMap<ActionId, (Duration, usize)>,
}

impl Timeline {
    fn add(&mut self, event: &Event) {
        let at = seconds(event.at);
        match &event.fact {
            Fact::PlanStarted { plan, operation, replaces_failed } => {
                assert!(self.begun.is_empty(), "steps of the plan before have not ended: {:?}", self.begun);
                self.plan = Some(plan.clone());
                let again = if *replaces_failed { " again" } else { "" };
                self.lines.push(format!("{at} {operation}{again}"));
            }
            Fact::Started { id } => {
                assert!(self.begun.insert(*id, (event.at, self.lines.len())).is_none(), "{id} began twice");
                self.lines.push(format!("{at}.. {}", self.step(*id)));
            }
            Fact::Finished { id, elapsed, .. } => self.end(event.at, *id, *elapsed, ""),
            Fact::Failed { id, elapsed, error } => {
                self.end(event.at, *id, *elapsed, &format!(": {}", failure::message(error)));
            }
            Fact::Skipped { id, cause } => {
                self.lines.push(format!("{at} {} skipped: {}", self.step(*id), self.step(*cause)));
            }
            Fact::NotNeeded { id } => self.lines.push(format!("{at} {} not needed", self.step(*id))),
            Fact::UpToDate { container, state } => {
                self.lines.push(format!("{at} {container} is {}", state.as_str()));
            }
            Fact::Stopping(why) => self.lines.push(format!("{at} {why:?}")),
            Fact::Warning { warning, .. } => {
                self.lines.push(format!("{at} warning: {}", warning::step::message(warning)));
            }
            Fact::Ended => {
                assert!(self.begun.is_empty(), "steps have not ended: {:?}", self.begun);
                self.lines.push(format!("{at} ended"));
            }
            // What a step is at meanwhile is not drawn.
            Fact::Waiting { .. }
            | Fact::HooksStarted { .. }
            | Fact::Probed { .. }
            | Fact::Tried { .. }
            | Fact::LeftAlone(_)
            | Fact::Retrying { .. }
            | Fact::Progress { .. }
            | Fact::BuildStep { .. }
            | Fact::BuildLog { .. }
            | Fact::BuildOpenLine { .. }
            | Fact::VolumesLeft(_)
            | Fact::TasksStarted { .. }
            | Fact::Task { .. } => {}
        }
    }

    fn end(&mut self, at: Duration, id: ActionId, elapsed: Duration, how: &str) {
        let (began, line) = self.begun.remove(&id).unwrap_or_else(|| panic!("{id} ended without a beginning"));
        assert_eq!(at, began + elapsed, "the time that {id} took is between its events");
        self.lines[line] = format!("{}..{} {}{how}", seconds(began), seconds(at), self.step(id));
    }

    fn step(&self, id: ActionId) -> String {
        let plan = self.plan.as_ref().expect("a plan has begun before its steps");
        plan.step(id).action.to_string()
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}
