//! The text form of a plan: one line per step, for `hoist plan`, the planner's tests and bug reports.

use std::fmt;

use super::{Action, ActionId, Edge, Guard, Plan, Reason, Step};
use crate::project::ServiceName;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps().try_for_each(|(id, _)| writeln!(f, "{}", self.line(id)))
    }
}

impl Plan {
    /// The line of a step: `#2 remove container web/2: scaled down, after #1`.
    #[must_use]
    pub fn line(&self, id: ActionId) -> impl fmt::Display {
        Line { plan: self, id }
    }

    /// The reason and condition of a step: `scaled down`, `if the build changes its image`.
    #[must_use]
    pub fn why(&self, id: ActionId) -> impl fmt::Display {
        Why { plan: self, id }
    }

    /// The condition of a guard, such as `if the build changes its image`, from the point of view of a step of
    /// `service`.
    fn guard_text(&self, guard: &Guard, service: Option<&ServiceName>) -> String {
        match guard {
            Guard::ImageChanged { producer, image, .. } => {
                let (verb, own) = self.producer(*producer, service);
                let image = if own { "its image".to_owned() } else { format!("image {image}") };
                format!("if the {verb} changes {image}")
            }
            Guard::ImageMissing { producer, .. } => format!("if {producer} does not provide the image"),
            Guard::AnyOf(guards) => {
                let mut texts: Vec<_> = guards.iter().map(|guard| self.guard_text(guard, service)).collect();
                texts.dedup();
                texts.join(" or ")
            }
            Guard::Failed(steps) => {
                let steps: Vec<_> = steps.iter().map(ToString::to_string).collect();
                format!("if {} fails", steps.join(" or "))
            }
            Guard::AllOf(guards) => {
                let texts: Vec<_> = guards.iter().map(|guard| self.guard_text(guard, service)).collect();
                texts.join(" and ")
            }
        }
    }

    /// What a step does to an image, and whether that is the image of `service`.
    fn producer(&self, id: ActionId, service: Option<&ServiceName>) -> (&'static str, bool) {
        let Action::BuildImage { project, spec } = &self.step(id).action else {
            let own =
                |service| matches!(&self.step(id).action, Action::PullImage(spec) if spec.services.contains(service));
            return ("pull", service.is_some_and(own));
        };
        let image = service.and_then(|name| project.services.get(name)).map(|own| project.image_name(own));
        ("build", image.as_ref() == Some(&spec.image))
    }
}

struct Line<'a> {
    plan: &'a Plan,
    id: ActionId,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.plan.step(self.id);
        write!(f, "{} {}: {}", self.id, step.action, self.plan.why(self.id))?;
        for (edge, word) in [(Edge::Requires, "after"), (Edge::Follows, "after the end of")] {
            let mut before: Vec<_> =
                self.plan.before(self.id).filter(|(_, kind)| *kind == edge).map(|(id, _)| id).collect();
            before.sort_unstable();
            for (at, id) in before.into_iter().enumerate() {
                if at == 0 {
                    write!(f, ", {word} {id}")?;
                } else {
                    write!(f, ", {id}")?;
                }
            }
        }
        Ok(())
    }
}

struct Why<'a> {
    plan: &'a Plan,
    id: ActionId,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { action, reason, guard } = self.plan.step(self.id);
        let Some(guard) = guard else { return write!(f, "{reason}") };
        let guard = self.plan.guard_text(guard, action.service());
        if let Reason::ImageChanged { to: None, .. } = reason {
            // The guard is the reason.
            return f.write_str(&guard);
        }
        write!(f, "{reason}, {guard}")
    }
}
